"""The network of the authors' Caffe release of 2015."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.contracts import Part
from unet_tutorial.nets.init import kaiming_
from unet_tutorial.nets.merge import Concat
from unet_tutorial.nets.paths import Decoder, Encoder
from unet_tutorial.nets.resample import MaxPool, then, transposed
from unet_tutorial.nets.unet import UNet
from unet_tutorial.nets.wrappers import dropped
from unet_tutorial.plan.levels import Level, Size, pyramid


def released_unet(
    in_channels: int = 1, out_channels: int = 2, widths: Sequence[int] = (64, 128, 256, 512, 1024)
) -> UNet:
    """The authors' Caffe release of 2015, which differs from Figure 1: ReLU after each up-convolution, a last one of
    ``widths[1]`` channels, and dropout after the two deepest blocks, the skip of the first included."""
    levels, block, up = pyramid(widths), conv_stack(ConvUnit(padding="valid")), then(transposed, act=nn.ReLU)

    def deep(in_channels: int, out_channels: int, level: Level) -> Part:
        at_end = any(level is one for one in levels[-2:])  # equal levels may lie above
        return (dropped(block) if at_end else block)(in_channels, out_channels, level)

    def wide(below: int, wanted: int, stride: Size) -> nn.Module:
        return up(below, max(wanted, widths[1]), stride)

    decoder = Decoder(levels, widths[:-1], block, wide, Concat)
    return kaiming_(UNet(Encoder(in_channels, levels, deep, MaxPool), decoder, out_channels))
