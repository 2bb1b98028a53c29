"""The network ``vnet3d`` of https://github.com/AmberzzZZ/unet_vnet_keras: a V of bottleneck blocks.

Equivalent: layers, channels and number of trainable parameters (1,273,329 for 2 channels in and 1 out; Keras prints a
total of 1,280,689, with the running statistics).
Different: concatenation puts the skip first, linear interpolation does not align corners, and logits come out. A
strided 3×3 kernel is centred on the first pixel of its block; with an even size, Keras centres it on the second.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from unet_tutorial.nets.blocks import ConvUnit
from unet_tutorial.nets.bottleneck import bottleneck, stacked, with_convs
from unet_tutorial.nets.init import kaiming_
from unet_tutorial.nets.merge import Concat
from unet_tutorial.nets.norms import batch_norm
from unet_tutorial.nets.paths import Decoder, Encoder
from unet_tutorial.nets.resample import resize_conv
from unet_tutorial.nets.shortcuts import followed, projected, with_shortcut
from unet_tutorial.nets.strided import inception, overlapping
from unet_tutorial.nets.systems.milletari2016 import residual_levels
from unet_tutorial.nets.unet import UNet, pointwise_head

NORMED = ConvUnit(norm=batch_norm)
LAST = ConvUnit(norm=batch_norm, act=nn.Identity)


def bottleneck_vnet(
    in_channels: int = 2,
    out_channels: int = 1,
    widths: Sequence[int] = (32, 64, 128, 256),
    encoder_blocks: Sequence[int] = (1, 3, 4, 3),
    decoder_blocks: Sequence[int] = (1, 2, 3),
    rank: int = 3,
) -> UNet:
    """``vnet3d``: residual bottlenecks; one strided convolution, then Inception downsampling; linear interpolation up.

    The two lists hold the number of bottlenecks per level, finest first; the last number also holds for all coarser
    levels. The decoder has at most as many as the encoder. Raises ValueError for widths that are no multiples of 4.
    """
    levels = residual_levels(widths, encoder_blocks, rank, kernel=3)
    block = stacked(followed(with_shortcut(bottleneck(NORMED, LAST), projected(batch_norm)), act=nn.ReLU))
    downs = [overlapping(NORMED), *[inception(NORMED)] * (len(levels) - 2)]  # finest first
    fewer = with_convs(block, levels, decoder_blocks)
    encoder = Encoder(in_channels, levels, block, downs[: len(levels) - 1])
    decoder = Decoder(levels, widths[:-1], fewer, resize_conv("linear", kernel=1), Concat)
    return kaiming_(UNet(encoder, decoder, pointwise_head(decoder, out_channels)))
