"""V_Rand and V_Info as the ISBI 2012 challenge scores a stack: borders thinned, mean over slices, per threshold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.metrics.overlaps import refuse_labels, refuse_probabilities
from unet_tutorial.metrics.pixels import THRESHOLDS
from unet_tutorial.metrics.rand import v_info, v_rand
from unet_tutorial.metrics.thin_borders import thin_borders


@dataclass(frozen=True)
class Curve:
    """A score at each threshold, the mean over slices."""

    thresholds: tuple[float, ...]
    means: tuple[float, ...]

    @property
    def best(self) -> float:
        """The highest mean. Its threshold was picked with the truth at hand, so it flatters: report ``half`` too."""
        return max(self.means)

    @property
    def best_threshold(self) -> float:
        """The (lowest) threshold of the highest mean; taken from training slices, it may be used on others."""
        return self.thresholds[self.means.index(self.best)]

    @property
    def half(self) -> float:
        """The mean at threshold 0.5. Raises ValueError if the curve has no such threshold."""
        return self.at(0.5)

    def at(self, threshold: float) -> float:
        """The mean at one of the thresholds. Raises ValueError for any other."""
        if threshold not in self.thresholds:
            raise ValueError(f"no score at threshold {threshold}, only at {self.thresholds}; hand it to isbi_scores")
        return self.means[self.thresholds.index(threshold)]


@dataclass(frozen=True)
class IsbiScores:
    """The two curves of the challenge."""

    v_rand: Curve
    v_info: Curve


def isbi_scores(
    probabilities: NDArray[Any], truths: NDArray[Any], *, thresholds: Sequence[float] = tuple(THRESHOLDS.tolist())
) -> IsbiScores:
    """V_Rand and V_Info of a stack, over thresholds on the probability of *cell*.

    ``probabilities`` (slices, *spatial) is in [0, 1]. ``truths`` of the same shape holds masks of cells, or labels;
    touching pixels of one label, joined by their sides, are one cell. At each threshold t the proposal
    ``probabilities > t`` gets thin borders, the truth is left as it is, and the mean over slices is taken.
    Raises ValueError for other shapes or values, thresholds outside [0, 1] or none, and for a slice without a cell.
    Source: Arganda-Carreras et al. 2015, doi 10.3389/fnana.2015.00142, "Evaluation".

    >>> truth = np.array([[[1, 1, 0, 1, 1]]])
    >>> scores = isbi_scores(np.array([[[0.9, 0.9, 0.7, 0.9, 0.9]]]), truth)       # the membrane shows from t = 0.7 on
    >>> scores.v_rand.best, scores.v_rand.best_threshold, round(scores.v_rand.half, 6)
    (1.0, 0.7, 0.666667)
    """
    _refuse_stacks(probabilities, truths, thresholds)
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


def _refuse_stacks(probabilities: NDArray[Any], truths: NDArray[Any], thresholds: Sequence[float]) -> None:
    if probabilities.shape != truths.shape or truths.ndim < 3 or truths.size == 0:
        raise ValueError(
            f"probabilities {probabilities.shape} and truths {truths.shape}; both must be (slices, *spatial), "
            "of one shape: give a single slice a first axis, as in slice[None]"
        )
    refuse_labels("truths", truths)
    refuse_probabilities("probabilities", probabilities)
    if len(thresholds) == 0 or not all(0 <= t <= 1 for t in thresholds):
        raise ValueError(f"thresholds {thresholds}; needed one or more from 0 to 1")
