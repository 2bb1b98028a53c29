"""Initialisers of whole networks. They skip parts that initialise themselves (``Part.own_init``)."""

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

    N is the number of incoming nodes of a neuron, 9 · 64 = 576 for a 3×3 convolution of 64 channels. For a transposed
    convolution torch counts ``out · kernel``: twice the true N of an up-convolution that halves the channels. But no
    ReLU follows it, so its gain should be 1 instead of 2; the two factors cancel: 2 / (4 · out) = 1 / in.
    """
    return _redrawn(net, partial(nn.init.kaiming_normal_, nonlinearity="relu"))


def xavier_(net: _Net) -> _Net:
    """Weights from N(0, √(2/(N + M))), biases 0, in place (Glorot & Bengio 2010, AISTATS, equation 12).

    N is the number of incoming nodes of a neuron, M the number of outgoing nodes of an input. The variance is the
    paper's compromise between forward and backward pass, for activations of slope 1, so without ReLU. The paper draws
    uniformly with the same variance (equation 16); here the distribution is Gaussian, so that one seed gives the
    weights of ``kaiming_`` up to a factor.
    """
    return _redrawn(net, nn.init.xavier_normal_)


def convolutions(net: nn.Module) -> Iterator[nn.Module]:
    """All convolutions of a network, plain and transposed, except those of parts that initialise themselves."""
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
