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
        "you looked for the same crop in both lists; another crop of the same slice leaks, too",
    ),
    ("(-1, 0, 1)", "(0,)", "you looked for the same slice only; its two neighbours show almost the same tissue"),
    (
        "close & tested",
        "(stack, number) for stack, number in tested if number in {near for _, near in close}",
        "slice 3 of one stack has nothing to do with slice 3 of another; compare the stacks, too",
    ),
    ("(-1, 0, 1)", "(0, 1)", "only one neighbour is compared; a training slice on either side makes a test slice leak"),
    (
        "(-1, 0, 1)",
        "(-1, 0)",
        "only one neighbour is compared; a training slice on either side makes a test slice leak",
    ),
    (
        "(-1, 0, 1)",
        "(-2, -1, 0, 1, 2)",
        "two slices away is far enough here; only the same slice and its neighbours leak",
    ),
    (
        "close & tested",
        "(stack, number) for stack, number in tested if stack in {name for name, _ in close}",
        "you returned every slice whose stack is trained on; only the same slice and its neighbours leak",
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
        "these are slices of the training; return the slices of the test that leak",
    ),
    ("close & tested", "tested - close", "these are the test slices that do not leak; return those that do"),
    (
        "close & tested",
        "crop[:2] for crop in test if crop[:2] in close",
        "a slice is there once for each of its crops; return each slice once",
    ),
    ("(-1, 0, 1)", "(-1, 1)", "only the neighbours are compared; a slice that is trained on itself leaks, too"),
    (
        "close & tested",
        "(stack, number) for stack, number in tested if number in {n for _, n, _ in train}",
        "slice 3 of one stack has nothing to do with slice 3 of another; compare the stacks, too",
    ),
    (
        "return sorted(close & tested)",
        "return list(dict.fromkeys(crop[:2] for crop in test if crop[:2] in close))",
        "the slices are right, but not sorted",
    ),
    (
        "return sorted(close & tested)",
        "return sorted(close & tested, key=lambda each: (each[1], each[0]))",
        "the slices are sorted by their number; sort the pairs, so that the stack comes first",
    ),
    (
        "close & tested",
        "{crop for crop in test if crop[:2] in close}",
        "these are crops; return each slice as (stack, slice), once",
    ),
    (
        "close & tested",
        "crop for crop in test if crop[:2] in close",
        "these are crops; return each slice as (stack, slice), once",
    ),
    ("close & tested", "{number for _, number in close & tested}", "the stack is missing; return pairs (stack, slice)"),
    ("close & tested", "{stack for stack, _ in close & tested}", "these are the stacks; return pairs (stack, slice)"),
    (
        "close & tested",
        "tested",
        "these are all slices of the test; return those that leak: compare them with the training",
    ),
    ("close & tested", "close", "these are all slices that may not be tested; return only slices of the test"),
    (
        "close & tested",
        "(close & tested) | {(a, n) for a, n, _ in train if {(a, n - 1), (a, n), (a, n + 1)} & tested}",
        "slices of the training are in the list; return the slices of the test that leak",
    ),
    ("return sorted(close & tested)", "return len(close & tested)", "that is their number; return the list of slices"),
    (
        "close & tested",
        "{a for a, b in ((a[:2], b) for a, b in zip(test, train)) if a[0] == b[0] and abs(a[1] - b[1]) <= 1}",
        "zip pairs the crops by their place in the lists; compare each test crop with all training crops",
    ),
    (
        "close & tested",
        "{(a, n) for a, n in tested for b, m, _ in train if a == b and n - m <= 1}",
        "the difference of two slices can be negative; compare abs(difference) <= 1",
    ),
    (
        "close & tested",
        "{(a, n) for a, n in tested for b, m, _ in train if a == b and m - n <= 1}",
        "the difference of two slices can be negative; compare abs(difference) <= 1",
    ),
    (
        "close & tested",
        "[f'{stack}{number}' for stack, number in close & tested]",
        "these are strings; return pairs (stack, slice)",
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
    ("momentum * velocity + gradient", "gradient", "that is plain SGD: the velocity of the step before is missing"),
    (
        "+ gradient",
        "+ (1 - momentum) * gradient",
        "the gradient is multiplied by 1 - momentum (dampening); add the whole gradient to the velocity",
    ),
    ("weights - rate", "weights + rate", "the sign is wrong: subtract rate * velocity from the weights"),
    (
        "weights - rate * velocity",
        "momentum * weights - rate * gradient",
        "the momentum multiplies the weights; it multiplies the velocity of the step before",
    ),
    (
        "velocity = momentum * velocity + gradient\n        weights = weights - rate * velocity",
        "weights = weights - rate * velocity\n        velocity = momentum * velocity + gradient",
        "the result is one step late: update the velocity, then the weights, and then append the weights",
    ),
    (
        "rate * velocity",
        "rate * (gradient + momentum * velocity)",
        "that is Nesterov's form; without it the step is rate * velocity",
    ),
    (
        "momentum * velocity + gradient",
        "velocity + momentum * gradient",
        "the momentum multiplies the new gradient; it has to multiply the old velocity",
    ),
    ("momentum * velocity", "velocity", "the old velocity is not multiplied by the momentum"),
    (
        "    for gradient",
        "    weights = weights.copy()\n    for gradient",
        "weights = weights - rate",
        "weights -= rate",
        "all rows are the last weights: one array is changed in place; store a copy at each step",
    ),
    (
        "    for gradient in gradients:\n",
        "    after.append(weights)\n    for gradient in gradients:\n",
        "the weights at the start are in the result, too; begin with those after the first step",
    ),
    ("np.array(after)", "after[-1]", "only the last weights are returned; return those after every step"),
    ("np.array(after)", "after[0]", "only the first step is returned: does the return stand inside the loop?"),
    (
        "momentum * velocity",
        "rate * velocity",
        "rate * velocity\n        after",
        "momentum * velocity\n        after",
        "rate and momentum are exchanged",
    ),
    (
        "        weights = weights - rate * velocity\n        after.append(weights)",
        "        after.append(weights - rate * velocity)",
        "each step begins at the first weights; begin it at the weights of the step before",
    ),
    (
        "        weights = weights - rate * velocity\n        after.append(weights)",
        "        after.append(weights - rate * gradient)",
        "each step begins at the first weights; begin it at the weights of the step before",
    ),
    (
        "momentum * velocity + gradient\n        weights = weights - rate * velocity",
        "momentum * velocity + gradient\n        weights = weights - rate * velocity\n        velocity = gradient",
        "only the gradient of the step before is used; keep the velocity, which holds all earlier gradients",
    ),
    ("rate * velocity", "velocity", "the rate is missing: a step is rate * velocity"),
    ("+ gradient", "+ rate * gradient", "the rate is multiplied twice: use it for the velocity or for the step"),
    (
        "rate * velocity",
        "rate * momentum * velocity",
        "the step is multiplied by the momentum, too; it is rate * velocity",
    ),
    (
        "momentum * velocity + gradient",
        "(1 - momentum) * velocity + gradient",
        "the old velocity is multiplied by 1 - momentum; multiply it by momentum",
    ),
    (
        "momentum * velocity + gradient",
        "(1 - momentum) * velocity + momentum * gradient",
        "that is a running mean; the velocity is momentum * velocity + gradient",
    ),
    (
        "momentum * velocity + gradient",
        "momentum * velocity - gradient",
        "the sign is wrong: subtract rate * velocity from the weights",
    ),
    ("after.append(weights)", "after.append(velocity)", "these are the velocities; return the weights after each step"),
    (
        "after.append(weights)",
        "after.append(-rate * velocity)",
        "these are the steps; return the weights after each step",
    ),
    (
        "after.append(weights)",
        "after.append(rate * velocity)",
        "these are the steps; return the weights after each step",
    ),
    ("np.array(after)", "np.stack(after, axis=-1)", "the steps are the last axis; they have to be the first"),
    ("np.array(after)", "np.concatenate(after)", "the steps are joined; np.stack gives them an axis of their own"),
    (
        "momentum * velocity + gradient",
        "momentum ** len(after) * gradient",
        "later gradients count less than earlier ones; it is the reverse: update the velocity step by step",
    ),
    (
        "momentum * velocity + gradient\n        weights = weights - rate * velocity",
        "(gradient - momentum * velocity)\n        weights = weights - rate * velocity",
        "the old velocity is subtracted; add momentum * velocity",
    ),
    (
        "rate * velocity",
        "rate / (len(after) + 1) * velocity",
        "the rate falls from step to step; it stays as it is",
    ),
    (
        "velocity = momentum * velocity + gradient",
        "velocity = (momentum * velocity + (1 - momentum) * gradient) if after else gradient",
        "from the second step on, the gradient is multiplied by 1 - momentum (dampening); add the whole gradient",
    ),
    (
        "+ gradient",
        "+ gradient / np.linalg.norm(gradient)",
        "the gradient is divided by its length; use it as it is",
    ),
    (
        "gradient in gradients",
        "gradient in [gradients[i] for i in range(len(weights))]",
        "the loop has one step per weight; it needs one step per gradient, len(gradients)",
    ),
    (
        "gradient in gradients",
        "gradient in gradients[1:]",
        "the first gradient is left out",
    ),
    (
        "gradient in gradients",
        "gradient in gradients[:-1]",
        "the last gradient is left out",
    ),
    (
        "weights = weights - rate * velocity",
        "weights = weights - rate * (velocity + gradient)",
        "the gradient is there twice: the velocity has it already",
    ),
    (
        "rate * velocity",
        "rate * velocity.mean()",
        "the mean of the velocity is used; each weight has its own",
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
        yield np.where(proposal == 3, 1, proposal), truth, 3  # not found
        yield proposal, truth, 7  # in neither


@exercise(
    _classes,
    (
        "np.sum(found & wanted) / union",
        "2 * np.sum(found & wanted) / (np.sum(found) + np.sum(wanted))",
        "that is the Dice score, 2 · intersection / (sum of both sizes); the IoU is intersection / union",
    ),
    (
        "np.sum(found & wanted) / union) if union else 1.0",
        "np.mean(found == wanted))",
        "that is the share of right pixels; pixels of other classes do not count in the IoU",
    ),
    (
        "np.sum(found & wanted) / union) if union else 1.0",
        "np.mean(proposal == truth))",
        "that is the share of right pixels over all classes; use only the pixels that carry the label",
    ),
    (
        "np.sum(found & wanted) / union) if union else 1.0",
        "np.mean([np.sum((proposal == c) & (truth == c)) / np.sum((proposal == c) | (truth == c))"
        " for c in np.union1d(proposal, truth)]))",
        "that is the mean IoU over all classes; return the IoU of `label` only",
    ),
    ("found | wanted", "found", "that is the precision; divide by the union, not by the pixels of the proposal"),
    ("found | wanted", "wanted", "that is the recall; divide by the union, not by the pixels of the truth"),
    (
        "proposal == label, truth == label",
        "proposal > 0, truth > 0",
        "you took all classes above 0 as one; take the pixels that carry the label",
    ),
    (
        "/ union",
        "/ (np.sum(found) + np.sum(wanted))",
        "the sum of both sizes counts the intersection twice; divide by the union",
    ),
    ("1.0", "0.0", "a class that neither image has gives 0; nothing is wrong with it, so 1"),
    ("1.0", "np.nan", "a class that neither image has makes 0 / 0; nothing is wrong with it, so 1"),
    (
        "np.sum(found & wanted) / union) if union else 1.0",
        "np.mean([np.sum(f & w) / np.sum(f | w) if np.any(f | w) else 1.0 for f, w in zip(found, wanted)]))",
        "the rows or the slices are scored one by one and averaged; count over all pixels at once",
    ),
    (
        "np.sum(found & wanted) / union) if union else 1.0",
        "np.mean([np.sum(f & w) / np.sum(f | w) if np.any(f | w) else 1.0"
        " for f, w in zip(found.reshape(-1, *found.shape[-2:]), wanted.reshape(-1, *found.shape[-2:]))]))",
        "the rows or the slices are scored one by one and averaged; count over all pixels at once",
    ),
    (
        "np.sum(found & wanted) / union) if union else 1.0",
        "np.nanmean([np.sum(f & w) / np.sum(f | w) if np.any(f | w) else np.nan"
        " for f, w in zip(found.reshape(-1, *found.shape[-2:]), wanted.reshape(-1, *found.shape[-2:]))]))",
        "the rows or the slices are scored one by one and averaged; count over all pixels at once",
    ),
    (
        "float(np.sum(found & wanted) / union) if union else 1.0",
        "float(int(np.sum(found & wanted)) / int(union))",
        "a class that neither image has makes 0 / 0; nothing is wrong with it, so return 1",
    ),
    (
        "float(np.sum(found & wanted) / union) if union else 1.0",
        "float(np.sum(found & wanted)) / float(union)",
        "a class that neither image has makes 0 / 0; nothing is wrong with it, so return 1",
    ),
    (
        "    union =",
        "    if not wanted.any():\n        return 1.0\n    union =",
        "a class that only one image has scores 0; return 1 only if neither image has it",
    ),
    (
        "    union =",
        "    if not found.any():\n        return 1.0\n    union =",
        "a class that only one image has scores 0; return 1 only if neither image has it",
    ),
    (
        "    union =",
        "    if not found.any() or not wanted.any():\n        return 1.0\n    union =",
        "a class that only one image has scores 0; return 1 only if neither image has it",
    ),
    ("found | wanted", "found ^ wanted", "^ leaves the intersection out; the union is found | wanted"),
    (
        "np.sum(found & wanted) / union",
        "(np.sum(found & wanted) + 1) / (union + 1)",
        "you added 1 to both numbers; treat the class that neither image has on its own",
    ),
    (
        "found & wanted)",
        "proposal == truth)",
        "agreement on other classes is counted, too; the intersection is found & wanted",
    ),
    (
        "found & wanted) /",
        "found == wanted) /",
        "pixels in neither are counted, too; the intersection is found & wanted",
    ),
    (
        "found & wanted) /",
        "found | wanted) /",
        "that is the union divided by itself; the intersection is found & wanted",
    ),
    (
        "np.sum(found & wanted) / union) if union else 1.0",
        "len(np.intersect1d(proposal, truth)) / len(np.union1d(proposal, truth)))",
        "these are sets of class numbers; compare pixel by pixel: proposal == label",
    ),
    ("proposal == label, truth == label", "proposal == 1, truth == 1", "the class is always 1; use `label`"),
    ("/ union", "/ proposal.size", "the intersection is divided by all pixels; divide by the union"),
    (
        "np.sum(found & wanted) / union) if union else 1.0",
        "np.sum(found & wanted) / proposal.size) if union else 1.0",
        "the intersection is divided by all pixels; divide by the union",
    ),
    (
        "np.sum(found & wanted) / union) if union else 1.0",
        "min(np.sum(found), np.sum(wanted)) / max(np.sum(found), np.sum(wanted), 1)) if union else 1.0",
        "the sizes are compared; two regions of the same size may lie in different places",
    ),
    ("/ union", "// union", "// rounds down to 0; divide with /"),
    (
        "    union = np.sum(found | wanted)",
        "    union = np.sum((proposal > 0) | (truth > 0))",
        "the union holds all classes above 0; take the pixels that carry the label in either image",
    ),
    (
        "np.sum(found & wanted) / union) if union else 1.0",
        "(np.sum(found & wanted) / union + np.sum(~found & ~wanted) / np.sum(~found | ~wanted)) / 2) if union else 1.0",
        "that is the mean IoU of the class and of all other pixels; return the IoU of the class",
    ),
    ("if union else 1.0", "if union else -1.0", "a class that neither image has scores 1: nothing is wrong with it"),
    (
        "if union else 1.0",
        "if union else None",
        "a class that neither image has needs a result, too: nothing is wrong with it, so 1",
    ),
    (
        "float(np.sum(found & wanted) / union) if union else 1.0",
        "np.sum(found & wanted, axis=0) / np.maximum(np.sum(found | wanted, axis=0), 1)",
        "sum over all pixels, without an axis; the result is one number",
    ),
    (
        "float(np.sum(found & wanted) / union) if union else 1.0",
        "np.sum(found & wanted)",
        "that is the size of the intersection; divide it by the union",
    ),
    (
        "np.sum(found & wanted) / union) if union else 1.0",
        "np.sum(found & wanted) / (np.sum(found) + np.sum(wanted) + np.sum(found & wanted))) if union else 1.0",
        "the intersection is added to the sum of both sizes; subtract it to get the union",
    ),
    forbidden=("unet_tutorial.metrics.pixels.iou",),
)
def iou_of_class(proposal: Array, truth: Array, label: int) -> float:
    found, wanted = proposal == label, truth == label
    union = np.sum(found | wanted)
    return float(np.sum(found & wanted) / union) if union else 1.0


def _stacks(rng: np.random.Generator, shifts: Sequence[float], share: float = 0.4) -> Stacks:
    """One image per shift: probabilities around the shift, rounded to 0.05, with a long tail of large values.

    ``share`` is the share of cell.
    """
    cell = rng.random((len(shifts), 9, 11)) < share
    noise = rng.gamma(1.5, 0.09, cell.shape)
    p = np.array(shifts)[:, None, None] + np.where(cell, 0.2, 0) + noise
    return np.clip(np.round(20 * p), 1, 19) / 20, cell


def _thresholds(seed: int) -> Iterator[Case]:
    rng = np.random.default_rng(seed)
    cuts = [part / 100 for tenth in range(10, 100, 10) for part in (tenth, tenth + 1, tenth + 2)]
    yield cuts, _stacks(rng, (0.15, 0.1, 0.05, 0.2, 0.3)), _stacks(rng, (0.15, 0.1))
    yield cuts, _stacks(rng, (0.1, 0.4, 0.45, 0.05)), _stacks(rng, (0.25, 0.3, 0.15))
    yield cuts, _stacks(rng, (0.2, 0.45, 0.3), 0.75), _stacks(rng, (0.5, 0.55), 0.6)


@exercise(
    _thresholds,
    (
        "cell = train",
        "cell = test",
        "the cut was chosen on the test images, so the error is too optimistic; choose on the training images",
    ),
    (
        "cell = train",
        "cell = (np.concatenate(pair) for pair in zip(train, test))",
        "test images helped to choose the cut; choose on the training images alone",
    ),
    (
        "test[0] > cut) != test[1]",
        "probability > cut) != cell",
        "that is the error on the training images, on which the cut was chosen; return the error on the test images",
    ),
    ("cuts[int(np.argmin(errors))]", "0.5", "the cut is always 0.5; try every cut on the training images"),
    (
        "probability >",
        "probability >=",
        "test[0] >",
        "test[0] >=",
        "a pixel is a cell where its probability is above the cut; use > and not >=",
    ),
    (
        "cuts[int(np.argmin(errors))]",
        "cuts[::-1][int(np.argmin(errors[::-1]))]",
        "of several equal cuts you took the last; take the lowest",
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
    ("!= test[1]", "== test[1]", "that is the share of right pixels; return the share of wrong pixels"),
    (
        "> cut) != cell",
        "< cut) != cell",
        "test[0] > cut",
        "test[0] < cut",
        "a pixel is a cell where its probability is above the cut; use >",
    ),
    ("> cut) != cell", "< cut) != cell", "a pixel is a cell where its probability is above the cut; use >"),
    (
        "return cut, float",
        "return int(np.argmin(errors)), float",
        "that is the index of the cut; return the cut itself",
    ),
    (
        "argmin(errors)",
        "argmax(errors)",
        "that is the cut with the largest share of wrong pixels; take the smallest (a cell is above the cut)",
    ),
    (
        "float(np.mean((test[0] > cut) != test[1]))",
        "float(min(np.mean((test[0] > each) != test[1]) for each in cuts))",
        "the share belongs to another cut, chosen on the test images; use the cut that you return",
    ),
    (
        "float(np.mean((test[0] > cut) != test[1]))",
        "float(np.sum((test[0] > cut) != test[1]))",
        "that is the number of wrong pixels; return their share",
    ),
    (
        "float(np.mean((test[0] > cut) != test[1]))",
        "int(np.sum((test[0] > cut) != test[1]))",
        "that is the number of wrong pixels; return their share",
    ),
    (
        "return cut, float(np.mean((test[0] > cut) != test[1]))",
        "return float(np.mean((test[0] > cut) != test[1]))",
        "the cut is missing; return (cut, share)",
    ),
    (
        "return cut, float(np.mean((test[0] > cut) != test[1]))",
        "return cut",
        "the share of wrong pixels is missing; return (cut, share)",
    ),
    (
        "return cut, float(np.mean((test[0] > cut) != test[1]))",
        "return float(np.mean((test[0] > cut) != test[1])), cut",
        "the order is (cut, share)",
    ),
    (
        "cell = train",
        "cell = (np.concatenate(pair) for pair in zip(train, test))",
        "test[0] > cut) != test[1]",
        "probability > cut) != cell",
        "test images helped to choose the cut, and training images are in the share; keep the two apart",
    ),
    (
        "test[0] > cut) != test[1]",
        "np.concatenate((train[0], test[0])) > cut) != np.concatenate((train[1], test[1]))",
        "training images are in the share, too; compute it on the test images only",
    ),
    (
        "float(np.mean((test[0] > cut) != test[1]))",
        "float(np.mean((test[0] > 0.5) != test[1]))",
        "the share is that of the cut 0.5; use the cut that you chose",
    ),
    (
        "(probability > cut) != cell",
        "(probability > cut) & ~cell",
        "only pixels that are wrongly called cell are counted; missed cells are wrong, too",
    ),
    (
        "(probability > cut) != cell",
        "(probability <= cut) & cell",
        "the lowest cut is chosen in every call: count both kinds of wrong pixels, and compare all cuts",
    ),
    (
        "errors = [np.mean((probability > cut) != cell) for cut in cuts]",
        "errors = [-np.sum((probability > cut) & cell) / np.sum((probability > cut) | cell) for cut in cuts]",
        "you chose by the IoU; choose by the share of wrong pixels",
    ),
    (
        "errors = [np.mean((probability > cut) != cell) for cut in cuts]",
        "errors = [abs(np.mean(probability > cut) - np.mean(cell)) for cut in cuts]",
        "the shares of cell are compared; compare pixel by pixel: (probability > cut) != cell",
    ),
    (
        "cell = train",
        "cell = test",
        "test[0] > cut) != test[1]",
        "train[0] > cut) != train[1]",
        "training and test are exchanged: choose on the training images, report on the test images",
    ),
    (
        "np.mean((probability > cut) != cell) for",
        "np.mean((probability > cut).astype(int) - cell) for",
        "wrong pixels of both kinds cancel in the mean of the differences; compare with !=",
    ),
    (
        "float(np.mean((test[0] > cut) != test[1]))",
        "float(np.mean((test[0] > cut) != test[1]) + min(errors)) / 2",
        "the errors on training and test images are averaged; only the error on the test images may be published",
    ),
    (
        "errors = [np.mean((probability > cut) != cell) for cut in cuts]",
        "errors = [np.abs((probability > cut) * cut - cell).mean() for cut in cuts]",
        "compare the called pixels with the truth: (probability > cut) != cell",
    ),
    (
        "cuts[int(np.argmin(errors))]",
        "float(probability.flat[int(np.argmin(errors))])",
        "the index belongs to `cuts`, not to the pixels",
    ),
    (
        "cuts[int(np.argmin(errors))]",
        "min(errors)",
        "that is the smallest error; the cut is the entry of `cuts` at its place",
    ),
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


HALVES = "1122223340000000", "1111222233333333"  # cell 2 lies half and half; the background lies in a cell


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
    """Pairs drawn by hand with cells cut exactly in half; then two random pairs with moved, merged and split cells."""
    drawn = _named(TRUTH, seed), _named(PROPOSAL, 3 + seed)
    yield tuple(np.flip(image, seed % 2).copy() for image in drawn)
    first, second = (_named(row, seed) for row in HALVES)
    yield from ((first, second), (second, first))
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
        "the pixels on which the proposal is 0 count as one large cell; each of them is a cell of its own",
    ),
    (
        "table[1:]",
        "table[1:, 1:]",
        "cells[:, 0].sum(), cells[:, 1:]",
        "0, cells",
        "pixels on which the proposal is 0 are left out; each of them is a cell of its own",
    ),
    ("table[1:]", "table", "the background of the truth is counted; count only pixels of its cells"),
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
        "you counted pairs of different pixels, n(n - 1); the formula has squares, n²",
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
    (
        "(in_truth / 2 + in_proposal / 2)",
        "in_truth",
        "that is divided by the sum of s² of the truth only; the denominator has ½ of both sums",
    ),
    (
        "(in_truth / 2 + in_proposal / 2)",
        "in_proposal",
        "that is divided by the sum of t² of the proposal only; the denominator has ½ of both sums",
    ),
    ("both / (", "1 - both / (", "that is the error, 1 - V_Rand; return the score itself"),
    (
        "in_truth / 2 + in_proposal / 2",
        "in_truth + in_proposal",
        "the two factors ½ in the denominator are missing: the score of equal images is 1",
    ),
    (
        "both = pairs(shared) + lost",
        "both = pairs(shared)",
        "pixels on which the proposal is 0 are missing in Σp²; each is a cell of its own in both sums",
    ),
    (
        "lost, shared = cells[:, 0].sum()",
        "lost, shared = 0",
        "pixels on which the proposal is 0 are missing in Σp² and in Σt²; each is a cell of its own",
    ),
    (
        "shared.sum(axis=0)",
        "table[:, 1:].sum(axis=0)",
        "in Σt², pixels on the background of the truth are counted; leave them out",
    ),
    (
        "table[1:]",
        "table.T[1:]",
        "the two images are exchanged: the pixels of the truth's cells count, not those of the proposed ones",
    ),
    (
        "you compared the numbers of the cells; they are names: cell 3 of the truth may be cell 8 of the proposal",
        lambda truth, proposal: float(np.mean(truth[truth > 0] == proposal[truth > 0])),
    ),
    (
        "n**2",
        "n",
        "the counts are not squared; the formula has sums of squares",
    ),
    (
        "return float(both / (in_truth / 2 + in_proposal / 2))",
        "return float(both / truth.size**2 * cells.sum() ** 2 / (in_truth / 2 + in_proposal / 2))",
        "p is a share of all pixels; like s and t it is a share of the pixels of the truth's cells",
    ),
    (
        "both / (in_truth / 2 + in_proposal / 2)",
        "both / in_truth / 2 + in_proposal / 2",
        "parentheses are missing around the denominator",
    ),
    (
        "both / (in_truth / 2 + in_proposal / 2)",
        "both / in_truth / 2 + both / in_proposal / 2",
        "that is the arithmetic mean of split and merge score; halve the sum of the two denominators",
    ),
    (
        "both / (in_truth / 2 + in_proposal / 2)",
        "1 + (2 * both - in_truth - in_proposal) / cells.sum() ** 2",
        "that is the Rand index, the share of pairs that agree; V_Rand is Σp² / (½Σs² + ½Σt²)",
    ),
    (
        "table[1:]",
        "table * (np.arange(table.shape[1]) > 0)",
        "the pixels of the proposal's cells are counted; count those of the truth's cells",
    ),
    (
        "both = pairs(shared) + lost",
        "both = pairs(shared) + lost**2",
        "pixels on which the proposal is 0 count as one large cell in Σp²; each of them is a cell of its own",
    ),
    (
        "pairs(shared.sum(axis=0)) + lost",
        "pairs(shared.sum(axis=0)) + lost**2",
        "pixels on which the proposal is 0 count as one large cell in Σt²; each of them is a cell of its own",
    ),
    (
        "pairs(shared.sum(axis=0)) + lost",
        "pairs(shared.sum(axis=0))",
        "pixels on which the proposal is 0 are missing in Σt²; each is a cell of its own in both sums",
    ),
    (
        "pairs(cells.sum(axis=1))",
        "pairs(shared.sum(axis=1))",
        "pixels on which the proposal is 0 are missing in Σs²; they belong to the truth's cells",
    ),
    (
        "both = pairs(shared) + lost",
        "both = pairs(np.diag(table)[1:]) + lost",
        "you compared the numbers of the cells; they are names: cell 3 of the truth may be cell 8 of the proposal",
    ),
    (
        "both = pairs(shared) + lost",
        "both = pairs(shared.max(axis=1)) + lost",
        "only the largest piece of each cell is counted; sum over all pairs of cells",
    ),
    (
        "pairs(cells.sum(axis=1))",
        "pairs(cells.sum(axis=0))",
        "both sums of the denominator run over the proposal; s belongs to the cells of the truth",
    ),
    (
        "in_truth / 2 + in_proposal / 2",
        "in_truth / 2 * in_proposal / 2",
        "the two halves of the denominator are multiplied; add them",
    ),
    (
        "both = pairs(shared) + lost",
        "both = cells.sum() ** 2",
        "square each count, and then add; you squared the sum",
    ),
    (
        "in_proposal = pairs(shared.sum(axis=0)) + lost",
        "scale = (cells.sum() / truth.size) ** 2\n"
        "    in_proposal = (pairs(table[:, 1:].sum(axis=0)) + table[:, 0].sum()) * scale",
        "in Σt², pixels on the background of the truth are counted; leave them out",
    ),
    (
        "in_proposal = pairs(shared.sum(axis=0)) + lost",
        "in_proposal = pairs(table[:, 1:].sum(axis=0)) + table[:, 0].sum()",
        "in Σt², pixels on the background of the truth are counted; leave them out",
    ),
    (
        "both / (in_truth / 2 + in_proposal / 2)",
        "both / (in_truth + in_proposal - both)",
        "that is a form of the IoU; V_Rand is Σp² / (½Σs² + ½Σt²)",
    ),
    (
        "both / (in_truth / 2 + in_proposal / 2)",
        "2 * both / (in_truth / 2 + in_proposal / 2)",
        "the factor 2 is there twice: V_Rand is Σp² / (½Σs² + ½Σt²)",
    ),
    (
        "both / (in_truth / 2 + in_proposal / 2)",
        "both / max(in_truth, in_proposal)",
        "the denominator is the larger sum; take half of both",
    ),
    (
        "both / (in_truth / 2 + in_proposal / 2)",
        "both / cells.sum() ** 2",
        "that is Σp²; divide it by ½Σs² + ½Σt²",
    ),
    forbidden=("unet_tutorial.metrics.rand.v_rand",),
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
        "every overlap counts; a cell lies in another only if more than half of its pixels do",
    ),
    (
        "2 * table > table.sum(axis=1, keepdims=True)",
        "(table > 0) & (2 * table >= table.sum(axis=1, keepdims=True))",
        "exactly half of a cell is not enough; more than half of it has to lie there",
    ),
    (
        "2 * table > table.sum(axis=1, keepdims=True)",
        "(table > 0) & (np.arange(table.shape[1]) == table.argmax(axis=1, keepdims=True))",
        "the largest piece decides; a cell lies in another only if more than half of its pixels do",
    ),
    (
        "np.maximum(held - 1, 0)",
        "(held > 1)",
        "three cells in one count as one merge; they are two merges",
    ),
    (
        "np.maximum(held - 1, 0)",
        "np.where(held > 1, held, 0)",
        "all cells that lie together are counted; two cells in one are one merge, three are two",
    ),
    (
        "np.maximum(held - 1, 0)",
        "(held * (held - 1) // 2)",
        "pairs of cells are counted; three cells in one are two merges, not three",
    ),
    (
        "extra(table), extra(table.T)",
        "extra(table.T), extra(table)",
        "merges and splits are exchanged: two truth cells in one proposed cell are a merge",
    ),
    (
        "lies_in[1:, 1:]",
        "lies_in[1:]",
        "cells that lie in the background count as merged or split; they are lost, which is neither",
    ),
    (
        "return extra(table), extra(table.T)",
        "more = len(np.unique(truth[truth > 0])) - len(np.unique(proposal[proposal > 0]))\n"
        "    return max(more, 0), max(-more, 0)",
        "you compared the numbers of cells; a merge and a split cancel in their difference",
    ),
    (
        "extra(table.T)",
        "extra(table.T * (np.arange(len(table)) > 0))",
        "the half is taken of the pixels that lie in cells; take it of all pixels of a cell, also those on background",
    ),
    (
        "extra(table.T)",
        "0",
        "no split is found: exchange the two images and count again",
    ),
    (
        "        lies_in = 2 * table > table.sum(axis=1, keepdims=True)\n",
        "        lies_in = (2 * table >= table.sum(axis=1, keepdims=True)) & (table > 0)\n"
        "        lies_in &= np.arange(table.shape[1]) == table.argmax(axis=1, keepdims=True)\n",
        "exactly half of a cell is not enough; more than half of it has to lie there",
    ),
    (
        "        lies_in = 2 * table > table.sum(axis=1, keepdims=True)\n",
        "        inner = table * (np.arange(table.shape[1]) > 0)\n"
        "        lies_in = 2 * inner > inner.sum(axis=1, keepdims=True)\n",
        "the half is taken of the pixels that lie in cells; take it of all pixels of a cell, also those on background",
    ),
    (
        "        lies_in = 2 * table > table.sum(axis=1, keepdims=True)\n",
        "        inner = table * (np.arange(table.shape[1]) > 0)\n"
        "        lies_in = (inner > 0) & (np.arange(table.shape[1]) == inner.argmax(axis=1, keepdims=True))\n",
        "the largest piece decides; a cell lies in another only if more than half of its pixels do",
    ),
    (
        "table.sum(axis=1, keepdims=True)",
        "table.sum(axis=0, keepdims=True)",
        "nothing is found: more than half of the first cell has to lie in the other one, not of the other or of both",
    ),
    (
        "extra(table), extra(table.T)",
        "extra(table), extra(table)",
        "the splits are computed like the merges; exchange the two images",
    ),
    (
        "extra(table), extra(table.T)",
        "extra(table.T), extra(table.T)",
        "the merges are computed like the splits; exchange the two images",
    ),
    ("extra(table), extra(table.T)", "extra(table)", "the splits are missing; return (merges, splits)"),
    (
        "extra(table), extra(table.T)",
        "extra(table) + extra(table.T)",
        "merges and splits are added; return (merges, splits)",
    ),
    (
        "lies_in[1:, 1:]",
        "lies_in[:, 1:]",
        "the background counts as a cell that can lie in another one; leave label 0 out",
    ),
    ("lies_in[1:, 1:]", "lies_in", "the background counts as a cell in both images; leave label 0 out"),
    (
        "np.maximum(held - 1, 0).sum()",
        "(table[1:].sum(axis=1) > 0).sum() - (held > 0).sum()",
        "cells that are lost in the background are counted as merged or split; they are neither",
    ),
    (
        "np.maximum(held - 1, 0).sum()",
        "max(held.sum() - 1, 0)",
        "1 is subtracted once for all cells; subtract it for each cell in which others lie",
    ),
    (
        "np.maximum(held - 1, 0).sum()",
        "np.maximum(held - 1, 0).max()",
        "that is the largest number in one cell; add the numbers of all cells",
    ),
    ("np.maximum(held - 1, 0).sum()", "(held - 1).sum()", "a cell in which none lies counts as -1; it counts as 0"),
    (
        "    table = np.zeros",
        "    first = len(np.unique(truth)), len(np.unique(proposal))\n    table = np.zeros",
        "extra(table), extra(table.T)",
        "extra(table[: first[0]]), extra(table.T[: first[1]])",
        "the numbers of the cells have gaps; go through np.unique, not through 1, 2, 3, …",
    ),
    (
        "np.maximum(held - 1, 0).sum()",
        "(held > 0).sum()",
        "cells in which others lie are counted; only the second and later cells in the same one are merges",
    ),
    (
        "np.maximum(held - 1, 0).sum()",
        "held.sum()",
        "all cells that lie in another one are counted; only the second and later ones in the same cell are merges",
    ),
    (
        "extra(table), extra(table.T)",
        "extra(table), len(np.unique(proposal)) - len(np.unique(truth))",
        "the splits are the difference of the numbers of cells; count them like the merges, with the images exchanged",
    ),
    (
        "extra(table), extra(table.T)",
        "extra(table), int(np.maximum((table[1:, 1:] > 0).sum(axis=1) - 1, 0).sum())",
        "for the splits every overlap counts; a proposed cell lies in a truth cell if more than half of it does",
    ),
    (
        "extra(table), extra(table.T)",
        "(extra(table) > 0, extra(table.T) > 0)",
        "return the numbers of merges and splits, not whether there are any",
    ),
    forbidden=("unet_tutorial.metrics.merges_and_splits.merges", "unet_tutorial.metrics.merges_and_splits.splits"),
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
