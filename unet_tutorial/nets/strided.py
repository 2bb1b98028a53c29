"""Downsampling whose kernel is larger than its stride, so that neighbouring outputs read common pixels."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from unet_tutorial.nets.blocks import Convolution, ConvUnit
from unet_tutorial.nets.contracts import Part
from unet_tutorial.nets.nd import CONV, MAX_POOL, rank_of
from unet_tutorial.nets.resample import Down
from unet_tutorial.plan.levels import Level, Size
from unet_tutorial.plan.sizes import Padding


def strided(stride: Size, *, bias: bool = True) -> Convolution:
    """Convolutions with this stride and an odd kernel, for ``ConvUnit(conv=…)``.

    (N, in, *size) -> (N, out, *(size / stride)) for multiples of the stride. Padding is always "same": kernel // 2
    pixels of zeros per side.
    """

    def made(in_channels: int, out_channels: int, kernel: Size, padding: Padding = "same") -> nn.Module:  # noqa: ARG001
        half = tuple(k // 2 for k in kernel)
        return CONV[rank_of(kernel) - 1](in_channels, out_channels, kernel, stride, half, bias=bias)

    return made


def around(stride: Size) -> Size:
    """The kernel whose window ends just before the centres of the next windows: 2 s - 1 per axis, 3 for stride 2."""
    return tuple(2 * s - 1 for s in stride)


def overlapping(unit: ConvUnit) -> Down:
    """A strided unit, whose kernel is 3 for a stride of 2: (N, C, *size) -> (N, level.channels, *(size / stride))."""

    def down(in_channels: int, level: Level) -> Part:
        return Overlapping(in_channels, level, unit)

    return down


class Overlapping(Part):
    """A strided unit: (N, C, *size) -> (N, level.channels, *(size / stride))."""

    def __init__(self, in_channels: int, level: Level, unit: ConvUnit) -> None:
        super().__init__()
        self.unit = replace(unit, conv=strided(level.stride))(in_channels, level.channels, around(level.stride))
        self.out_channels, self.extra_reach = level.channels, tuple(s - 1 for s in level.stride)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve, normalise, activate."""
        out: Tensor = self.unit(x)
        return out


def inception(unit: ConvUnit) -> Down:
    """Three downsamplings side by side, concatenated: max-pooling, a strided unit, and a bottleneck that ends in one.

    (N, C, *size) -> (N, 2 C, *(size / stride)). Source: the reduction blocks of Szegedy et al., arXiv 1602.07261,
    figure 7.
    """

    def down(in_channels: int, level: Level) -> Part:
        return Inception(in_channels, level.stride, unit)

    return down


class Inception(Part):
    """Max-pooling ‖ a strided unit ‖ 1×1, 3×3 and a strided 3×3: (N, C, *size) -> (N, 2 C, *(size / stride)).

    Raises ValueError if C is not a multiple of 4.
    """

    def __init__(self, in_channels: int, stride: Size, unit: ConvUnit) -> None:
        super().__init__()
        if in_channels % 4:
            raise ValueError(f"{in_channels} channels: an Inception downsampling needs a multiple of 4")
        half, quarter = in_channels // 2, in_channels // 4
        kernel, one, last = around(stride), (1,) * rank_of(stride), replace(unit, conv=strided(stride))
        self.pool = MAX_POOL[rank_of(stride) - 1](kernel, stride, tuple(k // 2 for k in kernel))
        self.short = last(in_channels, half, kernel)
        self.long = nn.Sequential(
            unit(in_channels, quarter, one), unit(quarter, quarter, kernel), last(quarter, half, kernel)
        )
        self.out_channels, self.extra_reach = 2 * in_channels, tuple(2 * (s - 1) for s in stride)

    def forward(self, x: Tensor) -> Tensor:
        """Concatenate the outputs of the three downsamplings."""
        return torch.cat((self.pool(x), self.short(x), self.long(x)), dim=1)
