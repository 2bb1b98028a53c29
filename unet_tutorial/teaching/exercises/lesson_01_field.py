"""Lesson 01: what a pixel sees."""

from __future__ import annotations

from collections.abc import Iterator

from unet_tutorial.plan.levels import pyramid
from unet_tutorial.plan.receptive_field import receptive_field
from unet_tutorial.teaching.checking.exercise import Case, Exercise


def _depths(seed: int) -> Iterator[Case]:
    yield from ((depth,) for depth in ((1, 2, 3, 4) if seed == 0 else (seed, 5)))


def _field(depth: int) -> tuple[int, int]:
    return receptive_field(pyramid((1,) * (depth + 1), rank=1), padding="valid")[0]


field_of_view = Exercise(
    "field_of_view",
    _field,
    _depths,
    {
        "you gave the smallest twice; from three poolings on, some pixels see more": lambda d: (
            _field(d)[0],
            _field(d)[0],
        ),
        "that is the loss, input less output; a pixel sees itself, too": lambda d: (
            12 * 2**d - 8,
            12 * 2**d - 8 + 2**d,
        ),
        "only the skip at the top was followed; the way through the bottom sees more": lambda _d: (9, 9),
        "you gave the largest twice; from three poolings on, some pixels see less": lambda d: (
            _field(d)[1],
            _field(d)[1],
        ),
        "that is the pair of another depth; count the poolings": lambda d: _field(d + 1),
    },
)

EXERCISES = (field_of_view,)
