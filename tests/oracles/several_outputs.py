"""A U-Net of three levels with several outputs: deep supervision, several tasks, a classifier, heads left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from tests.oracles.foreign_unets import conv

Outputs = Callable[["Heads", Tensor, Sequence[Tensor]], Any]
SIZE = (1, 1, 32, 32)


class Heads(nn.Module):
    """``outputs`` computes what is returned from the coarsest map and the decoder's maps, coarsest first."""

    def __init__(self, outputs: Outputs) -> None:
        super().__init__()
        self.down = nn.ModuleList([conv(1, 4), conv(4, 8), conv(8, 16)])
        self.up = nn.ModuleList([conv(24, 8), conv(12, 4)])
        self.heads = nn.ModuleList([nn.Conv2d(8, 2, 1), nn.Conv2d(4, 2, 1)])
        self.outputs = outputs

    def forward(self, x: Tensor) -> Any:
        kept: list[Tensor] = []
        for i, stage in enumerate(self.down):
            kept.append(stage(nn.functional.max_pool2d(kept[-1], 2) if i else x))
        found = [kept[-1]]
        for stage, skip in zip(self.up, kept[1::-1], strict=True):
            found.append(stage(torch.cat([nn.functional.interpolate(found[-1], scale_factor=2), skip], 1)))
        return self.outputs(self, found[0], found[1:])


def deep(net: Heads, _: Tensor, maps: Sequence[Tensor]) -> list[Tensor]:
    """A head per level, coarsest first."""
    return [head(x) for head, x in zip(net.heads, maps, strict=True)]


def deep_finest_first(net: Heads, coarsest: Tensor, maps: Sequence[Tensor]) -> list[Tensor]:
    """A head per level, finest first, as nnU-Net returns them."""
    return deep(net, coarsest, maps)[::-1]


def deep_at_one_size(net: Heads, coarsest: Tensor, maps: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """A head per level, coarsest first, upsampled to the size of the image."""
    return tuple(nn.functional.interpolate(y, size=SIZE[2:]) for y in deep(net, coarsest, maps))


def tasks(net: Heads, _: Tensor, maps: Sequence[Tensor]) -> dict[str, Tensor]:
    """Two maps from the finest map of the decoder; the head of the coarser level is computed, but not returned."""
    net.heads[0](maps[0])
    y = net.heads[1](maps[1])
    return {"segmentation": y, "boundary": y[:, :1].sigmoid()}


def with_class(net: Heads, coarsest: Tensor, maps: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """A map, and the means of the coarsest map's channels."""
    return net.heads[1](maps[1]), coarsest.mean((2, 3))


def from_the_encoder(net: Heads, coarsest: Tensor, maps: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """A map of the decoder, and the coarsest map itself."""
    return net.heads[1](maps[1]), coarsest
