"""Torch's 1D, 2D and 3D layers, selected by rank: the number of spatial axes, the length of each size and kernel."""

from __future__ import annotations

import torch
from torch import nn

from unet_tutorial.plan.levels import Size
from unet_tutorial.plan.sizes import Padding

Layers = tuple[type[nn.Module], ...]
CONV: Layers = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
CONV_TRANSPOSE: Layers = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
MAX_POOL: Layers = (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d)
LINEAR = ("linear", "bilinear", "trilinear")  # torch's names of linear interpolation, by rank


def conv(
    in_channels: int, out_channels: int, kernel: Size, padding: Padding = "same", *, bias: bool = True
) -> nn.Module:
    """A convolution, in 1D, 2D or 3D by the length of the kernel.

    (N, in, *size) -> (N, out, *size); with padding "valid" each axis is shorter by kernel - 1. Before a norm, which
    subtracts the mean, a bias changes nothing; write ``ConvUnit(norm=…, conv=partial(conv, bias=False))`` for a unit
    without it.
    """
    return CONV[rank_of(kernel) - 1](in_channels, out_channels, kernel, padding=padding, bias=bias)


def conv_strided(in_channels: int, out_channels: int, stride: Size, *, bias: bool = True) -> nn.Module:
    """A convolution with kernel = stride: (N, in, *size) -> (N, out, *(size / stride))."""
    return CONV[rank_of(stride) - 1](in_channels, out_channels, stride, stride, bias=bias)


def max_pool(stride: Size) -> nn.Module:
    """The maximum of each block of ``stride`` pixels: (N, C, *size) -> (N, C, *(size / stride))."""
    return MAX_POOL[rank_of(stride) - 1](stride)


def memory_format(rank: int) -> torch.memory_format:
    """The memory layout in which convolutions of this rank run fastest: channels last for 2D and 3D."""
    return (torch.contiguous_format, torch.channels_last, torch.channels_last_3d)[rank - 1]


def rank_of(size: Size) -> int:
    """The number of axes of a size. Raises ValueError unless it is 1, 2 or 3, because torch has no other layers."""
    if not 1 <= len(size) <= len(CONV):
        raise ValueError(f"size {size} has {len(size)} axes; torch has layers for 1, 2 and 3 of them")
    return len(size)
