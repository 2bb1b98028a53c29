"""Lesson 04: the plan of channels, the two paths, and the head."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unet_tutorial.teaching.checking.exercise import Case, Exercise
from unet_tutorial.teaching.checking.probes import built


def _depths(seed: int) -> Iterator[Case]:
    yield from ((64, 4), (16, 3), (8 + seed, 2), (32, 5))


channel_plan = Exercise(
    "channel_plan",
    lambda first, poolings: [first * 2**i for i in range(poolings + 1)],
    _depths,
    {
        "one level is missing: p poolings lie between p + 1 levels": lambda f, p: [f * 2**i for i in range(p)],
        "the channels do not double; each level has twice those of the one above": lambda f, p: [f] * (p + 1),
        "the channels grow by a fixed number; they double": lambda f, p: [f * (i + 1) for i in range(p + 1)],
        "the list is upside down; the finest level comes first": lambda f, p: [f * 2**i for i in range(p, -1, -1)],
        "the first level is doubled already; it has the first number of channels": (
            lambda f, p: [f * 2 ** (i + 1) for i in range(p + 1)]
        ),
    },
)


def _poolings(seed: int) -> Iterator[Case]:
    yield from ((poolings,) for poolings in (4, 3, 1, 5 + seed))


count_convolutions = Exercise(
    "count_convolutions",
    lambda p: 2 * (p + 1) + 2 * p + p + 1,
    _poolings,
    {
        "the up-convolutions are missing: one for each step up": lambda p: 2 * (p + 1) + 2 * p + 1,
        "the 1×1 convolution at the end is missing": lambda p: 2 * (p + 1) + 3 * p,
        "the bottom is missing: there is one level more than poolings": lambda p: 2 * p + 3 * p + 1,
        "the decoder's convolutions are missing: two on each step up": lambda p: 2 * (p + 1) + p + 1,
        "the bottom is counted twice": lambda p: 2 * (p + 1) + 2 * (p + 1) + p + 1,
    },
)


def _block(a: int, b: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(a, b, 3), nn.ReLU(), nn.Conv2d(b, b, 3), nn.ReLU())


class _Path(nn.Module):
    """The contracting path of three levels, with what people change in it handed in."""

    def __init__(self, widths: Sequence[int], pool: Callable[[Tensor], Tensor], *, early: bool = False) -> None:
        super().__init__()
        self.levels = nn.ModuleList(_block(widths[i], widths[i + 1]) for i in range(len(widths) - 1))
        self.pool, self.early = pool, early

    def forward(self, image: Tensor) -> list[Tensor]:
        """Features, finest first; ``early`` keeps each after its first convolution."""
        features, x = [], image
        for i, convs in enumerate(self.levels):
            first, act, *rest = convs.children()
            half = act(first(self.pool(x) if i else x))
            x = nn.Sequential(*rest)(half)
            features.append(half if self.early and i < len(self.levels) - 1 else x)
        return features


def _maxed(x: Tensor) -> Tensor:
    return F.max_pool2d(x, 2)


def _averaged(x: Tensor) -> Tensor:
    return F.avg_pool2d(x, 2)


class _Reversed(_Path):
    def forward(self, image: Tensor) -> list[Tensor]:
        """Coarsest first."""
        return super().forward(image)[::-1]


def _image(seed: int) -> Iterator[Case]:
    yield (torch.randn(1, 1, 44, 48, generator=torch.Generator().manual_seed(seed)),)


contracting_path = Exercise(
    "contracting_path",
    lambda c: _Path((c, 4, 8, 16), _maxed),
    _image,
    {
        "that is average pooling; the paper takes the largest": lambda c: _Path(
            (c, 4, 8, 16), lambda x: F.avg_pool2d(x, 2)
        ),
        "one level is missing": lambda c: _Path((c, 4, 8), _maxed),
        "the channels do not double from level to level": lambda c: _Path((c, 4, 4, 4), _maxed),
        "a skip is taken after the first convolution of its level; take it after the second": (
            lambda c: _Path((c, 4, 8, 16), _maxed, early=True)
        ),
        "the features come coarsest first; the finest comes first": lambda c: _Reversed((c, 4, 8, 16), _maxed),
        "nothing is pooled; between two levels the sides are halved": lambda c: _Path((c, 4, 8, 16), lambda x: x),
    },
    built(1),
)

EXERCISES = (channel_plan, count_convolutions, contracting_path)
