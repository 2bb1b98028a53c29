"""The contingency table of two label images, from which all scores of whole cells are computed.

``truth`` is the ground truth, with true cells, and ``proposal`` the predicted segmentation, with predicted cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LARGEST_LABEL = 2**31 - 1  # a pair of labels then fits into one int64
LARGEST_TABLE = 2**24  # entries, 128 MiB: the largest table of counts for a small image


@dataclass(frozen=True)
class Overlaps:
    """Pixel counts of all pairs (truth label, proposal label) that occur: three arrays (pairs,).

    ``truth`` holds labels > 0. ``proposal`` holds labels >= 0, where 0 stands for pixels of true cells that are
    background in the proposal. ``pixels`` is the number of pixels that have both labels.
    """

    truth: NDArray[np.int64]
    proposal: NDArray[np.int64]
    pixels: NDArray[np.int64]

    @property
    def truth_sizes(self) -> NDArray[np.int64]:
        """Number of pixels of each true cell, by ascending label: (true cells,)."""
        return _sums(self.truth, self.pixels)

    @property
    def proposal_sizes(self) -> NDArray[np.int64]:
        """Number of pixels of each predicted cell inside true cells, by ascending label: (predicted cells,)."""
        return _sums(self.proposal[self.proposal > 0], self.shared)

    @property
    def shared(self) -> NDArray[np.int64]:
        """Number of pixels of each pair of a true cell and a predicted cell that overlap: (pairs of cells,)."""
        return self.pixels[self.proposal > 0]

    @property
    def missed(self) -> int:
        """Number of pixels of true cells where the proposal is 0."""
        return int(self.pixels[self.proposal == 0].sum())


def overlaps(truth: NDArray[Any], proposal: NDArray[Any]) -> Overlaps:
    """Count the pixels of every pair (true cell, proposal label). Background pixels of the truth are ignored.

    ``truth`` and ``proposal`` are label images of the same shape, with any number of axes: 0 is background, and each
    other number is a cell. Raises ValueError for different shapes, for other dtypes than integers and booleans, for
    labels below 0 or above 2**31 - 1, and for a truth without a cell.

    >>> table = overlaps(np.array([1, 1, 2, 0]), np.array([5, 0, 5, 7]))
    >>> table.truth.tolist(), table.proposal.tolist(), table.pixels.tolist()
    ([1, 1, 2], [0, 5, 5], [1, 1, 1])
    """
    if truth.shape != proposal.shape:
        raise ValueError(f"truth {truth.shape} and proposal {proposal.shape} differ in shape; crop or pad one of them")
    check_labels("truth", truth)
    check_labels("proposal", proposal)
    if not truth.any():
        raise ValueError(f"truth {truth.shape} has no cell, so there is no score; leave this image out of the mean")
    width = int(proposal.max()) + 1
    code = truth.astype(np.int64) * width + proposal.astype(np.int64)  # one number for each pair
    pairs, pixels = counts(code, (int(truth.max()) + 1) * width)
    inside = pairs >= width  # truth > 0
    return Overlaps(pairs[inside] // width, pairs[inside] % width, pixels[inside])


def counts(numbers: NDArray[np.int64], end: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The numbers that occur in an array of numbers from 0 to ``end`` - 1, in ascending order, and how often.

    A table of all numbers is much faster than sorting, unless it is large: then the numbers are sorted.

    >>> [part.tolist() for part in counts(np.array([[3, 0], [3, 5]]), 6)]
    [[0, 3, 5], [1, 2, 1]]
    """
    if end > max(numbers.size, LARGEST_TABLE):
        return np.unique(numbers, return_counts=True)
    table = np.bincount(numbers.ravel(), minlength=end)
    known = np.flatnonzero(table)
    return known, table[known]


def check_labels(name: str, labels: NDArray[Any]) -> None:
    """Raise ValueError, with the name of the array, unless it holds whole numbers from 0 to 2**31 - 1."""
    if labels.dtype != np.bool_ and not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(
            f"{name} of {labels.dtype} is not a label image; threshold a probability and label its components first"
        )
    if labels.size and labels.min() < 0:
        raise ValueError(f"{name} holds the label {labels.min()}; use 0 for background and 1, 2, … for cells")
    if labels.size and labels.max() > LARGEST_LABEL:
        raise ValueError(
            f"{name} holds the label {labels.max()}, above {LARGEST_LABEL}; renumber the cells, e.g. with np.unique"
        )


def check_probabilities(name: str, probabilities: NDArray[Any]) -> None:
    """Raise ValueError, with the name of the array, unless all its values are in [0, 1]."""
    if not np.all((probabilities >= 0) & (probabilities <= 1)):  # a comparison with NaN is False
        raise ValueError(f"{name}: NaN or values outside 0 to 1; take the softmax of logits first")


def _sums(labels: NDArray[np.int64], pixels: NDArray[np.int64]) -> NDArray[np.int64]:
    """The sum of ``pixels`` for each label, by ascending label."""
    known, index = np.unique(labels, return_inverse=True)
    return np.bincount(index, pixels, known.size).astype(np.int64)  # a float64 holds whole numbers up to 2**53
