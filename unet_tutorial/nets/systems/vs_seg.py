"""The 2.5D network for vestibular schwannoma of https://github.com/KCL-BMEIS/VS_Seg (Wang et al., arXiv 1906.03906).

Equivalent: layers, channels, sizes, number of parameters (3,453,012), dropout, and the order of concatenation.
Different: slices are the first axis, and there the last one; all weights come from ``kaiming_``; the attention maps are
an output of ``spatial_attention.AttentionOutputs``, and there always. The paper describes five levels, and the authors'
code has six.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from torch import Tensor, nn

from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.contracts import Part
from unet_tutorial.nets.init import kaiming_
from unet_tutorial.nets.merge import Concat
from unet_tutorial.nets.nd import CONV_TRANSPOSE, rank_of
from unet_tutorial.nets.norms import batch_norm
from unet_tutorial.nets.paths import Decoder, Encoder
from unet_tutorial.nets.resample import then
from unet_tutorial.nets.spatial_attention import SpatialAttention, attended
from unet_tutorial.nets.strided import around, overlapping
from unet_tutorial.nets.unet import UNet
from unet_tutorial.nets.wrappers import residual
from unet_tutorial.plan.levels import Level, Size, pyramid


class TransposedAround(Part):
    """A transposed convolution with kernel 2 s - 1 for a stride s: (N, in, *size) -> (N, out, *(size · stride)).

    It is the counterpart of ``strided.overlapping``.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: Size) -> None:
        super().__init__()
        layer, border = CONV_TRANSPOSE[rank_of(stride) - 1], tuple(s - 1 for s in stride)
        self.conv = layer(in_channels, out_channels, around(stride), stride, border, border)
        self.out_channels, self.extra_reach = out_channels, tuple(s * (s > 1) for s in stride)

    def forward(self, x: Tensor) -> Tensor:
        """Add one kernel per input pixel."""
        out: Tensor = self.conv(x)
        return out


def vs_seg(
    in_channels: int = 1,
    out_channels: int = 2,
    widths: Sequence[int] = (16, 32, 48, 64, 80, 96),
    planar: Sequence[int] = (0, 1),
    p: float = 0.1,
) -> UNet:
    """``UNet2d5_spvPA``: residual units of two convolutions, strided convolutions, and spatial attention.

    Attention is applied before the coarsest block and in each step of the decoder. ``p`` is the dropout probability
    after each norm. The residual unit of the finest step is the head: a convolution without a norm and a shortcut.
    """
    levels = pyramid(widths, rank=3, planar=planar)

    def act() -> nn.Module:
        return nn.Sequential(nn.Dropout(p), nn.PReLU())

    unit, last = ConvUnit(norm=batch_norm, act=act), ConvUnit(act=nn.Identity)
    block, final = residual(conv_stack(unit)), residual(conv_stack(last))

    def attention(merged: int, wanted: int, level: Level) -> Part:  # noqa: ARG001
        return SpatialAttention(merged, level.kernel)

    def decoded(merged: int, wanted: int, level: Level) -> Part:
        return attended(block)(merged, wanted, replace(level, convs=1))

    def down(channels: int, level: Level) -> Part:
        return overlapping(unit)(channels, replace(level, channels=channels))

    encoder = Encoder(in_channels, levels, [*[block] * (len(levels) - 1), attended(block)], down)
    merged, steps = (2 * widths[0], *widths[1:-1]), [attention, *[decoded] * (len(levels) - 2)]
    up = then(TransposedAround, unit.norm, unit.act)
    decoder = Decoder(levels, merged, steps, up, Concat, up_widths=widths[:-1])
    return kaiming_(UNet(encoder, decoder, final(merged[0], out_channels, replace(levels[0], convs=1))))
