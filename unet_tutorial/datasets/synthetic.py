"""Images whose truth is known: the course's own electron micrographs and its own touching cells.

Everything random comes from one `numpy.random.default_rng(seed)`, so a seed is an image. The integer instances are the
same on every machine; a grey level may differ by one where a processor rounds the last bit of a filter differently.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.datasets.discs import place_discs, relief
from unet_tutorial.datasets.em import grow_tissue
from unet_tutorial.datasets.em_paint import paint_tissue, photograph
from unet_tutorial.datasets.noise import Field, Ids

SMALLEST_SIZE = 64  # pixels; below it the fields that bend and shade the image have nothing to vary over


class SyntheticImage(NamedTuple):
    """One image with its truth, both of one size: (H, W), or for a volume (D, H, W).

    `image` uint8; `instances` int32, 0 where there is membrane or background, 1 .. n in the cells.
    """

    image: NDArray[np.uint8]
    instances: Ids


def em_membranes(seed: int, size: int = 512, *, cells: int | None = None) -> SyntheticImage:
    """A slice of neural tissue as an electron microscope shows it: bright cells, dark membranes, dark distractors.

    `size` is the side of the square in pixels, `cells` the number of neurites seeded in it (128 for 512 × 512 and as
    dense elsewhere). Cells never touch: membrane lies between any two. Modelled on the statistics of ISBI 2012
    (Arganda-Carreras et al. 2015, doi 10.3389/fnana.2015.00142).

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

    At most `cells` of them (22 for 256 × 256 and as dense elsewhere). Neighbours touch without a gap, so that the
    foreground alone cannot be counted: this is the case the paper's border weights are for (section 3, equation 2).

    >>> sample = touching_cells(seed=0)
    >>> int(sample.instances.max())
    22
    """
    rng = seeded_generator(seed)
    require_int("size", size, SMALLEST_SIZE)
    instances = place_discs(rng, size, _count(cells, 22 * (size / 256) ** 2))
    return SyntheticImage(to_grey(relief(rng, instances)), instances)


def to_grey(image: Field) -> NDArray[np.uint8]:
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def seeded_generator(seed: int) -> np.random.Generator:
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ValueError(f"seed = {seed!r} is not a whole number of at least 0; write for example seed=0")
    return np.random.default_rng(seed)


def _count(cells: int | None, usual: float) -> int:
    if cells is None:
        return max(2, round(usual))
    require_int("cells", cells, 2)
    return cells


def require_int(name: str, value: int, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ValueError(f"{name} = {value!r} is not a whole number of at least {least}; write {name}={least} or more")
