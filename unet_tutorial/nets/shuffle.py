"""Pixel-shuffle upsampling, initialised so that it starts as nearest-neighbour upsampling (ICNR)."""

from __future__ import annotations

from math import prod

import torch
from torch import Tensor, nn

from unet_tutorial.nets.contracts import Part
from unet_tutorial.nets.nd import conv
from unet_tutorial.plan.levels import Size


def pixel_shuffle(x: Tensor, stride: Size) -> Tensor:
    """Rearrange channels into pixels: (N, C · prod(stride), *size) -> (N, C, *(size · stride)).

    Each input pixel becomes a block of ``stride`` pixels. Equals ``torch.nn.PixelShuffle`` in 2D with equal strides,
    but works for any number of spatial axes and any stride. Source: Shi et al., arXiv 1609.05158.

    >>> pixel_shuffle(torch.tensor([[[1, 3], [2, 4]]]), (2,)).tolist()
    [[[1, 2, 3, 4]]]
    """
    rank, size = len(stride), x.shape[2:]
    blocks = x.reshape(x.shape[0], -1, *stride, *size)  # (N, C, *stride, *size)
    # along each axis: first the input pixel, then the position inside its block; reshape makes one axis of both
    order = [axis for i in range(rank) for axis in (2 + rank + i, 2 + i)]
    return blocks.permute(0, 1, *order).reshape(x.shape[0], -1, *(n * s for n, s in zip(size, stride, strict=True)))


class PixelShuffle(Part):
    """A 1×1 convolution, then a pixel shuffle: (N, in, *size) -> (N, out, *(size · stride)).

    ``icnr_`` initialises it, and the functions of ``nets.init`` leave its weights unchanged.
    """

    own_init = True

    def __init__(self, in_channels: int, out_channels: int, stride: Size) -> None:
        super().__init__()
        self.conv = conv(in_channels, out_channels * prod(stride), (1,) * len(stride))
        self.stride, self.out_channels = stride, out_channels
        icnr_(self.conv, stride)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve, then rearrange channels into pixels."""
        return pixel_shuffle(self.conv(x), self.stride)


def icnr_(layer: nn.Module, stride: Size) -> None:
    """ICNR initialisation, in place: equal weights and biases for all pixels of a block (arXiv 1707.02937).

    So before training all pixels of a block are equal, and there are no checkerboard artefacts. Weights are drawn from
    N(0, √(2/N)), and biases are 0: torch's default biases differ between the pixels of a block.
    """
    weight = layer.get_parameter("weight")  # (out · prod(stride), in, *ones)
    one = torch.empty_like(weight[:: prod(stride)])
    with torch.no_grad():
        weight.copy_(nn.init.kaiming_normal_(one, nonlinearity="relu").repeat_interleave(prod(stride), dim=0))
        layer.get_parameter("bias").zero_()
