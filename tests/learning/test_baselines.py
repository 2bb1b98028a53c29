"""The choice of thresholds: each setting is found where it is the right one, and errors are counted pixel by pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from unet_tutorial.learning.baselines import (
    NearestColour,
    best_nearest_colour,
    best_probability_threshold,
    best_smoothed_threshold,
    majority_class,
    smoothed_channels,
    wrong_pixels,
)

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


def test_wrong_pixels_of_several_classes() -> None:
    masks, truth = [np.array([[0, 1, 2, 2]])], [np.array([[0, 2, 2, 1]])]
    assert wrong_pixels(masks, truth, [np.ones((1, 4), bool)]) == 0.5


COLOURS = np.array([[0.0, 1.0], [2.0, 0.0], [-1.0, -2.0]])  # of three classes in two channels


def coloured(labels: NDArray[Any], seed: int, std: float) -> NDArray[np.float64]:
    """An image (2, *size) with the colours of the classes and white noise."""
    drawn = np.random.default_rng(seed).standard_normal((2, *labels.shape))
    return np.asarray(np.moveaxis(COLOURS[labels], -1, 0) + std * drawn)


@pytest.mark.parametrize("size", [(40, 40), (6, 20, 20)])
def test_the_nearest_colour_is_found_without_smoothing_where_there_is_no_noise(size: tuple[int, ...]) -> None:
    labels = np.random.default_rng(0).integers(0, 3, size)  # every pixel by itself
    best = best_nearest_colour([coloured(labels, 0, 0.01)], [labels], [np.ones(size, bool)], 3)
    assert best.sigma == 0
    np.testing.assert_allclose(best.colours, COLOURS, atol=0.01)
    np.testing.assert_array_equal(best(coloured(labels, 1, 0.01)), labels)


def test_noise_is_smoothed_away_before_colours_are_compared() -> None:
    labels = np.repeat(np.arange(3), 15)[:, None].repeat(45, 1)  # three wide stripes
    images = [coloured(labels, seed, 2.0) for seed in range(2)]
    best = best_nearest_colour(images, [labels] * 2, [np.ones(labels.shape, bool)] * 2, 3)
    assert best.sigma >= 2
    assert np.mean(best(images[0]) != labels) < 0.5 * np.mean(NearestColour(0.0, COLOURS)(images[0]) != labels)


def test_smoothing_mixes_no_channels() -> None:
    image = np.stack([noise(0), noise(1)])
    expected = np.stack([gaussian_filter(channel, 1.5) for channel in image])
    np.testing.assert_allclose(smoothed_channels(image, 1.5), expected)


def test_unlabelled_pixels_do_not_count_for_colours_and_missing_classes_are_never_chosen() -> None:
    labels, known = np.array([[0, 0, 2, 2]]), np.array([[True, True, True, False]])
    image = np.array([[[0.0, 0.2, 1.0, 50.0]]])
    best = best_nearest_colour([image], [labels], [known], 3)
    assert best.colours[1, 0] != best.colours[1, 0]  # NaN
    assert 1 not in best(np.linspace(-1, 60, 40).reshape(1, 1, 40))
    np.testing.assert_allclose(NearestColour(0.0, np.array([[0.1], [np.nan], [1.0]])).nearest(image), [[0, 0, 2, 2]])


def test_the_majority_is_that_of_the_labelled_pixels_of_all_images() -> None:
    labels = [np.array([2, 2, 2, 1, 1]), np.array([1, 1, 0, 0])]
    known = [np.array([True, True, True, True, True]), np.array([True, True, True, True])]
    assert majority_class(labels, known, 3) == 1
    known[1][:2] = False
    assert majority_class(labels, known, 3) == 2
    assert majority_class([np.array([1, 0])], [np.array([True, True])], 3) == 0
