"""Warping error: the pixels still wrong after the truth has been bent, without tearing, towards a proposal."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.metrics.overlaps import refuse_labels, refuse_probabilities

# Neighbour k of a pixel, as rows down and columns right: from the east, once around; k + 4 is opposite.
RING = ((0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1))


def warping_error(truth: NDArray[Any], probability: NDArray[Any], *, threshold: float = 0.5) -> float:
    """Fraction of pixels on which the warped truth differs from the proposal: errors of topology, not of place.

    ``truth`` (rows, columns) is a mask of cells, or labels of cells that do not touch; ``probability`` of *cell* is of
    the same shape, in [0, 1]. The proposal is ``probability > threshold``. A stack is scored slice by slice, and
    averaged. The numbers printed by the ISBI 2012 challenge count only splits and mergers among these pixels, at the
    best threshold, so they are smaller.
    Raises ValueError for other shapes, values or types. Source: Jain et al. 2010, doi 10.1109/CVPR.2010.5539950.

    >>> two = np.array([[1, 1, 0, 1, 1]])
    >>> warping_error(two, np.array([[1, 1, 1, 1, 1]])), warping_error(two, np.array([[1, 0, 0, 0, 1]]))
    (0.2, 0.0)
    """
    return float(np.mean(warped(truth, probability, threshold=threshold) != (probability > threshold)))


def warped(truth: NDArray[Any], probability: NDArray[Any], *, threshold: float = 0.5) -> NDArray[np.bool_]:
    """The truth after all flips towards the proposal that neither join, part, add nor remove a cell or a hole.

    Arguments and errors are those of ``warping_error``; the outside of the image is background. In passes, the wrong
    pixels flip if they are simple, those of the largest |probability - threshold| first (then in reading order), until
    a pass flips none. Where the result differs from the proposal, the topology does. (rows, columns), bool.

    >>> warped(np.array([[1, 1, 0, 1, 1]]), np.array([[1, 0, 1, 1, 1]])).astype(int).tolist()
    [[1, 0, 1, 1, 1]]
    """
    _refuse_warp(truth, probability)
    mask = np.pad(truth > 0, 1)  # (rows + 2, columns + 2)
    wrong = np.pad((truth > 0) != (probability > threshold), 1)
    doubt = -np.abs(probability.astype(np.float64) - threshold)
    pixels = np.flatnonzero(wrong)[np.argsort(doubt[wrong[1:-1, 1:-1]], kind="stable")]
    flipped = _flip(pixels.tolist(), _codes(mask).ravel().tolist(), mask.shape[1])
    mask.flat[flipped] ^= True
    return mask[1:-1, 1:-1]


@cache
def simple_points() -> tuple[bool, ...]:
    """For each of the 256 neighbourhoods: may the middle pixel flip and leave the topology as it is?

    Neighbour k of ``RING`` is cell where bit k of the number is set. Cells are 4-connected, background is 8-connected.
    The pixel is simple if its side neighbours form exactly one piece of cell around it: Yokoi's number is 1.
    Source: Kong and Rosenfeld 1989, doi 10.1016/0734-189X(89)90147-3, section 4; Yokoi et al. 1975.

    >>> sum(simple_points())
    116
    """
    ring = np.arange(256)[:, None] >> np.arange(8) & 1  # (256, 8)
    side, corner = ring[:, ::2], ring[:, 1::2]
    joined = corner * np.roll(side, -1, axis=1)  # the piece goes on around the corner to the next side
    return tuple((np.sum(side * (1 - joined), axis=1) == 1).tolist())


def _codes(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The neighbourhood of each pixel as a number; what wraps around the padding is never looked up."""
    return sum(
        (np.roll(mask, (-down, -right), axis=(0, 1)).astype(np.int64) << k for k, (down, right) in enumerate(RING)),
        start=np.zeros(mask.shape, np.int64),
    )


def _flip(pixels: list[int], codes: list[int], width: int) -> list[int]:
    """Those of the flat ``pixels`` that flip, pass by pass; ``codes`` is kept up to date, one bit per neighbour.

    Lists and not arrays: one flip decides the next, and single numbers are read ten times faster from a list.
    """
    simple = simple_points()
    seen_from = [(down * width + right, 1 << (k + 4) % 8) for k, (down, right) in enumerate(RING)]
    flipped: list[int] = []
    while True:
        kept: list[int] = []
        for pixel in pixels:
            if simple[codes[pixel]]:
                for step, bit in seen_from:
                    codes[pixel + step] ^= bit
                flipped.append(pixel)
            else:
                kept.append(pixel)
        if len(kept) == len(pixels):
            return flipped
        pixels = kept


def _refuse_warp(truth: NDArray[Any], probability: NDArray[Any]) -> None:
    if truth.shape != probability.shape or truth.ndim != 2 or truth.size == 0:
        raise ValueError(
            f"truth {truth.shape} and probability {probability.shape}; both must be one slice (rows, columns): "
            "score a stack slice by slice"
        )
    refuse_labels("truth", truth)
    refuse_probabilities("probability", probability)
    for one, next_ in ((truth[1:], truth[:-1]), (truth[:, 1:], truth[:, :-1])):
        if np.any((one != next_) & (one > 0) & (next_ > 0)):
            raise ValueError("two cells of the truth touch, but warping sees one mask; part them by a line of 0 first")
