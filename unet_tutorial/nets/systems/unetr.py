"""UNETR of Hatamizadeh et al., arXiv 2103.10504: a vision transformer as the encoder of a 3D U-Net.

Equivalent: the network of figure 1: patches of 16 pixels, 12 layers, skips after 3, 6 and 9 of them, residual blocks.
Different: positions are sines and cosines, for images of any size; there they are learnt, for one size (``learnt`` in
``nets.transformer``). Concatenations put the skip first. Up-convolutions, shortcuts, queries, keys and values have a
bias. MONAI's UNETR has 18,432 parameters that are never used, of norms for cross-attention.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from torch import nn

from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.merge import Concat
from unet_tutorial.nets.nd import conv
from unet_tutorial.nets.norms import instance_norm
from unet_tutorial.nets.paths import Decoder
from unet_tutorial.nets.resample import transposed
from unet_tutorial.nets.shortcuts import followed, projected, with_shortcut
from unet_tutorial.nets.transformer import PatchEncoder, Positions, sinusoidal
from unet_tutorial.nets.unet import UNet, pointwise_head
from unet_tutorial.plan.levels import pyramid

ACT = partial(nn.LeakyReLU, 0.01, inplace=True)
UNIT = ConvUnit(norm=instance_norm, act=ACT, conv=partial(conv, bias=False))
BARE = ConvUnit(norm=instance_norm, act=nn.Identity, conv=partial(conv, bias=False))


def unetr(
    in_channels: int = 1,
    out_channels: int = 2,
    widths: Sequence[int] = (16, 32, 64, 128, 768),
    rank: int = 3,
    *,
    depth: int = 12,
    heads: int = 12,
    hidden: int = 3072,
    dropout: float = 0.0,
    positions: Positions = sinusoidal,
) -> UNet:
    """UNETR in 1D, 2D or 3D. The last of the ``widths`` is that of the transformer; the patches are 2^(levels - 1)."""
    levels = pyramid(widths, rank)
    block = followed(with_shortcut(conv_stack(UNIT, BARE), projected(instance_norm)), act=ACT)
    encoder = PatchEncoder(in_channels, levels, block, transposed, depth, heads, hidden, dropout, positions)
    decoder = Decoder(levels, widths[:-1], block, transposed, Concat)
    return UNet(encoder, decoder, pointwise_head(decoder, out_channels))
