"""The classes of the stained tissue: their places, and colours that do not tell all of them apart."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, label, maximum_filter
from scipy.stats import mannwhitneyu

from unet_tutorial.datasets.generators.tissue import (
    BACKGROUND,
    CLASSES,
    GLAND,
    LYMPHOCYTE,
    STROMA,
    TissueImage,
    stained_tissue,
)

SEEDS = range(4)


@cache
def tissue(seed: int) -> TissueImage:
    return stained_tissue(seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_class_covers_a_part_of_every_image(seed: int) -> None:
    image, labels = tissue(seed)
    assert (image.shape, image.dtype.name, labels.shape, labels.dtype.name) == (
        (3, 128, 128),
        "uint8",
        (128, 128),
        "uint8",
    )
    shares = np.bincount(labels.ravel(), minlength=len(CLASSES)) / labels.size
    assert len(shares) == 4
    assert 0.1 < shares[BACKGROUND] < 0.35
    assert 0.35 < shares[STROMA] < 0.65
    assert 0.15 < shares[GLAND] < 0.35
    assert 0.04 < shares[LYMPHOCYTE] < 0.12


def area_under_curve(first: np.ndarray, second: np.ndarray) -> float:
    """The probability that a pixel of the first class is brighter than one of the second."""
    statistic = mannwhitneyu(first, second, method="asymptotic").statistic
    return float(statistic / (first.size * second.size))


def nuclei(seed: int) -> np.ndarray:
    """The blue pixels, by their ratio of red to blue."""
    red, _, blue = np.asarray(tissue(seed).image, float)
    return np.asarray(gaussian_filter(red / blue, 0.7) < 0.87)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("channel", range(3))
def test_stroma_and_glands_have_the_same_pink(seed: int, channel: int) -> None:
    image, labels = tissue(seed)
    stroma, gland = (image[channel][(labels == which) & ~nuclei(seed)] for which in (STROMA, GLAND))
    assert abs(area_under_curve(stroma, gland) - 0.5) < 0.12


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("channel", range(3))
def test_the_nuclei_of_glands_are_as_blue_as_lymphocytes(seed: int, channel: int) -> None:
    image, labels = tissue(seed)
    in_gland, lymphocytes = (image[channel][(labels == which) & nuclei(seed)] for which in (GLAND, LYMPHOCYTE))
    assert in_gland.size > 0.2 * lymphocytes.size
    assert abs(area_under_curve(in_gland, lymphocytes) - 0.5) < 0.15


def test_fibres_are_longer_than_grains() -> None:
    image, labels = tissue(0)
    green = image[1].astype(float)

    def roughness(of: int) -> float:
        """Variance left after a blur of 3 pixels, relative to the variance of the tissue's pixels."""
        inside = (labels == of) & ~nuclei(0)
        weights = gaussian_filter(inside.astype(float), 3)
        blurred = gaussian_filter(np.where(inside, green, 0), 3) / np.maximum(weights, 1e-9)
        return float(blurred[inside].var() / green[inside].var())

    assert roughness(STROMA) > 1.5 * roughness(GLAND)


@pytest.mark.parametrize("seed", SEEDS)
def test_lymphocytes_are_small_and_lie_in_stroma(seed: int) -> None:
    labels = tissue(seed).labels
    pieces, count = label(labels == LYMPHOCYTE)
    assert count > 25
    assert np.bincount(pieces.ravel())[1:].max() < 60
    around = maximum_filter(pieces, 3) * (pieces == 0)  # the pixels beside them
    assert np.mean(labels[around > 0] == STROMA) > 0.95


def test_the_stain_differs_between_images() -> None:
    pink = np.array([np.median(tissue(s).image[:, tissue(s).labels == STROMA], axis=1) for s in range(4)])
    assert np.ptp(pink[:, 1]) > 15


def test_a_seed_determines_the_image() -> None:
    first, again, other = stained_tissue(7, 64), stained_tissue(7, 64), stained_tissue(8, 64)
    np.testing.assert_array_equal(first.labels, again.labels)
    np.testing.assert_array_equal(first.image, again.image)
    assert (first.labels != other.labels).mean() > 0.2


def test_files_hold_the_colours_last() -> None:
    image, labels = tissue(0)
    files = tissue(0).files
    assert files["images"].shape == (128, 128, 3)
    np.testing.assert_array_equal(files["images"][..., 2], image[2])
    np.testing.assert_array_equal(files["labels"], labels)


@pytest.mark.parametrize(("name", "value"), [("seed", -1), ("seed", 0.5), ("size", 63), ("size", "128")])
def test_bad_arguments_are_named(name: str, value: int) -> None:
    with pytest.raises(ValueError, match=rf"{name} = .*; write "):
        stained_tissue(**({"seed": 0, "size": 64} | {name: value}))
