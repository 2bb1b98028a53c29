"""Lesson 01: sizes forward and backward, and crops."""

from __future__ import annotations

from collections.abc import Iterator

from unet_tutorial.plan.levels import pyramid
from unet_tutorial.plan.sizes import fault, output_size, size_steps, valid_sizes
from unet_tutorial.teaching.checking.exercise import Case, Exercise


def _plan(depth: int) -> tuple[int, ...]:
    return (1,) * (depth + 1)


def _legal(n: int, depth: int) -> bool:
    return not fault((n,), pyramid(_plan(depth), rank=1), padding="valid")


def _sides(seed: int) -> Iterator[Case]:
    for depth in range(1, 5):
        (valid,) = valid_sizes(pyramid(_plan(depth), rank=1), padding="valid")
        for n in (valid[0], valid[0] - valid.step, valid[3 + seed], valid[5] + 2, valid[2] + 1, 512):
            yield n, depth


legal_size = Exercise(
    "legal_size",
    _legal,
    _sides,
    {
        "sizes below the smallest one pass: nothing would come out": lambda n, d: (n + 4) % 2**d == 0,
        "you divided by the number of poolings; each of them halves, so it is 2 to that power": (
            lambda n, d: (n + 4) % d == 0 and n >= 12 * 2**d - 8
        ),
        "a multiple of 2^depth passes a padded net; without padding it is 4 less than one": (
            lambda n, d: n % 2**d == 0 and n >= 12 * 2**d - 8
        ),
        "every even size passes your test; after the first pooling the side must be even again": (
            lambda n, d: n % 2 == 0 and n >= _smallest(d)
        ),
        "the smallest size is refused; it gives 4 pixels, or 2 with one pooling": (
            lambda n, d: _legal(n, d) and n > _smallest(d)
        ),
    },
)


def _smallest(depth: int) -> int:
    return valid_sizes(pyramid(_plan(depth), rank=1), padding="valid")[0][0]


def _output(n: int, depth: int) -> int:
    return output_size((n,), pyramid(_plan(depth), rank=1), padding="valid")[0]


def _legal_sides(seed: int) -> Iterator[Case]:
    for depth in range(1, 6):
        (valid,) = valid_sizes(pyramid(_plan(depth), rank=1), padding="valid")
        yield from ((valid[k], depth) for k in (0, 2 + seed, 9))


output_side = Exercise(
    "output_side",
    _output,
    _legal_sides,
    {
        "each convolution takes 2 pixels on its own scale; down there a pixel is 2, 4, 8, 16 wide": (
            lambda n, d: n - 8 * d - 4
        ),
        "only the way down is counted; the decoder's convolutions cost pixels too": lambda n, d: n - 8 * 2**d + 4,
        "the block at the bottom is missing": lambda n, d: n - (12 * 2**d - 8) + 4 * 2**d,
        "each block has two convolutions": lambda n, d: n - (12 * 2**d - 8) // 2,
        "184 holds for four poolings only": lambda n, _d: n - 184,
    },
)


def _wanted(seed: int) -> Iterator[Case]:
    yield from ((n + seed, depth) for depth in (2, 3, 4) for n in (1, 4, 100, 388, 389, 512))


def _input_for(wanted: int, depth: int) -> int:
    (valid,) = valid_sizes(pyramid(_plan(depth), rank=1), padding="valid")
    return next(n for n in valid if _output(n, depth) >= wanted)


input_for = Exercise(
    "input_for",
    _input_for,
    _wanted,
    {
        "that size gives enough pixels but does not pass the poolings": lambda n, d: n + 12 * 2**d - 8,
        "one size larger than needed": lambda n, d: _input_for(n, d) + 2**d,
        "what comes out is a little too small; round up and not down": lambda n, d: max(
            _smallest(d), _input_for(n + 1, d) - 2**d
        ),
        "the margin is lost on both sides": lambda n, d: _input_for(max(1, n - 6 * 2**d + 4), d),
        "the margin of four poolings was taken for every depth": lambda n, _d: _input_for(n, 4),
    },
)


def _levels(seed: int) -> Iterator[Case]:
    yield from ((depth, level) for depth in range(2, 5 + (seed > 0)) for level in range(depth))


def _crop(depth: int, level: int) -> int:
    levels = pyramid(_plan(depth), rank=1)
    steps = size_steps((_smallest(depth) + 2 ** (depth + 3),), levels, padding="valid")
    return next(step.crop[0] for step in steps if step.op == "crop" and step.level == level)


crop_margin = Exercise(
    "crop_margin",
    _crop,
    _levels,
    {
        "you gave the pixels of both sides together; half of them lie on each": lambda d, k: 2 * _crop(d, k),
        "the levels are counted from the bottom; level 0 is the finest": lambda d, k: _crop(d, d - 1 - k),
        "the decoder's own blocks were forgotten: c becomes 2(c + 4), and not 2c + 4": (
            lambda d, k: 4 * 2 ** (d - k) - 4
        ),
        "going up doubles what is missing": lambda d, k: 4 * (d - k),
        "every level has its own crop": lambda d, _k: _crop(d, d - 1),
    },
)

EXERCISES = (legal_size, output_side, input_for, crop_margin)
