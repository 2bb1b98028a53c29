"""Lesson 08: where the tiles start along one axis."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from unet_tutorial.teaching.checking.exercise import Case, Exercise
from unet_tutorial.teaching.exercises.lesson_08 import multiple, whole


def _lengths(seed: int) -> Iterator[Case]:
    for trusted, grid in ((388, 16), (36 + seed, 8), (50, 4), (48, 16)):
        step = multiple(trusted, grid)
        beyond = (3 * step + 5 + seed - trusted, 2 * step, 1 + seed, step + grid, 0, 7 + seed - trusted)
        yield from ((trusted + more, trusted, grid) for more in beyond)


def first_pixels(n: int, trusted: int, grid: int) -> list[int]:
    """Step by step as long as the end is out of reach; then the first multiple of the grid that reaches it."""
    starts, last = [0], next(k for k in range(0, n, grid) if k + trusted >= n)
    while starts[-1] < last:
        starts.append(min(starts[-1] + multiple(trusted, grid), last))
    return starts


def _laid(last: Callable[[int, int, int], int]) -> Callable[[int, int, int], list[int]]:
    """Whole steps as in the right answer, and a last tile of one's own."""

    def starts(n: int, trusted: int, grid: int) -> list[int]:
        return [0] if n <= trusted else [*first_pixels(n, trusted, grid)[:-1], last(n, trusted, grid)]

    return starts


flush = _laid(lambda n, trusted, _grid: n - trusted)


def without_last(n: int, trusted: int, grid: int) -> list[int]:
    return first_pixels(n, trusted, grid)[:-1] or [0]


tile_starts = Exercise(
    "tile_starts",
    first_pixels,
    _lengths,
    {
        "tiles so far apart lie off the grid of the poolings: round the step down to a multiple of it": (
            lambda n, trusted, _grid: [*range(0, n, trusted)]
        ),
        "the last tile lies flush with the end and off the grid; begin at the next multiple and run over": flush,
        "the last tile is missing, and the end stays without an answer": without_last,
        "the last start is rounded down, so its tile stops before the end: round up": (
            _laid(lambda n, trusted, grid: multiple(n - trusted, grid))
        ),
        "the last tile lies a whole step on and shows much mirror; take the first multiple that reaches the end": (
            lambda n, t, g: [k * multiple(t, g) for k in range(len(first_pixels(n, t, g)))]
        ),
        "one tile too many: the one before it reaches the end already": lambda n, t, g: [*range(0, n, multiple(t, g))],
        "the last start stands there twice": lambda n, t, g: [*first_pixels(n, t, g), first_pixels(n, t, g)[-1]],
        "an image no longer than what a tile is trusted for needs one tile, and that at 0": (
            lambda n, t, g: first_pixels(n, t, g) if n > t else [-((t - n) // g) * g]
        ),
    },
    whole,
)

EXERCISES = (tile_starts,)
