"""Exercises of lesson 00: three measures of a label image, the size one level below, and an image in two halves."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import ndimage

from unet_tutorial.teaching.checking.exercise import Case, exercise


def _labels(seed: int) -> Iterator[Case]:
    """Label images of blocks, whose numbers are not consecutive: one with membrane, then a crop without membrane."""
    rng = np.random.default_rng(seed)
    numbers = 3 * rng.permutation(15).reshape(3, 5) + 2
    yield (_enlarged(numbers * [[1, 0, 0, 1, 1], [1, 1, 1, 1, 1], [1, 1, 1, 0, 1]], rng),)
    yield (_enlarged(numbers[1:, :3], rng),)


def _enlarged(blocks: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    high, wide = (rng.integers(2, 7, n) for n in blocks.shape)
    return np.repeat(np.repeat(blocks, high, axis=0), wide, axis=1)


@exercise(
    _labels,
    ("labels > 0", "labels == 0", "that is the share of the membrane, the pixels that are 0"),
    ("float(", "100 * float(", "that is a percentage; a share lies between 0 and 1"),
    ("mean()", "sum()", "that is how many pixels; divide by all of them"),
    ("(labels > 0)", "labels", "you averaged the cells' numbers; ask of each pixel only whether it is above 0"),
    ("labels > 0", "labels == 1", "that is the cell with the number 1; cells are all pixels above 0"),
    ("mean()", "sum() // labels.size", "// divides to a whole number; / gives the share"),
    ("float((labels > 0).mean())", "(labels > 0).mean(axis=0)", "one share per column came; average over both axes"),
)
def cell_share(labels: np.ndarray) -> float:
    return float((labels > 0).mean())


@exercise(
    _labels,
    (
        "len(numbers[numbers > 0])",
        "numbers.max()",
        "that is the largest number; numbers may be missing, so count those that occur",
    ),
    ("[numbers > 0]", "", "0 is the membrane, and you counted it as a cell"),
    ("[numbers > 0])", ") - 1", "you always take one away for the 0, and a crop may hold none"),
    (
        "you counted connected pieces; cells that touch have numbers of their own",
        lambda labels: ndimage.label(labels > 0)[1],
    ),
    ("np.unique(labels)", "labels", "you counted pixels; each cell has many"),
)
def cell_count(labels: np.ndarray) -> int:
    numbers = np.unique(labels)
    return len(numbers[numbers > 0])


@exercise(
    _labels,
    (
        "labels[:, 1:] != labels[:, :-1]",
        "labels[1:] != labels[:-1]",
        "those pairs lie above one another; side by side is along axis 1",
    ),
    ("mean()", "sum() / labels.size", "a row of W pixels has W - 1 pairs; divide by the pairs"),
    ("mean()", "sum()", "that is how many; divide by the number of pairs"),
    (
        "labels[:, 1:] != labels[:, :-1]",
        "(labels[:, 1:] > 0) != (labels[:, :-1] > 0)",
        "two cells that touch have a border too; compare their numbers, and not whether they are cells",
    ),
    ("!=", ">", "you see a border only where the number grows; it may fall as well"),
    (
        "labels[:, 1:] != labels[:, :-1]",
        "labels != np.roll(labels, 1, axis=1)",
        "the last pixel of a row is no neighbour of the first",
    ),
    ("!=", "==", "those are the pairs that agree"),
)
def border_share(labels: np.ndarray) -> float:
    differ = labels[:, 1:] != labels[:, :-1]
    return float(differ.mean())


def _sizes(seed: int) -> Iterator[Case]:
    yield ((572, 380),)
    yield from (((100 + 2 * seed + 6 * k, 60 + 4 * seed + 10 * k),) for k in range(3))


@exercise(
    _sizes,
    ("(side - 4) // 2", "side // 2", "the two convolutions are missing; each takes 2 pixels"),
    ("side - 4", "side - 2", "one convolution is missing; a level has two"),
    ("(side - 4) // 2", "side // 2 - 4", "you pooled first, or took 4 pixels per convolution; twice 2, then pool"),
    ("(side - 4) // 2", "side - 4", "the pooling is missing; it halves both sides"),
    ("side - 4", "side - 6", "a kernel of 3 takes 2 pixels, and not 3"),
    ("only the rows went through; the columns do the same", lambda size: ((size[0] - 4) // 2, size[1])),
    ("in size", "in reversed(size)", "rows and columns are exchanged"),
)
def level_below(size: tuple[int, ...]) -> tuple[int, ...]:
    return tuple((side - 4) // 2 for side in size)


def _images(seed: int) -> Iterator[Case]:
    rng = np.random.default_rng(seed)
    yield from ((rng.integers(0, 256, shape),) for shape in ((6, 10), (4, 9), (10, 7)))


@exercise(
    _images,
    ("middle:]", "middle + 1 :]", "a column is lost: a slice leaves its end out, so the next one begins at middle"),
    ("shape[1]", "shape[0]", "that is half the height; the width is shape[1]"),
    (
        "shape[1]",
        "shape[0]",
        "middle:]",
        "middle + 1 :]",
        "two faults are left: the width is shape[1], and the right half begins at middle",
    ),
    (":middle]", ": middle + 1]", "a column is in both halves"),
    ("image.shape[1]", "(image.shape[1] + 1)", "of an odd width the right half is the wider one"),
    ("those are the upper and the lower half", lambda image: np.array_split(image, 2)),
    ("image[:, :middle], image[:, middle:]", "image[:, middle:], image[:, :middle]", "the left half comes first"),
)
def halves(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    middle = image.shape[1] // 2
    return image[:, :middle], image[:, middle:]


EXERCISES = (cell_share, cell_count, border_share, level_below, halves)
