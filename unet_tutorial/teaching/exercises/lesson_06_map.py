"""Lesson 06, the map: the border term of equation 2, and the whole of it for the tile that the net is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.teaching.checking.exercise import Case, Exercise
from unet_tutorial.teaching.exercises.lesson_06_distances import alone, distances, scattered

Map = NDArray[np.float64]


def _terms(seed: int) -> Iterator[Case]:
    for labels, w0, sigma in ((scattered(seed), 10.0, 5.0), (scattered(seed + 5), 3.0 + seed, 1.5)):
        yield labels, *distances(labels), w0, sigma
    yield alone(seed), *distances(alone(seed)), 10.0, 4.0


def _term(power: Callable[[Map, Map, float], Map]) -> Callable[..., Map]:
    """The border term with another exponent."""
    return lambda labels, d1, d2, w0, sigma: w0 * np.exp(-power(d1, d2, sigma)) * (labels == 0)


def _power(d1: Map, d2: Map, sigma: float) -> Map:
    return np.square((d1 + d2) / sigma) / 2


border_term = Exercise(
    "border_term",
    _term(_power),
    _terms,
    {
        "the squares were added; the square of the sum is wanted, (d1 + d2)²": (
            _term(lambda d1, d2, s: (d1**2 + d2**2) / (2 * s**2))
        ),
        "sigma is not squared": _term(lambda d1, d2, s: (d1 + d2) ** 2 / (2 * s)),
        "the factor 2 below the line is missing": _term(lambda d1, d2, s: (d1 + d2) ** 2 / s**2),
        "/ 2 * sigma**2 divides by 2 and multiplies by sigma²; put brackets round 2σ²": (
            _term(lambda d1, d2, s: (d1 + d2) ** 2 / 2 * s**2)
        ),
        "2σ² is not (2σ)²; only sigma is squared": _term(lambda d1, d2, s: (d1 + d2) ** 2 / (2 * s) ** 2),
        "the sum is not squared": _term(lambda d1, d2, s: (d1 + d2) / (2 * s**2)),
        "d1 stands in both places: every cell wears a halo": _term(lambda d1, _d2, s: (2 * d1) ** 2 / (2 * s**2)),
        "d2 is missing": _term(lambda d1, _d2, s: d1**2 / (2 * s**2)),
        "an infinite d2 was made 0; leave it, exp(-∞) is 0": _term(lambda d1, d2, s: _power(d1, _finite(d2), s)),
        "you took the mean of d1 and d2; their sum is wanted": _term(lambda d1, d2, s: _power(d1 / 2, d2 / 2, s)),
        "the cells have a term too; it is 0 inside them": (
            lambda _labels, d1, d2, w0, sigma: w0 * np.exp(-_power(d1, d2, sigma))
        ),
        "the term stands in the cells and not between them": (
            lambda labels, d1, d2, w0, sigma: w0 * np.exp(-_power(d1, d2, sigma)) * (labels > 0)
        ),
        "w0 = 10 and sigma = 5 are the paper's; take those that are given": (
            lambda labels, d1, d2, _w0, _sigma: 10 * np.exp(-_power(d1, d2, 5)) * (labels == 0)
        ),
        "w0 is missing": lambda labels, d1, d2, _w0, sigma: _term(_power)(labels, d1, d2, 1, sigma),
    },
)


def _finite(distance: Map) -> Map:
    return np.where(np.isinf(distance), 0, distance)


def _cut(values: NDArray[Any], height: int, width: int, extra: int = 0) -> NDArray[Any]:
    top, left = (values.shape[0] - height + extra) // 2, (values.shape[1] - width + extra) // 2
    return values[top : top + height, left : left + width]


def _images(seed: int) -> Iterator[Case]:
    """Two cells, numbered 3 and 7, on each of two images; then an image without a cell."""
    rng = np.random.default_rng(seed)
    for (h, w), tile in (((11, 14), (6, 8)), ((9, 13), (4, 6))):
        labels = np.zeros((h, w), np.int64)
        top, left = rng.integers(2, 4, size=2)
        labels[top : top + 3, left : left + 3] = 3
        labels[top + 1 : top + 5, left + w // 2 :] = 7
        yield labels, rng.uniform(1, 9, (h, w)) * (labels == 0), *tile
    yield np.zeros((7, 8), np.int64), rng.uniform(1, 9, (7, 8)), 4, 4


def _balance(labels: NDArray[Any]) -> Map:
    return labels.size / (2 * _counts(labels))


def _counts(labels: NDArray[Any]) -> NDArray[Any]:
    cell = (labels > 0).astype(np.int64)
    return np.bincount(cell.ravel(), minlength=2)[cell]


def _by_number(labels: NDArray[Any]) -> Map:
    _, place, counts = np.unique(labels, return_inverse=True, return_counts=True)
    return (labels.size / (len(counts) * counts[place])).reshape(labels.shape)


def _ratio(labels: NDArray[Any]) -> Map:
    return np.where(labels > 0, (labels == 0).sum() / _counts(labels), 1.0)


def _of_those_present(labels: NDArray[Any]) -> Map:
    return _by_number((labels > 0).astype(np.int64))


def _mapped(weigh: Callable[[NDArray[Any]], Map], extra: int = 0) -> Callable[..., Map]:
    return lambda labels, term, h, w: _cut(weigh(labels) + term, h, w, extra)


tile_map = Exercise(
    "tile_map",
    _mapped(_balance),
    _images,
    {
        "the crop came first: it has another share of cells; weigh the whole image, then crop": (
            lambda labels, term, h, w: _balance(_cut(labels, h, w)) + _cut(term, h, w)
        ),
        "w_c is missing; it is added to the border term": _mapped(lambda labels: np.zeros(labels.shape)),
        "you multiplied w_c and the border term; equation 2 adds them": (
            lambda labels, term, h, w: _cut(_balance(labels) * term, h, w)
        ),
        "K is missing: two classes share the pixels, so N is divided by 2·n": _mapped(lambda x: x.size / _counts(x)),
        "the frequent class got the large weight; n stands below the line": _mapped(lambda x: _counts(x) / x.size),
        "1 - n/N is the share of the other class; N / (K·n) is wanted": _mapped(lambda x: 1 - _counts(x) / x.size),
        "cells got the ratio of the classes and background 1; N / (K·n) is wanted for both": _mapped(_ratio),
        "without a cell, K became 1; the classes stay two": _mapped(_of_those_present),
        "each cell became a class of its own; the classes are two, background and cell": _mapped(_by_number),
        "you cropped the corner; the middle is wanted": (lambda labels, term, h, w: (_balance(labels) + term)[:h, :w]),
        "the crop lies one pixel off where the difference is odd; the smaller half lies before": _mapped(_balance, 1),
    },
)

EXERCISES = (border_term, tile_map)
