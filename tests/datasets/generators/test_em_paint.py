"""Grey levels of a specimen with one straight membrane, and the brightness and contrast of the camera."""

import numpy as np
import pytest

from unet_tutorial.datasets.generators.em import Tissue
from unet_tutorial.datasets.generators.em_paint import CYTOPLASM, MEMBRANE, paint_tissue, photograph

SIZE = 120


def straight_membrane(tangential: float) -> Tissue:
    """Two cells on the left and on the right of a vertical border in the middle."""
    columns = np.broadcast_to(np.arange(SIZE), (SIZE, SIZE))
    owner = (columns >= SIZE // 2).astype(np.int32)
    distance = np.abs(columns - (SIZE - 1) / 2)
    return Tissue(owner, distance, np.full((SIZE, SIZE), tangential), owner + 1)


def profile(tangential: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The mean grey level of each column, over many specimens."""
    tissue = straight_membrane(tangential)
    painted = [paint_tissue(np.random.default_rng(seed), tissue) for seed in range(12)]
    return np.asarray(np.mean(painted, axis=(0, 1)))


def test_a_membrane_is_a_dark_line_with_a_gaussian_profile() -> None:
    grey = profile(tangential=0.0)
    centre = SIZE // 2
    far = np.r_[grey[20:45], grey[75:100]].mean()
    assert far == pytest.approx(CYTOPLASM - 5, abs=12)  # organelles make the cytoplasm darker
    assert grey[centre] == pytest.approx(MEMBRANE, abs=8)
    weight = (far - grey[centre : centre + 6]) / (far - MEMBRANE)
    np.testing.assert_allclose(weight, np.exp(-((np.arange(6) + 0.5) ** 2) / 8), atol=0.12)  # σ = 2 pixels


def test_a_membrane_that_lies_in_the_section_is_wide_and_pale() -> None:
    across, along = profile(0.0), profile(0.5)
    centre = SIZE // 2
    assert along[centre] > across[centre] + 20
    assert along[centre + 6] < across[centre + 6] - 5


@pytest.mark.parametrize("seed", range(5))
def test_the_camera_sets_mean_and_contrast(seed: int) -> None:
    image = photograph(np.random.default_rng(seed), np.random.default_rng(99).normal(150, 20, (64, 64)))
    assert 112 <= image.mean() <= 140
    assert 38 <= image.std() <= 48
