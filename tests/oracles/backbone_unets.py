"""U-Nets whose encoder is a classification network, written by hand; each states the channels of its features."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

Features = list[Tensor]


def unit(before: int, after: int, kernel: int = 3, stride: int = 1, groups: int = 1) -> nn.Sequential:
    """A padded convolution with batch norm and ReLU."""
    convolution = nn.Conv2d(before, after, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(after), nn.ReLU(inplace=True))


class Bottleneck(nn.Module):
    """1×1, 3×3 with the stride, 1×1; added to a projection (He et al., arXiv:1512.03385, figure 5)."""

    def __init__(self, before: int, width: int, stride: int = 1) -> None:
        super().__init__()
        after = 4 * width
        self.inner = nn.Sequential(unit(before, width, 1), unit(width, width, 3, stride), nn.Conv2d(width, after, 1))
        self.norm = nn.BatchNorm2d(after)
        changes = stride > 1 or before != after
        self.projection = nn.Conv2d(before, after, 1, stride) if changes else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.norm(self.inner(x)) + self.projection(x))


class ResNet50(nn.Module):
    """Features at strides 1 (the image) to 32."""

    out_channels = (3, 64, 256, 512, 1024, 2048)

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.pool = unit(3, 64, 7, 2), nn.MaxPool2d(3, 2, 1)
        self.stages = nn.ModuleList()
        before = 64
        for width, count, stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
            blocks = [Bottleneck(before, width, stride)]
            blocks += [Bottleneck(4 * width, width) for _ in range(count - 1)]
            self.stages.append(nn.Sequential(*blocks))
            before = 4 * width

    def forward(self, x: Tensor) -> Features:
        found = [x, self.stem(x)]
        x = self.pool(found[-1])
        for stage in self.stages:
            x = stage(x)
            found.append(x)
        return found


class Inverted(nn.Module):
    """1×1 to more channels, depthwise 3×3 with the stride, 1×1 (Sandler et al., arXiv:1801.04381, figure 4)."""

    def __init__(self, before: int, after: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = expansion * before
        expand = [unit(before, inner, 1)] if expansion > 1 else []
        self.layers = nn.Sequential(*expand, unit(inner, inner, 3, stride, inner), nn.Conv2d(inner, after, 1))
        self.adds = stride == 1 and before == after

    def forward(self, x: Tensor) -> Tensor:
        y = self.layers(x)
        return torch.as_tensor(x + y if self.adds else y)


class MobileNetV2(nn.Module):
    """Features at strides 1 (the image) to 32, without the last 1×1 convolution of the classifier."""

    out_channels = (3, 16, 24, 32, 96, 320)

    def __init__(self) -> None:
        super().__init__()
        self.stem = unit(3, 32, 3, 2)
        self.stages = nn.ModuleList()
        before = 32
        for stage in (
            ((1, 16, 1, 1),),
            ((6, 24, 2, 2),),
            ((6, 32, 3, 2),),
            ((6, 64, 4, 2), (6, 96, 3, 1)),
            ((6, 160, 3, 2), (6, 320, 1, 1)),
        ):
            blocks: list[nn.Module] = []
            for expansion, after, count, stride in stage:
                for number in range(count):
                    blocks.append(Inverted(before, after, stride if number == 0 else 1, expansion))
                    before = after
            self.stages.append(nn.Sequential(*blocks))

    def forward(self, x: Tensor) -> Features:
        found = [x]
        x = self.stem(x)
        for stage in self.stages:
            x = stage(x)
            found.append(x)
        return found


class DualBlock(nn.Module):
    """Part of the result is added to one map, the rest is concatenated to another (Chen et al., arXiv:1707.01629)."""

    def __init__(self, before: int, width: int, stride: int, *, first: bool) -> None:
        super().__init__()
        self.width = width
        self.projection = nn.Conv2d(before, width + 4, 1, stride) if first else None
        self.layers = nn.Sequential(
            unit(before, width, 1), unit(width, width, 3, stride), nn.Conv2d(width, width + 4, 1)
        )

    def forward(self, maps: Features) -> Features:
        x = torch.cat(maps, 1) if len(maps) > 1 else maps[0]
        if self.projection is not None:
            x_projected = self.projection(x)
            maps = [x_projected[:, : self.width], x_projected[:, self.width :]]
        y = self.layers(x)
        return [maps[0] + y[:, : self.width], torch.cat([maps[1], y[:, self.width :]], 1)]


class DualPath(nn.Module):
    """Features at strides 1 (the image) to 16; each stage ends with the concatenation of its two maps."""

    out_channels = (3, 8, 28, 36, 44)

    def __init__(self) -> None:
        super().__init__()
        self.stem = unit(3, 8, 3, 2)
        self.stages = nn.ModuleList()
        before = 8
        for width in (16, 24, 32):
            blocks = [DualBlock(before, width, 2, first=True), DualBlock(width + 8, width, 1, first=False)]
            self.stages.append(nn.Sequential(*blocks))
            before = width + 12

    def forward(self, x: Tensor) -> Features:
        found = [x, self.stem(x)]
        maps = found[-1:]
        for stage in self.stages:
            maps = stage(maps)
            found.append(torch.relu(torch.cat(maps, 1)))
        return found


class BackboneUNet(nn.Module):
    """Nearest upsampling, concatenation of the feature of that level unless it is left out, two convolutions.

    ``without`` are the levels whose features are not used; the feature of level 0 is the image and never is.
    """

    def __init__(
        self, encoder: nn.Module, without: Sequence[int] = (), widths: Sequence[int] = (8, 12, 16, 24, 32)
    ) -> None:
        super().__init__()
        self.encoder, self.without = encoder, (0, *without)
        channels: tuple[int, ...] = encoder.out_channels  # type: ignore[assignment]
        self.up = nn.Upsample(scale_factor=2)
        self.blocks = nn.ModuleDict()
        below = channels[-1]
        for level in reversed(range(len(channels) - 1)):
            skip = 0 if level in self.without else channels[level]
            self.blocks[str(level)] = nn.Sequential(
                unit(below + skip, widths[level]), unit(widths[level], widths[level])
            )
            below = widths[level]
        self.head = nn.Conv2d(below, 2, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        *features, x = self.encoder(x)
        for level in reversed(range(len(features))):
            given = [self.up(x)] + ([] if level in self.without else [features[level]])
            x = self.blocks[str(level)](torch.cat(given, 1) if len(given) > 1 else given[0])
        return torch.as_tensor(self.head(x))
