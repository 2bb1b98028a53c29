"""Lesson 09, whole cells: V_Rand by the table of overlaps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.teaching.checking.exercise import Case, Exercise

Labels = NDArray[np.int64]
Array = NDArray[Any]
NAMES = np.array([0, 12, 3, 7, 4, 1, 9, 5, 20, 8, 40, 13, 2])  # what cells 1 .. c are called in a truth

TRUTH = """11102220333044440000 11102220333044440000 00000000000000000000 55555555555000000000 55555555555000000000
    00000000000000000000 66666666007777880bb0 66666666007777880bb0 00000000000000000000 cc099990aaaaaaa00000"""
PROPOSAL = """11111111111111000000 11111111111111000000 00000000000000000000 22203330445555500000 22203330445555500000
    00000000000000000000 77770088880099999990 77770088880099999990 00000000000000000000 00000000999a00a00000"""


def _named(drawn: str, shift: int) -> Labels:
    names = np.concatenate((NAMES[:1], np.roll(NAMES[1:], shift)))
    return np.asarray(names[[[int(digit, 13) for digit in row] for row in drawn.split()]])


def _voronoi(points: Array, names: Array, line: float) -> Labels:
    """Each pixel of 11 × 17 carries the name of the nearest point, and 0 where two are equally near, up to ``line``."""
    rows, columns = np.indices((11, 17))
    distances = np.hypot(rows - points[:, :1, None], columns - points[:, 1:, None])  # (points, 11, 17)
    near = np.sort(distances, axis=0)
    return np.where(near[1] - near[0] < line, 0, names[distances.argmin(axis=0)])


def label_images(seed: int) -> Iterator[Case]:
    """A drawn pair whose halves are exact; two random ones, cells shared out anew, joined, cut, without a 0 at last."""
    drawn = _named(TRUTH, seed), _named(PROPOSAL, 3 + seed)
    yield tuple(np.flip(image, seed % 2).copy() for image in drawn)
    rng = np.random.default_rng(seed)
    for line, lost in ((1.0, 0), (0.0, 15)):
        points = rng.random((9, 2)) * (11, 17)
        moved = np.concatenate((points + rng.normal(0, 0.6, points.shape), rng.random((2, 2)) * (11, 17)))
        called = np.array([2, 6, 6, 1, lost, 8, 8, 3, 30, 31, 5])
        yield _voronoi(points, NAMES[1:], line), _voronoi(moved, called, 1.5 * line)


def _alone(labels: Array) -> Array:
    """Every 0 as a cell of one pixel."""
    lost = labels == 0
    own = labels.copy()
    own[lost] = labels.max() + 1 + np.arange(np.count_nonzero(lost))
    return own


def _inside(truth: Array, _proposal: Array) -> Array:
    return np.asarray(truth > 0)


def _harmonic(split: float, merge: float) -> float:
    return 2 * split * merge / (split + merge)


def _rand(
    mean: Callable[[float, float], float] = _harmonic,
    lost: Callable[[Array], Array] = _alone,
    pixels: Callable[[Array, Array], Array] = _inside,
    pairs: Callable[[Array], Array] = np.square,
) -> Callable[[Array, Array], float]:
    """A score of pairs, with what people change in it handed in."""

    def score(truth: Array, proposal: Array) -> float:
        where = pixels(truth, proposal)
        t, s = truth[where], lost(proposal[where])
        groups = (np.stack((t, s)), t[None], s[None])
        both, in_truth, in_proposal = (
            float(pairs(np.unique(each, axis=1, return_counts=True)[1]).sum()) for each in groups
        )
        return float(mean(both / in_truth, both / in_proposal))

    return score


def _squares(*labels: Array) -> float:
    return float(np.square(np.unique(np.stack(labels), axis=1, return_counts=True)[1]).sum())


def _quotient(count: Callable[[Array, Array], tuple[float, float]]) -> Callable[[Array, Array], float]:
    """A score from what is counted above, and below for the proposed cells."""

    def score(truth: Array, proposal: Array) -> float:
        above, below = count(truth, proposal)
        return 2 * above / (_squares(truth[truth > 0]) + below)

    return score


def _found(t: Array, s: Array) -> Array:
    return np.asarray((t > 0) & (s > 0))


def _lost(t: Array, s: Array) -> int:
    return int(np.sum((t > 0) & (s == 0)))


def _shared(t: Array, s: Array) -> float:
    return _squares(t[_found(t, s)], s[_found(t, s)])


rand_by_table = Exercise(
    "rand_by_table",
    _rand(),
    label_images,
    {
        "the proposal's zeros are counted as one big cell; each of them is alone": _rand(lost=lambda s: s),
        "pixels on which the proposal is 0 were left out; lost pixels are cells of one pixel": (_rand(pixels=_found)),
        "the truth's background is counted; only pixels of its cells are": _rand(pixels=lambda t, _s: t >= 0),
        "the background of both is counted, each as a cell": _rand(lost=lambda s: s, pixels=lambda t, _s: t >= 0),
        "pairs of two different pixels, n(n - 1), were counted; a pixel pairs with itself too: n²": (
            _rand(pairs=lambda n: n * (n - 1))
        ),
        "that is the geometric mean of split and merge score; halve the sum of the two denominators": (
            _rand(lambda split, merge: np.sqrt(split * merge))
        ),
        "that is the arithmetic mean of split and merge score; halve the sum of the two denominators": (
            _rand(lambda split, merge: (split + merge) / 2)
        ),
        "that is the split score: mergers cost nothing in it": _rand(lambda split, _merge: split),
        "that is the merge score: splits cost nothing in it": _rand(lambda _split, merge: merge),
        "that is the error, 1 - V_Rand; the score itself is wanted": _rand(lambda a, b: 1 - _harmonic(a, b)),
        "the ½ is missing below: the score of equal images is 1": _rand(lambda a, b: _harmonic(a, b) / 2),
        "lost pixels count below but not above; each is together with itself in both images": (
            _quotient(lambda t, s: (_shared(t, s), _squares(_alone(s[t > 0]))))
        ),
        "lost pixels are in the truth's sizes only; each is a proposed cell of one pixel": (
            _quotient(lambda t, s: (_shared(t, s), _squares(s[_found(t, s)])))
        ),
        "a proposed cell's pixels on the truth's background were counted; leave them out": (
            _quotient(lambda t, s: (_shared(t, s) + _lost(t, s), _squares(s[s > 0]) + _lost(t, s)))
        ),
        "the two images are exchanged: the pixels of the truth's cells count, not those of the proposed ones": (
            lambda t, s: _rand()(s, t)
        ),
        "you compared the cells' numbers; they are names, and cell 3 may be cell 8 in the other image": (
            lambda t, s: float(np.mean(t[t > 0] == s[t > 0]))
        ),
    },
)

EXERCISES = (rand_by_table,)
