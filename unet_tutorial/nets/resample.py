"""The ways down and up between two levels."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from unet_tutorial.nets.levels import Level, Size
from unet_tutorial.nets.nd import Part, conv_transpose, max_pool

Down = Callable[[int, Level], Part]  # (channels above, the level below) -> Part
Up = Callable[[int, int, Size], nn.Module]  # (channels below, channels wanted, stride) -> Module with out_channels


class MaxPool(Part):
    """(N, C, *size) -> (N, C, *(size / stride)); a size the stride does not divide is refused, not cut (section 3)."""

    def __init__(self, in_channels: int, level: Level) -> None:
        super().__init__()
        self.pool = max_pool(level.stride)
        self.stride = level.stride
        self.out_channels = in_channels

    def forward(self, x: Tensor) -> Tensor:
        """The largest of each block."""
        if not torch.compiler.is_compiling():  # a traced graph carries no refusals
            _refuse_remainder(tuple(x.shape), self.stride)
        pooled: Tensor = self.pool(x)
        return pooled


def _refuse_remainder(shape: Size, stride: Size) -> None:
    for axis, (n, s) in enumerate(zip(shape[2:], stride, strict=True)):
        if n % s:
            raise ValueError(
                f"pooling input {shape}: axis {axis} = {n} is not a multiple of the stride {s}, and max-pooling would "
                f"drop {n % s} of its pixels; choose the input size with nets.sizes.nearest_valid"
            )


def transposed(in_channels: int, out_channels: int, stride: Size) -> nn.Module:
    """The paper's "up-convolution": (N, in, *size) -> (N, out, *(size · stride)), each pixel painting its own block."""
    return conv_transpose(in_channels, out_channels, stride)
