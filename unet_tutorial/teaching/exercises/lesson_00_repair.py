"""Lesson 00: one line of a trace, and a broken cell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.plan.levels import pyramid
from unet_tutorial.plan.sizes import size_steps
from unet_tutorial.teaching.checking.exercise import Case, Exercise

Array = NDArray[Any]
Size = tuple[int, int]


def _level_below(size: Size) -> tuple[int, ...]:
    steps = size_steps(size, pyramid((1, 1)), padding="valid")
    return next(step.size for step in steps if step.op == "down")


def _sizes(seed: int) -> Iterator[Case]:
    yield ((572, 380),)
    yield from (((100 + 2 * seed + 6 * k, 60 + 4 * seed + 10 * k),) for k in range(3))


def _each(rule: Any) -> Any:
    return lambda size: tuple(rule(n) for n in size)


level_below = Exercise(
    "level_below",
    _level_below,
    _sizes,
    {
        "the two convolutions are missing; each takes 2 pixels": _each(lambda n: n // 2),
        "one convolution is missing; a level has two": _each(lambda n: (n - 2) // 2),
        "you pooled first, or took 4 pixels per convolution; twice 2, then pool": _each(lambda n: n // 2 - 4),
        "the pooling is missing; it halves both sides": _each(lambda n: n - 4),
        "a kernel of 3 takes 2 pixels, and not 3": _each(lambda n: (n - 6) // 2),
        "only the rows went through; the columns do the same": lambda size: ((size[0] - 4) // 2, size[1]),
        "rows and columns are exchanged": lambda size: _level_below(size)[::-1],
    },
)


def _images(seed: int) -> Iterator[Case]:
    rng = np.random.default_rng(seed)
    yield from ((rng.integers(0, 256, shape),) for shape in ((6, 10), (4, 9), (10, 7)))


def _cut(image: Array, left: int, right: int) -> tuple[Array, Array]:
    return image[:, :left], image[:, right:]


halves = Exercise(
    "halves",
    lambda image: _cut(image, image.shape[1] // 2, image.shape[1] // 2),
    _images,
    {
        "a column is lost: a slice leaves its end out, so the next one begins at middle": (
            lambda image: _cut(image, image.shape[1] // 2, image.shape[1] // 2 + 1)
        ),
        "that is half the height; the width is shape[1]": (
            lambda image: _cut(image, image.shape[0] // 2, image.shape[0] // 2)
        ),
        "two faults are left: the width is shape[1], and the right half begins at middle": (
            lambda image: _cut(image, image.shape[0] // 2, image.shape[0] // 2 + 1)
        ),
        "a column is in both halves": lambda image: _cut(image, image.shape[1] // 2 + 1, image.shape[1] // 2),
        "of an odd width the right half is the wider one": (
            lambda image: _cut(image, -(-image.shape[1] // 2), -(-image.shape[1] // 2))
        ),
        "those are the upper and the lower half": lambda image: np.array_split(image, 2),
        "the left half comes first": lambda image: _cut(image, image.shape[1] // 2, image.shape[1] // 2)[::-1],
    },
)

EXERCISES = (level_below, halves)
