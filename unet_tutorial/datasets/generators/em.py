"""Geometry of a synthetic electron micrograph: cells in a plane, and the membranes between them.

A slice through neural tissue cuts the thin branches of cells (neurites): most cut areas are small, and a few are
large. The cells are therefore an additively weighted Voronoi diagram: a pixel belongs to the cell whose *ellipse* is
nearest, so a large ellipse owns more pixels.
"""

from typing import NamedTuple

import numpy as np

from unet_tutorial.datasets.annotations.labels import Instances, connected_cells, separated
from unet_tutorial.datasets.generators.noise import Field, smooth_field, warped_grid

MEDIAN_LOG_RADIUS, SPREAD_LOG_RADIUS = 2.0, 1.1  # median and std of the natural logarithm of the radius in pixels
LARGEST_RADIUS = 70.0  # pixels
FREE_RADIUS = 0.6  # smallest distance from a new cell's centre to the earlier ellipses, as a fraction of its radius
HALF_WIDTH = 3.0  # pixels from the middle of a membrane to its edge
SMALLEST_CELL = 15  # pixels; smaller cells become membrane, as an annotator would draw them


class Tissue(NamedTuple):
    """The geometry that `em_paint` needs; all arrays (H, W).

    `owner` gives the number of the Voronoi cell that each pixel belongs to, membranes included. `distance` is the
    distance in pixels to the nearest border between Voronoi cells. `tangential` is 0 where the section cuts across the
    membrane, and larger the more it runs along the membrane. `instances` gives the number of each pixel's cell, and 0
    in membrane.
    """

    owner: Instances
    distance: Field
    tangential: Field
    instances: Instances


def grow_tissue(rng: np.random.Generator, size: int, cells: int) -> Tissue:
    """A square of `size` pixels with `cells` neurites, and membranes of varying width between them."""
    owner = _weighted_voronoi(rng, warped_grid(rng, size, {18.0: 5.0, 5.0: 0.8}), cells)
    distance = _distance_to_border(owner)
    width = 0.45 * smooth_field(rng, owner.shape, 10.0)
    tangential = np.maximum(smooth_field(rng, owner.shape, 14.0) - 1.4, 0.0)
    inside = distance > HALF_WIDTH + width + 5.0 * tangential
    return Tissue(owner, distance, tangential, connected_cells(inside, SMALLEST_CELL))


def _weighted_voronoi(rng: np.random.Generator, grid: Field, cells: int) -> Instances:
    """The cell whose ellipse is nearest to each pixel, 0 .. cells - 1: (H, W); large cells are placed first."""
    radii = np.exp(rng.normal(MEDIAN_LOG_RADIUS, SPREAD_LOG_RADIUS, cells))
    nearest = np.full(grid.shape[1:], np.inf)  # (H, W): distance to the nearest ellipse in pixels, negative inside one
    owner = np.zeros(grid.shape[1:], np.int32)
    for cell, radius in enumerate(np.minimum(np.sort(radii)[::-1], LARGEST_RADIUS)):
        row, column = _free_pixel(rng, nearest, radius)
        aspect, angle = rng.uniform(0.65, 1.5), rng.uniform(0, np.pi)
        gap = _ellipse_distance(grid, grid[:, row, column], aspect, angle) - radius
        closer = gap < nearest
        nearest[closer], owner[closer] = gap[closer], cell
    return owner


def _free_pixel(rng: np.random.Generator, nearest: Field, radius: float) -> tuple[int, int]:
    """A random pixel at least `FREE_RADIUS` · `radius` from all earlier ellipses, or else the farthest pixel."""
    free = np.flatnonzero(nearest > FREE_RADIUS * radius)
    pixel = rng.choice(free) if len(free) else nearest.argmax()
    row, column = np.unravel_index(pixel, nearest.shape)
    return int(row), int(column)


def _ellipse_distance(grid: Field, centre: Field, aspect: float, angle: float) -> Field:
    """Distance to `centre` in axes rotated by `angle` and scaled by `aspect`, so that ellipses become circles."""
    row, column = grid[0] - centre[0], grid[1] - centre[1]
    along = np.cos(angle) * row + np.sin(angle) * column
    across = np.cos(angle) * column - np.sin(angle) * row
    distance: Field = np.hypot(along / np.sqrt(aspect), across * np.sqrt(aspect))
    return distance


def _distance_to_border(owner: Instances) -> Field:
    """Distance in pixels to the nearest border; borders lie midway between pixels, so the smallest distance is 0.5."""
    from scipy.ndimage import distance_transform_edt

    distance: Field = distance_transform_edt(separated(owner + 1)) + 0.5
    return distance
