"""Small U-Nets with several outputs, channel gates, self-attention or a time embedding."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.oracles.diffusion_unet import DiffusionUNet, SelfAttention
from unet_tutorial.figures.arch.ir import ArchIR
from unet_tutorial.figures.tracing.trace import trace

WIDTHS = (4, 8, 16, 32)


def conv(before: int, after: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU())


class SmallUNet(nn.Module):
    """Two convolutions per level; ``decoded`` returns the last map of each level of the decoder, finest first."""

    def __init__(self) -> None:
        super().__init__()
        pairs = list(zip((1, *WIDTHS), WIDTHS, strict=False))
        self.enc = nn.ModuleList(nn.Sequential(conv(a, b), conv(b, b)) for a, b in pairs)
        self.up = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, 2) for a, b in pairs[1:])
        self.dec = nn.ModuleList(nn.Sequential(conv(2 * a, a), conv(a, a)) for a in WIDTHS[:-1])
        self.head = nn.Conv2d(4, 2, 1)

    def decoded(self, x: Tensor) -> list[Tensor]:
        skips = []
        for level, block in enumerate(self.enc):
            x = block(F.max_pool2d(x, 2) if level else x)
            skips.append(x)
        found = [x]
        for level in (2, 1, 0):
            found.append(self.dec[level](torch.cat((skips[level], self.up[level](found[-1])), 1)))
        return found[::-1]

    def forward(self, x: Tensor) -> Any:
        return self.head(self.decoded(x)[0])


class DeeplySupervised(SmallUNet):
    """A head on each level of the decoder: finest first, each at its own size or ``resized`` to the input's size."""

    def __init__(self, *, resized: bool = False) -> None:
        super().__init__()
        self.resized, self.heads = resized, nn.ModuleList(nn.Conv2d(a, 2, 1) for a in WIDTHS[:-1])

    def forward(self, x: Tensor) -> Any:
        maps = [head(y) for head, y in zip(self.heads, self.decoded(x), strict=False)]
        return tuple(F.interpolate(y, x.shape[2:]) for y in maps) if self.resized else tuple(maps)


class ManyHeads(SmallUNet):
    """Two maps of the finest level, and ten classes from the bottom; the classes are returned first."""

    def __init__(self) -> None:
        super().__init__()
        self.mask, self.border, self.classes = nn.Conv2d(4, 2, 1), nn.Conv2d(4, 1, 3, padding=1), nn.Linear(32, 10)

    def forward(self, x: Tensor) -> Any:
        maps = self.decoded(x)
        return {
            "classes": self.classes(maps[-1].mean((2, 3))),
            "mask": self.mask(maps[0]),
            "border": self.border(maps[0]),
        }


class Excited(SmallUNet):
    """Squeeze-and-excitation at the end of each level of the decoder."""

    def __init__(self) -> None:
        super().__init__()
        self.dec = nn.ModuleList(nn.Sequential(b, SqueezeExcitation(a)) for a, b in zip(WIDTHS, self.dec, strict=False))


class SqueezeExcitation(nn.Module):
    """A weight per channel from the mean of the map (arXiv 1709.01507)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(channels, 2, 1), nn.ReLU(), nn.Conv2d(2, channels, 1), nn.Sigmoid()
        )

    def forward(self, x: Tensor) -> Tensor:
        weighted: Tensor = x * self.gate(x)
        return weighted


class Attentive(SmallUNet):
    """Self-attention with 4 heads at the end of the bottom, and with 2 heads at the end of the level above."""

    def __init__(self) -> None:
        super().__init__()
        self.enc[3] = nn.Sequential(self.enc[3], SelfAttention(32, 4))
        self.dec[2] = nn.Sequential(self.dec[2], SelfAttention(16, 2))


class PatchMerging(SmallUNet):
    """A stem as between the stages of Swin: four maps of every second pixel, concatenated, then a 1×1 convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.merge = nn.Conv2d(4, 1, 1)

    def forward(self, x: Tensor) -> Any:
        slices = [x[:, :, i::2, j::2] for i in (0, 1) for j in (0, 1)]
        return super().forward(self.merge(torch.cat(slices, 1)))


IMAGE, TIME = (1, 1, 32, 32), torch.zeros(1, dtype=torch.long)
# name: (network, its inputs)
HEADED: dict[str, tuple[Callable[[], nn.Module], tuple[Tensor, ...]]] = {
    "deep": (DeeplySupervised, (torch.empty(IMAGE),)),
    "resized heads": (partial(DeeplySupervised, resized=True), (torch.empty(IMAGE),)),
    "heads": (ManyHeads, (torch.empty(IMAGE),)),
    "excited": (Excited, (torch.empty(IMAGE),)),
    "attentive": (Attentive, (torch.empty(IMAGE),)),
    "patches": (PatchMerging, (torch.empty(1, 1, 64, 64),)),
    "diffusion": (partial(DiffusionUNet, blocks=1), (torch.empty(1, 3, 32, 32), TIME)),
}


@cache
def headed(name: str) -> ArchIR:
    """The description of the network with this name in ``HEADED``."""
    make, inputs = HEADED[name]
    return trace(make(), *inputs)
