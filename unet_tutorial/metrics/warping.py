"""Warping error: the pixels that stay wrong when the ground truth is deformed to look like the prediction.

The deformation must not change the topology: cells may not merge, split, appear or disappear. The ground truth is
called truth, and the predicted segmentation proposal.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.metrics.overlaps import check_labels, check_probabilities

# Neighbour k of a pixel as (rows down, columns right), counterclockwise from the right. Neighbour k + 4 is opposite k.
NEIGHBOURS = ((0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1))


def warping_error(truth: NDArray[Any], probability: NDArray[Any], *, threshold: float = 0.5) -> float:
    """Fraction of pixels where the warped truth differs from the proposal: errors of topology, not of position.

    ``truth`` (rows, columns) is a mask of cells, or labels of cells that do not touch. ``probability`` (rows, columns)
    is the probability of *cell*, in [0, 1]. The proposal is ``probability > threshold``. For a stack, compute the mean
    over its slices. The published numbers of the ISBI 2012 challenge are smaller, because they count only
    pixels that split or merge cells, at the best threshold. Raises ValueError for other shapes, values or dtypes.
    Source: Jain et al. 2010, doi 10.1109/CVPR.2010.5539950.

    >>> two = np.array([[1, 1, 0, 1, 1]])
    >>> warping_error(two, np.array([[1, 1, 1, 1, 1]])), warping_error(two, np.array([[1, 0, 0, 0, 1]]))
    (0.2, 0.0)
    """
    return float(np.mean(warped(truth, probability, threshold=threshold) != (probability > threshold)))


def warped(truth: NDArray[Any], probability: NDArray[Any], *, threshold: float = 0.5) -> NDArray[np.bool_]:
    """The truth after flipping all wrong pixels whose flip does not merge, split, add or remove a cell or a hole.

    A wrong pixel is one where truth and proposal differ; a pixel that may flip is called simple. Arguments and errors
    are those of ``warping_error``. Pixels outside the image are background. Each pass tries the wrong pixels by
    descending |probability - threshold| (equal values row by row) and flips the simple ones. The last pass is the one
    that flips no pixel. Returns a boolean array (rows, columns).

    >>> warped(np.array([[1, 1, 0, 1, 1]]), np.array([[1, 0, 1, 1, 1]])).astype(int).tolist()
    [[1, 0, 1, 1, 1]]
    """
    _check_slice(truth, probability)
    mask = np.pad(truth > 0, 1)  # (rows + 2, columns + 2)
    wrong = np.pad((truth > 0) != (probability > threshold), 1)
    distance = np.abs(probability.astype(np.float64) - threshold)
    pixels = np.flatnonzero(wrong)[np.argsort(-distance[wrong[1:-1, 1:-1]], kind="stable")]
    flipped = _flipped_pixels(pixels.tolist(), _neighbourhood_codes(mask).ravel().tolist(), mask.shape[1])
    mask.flat[flipped] ^= True
    return mask[1:-1, 1:-1]


@cache
def simple_points() -> tuple[bool, ...]:
    """For each of the 256 neighbourhoods: whether the middle pixel can flip without a change of topology.

    Bit k of the index is 1 if neighbour k of ``NEIGHBOURS`` is cell. Cells are 4-connected, and the background is
    8-connected. The pixel is simple if Yokoi's connectivity number is 1: at least one of its four side neighbours is
    cell, those that are cell are connected inside the neighbourhood, and not all eight neighbours are cell.
    Source: Kong and Rosenfeld 1989, doi 10.1016/0734-189X(89)90147-3, section 4; Yokoi et al. 1975.

    >>> sum(simple_points())
    116
    """
    ring = np.arange(256)[:, None] >> np.arange(8) & 1  # (256, 8)
    side, corner = ring[:, ::2], ring[:, 1::2]
    # side k is connected to side k + 1 if both and the corner between them are cell; Yokoi's number counts the sides
    # that are not connected to the next one
    joined = corner * np.roll(side, -1, axis=1)
    return tuple((np.sum(side * (1 - joined), axis=1) == 1).tolist())


def _neighbourhood_codes(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The neighbourhood of each pixel as a number from 0 to 255, where bit k is neighbour k.

    The numbers of the pixels on the border of the array are wrong, but these pixels are padding and never used.
    """
    return sum(
        (
            np.roll(mask, (-down, -right), axis=(0, 1)).astype(np.int64) << k
            for k, (down, right) in enumerate(NEIGHBOURS)
        ),
        start=np.zeros(mask.shape, np.int64),
    )


def _flipped_pixels(pixels: list[int], codes: list[int], width: int) -> list[int]:
    """The flat indices among ``pixels`` that flip. Each flip updates one bit in the ``codes`` of its eight neighbours.

    Each flip depends on those before it, so the numbers are read one by one. This is ten times faster from a list than
    from an array.
    """
    simple = simple_points()
    neighbours = [(down * width + right, 1 << (k + 4) % 8) for k, (down, right) in enumerate(NEIGHBOURS)]
    flipped: list[int] = []
    while True:
        kept: list[int] = []
        for pixel in pixels:
            if simple[codes[pixel]]:
                for step, bit in neighbours:
                    codes[pixel + step] ^= bit
                flipped.append(pixel)
            else:
                kept.append(pixel)
        if len(kept) == len(pixels):
            return flipped
        pixels = kept


def _check_slice(truth: NDArray[Any], probability: NDArray[Any]) -> None:
    if truth.shape != probability.shape or truth.ndim != 2 or truth.size == 0:
        raise ValueError(
            f"truth {truth.shape} and probability {probability.shape}; both must be one slice (rows, columns); "
            "score a stack slice by slice"
        )
    check_labels("truth", truth)
    check_probabilities("probability", probability)
    for one, next_ in ((truth[1:], truth[:-1]), (truth[:, 1:], truth[:, :-1])):
        if np.any((one != next_) & (one > 0) & (next_ > 0)):
            raise ValueError("two cells of the truth touch and would be one in its mask; separate them by a line of 0")
