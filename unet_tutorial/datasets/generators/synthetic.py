"""Synthetic images with exact labels: electron micrographs, and cells that touch.

All random numbers come from `numpy.random.default_rng(seed)`, so a seed determines the image. The instances are the
same on every machine; a grey level may differ by 1 if a processor rounds the last bit of a filter differently.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.datasets.annotations.labels import Instances
from unet_tutorial.datasets.generators.discs import place_discs, relief
from unet_tutorial.datasets.generators.em import grow_tissue
from unet_tutorial.datasets.generators.em_paint import paint_tissue, photograph
from unet_tutorial.datasets.generators.noise import Field

SMALLEST_SIZE = 64  # pixels; structures of the random fields are up to 22 pixels wide, and several must fit


class SyntheticImage(NamedTuple):
    """An image and its labels of the same shape: (H, W), or (D, H, W) for a volume.

    `image` uint8; `instances` int32, 1 .. n in the cells, 0 in membrane or background.
    """

    image: NDArray[np.uint8]
    instances: Instances

    @property
    def files(self) -> dict[str, NDArray[Any]]:
        """Folder -> array of the file in it."""
        return {"images": self.image, "labels": self.instances.astype(np.uint16)}


def em_membranes(seed: int, size: int = 512, *, cells: int | None = None) -> SyntheticImage:
    """An electron micrograph of neural tissue: bright cells, dark membranes, dark organelles.

    `size` is the side of the square in pixels; `cells` is the number of neurites, by default 128 for 512 × 512 and of
    the same density for other sizes. Cells never touch: there is membrane between any two. The statistics follow ISBI
    2012 (Arganda-Carreras et al. 2015, doi 10.3389/fnana.2015.00142). ValueError for arguments that are not integers or
    too small.

    >>> sample = em_membranes(seed=0, size=128)
    >>> sample.image.shape, sample.image.dtype.name, sample.instances.dtype.name
    ((128, 128), 'uint8', 'int32')
    """
    rng = seeded_generator(seed)
    require_int("size", size, SMALLEST_SIZE)
    tissue = grow_tissue(rng, size, _count(cells, 128 * (size / 512) ** 2))
    return SyntheticImage(to_grey(photograph(rng, paint_tissue(rng, tissue))), tissue.instances)


def touching_cells(seed: int, size: int = 256, *, cells: int | None = None) -> SyntheticImage:
    """Round cells in clusters, in differential interference contrast: each looks like a hill lit from one corner.

    `size` is the side of the square in pixels; there are at most `cells` cells, by default 22 for 256 × 256 and of the
    same density for other sizes. Neighbours touch without a gap, so the cells cannot be counted from the foreground
    alone; the border weights of the paper are designed for this case (section 3, equation 2). ValueError for arguments
    that are not integers or too small.

    >>> sample = touching_cells(seed=0)
    >>> int(sample.instances.max())
    22
    """
    rng = seeded_generator(seed)
    require_int("size", size, SMALLEST_SIZE)
    instances = place_discs(rng, size, _count(cells, 22 * (size / 256) ** 2))
    return SyntheticImage(to_grey(relief(rng, instances)), instances)


def to_grey(image: Field) -> NDArray[np.uint8]:
    """Grey levels rounded and clipped to 0 .. 255."""
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def seeded_generator(seed: int) -> np.random.Generator:
    """A generator of random numbers; ValueError for a seed that is not an integer of at least 0."""
    require_int("seed", seed, 0)
    return np.random.default_rng(seed)


def _count(cells: int | None, default: float) -> int:
    if cells is None:
        return max(2, round(default))
    require_int("cells", cells, 2)
    return cells


def require_int(name: str, value: int, least: int) -> None:
    """ValueError, with the name of the argument, unless the value is an integer of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ValueError(f"{name} = {value!r} is not an integer of at least {least}; write {name}={least} or more")
