"""Smooth random fields, from which the synthetic images take their texture, grain and deformation."""

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float64]


def smooth_field(rng: np.random.Generator, shape: tuple[int, ...], scale: float | tuple[float, ...]) -> Field:
    """White noise blurred by a Gaussian with a std of `scale` pixels (one number, or one per axis); mean 0 and std 1.

    >>> field = smooth_field(np.random.default_rng(0), (64, 64), scale=3.0)
    >>> field.shape, bool(abs(field.mean()) < 1e-9), bool(abs(field.std() - 1) < 1e-9)
    ((64, 64), True, True)
    """
    from scipy.ndimage import gaussian_filter

    field: Field = gaussian_filter(rng.standard_normal(shape), scale, mode="reflect")
    field -= field.mean()
    field /= field.std()
    return field


def warped_grid(rng: np.random.Generator, size: int, warps: dict[float, float]) -> Field:
    """Row and column of every pixel of a square image, displaced by smooth fields: (2, size, size), in pixels.

    `warps` maps the scale of each field to its standard deviation, both in pixels. With `{18: 5.0}` the displacements
    are about 5 pixels, and they change over distances of about 18 pixels.

    >>> grid = warped_grid(np.random.default_rng(0), 8, {})
    >>> float(grid[0, 3, 5]), float(grid[1, 3, 5])
    (3.0, 5.0)
    """
    return warped_space(rng, (size, size), (1.0, 1.0), warps)


def warped_space(
    rng: np.random.Generator, size: tuple[int, ...], spacing: tuple[float, ...], warps: dict[float, float]
) -> Field:
    """Position of every voxel, displaced by smooth fields: (rank, *size). Lengths are in the unit of `spacing`.

    >>> position = warped_space(np.random.default_rng(0), (4, 8, 8), (3.0, 1.0, 1.0), {})
    >>> position[:, 2, 3, 5].tolist()
    [6.0, 3.0, 5.0]
    """
    step = np.asarray(spacing)
    positions: Field = np.indices(size) * step.reshape(-1, *[1] * len(size))  # (rank, *size)
    for scale, std in warps.items():
        for axis in positions:
            axis += std * smooth_field(rng, size, tuple(scale / step))
    return positions
