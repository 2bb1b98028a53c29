"""Lesson 12: which levels to make planar."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import floor, log2

from unet_tutorial.plan.levels import plan_for
from unet_tutorial.teaching.checking.exercise import Case, Exercise
from unet_tutorial.teaching.exercises.lesson_08 import whole

Spacing = Sequence[float]


def _spacings(seed: int) -> Iterator[Case]:
    unit = (1.0, 0.25, 4.0, 16.0)[seed]  # µm or nm; powers of two, so that a ratio of 2 stays one
    for ratio, depth in ((3.0, 3), (5.0, 4), (2.0, 3), (1.75 + seed / 16, 3), (1.0, 2), (0.75, 3), (12.0, 5), (4.0, 5)):
        yield (ratio * unit, unit, unit), depth
    yield (16.0 * unit, unit, unit), 2
    for deep, high in ((4.5, 1.5), (7.0, 1.25), (2.25, 1.5), (3.25, 1.75)):
        yield (deep * unit, high * unit, unit), 4
        yield (deep * unit, unit, high * unit), 4


def _while(far: Callable[[float, int], bool]) -> Callable[[Spacing, int], list[int]]:
    """The levels for which that holds of the ratio and the level."""

    def levels(spacing: Spacing, depth: int) -> list[int]:
        return [i for i in range(depth) if far(spacing[0] / max(spacing[1:]), i)]

    return levels


planar_levels = Exercise(
    "planar_levels",
    lambda spacing, depth: list(plan_for(spacing, depth)),
    _spacings,
    {
        "pixels are pooled and grow; at level i a pixel is 2 to the power i times as wide": _while(
            lambda r, _i: r >= 2
        ),
        "exactly twice as far apart is far enough: >= and not >": _while(lambda r, i: r / 2**i > 2),
        "you stop when slices are nearer than pixels; stop when they are less than twice as far apart": (
            _while(lambda r, i: r / 2**i > 1)
        ),
        "you counted one pooling too many: level 0 sees the pixels as they are": _while(
            lambda r, i: r / 2 ** (i + 1) >= 2
        ),
        "pixels double from level to level; they do not grow by one pixel each": _while(lambda r, i: r / (i + 1) >= 2),
        "you rounded the number of doublings up or down to the nearest; count only whole ones": (
            _while(lambda r, i: i < round(log2(r)))
        ),
        "the ratio is upside down: slice distance over pixel size": _while(lambda r, i: 1 / r / 2**i >= 2),
        "of two unequal pixel sides the longer one counts, for both are pooled": (
            lambda s, depth: [i for i in range(depth) if s[0] / min(s[1:]) / 2**i >= 2]
        ),
        "of two unequal pixel sides the longer one counts, and not their mean": (
            lambda s, depth: [i for i in range(depth) if 2 * s[0] / sum(s[1:]) / 2**i >= 2]
        ),
        "you looked at y alone; of two unequal pixel sides the longer one counts, whichever it is": (
            lambda s, depth: [i for i in range(depth) if s[0] / s[1] / 2**i >= 2]
        ),
        "you looked at x alone; of two unequal pixel sides the longer one counts, whichever it is": (
            lambda s, depth: [i for i in range(depth) if s[0] / s[2] / 2**i >= 2]
        ),
        "that goes on as long as slices are no nearer than pixels; stop when they are less than twice as far apart": (
            _while(lambda r, i: r / 2**i >= 1)
        ),
        "pixels double from level to level: divide by 2**level; do not subtract the level": (
            _while(lambda r, i: r - i >= 2)
        ),
        "pixels double along y and along x, but lengths are compared, not areas: 2**level, and not 4**level": (
            _while(lambda r, i: r / 4**i >= 2)
        ),
        "there are only so many levels as depth says": (
            lambda s, _depth: list(range(max(0, floor(log2(s[0] / max(s[1:]))))))
        ),
        "that is how many levels; name them, finest first": lambda s, depth: len(plan_for(s, depth)),
        "slices are pooled too in your plan; in a planar level they keep their distance, and pixels grow": (
            _while(lambda r, i: 2**i * r >= 2)
        ),
    },
    whole,
)

EXERCISES = (planar_levels,)
