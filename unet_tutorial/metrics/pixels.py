"""Pixel-wise metrics of a segmentation, for arrays of any shape. In a stack, the pixels of all slices count equally.

These metrics do not say whether cells are merged or split: a pixel error of 0.06 may have a harmless cause, such as
membranes that are a little too thick. For merges and splits see ``merges_and_splits``, ``rand`` and ``warping``.
The ground truth is called truth, and the predicted segmentation proposal.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.metrics.overlaps import check_probabilities

THRESHOLDS = np.arange(11) / 10  # 0, 0.1, … 1, as in the ISBI 2012 challenge


def pixel_error(cell_probability: NDArray[Any], cell: NDArray[Any]) -> float:
    """Fraction of pixels whose class at threshold 0.5 is wrong.

    ``cell_probability`` is the probability of *cell* in [0, 1], and ``cell`` the ground truth of the same shape (1 or
    True on cells). The "pixel error" of the U-Net paper is another one: ``isbi_pixel_error``. Raises ValueError for
    other shapes or values.

    >>> pixel_error(np.array([0.9, 0.6, 0.2, 0.1]), np.array([1, 0, 0, 0]))
    0.25
    """
    check_cell_probability(cell_probability, cell)
    return float(np.mean((cell_probability > 0.5) != (cell > 0)))


def isbi_pixel_error(cell_probability: NDArray[Any], cell: NDArray[Any]) -> float:
    """One minus the highest F-score of class *cell* over the thresholds 0, 0.1, … 1: "pixel error" in ISBI 2012.

    Arguments and errors are those of ``pixel_error``. The F-score is the Dice coefficient of the cell class. The result
    is optimistic, because the threshold is chosen with the ground truth: compare it only with numbers computed in the
    same way. Source: isbi_challenge/evaluation; Arganda-Carreras et al. 2015, doi 10.3389/fnana.2015.00142. A pixel is
    cell if p > t, and pixels are counted over the whole stack, as in Fiji's Trainable_Segmentation, PixelError.java.

    >>> isbi_pixel_error(np.array([0.9, 0.6, 0.2, 0.1]), np.array([1, 0, 0, 0]))       # correct at t = 0.6, 0.7, 0.8
    0.0
    """
    check_cell_probability(cell_probability, cell)
    truth = cell > 0
    return 1 - max(dice(cell_probability > t, truth, label=1) for t in THRESHOLDS)


def dice(proposal: NDArray[Any], truth: NDArray[Any], *, label: int) -> float:
    """Dice coefficient 2 |P∩T| / (|P| + |T|) of the pixels P and T that have ``label``.

    P are those of ``proposal``, T those of ``truth``: arrays of class labels, or masks with label=1, of the same shape.
    The result is 1 if both are empty.
    Dice = 2 IoU / (1 + IoU). For membrane images use the membrane, label=0: a proposal that is cell everywhere has a
    high Dice coefficient for cells, and 0 for membranes. Raises ValueError if the shapes differ, and for other dtypes
    than integers and booleans.

    >>> dice(np.array([1, 1, 0, 0]), np.array([1, 0, 0, 0]), label=1)
    0.6666666666666666
    """
    check_class_maps(proposal, truth)
    p, t = proposal == label, truth == label
    total = np.count_nonzero(p) + np.count_nonzero(t)
    return float(2 * np.count_nonzero(p & t) / total) if total else 1.0


def iou(proposal: NDArray[Any], truth: NDArray[Any], *, label: int) -> float:
    """Intersection over union |P∩T| / |P∪T|, or Jaccard index, of the pixels P and T that have ``label``.

    It is 1 if both are empty. Arguments and errors are those of ``dice``.

    >>> iou(np.array([1, 1, 0, 0]), np.array([1, 0, 0, 0]), label=1)
    0.5
    """
    check_class_maps(proposal, truth)
    p, t = proposal == label, truth == label
    union = np.count_nonzero(p | t)
    return float(np.count_nonzero(p & t) / union) if union else 1.0


def check_class_maps(proposal: NDArray[Any], truth: NDArray[Any]) -> None:
    """Raise ValueError unless both are integers or booleans of the same shape, with at least one pixel."""
    _check_same_shape(proposal, truth)
    for name, array in (("proposal", proposal), ("truth", truth)):
        if array.dtype != np.bool_ and not np.issubdtype(array.dtype, np.integer):
            raise ValueError(f"{name} of {array.dtype} is not a class map; threshold a probability first: p > 0.5")


def check_cell_probability(cell_probability: NDArray[Any], cell: NDArray[Any]) -> None:
    """Raise ValueError unless the first is in [0, 1], the second is 0 or 1, and both have the same shape, not empty."""
    _check_same_shape(cell_probability, cell)
    check_probabilities("cell_probability", cell_probability)
    other = cell[(cell != 0) & (cell != 1)]
    if other.size:
        raise ValueError(f"cell holds {other[0]}, but only 0 and 1 are valid; binarise it first: cell > 0")


def _check_same_shape(proposal: NDArray[Any], truth: NDArray[Any]) -> None:
    if proposal.shape != truth.shape:
        raise ValueError(f"proposal {proposal.shape} and truth {truth.shape} differ in shape; crop or pad one of them")
    if truth.size == 0:
        raise ValueError(f"arrays of shape {truth.shape} hold no pixel to compare; check how they were read")
