"""Round cells that touch: where they lie, and how an interference microscope shows them."""

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.datasets.noise import Field, Ids, smooth_field, warped_grid

RADII = 13.0, 24.0  # pixels
CROWDED = 0.82  # of the contact distance: centres never come nearer
TRIES = 200  # places tried for one cell before it is left out


def place_discs(rng: np.random.Generator, size: int, cells: int) -> Ids:
    """Up to `cells` discs with bent outlines, numbered 1 .. n; a pixel under two belongs to the one it is deeper in."""
    discs = _packing(rng, size, cells)
    grid = warped_grid(rng, size, {12.0: 1.8})  # (2, H, W)
    depth = np.zeros((size, size))  # pixels inside the rim
    owner = np.zeros((size, size), np.int32)
    for number, (row, column, radius) in enumerate(discs, start=1):
        inside = radius - np.hypot(grid[0] - row, grid[1] - column)
        deeper = inside > depth
        depth[deeper], owner[deeper] = inside[deeper], number
    return owner


def _packing(rng: np.random.Generator, size: int, cells: int) -> Field:
    """Row, column and radius of each disc: (n, 3), most of them leaning on an earlier one."""
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
    """A centre that touches a random earlier disc, nine times in ten; else anywhere."""
    if len(discs) == 0 or rng.random() > 0.9:
        return rng.uniform(0, size, 2)
    row, column, other = discs[rng.integers(len(discs))]
    reach, angle = rng.uniform(0.88, 1.0) * (radius + other), rng.uniform(0, 2 * np.pi)
    return np.array([row + reach * np.sin(angle), column + reach * np.cos(angle)])


def _fits(disc: Field, discs: Field, size: int) -> bool:
    """Whether the centre lies in the image, half a radius from its edge, and crowds no other disc."""
    edge = disc[2] / 2
    apart = np.hypot(*(discs[:, :2] - disc[:2]).T) >= CROWDED * (discs[:, 2] + disc[2])
    return bool((disc[:2] >= edge).all() and (disc[:2] <= size - 1 - edge).all() and apart.all())


def relief(rng: np.random.Generator, instances: Ids) -> Field:
    """Differential interference contrast: the slope of the cells' height towards one corner, plus noise; (H, W)."""
    from scipy.ndimage import gaussian_filter

    height = 0.35 * smooth_field(rng, instances.shape, 20.0) + 0.25 * smooth_field(rng, instances.shape, 2.5)
    for number in range(1, int(instances.max()) + 1):
        height += _dome(instances == number) * rng.uniform(0.7, 1.1)
    slope = np.add(*np.gradient(gaussian_filter(height, 1.0)))
    seen: Field = 125.0 + 38.0 * slope / slope.std() + rng.normal(0.0, 5.0, instances.shape)
    return seen


def _dome(cell: NDArray[np.bool_]) -> Field:
    """A round hill on one cell, in pixels: steep at the rim, flat on top."""
    from scipy.ndimage import distance_transform_edt

    depth: Field = distance_transform_edt(cell)
    deepest = max(depth.max(), 1.0)
    dome: Field = np.sqrt(np.clip(1 - (1 - depth / deepest) ** 2, 0, None)) * (deepest / 4) * cell
    return dome
