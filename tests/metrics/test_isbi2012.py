"""The curves over thresholds against V_Rand and V_Info computed slice by slice."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, label
from skimage.segmentation import watershed

from tests.oracles.isbi_slice import needs_isbi, slice_0
from unet_tutorial.metrics.isbi2012 import Curve, isbi_scores
from unet_tutorial.metrics.rand import v_info, v_rand


def drawn(size: tuple[int, ...]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    generator = np.random.default_rng(sum(size))
    smooth = np.stack([gaussian_filter(generator.standard_normal(size[1:]), 2) for _ in range(size[0])])
    noise = 0.1 * generator.standard_normal(size)
    return np.clip(0.5 + 4 * smooth + noise, 0, 1), smooth > -0.05


@pytest.mark.parametrize("size", [(3, 40, 37), (2, 9, 12, 11)])
def test_equals_slice_by_slice(size: tuple[int, ...]) -> None:
    probabilities, truths = drawn(size)
    scores = isbi_scores(probabilities, truths)
    for k in range(11):
        pairs = []
        for probability, truth in zip(probabilities, truths, strict=True):
            cell = probability > k / 10
            thin = watershed(~cell, label(cell)[0], connectivity=1, watershed_line=True)
            pairs.append((v_rand(label(truth)[0], thin), v_info(label(truth)[0], thin)))
        means = np.mean(pairs, axis=0)
        assert (scores.v_rand.means[k], scores.v_info.means[k]) == pytest.approx(tuple(means), abs=1e-12)
        assert scores.v_rand.thresholds[k] == k / 10
    assert len(set(scores.v_rand.means)) > 5, "a curve, not a constant"


def test_best_half_and_at() -> None:
    curve = Curve((0.1, 0.5, 0.6, 0.9), (0.2, 0.4, 0.8, 0.8))
    assert (curve.best, curve.best_threshold, curve.half, curve.at(0.9)) == (0.8, 0.6, 0.4, 0.8)
    with pytest.raises(ValueError, match=r"no score at threshold 0\.3; choose one of \(0\.1"):
        curve.at(0.3)
    for field in ("thresholds", "means"):
        with pytest.raises(FrozenInstanceError):
            setattr(curve, field, ())


def test_the_best_is_of_the_mean_not_the_mean_of_bests() -> None:
    truth = np.array([[[1, 1, 0, 1, 1]]] * 2)
    membrane = np.array([0.15, 0.75])[:, None, None]  # separates the cells from t = 0.2 and from t = 0.8 on
    cell = np.array([0.55, 0.95])[:, None, None]  # in the first slice no cell is left from t = 0.6 on
    curve = isbi_scores(np.where(truth == 1, cell, membrane), truth).v_rand
    assert curve.best == pytest.approx((1 + 2 / 3) / 2)
    assert curve.best_threshold == 0.2
    assert curve.half == curve.best


def test_masks_and_labels_are_the_same_truth() -> None:
    probabilities, masks = drawn((2, 30, 30))
    numbered = np.stack([7 * label(mask)[0] for mask in masks])
    assert isbi_scores(probabilities, masks) == isbi_scores(probabilities, numbered)
    assert isbi_scores(probabilities, masks) == isbi_scores(probabilities, 255 * masks.astype(np.uint8))


def test_touching_cells_of_two_labels_stay_two() -> None:
    truth = np.array([[[1, 1, 2, 2]]])
    assert isbi_scores(np.ones((1, 1, 4)), truth, thresholds=(0.5,)).v_rand.half == pytest.approx(2 / 3)


def test_cells_that_meet_at_a_corner_are_two() -> None:
    truth = np.eye(2, dtype=int)[None]
    assert isbi_scores(truth, truth, thresholds=(0.5,)).v_rand.half == 1


@needs_isbi
def test_reference_values_of_a_wider_membrane() -> None:
    cell, thinner = slice_0()
    scores = isbi_scores(thinner[None], cell[None], thresholds=(0.5,))
    assert scores.v_rand.half == pytest.approx(0.998551, abs=1e-6)
    assert scores.v_info.best == pytest.approx(0.998350, abs=1e-6)
    assert scores.v_info.best_threshold == 0.5


@pytest.mark.parametrize(
    ("probabilities", "truths", "thresholds", "says"),
    [
        (np.ones((3, 4)), np.ones((3, 4), int), (0.5,), "for a single slice, add a first axis"),
        (np.ones((1, 3, 4)), np.ones((1, 4, 3), int), (0.5,), r"\(1, 3, 4\) and truths \(1, 4, 3\)"),
        (np.ones((0, 3, 4)), np.ones((0, 3, 4), int), (0.5,), "both must be"),
        (np.full((1, 3, 4), np.nan), np.ones((1, 3, 4), int), (0.5,), "NaN"),
        (np.full((1, 3, 4), 200), np.ones((1, 3, 4), int), (0.5,), "outside 0 to 1"),
        (np.ones((1, 3, 4)), np.ones((1, 3, 4), int), (), "one or more"),
        (np.ones((1, 3, 4)), np.ones((1, 3, 4), int), (128,), "from 0 to 1"),
        (np.ones((1, 3, 4)), np.zeros((1, 3, 4), int), (0.5,), "has no cell"),
        (np.ones((1, 3, 4)), np.ones((1, 3, 4)), (0.5,), "truths of float64"),
    ],
)
def test_bad_stacks_are_refused(probabilities: Any, truths: Any, thresholds: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        isbi_scores(probabilities, truths, thresholds=thresholds)
