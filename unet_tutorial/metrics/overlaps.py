"""The contingency table of two label images, from which all scores of whole cells are computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LARGEST_LABEL = 2**31 - 1  # a pair of labels then fits into one int64


@dataclass(frozen=True)
class Overlaps:
    """Pixel counts of all pairs (truth label, proposal label) that occur: three arrays (pairs,).

    ``truth`` holds labels > 0. ``proposal`` holds labels >= 0; 0 marks pixels of truth cells that the proposal misses.
    ``pixels`` counts the pixels that carry both labels.
    """

    truth: NDArray[np.int64]
    proposal: NDArray[np.int64]
    pixels: NDArray[np.int64]

    @property
    def truth_sizes(self) -> NDArray[np.int64]:
        """Pixels of each truth cell, by ascending label: (truth cells,)."""
        return _sums(self.truth, self.pixels)

    @property
    def proposal_sizes(self) -> NDArray[np.int64]:
        """Pixels of each proposed cell that lie in truth cells, by ascending label: (proposed cells,)."""
        return _sums(self.proposal[self.proposal > 0], self.shared)

    @property
    def shared(self) -> NDArray[np.int64]:
        """Pixels of each pair of a truth cell and a proposed cell that overlap: (pairs of cells,)."""
        return self.pixels[self.proposal > 0]

    @property
    def missed(self) -> int:
        """Pixels of truth cells where the proposal is 0."""
        return int(self.pixels[self.proposal == 0].sum())


def overlaps(truth: NDArray[Any], proposal: NDArray[Any]) -> Overlaps:
    """Count the pixels of every pair (truth cell, proposed label). Background pixels of the truth are left out.

    ``truth`` and ``proposal`` are label images of one shape, of any rank: 0 is background, each other number a cell.
    Raises ValueError for different shapes, for other dtypes than integers and booleans, for labels below 0 or above
    2**31 - 1, and for a truth without a cell.

    >>> table = overlaps(np.array([1, 1, 2, 0]), np.array([5, 0, 5, 7]))
    >>> table.truth.tolist(), table.proposal.tolist(), table.pixels.tolist()
    ([1, 1, 2], [0, 5, 5], [1, 1, 1])
    """
    if truth.shape != proposal.shape:
        raise ValueError(f"truth {truth.shape} and proposal {proposal.shape} differ in shape; crop or pad one of them")
    check_labels("truth", truth)
    check_labels("proposal", proposal)
    inside = truth > 0
    if not inside.any():
        raise ValueError(f"truth {truth.shape} has no cell to score against; leave this image out of the mean")
    code = truth[inside].astype(np.int64) * (LARGEST_LABEL + 1) + proposal[inside]
    pairs, pixels = np.unique(code, return_counts=True)
    return Overlaps(pairs // (LARGEST_LABEL + 1), pairs % (LARGEST_LABEL + 1), pixels)


def check_labels(name: str, labels: NDArray[Any]) -> None:
    """Raise ValueError, naming the array, unless it is a label image: whole numbers from 0 to 2**31 - 1."""
    if labels.dtype != np.bool_ and not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(
            f"{name} of {labels.dtype} is no label image; threshold a probability and label its components first"
        )
    if labels.size and labels.min() < 0:
        raise ValueError(f"{name} holds the label {labels.min()}; use 0 for background and 1, 2, … for cells")
    if labels.size and labels.max() > LARGEST_LABEL:
        raise ValueError(
            f"{name} holds the label {labels.max()}, above {LARGEST_LABEL}; renumber the cells, as np.unique does"
        )


def check_probabilities(name: str, probabilities: NDArray[Any]) -> None:
    """Raise ValueError, naming the array, unless all its values lie in [0, 1]."""
    if not np.all((probabilities >= 0) & (probabilities <= 1)):  # NaN fails every comparison
        raise ValueError(f"{name}: NaN or values outside 0 to 1; take the softmax of logits first")


def _sums(labels: NDArray[np.int64], pixels: NDArray[np.int64]) -> NDArray[np.int64]:
    """The sum of ``pixels`` for each label, by ascending label."""
    known, index = np.unique(labels, return_inverse=True)
    sums = np.zeros(known.size, np.int64)
    np.add.at(sums, index, pixels)
    return sums
