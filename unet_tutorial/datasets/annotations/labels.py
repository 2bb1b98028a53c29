"""Label images: numbers the connected cells of a mask, and separates cells that touch."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.uint8]  # class of each pixel: 1 in a cell, 0 elsewhere
Instances = NDArray[np.int32]  # number of the cell of each pixel: 1 .. n, and 0 elsewhere
UNLABELLED = -1  # stands in numbered cells for pixels without a label


def connected_cells(cells: NDArray[Any], smallest: int = 1) -> Instances:
    """The connected components of the pixels above 0, numbered 1 .. n in reading order: int32, of the same shape.

    Pixels are connected if they share a side (4-connected in 2D, 6-connected in 3D), as in the ISBI 2012 challenge.
    Components of fewer than `smallest` pixels become 0.

    >>> connected_cells(np.array([[1, 0, 1], [0, 1, 1]])).tolist()
    [[1, 0, 2], [0, 2, 2]]
    """
    from scipy.ndimage import label

    components, count = label(np.asarray(cells) > 0)
    kept = np.bincount(components.ravel(), minlength=count + 1) >= smallest
    kept[0] = False
    number: Instances = np.where(kept, np.cumsum(kept), 0).astype(np.int32)
    return np.asarray(number[components])


def separated(instances: Instances) -> Instances:
    """The same cells with background where two of them touch: one pixel on each side of the contact becomes 0.

    In a map of classes two touching cells would become one, so they are separated before training (arXiv 1505.04597,
    section 3: the network is to learn "small separation borders"). Cells that do not touch do not change.

    >>> separated(np.array([[1, 1, 1, 2, 2, 2, 0, 2]], np.int32)).tolist()
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
