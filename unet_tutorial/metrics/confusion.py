"""The confusion table of a segmentation, and the scores of each class that follow from it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]  # (K, K): row = true class, column = predicted class


def confusion(truth: NDArray[Any], proposal: NDArray[Any], classes: int) -> Counts:
    """The number of pixels of each pair (true class, predicted class): (K, K), rows are true classes.

    ``truth`` and ``proposal`` hold classes 0 to K-1 and have the same shape. Tables of several images can be added.
    Raises ValueError for shapes that differ and for other classes.

    >>> confusion(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]), 2).tolist()
    [[1, 1], [0, 2]]
    """
    if truth.shape != proposal.shape:
        raise ValueError(f"truth {truth.shape} and proposal {proposal.shape} differ in shape; crop or pad one of them")
    for name, labels in (("truth", truth), ("proposal", proposal)):
        if labels.size and not (labels.min() >= 0 and labels.max() < classes):
            raise ValueError(
                f"{name} holds classes {labels.min()} to {labels.max()}, the table is for 0 to {classes - 1}; "
                "leave out unlabelled pixels, or pass more classes"
            )
    pairs = truth.astype(np.int64) * classes + proposal
    return np.bincount(pairs.ravel(), minlength=classes**2).reshape(classes, classes)


def iou_per_class(counts: Counts) -> NDArray[np.float64]:
    """Intersection over union of each class, (K,); NaN for a class that neither truth nor proposal contains.

    >>> iou_per_class(np.array([[1, 1], [0, 2]])).round(3).tolist()
    [0.5, 0.667]
    """
    return _ratio(np.diag(counts), counts.sum(0) + counts.sum(1) - np.diag(counts))


def dice_per_class(counts: Counts) -> NDArray[np.float64]:
    """Dice coefficient of each class, (K,); NaN for a class that neither truth nor proposal contains."""
    return _ratio(2 * np.diag(counts), counts.sum(0) + counts.sum(1))


def precision_per_class(counts: Counts) -> NDArray[np.float64]:
    """Of the pixels predicted as each class, the share that is right, (K,); NaN for a class that is not predicted."""
    return _ratio(np.diag(counts), counts.sum(0))


def recall_per_class(counts: Counts) -> NDArray[np.float64]:
    """Of the true pixels of each class, the share that is found, (K,); NaN for a class that does not occur."""
    return _ratio(np.diag(counts), counts.sum(1))


def _ratio(part: NDArray[Any], whole: NDArray[Any]) -> NDArray[np.float64]:
    return np.where(whole > 0, part / np.maximum(whole, 1), np.nan)
