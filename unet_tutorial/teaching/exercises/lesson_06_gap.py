"""Lesson 06, equation 2 along a straight gap: how wide a gap still gets a weight."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import count

from unet_tutorial.teaching.checking.exercise import Case, Exercise


def _gaps(seed: int) -> Iterator[Case]:
    """Weights of gaps that lie well between two whole widths, then a weight that none has."""
    for w0, sigma in ((10.0, 5.0), (4.0 + seed, 2.5), (30.0, 9.0 + seed)):
        for width in (0, 1, 3, 8 + seed, 15 + seed):
            yield from ((w0 * math.exp(-(((width + part) / sigma) ** 2) / 2), w0, sigma) for part in (1.2, 1.6, 1.8))
        yield 1.3 * w0, w0, sigma


def _widest(weight: float, w0: float, sigma: float) -> int:
    """By trying: the first gap that is too wide has one pixel more."""
    return next(width for width in count() if w0 * math.exp(-(((width + 2) / sigma) ** 2) / 2) < weight)


def _sum(weight: float, w0: float, sigma: float) -> float:
    """The largest d1 + d2 of which the term reaches the weight; 0 if none does."""
    return sigma * math.sqrt(2 * _log(w0 / weight))


def _log(share: float) -> float:
    return max(0.0, math.log(share))


def _gap(reach: Callable[[float, float, float], float]) -> Callable[[float, float, float], int]:
    return lambda weight, w0, sigma: max(0, math.floor(reach(weight, w0, sigma)))


widest_gap = Exercise(
    "widest_gap",
    _widest,
    _gaps,
    {
        "one pixel too wide: d1 + d2 is the width plus 1, and parts of a pixel are cut off": _gap(_sum),
        "the width is the sum less 1, and not more": _gap(lambda w, w0, s: _sum(w, w0, s) + 1),
        "rounded to the nearest, some gaps are too wide; round down": _gap(lambda *a: round(_sum(*a)) - 1),
        "the factor 2 below the line is missing": _gap(lambda w, w0, s: s * math.sqrt(_log(w0 / w)) - 1),
        "sigma is squared in the term, so it stands before the root": (
            _gap(lambda w, w0, s: math.sqrt(2 * s * _log(w0 / w)) - 1)
        ),
        "the inverse of exp is the natural logarithm, math.log, and not log10": (
            _gap(lambda w, w0, s: _sum(w, w0, s) / math.sqrt(math.log(10)) - 1)
        ),
        "w0 is missing: the share weight / w0 counts, and not the weight itself": (
            _gap(lambda w, _w0, s: _sum(w, 1.0, s) - 1)
        ),
        "you solved for d1 alone; the term holds d1 + d2": _gap(lambda *a: 2 * _sum(*a) - 1),
        "no gap is narrower than 0 pixels; where none gets the weight, return 0": lambda *a: math.floor(_sum(*a)) - 1,
    },
)

EXERCISES = (widest_gap,)
