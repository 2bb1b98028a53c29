"""Statistics of an image that is read in parts: moments, and percentiles without an approximation.

They are those of the whole image: the parts are joined in a fixed order, so that the numbers do not depend on the order
in which the parts were read.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.datasets.images.image import Array

DIGIT = 16  # bits of a value that one pass over the image finds
Floats = NDArray[np.float64]
K = TypeVar("K", bound=Hashable)


class Moments(NamedTuple):
    """The number of pixels, and of each channel (C,) the mean, the sum of squared deviations, and the range."""

    pixels: int
    mean: Floats
    squares: Floats
    low: Floats
    high: Floats

    @property
    def std(self) -> Floats:
        """The standard deviation of each channel: 0 if all its pixels are equal."""
        return np.where(self.low == self.high, 0.0, np.sqrt(self.squares / self.pixels))


def moments(part: Array) -> Moments:
    """The moments of a part (C, *size) of an image. ValueError for NaN and infinity."""
    values = part.reshape(len(part), -1).astype(np.float64)  # (C, pixels)
    bad = values.size - np.count_nonzero(np.isfinite(values))
    if bad:
        raise ValueError(f"{bad} of {values.size} pixels are NaN or infinite; replace them")
    low, high = values.min(1), values.max(1)
    mean = np.where(low == high, low, values.mean(1))
    return Moments(values.shape[1], mean, ((values.T - mean) ** 2).sum(0), low, high)


def joined(parts: Iterable[Moments]) -> Moments:
    """The moments of all parts together (Chan, Golub and LeVeque, "Updating formulae", 1979)."""
    first, *others = parts
    for part in others:
        count, delta = first.pixels + part.pixels, part.mean - first.mean
        squares = first.squares + part.squares + delta**2 * first.pixels * part.pixels / count
        low, high = np.minimum(first.low, part.low), np.maximum(first.high, part.high)
        mean = np.where(low == high, low, first.mean + delta * part.pixels / count)
        first = Moments(count, mean, squares, low, high)
    return first


class Digits(NamedTuple):
    """Of the values that begin with a prefix: the values of their next digit, and the number of each."""

    digits: NDArray[np.int64]
    counts: NDArray[np.int64]


Prefix = tuple[int, ...]
CountAll = Callable[[Mapping[K, Sequence[Prefix]]], Mapping[K, Sequence[Digits]]]


def digits_after(values: Array, prefix: Prefix) -> Digits:
    """The digits that follow a prefix in values of one channel.

    Each value is mapped to an unsigned integer, so that the order is kept. This integer is read as one to four digits
    of 16 bits.
    """
    keys, length = _sortable(values.ravel()), len(prefix)
    digits = _digits_of(values.dtype)
    for place, digit in enumerate(prefix):
        keys = keys[_digit(keys, digits - 1 - place) == digit]
    return Digits(*map(np.asarray, np.unique(_digit(keys, digits - 1 - length), return_counts=True)))


def order_statistics(
    ranks: Mapping[K, Sequence[int]], dtype: np.dtype[np.generic], count: CountAll[K]
) -> dict[K, list[float]]:
    """The values at these ranks (0 for the smallest) in each of several channels, found digit by digit.

    This is radix selection. ``count`` returns, for each channel and each of the prefixes, `digits_after` of all its
    values; it is called once per digit.
    """
    prefixes: dict[K, list[Prefix]] = {key: [() for _ in asked] for key, asked in ranks.items()}
    left = {key: list(asked) for key, asked in ranks.items()}  # rank among the values with the prefix
    for _ in range(_digits_of(dtype)):
        different = {key: sorted(set(each)) for key, each in prefixes.items()}
        found = count(different)
        for key, each in prefixes.items():
            following = dict(zip(different[key], found[key], strict=True))
            for number, prefix in enumerate(each):
                digits, counts = following[prefix]
                cumulative = np.cumsum(counts)
                place = int(np.searchsorted(cumulative, left[key][number], side="right"))
                left[key][number] -= int(cumulative[place] - counts[place])
                each[number] = (*prefix, int(digits[place]))
    return {key: [_value(prefix, dtype) for prefix in each] for key, each in prefixes.items()}


def percentiles(
    percents: Sequence[float], pixels: Mapping[K, int], dtype: np.dtype[np.generic], count: CountAll[K]
) -> dict[K, list[float]]:
    """The percentiles of each channel, as ``numpy.percentile`` computes them for float64, bit for bit.

    ``percents`` are numbers from 0 to 100, and ``pixels`` is the number of values of each channel. The other arguments
    are those of `order_statistics`.
    """
    places = {key: [(n - 1) * (percent / 100) for percent in percents] for key, n in pixels.items()}
    ranks = {
        key: [r for at in each for r in (int(at), min(int(at) + 1, pixels[key] - 1))] for key, each in places.items()
    }
    values = order_statistics(ranks, dtype, count)
    return {
        key: [_between(values[key][2 * i], values[key][2 * i + 1], at - int(at)) for i, at in enumerate(each)]
        for key, each in places.items()
    }


def _between(low: float, high: float, place: float) -> float:
    """Linear interpolation with numpy's rounding."""
    return high - (high - low) * (1 - place) if place >= 0.5 else low + (high - low) * place


def summed(parts: Iterable[Digits]) -> Digits:
    """The counts of all parts together."""
    total = np.zeros(2**DIGIT, np.int64)
    for part in parts:
        total[part.digits] += part.counts
    digits = np.flatnonzero(total)
    return Digits(digits, total[digits])


def _digits_of(dtype: np.dtype[np.generic]) -> int:
    return max(1, dtype.itemsize * 8 // DIGIT)


def _digit(keys: NDArray[np.uint64], place: int) -> NDArray[np.int64]:
    return ((keys >> np.uint64(DIGIT * place)) & np.uint64(2**DIGIT - 1)).astype(np.int64)


def _sortable(values: Array) -> NDArray[np.uint64]:
    """Unsigned integers with the order of the values: the sign bit is flipped, and for negative floats all bits."""
    bits = values.dtype.itemsize * 8
    if values.dtype.kind == "u":
        return values.astype(np.uint64)
    raw = values.view(f"u{values.dtype.itemsize}").astype(np.uint64)
    sign, every = np.uint64(1 << (bits - 1)), np.uint64((1 << bits) - 1)
    flip = np.where(raw & sign, every, sign) if values.dtype.kind == "f" else sign
    return np.asarray(raw ^ flip)


def _value(prefix: Prefix, dtype: np.dtype[np.generic]) -> float:
    """The value of these digits."""
    bits, key = dtype.itemsize * 8, 0
    for digit in prefix:
        key = key << DIGIT | digit
    if dtype.kind == "u":
        return float(key)
    sign, every = 1 << (bits - 1), (1 << bits) - 1
    raw = key ^ (sign if dtype.kind != "f" or key & sign else every)
    return float(np.array(raw, f"u{dtype.itemsize}").view(dtype))
