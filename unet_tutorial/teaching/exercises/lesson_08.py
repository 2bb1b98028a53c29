"""Lesson 08: the mirror, the step, and the tile of a padded net. Whole numbers, one axis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import index

import numpy as np

from unet_tutorial.plan.levels import pyramid
from unet_tutorial.plan.sizes import output_size, valid_sizes
from unet_tutorial.teaching.checking.exercise import Case, Exercise


def whole(answer: Callable[..., object], case: Case) -> object:
    """A whole number or a list of such; TypeError for anything that cannot stand in brackets."""
    value = answer(*case)
    if isinstance(value, (list, tuple, range)):
        return [index(each) for each in value]
    return value if value is None else index(value)  # type: ignore[arg-type]


def _positions(seed: int) -> Iterator[Case]:
    yield from ((0, 1), (3, 1))
    for n in (6, 5 + 4 * seed, 2):
        yield from ((i, n) for i in (0, -1, -3, n, n + 1, -n, 2 * n - 1, -2 * n - 1, 3 * n + 2, 5 - 7 * n))


def _mirrored(i: int, n: int) -> int:
    far = 40 + 20 * n
    return int(np.pad(np.arange(n), far, mode="reflect")[far + i])


def _bounced(i: int, n: int) -> int:
    return -i if i < 0 else min(i, 2 * n - 2 - i)


def _repeated_once(i: int, n: int) -> int:
    return -i - 1 if i < 0 else min(i, 2 * n - 1 - i)


mirror_index = Exercise(
    "mirror_index",
    _mirrored,
    _positions,
    {
        "the border pixel stands there twice; it is the mirror, so out and back is 2 · last, and not 2 · n": (
            lambda i, n: min(i % (2 * n), 2 * n - 1 - i % (2 * n))
        ),
        "one bounce at each end is not enough; a small image is mirrored again and again": _bounced,
        "the border pixel stands there twice, and one bounce at each end is not enough": _repeated_once,
        "you repeated the border pixel for ever; walk back into the image": lambda i, n: min(max(i, 0), n - 1),
        "the image begins again at its other end; walk back from the border instead": lambda i, n: i % n,
        "the walk begins at the wrong end: position 0 is pixel 0": lambda i, n: n - 1 - _mirrored(i, n),
        "only what lies before the image is mirrored; what lies behind it, too": (
            lambda i, n: min(_mirrored(i, n) if i < 0 else i, n - 1)
        ),
    },
    whole,
)


def _answered(tile: int, depth: int) -> int:
    return output_size((tile,), pyramid((1,) * (depth + 1), rank=1), padding="valid")[0]


def _tiles(seed: int) -> Iterator[Case]:
    for depth in (4, 3, 1, 2, 5):
        (valid,) = valid_sizes(pyramid((1,) * (depth + 1), rank=1), padding="valid")
        yield from ((valid[k], depth) for k in (24 + seed, 9, 2 + seed, 1, 0))


def multiple(n: int, of: int) -> int:
    return n // of * of


largest_step = Exercise(
    "largest_step",
    lambda t, d: multiple(_answered(t, d), 2**d),
    _tiles,
    {
        "that is all that a tile answers for; the poolings allow multiples of 2^depth only: round down": _answered,
        "you divided by the number of poolings; each of them halves, so the grid is 2 to that power": (
            lambda t, d: multiple(_answered(t, d), d)
        ),
        "you rounded the side of the tile; what counts is the part that it answers for": lambda t, d: t // 2**d * 2**d,
        "the margin is lost on both sides; you took it off once": lambda t, d: multiple(
            (t + _answered(t, d)) // 2, 2**d
        ),
        "rounded up, the step leaves a gap between two tiles: round down": lambda t, d: (
            -(-_answered(t, d) // 2**d) * 2**d
        ),
        "you counted the levels; there is one pooling less": lambda t, d: multiple(_answered(t, d), 2 ** (d + 1)),
        "184 holds for four poolings only": lambda t, d: multiple(max(t - 184, 0), 2**d),
        "16 is the grid of four poolings; each depth has its own": lambda t, d: multiple(_answered(t, d), 16),
    },
    whole,
)


def _fields(seed: int) -> Iterator[Case]:
    yield from ((reach + seed, depth) for depth in (4, 2, 1, 3) for reach in (107, 18, 5, 64, 2**depth - seed))


def _up(n: int, grid: int) -> int:
    return -(-n // grid) * grid


padded_tile = Exercise(
    "padded_tile",
    lambda reach, d: 2 * _up(reach, 2**d) + 2**d,
    _fields,
    {
        "the halo must be a multiple of 2^depth, or the tile is read off the grid: round it up": (
            lambda reach, d: 2 * reach + 2**d
        ),
        "rounded down, the halo lets the zeros of the padding be seen: round up": (
            lambda reach, d: 2 * multiple(reach, 2**d) + 2**d
        ),
        "there is a halo on each of the two sides": lambda reach, d: _up(reach, 2**d) + 2**d,
        "the grid is 2 to the number of poolings, and not that number": lambda reach, d: 2 * _up(reach, d) + d,
        "round the halo of each side, and not their sum": lambda reach, d: _up(2 * reach, 2**d) + 2**d,
        "that tile is all halo: it must be trusted for one step of the grid": lambda reach, d: 2 * _up(reach, 2**d),
        "one pixel is trusted, and no step is so small: leave room for one step of the grid": (
            lambda reach, d: 2 * _up(reach, 2**d) + 1
        ),
        "what is a multiple of the grid already stays as it is": lambda reach, d: 2 * multiple(reach, 2**d) + 3 * 2**d,
    },
    whole,
)

EXERCISES = (mirror_index, largest_step, padded_tile)
