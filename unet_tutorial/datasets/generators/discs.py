"""Round cells that touch: their positions, and their image in differential interference contrast."""

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.datasets.annotations.labels import Instances
from unet_tutorial.datasets.generators.noise import Field, smooth_field, warped_grid

RADII = 13.0, 24.0  # pixels
SMALLEST_DISTANCE = 0.82  # between two centres, as a fraction of the sum of their radii
TRIES = 200  # random positions for one cell before it is left out


def place_discs(rng: np.random.Generator, size: int, cells: int) -> Instances:
    """Up to `cells` discs with deformed outlines, numbered 1 .. n: (size, size).

    A pixel inside two discs belongs to the one in which it is farther from the outline.
    """
    discs = _packing(rng, size, cells)
    grid = warped_grid(rng, size, {12.0: 1.8})  # (2, H, W)
    depth = np.zeros((size, size))  # distance to the outline in pixels
    owner = np.zeros((size, size), np.int32)
    for number, (row, column, radius) in enumerate(discs, start=1):
        inside = radius - np.hypot(grid[0] - row, grid[1] - column)
        deeper = inside > depth
        depth[deeper], owner[deeper] = inside[deeper], number
    return owner


def _packing(rng: np.random.Generator, size: int, cells: int) -> Field:
    """Row, column and radius of each disc in pixels: (n, 3); most discs touch an earlier one."""
    discs = np.empty((0, 3))
    for _ in range(cells):
        radius = rng.uniform(*RADII)
        for _ in range(TRIES):
            disc = np.array([*_candidate(rng, size, discs, radius), radius])
            if _fits(disc, discs, size):
                discs = np.vstack([discs, disc])
                break
    return discs


def _candidate(rng: np.random.Generator, size: int, discs: Field, radius: float) -> Field:
    """Row and column of a centre: next to a random earlier disc with probability 0.9, else anywhere."""
    if len(discs) == 0 or rng.random() > 0.9:
        return rng.uniform(0, size, 2)
    row, column, other = discs[rng.integers(len(discs))]
    distance, angle = rng.uniform(0.88, 1.0) * (radius + other), rng.uniform(0, 2 * np.pi)
    return np.array([row + distance * np.sin(angle), column + distance * np.cos(angle)])


def _fits(disc: Field, discs: Field, size: int) -> bool:
    """Whether the centre is at least half a radius from the image border, and far enough from the other discs."""
    edge = disc[2] / 2
    distances = np.hypot(*(discs[:, :2] - disc[:2]).T)
    apart = distances >= SMALLEST_DISTANCE * (discs[:, 2] + disc[2])
    return bool((disc[:2] >= edge).all() and (disc[:2] <= size - 1 - edge).all() and apart.all())


def relief(rng: np.random.Generator, instances: Instances) -> Field:
    """Grey levels in differential interference contrast: the slope towards one corner, plus noise; (H, W)."""
    from scipy.ndimage import gaussian_filter

    height = 0.35 * smooth_field(rng, instances.shape, 20.0) + 0.25 * smooth_field(rng, instances.shape, 2.5)
    for number in range(1, int(instances.max()) + 1):
        height += _dome(instances == number) * rng.uniform(0.7, 1.1)
    slope = np.add(*np.gradient(gaussian_filter(height, 1.0)))
    image: Field = 125.0 + 38.0 * slope / slope.std() + rng.normal(0.0, 5.0, instances.shape)
    return image


def _dome(cell: NDArray[np.bool_]) -> Field:
    """Height of one cell in pixels: steep at the outline, flat in the middle; 0 outside."""
    from scipy.ndimage import distance_transform_edt

    depth: Field = distance_transform_edt(cell)
    deepest = max(depth.max(), 1.0)
    dome: Field = np.sqrt(np.clip(1 - (1 - depth / deepest) ** 2, 0, None)) * (deepest / 4) * cell
    return dome
