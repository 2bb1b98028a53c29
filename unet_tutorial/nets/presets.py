"""Presets: named networks, each built from parts in a few lines."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import partial

from torch import nn

from unet_tutorial.nets.assembled import assembled_unet
from unet_tutorial.nets.attention import gated
from unet_tutorial.nets.blocks import Block, ConvUnit, conv_stack
from unet_tutorial.nets.init import kaiming_
from unet_tutorial.nets.merge import Concat, Merge
from unet_tutorial.nets.norms import batch_norm
from unet_tutorial.nets.paths import BottleneckDropout, Decoder, Encoder
from unet_tutorial.nets.resample import MaxPool, transposed
from unet_tutorial.nets.systems.caffe_release import released_unet
from unet_tutorial.nets.systems.cicek2016 import unet3d_paper
from unet_tutorial.nets.systems.huang2020 import unet_3_plus
from unet_tutorial.nets.systems.keras_backboned import (
    backboned_darknet,
    backboned_resnet34,
    backboned_resnet50,
    backboned_unet,
    backboned_vgg16,
)
from unet_tutorial.nets.systems.keras_bottleneck_vnet import bottleneck_vnet
from unet_tutorial.nets.systems.keras_unet import (
    keras_unet3d,
    keras_unet25d,
    keras_unet_original,
    keras_unet_padding,
)
from unet_tutorial.nets.systems.keras_vnet import keras_vnet, vnet_depthwise
from unet_tutorial.nets.systems.milletari2016 import vnet
from unet_tutorial.nets.systems.oktay2018 import oktay_unet
from unet_tutorial.nets.systems.vs_seg import vs_seg
from unet_tutorial.nets.systems.zhou2018 import unet_plus_plus
from unet_tutorial.nets.unet import UNet, pointwise_head, unet
from unet_tutorial.nets.wrappers import residual
from unet_tutorial.plan.levels import pyramid
from unet_tutorial.plan.sizes import Plan

BLOCK = conv_stack(ConvUnit(norm=batch_norm, act=partial(nn.ReLU, inplace=True)))


def _same(in_channels: int, out_channels: int, levels: Plan, block: Block = BLOCK, merge: Merge = Concat) -> UNet:
    return unet(in_channels, out_channels, levels, block=block, down=MaxPool, up=transposed, merge=merge)


def paper_unet(in_channels: int = 1, out_channels: int = 2, widths: Sequence[int] = (64, 128, 256, 512, 1024)) -> UNet:
    """Figure 1 of Ronneberger et al., arXiv 1505.04597; equals ``paper.PaperUNet``, which is written without parts."""
    levels = pyramid(widths)
    block = conv_stack(ConvUnit(padding="valid", act=partial(nn.ReLU, inplace=True)))
    encoder = BottleneckDropout(Encoder(in_channels, levels, block, MaxPool), p=0.5)
    decoder = Decoder(levels, widths[:-1], block, transposed, Concat)
    return kaiming_(UNet(encoder, decoder, pointwise_head(decoder, out_channels)))


def padded_unet(
    in_channels: int = 1, out_channels: int = 2, widths: Sequence[int] = (64, 128, 256, 512, 1024), rank: int = 2
) -> UNet:
    """The usual U-Net of today: padding "same", batch norm before each ReLU. The logits have the size of the image."""
    return kaiming_(_same(in_channels, out_channels, pyramid(widths, rank)))


def unet3d(
    in_channels: int = 1, out_channels: int = 2, widths: Sequence[int] = (32, 64, 128, 256), planar: Sequence[int] = ()
) -> UNet:
    """The padded U-Net in 3D. ``planar`` lists levels that do not convolve across slices (``plan.levels.plan_for``)."""
    return kaiming_(_same(in_channels, out_channels, pyramid(widths, rank=3, planar=planar)))


def residual_unet(
    in_channels: int = 1, out_channels: int = 2, widths: Sequence[int] = (64, 128, 256, 512, 1024), rank: int = 2
) -> UNet:
    """The padded U-Net with residual blocks, in the order conv, norm, ReLU.

    In the network of Zhang et al., arXiv 1711.10684, norm and ReLU come before each convolution instead.
    """
    return kaiming_(_same(in_channels, out_channels, pyramid(widths, rank), block=residual(BLOCK)))


def attention_unet(
    in_channels: int = 1, out_channels: int = 2, widths: Sequence[int] = (64, 128, 256, 512, 1024), rank: int = 2
) -> UNet:
    """The padded U-Net with an attention gate on every skip (arXiv 1804.03999, without its deep supervision)."""
    return kaiming_(_same(in_channels, out_channels, pyramid(widths, rank), merge=gated(Concat)))


PRESETS: dict[str, Callable[..., UNet]] = {
    "paper": paper_unet,
    "padded": padded_unet,
    "unet3d": unet3d,
    "residual": residual_unet,
    "attention": attention_unet,
    "released": released_unet,
    "unet3d-paper": unet3d_paper,
    "vnet": vnet,
    "vnet-2d": keras_vnet,
    "vnet-depthwise": vnet_depthwise,
    "vnet-bottleneck": bottleneck_vnet,
    "unet++": unet_plus_plus,
    "unet3+": unet_3_plus,
    "attention-oktay": oktay_unet,
    "keras-original": keras_unet_original,
    "keras-padding": keras_unet_padding,
    "keras-3d": keras_unet3d,
    "unet25d": keras_unet25d,
    "vs-seg": vs_seg,
    "backboned": backboned_unet,
    "backboned-vgg16": backboned_vgg16,
    "backboned-resnet34": backboned_resnet34,
    "backboned-resnet50": backboned_resnet50,
    "backboned-darknet": backboned_darknet,
    "assembled": assembled_unet,
}


def build(name: str, **arguments: object) -> UNet:
    """Build a preset by name. Raises ValueError for an unknown name or argument, with a list of the valid ones.

    >>> build("paper", widths=(8, 16)).out_channels
    2
    """
    if name not in PRESETS:
        raise ValueError(f"preset {name!r} is unknown; the presets are {', '.join(PRESETS)}")
    takes = inspect.signature(PRESETS[name]).parameters
    unknown = [key for key in arguments if key not in takes]
    if unknown:
        raise ValueError(f"preset {name!r} takes {', '.join(takes)}, and not {unknown[0]!r}")
    return PRESETS[name](**arguments)
