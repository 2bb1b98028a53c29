"""V_Rand and V_Info of a stack as in the ISBI 2012 challenge: thinned borders, mean over slices, at each threshold.

``metrics.rand`` explains the two scores. The ground truth is called truth, and the predicted segmentation proposal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.metrics.overlaps import check_labels, check_probabilities
from unet_tutorial.metrics.pixels import THRESHOLDS
from unet_tutorial.metrics.rand import v_info, v_rand
from unet_tutorial.metrics.thin_borders import thin_borders


@dataclass(frozen=True)
class Curve:
    """A score as a function of the threshold: ``means[i]`` is its mean over slices at ``thresholds[i]``."""

    thresholds: tuple[float, ...]
    means: tuple[float, ...]

    @property
    def best(self) -> float:
        """The highest mean. It is optimistic, because its threshold is chosen with the truth: report ``half`` too."""
        return max(self.means)

    @property
    def best_threshold(self) -> float:
        """The lowest threshold that has the highest mean. For test slices, use that of training slices."""
        return self.thresholds[self.means.index(self.best)]

    @property
    def half(self) -> float:
        """The score at threshold 0.5. Raises ValueError if 0.5 is not one of the thresholds."""
        return self.at(0.5)

    def at(self, threshold: float) -> float:
        """The score at one of the thresholds. Raises ValueError for any other threshold."""
        if threshold not in self.thresholds:
            raise ValueError(
                f"no score at threshold {threshold}; choose one of {self.thresholds}, or pass it to isbi_scores too"
            )
        return self.means[self.thresholds.index(threshold)]


@dataclass(frozen=True)
class IsbiScores:
    """The two scores of the challenge, each as a curve over thresholds."""

    v_rand: Curve
    v_info: Curve


def isbi_scores(
    probabilities: NDArray[Any], truths: NDArray[Any], *, thresholds: Sequence[float] = tuple(THRESHOLDS.tolist())
) -> IsbiScores:
    """V_Rand and V_Info of a stack, over thresholds on the probability of *cell*.

    ``probabilities`` (slices, *spatial) are in [0, 1]. ``truths`` of the same shape holds masks of cells, or labels;
    pixels of the same label that are connected by their sides are one cell. At each threshold t, the proposal is
    ``probabilities > t``. Its borders are thinned (see ``thin_borders``), and those of the truth are not. The scores
    are averaged over slices. Raises ValueError for other shapes or values, if there is no threshold or one outside
    [0, 1], and for a slice whose truth has no cells.
    Source: Arganda-Carreras et al. 2015, doi 10.3389/fnana.2015.00142, "Evaluation".

    >>> truth = np.array([[[1, 1, 0, 1, 1]]])
    >>> scores = isbi_scores(np.array([[[0.9, 0.9, 0.7, 0.9, 0.9]]]), truth)  # two cells from t = 0.7 on
    >>> scores.v_rand.best, scores.v_rand.best_threshold, round(scores.v_rand.half, 6)
    (1.0, 0.7, 0.666667)
    """
    _check_stacks(probabilities, truths, thresholds)
    from skimage.measure import label

    cells = [label(truth, connectivity=1) for truth in truths]
    pairs = [
        [
            (v_rand(truth, thin), v_info(truth, thin))
            for truth, thin in zip(cells, _thinned(probabilities, t), strict=True)
        ]
        for t in thresholds
    ]
    means = np.mean(np.array(pairs), axis=1)  # (thresholds, slices, 2) -> (thresholds, 2)
    rand, info = (Curve(tuple(map(float, thresholds)), tuple(column.tolist())) for column in means.T)
    return IsbiScores(rand, info)


def _thinned(probabilities: NDArray[Any], threshold: float) -> list[NDArray[np.int64]]:
    return [thin_borders(probability > threshold) for probability in probabilities]


def _check_stacks(probabilities: NDArray[Any], truths: NDArray[Any], thresholds: Sequence[float]) -> None:
    if probabilities.shape != truths.shape or truths.ndim < 3 or truths.size == 0:
        raise ValueError(
            f"probabilities {probabilities.shape} and truths {truths.shape}; both must be (slices, *spatial), "
            "of the same shape; for a single slice, add a first axis with slice[None]"
        )
    check_labels("truths", truths)
    check_probabilities("probabilities", probabilities)
    if len(thresholds) == 0 or not all(0 <= t <= 1 for t in thresholds):
        raise ValueError(f"thresholds {thresholds} are not valid; pass one or more from 0 to 1")
