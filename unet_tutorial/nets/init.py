"""Initialisers of whole networks. Parts that initialise their own weights (``Part.own_init``) are left unchanged."""

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

    N(0, s) is the normal distribution with standard deviation s. N under the root is the number of inputs that a neuron
    reads: 9 · 64 = 576 for a 3×3 convolution of 64 channels.

    The 2×2 up-convolution from ``in`` to ``out`` = in / 2 channels is a special case. Each of its outputs reads N = in
    inputs, and no ReLU follows, so the right variance is 1 / N = 1 / in, without the factor 2. Torch computes
    N = out · kernel = 4 · out for it and keeps the factor 2. The result is the same: 2 / (4 · out) = 1 / in.
    """
    return _redrawn(net, partial(nn.init.kaiming_normal_, nonlinearity="relu"))


def xavier_(net: _Net) -> _Net:
    """Weights from N(0, √(2/(N + M))), biases 0, in place (Glorot & Bengio 2010, AISTATS, equation 12).

    N is the number of inputs that a neuron reads, M the number of neurons that read one input. The variance is the
    paper's compromise between forward and backward pass. It assumes activations of slope 1 at 0, and not ReLU. The
    paper draws from a uniform distribution of the same variance (equation 16); here the distribution is Gaussian, so
    that with the same seed each layer has the weights of ``kaiming_`` times a constant.
    """
    return _redrawn(net, nn.init.xavier_normal_)


def convolutions(net: nn.Module) -> Iterator[nn.Module]:
    """All convolutions of a network, normal and transposed, except in parts that initialise their own weights."""
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
