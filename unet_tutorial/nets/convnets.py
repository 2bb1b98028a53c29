"""Encoders that are classification networks without their classifier: VGG16, ResNet-34, ResNet-50 and Darknet-53.

They are built from parts, in 1D, 2D and 3D, and start from random weights; for pretrained ones see ``nets.backbone``.
The plans of ResNets and of Darknet state two convolutions per level, which is right for a decoder; the pixels that
their own blocks read in addition are the ``extra_reach`` of the encoder.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from torch import Tensor, nn

from unet_tutorial.nets.blocks import Act, Block, ConvUnit, conv_stack
from unet_tutorial.nets.bottleneck import narrowed
from unet_tutorial.nets.contracts import FeatureExtractor, Part, check_factory
from unet_tutorial.nets.nd import CONV, MAX_POOL, rank_of
from unet_tutorial.nets.norms import batch_norm
from unet_tutorial.nets.paths import Encoder
from unet_tutorial.nets.resample import Down, MaxPool
from unet_tutorial.nets.strided import around, strided
from unet_tutorial.plan.levels import Level, Size, pyramid
from unet_tutorial.plan.receptive_field import accumulated_reach
from unet_tutorial.plan.sizes import lost

RESNET, DARKNET = (3, 4, 6, 3), (1, 2, 8, 8, 4)  # residual units per stage
Units = Callable[..., nn.Sequential]  # (in_channels, out_channels, kernel, stride, *, bias) -> units


class Strided(Part):
    """Layers (body) one of which may have a stride: (N, in, *size) -> (N, out, *(size / stride)).

    ``extra_reach`` is that of a downsampling, in pixels of its input.
    """

    def __init__(self, body: nn.Sequential, out_channels: int) -> None:
        super().__init__()
        self.body, self.out_channels, self.extra_reach = body, out_channels, _reach(body)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layers."""
        out: Tensor = self.body(x)
        return out


class ResidualUnit(Part):
    """Layers (body) plus a shortcut, then a ReLU or the like: (N, in, *size) -> (N, out, *(size / stride)).

    The shortcut is the input, or a 1×1 convolution with the stride and a norm if the shape changes. ``extra_reach``
    is that of a downsampling, in pixels of its input. Source: He et al., arXiv 1512.03385, section 3.3.
    """

    def __init__(self, body: nn.Sequential, shortcut: nn.Module, act: nn.Module, out_channels: int) -> None:
        super().__init__()
        self.body, self.shortcut, self.act = body, shortcut, act
        self.out_channels, self.extra_reach = out_channels, _reach(body)

    def forward(self, x: Tensor) -> Tensor:
        """Add body and shortcut, then activate."""
        out: Tensor = self.act(self.body(x) + self.shortcut(x))
        return out


