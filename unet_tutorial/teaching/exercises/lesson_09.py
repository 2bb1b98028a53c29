"""Exercises of lesson 09, small data: test leakage, SGD with momentum, IoU, a threshold, and scores of whole cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.teaching.checking.exercise import Case, exercise

Array = NDArray[Any]
Crop = tuple[str, int, tuple[int, int]]  # stack, slice, (top, left)
Stacks = tuple[Array, Array]  # probability of cell, truth: (N, H, W) each

NW, NE, SW, SE = ((0, 0), (0, 64), (64, 0), (64, 64))  # the quarters of a slice
TRAIN = [("A", 3, NW), ("A", 3, NE), ("A", 8, NW), ("B", 5, SE), ("B", 7, NW), ("C", 1, NW), ("C", 15, NW)]
TEST = [("A", 3, SW), ("A", 3, SE), ("A", 7, NW), ("A", 9, SW), ("A", 11, NW), ("B", 1, NW), ("B", 3, SE)]
TEST += [("B", 7, NW), ("B", 9, NW), ("C", 2, NE), ("C", 8, NW), ("D", 3, NW)]


def _crops(seed: int) -> Iterator[Case]:
    rng = np.random.default_rng(seed)
    for names in ("ABCD", "DACB"):
        name = dict(zip("ABCD", names, strict=True))
        renamed = [[(name[stack], number + seed, at) for stack, number, at in crops] for crops in (TRAIN, TEST)]
        yield tuple([crops[i] for i in rng.permutation(len(crops))] for crops in renamed)


@exercise(
    _crops,
    (
        "close & tested",
        "{crop[:2] for crop in test if crop in train}",
        "you looked for the same crop in both lists; another crop of the same slice leaks too",
    ),
    ("(-1, 0, 1)", "(0,)", "you looked for the same slice only; its two neighbours show almost the same tissue"),
    (
        "close & tested",
        "(stack, number) for stack, number in tested if number in {near for _, near in close}",
        "slice 3 of one stack has nothing to do with slice 3 of another; compare the stacks too",
    ),
    ("(-1, 0, 1)", "(0, 1)", "you looked only at the training slice before; the one behind leaks as well"),
    ("(-1, 0, 1)", "(-1, 0)", "you looked only at the training slice behind; the one before leaks as well"),
    (
        "(-1, 0, 1)",
        "(-2, -1, 0, 1, 2)",
        "two slices away is far enough here; only the same slice and its neighbours leak",
    ),
    (
        "close & tested",
        "(stack, number) for stack, number in tested if stack in {name for name, _ in close}",
        "you named every slice whose stack is trained on; only the same slice and its neighbours leak",
    ),
    (
        "(stack, number + step) for stack, number, _ in train",
        "(stack, number + step, at) for stack, number, at in train",
        "close & tested",
        "{crop[:2] for crop in test if crop in close}",
        "only crops at the same place were compared; where a crop lies does not matter",
    ),
    (
        "_ in train",
        "_ in test",
        "_ in test}\n",
        "_ in train}\n",
        "these are training slices; name the slices of the test that are not to be trusted",
    ),
    ("close & tested", "tested - close", "these are the slices that do not leak; name those that do"),
    (
        "close & tested",
        "crop[:2] for crop in test if crop[:2] in close",
        "a slice stands there once for each of its crops; name it once",
    ),
)
def leaking(train: list[Crop], test: list[Crop]) -> list[tuple[str, int]]:
    close = {(stack, number + step) for stack, number, _ in train for step in (-1, 0, 1)}
    tested = {(stack, number) for stack, number, _ in test}
    return sorted(close & tested)


def _gradients(seed: int) -> Iterator[Case]:
    rng = np.random.default_rng(seed)
    yield rng.normal(size=(2, 3)), rng.normal(size=(6, 2, 3)), 0.1, 0.99
    yield rng.normal(size=4), rng.normal(size=(3, 4)), 0.02, 0.5


@exercise(
    _gradients,
    ("momentum * velocity + gradient", "gradient", "that is plain SGD: the velocity of the step before is lost"),
    (
        "+ gradient",
        "+ (1 - momentum) * gradient",
        "the gradient is damped by 1 - momentum; it enters whole, so that steps add up to 100 times one",
    ),
    ("weights - rate", "weights + rate", "you went uphill; a step goes against the velocity"),
    (
        "weights - rate * velocity",
        "momentum * weights - rate * gradient",
        "the momentum shrinks the weights; it is the old velocity that it multiplies",
    ),
    (
        "velocity = momentum * velocity + gradient\n        weights = weights - rate * velocity",
        "weights = weights - rate * velocity\n        velocity = momentum * velocity + gradient",
        "the step uses the velocity of before; bring in the new gradient first",
    ),
    (
        "rate * velocity",
        "rate * (gradient + momentum * velocity)",
        "that is Nesterov's form, which looks a step ahead; the plain one steps by the velocity",
    ),
    (
        "momentum * velocity + gradient",
        "velocity + momentum * gradient",
        "the momentum multiplies the new gradient; it belongs to the old velocity",
    ),
    ("momentum * velocity", "velocity", "the velocity never fades; multiply the old one"),
    (
        "    for gradient",
        "    weights = weights.copy()\n    for gradient",
        "weights = weights - rate",
        "weights -= rate",
        "every row shows the last weights: it is one array, changed in place; keep a copy of each step",
    ),
)
def momentum_steps(weights: Array, gradients: Array, rate: float, momentum: float) -> Array:
    velocity, after = np.zeros_like(weights), []
    for gradient in gradients:
        velocity = momentum * velocity + gradient
        weights = weights - rate * velocity
        after.append(weights)
    return np.array(after)


def _classes(seed: int) -> Iterator[Case]:
    rng = np.random.default_rng(seed)
    for shape in ((5, 7), (2, 4, 6)):
        truth = rng.integers(0, 4, shape)
        proposal = np.where(rng.random(shape) < 0.6, truth, rng.integers(0, 4, shape))
        truth.flat[:8] = proposal.flat[3:11] = (0, 1, 2, 3, 3, 2, 1, 0)
        yield from ((proposal.astype(np.uint8), truth.astype(np.uint8), label) for label in (0, 1, 3))
        yield proposal, np.where(truth == 2, 1, truth), 2  # found where there is none
        yield proposal, truth, 7  # in neither


@exercise(
    _classes,
    (
        "np.sum(found & wanted) / union",
        "2 * np.sum(found & wanted) / (np.sum(found) + np.sum(wanted))",
        "that is the Dice: it counts the intersection twice, above and below; divide by the union",
    ),
    (
        "np.sum(found & wanted) / union) if union else 1.0",
        "np.mean(found == wanted))",
        "that is the accuracy of the class; pixels that are rightly something else do not count",
    ),
    (
        "np.sum(found & wanted) / union) if union else 1.0",
        "np.mean(proposal == truth))",
        "that is the accuracy over all classes; take the pixels of the one that is asked for",
    ),
    (
        "np.sum(found & wanted) / union) if union else 1.0",
        "np.mean([np.sum((proposal == c) & (truth == c)) / np.sum((proposal == c) | (truth == c))"
        " for c in np.union1d(proposal, truth)]))",
        "that is the mean over all classes; give the one that is asked for",
    ),
    ("found | wanted", "found", "that is the precision; divide by the union, and not by the proposal's pixels"),
    ("found | wanted", "wanted", "that is the recall; divide by the union, and not by the truth's pixels"),
    (
        "proposal == label, truth == label",
        "proposal > 0, truth > 0",
        "you took all classes above 0 as one; take the pixels that carry the label",
    ),
    (
        "/ union",
        "/ (np.sum(found) + np.sum(wanted))",
        "divided by the sum of both sizes, the intersection counts twice; divide by the union",
    ),
    ("1.0", "0.0", "a class that neither image has gives 0; nothing is wrong with it, so 1"),
    ("1.0", "np.nan", "a class that neither image has makes 0 / 0; nothing is wrong with it, so 1"),
    (
        "np.sum(found & wanted) / union) if union else 1.0",
        "np.mean([np.sum(f & w) / np.sum(f | w) if np.any(f | w) else 1.0 for f, w in zip(found, wanted)]))",
        "the rows, or images, were scored one by one and averaged; pool all pixels",
    ),
)
def iou_of_class(proposal: Array, truth: Array, label: int) -> float:
    found, wanted = proposal == label, truth == label
    union = np.sum(found | wanted)
    return float(np.sum(found & wanted) / union) if union else 1.0


def _stacks(rng: np.random.Generator, shifts: Sequence[float]) -> Stacks:
    """One image per shift: probabilities around the shift, rounded to 0.05, with a long tail of large values."""
    cell = rng.random((len(shifts), 9, 11)) < 0.4
    noise = rng.gamma(1.5, 0.09, cell.shape)
    p = np.array(shifts)[:, None, None] + np.where(cell, 0.2, 0) + noise
    return np.clip(np.round(20 * p), 1, 19) / 20, cell


def _thresholds(seed: int) -> Iterator[Case]:
    rng = np.random.default_rng(seed)
    cuts = [part / 100 for tenth in range(10, 100, 10) for part in (tenth, tenth + 1, tenth + 2)]
    yield cuts, _stacks(rng, (0.15, 0.1, 0.05, 0.2, 0.3)), _stacks(rng, (0.15, 0.1))
    yield cuts, _stacks(rng, (0.1, 0.4, 0.45, 0.05)), _stacks(rng, (0.25, 0.3, 0.15))


@exercise(
    _thresholds,
    (
        "cell = train",
        "cell = test",
        "the cut was chosen on the test images: the error flatters; choose on the training images",
    ),
    (
        "cell = train",
        "cell = (np.concatenate(pair) for pair in zip(train, test))",
        "test images helped to choose the cut; choose on the training images alone",
    ),
    (
        "test[0] > cut) != test[1]",
        "probability > cut) != cell",
        "that is the error on the training images, which the cut was chosen on; report the test's",
    ),
    ("cuts[int(np.argmin(errors))]", "0.5", "0.5 was taken without a choice; try every cut on the training images"),
    (
        "probability >",
        "probability >=",
        "test[0] >",
        "test[0] >=",
        "cell is above the cut; you called a pixel on the cut a cell too",
    ),
    (
        "cuts[int(np.argmin(errors))]",
        "cuts[::-1][int(np.argmin(errors[::-1]))]",
        "of equal cuts you took the last; take the lowest",
    ),
    (
        "cell = train",
        "cell = (stack[:1] for stack in train)",
        "you chose on the first training image; choose on all of them together",
    ),
    (
        "!= cell)",
        "!= cell, axis=(1, 2))",
        "cuts[int(np.argmin(errors))]",
        "float(np.mean([cuts[i] for i in np.argmin(errors, axis=0)]))",
        "the best cuts of the images were averaged; choose one on all images together",
    ),
    ("!= test[1]", "== test[1]", "that is the share of right pixels; the share of wrong ones is wanted"),
)
def choose_cut(cuts: list[float], train: Stacks, test: Stacks) -> tuple[float, float]:
    probability, cell = train
    errors = [np.mean((probability > cut) != cell) for cut in cuts]
    cut = cuts[int(np.argmin(errors))]
    return cut, float(np.mean((test[0] > cut) != test[1]))


NAMES = np.array([0, 12, 3, 7, 4, 1, 9, 5, 20, 8, 40, 13, 2])  # the numbers of cells 1 .. c in a truth

TRUTH = """11102220333044440000 11102220333044440000 00000000000000000000 55555555555000000000 55555555555000000000
    00000000000000000000 66666666007777880bb0 66666666007777880bb0 00000000000000000000 cc099990aaaaaaa00000"""
PROPOSAL = """11111111111111000000 11111111111111000000 00000000000000000000 22203330445555500000 22203330445555500000
    00000000000000000000 77770088880099999990 77770088880099999990 00000000000000000000 00000000999a00a00000"""


def _named(drawn: str, shift: int) -> Array:
    names = np.concatenate((NAMES[:1], np.roll(NAMES[1:], shift)))
    return np.asarray(names[[[int(digit, 13) for digit in row] for row in drawn.split()]])


def _voronoi(points: Array, names: Array, line: float) -> Array:
    """An 11 × 17 image with the name of the nearest point; 0 where the second nearest is less than ``line`` farther."""
    rows, columns = np.indices((11, 17))
    distances = np.hypot(rows - points[:, :1, None], columns - points[:, 1:, None])  # (points, 11, 17)
    near = np.sort(distances, axis=0)
    return np.where(near[1] - near[0] < line, 0, names[distances.argmin(axis=0)])


def _label_images(seed: int) -> Iterator[Case]:
    """A pair drawn by hand with cells cut exactly in half; then two random pairs with moved, merged and split cells."""
    drawn = _named(TRUTH, seed), _named(PROPOSAL, 3 + seed)
    yield tuple(np.flip(image, seed % 2).copy() for image in drawn)
    rng = np.random.default_rng(seed)
    for line, lost in ((1.0, 0), (0.0, 15)):
        points = rng.random((9, 2)) * (11, 17)
        moved = np.concatenate((points + rng.normal(0, 0.6, points.shape), rng.random((2, 2)) * (11, 17)))
        called = np.array([2, 6, 6, 1, lost, 8, 8, 3, 30, 31, 5])
        yield _voronoi(points, NAMES[1:], line), _voronoi(moved, called, 1.5 * line)


@exercise(
    _label_images,
    (
        "cells[:, 0].sum(), cells[:, 1:]",
        "0, cells",
        "the proposal's zeros are counted as one big cell; each of them is alone",
    ),
    (
        "table[1:]",
        "table[1:, 1:]",
        "cells[:, 0].sum(), cells[:, 1:]",
        "0, cells",
        "pixels on which the proposal is 0 were left out; lost pixels are cells of one pixel",
    ),
    ("table[1:]", "table", "the truth's background is counted; only pixels of its cells are"),
    (
        "table[1:]",
        "table",
        "cells[:, 0].sum(), cells[:, 1:]",
        "0, cells",
        "the background of both is counted, each as a cell",
    ),
    (
        "n**2",
        "n * (n - 1)",
        "lost, shared = cells[:, 0].sum()",
        "lost, shared = 0",
        "pairs of two different pixels, n(n - 1), were counted; a pixel pairs with itself too: n²",
    ),
    (
        "both / (in_truth / 2 + in_proposal / 2)",
        "both / np.sqrt(in_truth * in_proposal)",
        "that is the geometric mean of split and merge score; halve the sum of the two denominators",
    ),
    (
        "both / (in_truth / 2 + in_proposal / 2)",
        "(both / in_truth + both / in_proposal) / 2",
        "that is the arithmetic mean of split and merge score; halve the sum of the two denominators",
    ),
    ("(in_truth / 2 + in_proposal / 2)", "in_truth", "that is the split score: mergers cost nothing in it"),
    ("(in_truth / 2 + in_proposal / 2)", "in_proposal", "that is the merge score: splits cost nothing in it"),
    ("both / (", "1 - both / (", "that is the error, 1 - V_Rand; the score itself is wanted"),
    (
        "in_truth / 2 + in_proposal / 2",
        "in_truth + in_proposal",
        "the ½ is missing below: the score of equal images is 1",
    ),
    (
        "both = pairs(shared) + lost",
        "both = pairs(shared)",
        "lost pixels count below but not above; each is together with itself in both images",
    ),
    (
        "lost, shared = cells[:, 0].sum()",
        "lost, shared = 0",
        "lost pixels are in the truth's sizes only; each is a proposed cell of one pixel",
    ),
    (
        "shared.sum(axis=0)",
        "table[:, 1:].sum(axis=0)",
        "a proposed cell's pixels on the truth's background were counted; leave them out",
    ),
    (
        "table[1:]",
        "table.T[1:]",
        "the two images are exchanged: the pixels of the truth's cells count, not those of the proposed ones",
    ),
    (
        "you compared the cells' numbers; they are names, and cell 3 may be cell 8 in the other image",
        lambda truth, proposal: float(np.mean(truth[truth > 0] == proposal[truth > 0])),
    ),
)
def rand_by_table(truth: Array, proposal: Array) -> float:
    def pairs(n: NDArray[Any]) -> float:
        return float((n**2).sum())

    table = np.zeros((truth.max() + 1, proposal.max() + 1))
    np.add.at(table, (truth, proposal), 1)
    cells = table[1:]  # the truth's background is left out
    lost, shared = cells[:, 0].sum(), cells[:, 1:]  # n lost pixels are n cells of one pixel: n · 1²
    both = pairs(shared) + lost
    in_truth = pairs(cells.sum(axis=1))
    in_proposal = pairs(shared.sum(axis=0)) + lost
    return float(both / (in_truth / 2 + in_proposal / 2))


@exercise(
    _label_images,
    (
        "2 * table > table.sum(axis=1, keepdims=True)",
        "table > 0",
        "every cell that is touched counts as held; more than half of it has to lie there",
    ),
    (
        "2 * table > table.sum(axis=1, keepdims=True)",
        "(table > 0) & (2 * table >= table.sum(axis=1, keepdims=True))",
        "exactly half counts already; more than half has to lie there",
    ),
    (
        "2 * table > table.sum(axis=1, keepdims=True)",
        "(table > 0) & (np.arange(table.shape[1]) == table.argmax(axis=1, keepdims=True))",
        "a cell was given to where its largest piece lies; more than half of it has to lie there",
    ),
    (
        "np.maximum(held - 1, 0)",
        "(held > 1)",
        "three cells in one count as one merge; they are two, for two borders are lost",
    ),
    (
        "np.maximum(held - 1, 0)",
        "np.where(held > 1, held, 0)",
        "every cell of a merger is counted; two cells in one are one merge",
    ),
    (
        "np.maximum(held - 1, 0)",
        "(held * (held - 1) // 2)",
        "pairs of cells are counted; three in one are two merges, not three",
    ),
    (
        "extra(table), extra(table.T)",
        "extra(table.T), extra(table)",
        "merges and splits are exchanged; cells of the truth run together in a merge",
    ),
    (
        "lies_in[1:, 1:]",
        "lies_in[1:]",
        "the background holds cells like a cell; what lies in label 0 is lost, not merged",
    ),
    (
        "return extra(table), extra(table.T)",
        "more = len(np.unique(truth[truth > 0])) - len(np.unique(proposal[proposal > 0]))\n"
        "    return max(more, 0), max(-more, 0)",
        "you compared the numbers of cells; a merge and a split hide each other in them",
    ),
    (
        "extra(table.T)",
        "extra(table.T * (np.arange(len(table)) > 0))",
        "a piece that lies mostly in the background is no split; count all of its pixels, not those in cells",
    ),
    (
        "extra(table.T)",
        "0",
        "no split is ever found: more than half of the piece has to lie in the cell, not the reverse",
    ),
)
def merges_and_splits(truth: Array, proposal: Array) -> tuple[int, int]:
    def extra(table: NDArray[Any]) -> int:
        lies_in = 2 * table > table.sum(axis=1, keepdims=True)
        held = lies_in[1:, 1:].sum(axis=0)  # cells of the rows, for each cell of the columns
        return int(np.maximum(held - 1, 0).sum())

    table = np.zeros((truth.max() + 1, proposal.max() + 1), int)
    np.add.at(table, (truth, proposal), 1)
    return extra(table), extra(table.T)


EXERCISES = (leaking, momentum_steps, iou_of_class, choose_cut, rand_by_table, merges_and_splits)
