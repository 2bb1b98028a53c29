"""The networks with backbones of https://github.com/AmberzzZZ/unet_vnet_keras: one, two heads, and in two resolutions.

Equivalent: layers, channels, sizes and numbers of trainable parameters: 28,315,844 for ``backboned_unet(2, 4)``,
28,315,974 for ``branch2_unet(2, 4)``, and by default 20,702,785 for ``backboned_vgg16``, 31,205,057 for
``backboned_resnet50``, 42,509,665 for ``backboned_darknet`` and 42,509,955 for ``fine_grained_unet``.
Different: heads return logits. All weights come from ``kaiming_``. Skips are lists of feature maps; the Keras code
finds them by layer names that are right for the first network of a session only. The bilinear kernel of its ``branch2``
is a diagonal, because its initialiser mistakes the axes of the weight; that of ``branches.SideOutput`` is bilinear. Its
documentation promises ResNet-34, without any code; ``backboned_resnet34`` is our own, without biases before norms. In
training, its ``fine_grained`` runs the shared layers on images and regions one after the other, and here in one batch.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.branches import branched
from unet_tutorial.nets.cascade import FineGrained
from unet_tutorial.nets.contracts import FeatureDecoder, FeatureExtractor
from unet_tutorial.nets.convnets import Deepened, darknet53, resnet34, resnet50, vgg16
from unet_tutorial.nets.heads import conv_head
from unet_tutorial.nets.init import kaiming_
from unet_tutorial.nets.merge import Add, Merge, NoSkip
from unet_tutorial.nets.norms import batch_norm
from unet_tutorial.nets.paths import Encoder
from unet_tutorial.nets.resample import MaxPool, OverlappingTransposed
from unet_tutorial.nets.unet import UNet
from unet_tutorial.plan.levels import Level, Size, positive_int, pyramid
from unet_tutorial.plan.receptive_field import accumulated_reach

NORMED = ConvUnit(norm=batch_norm)


class BottleneckStep(nn.Module):
    """1×1 to C / 4 channels, transposed convolution, 1×1 to the channels of the skip, then the sum with the skip.

    Both 1×1 convolutions have batch norm and ReLU; the transposed convolution has neither.
    """

    def __init__(self, below_channels: int, skip_channels: int, width: int, stride: Size, merge: Merge) -> None:
        super().__init__()
        one, quarter = (1,) * len(stride), quartered(below_channels)
        self.reduce = NORMED(below_channels, quarter, one)
        self.up = OverlappingTransposed(quarter, quarter, stride)
        self.expand = NORMED(quarter, width, one)
        self.merge = merge(skip_channels, width, below_channels, stride)

    def forward(self, below: Tensor, skip: Tensor) -> tuple[Tensor, Tensor]:
        """(N, C, *coarse) and (N, skip, *fine) -> (N, width, *fine), and the reduced map (N, C / 4, *coarse)."""
        reduced = self.reduce(below)
        return self.merge(skip, self.expand(self.up(reduced)), below), reduced


def quartered(channels: int) -> int:
    """A quarter of the channels, rounded down, but at least one."""
    return max(channels // 4, 1)


class BottleneckDecoder(FeatureDecoder):
    """A decoder of ``BottleneckStep``s, without further convolutions: features, finest first -> (N, finest, *size).

    Each step has as many channels as its skip, but the last one has ``finest``, and ``merge`` is the merge there:
    ``NoSkip`` if the encoder has no features of full size. ``maps`` are the output and the reduced map of each step,
    which has C / 4 channels and the size of the coarser level.
    """

    def __init__(self, levels: Sequence[Level], finest: int, merge: Merge = NoSkip) -> None:
        super().__init__()
        positive_int("finest", finest)
        self.levels = tuple(levels)
        widths = (finest, *(level.channels for level in self.levels[1:]))
        merges = [merge, *[Add] * (len(self.levels) - 2)]
        steps = [
            BottleneckStep(widths[i + 1], level.channels, widths[i], self.levels[i + 1].stride, merges[i])
            for i, level in enumerate(self.levels[:-1])
        ]
        self.steps = nn.ModuleList(reversed(steps))  # coarsest first, as in the forward pass
        self.out_channels = finest
        self.map_channels, self.map_levels = (finest, *map(quartered, widths[1:])), tuple(range(len(widths)))
        self.extra_reach = accumulated_reach(self.levels, [(step.up.extra_reach,) for step in steps])

    def forward(self, features: list[Tensor]) -> Tensor:
        """Process the features from the coarsest level to the finest."""
        return self.maps(features)[0]

    def maps(self, features: list[Tensor]) -> list[Tensor]:
        """The output, and the reduced map of each step, finest first."""
        *skips, x = features
        found = []
        for step, skip in zip(self.steps, reversed(skips), strict=True):
            x, reduced = step(x, skip)
            found.append(reduced)
        return [x, *reversed(found)]


def backboned(encoder: FeatureExtractor, out_channels: int = 1, finest: int = 16, merge: Merge = NoSkip) -> UNet:
    """The U-Net of any encoder with a ``BottleneckDecoder`` and a head with the kernel of the finest level."""
    decoder = BottleneckDecoder(encoder.levels, finest, merge)
    return kaiming_(UNet(encoder, decoder, conv_head(decoder, out_channels)))


def with_centre(encoder: FeatureExtractor, level: Level) -> Deepened:
    """The encoder, then a pooling and two 3×3 convolutions with batch norm, which make the new level."""
    return Deepened(encoder, level, conv_stack(NORMED), MaxPool)


def original_encoder(in_channels: int, widths: Sequence[int], rank: int) -> Deepened:
    """``orig_unet``: blocks with batch norm at all levels but the last, which is the centre."""
    *levels, centre = pyramid(widths, rank)
    return with_centre(Encoder(in_channels, levels, conv_stack(NORMED), MaxPool), centre)


def backboned_unet(
    in_channels: int = 1,
    out_channels: int = 1,
    widths: Sequence[int] = (64, 128, 256, 512, 1024, 512),
    rank: int = 2,
) -> UNet:
    """``unet("orig_unet")``. The last width is that of the centre, below the coarsest skip."""
    return backboned(original_encoder(in_channels, widths, rank), out_channels, widths[0], Add)


def backboned_vgg16(
    in_channels: int = 3,
    out_channels: int = 1,
    widths: Sequence[int] = (64, 128, 256, 512, 512, 512),
    rank: int = 2,
) -> UNet:
    """``unet("vgg16")``. The last width is that of the centre, below the coarsest skip."""
    centre = pyramid(widths, rank)[-1]
    encoder = with_centre(vgg16(in_channels, widths[:-1], rank), centre)
    return backboned(encoder, out_channels, widths[0], Add)


def backboned_resnet50(
    in_channels: int = 3,
    out_channels: int = 1,
    widths: Sequence[int] = (64, 256, 512, 1024, 2048),
    rank: int = 2,
) -> UNet:
    """``unet("resnet50")``. The convolutions of the encoder have biases, as those of Keras."""
    return backboned(resnet50(in_channels, widths, rank, bias=True), out_channels)


def backboned_resnet34(
    in_channels: int = 3,
    out_channels: int = 1,
    widths: Sequence[int] = (64, 64, 128, 256, 512),
    rank: int = 2,
) -> UNet:
    """The decoder of the Keras repository on ResNet-34, which its documentation announces."""
    return backboned(resnet34(in_channels, widths, rank), out_channels)


def backboned_darknet(
    in_channels: int = 1,
    out_channels: int = 1,
    widths: Sequence[int] = (32, 64, 128, 256, 512, 1024),
    rank: int = 2,
) -> UNet:
    """``unet("darknet52")``. As there, the features of full size, of ``widths[0]`` channels, are not a skip."""
    return backboned(darknet53(in_channels, widths, rank), out_channels)


def branch2_unet(
    in_channels: int = 1,
    out_channels: int = 4,
    widths: Sequence[int] = (64, 128, 256, 512, 1024, 512),
    rank: int = 2,
    channels: Sequence[int] = (1,),
) -> UNet:
    """``branch2_unet``: ``backboned_unet`` with a side output from a quarter of the resolution.

    The side output reads the reduced map of level 2 and is added to the logits of ``channels``.
    """
    encoder = original_encoder(in_channels, widths, rank)
    decoder = BottleneckDecoder(encoder.levels, widths[0], Add)
    return kaiming_(branched(encoder, decoder, conv_head(decoder, out_channels), {2: channels}))


def fine_grained_unet(
    in_channels: int = 1,
    out_channels: int = 2,
    region_channels: int = 1,
    widths: Sequence[int] = (32, 64, 128, 256, 512, 1024),
    rank: int = 2,
) -> FineGrained:
    """``fine_grained_unet("darknet52")``: one Darknet-53 with its decoder for images and regions of them.

    See ``cascade.FineGrained`` for its training and prediction; ``out_channels`` are those for whole images.
    """
    encoder = darknet53(in_channels, widths, rank)
    decoder = BottleneckDecoder(encoder.levels, finest=16)
    return kaiming_(
        FineGrained(encoder, decoder, conv_head(decoder, out_channels), conv_head(decoder, region_channels))
    )
