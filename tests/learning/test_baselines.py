"""The choice of thresholds: each setting is found where it is the right one, and errors are counted pixel by pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from unet_tutorial.learning.baselines import best_probability_threshold, best_smoothed_threshold, wrong_pixels

SIZE = (40, 40)
ALL = np.ones(SIZE, bool)


def noise(seed: int) -> NDArray[np.float64]:
    return np.random.default_rng(seed).standard_normal(SIZE)


@pytest.mark.parametrize("sigma", [0.5, 1.0, 1.5, 2.0, 3.0])
@pytest.mark.parametrize(("level", "sign"), [(0.1, 1), (-0.1, 1), (0.1, -1), (-0.1, -1)])
def test_the_smoothed_threshold_that_made_the_truth_is_found(sigma: float, level: float, sign: int) -> None:
    images = [noise(0), noise(1)]
    cells = [(sign * gaussian_filter(image, sigma) > level).astype(int) for image in images]
    best = best_smoothed_threshold(images, cells, [ALL, ALL])
    assert (best.sigma, best.sign) == (sigma, sign)
    assert best.level == pytest.approx(level)
    for image, cell in zip(images, cells, strict=True):
        assert np.array_equal(best(image), cell == 1)


def test_only_labelled_pixels_choose_the_smoothed_threshold() -> None:
    image, known = noise(0), np.zeros(SIZE, bool)
    known[:, :20] = True
    cell = np.where(known, gaussian_filter(image, 2.0) > 0.1, gaussian_filter(image, 0.5) <= 0.3)
    best = best_smoothed_threshold([image], [cell], [known])
    assert (best.sigma, round(best.level, 6), best.sign) == (2.0, 0.1, 1)


@pytest.mark.parametrize("percent", [1, 37, 50, 99])
def test_the_probability_threshold_that_made_the_truth_is_found(percent: int) -> None:
    probability = (np.random.default_rng(percent).permutation(1600) % 100 / 100 + 0.005).reshape(SIZE)
    cell = probability > percent / 100
    assert best_probability_threshold([probability], [cell], [ALL]) == percent / 100
    half = np.arange(1600).reshape(SIZE) % 2 == 0
    assert best_probability_threshold([probability], [np.where(half, cell, ~cell)], [half]) == percent / 100


def test_wrong_pixels_are_counted_among_the_labelled_ones_and_averaged_over_images() -> None:
    generator = np.random.default_rng(0)
    masks: list[NDArray[Any]] = [generator.random((3, 5)) > 0.5 for _ in range(3)]
    cells = [generator.integers(0, 2, (3, 5)) for _ in range(3)]
    known = [generator.random((3, 5)) > 0.3, np.zeros((3, 5), bool), np.ones((3, 5), bool)]
    shares = []
    for k in (0, 2):  # image 1 has no labelled pixel
        pixels = [(m, c) for m, c, use in zip(masks[k].flat, cells[k].flat, known[k].flat, strict=True) if use]
        shares.append(sum(bool(m) != bool(c) for m, c in pixels) / len(pixels))
    assert wrong_pixels(masks, cells, known) == pytest.approx(np.mean(shares))
