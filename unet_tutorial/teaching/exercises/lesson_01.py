"""Exercises of lesson 01: valid input sizes, output sizes, the input for a given output, crops, the receptive field."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from unet_tutorial.plan.levels import pyramid
from unet_tutorial.plan.receptive_field import seen_by
from unet_tutorial.plan.sizes import valid_sizes
from unet_tutorial.teaching.checking.exercise import Case, exercise


def _valid(depth: int) -> range:
    (valid,) = valid_sizes(pyramid((1,) * (depth + 1), rank=1), padding="valid")
    return valid


def _sides(seed: int) -> Iterator[Case]:
    for depth in range(1, 5):
        valid = _valid(depth)
        for n in (valid[0], valid[0] - valid.step, valid[3 + seed], valid[5] + 2, valid[2] + 1, 512):
            yield n, depth


@exercise(
    _sides,
    (" and n > 12 * stride - 8", "", "sizes below the smallest one pass: nothing would come out"),
    ("% stride", "% depth", "you divided by the number of poolings; each of them halves, so it is 2 to that power"),
    ("(n + 4)", "n", "a multiple of 2^depth passes a padded net; without padding it is 4 less than one"),
    (
        "(n + 4) % stride",
        "n % 2",
        "every even size passes your test; after the first pooling the side must be even again",
    ),
    ("stride - 8", "stride - 4", "the smallest size is refused; it gives 4 pixels, or 2 with one pooling"),
)
def legal_size(n: int, depth: int) -> bool:
    stride: int = 2**depth  # n + 4 is halved by each pooling
    return (n + 4) % stride == 0 and n > 12 * stride - 8


def _legal_sides(seed: int) -> Iterator[Case]:
    for depth in range(1, 6):
        yield from ((_valid(depth)[k], depth) for k in (0, 2 + seed, 9))


@exercise(
    _legal_sides,
    (
        "12 * 2**depth - 8",
        "8 * depth + 4",
        "each convolution takes 2 pixels on its own scale; down there a pixel is 2, 4, 8, 16 wide",
    ),
    (
        "12 * 2**depth - 8",
        "8 * 2**depth - 4",
        "only the way down is counted; the decoder's convolutions cost pixels too",
    ),
    ("12 *", "8 *", "the block at the bottom is missing"),
    ("12 * 2**depth - 8", "6 * 2**depth - 4", "each block has two convolutions"),
    ("12 * 2**depth - 8", "184", "184 holds for four poolings only"),
)
def output_side(n: int, depth: int) -> int:
    lost: int = 12 * 2**depth - 8
    return n - lost


def _wanted(seed: int) -> Iterator[Case]:
    yield from ((n + seed, depth) for depth in (2, 3, 4) for n in (1, 4, 100, 388, 389, 512))


@exercise(
    _wanted,
    ("legal_size(n, depth) and ", "", "that size gives enough pixels but does not pass the poolings"),
    ("next(", "2**depth + next(", "one size larger than needed"),
    (">= wanted", "> wanted - 2**depth", "what comes out is a little too small; round up and not down"),
    (">= wanted", ">= wanted - (6 * 2**depth - 4)", "the margin is lost on both sides"),
    (
        "legal_size(n, depth) and output_side(n, depth)",
        "legal_size(n, 4) and output_side(n, 4)",
        "the margin of four poolings was taken for every depth",
    ),
)
def input_for(wanted: int, depth: int) -> int:
    return next(n for n in count(wanted) if legal_size(n, depth) and output_side(n, depth) >= wanted)


def _levels(seed: int) -> Iterator[Case]:
    yield from ((depth, level) for depth in range(2, 5 + (seed > 0)) for level in range(depth))


@exercise(
    _levels,
    ("return margin", "return 2 * margin", "you gave the pixels of both sides together; half of them lie on each"),
    ("depth - 1 - level", "level", "the levels are counted from the bottom; level 0 is the finest"),
    (
        "2 * (margin + 4)",
        "2 * margin + 4",
        "the decoder's own blocks were forgotten: c becomes 2(c + 4), and not 2c + 4",
    ),
    ("2 * (margin + 4)", "margin + 4", "going up doubles what is missing"),
    ("return margin", "return 4", "every level has its own crop"),
)
def crop_margin(depth: int, level: int) -> int:
    margin = 4
    for _ in range(depth - 1 - level):
        margin = 2 * (margin + 4)
    return margin


def _depths(seed: int) -> Iterator[Case]:
    yield from ((depth,) for depth in ((1, 2, 3, 4) if seed == 0 else (seed, 5)))


@exercise(
    _depths,
    ("max(widths)", "min(widths)", "you gave the smallest twice; from three poolings on, some pixels see more"),
    (
        "min(widths), max(widths)",
        "12 * 2**depth - 8, 13 * 2**depth - 8",
        "that is the loss, input less output; a pixel sees itself, too",
    ),
    ("min(widths), max(widths)", "9, 9", "only the skip at the top was followed; the way through the bottom sees more"),
    ("min(widths)", "max(widths)", "you gave the largest twice; from three poolings on, some pixels see less"),
    (
        "depth + 1",
        "depth + 2",
        "range(2**depth)",
        "range(2 ** (depth + 1))",
        "that is the pair of another depth; count the poolings",
    ),
)
def field_of_view(depth: int) -> tuple[int, int]:
    levels = pyramid((1,) * (depth + 1), rank=1)
    seen = [seen_by(pixel, levels, padding="valid") for pixel in range(2**depth)]
    widths = [last - first + 1 for first, last in seen]
    return min(widths), max(widths)


EXERCISES = (legal_size, output_side, input_for, crop_margin, field_of_view)
