"""V-Net (Milletari et al., arXiv 1606.04797), in 2D or 3D.

Equivalent: layers, channels and number of parameters (61,982,682) of the authors' model file
(https://github.com/faustomilletari/VNet), and with ``convs=FIGURE_2`` the receptive fields of the paper's table 1.
Different: concatenation puts the skip first.

Model file and paper differ. In figure 2 and table 1 the second finest level has two convolutions and the third has
three; in the file they have one and two. The last stage of the file is a 5×5×5 convolution to one map per class, a
PReLU and a 1×1×1 convolution; the figure shows the latter only. Everything else is counted as the paper states it: each
convolution has a bias, and each PReLU one slope per channel. A PReLU follows each convolution and each sum, but not the
last convolution before a sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from torch import Tensor, nn

from unet_tutorial.nets.blocks import Block, ConvUnit, conv_stack
from unet_tutorial.nets.bottleneck import at_level
from unet_tutorial.nets.channelwise import prelu
from unet_tutorial.nets.contracts import Part
from unet_tutorial.nets.init import kaiming_
from unet_tutorial.nets.merge import Concat
from unet_tutorial.nets.nd import conv
from unet_tutorial.nets.paths import Decoder, Encoder
from unet_tutorial.nets.resample import StridedConv, Up, then, transposed
from unet_tutorial.nets.shortcuts import followed, repeated, with_shortcut
from unet_tutorial.nets.unet import UNet
from unet_tutorial.plan.levels import Level, Size, positive_int, pyramid
from unet_tutorial.plan.sizes import Plan

MODEL_FILE, FIGURE_2 = (1, 1, 2, 3, 3), (1, 2, 3, 3, 3)  # convolutions per block, finest level first
ACTIVATED, BARE = ConvUnit(norm=prelu, act=nn.Identity), ConvUnit(act=nn.Identity)


def vnet(
    in_channels: int = 1,
    out_channels: int = 2,
    widths: Sequence[int] = (16, 32, 64, 128, 256),
    convs: Sequence[int] = MODEL_FILE,
    rank: int = 3,
) -> UNet:
    """V-Net: residual blocks, kernels of 5, strided convolutions down and transposed ones up, no norm.

    The shortcut of the first block is the image itself, repeated to ``widths[0]`` channels. The blocks of the decoder
    keep the channels of the concatenation, twice the width of their level. ``convs`` holds the number of convolutions
    per block, finest level first; the last number also holds for all coarser levels.
    """
    levels = residual_levels(widths, convs, rank, kernel=5)
    block = followed(with_shortcut(conv_stack(ACTIVATED, BARE), repeated), prelu)
    encoder = Encoder(in_channels, levels, block, followed(StridedConv, prelu))
    decoder = vnet_decoder(levels, block, then(transposed, prelu))
    return kaiming_(UNet(encoder, decoder, VNetHead(decoder.out_channels, out_channels, levels[0].kernel)))


def residual_levels(widths: Sequence[int], convs: Sequence[int], rank: int, kernel: int) -> tuple[Level, ...]:
    """The levels of a V-Net: ``pyramid`` with another kernel and with ``convs[i]`` convolutions at level i.

    The last number also holds for all coarser levels. Raises ValueError if ``convs`` is empty.
    """
    levels = pyramid(widths, rank)
    return tuple(replace(level, kernel=(kernel,) * rank, convs=at_level(convs, i)) for i, level in enumerate(levels))


def vnet_decoder(levels: Plan, block: Block, up: Up) -> Decoder:
    """A decoder whose blocks keep the channels of the concatenation: twice those of the level."""
    widths = [level.channels for level in levels[:-1]]
    return Decoder(levels, [2 * width for width in widths], block, up, Concat, up_widths=widths)


class VNetHead(Part):
    """A unit with one map per class, then a 1×1 convolution: (N, in, *size) -> (N, out, *size)."""

    def __init__(self, in_channels: int, out_channels: int, kernel: Size, unit: ConvUnit = ACTIVATED) -> None:
        super().__init__()
        positive_int("out_channels", out_channels)
        self.unit = unit(in_channels, out_channels, kernel)
        self.pointwise = conv(out_channels, out_channels, (1,) * len(kernel))
        self.out_channels, self.extra_reach = out_channels, tuple(k // 2 for k in kernel)

    def forward(self, features: Tensor) -> Tensor:
        """Convolve twice."""
        logits: Tensor = self.pointwise(self.unit(features))
        return logits
