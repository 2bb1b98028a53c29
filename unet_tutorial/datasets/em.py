"""The geometry of a synthetic electron micrograph: cells in a plane, and the membranes between them.

Neurites cut across are many small profiles among a few large ones, so the cells are an additively weighted Voronoi
diagram: each cell owns the pixels nearest to its *ellipse*, not to its centre, and a large ellipse owns more.
"""

from typing import NamedTuple

import numpy as np

from unet_tutorial.datasets.labels import connected_cells, parted
from unet_tutorial.datasets.noise import Field, Ids, smooth_field, warped_grid

MEDIAN_LOG_RADIUS, SPREAD_LOG_RADIUS, LARGEST_RADIUS = 2.0, 1.1, 70.0  # natural log of pixels; pixels
ROOM = 0.6  # of its own radius that a cell keeps free around its centre
HALF_WIDTH = 3.0  # pixels from the middle of a membrane to its rim
SMALLEST_CELL = 15  # pixels; a smaller speck is membrane, as an annotator would draw it


class Tissue(NamedTuple):
    """What the painter needs to know of the plane; all arrays (H, W).

    `owner` is the Voronoi cell of each pixel (before the membranes are cut out), `distance` the pixels from there to
    the nearest other owner, `tangential` how far the cut runs along the membrane instead of across it (0: across).
    """

    owner: Ids
    distance: Field
    tangential: Field
    instances: Ids


def grow_tissue(rng: np.random.Generator, size: int, cells: int) -> Tissue:
    """`cells` neurites on a square of `size` pixels, with membranes of varying width between them."""
    owner = _weighted_voronoi(rng, warped_grid(rng, size, {18.0: 5.0, 5.0: 0.8}), cells)
    distance = _distance_to_border(owner)
    width = 0.45 * smooth_field(rng, owner.shape, 10.0)
    tangential = np.maximum(smooth_field(rng, owner.shape, 14.0) - 1.4, 0.0)
    inside = distance > HALF_WIDTH + width + 5.0 * tangential
    return Tissue(owner, distance, tangential, connected_cells(inside, SMALLEST_CELL))


def _weighted_voronoi(rng: np.random.Generator, grid: Field, cells: int) -> Ids:
    """The cell whose ellipse is nearest to each pixel, 0 .. cells - 1; large cells come first, small ones fill in."""
    radii = np.exp(rng.normal(MEDIAN_LOG_RADIUS, SPREAD_LOG_RADIUS, cells))
    nearest = np.full(grid.shape[1:], np.inf)  # (H, W), pixels; below 0 inside an ellipse
    owner = np.zeros(grid.shape[1:], np.int32)
    for cell, radius in enumerate(np.minimum(np.sort(radii)[::-1], LARGEST_RADIUS)):
        row, column = _free_place(rng, nearest, radius)
        aspect, angle = rng.uniform(0.65, 1.5), rng.uniform(0, np.pi)
        gap = _ellipse_distance(grid, grid[:, row, column], aspect, angle) - radius
        closer = gap < nearest
        nearest[closer], owner[closer] = gap[closer], cell
    return owner


def _free_place(rng: np.random.Generator, nearest: Field, radius: float) -> tuple[int, int]:
    """A random pixel that is `ROOM` radii away from every ellipse so far, or the freest one where none is."""
    free = np.flatnonzero(nearest > ROOM * radius)
    place = rng.choice(free) if len(free) else nearest.argmax()
    row, column = np.unravel_index(place, nearest.shape)
    return int(row), int(column)


def _ellipse_distance(grid: Field, centre: Field, aspect: float, angle: float) -> Field:
    """Distance to `centre` in a frame turned by `angle` and stretched by `aspect`, at equal area."""
    row, column = grid[0] - centre[0], grid[1] - centre[1]
    along = np.cos(angle) * row + np.sin(angle) * column
    across = np.cos(angle) * column - np.sin(angle) * row
    distance: Field = np.hypot(along / np.sqrt(aspect), across * np.sqrt(aspect))
    return distance


def _distance_to_border(owner: Ids) -> Field:
    """Pixels from each pixel to the line between two owners, which runs half a pixel from those on either side."""
    from scipy.ndimage import distance_transform_edt

    distance: Field = distance_transform_edt(parted(owner + 1)) + 0.5
    return distance
