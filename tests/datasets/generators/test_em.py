"""The geometry of micrographs: distances by brute force, and cells that are separated by membrane."""

from functools import cache
from itertools import product

import numpy as np
import pytest
from scipy.ndimage import label

from unet_tutorial.datasets.annotations.labels import Instances
from unet_tutorial.datasets.generators.em import SMALLEST_CELL, Tissue, grow_tissue


@cache
def tissue(seed: int = 0, size: int = 96, cells: int = 20) -> Tissue:
    return grow_tissue(np.random.default_rng(seed), size, cells)


def at_borders(owner: Instances) -> list[tuple[int, int]]:
    """The pixels with another owner on one of their four sides, by a loop."""
    height, width = owner.shape
    found = []
    for row, column in product(range(height), range(width)):
        sides = ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1))
        if any(0 <= r < height and 0 <= c < width and owner[r, c] != owner[row, column] for r, c in sides):
            found.append((row, column))
    return found


def test_the_distance_is_that_to_the_nearest_border_pixel_and_half_a_pixel() -> None:
    made = tissue()
    borders = np.array(at_borders(made.owner))
    pixels = np.indices(made.owner.shape)
    gaps = np.linalg.norm(pixels[..., None] - borders.T[:, None, None], axis=0).min(axis=-1)
    np.testing.assert_allclose(made.distance, gaps + 0.5)


@pytest.mark.parametrize("seed", range(3))
def test_cells_are_the_pieces_of_their_owners_away_from_borders(seed: int) -> None:
    made = tissue(seed)
    assert label(made.instances > 0)[1] == made.instances.max()
    sizes = np.bincount(made.instances.ravel())[1:]
    assert sizes.min() >= SMALLEST_CELL
    for number in range(1, int(made.instances.max()) + 1):
        assert len(np.unique(made.owner[made.instances == number])) == 1
    assert (made.instances[made.distance == 0.5] == 0).mean() > 0.99  # membrane at nearly all borders


def test_every_neurite_owns_pixels_of_an_ellipse_and_large_ones_come_first() -> None:
    made = tissue(0, 256, 32)
    areas = np.bincount(made.owner.ravel(), minlength=32)
    assert len(areas) == 32
    assert areas[:8].sum() > 3 * areas[-8:].sum()


def test_membranes_are_wider_where_the_section_runs_along_them() -> None:
    made = tissue(1, 256, 32)
    membrane = made.instances == 0
    along = (made.tangential > 0.3) & (made.distance < 6)
    across = (made.tangential == 0) & (made.distance < 6)
    assert made.tangential.min() == 0
    assert membrane[along].mean() > membrane[across].mean() + 0.1
