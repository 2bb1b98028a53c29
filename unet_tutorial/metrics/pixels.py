"""Numbers per pixel for a segmentation, each naming its class. Arrays of any shape; a stack is pooled, not averaged.

How cells merge or split is not seen here: a pixel error of 0.06 may be a slightly thicker membrane everywhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.metrics.overlaps import refuse_probabilities

THRESHOLDS = np.arange(11) / 10  # 0, 0.1, … 1, those of the ISBI 2012 challenge


def pixel_error(cell_probability: NDArray[Any], cell: NDArray[Any]) -> float:
    """Fraction of pixels on the wrong side of probability 0.5; all classes count alike.

    ``cell_probability`` is the probability of *cell* in [0, 1], ``cell`` the truth of the same shape (1 or True on
    cell). Not the paper's "pixel error", which is ``isbi_pixel_error``. Raises ValueError for other shapes or values.

    >>> pixel_error(np.array([0.9, 0.6, 0.2, 0.1]), np.array([1, 0, 0, 0]))
    0.25
    """
    _refuse_probability(cell_probability, cell)
    return float(np.mean((cell_probability > 0.5) != (cell > 0)))


def isbi_pixel_error(cell_probability: NDArray[Any], cell: NDArray[Any]) -> float:
    """1 - the best F-score of class *cell* over the thresholds 0, 0.1, … 1: the "pixel error" of the ISBI challenge.

    Arguments and errors are those of ``pixel_error``. The F-score is the Dice of the cell class. The best threshold is
    picked with the truth at hand, so the number flatters: compare it only with others got in this way.
    Source: isbi_challenge/evaluation; Arganda-Carreras et al. 2015, doi 10.3389/fnana.2015.00142; a pixel is cell
    where p > t and counts are summed over the stack, as in Fiji's Trainable_Segmentation, PixelError.java.

    >>> isbi_pixel_error(np.array([0.9, 0.6, 0.2, 0.1]), np.array([1, 0, 0, 0]))         # right at t = 0.6, 0.7, 0.8
    0.0
    """
    _refuse_probability(cell_probability, cell)
    truth = cell > 0
    return 1 - max(dice(cell_probability > t, truth, label=1) for t in THRESHOLDS)


def dice(proposal: NDArray[Any], truth: NDArray[Any], *, label: int) -> float:
    """2 |P∩T| / (|P| + |T|) for the pixels P and T that carry ``label``; 1 if neither has any, as nothing is wrong.

    ``proposal`` and ``truth`` are arrays of labels (or masks, with label=1) of one shape. Dice = 2 IoU / (1 + IoU).
    On membrane images ask for the membrane, label=0: calling everything cell has a high Dice of cell and 0 of membrane.
    Raises ValueError if the shapes differ or the arrays are not labels.

    >>> dice(np.array([1, 1, 0, 0]), np.array([1, 0, 0, 0]), label=1)
    0.6666666666666666
    """
    _refuse_labels(proposal, truth)
    p, t = proposal == label, truth == label
    total = np.count_nonzero(p) + np.count_nonzero(t)
    return float(2 * np.count_nonzero(p & t) / total) if total else 1.0


def iou(proposal: NDArray[Any], truth: NDArray[Any], *, label: int) -> float:
    """|P∩T| / |P∪T| for the pixels P and T that carry ``label``; 1 if neither has any. Also called Jaccard index.

    Arguments and errors are those of ``dice``.

    >>> iou(np.array([1, 1, 0, 0]), np.array([1, 0, 0, 0]), label=1)
    0.5
    """
    _refuse_labels(proposal, truth)
    p, t = proposal == label, truth == label
    union = np.count_nonzero(p | t)
    return float(np.count_nonzero(p & t) / union) if union else 1.0


def _refuse_shapes(proposal: NDArray[Any], truth: NDArray[Any]) -> None:
    if proposal.shape != truth.shape:
        raise ValueError(f"proposal {proposal.shape} and truth {truth.shape} differ in shape; crop or pad one of them")
    if truth.size == 0:
        raise ValueError(f"arrays of shape {truth.shape} hold no pixel to compare; check how they were read")


def _refuse_labels(proposal: NDArray[Any], truth: NDArray[Any]) -> None:
    _refuse_shapes(proposal, truth)
    for name, array in (("proposal", proposal), ("truth", truth)):
        if array.dtype != np.bool_ and not np.issubdtype(array.dtype, np.integer):
            raise ValueError(f"{name} of {array.dtype} holds no labels; threshold a probability first, as in p > 0.5")


def _refuse_probability(cell_probability: NDArray[Any], cell: NDArray[Any]) -> None:
    _refuse_shapes(cell_probability, cell)
    refuse_probabilities("cell_probability", cell_probability)
    other = cell[(cell != 0) & (cell != 1)]
    if other.size:
        raise ValueError(f"cell holds {other[0]} where only 0 and 1 are known; binarise it first, as in cell > 0")
