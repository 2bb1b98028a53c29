"""UNet++ (Zhou et al. 2018, arXiv 1807.10165) and UNet 3+ (Huang et al. 2020, arXiv 2004.08790), as they are written
by hand."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def double(before: int, after: int) -> nn.Sequential:
    """Two convolutions with batch norm and ReLU."""
    layers = [
        layer
        for a in (before, after)
        for layer in (nn.Conv2d(a, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU(inplace=True))
    ]
    return nn.Sequential(*layers)


class UNetPlusPlus(nn.Module):
    """Figure 1(a): node X(i, j) joins all earlier nodes of row i and X(i + 1, j - 1) upsampled.

    With ``supervised`` there is an output from each X(0, j) with j > 0, in this order.
    """

    def __init__(
        self, widths: Sequence[int] = (32, 64, 128, 256, 512), in_channels: int = 1, *, supervised: bool = False
    ) -> None:
        super().__init__()
        self.depth, nodes = len(widths) - 1, {}
        for i, (before, width) in enumerate(pairwise((in_channels, *widths))):
            nodes[f"{i}_0"] = double(before, width)
            for j in range(1, self.depth - i + 1):
                nodes[f"{i}_{j}"] = double(j * width + widths[i + 1], width)
        self.nodes = nn.ModuleDict(nodes)
        ends = range(1, self.depth + 1) if supervised else (self.depth,)
        self.heads = nn.ModuleDict({str(j): nn.Conv2d(widths[0], 1, 1) for j in ends})

    def forward(self, x: Tensor) -> Tensor | list[Tensor]:
        found: dict[tuple[int, int], Tensor] = {}
        for total in range(self.depth + 1):
            found[total, 0] = self.nodes[f"{total}_0"](x if total == 0 else F.max_pool2d(found[total - 1, 0], 2))
            for j in range(1, total + 1):
                i = total - j
                up = F.interpolate(found[i + 1, j - 1], scale_factor=2, mode="bilinear")
                found[i, j] = self.nodes[f"{i}_{j}"](torch.cat([*(found[i, k] for k in range(j)), up], 1))
        outputs = [head(found[0, int(j)]) for j, head in self.heads.items()]
        return outputs if len(outputs) > 1 else outputs[0]


class UNet3Plus(nn.Module):
    """Figure 1(c): each decoder joins maps of every level, pooled or upsampled to its own size."""

    def __init__(self, widths: Sequence[int] = (64, 128, 256, 512, 1024), in_channels: int = 1, each: int = 64) -> None:
        super().__init__()
        self.encoder = nn.ModuleList(double(a, b) for a, b in pairwise((in_channels, *widths)))
        joined = each * len(widths)
        branches, decoder = {}, {}
        for i in range(len(widths) - 1):
            for k, width in enumerate(widths):
                from_encoder = k <= i or k == len(widths) - 1
                branches[f"{k}_{i}"] = double(width if from_encoder else joined, each)[:3]
            decoder[str(i)] = double(joined, joined)[:3]
        self.branches, self.decoder = nn.ModuleDict(branches), nn.ModuleDict(decoder)
        self.head = nn.Conv2d(joined, 1, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        maps: list[Tensor] = []
        for i, stage in enumerate(self.encoder):
            x = stage(x if i == 0 else F.max_pool2d(x, 2))
            maps.append(x)
        for i in reversed(range(len(maps) - 1)):
            parts = []
            for k, each in enumerate(maps):
                resized = each
                if k < i:
                    resized = F.max_pool2d(each, 2 ** (i - k))
                elif k > i:
                    resized = F.interpolate(each, scale_factor=float(2 ** (k - i)), mode="bilinear")
                parts.append(self.branches[f"{k}_{i}"](resized))
            maps[i] = self.decoder[str(i)](torch.cat(parts, 1))
        out: Tensor = self.head(maps[0])
        return out
