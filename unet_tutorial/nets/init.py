"""Initialisers of whole networks. A part that has initialised itself (``Part.own_init``) is left as it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from torch import nn

from unet_tutorial.nets.nd import CONV, CONV_TRANSPOSE, Part

_Net = TypeVar("_Net", bound=nn.Module)


def kaiming_(net: _Net) -> _Net:
    """Weights from N(0, √(2/N)), biases 0, in place (U-Net, section 3; He et al., arXiv 1502.01852).

    N counts the incoming nodes of a neuron, 9 · 64 = 576 for a 3×3 convolution of 64 channels. For a transposed
    convolution torch counts ``out · kernel``: twice the true N of an up-convolution that halves the channels. No
    ReLU follows it, so its own gain is 1 and not 2, and the two cancel: 2 / (4 · out) = 1 / in.
    """
    for layer in convolutions(net):
        own = dict(layer.named_parameters(recurse=False))
        nn.init.kaiming_normal_(own["weight"], nonlinearity="relu")
        if "bias" in own:
            nn.init.zeros_(own["bias"])
    return net


def convolutions(net: nn.Module) -> Iterator[nn.Module]:
    """Every convolution, plain or transposed and of any rank, except those of parts that initialise themselves."""
    if isinstance(net, Part) and net.own_init:
        return
    if isinstance(net, (*CONV, *CONV_TRANSPOSE)):
        yield net
    for child in net.children():
        yield from convolutions(child)