class Stage(Part):
    """Parts in sequence at one level: (N, in, *size) -> (N, out, *size). Without parts it returns its input."""

    def __init__(self, in_channels: int, parts: Sequence[Part], level: Level) -> None:
        super().__init__()
        self.parts = nn.Sequential(*parts)
        self.out_channels = parts[-1].out_channels if parts else in_channels
        reaches = zip(*(part.extra_reach for part in parts), strict=True) if parts else [(0,)] * level.rank
        planned = (n // 2 for n in lost(level, "valid"))
        self.extra_reach = tuple(max(0, sum(reach) - own) for reach, own in zip(reaches, planned, strict=True))

    def forward(self, x: Tensor) -> Tensor:
        """Apply the parts one after another."""
        out: Tensor = self.parts(x)
        return out


def _reach(body: nn.Module) -> Size:
    """The pixels of the input, per side and axis, that convolutions and poolings in sequence read at most."""
    layers = [layer for layer in body.modules() if isinstance(layer, (*CONV, *MAX_POOL))]
    total = [0] * (len(_sizes(layers[0])[0]))
    scale = [1] * len(total)
    for layer in layers:
        kernel, stride = _sizes(layer)
        total = [t + s * (k // 2) for t, s, k in zip(total, scale, kernel, strict=True)]
        scale = [s * t for s, t in zip(scale, stride, strict=True)]
    return tuple(total)


def _sizes(layer: nn.Module) -> tuple[Size, Size]:
    """Kernel and stride of a layer."""
    kernel: Size = getattr(layer, "kernel_size", ())
    stride: Size = getattr(layer, "stride", ())
    return kernel, stride


class Deepened(FeatureExtractor):
    """An encoder with one more level, made by a downsampling and a block from its coarsest features."""

    def __init__(self, encoder: FeatureExtractor, level: Level, block: Block, down: Down) -> None:
        super().__init__()
        self.encoder = encoder
        self.down = check_factory("down", down)(encoder.out_channels[-1], level)
        self.block = check_factory("block", block)(self.down.out_channels, level.channels, level)
        self.in_channels, self.padding = encoder.in_channels, encoder.padding
        self.levels, self.out_channels = (*encoder.levels, level), (*encoder.out_channels, self.block.out_channels)
        reaches = [(encoder.extra_reach,), *[()] * (len(encoder.levels) - 1), (self.block.extra_reach,)]
        reaches[-2] = (*reaches[-2], self.down.extra_reach)  # in pixels of the finer level
        self.extra_reach = accumulated_reach(self.levels, reaches)

    def forward(self, image: Tensor) -> list[Tensor]:
        """The features of the encoder, and those of the new level."""
        features: list[Tensor] = self.encoder(image)
        return [*features, self.block(self.down(features[-1]))]


def vgg16(in_channels: int = 3, widths: Sequence[int] = (64, 128, 256, 512, 512), rank: int = 2) -> Encoder:
    """The 13 convolutions of VGG16 (Simonyan & Zisserman, arXiv 1409.1556, table 1, D), without the last pooling."""
    levels = [replace(level, convs=2 if i < 2 else 3) for i, level in enumerate(pyramid(widths, rank))]
    return Encoder(in_channels, levels, conv_stack(ConvUnit()), MaxPool)


def basic_units(
    in_channels: int, out_channels: int, kernel: Size, stride: Size, *, bias: bool = False
) -> nn.Sequential:
    """Two convolutions, the first with the stride (He et al., arXiv 1512.03385, figure 2)."""
    first, last = _normed(stride, nn.ReLU, bias=bias), _normed((1,) * len(stride), nn.Identity, bias=bias)
    return nn.Sequential(first(in_channels, out_channels, kernel), last(out_channels, out_channels, kernel))


def bottleneck_units(
    in_channels: int, out_channels: int, kernel: Size, stride: Size, *, bias: bool = False
) -> nn.Sequential:
    """1×1 with the stride to a quarter of the channels, the kernel, and 1×1 (arXiv 1512.03385, figure 5).

    torchvision and timm have the stride at the second convolution instead. Raises ValueError for a number of output
    channels that is no multiple of 4.
    """
    one = (1,) * len(stride)
    first, middle = _normed(stride, nn.ReLU, bias=bias), _normed(one, nn.ReLU, bias=bias)
    return narrowed(in_channels, out_channels, kernel, (first, middle, _normed(one, nn.Identity, bias=bias)))


def _normed(stride: Size, act: Act, *, bias: bool) -> ConvUnit:
    """A convolution with a stride, batch norm, activation."""
    return ConvUnit(norm=batch_norm, act=act, conv=strided(stride, bias=bias))


def resnet(
    in_channels: int,
    units: Units,
    counts: Sequence[int],
    widths: Sequence[int],
    rank: int = 2,
    *,
    bias: bool = False,
) -> Encoder:
    """A residual network (He et al., arXiv 1512.03385, table 1) with ``counts[i]`` residual units per stage.

    Level 0 is the image itself, because a ResNet has no features of full size. Level 1 is the output of the 7×7
    convolution, with ``widths[0]`` channels. The following levels are its stages, with ``widths[1:]`` channels; the
    first stage begins with max-pooling, and each other one with a residual unit of stride 2. ``units`` makes the body
    of a residual unit, with the argument ``bias``: ``basic_units`` or ``bottleneck_units``. Raises ValueError unless
    there is one width more than counts.
    """
    if len(widths) != len(counts) + 1:
        raise ValueError(f"{len(widths)} widths for {len(counts)} stages; pass one for the 7×7 kernel and each stage")
    levels = pyramid((in_channels, *widths), rank)
    made = partial(units, bias=bias)

    def residual_unit(before: int, wanted: int, kernel: Size, stride: Size) -> ResidualUnit:
        same = before == wanted and max(stride) == 1
        one = (1,) * rank
        shortcut = nn.Identity() if same else _normed(stride, nn.Identity, bias=bias)(before, wanted, one)
        return ResidualUnit(made(before, wanted, kernel, stride), shortcut, nn.ReLU(), wanted)

    def stem(before: int, level: Level) -> Part:
        return Strided(_normed(level.stride, nn.ReLU, bias=bias)(before, level.channels, (7,) * rank), level.channels)

    def pooled(before: int, level: Level) -> Part:
        kernel = around(level.stride)
        half = tuple(k // 2 for k in kernel)
        return Strided(nn.Sequential(MAX_POOL[rank_of(kernel) - 1](kernel, level.stride, half)), before)

    def halved(before: int, level: Level) -> Part:
        return residual_unit(before, level.channels, level.kernel, level.stride)

    def stage(count: int, before: int, wanted: int, level: Level) -> Part:
        one = (1,) * rank
        inputs = [before, *[wanted] * (count - 1)][:count]
        return Stage(before, [residual_unit(each, wanted, level.kernel, one) for each in inputs], level)

    left = (0, 0, *counts[:1], *(count - 1 for count in counts[1:]))  # residual units after the downsampling
    downs = [stem, pooled, *[halved] * (len(counts) - 1)]
    return Encoder(in_channels, levels, [partial(stage, count) for count in left], downs[: len(widths)])


def resnet34(
    in_channels: int = 3, widths: Sequence[int] = (64, 64, 128, 256, 512), rank: int = 2, *, bias: bool = False
) -> Encoder:
    """ResNet-34: stages of 3, 4, 6 and 3 residual units with two 3×3 convolutions each. See ``resnet``.

    With fewer widths it has the first stages only.
    """
    return resnet(in_channels, basic_units, RESNET[: len(widths) - 1], widths, rank, bias=bias)


def resnet50(
    in_channels: int = 3, widths: Sequence[int] = (64, 256, 512, 1024, 2048), rank: int = 2, *, bias: bool = False
) -> Encoder:
    """ResNet-50: stages of 3, 4, 6 and 3 bottlenecks. See ``resnet``.

    With fewer widths it has the first stages only.
    """
    return resnet(in_channels, bottleneck_units, RESNET[: len(widths) - 1], widths, rank, bias=bias)


def darknet53(in_channels: int = 3, widths: Sequence[int] = (32, 64, 128, 256, 512, 1024), rank: int = 2) -> Encoder:
    """Darknet-53: stages of 1, 2, 8, 8 and 4 residual units. See ``darknet``.

    With fewer widths it has the first stages only.
    """
    return darknet(in_channels, DARKNET[: len(widths) - 1], widths, rank)


def darknet(in_channels: int, counts: Sequence[int], widths: Sequence[int], rank: int = 2) -> Encoder:
    """The convolutions of Redmon & Farhadi, arXiv 1804.02767, table 1, without biases.

    Level 0 is the output of the first convolution. Each following level has a strided 3×3 convolution and ``counts[i]``
    residual units (1×1 to half the channels, 3×3). Raises ValueError unless there is one width more than counts.
    """
    if len(widths) != len(counts) + 1:
        raise ValueError(f"{len(widths)} widths for {len(counts)} stages; pass one for the first layer and each stage")
    levels, one, leaky = pyramid(widths, rank), (1,) * rank, partial(nn.LeakyReLU, 0.1)
    unit = _normed(one, leaky, bias=False)

    def first(before: int, wanted: int, level: Level) -> Part:
        return Stage(before, [Strided(unit(before, wanted, level.kernel), wanted)], level)

    def stage(count: int, before: int, wanted: int, level: Level) -> Part:
        bodies = [
            nn.Sequential(unit(wanted, wanted // 2, one), unit(wanted // 2, wanted, level.kernel)) for _ in range(count)
        ]
        return Stage(before, [ResidualUnit(body, nn.Identity(), nn.Identity(), wanted) for body in bodies], level)

    def down(before: int, level: Level) -> Part:
        body = _normed(level.stride, leaky, bias=False)(before, level.channels, around(level.stride))
        return Strided(body, level.channels)

    return Encoder(in_channels, levels, [first, *(partial(stage, n) for n in counts)], down)
