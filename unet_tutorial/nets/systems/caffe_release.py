"""The network of the authors' Caffe release of 2015.

Equivalent: layers, channels, sizes, dropout, number of parameters (31,100,354) and variance of the initial weights.
Different: concatenation puts the skip first.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.foreign_weights import System, Unit
from unet_tutorial.nets.init import kaiming_
from unet_tutorial.nets.merge import Concat
from unet_tutorial.nets.paths import Decoder, Encoder
from unet_tutorial.nets.resample import MaxPool, then, transposed
from unet_tutorial.nets.sources import Source
from unet_tutorial.nets.unet import UNet, pointwise_head
from unet_tutorial.nets.wrappers import dropped
from unet_tutorial.plan.levels import Size, pyramid


def released_unet(
    in_channels: int = 1, out_channels: int = 2, widths: Sequence[int] = (64, 128, 256, 512, 1024)
) -> UNet:
    """The network of the authors' Caffe release of 2015.

    It differs from figure 1 of the paper in three points. A ReLU follows each up-convolution. The last up-convolution
    has ``widths[1]`` output channels, and not ``widths[0]``. Dropout follows the blocks of the two coarsest levels of
    the encoder, so it also changes the skip of the second coarsest level.
    """
    levels, block, up = pyramid(widths), conv_stack(ConvUnit(padding="valid")), then(transposed, act=nn.ReLU)

    def wide(below: int, wanted: int, stride: Size) -> nn.Module:
        return up(below, max(wanted, widths[1]), stride)

    blocks = [*[block] * (len(levels) - 2), *[dropped(block)] * 2]
    encoder = Encoder(in_channels, levels, blocks[-len(levels) :], MaxPool)
    decoder = Decoder(levels, widths[:-1], block, wide, Concat)
    return kaiming_(UNet(encoder, decoder, pointwise_head(decoder, out_channels)))


CAFFE = System(
    name=Source.CAFFE,
    address="https://lmb.informatik.uni-freiburg.de/people/ronneber/u-net",
    block=lambda i: (
        Unit(f"conv_d{i}a-b", "no norm", "no act"),
        Unit(f"conv_d{i}b-c", "no norm", "no act"),
    ),
    up=lambda i, levels: (f"upconv_{'d' if i == levels - 2 else 'u'}{i + 1}{'c' if i == levels - 2 else 'd'}_u{i}a",),
    up_norm=lambda i, levels: "no norm",  # noqa: ARG005
    up_act=lambda i, levels: "no act",  # noqa: ARG005
    step=lambda i, levels: (  # noqa: ARG005
        Unit(f"conv_u{i}b-c", "no norm", "no act"),
        Unit(f"conv_u{i}c-d", "no norm", "no act"),
    ),
    head="conv_u0d-score",
    up_first=True,
    defaults={},
    allowed=lambda structure: {},  # noqa: ARG005
    arguments=lambda structure, options: {  # noqa: ARG005
        name: value for name, value in structure.arguments.items() if name in ("in_channels", "out_channels", "widths")
    },
    preset="released",
)
