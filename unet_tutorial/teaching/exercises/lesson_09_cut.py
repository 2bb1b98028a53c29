"""Lesson 09, pixels: the IoU of one class, and a cut that is chosen without a look at the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.teaching.checking.exercise import Case, Exercise

Array = NDArray[Any]
Stacks = tuple[Array, Array]  # probability of cell, truth: (N, H, W) each
Choose = Callable[[Sequence[float], Stacks, Stacks], tuple[float, float]]


def _classes(seed: int) -> Iterator[Case]:
    rng = np.random.default_rng(seed)
    for shape in ((5, 7), (2, 4, 6)):
        truth = rng.integers(0, 4, shape)
        proposal = np.where(rng.random(shape) < 0.6, truth, rng.integers(0, 4, shape))
        truth.flat[:8] = proposal.flat[3:11] = (0, 1, 2, 3, 3, 2, 1, 0)
        yield from ((proposal.astype(np.uint8), truth.astype(np.uint8), label) for label in (0, 1, 3))
        yield proposal, np.where(truth == 2, 1, truth), 2  # found where there is none
        yield proposal, truth, 7  # in neither


def _share(part: Any, whole: Any) -> float:
    return float(np.sum(part) / np.sum(whole)) if np.any(whole) else 1.0


def _iou(p: Array, t: Array, label: int) -> float:
    return _share((p == label) & (t == label), (p == label) | (t == label))


def _dice(p: Array, t: Array, label: int) -> float:
    iou = _iou(p, t, label)
    return 2 * iou / (1 + iou)


def _with_empty(value: float) -> Callable[[Array, Array, int], float]:
    return lambda p, t, c: _iou(p, t, c) if np.any((p == c) | (t == c)) else value


iou_of_class = Exercise(
    "iou_of_class",
    _iou,
    _classes,
    {
        "that is the Dice: it counts the intersection twice, above and below; divide by the union": _dice,
        "that is the accuracy of the class; pixels that are rightly something else do not count": (
            lambda p, t, c: float(np.mean((p == c) == (t == c)))
        ),
        "that is the accuracy over all classes; take the pixels of the one that is asked for": (
            lambda p, t, _c: float(np.mean(p == t))
        ),
        "that is the mean over all classes; give the one that is asked for": (
            lambda p, t, _c: float(np.mean([_iou(p, t, c) for c in np.union1d(p, t)]))
        ),
        "that is the precision; divide by the union, and not by the proposal's pixels": (
            lambda p, t, c: _share((p == c) & (t == c), p == c)
        ),
        "that is the recall; divide by the union, and not by the truth's pixels": (
            lambda p, t, c: _share((p == c) & (t == c), t == c)
        ),
        "you took all classes above 0 as one; take the pixels that carry the label": (
            lambda p, t, _c: _share((p > 0) & (t > 0), (p > 0) | (t > 0))
        ),
        "divided by the sum of both sizes, the intersection counts twice; divide by the union": (
            lambda p, t, c: _dice(p, t, c) / 2 if np.any((p == c) | (t == c)) else 1.0
        ),
        "a class that neither image has gives 0; nothing is wrong with it, so 1": _with_empty(0.0),
        "a class that neither image has makes 0 / 0; nothing is wrong with it, so 1": _with_empty(float("nan")),
        "the rows, or images, were scored one by one and averaged; pool all pixels": (
            lambda p, t, c: float(np.mean([_iou(a, b, c) for a, b in zip(p, t, strict=True)]))
        ),
    },
)


def _stacks(rng: np.random.Generator, shifts: Sequence[float]) -> Stacks:
    """One image for each shift, its probabilities in steps of 0.05, around the shift and with a long tail."""
    cell = rng.random((len(shifts), 9, 11)) < 0.4
    noise = rng.gamma(1.5, 0.09, cell.shape)
    p = np.array(shifts)[:, None, None] + np.where(cell, 0.2, 0) + noise
    return np.clip(np.round(20 * p), 1, 19) / 20, cell


def _cut_cases(seed: int) -> Iterator[Case]:
    rng = np.random.default_rng(seed)
    cuts = [part / 100 for tenth in range(10, 100, 10) for part in (tenth, tenth + 1, tenth + 2)]
    yield cuts, _stacks(rng, (0.15, 0.1, 0.05, 0.2, 0.3)), _stacks(rng, (0.15, 0.1))
    yield cuts, _stacks(rng, (0.1, 0.4, 0.45, 0.05)), _stacks(rng, (0.25, 0.3, 0.15))


Called = Callable[[Array, float], Array]


def _error(stacks: Stacks, cut: float, called: Called = np.greater) -> float:
    return float(np.mean(called(stacks[0], cut) != stacks[1]))


def _best(cuts: Sequence[float], stacks: Stacks, called: Called = np.greater) -> float:
    return min(cuts, key=lambda cut: _error(stacks, cut, called))


def _tested(choose: Callable[[Sequence[float], Stacks], float]) -> Choose:
    return lambda cuts, train, test: (cut := choose(cuts, train), _error(test, cut))


def _on(stacks: Callable[[Stacks, Stacks], Stacks]) -> Choose:
    """The cut chosen on other images than those of training."""
    return lambda cuts, train, test: (cut := _best(cuts, stacks(train, test)), _error(test, cut))


choose_cut = Exercise(
    "choose_cut",
    _tested(_best),
    _cut_cases,
    {
        "the cut was chosen on the test images: the error flatters; choose on the training images": (
            _on(lambda _train, test: test)
        ),
        "test images helped to choose the cut; choose on the training images alone": (
            _on(lambda train, test: (np.concatenate((train[0], test[0])), np.concatenate((train[1], test[1]))))
        ),
        "that is the error on the training images, which the cut was chosen on; report the test's": (
            lambda cuts, train, _test: (_best(cuts, train), _error(train, _best(cuts, train)))
        ),
        "0.5 was taken without a choice; try every cut on the training images": _tested(lambda _cuts, _train: 0.5),
        "cell is above the cut; you called a pixel on the cut a cell too": (
            lambda cuts, train, test: (cut := _best(cuts, train, np.greater_equal), _error(test, cut, np.greater_equal))
        ),
        "of equal cuts you took the last; take the lowest": _tested(lambda cuts, train: _best(cuts[::-1], train)),
        "you chose on the first training image; choose on all of them together": (
            _on(lambda train, _test: (train[0][:1], train[1][:1]))
        ),
        "the best cuts of the images were averaged; choose one on all images together": (
            _tested(lambda cuts, train: float(np.mean([_best(cuts, pair) for pair in zip(*train, strict=True)])))
        ),
        "that is the share of right pixels; the share of wrong ones is wanted": (
            lambda cuts, train, test: (_best(cuts, train), 1 - _error(test, _best(cuts, train)))
        ),
    },
)

EXERCISES = (iou_of_class, choose_cut)
