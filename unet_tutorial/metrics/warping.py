"""Warping error: the pixels that stay wrong when the truth is deformed towards a proposal without changing topology."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.metrics.overlaps import check_labels, check_probabilities

# Neighbour k of a pixel as (rows down, columns right), counterclockwise from the right; k + 4 is opposite to k.
NEIGHBOURS = ((0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1))


def warping_error(truth: NDArray[Any], probability: NDArray[Any], *, threshold: float = 0.5) -> float:
    """Fraction of pixels where the warped truth differs from the proposal: errors of topology, not of position.

    ``truth`` (rows, columns) is a mask of cells, or labels of cells that do not touch; ``probability`` of *cell* is of
    the same shape, in [0, 1]. The proposal is ``probability > threshold``. Score a stack slice by slice, and average.
    The published numbers of the ISBI 2012 challenge are smaller: they count only the splits and merges among these
    pixels, at the best threshold. Raises ValueError for other shapes, values or dtypes.
    Source: Jain et al. 2010, doi 10.1109/CVPR.2010.5539950.

    >>> two = np.array([[1, 1, 0, 1, 1]])
    >>> warping_error(two, np.array([[1, 1, 1, 1, 1]])), warping_error(two, np.array([[1, 0, 0, 0, 1]]))
    (0.2, 0.0)
    """
    return float(np.mean(warped(truth, probability, threshold=threshold) != (probability > threshold)))


def warped(truth: NDArray[Any], probability: NDArray[Any], *, threshold: float = 0.5) -> NDArray[np.bool_]:
    """The truth after all pixel flips towards the proposal that do not merge, split, add or remove a cell or a hole.

    Arguments and errors are those of ``warping_error``; pixels outside the image are background. In each pass the wrong
    pixels are visited by descending |probability - threshold|, equal ones row by row, and flipped if they are simple;
    the passes end when one flips no pixel. Returns a boolean array (rows, columns).

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

    Bit k of the index is set where neighbour k of ``NEIGHBOURS`` is cell. Cells are 4-connected, the background is
    8-connected. The pixel is simple if its side neighbours belong to exactly one piece of cell in the neighbourhood,
    that is, if Yokoi's connectivity number is 1.
    Source: Kong and Rosenfeld 1989, doi 10.1016/0734-189X(89)90147-3, section 4; Yokoi et al. 1975.

    >>> sum(simple_points())
    116
    """
    ring = np.arange(256)[:, None] >> np.arange(8) & 1  # (256, 8)
    side, corner = ring[:, ::2], ring[:, 1::2]
    joined = corner * np.roll(side, -1, axis=1)  # corner and next side are cell: one piece with this side
    return tuple((np.sum(side * (1 - joined), axis=1) == 1).tolist())


def _neighbourhood_codes(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The neighbourhood of each pixel as a number from 0 to 255. Wrong on the padding, where the roll wraps around."""
    return sum(
        (
            np.roll(mask, (-down, -right), axis=(0, 1)).astype(np.int64) << k
            for k, (down, right) in enumerate(NEIGHBOURS)
        ),
        start=np.zeros(mask.shape, np.int64),
    )


def _flipped_pixels(pixels: list[int], codes: list[int], width: int) -> list[int]:
    """The flat indices among ``pixels`` that flip; each flip updates one bit in the ``codes`` of its eight neighbours.

    With lists, since each flip depends on the one before, and reading one number from a list is ten times faster than
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
            raise ValueError("two cells of the truth touch, so they are one in its mask; separate them by a line of 0")
