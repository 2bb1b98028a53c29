"""Geometry of a synthetic electron micrograph: cells in a plane, and the membranes between them.

A section through neurites shows many small profiles and a few large ones. The cells are therefore an additively
weighted Voronoi diagram: a pixel belongs to the cell whose *ellipse* is nearest, so a large ellipse owns more pixels.
"""

from typing import NamedTuple

import numpy as np

from unet_tutorial.datasets.labels import Instances, connected_cells, separated
from unet_tutorial.datasets.noise import Field, smooth_field, warped_grid

MEDIAN_LOG_RADIUS, SPREAD_LOG_RADIUS, LARGEST_RADIUS = 2.0, 1.1, 70.0  # natural log of pixels; pixels
FREE_RADIUS = 0.6  # of its radius: the distance of a new cell's centre from the earlier ellipses
HALF_WIDTH = 3.0  # pixels from the middle of a membrane to its edge
SMALLEST_CELL = 15  # pixels; smaller cells become membrane, as an annotator would draw them


class Tissue(NamedTuple):
    """The geometry that `em_paint` needs; all arrays (H, W).

    `owner` is the number of the Voronoi cell of each pixel, before the membranes are removed; `distance` the pixels to
    the nearest border of a Voronoi cell; `tangential` at least 0, larger where the section runs along the membrane and
    0 where it runs across; `instances` the numbered cells, 0 in membrane.
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
    nearest = np.full(grid.shape[1:], np.inf)  # (H, W), pixels; below 0 inside an ellipse
    owner = np.zeros(grid.shape[1:], np.int32)
    for cell, radius in enumerate(np.minimum(np.sort(radii)[::-1], LARGEST_RADIUS)):
        row, column = _free_pixel(rng, nearest, radius)
        aspect, angle = rng.uniform(0.65, 1.5), rng.uniform(0, np.pi)
        gap = _ellipse_distance(grid, grid[:, row, column], aspect, angle) - radius
        closer = gap < nearest
        nearest[closer], owner[closer] = gap[closer], cell
    return owner


def _free_pixel(rng: np.random.Generator, nearest: Field, radius: float) -> tuple[int, int]:
    """A random pixel at least `FREE_RADIUS` radii from every earlier ellipse, else the pixel farthest from them."""
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
    """Distance in pixels to the border between two cells, which is half a pixel from the pixels on both sides."""
    from scipy.ndimage import distance_transform_edt

    distance: Field = distance_transform_edt(separated(owner + 1)) + 0.5
    return distance
