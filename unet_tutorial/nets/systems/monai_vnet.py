"""The ``VNet`` of MONAI (https://github.com/Project-MONAI/MONAI).

Equivalent: layers, channels and numbers of parameters (45,593,892 in 3D, 9,357,924 in 2D, and 45,601,516 in 3D with 2
output channels and PReLU).
Different: concatenation puts the skip first, and there is no dropout. MONAI drops whole channels with p = 0.5 before
the blocks of the two coarsest levels, in each skip and before the two deepest upsamplings.

It differs from V-Net in batch norm, in ELU, in two convolutions instead of three at the bottom and in the two deepest
blocks of the decoder, and in an activation before each sum but the first. Convolutions before a norm have no bias, but
up-convolutions have one.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from torch import nn

from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.bottleneck import with_convs
from unet_tutorial.nets.channelwise import in_sequence
from unet_tutorial.nets.init import kaiming_
from unet_tutorial.nets.nd import conv
from unet_tutorial.nets.norms import Norm, batch_norm
from unet_tutorial.nets.paths import Encoder
from unet_tutorial.nets.resample import StridedConv, then, transposed
from unet_tutorial.nets.shortcuts import followed, repeated, with_shortcut
from unet_tutorial.nets.systems.milletari2016 import VNetHead, residual_levels, vnet_decoder
from unet_tutorial.nets.unet import UNet


def elu(channels: int, rank: int) -> nn.Module:  # noqa: ARG001
    """x for positive values, exp(x) - 1 for others (Clevert et al., arXiv 1511.07289)."""
    return nn.ELU()


def monai_vnet(
    in_channels: int = 1,
    out_channels: int = 1,
    widths: Sequence[int] = (16, 32, 64, 128, 256),
    encoder_convs: Sequence[int] = (1, 1, 2, 3, 2),
    decoder_convs: Sequence[int] = (1, 1, 2, 2),
    act: Norm = elu,
    rank: int = 3,
) -> UNet:
    """MONAI's V-Net. The two lists hold the number of convolutions per level, finest first.

    The decoder has at most as many as the encoder. ``act`` is ``elu`` or ``prelu``.
    """
    levels, normed = residual_levels(widths, encoder_convs, rank, kernel=5), in_sequence(batch_norm, act)
    unit = ConvUnit(norm=normed, act=nn.Identity, conv=partial(conv, bias=False))
    bare = ConvUnit(norm=batch_norm, act=nn.Identity, conv=partial(conv, bias=False))
    stem, block = (followed(with_shortcut(conv_stack(one), repeated), act) for one in (bare, unit))

    blocks, down = [stem, *[block] * (len(levels) - 1)], followed(partial(StridedConv, bias=False), normed)
    encoder = Encoder(in_channels, levels, blocks, down)
    decoder = vnet_decoder(levels, with_convs(block, levels, decoder_convs), then(transposed, normed))
    return kaiming_(UNet(encoder, decoder, VNetHead(decoder.out_channels, out_channels, levels[0].kernel, unit)))
