"""UNet++ of Zhou et al., arXiv 1807.10165, and the two implementations of https://github.com/MrGiovanni/UNetPlusPlus.

Equivalent: layers, channels and numbers of parameters. PyTorch: 24,000,032 for 1 channel, 2 classes and 32 to 480
channels (``pytorch_unet_plus_plus``). Keras, with 1 channel and 1 class: 9,041,601, and 9,041,700 with deep supervision
(``unit=KERAS_UNIT``); the U-Nets for comparison there have 7,759,521 and, wider, 9,282,246 (``keras_baseline``).
Different: the PyTorch implementation works with five poolings only, because it lists its nodes by hand. In the Keras
implementation, concatenation puts the upsampled map first, the heads end in a sigmoid (here they return logits), and
weight decay (1e-4) is part of the layers (here it is an argument of the optimiser).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from torch import nn

from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.contracts import FeatureDecoder
from unet_tutorial.nets.init import kaiming_
from unet_tutorial.nets.merge import Concat
from unet_tutorial.nets.nested import NestedDecoder
from unet_tutorial.nets.norms import affine_instance_norm, batch_norm
from unet_tutorial.nets.paths import Encoder
from unet_tutorial.nets.resample import MaxPool, Up, transposed
from unet_tutorial.nets.supervision import Head, SideHeads, pointwise, supervised_unet
from unet_tutorial.nets.unet import UNet, pointwise_head, unet
from unet_tutorial.plan.levels import pyramid

NORMED = ConvUnit(norm=batch_norm)


def relu_with_dropout() -> nn.Module:
    """ReLU, then dropout of half of the values in training mode."""
    return nn.Sequential(nn.ReLU(), nn.Dropout())


KERAS_UNIT = ConvUnit(act=relu_with_dropout)


def _parts(in_channels: int, widths: Sequence[int], rank: int, unit: ConvUnit, up: Up) -> tuple[Encoder, NestedDecoder]:
    levels, block = pyramid(widths, rank), conv_stack(unit)
    return Encoder(in_channels, levels, block, MaxPool), NestedDecoder(levels, widths[:-1], block, up)


def unet_plus_plus(
    in_channels: int = 1,
    out_channels: int = 2,
    widths: Sequence[int] = (32, 64, 128, 256, 512),
    rank: int = 2,
    unit: ConvUnit = NORMED,
    up: Up = transposed,
) -> UNet:
    """UNet++ with one output, that of the last node of the finest row.

    For the Keras implementation pass ``unit=KERAS_UNIT``: no norm, and dropout after each ReLU.
    """
    encoder, decoder = _parts(in_channels, widths, rank, unit, up)
    return kaiming_(UNet(encoder, decoder, pointwise_head(decoder, out_channels)))


def supervised_unet_plus_plus(
    in_channels: int = 1,
    out_channels: int = 2,
    widths: Sequence[int] = (32, 64, 128, 256, 512),
    rank: int = 2,
    unit: ConvUnit = NORMED,
    up: Up = transposed,
    head: Head = pointwise,
    heads: Callable[[FeatureDecoder, int, Head], nn.Module] = SideHeads,
) -> UNet:
    """UNet++ with deep supervision: a head at each node X(0, j) with j > 0; ``nets.nested.pruned`` prunes it.

    Train it with ``learning.losses.supervision.supervised_loss``. ``heads=AveragedHeads`` predicts the mean of all
    outputs, the paper's "accurate mode".
    """
    encoder, decoder = _parts(in_channels, widths, rank, unit, up)
    return kaiming_(supervised_unet(encoder, decoder, out_channels, head=head, heads=heads))


def pytorch_unet_plus_plus(
    in_channels: int = 1,
    out_channels: int = 2,
    widths: Sequence[int] = (32, 64, 128, 256, 480, 480),
    rank: int = 2,
) -> UNet:
    """The authors' PyTorch implementation, which is based on nnU-Net: at most 480 channels in 2D, and 320 in 3D.

    Instance norm before leaky ReLU; up-convolutions and heads have no bias.
    """
    unit = ConvUnit(norm=affine_instance_norm, act=partial(nn.LeakyReLU, 0.01))
    up, head = partial(transposed, bias=False), partial(pointwise, bias=False)
    return supervised_unet_plus_plus(in_channels, out_channels, widths, rank, unit, up, head)


def keras_baseline(
    in_channels: int = 1, out_channels: int = 1, widths: Sequence[int] = (32, 64, 128, 256, 512), rank: int = 2
) -> UNet:
    """The U-Net that the Keras implementation compares UNet++ with; its wide one has 35, 70, 140, 280, 560 channels."""
    block = conv_stack(KERAS_UNIT)
    levels = pyramid(widths, rank)
    return kaiming_(unet(in_channels, out_channels, levels, block=block, down=MaxPool, up=transposed, merge=Concat))
