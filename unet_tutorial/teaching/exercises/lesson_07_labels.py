"""Lesson 07, labels: names that a warp must not mix."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

from unet_tutorial.teaching.checking.exercise import Case, Exercise
from unet_tutorial.teaching.exercises.lesson_07 import looks

Warp = Callable[[Tensor, Tensor], Tensor]


def _labelled(seed: int) -> Iterator[Case]:
    """Cells with small numbers, then some above 2^24; every pixel looks far from the edge between two others."""
    generator = torch.Generator().manual_seed(seed)
    for n, h, w, large in ((2, 7, 10, 0), (3, 9, 6, 2**24)):
        labels = torch.randint(40, (n, h, w), generator=generator)
        labels[:, ::2] += large
        steps = torch.randint(-4, 5, (n, 2, h, w), generator=generator)
        rest = 0.8 * torch.rand(n, 2, h, w, dtype=torch.float64, generator=generator) - 0.4
        yield labels, looks(steps + rest)


def sampled(values: Tensor, grid: Tensor, mode: str, padding: str = "reflection", *, corners: bool = True) -> Tensor:
    return F.grid_sample(values, grid, mode=mode, padding_mode=padding, align_corners=corners)


def labels_by(mode: str, padding: str = "reflection", *, corners: bool = True, exact: bool = True) -> Warp:
    """Labels as numbers, resampled; not yet whole again."""

    def warp(labels: Tensor, grid: Tensor) -> Tensor:
        kind = torch.float64 if exact else torch.float32
        return sampled(labels[:, None].to(kind), grid.to(kind), mode, padding, corners=corners)[:, 0]

    return warp


def whole(warp: Warp) -> Warp:
    return lambda labels, grid: warp(labels, grid).round().long()


def _mirrored(labels: Tensor, grid: Tensor) -> Tensor:
    """The nearest pixel, by its index: the walk along an axis turns round at its last pixel."""
    last = torch.tensor(labels.shape[1:]) - 1
    pixel = ((grid.flip(-1) + 1) / 2 * last).round().long().remainder(2 * last)
    row, column = (last - (last - pixel).abs()).unbind(-1)
    return labels[torch.arange(len(labels))[:, None, None], row, column]


warp_labels = Exercise(
    "warp_labels",
    _mirrored,
    _labelled,
    {
        "you averaged labels and rounded: cell 6 appears between 3 and 9; take the nearest": (
            whole(labels_by("bilinear"))
        ),
        "you averaged labels and cut off the fraction; take the nearest": (
            lambda labels, grid: labels_by("bilinear")(labels, grid).long()
        ),
        "zeros outside make a bar of class 0; mirror at the edges": whole(labels_by("nearest", "zeros")),
        "the last pixel is repeated beyond the edge; mirror instead": whole(labels_by("nearest", "border")),
        "padding_mode and align_corners were left at their defaults; mirror, and −1 and 1 are centres of pixels": (
            whole(labels_by("nearest", "zeros", corners=False))
        ),
        "align_corners was left at False; then −1 and 1 are the outer edges of pixels, and not their centres": (
            whole(labels_by("nearest", corners=False))
        ),
        "labels are whole numbers; give them back as int64": labels_by("nearest"),
        "float32 cannot hold every whole number above 16,777,216; take the labels through float64": (
            whole(labels_by("nearest", exact=False))
        ),
        "the grid is x first already; you turned it round": (lambda labels, grid: _mirrored(labels, grid.flip(-1))),
        "the labels were not moved": lambda labels, _grid: labels.clone(),
    },
    tolerance=0.0,
)

EXERCISES = (warp_labels,)
