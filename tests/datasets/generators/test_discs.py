"""Discs have the given radii and distances; the relief of a cell is bright on one side and dark on the other."""

from itertools import combinations

import numpy as np
import pytest
from scipy.ndimage import center_of_mass

from unet_tutorial.datasets.generators.discs import RADII, SMALLEST_DISTANCE, place_discs, relief


@pytest.mark.parametrize("seed", range(3))
def test_discs_have_the_radii_and_the_distances_of_their_constants(seed: int) -> None:
    instances = place_discs(np.random.default_rng(seed), 256, 22)
    numbers = range(1, int(instances.max()) + 1)
    assert len(numbers) > 15
    centres = {number: np.array(center_of_mass(instances == number)) for number in numbers}
    radius = {number: np.sqrt((instances == number).sum() / np.pi) for number in numbers}
    assert max(radius.values()) < RADII[1] + 1
    for a, b in combinations(numbers, 2):  # overlaps make the areas smaller, and outlines are deformed by 1.8 pixels
        distance = np.linalg.norm(centres[a] - centres[b])
        assert distance > SMALLEST_DISTANCE * (radius[a] + radius[b]) - 2


def test_a_pixel_belongs_to_the_disc_in_which_it_is_deeper() -> None:
    instances = place_discs(np.random.default_rng(1), 256, 22)
    touching = [(instances[1:], instances[:-1]), (instances[:, 1:], instances[:, :-1])]
    pairs = {(int(x), int(y)) for a, b in touching for x, y in np.argwhere((a != b) & (a > 0) & (b > 0))}
    assert len(pairs) > 50  # cells touch without a gap
    assert 0.3 < (instances > 0).mean() < 0.8


def test_the_relief_is_bright_on_the_slope_to_one_corner_and_dark_behind() -> None:
    rows, columns = np.indices((96, 96)) - 48
    disc = np.where(np.hypot(rows, columns) < 20, 1, 0).astype(np.int32)
    image = np.mean([relief(np.random.default_rng(seed), disc) for seed in range(20)], axis=0)
    rim = (disc > 0) & (np.hypot(rows, columns) > 14)
    assert image[rim & (rows + columns < -12)].mean() > image.mean() + 25  # the height grows towards larger indices
    assert image[rim & (rows + columns > 12)].mean() < image.mean() - 25
    assert image.mean() == pytest.approx(125, abs=2)
