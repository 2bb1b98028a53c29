"""Depthwise convolutions, to be handed to ``ConvUnit(conv=…)``."""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from unet_tutorial.nets.nd import CONV, conv, rank_of
from unet_tutorial.plan.levels import Size
from unet_tutorial.plan.sizes import Padding


def depthwise(
    in_channels: int, out_channels: int, kernel: Size, padding: Padding = "same", *, bias: bool = True
) -> nn.Module:
    """A convolution in which each output channel reads one input channel: (N, in, *size) -> (N, out, *size).

    It has out · kernel weights, where a convolution has in · out · kernel. It does not mix channels, so it needs a
    pointwise convolution before or after it. Raises ValueError unless ``out_channels`` is a multiple of
    ``in_channels``.
    """
    if out_channels % in_channels:
        raise ValueError(
            f"a depthwise convolution makes the same number of maps from each of its {in_channels} channels, so it "
            f"cannot make {out_channels}; use depthwise_separable"
        )
    layer = CONV[rank_of(kernel) - 1]
    return layer(in_channels, out_channels, kernel, padding=padding, groups=in_channels, bias=bias)


def depthwise_separable(in_channels: int, out_channels: int, kernel: Size, padding: Padding = "same") -> nn.Sequential:
    """A depthwise convolution, then a pointwise (1×1) one that mixes the channels: (N, in, *size) -> (N, out, *size).

    It has in · kernel + in · out weights and one bias per output channel, where a convolution has in · out · kernel
    weights. There is no norm and no activation in between, as in Xception (Chollet, arXiv 1610.02357, section 2), and
    so no bias either: that of the pointwise convolution can do the same. MobileNet (arXiv 1704.04861) has both in
    between; for it, put a unit with ``conv=depthwise`` before a pointwise one.

    >>> sum(weight.numel() for weight in depthwise_separable(64, 64, (3, 3, 3)).parameters())
    5888
    """
    layers = {
        "depthwise": depthwise(in_channels, in_channels, kernel, padding, bias=False),
        "pointwise": conv(in_channels, out_channels, (1,) * rank_of(kernel)),
    }
    return nn.Sequential(OrderedDict(layers))
