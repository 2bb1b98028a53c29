"""Exercises of lesson 00: three measures of a label image, the size one level below, and an image in two halves."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import ndimage

from unet_tutorial.teaching.checking.exercise import Case, exercise


def _labels(seed: int) -> Iterator[Case]:
    """Label images of blocks, whose numbers are not consecutive: one with membrane, one without, one without cells."""
    rng = np.random.default_rng(seed)
    numbers = 3 * rng.permutation(15).reshape(3, 5) + 2
    numbers[1, 0] = 1
    yield (_enlarged(numbers * [[1, 0, 0, 1, 1], [1, 1, 1, 1, 1], [1, 1, 1, 0, 1]], rng),)
    yield (_enlarged(numbers[1:, :3], rng).astype(np.uint16),)
    yield (np.zeros((4, 7), np.uint16),)


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
    ("(labels > 0).mean()", "len(np.unique(labels)) / labels.size", "you counted the cells; count their pixels"),
    (
        "(labels > 0).mean()",
        "len(np.unique(labels[labels > 0])) / labels.size",
        "you divided the number of cells by that of the pixels; count the pixels of the cells",
    ),
    (
        "mean()",
        "sum() / labels.shape[0]",
        "you divided by the number of rows; an image has rows × columns pixels: labels.size",
    ),
    ("mean()", "sum() / labels.shape[1]", "you divided by the number of columns; all pixels are labels.size"),
    (
        "return float((labels > 0).mean())",
        "with np.errstate(all='ignore'):\n        return np.float64(np.sum(labels > 0)) / np.sum(labels == 0)",
        "that is cells to membrane; divide by all pixels, those of the cells included",
    ),
    ("float(", "round(", "you rounded to a whole number; a share lies between 0 and 1"),
    (
        "(labels > 0).mean()",
        "labels.mean() / labels.max()",
        "a cell's number is a name and says nothing about its size; ask of each pixel only whether it is above 0",
    ),
    ("labels > 0", "labels > 1", "the cell with the number 1 is left out; cells are all pixels above 0"),
    ("float((labels > 0).mean())", "(labels > 0).mean(axis=1)", "one share per row came; average over both axes"),
    (
        "labels > 0).mean())",
        "labels == 0).mean()) * 100",
        "that is the percentage of the membrane; the share of the cells is asked for",
    ),
    ("float((labels > 0).mean())", "labels > 0", "you returned True or False for each pixel; their mean is the share"),
    (
        "float((labels > 0).mean())",
        "sum(labels > 0) / labels.size",
        "Python's sum adds the rows up, and columns remain; np.sum adds all pixels",
    ),
    (
        "(labels > 0).mean()",
        "(labels[1:-1, 1:-1] > 0).mean()",
        "the pixels of the rim are left out; count those of the whole image",
    ),
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
    (
        "the items of an image are its rows, and a set takes no arrays; np.unique takes the whole image",
        lambda labels: len(set(labels)),
    ),
    ("len(numbers[numbers > 0])", "numbers", "those are the numbers themselves, 0 included; return how many cells"),
    ("len(numbers[numbers > 0])", "numbers[numbers > 0]", "those are the numbers themselves; return how many"),
    ("len(numbers[numbers > 0])", "numbers > 0", "you returned one True or False per number; count the True ones"),
    (
        "len(numbers[numbers > 0])",
        "numbers.max() - numbers.min() + 1",
        "numbers between the smallest and the largest may be missing; count those that occur",
    ),
    ("len(numbers[numbers > 0])", "numbers.sum()", "you added the numbers up; they are names: count them"),
    ("unique(labels)", "unique(labels[0])", "only the first row is read; np.unique takes the whole image"),
    (
        "len(numbers[numbers > 0])",
        "len(np.unique(labels)) - 2",
        "you always take two away; only 0 is no cell, and a crop may hold none",
    ),
    (
        "len(numbers[numbers > 0])",
        "len(labels > 0)",
        "len of an image is the number of its rows; count the different numbers",
    ),
    ("len(numbers[numbers > 0])", "len(numbers) + 1", "you added one; the numbers above 0 are the cells"),
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
    (
        "labels[:, 1:] != labels[:, :-1]",
        "np.diff(labels, axis=1)",
        "you averaged the differences; ask of each pair only whether they differ",
    ),
    (
        "labels[:, 1:] != labels[:, :-1]",
        "np.abs(np.diff(labels.astype(int), axis=1))",
        "you averaged the sizes of the differences; ask of each pair only whether it differs: != 0",
    ),
    (
        "differ.mean()",
        "(differ.sum() + (labels[1:] != labels[:-1]).sum()) / (differ.size + labels[1:].size)",
        "pairs above one another are counted too; only those side by side in a row are asked for",
    ),
    (
        "labels[:, 1:] != labels[:, :-1]",
        "(labels[:, 1:] != labels[:, :-1]) & (labels[:, 1:] > 0) & (labels[:, :-1] > 0)",
        "only borders between two cells are counted; a border to the membrane counts, too",
    ),
    ("mean()", "sum() / len(labels)", "you divided by the number of rows; divide by the pairs, H · (W - 1)"),
    (
        "the last pixel of a row has no right neighbour: W pixels make W - 1 pairs, so stop one column earlier",
        lambda labels: labels[0, labels.shape[1]],
    ),
    ("differ.mean()", "differ.any(axis=1).mean()", "you counted rows that hold a border; count pairs"),
    (
        "labels[:, 1:] != labels[:, :-1]",
        "labels[:, 1::2] != labels[:, 0:-1:2]",
        "every second pair is left out; the neighbours are labels[:, :-1] and labels[:, 1:]",
    ),
    ("mean()", "sum() / differ.shape[1]", "you divided by the pairs of one row; divide by all pairs"),
    ("float(differ.mean())", "differ", "you returned one True or False per pair; their mean is the share"),
    (
        "labels[:, 1:] != labels[:, :-1]",
        "np.diff(labels, axis=1) > 0",
        "a difference may be negative, and one of unsigned numbers wraps around; compare by !=",
    ),
    (
        "labels[:, 1:] != labels[:, :-1]",
        "labels[:, 2:] != labels[:, :-2]",
        "those pairs have a pixel between them; neighbours are labels[:, :-1] and labels[:, 1:]",
    ),
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
    (
        "side - 4",
        "side - 6",
        "2 pixels too many: a kernel of 3 takes 2, and both convolutions come before the pooling",
    ),
    ("(side - 4) // 2", "(side - 4) // 4", "one pooling halves a side; you divided by 4"),
    ("size is a pair; compute each of its two sides", lambda size: (size - 4) // 2),
    ("one side came; both are asked for", lambda size: (size[0] - 4) // 2),
    ("(side - 4) // 2", "(side + 4) // 2", "an unpadded convolution makes a map smaller; you added its pixels"),
    ("only the rows went through; the columns do the same", lambda size: ((size[0] - 4) // 2, size[1])),
    ("in size", "in reversed(size)", "rows and columns are exchanged"),
    ("// 2", "* 2", "a pooling halves a side; you doubled it"),
    ("(side - 4) // 2", "side - 4 // 2", "// is computed before -; write (side - 4) // 2"),
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
    ("np.hsplit refuses an odd width; slice at shape[1] // 2", lambda image: np.hsplit(image, 2)),
    (
        "middle:]",
        "image.shape[1] - middle :]",
        "of an odd width the middle column is lost; the right half runs from middle to the end",
    ),
    (", image[:, middle:]", ", image[middle:]", "the right half is cut by rows; columns are the second axis"),
    (
        "image.shape[1] // 2",
        "round(image.shape[1] / 2)",
        "round takes a half to the nearest even number: 3.5 becomes 4; shape[1] // 2 rounds down",
    ),
    ("return image[:, :middle], image[:, middle:]", "return image[:, :middle]", "the right half is missing"),
    ("image[:, :middle], image[:, middle:]", "image[:, middle:], image[:, :middle]", "the left half comes first"),
    ("middle:]", "middle - 1 :]", "a column is in both halves; the right one begins at middle"),
    ("middle:]", "middle:-1]", "the last column is lost; a slice that goes to the end has no end: [:, middle:]"),
    (
        "image[:, :middle], image[:, middle:]",
        "image[:middle], image[middle:]",
        "those are rows; columns are the second axis: image[:, :middle]",
    ),
)
def halves(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    middle = image.shape[1] // 2
    return image[:, :middle], image[:, middle:]


EXERCISES = (cell_share, cell_count, border_share, level_below, halves)
