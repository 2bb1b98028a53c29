"""A small U²-Net (Qin et al. 2020, arXiv 2005.09007): a U whose blocks are U's, with seven outputs."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unet_tutorial.figures.arch.ir import ArchIR
from unet_tutorial.figures.tracing.trace import trace


class Unit(nn.Module):
    """Convolution, batch norm, ReLU; the size stays the same."""

    def __init__(self, before: int, after: int, dilation: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(before, after, 3, padding=dilation, dilation=dilation)
        self.norm = nn.BatchNorm2d(after)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.norm(self.conv(x)))


def resized_to(x: Tensor, other: Tensor) -> Tensor:
    return F.interpolate(x, size=other.shape[2:], mode="bilinear")


class RSU(nn.Module):
    """Residual U-block with ``height`` units on the way down, the last of them dilated; figure 2(e) of the paper."""

    def __init__(self, height: int, before: int, middle: int, after: int) -> None:
        super().__init__()
        self.first = Unit(before, after)
        self.down = nn.ModuleList([Unit(after, middle), *(Unit(middle, middle) for _ in range(height - 2))])
        self.bottom = Unit(middle, middle, dilation=2)
        self.up = nn.ModuleList([*(Unit(2 * middle, middle) for _ in range(height - 2)), Unit(2 * middle, after)])

    def forward(self, x: Tensor) -> Tensor:
        entry: Tensor = self.first(x)
        skips = [self.down[0](entry)]
        for unit in self.down[1:]:
            skips.append(unit(F.max_pool2d(skips[-1], 2, ceil_mode=True)))
        y = self.bottom(skips[-1])
        for unit, skip in zip(self.up, reversed(skips), strict=True):
            y = unit(torch.cat((y if y.shape == skip.shape else resized_to(y, skip), skip), 1))
        out: Tensor = y + entry
        return out


class DilatedRSU(nn.Module):
    """RSU-4F: dilated convolutions instead of poolings."""

    def __init__(self, before: int, middle: int, after: int) -> None:
        super().__init__()
        self.first = Unit(before, after)
        self.down = nn.ModuleList(Unit(a, middle, d) for a, d in ((after, 1), (middle, 2), (middle, 4), (middle, 8)))
        self.up = nn.ModuleList(Unit(2 * middle, b, d) for b, d in ((middle, 4), (middle, 2), (after, 1)))

    def forward(self, x: Tensor) -> Tensor:
        entry: Tensor = self.first(x)
        y, maps = entry, []
        for unit in self.down:
            y = unit(y)
            maps.append(y)
        for unit, skip in zip(self.up, reversed(maps[:-1]), strict=True):
            y = unit(torch.cat((y, skip), 1))
        return y + entry


class U2Net(nn.Module):
    """Six stages down, five up; the fused output is the first, the six side outputs follow, finest first."""

    def __init__(self, in_channels: int = 3, out_channels: int = 1, middle: int = 4, width: int = 8) -> None:
        super().__init__()
        widths = (in_channels, *(width,) * 6)
        self.stages = nn.ModuleList(RSU(7 - i, a, middle, b) for i, (a, b) in enumerate(pairwise(widths[:5])))
        self.stages.extend(DilatedRSU(a, middle, b) for a, b in pairwise(widths[4:]))
        self.decoder = nn.ModuleList([DilatedRSU(2 * width, middle, width)])
        self.decoder.extend(RSU(height, 2 * width, middle, width) for height in (4, 5, 6, 7))
        self.sides = nn.ModuleList(nn.Conv2d(width, out_channels, 3, padding=1) for _ in range(6))
        self.fused = nn.Conv2d(6 * out_channels, out_channels, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        image, skips = x, []
        for i, stage in enumerate(self.stages):
            x = stage(x if i == 0 else F.max_pool2d(x, 2, ceil_mode=True))
            skips.append(x)
        ends = [x]
        for stage, skip in zip(self.decoder, reversed(skips[:-1]), strict=True):
            x = stage(torch.cat((resized_to(x, skip), skip), 1))
            ends.append(x)
        sides = [head(end) for head, end in zip(self.sides, reversed(ends), strict=True)]
        sides = [side if side.shape[2:] == image.shape[2:] else resized_to(side, image) for side in sides]
        return (self.fused(torch.cat(sides, 1)), *sides)


@cache
def arch() -> ArchIR:
    """The description of a U2Net for an RGB image of 64 × 64 pixels."""
    with torch.device("meta"):
        return trace(U2Net(), torch.empty(1, 3, 64, 64))
