"""The synthetic images have the statistics of real ones and depend on the seed only."""

from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, label
from scipy.stats import mannwhitneyu

from tests.paths import SHARED
from unet_tutorial.datasets.generators.synthetic import SyntheticImage, em_membranes, touching_cells
from unet_tutorial.datasets.images.files import read_image

pytestmark = pytest.mark.slow

REAL = SHARED / "isbi2012" / "train" / "images"
EM_SEEDS, CELL_SEEDS = range(3), range(6)


@cache
def em(seed: int) -> SyntheticImage:
    return em_membranes(seed)


@cache
def cells(seed: int) -> SyntheticImage:
    return touching_cells(seed)


def power_spectrum(image: NDArray[Any]) -> NDArray[Any]:
    """log10 of the power in 25 rings of frequency, for unit variance."""
    values = (image - image.mean()) / image.std()
    power = np.abs(np.fft.fft2(values)) ** 2 / values.size
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(len(values)), np.fft.fftfreq(len(values))))
    ring = np.minimum((frequency * 50).astype(int), 25)  # ring 25: the corners, beyond the Nyquist frequency
    power[0, 0] = 0.0
    rings = np.bincount(ring.ravel(), power.ravel()) / np.bincount(ring.ravel())
    return np.asarray(np.log10(rings[:25]))


def test_types_and_numbering() -> None:
    for sample in (em(0), cells(0)):
        assert sample.image.dtype == np.uint8
        assert sample.instances.dtype == np.int32
        assert np.array_equal(np.unique(sample.instances), np.arange(sample.instances.max() + 1))
        assert 90 < sample.image.mean() < 160
        assert 30 < sample.image.std() < 50


@pytest.mark.parametrize("seed", EM_SEEDS)
def test_membranes_are_as_wide_and_cells_as_many_as_in_tissue(seed: int) -> None:
    instances = em(seed).instances
    assert 0.19 <= (instances == 0).mean() <= 0.24
    count = label(instances > 0)[1]
    assert 95 <= count <= 140
    assert count == instances.max()  # 4-connected pieces and cells are the same: no two cells touch
    assert np.bincount(instances.ravel()).min() >= 15


@pytest.mark.parametrize("seed", EM_SEEDS)
def test_grey_alone_tells_cells_from_membranes_no_better_than_in_tissue(seed: int) -> None:
    image, instances = em(seed)
    grey = gaussian_filter(image.astype(float), 1.0)
    inside, outside = grey[instances > 0], grey[instances == 0]
    area_under_curve = mannwhitneyu(inside, outside, method="asymptotic").statistic / (inside.size * outside.size)
    assert 0.84 <= area_under_curve <= 0.90


def test_the_power_spectrum_is_that_of_real_slices() -> None:
    if not REAL.is_dir():
        pytest.skip(f"{REAL} is not here: the real slices may not be shipped (data/README.md)")
    real = np.mean([power_spectrum(read_image(file)) for file in sorted(REAL.iterdir())], axis=0)
    ours = np.mean([power_spectrum(em(seed).image) for seed in EM_SEEDS], axis=0)
    assert np.sqrt(np.mean((ours - real) ** 2)) <= 0.2


def test_the_areas_of_cells_spread_as_in_tissue() -> None:
    areas = np.concatenate([np.bincount(em(seed).instances.ravel())[1:] for seed in EM_SEEDS])
    ratio = np.percentile(areas, [25, 50, 75, 95]) / [247, 569, 1628, 7640]  # real, data/README.md
    assert (ratio > 0.6).all()
    assert (ratio < 1.6).all()


@pytest.mark.parametrize("seed", CELL_SEEDS)
def test_cells_touch_so_that_foreground_cannot_be_counted(seed: int) -> None:
    instances = cells(seed).instances
    assert instances.max() == 22
    assert label(instances > 0)[1] <= 6
    pairs = [(instances[1:], instances[:-1]), (instances[:, 1:], instances[:, :-1])]
    contacts = sum(int(((a != b) & (a > 0) & (b > 0)).sum()) for a, b in pairs)
    assert 250 <= contacts <= 550
    assert all(label(instances == number)[1] == 1 for number in range(1, 23))


@pytest.mark.parametrize("make", [em_membranes, touching_cells])
def test_a_seed_determines_the_image(make: Any) -> None:
    first, again, other = make(7, 128), make(7, 128), make(8, 128)
    np.testing.assert_array_equal(first.instances, again.instances)
    np.testing.assert_array_equal(first.image, again.image)
    assert (first.instances != other.instances).mean() > 0.2
    assert first.instances.shape == (128, 128)


def test_more_cells_on_request() -> None:
    assert em_membranes(0, 128, cells=30).instances.max() > em_membranes(0, 128, cells=5).instances.max()
    assert touching_cells(0, cells=5).instances.max() == 5


@pytest.mark.parametrize("make", [em_membranes, touching_cells])
@pytest.mark.parametrize(
    "bad", [{"seed": -1}, {"seed": 0.5}, {"seed": True}, {"size": 63}, {"size": 99.0}, {"cells": 1}, {"cells": "9"}]
)
def test_bad_arguments_are_named(make: Any, bad: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(bad)) + " = .*; write "):
        make(**({"seed": 0, "size": 128} | bad))
