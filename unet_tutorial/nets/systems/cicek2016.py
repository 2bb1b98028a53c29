"""The 3D U-Net of Çiçek et al., arXiv 1606.06650."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from unet_tutorial.nets.blocks import ConvUnit, conv_stack, doubling_stack
from unet_tutorial.nets.init import kaiming_
from unet_tutorial.nets.merge import Concat
from unet_tutorial.nets.norms import batch_norm
from unet_tutorial.nets.paths import Decoder, Encoder
from unet_tutorial.nets.resample import MaxPool, transposed
from unet_tutorial.nets.unet import UNet
from unet_tutorial.plan.levels import Size, pyramid


def unet3d_paper(in_channels: int = 3, out_channels: int = 3, widths: Sequence[int] = (64, 128, 256, 512)) -> UNet:
    """The 3D U-Net of Çiçek et al., arXiv 1606.06650, figure 2: unpadded, channels doubled before each pooling."""
    levels, unit = pyramid(widths, rank=3), ConvUnit(padding="valid", norm=batch_norm)

    def up(below: int, wanted: int, stride: Size) -> nn.Module:  # noqa: ARG001
        return transposed(below, below, stride)

    decoder = Decoder(levels, widths[:-1], conv_stack(unit), up, Concat)
    return kaiming_(UNet(Encoder(in_channels, levels, doubling_stack(unit), MaxPool), decoder, out_channels))
