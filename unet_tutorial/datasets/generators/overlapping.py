"""Synthetic images of overlapping, transparent discs of three kinds: a pixel may belong to several kinds at once.

All kinds absorb equally much light on average, so that grey levels do not tell them apart: discs of the first kind are
even, those of the second are dark at the rim, those of the third are speckled.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.datasets.generators.noise import Field, smooth_field, warped_grid
from unet_tutorial.datasets.generators.synthetic import SMALLEST_SIZE, require_int, seeded_generator, to_grey

CLASSES = ("even", "ring", "speckled")
RADII = 10.0, 18.0  # pixels
DISCS = 5  # of each kind in 128 × 128 pixels
DENSITY = 0.45  # mean optical density of a disc
LIGHT = 225.0  # grey level outside all discs
NOISE = 4.0  # std of the camera's noise in grey levels


class LayeredImage(NamedTuple):
    """A grey image (H, W) uint8 and one mask per kind of disc, (3, H, W) uint8: 1 in the discs of this kind."""

    image: NDArray[np.uint8]
    layers: NDArray[np.uint8]

    @property
    def files(self) -> dict[str, NDArray[Any]]:
        """Folder -> array of the file in it; a mask is 255 in the discs of its kind."""
        masks = {f"labels/{name}": 255 * layer for name, layer in zip(CLASSES, self.layers, strict=True)}
        return {"images": self.image, **masks}


def overlapping_discs(seed: int, size: int = 128) -> LayeredImage:
    """A square image of discs with a side of `size` pixels; the kinds are those of `CLASSES`.

    ValueError for arguments that are not integers or too small.

    >>> sample = overlapping_discs(seed=0, size=64)
    >>> sample.image.shape, sample.layers.shape, int(sample.layers.sum(0).max()) > 1
    ((64, 64), (3, 64, 64), True)
    """
    rng = seeded_generator(seed)
    require_int("size", size, SMALLEST_SIZE)
    grid = warped_grid(rng, size, {12.0: 1.5})  # (2, H, W)
    layers, density = np.zeros((len(CLASSES), size, size), np.uint8), np.zeros((size, size))
    for layer, paint in zip(layers, (_even, _ring, _speckled), strict=True):
        for row, column in rng.uniform(0, size, (max(1, round(DISCS * (size / 128) ** 2)), 2)):
            depth = rng.uniform(*RADII) - np.hypot(grid[0] - row, grid[1] - column)  # to the outline, in pixels
            disc = (depth > 0) & (layer == 0)  # discs of one kind do not add up
            density[disc] += _normalised(paint(rng, depth), disc)
            layer[disc] = 1
    return LayeredImage(_photograph(rng, density), layers)


def _even(rng: np.random.Generator, depth: Field) -> Field:
    """Density of a disc whose absorption varies slowly."""
    return 1 + 0.1 * smooth_field(rng, depth.shape, 5.0)


def _ring(_rng: np.random.Generator, depth: Field) -> Field:
    """Density of a disc with a rim of about 4 pixels."""
    return 0.3 + np.exp(-((depth - 2.5) ** 2) / 8)


def _speckled(rng: np.random.Generator, depth: Field) -> Field:
    """Density of a disc with dark speckles of about 3 pixels."""
    return np.maximum(0.1, 1 + 0.9 * smooth_field(rng, depth.shape, 1.3))


def _normalised(values: Field, disc: NDArray[np.bool_]) -> Field:
    """The values in a disc, with the mean `DENSITY`: (pixels of the disc,)."""
    inside = values[disc]
    return DENSITY * inside / inside.mean() if inside.size else inside


def _photograph(rng: np.random.Generator, density: Field) -> NDArray[np.uint8]:
    """Grey levels of an optical density, with uneven light, a slight blur and noise."""
    from scipy.ndimage import gaussian_filter

    light = LIGHT * (1 + 0.05 * smooth_field(rng, density.shape, 30.0)) * np.exp(-gaussian_filter(density, 0.7))
    return to_grey(light + rng.normal(0.0, NOISE, density.shape))
