"""Statistics of parts against numpy's of the whole image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from unet_tutorial.datasets.images.streamed import Digits, Prefix, digits_after, joined, moments, percentiles, summed


def parts_of(image: NDArray[Any]) -> list[NDArray[Any]]:
    return [*np.array_split(image, [1, 4, 9], axis=-1)]


def test_the_moments_of_the_parts_are_those_of_the_image() -> None:
    image = np.random.default_rng(0).normal(1000, 0.5, (2, 6, 15)).astype(np.float32)
    found = joined(moments(part) for part in parts_of(image))
    flat = image.reshape(2, -1).astype(np.float64)
    np.testing.assert_allclose(found.mean, flat.mean(1), rtol=1e-14)
    np.testing.assert_allclose(found.std, flat.std(1), rtol=1e-12)
    assert (found.pixels, found.low.tolist(), found.high.tolist()) == (90, flat.min(1).tolist(), flat.max(1).tolist())


def test_a_constant_channel_has_no_deviation() -> None:
    image = np.full((1, 7, 11), 0.1, np.float64)
    found = joined(moments(part) for part in parts_of(image))
    assert (found.mean.tolist(), found.std.tolist()) == ([0.1], [0.0])


def test_nan_and_infinity_are_refused() -> None:
    with pytest.raises(ValueError, match="2 of 4 pixels are NaN or infinite; replace them"):
        moments(np.array([[[1, np.nan], [np.inf, 1]]]))


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"])
def test_percentiles_are_those_of_numpy_for_all_types(dtype: str) -> None:
    rng = np.random.default_rng(1)
    for count in (1, 2, 3, 60, *range(61, 3000, 139)):
        image = (rng.normal(0, 40, (2, 1, count)) - 10 * (dtype[0] != "u")).astype(np.int64)
        image = np.abs(image) if dtype[0] == "u" else image
        values = image.astype(dtype) if dtype[0] != "f" else (image + 0.37).astype(dtype)
        parts = parts_of(values)

        def counted(
            prefixes: Mapping[int, Sequence[Prefix]], parts: list[NDArray[Any]] = parts
        ) -> dict[int, list[Digits]]:
            return {
                channel: [summed(digits_after(part[channel], prefix) for part in parts) for prefix in each]
                for channel, each in prefixes.items()
            }

        found = percentiles((1, 50, 99), dict.fromkeys(range(2), count), values.dtype, counted)
        wanted = np.percentile(values.astype(np.float64), (1, 50, 99), axis=(1, 2)).T
        np.testing.assert_array_equal([found[0], found[1]], wanted)
