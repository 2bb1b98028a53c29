"""The networks of other systems from our parts, so that one can move over; ``docs/coming_from.md`` maps the options.

They compute what those systems compute, up to three things: our concatenation lays the skip first; no layer is built
that is never used; and weights start from our initialisers.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from unet_tutorial.nets.blocks import ConvUnit, conv_stack, doubling_stack
from unet_tutorial.nets.init import kaiming_, xavier_
from unet_tutorial.nets.levels import Level, Size, pyramid
from unet_tutorial.nets.merge import Concat, Merge
from unet_tutorial.nets.nd import Part
from unet_tutorial.nets.norms import batch_norm
from unet_tutorial.nets.paths import Decoder, Encoder
from unet_tutorial.nets.resample import MaxPool, Up, then, transposed
from unet_tutorial.nets.sizes import Plan
from unet_tutorial.nets.unet import UNet, unet
from unet_tutorial.nets.wrappers import dropped

NORMED = ConvUnit(norm=batch_norm)
THREE_LEVELS, FOUR_LEVELS = pyramid((32, 64, 128), rank=3), pyramid((32, 64, 128, 256))  # their defaults
NORMED_LAST = ConvUnit(norm=batch_norm, order=("conv", "act", "norm"))


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


def unet3d_paper(in_channels: int = 3, out_channels: int = 3, widths: Sequence[int] = (64, 128, 256, 512)) -> UNet:
    """The 3D U-Net of Çiçek et al., arXiv 1606.06650, figure 2: unpadded, channels doubled before each pooling."""
    levels, unit = pyramid(widths, rank=3), ConvUnit(padding="valid", norm=batch_norm)

    def up(below: int, wanted: int, stride: Size) -> nn.Module:  # noqa: ARG001
        return transposed(below, below, stride)

    decoder = Decoder(levels, widths[:-1], conv_stack(unit), up, Concat)
    return kaiming_(UNet(Encoder(in_channels, levels, doubling_stack(unit), MaxPool), decoder, out_channels))


def jaxony_unet(
    in_channels: int = 3,
    out_channels: int = 2,
    widths: Sequence[int] = (64, 128, 256, 512, 1024),
    up: Up = transposed,
    merge: Merge = Concat,
) -> UNet:
    """jaxony/unet-pytorch: padded, without norm. Its up_mode "upsample" is ``resize_conv("linear", kernel=1)``."""
    block = conv_stack(ConvUnit())
    return xavier_(unet(in_channels, out_channels, pyramid(widths), block=block, down=MaxPool, up=up, merge=merge))


def elektronn3_unet(
    in_channels: int = 1,
    out_channels: int = 2,
    levels: Plan = THREE_LEVELS,
    unit: ConvUnit = NORMED,
    last: ConvUnit | None = None,
    up: Up = transposed,
    merge: Merge = Concat,
) -> UNet:
    """elektronn3's UNet: conv, norm, act. ``full_norm=False`` is a ``unit`` without norm and a ``last`` with one."""
    block, risen = conv_stack(unit, last), then(up, unit.norm, unit.act)
    return xavier_(unet(in_channels, out_channels, levels, block=block, down=MaxPool, up=risen, merge=merge))


def johschmidt42_unet(
    in_channels: int = 1,
    out_channels: int = 2,
    levels: Plan = FOUR_LEVELS,
    unit: ConvUnit = NORMED_LAST,
    up: Up = transposed,
) -> UNet:
    """The johschmidt42 tutorial's UNet: conv, act, norm; its interpolating modes are ``resize_conv(…, kernel=1)``."""
    block, risen = conv_stack(unit), then(then(up, act=unit.act), unit.norm)
    return xavier_(unet(in_channels, out_channels, levels, block=block, down=MaxPool, up=risen, merge=Concat))
