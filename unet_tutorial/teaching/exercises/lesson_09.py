"""Lesson 09, training: what leaks from training into the test, SGD with momentum, and where a cut is chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.teaching.checking.exercise import Case, Exercise

Array = NDArray[Any]
Crop = tuple[str, int, tuple[int, int]]  # stack, slice, (top, left)
Slice = tuple[str, int]

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


def _near(a: Crop, b: Crop) -> bool:
    return a[0] == b[0] and abs(a[1] - b[1]) <= 1


def _slices(crops: list[Crop]) -> list[Slice]:
    return sorted({crop[:2] for crop in crops})


def _found(related: Callable[[Crop, Crop], bool]) -> Callable[[list[Crop], list[Crop]], list[Slice]]:
    return lambda train, test: _slices([b for b in test if any(related(a, b) for a in train)])


leaking = Exercise(
    "leaking",
    _found(_near),
    _crops,
    {
        "you looked for the same crop in both lists; another crop of the same slice leaks too": (
            _found(lambda a, b: a == b)
        ),
        "you looked for the same slice only; its two neighbours show almost the same tissue": (
            _found(lambda a, b: a[:2] == b[:2])
        ),
        "slice 3 of one stack has nothing to do with slice 3 of another; compare the stacks too": (
            _found(lambda a, b: abs(a[1] - b[1]) <= 1)
        ),
        "you looked only at the training slice before; the one behind leaks as well": (
            _found(lambda a, b: a[0] == b[0] and b[1] - a[1] in (0, 1))
        ),
        "you looked only at the training slice behind; the one before leaks as well": (
            _found(lambda a, b: a[0] == b[0] and a[1] - b[1] in (0, 1))
        ),
        "two slices away is far enough here; only the same slice and its neighbours leak": (
            _found(lambda a, b: a[0] == b[0] and abs(a[1] - b[1]) <= 2)
        ),
        "you named every slice whose stack is trained on; only the same slice and its neighbours leak": (
            _found(lambda a, b: a[0] == b[0])
        ),
        "only crops at the same place were compared; where a crop lies does not matter": (
            _found(lambda a, b: _near(a, b) and a[2] == b[2])
        ),
        "these are training slices; name the slices of the test that are not to be trusted": (
            lambda train, test: _found(_near)(test, train)
        ),
        "these are the slices that do not leak; name those that do": (
            lambda train, test: sorted(set(_slices(test)) - set(_found(_near)(train, test)))
        ),
        "a slice stands there once for each of its crops; name it once": (
            lambda train, test: sorted(b[:2] for b in test if any(_near(a, b) for a in train))
        ),
    },
)

Rule = Callable[[Array, Array, Array, float, float], tuple[Array, Array]]


def _stepping(rule: Rule) -> Callable[[Array, Array, float, float], Array]:
    """The weights after every step of a rule (weights, velocity, gradient, rate, momentum) -> weights, velocity."""

    def steps(weights: Array, gradients: Array, rate: float, momentum: float) -> Array:
        rows, velocity = [], np.zeros_like(weights)
        for gradient in gradients:
            weights, velocity = rule(weights, velocity, gradient, rate, momentum)
            rows.append(weights)
        return np.stack(rows)

    return steps


def _sum(v: Array, g: Array, m: float) -> Array:
    return m * v + g


def _by_velocity(velocity: Callable[[Array, Array, float], Array], sign: float = 1.0) -> Rule:
    def rule(w: Array, v: Array, g: Array, rate: float, m: float) -> tuple[Array, Array]:
        new = velocity(v, g, m)
        return w - sign * rate * new, new

    return rule


def _gradients(seed: int) -> Iterator[Case]:
    rng = np.random.default_rng(seed)
    yield rng.normal(size=(2, 3)), rng.normal(size=(6, 2, 3)), 0.1, 0.99
    yield rng.normal(size=4), rng.normal(size=(3, 4)), 0.02, 0.5


momentum_steps = Exercise(
    "momentum_steps",
    _stepping(_by_velocity(_sum)),
    _gradients,
    {
        "that is plain SGD: the velocity of the step before is lost": _stepping(_by_velocity(lambda _v, g, _m: g)),
        "the gradient is damped by 1 - momentum; it enters whole, so that steps add up to 100 times one": (
            _stepping(_by_velocity(lambda v, g, m: m * v + (1 - m) * g))
        ),
        "you went uphill; a step goes against the velocity": _stepping(_by_velocity(_sum, -1.0)),
        "the momentum shrinks the weights; it is the old velocity that it multiplies": (
            _stepping(lambda w, v, g, rate, m: (m * w - rate * g, v))
        ),
        "the step uses the velocity of before; bring in the new gradient first": (
            _stepping(lambda w, v, g, rate, m: (w - rate * v, _sum(v, g, m)))
        ),
        "that is Nesterov's form, which looks a step ahead; the plain one steps by the velocity": (
            _stepping(lambda w, v, g, rate, m: (w - rate * (g + m * _sum(v, g, m)), _sum(v, g, m)))
        ),
        "the momentum multiplies the new gradient; it belongs to the old velocity": (
            _stepping(_by_velocity(lambda v, g, m: v + m * g))
        ),
        "the velocity never fades; multiply the old one": _stepping(_by_velocity(lambda v, g, _m: v + g)),
        "every row shows the last weights: it is one array, changed in place; keep a copy of each step": (
            lambda w, g, rate, m: np.stack([_stepping(_by_velocity(_sum))(w, g, rate, m)[-1]] * len(g))
        ),
    },
)

EXERCISES = (leaking, momentum_steps)
