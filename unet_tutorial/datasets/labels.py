"""Label images: cells from a class map, and a class map from cells."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.datasets.noise import Ids

Labels = NDArray[np.uint8]


def connected_cells(cells: NDArray[Any], smallest: int = 1) -> Ids:
    """The connected pieces of the pixels above 0, numbered 1 .. n in reading order; int32, of the same shape.

    Connected are pixels with a common side (4-connected in 2D, 6-connected in 3D), as the ISBI 2012 challenge counts
    cells. Pieces of fewer than `smallest` pixels become 0.

    >>> connected_cells(np.array([[1, 0, 1], [0, 1, 1]])).tolist()
    [[1, 0, 2], [0, 2, 2]]
    """
    from scipy.ndimage import label

    pieces, count = label(np.asarray(cells) > 0)
    kept = np.bincount(pieces.ravel(), minlength=count + 1) >= smallest
    kept[0] = False
    number: Ids = np.where(kept, np.cumsum(kept), 0).astype(np.int32)
    return np.asarray(number[pieces])


def parted(instances: Ids) -> Ids:
    """The same cells with background where two of them touch: a line of one pixel on either side of the contact.

    A map of classes cannot hold two cells that touch, so such cells are parted before training (arXiv 1505.04597,
    section 3: the network is to learn "small separation borders"). Cells that do not touch are left as they are.

    >>> parted(np.array([[1, 1, 1, 2, 2, 2, 0, 2]], np.int32)).tolist()
    [[1, 1, 0, 0, 2, 2, 0, 2]]
    """
    touching = np.zeros(instances.shape, bool)
    for axis in range(instances.ndim):
        here, there = np.moveaxis(instances, axis, 0)[:-1], np.moveaxis(instances, axis, 0)[1:]
        contact = (here != there) & (here > 0) & (there > 0)
        marks = np.moveaxis(touching, axis, 0)
        marks[:-1] |= contact
        marks[1:] |= contact
    return np.where(touching, 0, instances).astype(np.int32)
