"""Synthetic plant tissue in 3D: cells without gaps between stained walls, in anisotropic voxels.

The statistics follow a confocal stack: about a fifth of the voxels lie at a border, and walls are about 1.8 times as
bright as the inside of the cells. A threshold finds the walls poorly, because the stain is uneven, the inside of the
cells is textured, and the microscope blurs more along its axis than across it.
"""

from math import isfinite

import numpy as np

from unet_tutorial.datasets.annotations.labels import Instances
from unet_tutorial.datasets.generators.noise import Field, smooth_field, warped_space
from unet_tutorial.datasets.generators.synthetic import SyntheticImage, require_int, seeded_generator, to_grey

Spacing = tuple[float, float, float]
SMALLEST_SIDE = 8  # voxels; a thinner volume should be treated as a stack of images

# Lengths, in the unit of the spacing
WARPS = {12.0: 2.0}  # scale and std of the displacement of the walls
WALL_STD = 1.9  # std of the Gaussian profile of a wall
BLUR = (3.0, 1.0, 1.0)  # std of the microscope's point spread function

# Grey levels before the blur
INSIDE = 72.0  # mean inside a cell
WALL = 160.0  # added to it in the middle of a wall
TEXTURE = 22.0  # std of the texture inside cells
UNEVEN = 0.4  # std of the stain of the walls, as a fraction of WALL
NOISE = 6.0  # std of the camera's noise; shot noise is added to it


def cell_walls(
    seed: int,
    size: tuple[int, int, int] = (24, 128, 128),
    *,
    spacing: Spacing = (3.0, 1.0, 1.0),
    cells: int = 40,
) -> SyntheticImage:
    """A volume of at most `cells` cells with bright walls between them: (D, H, W).

    Every voxel belongs to a cell, so `instances` holds no 0 and neighbours touch; `separated` in
    ``datasets.annotations.labels`` sets the voxels of the walls to 0, one on each side of a contact. `spacing` is the
    size of a voxel along each axis, in any unit. Cells are about as long along every axis in that unit: with the
    default spacing, a cell that is 30 pixels wide extends over about 10 slices.

    ValueError for a side below 8 voxels, and for other arguments of the wrong type or size.

    >>> sample = cell_walls(seed=0, size=(8, 32, 32), cells=9)
    >>> sample.image.shape, sample.image.dtype.name, sample.instances.dtype.name, int(sample.instances.min())
    ((8, 32, 32), 'uint8', 'int32', 1)
    """
    rng = seeded_generator(seed)
    _check_volume(size, spacing)
    require_int("cells", cells, 2)
    instances, distance = _warped_voronoi(rng, size, spacing, cells)
    return SyntheticImage(to_grey(_stained(rng, distance, spacing)), instances)


def _warped_voronoi(
    rng: np.random.Generator, size: tuple[int, ...], spacing: Spacing, cells: int
) -> tuple[Instances, Field]:
    """The number of the nearest centre, 1 .. n, and the distance to the wall between the two nearest: (D, H, W)."""
    from scipy.spatial import cKDTree

    positions = warped_space(rng, size, spacing, WARPS)  # (3, D, H, W)
    centres = rng.uniform(0.0, np.multiply(size, spacing), (cells, 3))
    lengths, nearest = cKDTree(centres).query(positions.reshape(3, -1).T, k=2)  # (D · H · W, 2) each
    apart = np.linalg.norm(centres[nearest[:, 0]] - centres[nearest[:, 1]], axis=1)
    distance = (lengths[:, 1] ** 2 - lengths[:, 0] ** 2) / (2 * apart)
    number = np.unique(nearest[:, 0], return_inverse=True)[1] + 1  # renumbered, because a centre may own no voxel
    return number.reshape(size).astype(np.int32), distance.reshape(size)


def _stained(rng: np.random.Generator, distance: Field, spacing: Spacing) -> Field:
    """Grey levels of bright walls and textured cells, blurred, with shot noise and camera noise: (D, H, W)."""
    from scipy.ndimage import gaussian_filter

    step = np.asarray(spacing)
    wall = WALL * (1 + UNEVEN * smooth_field(rng, distance.shape, tuple(8.0 / step)))
    grey = INSIDE + TEXTURE * smooth_field(rng, distance.shape, tuple(6.0 / step))
    grey += wall * np.exp(-((distance / WALL_STD) ** 2) / 2)
    photons = rng.poisson(np.maximum(gaussian_filter(grey, BLUR / step), 0.0))
    image: Field = photons + rng.normal(0.0, NOISE, distance.shape)
    return image


def _check_volume(size: tuple[int, ...], spacing: tuple[float, ...]) -> None:
    if not isinstance(size, tuple) or len(size) != 3:
        raise ValueError(f"size = {size!r} is not three integers; write for example size=(24, 128, 128)")
    for side in size:
        require_int("size", side, SMALLEST_SIDE)
    if not isinstance(spacing, tuple) or len(spacing) != 3 or not all(map(_is_length, spacing)):
        raise ValueError(
            f"spacing = {spacing!r} is not three lengths above 0; write for example spacing=(3.0, 1.0, 1.0)"
        )


def _is_length(step: object) -> bool:
    return isinstance(step, int | float) and isfinite(step) and step > 0
