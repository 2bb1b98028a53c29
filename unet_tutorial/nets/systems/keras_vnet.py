"""The V-Nets ``vnet``, ``3d-vnet`` and ``3d-vnet-depthwise`` of https://github.com/AmberzzZZ/unet_vnet_keras.

Equivalent: layers, channels and numbers of trainable parameters (13,282,225, 14,318,769 and 482,353). Keras prints
13,289,137, 14,324,241 and 487,601 as totals, because it also counts the two running statistics of each channel of a
batch norm.
Different: concatenation puts the skip first, linear interpolation does not align corners, and logits come out. In the
2D network the shortcut of a decoder block is the concatenation, as in V-Net, and not the upsampled map alone.

Wrong there: the PReLU of the 2D network has one slope per pixel and channel. So the number of parameters depends on the
size of the image, 16,529,713 at 128×128 and 26,261,809 at 256×256, and the weights fit no other size; here it has one
slope per channel. The sum of the bottom block is computed and not used. A softmax over the single output channel is 1
everywhere. ``3d-vnet-depthwise`` has no pointwise convolution, see ``depthwise_vnet_without_pointwise``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from torch import nn

from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.bottleneck import with_convs
from unet_tutorial.nets.channelwise import in_sequence, prelu
from unet_tutorial.nets.depthwise import depthwise, depthwise_separable
from unet_tutorial.nets.init import kaiming_
from unet_tutorial.nets.norms import batch_norm
from unet_tutorial.nets.paths import Encoder
from unet_tutorial.nets.resample import StridedConv, Up, resize_conv, then, transposed
from unet_tutorial.nets.shortcuts import followed, repeated, with_shortcut, zero_padded
from unet_tutorial.nets.systems.milletari2016 import residual_levels, vnet_decoder
from unet_tutorial.nets.unet import UNet, pointwise_head

CONVS = (1, 2, 3)  # convolutions per block, finest level first; three at all coarser levels
LEAKY = ConvUnit(norm=batch_norm, act=partial(nn.LeakyReLU, 0.3))  # 0.3 is the slope of Keras
SEPARABLE = replace(LEAKY, conv=depthwise_separable)
POINTWISE_AFTER_RESIZING = resize_conv("linear", kernel=1)


def keras_vnet(
    in_channels: int = 1, out_channels: int = 1, widths: Sequence[int] = (16, 32, 64, 128, 256), rank: int = 2
) -> UNet:
    """``vnet``: kernels of 5, batch norm and PReLU after each convolution and up-convolution, residual blocks."""
    levels, normed = residual_levels(widths, CONVS, rank, kernel=5), in_sequence(batch_norm, prelu)
    block = with_shortcut(conv_stack(ConvUnit(norm=normed, act=nn.Identity)), repeated)
    encoder = Encoder(in_channels, levels, block, followed(StridedConv, normed))
    decoder = vnet_decoder(levels, block, then(transposed, normed))
    return kaiming_(UNet(encoder, decoder, pointwise_head(decoder, out_channels)))


def keras_3d_vnet(
    in_channels: int = 1,
    out_channels: int = 1,
    widths: Sequence[int] = (16, 32, 64, 128, 256),
    kernel: int = 3,
    unit: ConvUnit = LEAKY,
    up: Up = POINTWISE_AFTER_RESIZING,
    rank: int = 3,
) -> UNet:
    """``3d-vnet``: units with batch norm and leaky ReLU, shortcuts padded with zeros, interpolation up.

    For ``deconv=True`` there, pass ``up=transposed``.
    """
    levels = residual_levels(widths, CONVS, rank, kernel)
    block = with_shortcut(conv_stack(unit), zero_padded)
    encoder = Encoder(in_channels, levels, block, StridedConv)
    decoder = vnet_decoder(levels, block, up)
    return kaiming_(UNet(encoder, decoder, pointwise_head(decoder, out_channels)))


def vnet_depthwise(
    in_channels: int = 1, out_channels: int = 1, widths: Sequence[int] = (16, 32, 64, 128, 256), rank: int = 3
) -> UNet:
    """``3d-vnet`` with depthwise-separable convolutions in its blocks: 999,948 parameters instead of 14,318,769."""
    return keras_3d_vnet(in_channels, out_channels, widths, unit=SEPARABLE, rank=rank)


def depthwise_vnet_without_pointwise(
    in_channels: int = 1, out_channels: int = 1, widths: Sequence[int] = (16, 32, 64, 128, 256), rank: int = 3
) -> UNet:
    """``3d-vnet-depthwise`` as first published, for comparison only: 482,353 parameters, and 14,318,769 in ``3d-vnet``.

    The ratio of 30 is not that of depthwise-separable convolutions. There are no pointwise convolutions, so the blocks
    do not mix their channels; 403,152 of the parameters are in the resampling between the blocks. The block at the full
    resolution of the encoder is a single convolution, and the next two have one convolution less.
    ``vnet_depthwise`` has everything, and 999,948 parameters: a ratio of 14. (The next version there has
    pointwise convolutions, but cannot be built; and with kernels of 5 the sizes do not fit, because one pixel of
    padding is built in.)
    """
    levels = residual_levels(widths, CONVS, rank, kernel=3)
    block = with_shortcut(conv_stack(replace(LEAKY, conv=depthwise)), zero_padded)
    stem, fewer = conv_stack(ConvUnit(act=nn.Identity)), with_convs(block, levels, [1, *CONVS])

    encoder = Encoder(in_channels, levels, [stem, *[fewer] * (len(levels) - 1)], StridedConv)
    decoder = vnet_decoder(levels, block, POINTWISE_AFTER_RESIZING)
    return kaiming_(UNet(encoder, decoder, pointwise_head(decoder, out_channels)))
