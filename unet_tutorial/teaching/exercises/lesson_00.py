"""Lesson 00: three facts about a label image."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from unet_tutorial.teaching.checking.exercise import Case, Exercise

Array = NDArray[Any]


def _labels(seed: int) -> Iterator[Case]:
    """Numbered blocks of uneven sizes: with membrane and gaps in the numbers; then a crop that no membrane crosses."""
    rng = np.random.default_rng(seed)
    numbers = 3 * rng.permutation(15).reshape(3, 5) + 2
    yield (_enlarged(numbers * [[1, 0, 0, 1, 1], [1, 1, 1, 1, 1], [1, 1, 1, 0, 1]], rng),)
    yield (_enlarged(numbers[1:, :3], rng),)


def _enlarged(blocks: Array, rng: np.random.Generator) -> Array:
    high, wide = (rng.integers(2, 7, n) for n in blocks.shape)
    return np.repeat(np.repeat(blocks, high, axis=0), wide, axis=1)


def _number(answer: Callable[[Array], Any], case: Case) -> Any:
    """What the answer returns; Python's own number in place of numpy's."""
    value = answer(*case)
    return value.item() if isinstance(value, np.generic) else value


cell_share = Exercise(
    "cell_share",
    lambda labels: np.count_nonzero(labels) / labels.size,
    _labels,
    {
        "that is the share of the membrane, the pixels that are 0": lambda labels: (labels == 0).mean(),
        "that is a percentage; a share lies between 0 and 1": lambda labels: 100 * (labels > 0).mean(),
        "that is how many pixels; divide by all of them": lambda labels: (labels > 0).sum(),
        "you averaged the cells' numbers; ask of each pixel only whether it is above 0": lambda labels: labels.mean(),
        "that is the cell with the number 1; cells are all pixels above 0": lambda labels: (labels == 1).mean(),
        "// divides to a whole number; / gives the share": lambda labels: (labels > 0).sum() // labels.size,
        "one share per column came; average over both axes": lambda labels: (labels > 0).mean(axis=0),
    },
    _number,
)

cell_count = Exercise(
    "cell_count",
    lambda labels: np.count_nonzero(np.unique(labels)),
    _labels,
    {
        "that is the largest number; numbers may be missing, so count those that occur": lambda labels: labels.max(),
        "0 is the membrane, and you counted it as a cell": lambda labels: len(np.unique(labels)),
        "you always take one away for the 0, and a crop may hold none": lambda labels: len(np.unique(labels)) - 1,
        "you counted connected pieces; cells that touch have numbers of their own": (
            lambda labels: ndimage.label(labels > 0)[1]
        ),
        "you counted pixels; each cell has many": lambda labels: (labels > 0).sum(),
    },
    _number,
)


def _differing(labels: Array) -> Any:
    return labels[:, 1:] != labels[:, :-1]


border_share = Exercise(
    "border_share",
    lambda labels: _differing(labels).mean(),
    _labels,
    {
        "those pairs lie above one another; side by side is along axis 1": lambda labels: _differing(labels.T).mean(),
        "a row of W pixels has W - 1 pairs; divide by the pairs": lambda labels: _differing(labels).sum() / labels.size,
        "that is how many; divide by the number of pairs": lambda labels: _differing(labels).sum(),
        "two cells that touch have a border too; compare their numbers, and not whether they are cells": (
            lambda labels: _differing(labels > 0).mean()
        ),
        "you see a border only where the number grows; it may fall as well": (
            lambda labels: (labels[:, 1:] > labels[:, :-1]).mean()
        ),
        "the last pixel of a row is no neighbour of the first": (
            lambda labels: (labels != np.roll(labels, 1, axis=1)).mean()
        ),
        "those are the pairs that agree": lambda labels: 1 - _differing(labels).mean(),
    },
    _number,
)

EXERCISES = (cell_share, cell_count, border_share)
