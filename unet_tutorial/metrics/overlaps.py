"""The contingency table of two label images: what all scores of whole cells are counted from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LARGEST_LABEL = 2**31 - 1  # a pair of labels then fits into one int64


@dataclass(frozen=True)
class Overlaps:
    """The pixels of the truth's cells, counted by pairs of labels that meet: three arrays (pairs,).

    ``truth`` holds labels > 0; ``proposal`` holds labels >= 0, where 0 stands for pixels that the proposal leaves out;
    ``pixels`` counts the pixels that carry both.
    """

    truth: NDArray[np.int64]
    proposal: NDArray[np.int64]
    pixels: NDArray[np.int64]

    @property
    def truth_sizes(self) -> NDArray[np.int64]:
        """(truth cells,) pixels of each truth cell, by ascending label."""
        return _sums(self.truth, self.pixels)

    @property
    def proposal_sizes(self) -> NDArray[np.int64]:
        """(proposal cells,) pixels of each proposed cell inside the truth's cells; label 0 is no cell."""
        return _sums(self.proposal[self.proposal > 0], self.shared)

    @property
    def shared(self) -> NDArray[np.int64]:
        """(pairs of cells,) pixels of each pair of a truth cell and a proposed cell that meet."""
        return self.pixels[self.proposal > 0]

    @property
    def missed(self) -> int:
        """Pixels of truth cells on which the proposal is 0."""
        return int(self.pixels[self.proposal == 0].sum())


def overlaps(truth: NDArray[Any], proposal: NDArray[Any]) -> Overlaps:
    """Count the pixels of every pair (truth cell, proposed label); the truth's background is left out.

    ``truth`` and ``proposal`` are label images of one shape, of any rank: 0 is background, each other number a cell.
    Raises ValueError for other shapes or types, negative or huge labels, and for a truth without a cell.

    >>> table = overlaps(np.array([1, 1, 2, 0]), np.array([5, 0, 5, 7]))
    >>> table.truth.tolist(), table.proposal.tolist(), table.pixels.tolist()
    ([1, 1, 2], [0, 5, 5], [1, 1, 1])
    """
    if truth.shape != proposal.shape:
        raise ValueError(f"truth {truth.shape} and proposal {proposal.shape} differ in shape; crop or pad one of them")
    refuse_labels("truth", truth)
    refuse_labels("proposal", proposal)
    inside = truth > 0
    if not inside.any():
        raise ValueError(f"truth {truth.shape} has no cell to score against; leave this image out of the mean")
    code = truth[inside].astype(np.int64) * (LARGEST_LABEL + 1) + proposal[inside]
    pairs, pixels = np.unique(code, return_counts=True)
    return Overlaps(pairs // (LARGEST_LABEL + 1), pairs % (LARGEST_LABEL + 1), pixels)


def refuse_labels(name: str, labels: NDArray[Any]) -> None:
    """Raise ValueError, naming the array, unless it is a label image: whole numbers from 0 to 2**31 - 1."""
    if labels.dtype != np.bool_ and not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(
            f"{name} of {labels.dtype} holds no labels; threshold a probability and label its components first"
        )
    if labels.size and labels.min() < 0:
        raise ValueError(f"{name} holds the label {labels.min()}; use 0 for background and 1, 2, … for cells")
    if labels.size and labels.max() > LARGEST_LABEL:
        raise ValueError(
            f"{name} holds the label {labels.max()}, above {LARGEST_LABEL}; renumber it, as np.unique does"
        )


def _sums(labels: NDArray[np.int64], pixels: NDArray[np.int64]) -> NDArray[np.int64]:
    known, where = np.unique(labels, return_inverse=True)
    sums = np.zeros(known.size, np.int64)
    np.add.at(sums, where, pixels)
    return sums


def refuse_probabilities(name: str, probabilities: NDArray[Any]) -> None:
    """ValueError for values that are no probabilities."""
    if not np.all((probabilities >= 0) & (probabilities <= 1)):  # NaN fails every comparison
        raise ValueError(f"{name}: NaN or values outside 0 to 1; take the softmax of logits first")
