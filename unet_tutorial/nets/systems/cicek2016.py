"""The 3D U-Net of Çiçek et al., arXiv 1606.06650.

Equivalent: layers, channels and sizes of figure 2.
Different: 19,075,523 parameters instead of 19,069,955. Besides the kernels, we have three parameters per channel of a
convolution (bias, and scale and shift of its batch norm) and one per channel of an up-convolution (bias). The published
total counts one per channel of a convolution and none per channel of an up-convolution.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from unet_tutorial.nets.blocks import ConvUnit, conv_stack, doubling_stack
from unet_tutorial.nets.init import kaiming_
from unet_tutorial.nets.merge import Concat
from unet_tutorial.nets.norms import batch_norm
from unet_tutorial.nets.paths import Decoder, Encoder
from unet_tutorial.nets.resample import MaxPool, transposed
from unet_tutorial.nets.unet import UNet, pointwise_head
from unet_tutorial.plan.levels import Size, pyramid


def unet3d_paper(in_channels: int = 3, out_channels: int = 3, widths: Sequence[int] = (64, 128, 256, 512)) -> UNet:
    """The 3D U-Net of arXiv 1606.06650, figure 2: padding "valid", and channels doubled before each pooling."""
    levels, unit = pyramid(widths, rank=3), ConvUnit(padding="valid", norm=batch_norm)

    def up(below: int, wanted: int, stride: Size) -> nn.Module:  # noqa: ARG001
        return transposed(below, below, stride)

    encoder = Encoder(in_channels, levels, doubling_stack(unit), MaxPool)
    decoder = Decoder(levels, widths[:-1], conv_stack(unit), up, Concat)
    return kaiming_(UNet(encoder, decoder, pointwise_head(decoder, out_channels)))
