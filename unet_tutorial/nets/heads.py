"""Heads with a kernel: the last convolution, which gives one map per class, also reads neighbouring pixels."""

from __future__ import annotations

from torch import Tensor

from unet_tutorial.nets.contracts import FeatureDecoder, Part
from unet_tutorial.nets.nd import conv
from unet_tutorial.plan.levels import Size, positive_int


class ConvHead(Part):
    """A convolution with padding "same" to one map per class: (N, in, *size) -> (N, out, *size)."""

    def __init__(self, in_channels: int, out_channels: int, kernel: Size) -> None:
        super().__init__()
        self.conv = conv(in_channels, out_channels, kernel)
        self.out_channels, self.extra_reach = out_channels, tuple(k // 2 for k in kernel)

    def forward(self, features: Tensor) -> Tensor:
        """Convolve."""
        logits: Tensor = self.conv(features)
        return logits


def conv_head(decoder: FeatureDecoder, out_channels: int) -> ConvHead:
    """A head with the kernel of the finest level of the decoder.

    Unlike ``unet.pointwise_head``, whose kernel is 1, it also reads the neighbours of each pixel. Raises ValueError for
    fewer than one output channel.
    """
    positive_int("out_channels", out_channels)
    return ConvHead(decoder.out_channels, out_channels, decoder.levels[0].kernel)
