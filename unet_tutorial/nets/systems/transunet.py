"""TransUNet of Chen et al., arXiv 2102.04306: a transformer at the bottom of a convolutional encoder.

Equivalent: a transformer of ViT-Base (12 layers, 768 channels, 12 heads) on the coarsest features, each of whose pixels
is a token (figure 1), and a decoder with skips of the encoder.
Different: the encoder is any one; in the paper it is the first three stages of a ResNet50, whose coarsest features have
stride 16. Positions are sines and cosines, for images of any size; there they are learnt, for ``learnt(grid)`` see
``nets.transformer``. The published number of parameters is that of another encoder and decoder.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from torch import nn

from unet_tutorial.nets.blocks import Block, ConvUnit, conv_stack
from unet_tutorial.nets.bottom import WithBottom
from unet_tutorial.nets.init import kaiming_
from unet_tutorial.nets.merge import Concat
from unet_tutorial.nets.norms import batch_norm
from unet_tutorial.nets.paths import Decoder, Encoder
from unet_tutorial.nets.resample import MaxPool, transposed
from unet_tutorial.nets.transformer import transformer
from unet_tutorial.nets.unet import UNet, pointwise_head
from unet_tutorial.plan.levels import pyramid

BLOCK = conv_stack(ConvUnit(norm=batch_norm, act=partial(nn.ReLU, inplace=True)))
VIT_BASE = transformer()


def transunet(
    in_channels: int = 1,
    out_channels: int = 2,
    widths: Sequence[int] = (64, 128, 256, 512, 1024),
    rank: int = 2,
    *,
    bottom: Block = VIT_BASE,
) -> UNet:
    """A padded U-Net with a transformer at its coarsest level. For thin widths, pass a smaller ``bottom``."""
    levels = pyramid(widths, rank)
    encoder = WithBottom(Encoder(in_channels, levels, BLOCK, MaxPool), bottom)
    decoder = Decoder(levels, widths[:-1], BLOCK, transposed, Concat)
    return kaiming_(UNet(encoder, decoder, pointwise_head(decoder, out_channels)))
