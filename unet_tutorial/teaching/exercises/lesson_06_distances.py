"""Lesson 06, the two distances of equation 2: to the nearest cell, and to the nearest other one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.teaching.checking.exercise import Case, Exercise

Labels = NDArray[np.int64]
Map = NDArray[np.float64]
Two = tuple[Map, Map]


def scattered(seed: int) -> Labels:
    """Cells 2, 5 and 9 on (10, 15) pixels; cell 5 is in two pieces, with one pixel of background between them."""
    rng = np.random.default_rng(seed)
    (top, left), (low, right) = rng.integers(0, 2, size=2), rng.integers(0, 2, size=2)
    labels = np.zeros((10, 15), np.int64)
    labels[top : top + 3, left : left + 2] = 9
    labels[low + 5 : low + 8, right + 3 : right + 5] = labels[low + 6, right + 6 : right + 8] = 5
    labels[top + 3 : top + 5, right + 11 : right + 13] = 2
    return labels


def alone(seed: int) -> Labels:
    """One cell, number 4, on (6, 8) pixels."""
    labels = np.zeros((6, 8), np.int64)
    labels[1 + seed % 3 : 3 + seed % 3, 2:5] = 4
    return labels


def _labels(seed: int) -> Iterator[Case]:
    for labels in (scattered(seed), alone(seed), np.array([[3, 3, 0, 1, 1, 0, 0, 6]]), np.zeros((2, 3), np.int64)):
        yield (labels,)


def _each(labels: Labels, order: float = 2) -> list[Map]:
    """For every cell the distance of each pixel to it, by looking at all its pixels."""
    numbers = np.unique(labels[labels > 0])
    return [_to(np.argwhere(labels == n), labels, order).min(-1) for n in numbers]


def _to(points: NDArray[Any], labels: Labels, order: float = 2) -> Map:
    """(H, W, points): the distance of each pixel to each point."""
    pixels = np.moveaxis(np.indices(labels.shape), 0, -1)[:, :, None]  # (H, W, 1, 2)
    return np.asarray(np.linalg.norm(pixels - points, ord=order, axis=-1))


def _first_two(maps: list[Map], labels: Labels) -> Two:
    far = np.full(labels.shape, np.inf)
    stack = np.sort([*maps, far, far], axis=0)
    return stack[0], stack[1]


def distances(labels: Labels) -> Two:
    """d1 and d2 on every pixel; a cell that is not there is infinitely far."""
    return _first_two(_each(labels), labels)


def _by_transform(wanted: Callable[[Labels, int], NDArray[np.bool_]], numbers: Callable[[Labels], Any]) -> Any:
    def answer(labels: Labels) -> Two:
        from scipy.ndimage import distance_transform_edt

        return _first_two([distance_transform_edt(wanted(labels, n)) for n in numbers(labels)], labels)

    return answer


def _pieces(labels: Labels) -> Two:
    from scipy.ndimage import label

    return distances(label(labels > 0)[0])


def _unsorted(labels: Labels) -> Two:
    far = np.full(labels.shape, np.inf)
    first, second = [*_each(labels), far, far][:2]
    return first, second


def _not_pushed(labels: Labels) -> Two:
    d1, d2 = np.full((2, *labels.shape), np.inf)
    for d in _each(labels):
        d2 = np.where(d < d1, d2, np.minimum(d2, d))
        d1 = np.minimum(d1, d)
    return d1, d2


def _to_centres(labels: Labels) -> Two:
    points = [np.argwhere(labels == n).mean(0) for n in np.unique(labels[labels > 0])]
    return _first_two([_to(point, labels)[..., 0] for point in points], labels)


def _changed(change: Callable[[Map, Map, Labels], Two]) -> Callable[[Labels], Two]:
    return lambda labels: change(*distances(labels), labels)


def _both(answer: Any, case: Case) -> object:
    """The two distances by name, so that the student reads which one is wrong."""
    got = answer(*case)
    if got is not None and len(got) != 2:
        raise ValueError("two arrays are needed, d1 and d2")
    return None if got is None else {"d1": got[0], "d2": got[1]}


two_distances = Exercise(
    "two_distances",
    distances,
    _labels,
    {
        "d2 goes to the second piece of the same cell; it goes to the nearest other cell: keep the numbers": _pieces,
        "d2 goes to the second nearest pixel, mostly of the same cell; it goes to another cell": (
            lambda x: _first_two(list(np.moveaxis(_to(np.argwhere(x > 0), x), -1, 0)), x)
        ),
        "d2 is d1 once more; it is the distance to the second nearest cell": _changed(lambda d1, _d2, _x: (d1, d1)),
        "a cell that became the nearest did not push the one before it to second place": _not_pushed,
        "you measured to the middle of a cell; its nearest pixel is wanted": _to_centres,
        "the cells come in the order of their numbers; sort their distances at each pixel": _unsorted,
        "those are distances inside the cells; transform the mask of what is not this cell": (
            _by_transform(lambda x, n: x == n, lambda x: np.unique(x[x > 0]))
        ),
        "a number that no cell has got a distance too; go through the numbers that occur": (
            _by_transform(lambda x, n: x != n, lambda x: range(1, x.max() + 1))
        ),
        "the background was taken for a cell; it is number 0, and no cell": (
            _by_transform(lambda x, n: x != n, np.unique)
        ),
        "you added the steps along rows and columns; the straight line is wanted": lambda x: _first_two(_each(x, 1), x),
        "you took the longer of the two steps; the straight line is wanted": lambda x: _first_two(_each(x, np.inf), x),
        "those are squares of distances; take the root": _changed(lambda d1, d2, _x: (d1**2, d2**2)),
        "you measured from the edge of the cell; from centre to centre, its neighbour has d1 = 1": (
            _changed(lambda d1, d2, _x: (np.maximum(d1 - 1, 0), np.maximum(d2 - 1, 0)))
        ),
        "a second cell that is not there has distance 0; it is infinitely far": (
            _changed(lambda d1, d2, _x: (d1, np.where(np.isinf(d2), 0, d2)))
        ),
        "with one cell, d2 became d1: a halo round the cell; a cell that is not there is infinitely far": (
            _changed(lambda d1, d2, _x: (d1, np.where(np.isinf(d2), d1, d2)))
        ),
    },
    _both,
)

EXERCISES = (two_distances,)
