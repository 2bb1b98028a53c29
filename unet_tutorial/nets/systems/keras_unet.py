"""The U-Nets of https://github.com/AmberzzZZ/unet_vnet_keras: original, padded, 3D and 2.5D.

Equivalent: layers, channels, sizes and numbers of trainable parameters: 31,030,593 for ``keras_unet_original``,
31,042,369 for ``keras_unet_padding``, 19,073,665 for ``keras_unet3d``, or 16,315,585 without batch norm and
deconvolution, and 7,684,918 for ``keras_unet25d``.
Different: the heads return logits, where the Keras models end with a sigmoid, or in 3D with a softmax, which gives 1
everywhere if there is one class. All weights come from ``kaiming_``. In ``keras_unet25d`` all poolings have kernel =
stride, where Keras pools blocks of 3³ pixels between the three coarsest levels, and any number of slices that is a
multiple of 4 is valid, where Keras pads 5 slices to 6 and crops them again, and takes no other number. Linear
interpolation is that of torch; Keras combines two options that TensorFlow documents as exclusive.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from torch import nn

from unet_tutorial.nets.blocks import Block, ConvUnit, conv_stack, doubling_stack
from unet_tutorial.nets.heads import conv_head
from unet_tutorial.nets.init import kaiming_
from unet_tutorial.nets.merge import Concat
from unet_tutorial.nets.norms import batch_norm
from unet_tutorial.nets.paths import BottleneckDropout, Decoder, Encoder
from unet_tutorial.nets.resample import MaxPool, ResizeConv, Up, resize_conv, then, transposed
from unet_tutorial.nets.spatial_attention import attended
from unet_tutorial.nets.unet import UNet, pointwise_head
from unet_tutorial.plan.levels import Size, pyramid

WIDTHS = (64, 128, 256, 512, 1024)
NORMED = ConvUnit(norm=batch_norm)
NORMED_STACK = conv_stack(NORMED)


def upsampled_2x2(in_channels: int, out_channels: int, stride: Size) -> nn.Module:
    """Upsampling of the 2D Keras models: each pixel is repeated, then a 2×2 convolution and a ReLU follow.

    The even kernel reads a pixel and the next one along each axis, because Keras and torch pad it at the end only.
    """
    up = then(partial(ResizeConv, mode="nearest", kernel=2), act=nn.ReLU)
    return up(in_channels, out_channels, stride)


def keras_unet_original(
    in_channels: int = 1, out_channels: int = 1, widths: Sequence[int] = WIDTHS, rank: int = 2
) -> UNet:
    """``unet_original``: padding "valid", dropout on the coarsest features, and ``upsampled_2x2``.

    Its documentation gives 448 → 260 and 256 → 68 pixels. These sizes are not valid, and the pooling in Keras drops the
    last row and column of a map of odd size; the valid sizes with the same output are 444 and 252.
    """
    levels, block = pyramid(widths, rank), conv_stack(ConvUnit(padding="valid"))
    encoder = BottleneckDropout(Encoder(in_channels, levels, block, MaxPool), p=0.5)
    decoder = Decoder(levels, widths[:-1], block, upsampled_2x2, Concat)
    return kaiming_(UNet(encoder, decoder, pointwise_head(decoder, out_channels)))


def keras_unet_padding(
    in_channels: int = 1,
    out_channels: int = 1,
    widths: Sequence[int] = WIDTHS,
    rank: int = 2,
    block: Block = NORMED_STACK,
) -> UNet:
    """``unet_padding``: padding "same" and batch norm.

    For its option ``res``, pass ``block=residual(NORMED_STACK)``, which adds the input of a block to its output.
    In the Keras model the option concatenates them, and no call turns it on.
    """
    levels = pyramid(widths, rank)
    encoder = Encoder(in_channels, levels, block, MaxPool)
    decoder = Decoder(levels, widths[:-1], block, upsampled_2x2, Concat)
    return kaiming_(UNet(encoder, decoder, pointwise_head(decoder, out_channels)))


def keras_unet3d(
    in_channels: int = 1,
    out_channels: int = 1,
    widths: Sequence[int] = (64, 128, 256, 512),
    rank: int = 3,
    unit: ConvUnit = NORMED,
    up: Up = transposed,
) -> UNet:
    """``unet_3d``: the second convolution of each block in the encoder doubles the number of channels.

    Upsampling keeps the number of channels. The default is its configuration with batch norm and deconvolution; for the
    one without them, pass ``unit=ConvUnit()`` and ``up=interpolation()``.
    """
    levels = pyramid(widths, rank)
    encoder = Encoder(in_channels, levels, doubling_stack(unit), MaxPool)
    decoder = Decoder(levels, widths[:-1], conv_stack(unit), up, Concat, up_widths=widths[1:])
    return kaiming_(UNet(encoder, decoder, pointwise_head(decoder, out_channels)))


def keras_unet25d(
    in_channels: int = 1,
    out_channels: int = 1,
    widths: Sequence[int] = (16, 32, 64, 128, 256),
    planar: Sequence[int] = (0, 1),
) -> UNet:
    """``unet25d``: planar levels, and spatial attention before each block of the decoder and the coarsest block.

    Its source is arXiv 1906.03906, of which ``vs_seg`` is the authors' own network. For the supervision of its
    attention, see ``spatial_attention.AttentionOutputs``; the Keras model has none.
    """
    levels, block = pyramid(widths, rank=3, planar=planar), attended(NORMED_STACK)
    encoder = Encoder(in_channels, levels, [*[NORMED_STACK] * (len(levels) - 1), block], MaxPool)
    decoder = Decoder(levels, widths[:-1], block, resize_conv("linear"), Concat)
    return kaiming_(UNet(encoder, decoder, conv_head(decoder, out_channels)))
