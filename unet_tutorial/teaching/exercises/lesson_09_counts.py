"""Lesson 09, whole cells: merges and splits, counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.teaching.checking.exercise import Exercise
from unet_tutorial.teaching.exercises.lesson_09_cells import label_images

Array = NDArray[Any]


def _more_than_half(shared: int, size: int) -> bool:
    return 2 * shared > size


def _beyond_the_first(held: int) -> int:
    return max(held - 1, 0)


def _cells(labels: Array) -> Array:
    return np.unique(labels[labels > 0])


def _extra(
    parts: Array,
    wholes: Array,
    belongs: Callable[[int, int], bool] = _more_than_half,
    tally: Callable[[int], int] = _beyond_the_first,
    names: Callable[[Array], Array] = _cells,
) -> int:
    """How many parts share a whole with another part: summed over the wholes, beyond the first."""
    sizes = {part: int(np.sum(parts == part)) for part in _cells(parts)}
    inside = [parts[wholes == whole] for whole in names(wholes)]
    return sum(tally(sum(bool(belongs(int(np.sum(p == n)), sizes[n])) for n in sizes)) for p in inside)


def _counts(**changes: Any) -> Callable[[Array, Array], tuple[int, int]]:
    """(merges, splits), with what people change handed in; a split is a merge with the two images exchanged."""
    return lambda truth, proposal: (_extra(truth, proposal, **changes), _extra(proposal, truth, **changes))


def _of_cells(change: Callable[[Array, Array], tuple[Array, Array]]) -> Callable[[Array, Array], tuple[int, int]]:
    return lambda truth, proposal: _counts()(*change(truth, proposal))


def _by_largest(parts: Array, wholes: Array) -> int:
    """Each part goes where most of it lies, if that is a whole."""
    owners = [int(np.bincount(wholes[parts == part]).argmax()) for part in _cells(parts)]
    return sum(owners.count(whole) - 1 for whole in set(owners) - {0})


merges_and_splits = Exercise(
    "merges_and_splits",
    _counts(),
    label_images,
    {
        "every cell that is touched counts as held; more than half of it has to lie there": (
            _counts(belongs=lambda shared, _size: shared > 0)
        ),
        "exactly half counts already; more than half has to lie there": (
            _counts(belongs=lambda shared, size: 2 * shared >= size)
        ),
        "a cell was given to where its largest piece lies; more than half of it has to lie there": (
            lambda t, s: (_by_largest(t, s), _by_largest(s, t))
        ),
        "three cells in one count as one merge; they are two, for two borders are lost": (
            _counts(tally=lambda held: int(held > 1))
        ),
        "every cell of a merger is counted; two cells in one are one merge": (
            _counts(tally=lambda held: held if held > 1 else 0)
        ),
        "pairs of cells are counted; three in one are two merges, not three": (
            _counts(tally=lambda held: held * (held - 1) // 2)
        ),
        "merges and splits are exchanged; cells of the truth run together in a merge": _of_cells(lambda t, s: (s, t)),
        "the background holds cells like a cell; what lies in label 0 is lost, not merged": _counts(names=np.unique),
        "you compared the numbers of cells; a merge and a split hide each other in them": (
            lambda t, s: (max(_cells(t).size - _cells(s).size, 0), max(_cells(s).size - _cells(t).size, 0))
        ),
        "a piece that lies mostly in the background is no split; count all of its pixels, not those in cells": (
            lambda t, s: (_extra(t, s), _extra(np.where(t > 0, s, 0), t))
        ),
        "no split is ever found: more than half of the piece has to lie in the cell, not the reverse": (
            lambda t, s: (_extra(t, s), 0)
        ),
    },
)

EXERCISES = (merges_and_splits,)
