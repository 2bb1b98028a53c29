"""Initialisers of whole networks. A part that has initialised itself (``Part.own_init``) is left as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

from torch import Tensor, nn

from unet_tutorial.nets.contracts import Part
from unet_tutorial.nets.nd import CONV, CONV_TRANSPOSE

_Net = TypeVar("_Net", bound=nn.Module)


def kaiming_(net: _Net) -> _Net:
    """Weights from N(0, √(2/N)), biases 0, in place (U-Net, section 3; He et al., arXiv 1502.01852).

    N counts the incoming nodes of a neuron, 9 · 64 = 576 for a 3×3 convolution of 64 channels. For a transposed
    convolution torch counts ``out · kernel``: twice the true N of an up-convolution that halves the channels. No
    ReLU follows it, so its own gain is 1 and not 2, and the two cancel: 2 / (4 · out) = 1 / in.
    """
    return _redrawn(net, partial(nn.init.kaiming_normal_, nonlinearity="relu"))


def xavier_(net: _Net) -> _Net:
    """Weights from N(0, √(2/(N + M))), biases 0, in place (Glorot & Bengio 2010, AISTATS, equation 12).

    N counts the incoming nodes of a neuron, M the outgoing ones of an input. The variance is the paper's compromise
    between the two passes, for activations of slope 1: it knows of no ReLU. The paper draws uniformly with the same
    variance (equation 16); here it is a Gaussian, so that one seed gives `kaiming_`'s weights up to their scale.
    """
    return _redrawn(net, nn.init.xavier_normal_)


def convolutions(net: nn.Module) -> Iterator[nn.Module]:
    """Every convolution, plain or transposed and of any rank, except those of parts that initialise themselves."""
    if isinstance(net, Part) and net.own_init:
        return
    if isinstance(net, (*CONV, *CONV_TRANSPOSE)):
        yield net
    for child in net.children():
        yield from convolutions(child)


def _redrawn(net: _Net, draw: Callable[[Tensor], Tensor]) -> _Net:
    for layer in convolutions(net):
        own = dict(layer.named_parameters(recurse=False))
        draw(own["weight"])
        if "bias" in own:
            nn.init.zeros_(own["bias"])
    return net
