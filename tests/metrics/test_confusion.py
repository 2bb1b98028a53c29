"""Confusion tables against scikit-image, and scores of classes against those of the masks."""

import numpy as np
import pytest
from skimage.metrics import contingency_table

from unet_tutorial.metrics.confusion import (
    confusion,
    dice_per_class,
    iou_per_class,
    precision_per_class,
    recall_per_class,
)
from unet_tutorial.metrics.pixels import dice, iou

RNG = np.random.default_rng(0)
TRUTH, PROPOSAL = (RNG.integers(0, 4, (9, 11)).astype(np.uint8) for _ in range(2))


def test_the_table_is_that_of_scikit_image_and_adds_up() -> None:
    counts = confusion(TRUTH, PROPOSAL, 4)
    np.testing.assert_array_equal(counts, contingency_table(TRUTH, PROPOSAL).toarray())
    halves = sum(confusion(TRUTH[rows], PROPOSAL[rows], 4) for rows in (slice(4), slice(4, None)))
    np.testing.assert_array_equal(counts, halves)


def test_the_scores_are_those_of_each_mask() -> None:
    counts = confusion(TRUTH, PROPOSAL, 5)  # class 4 does not occur
    for k in range(4):
        assert iou_per_class(counts)[k] == pytest.approx(iou(PROPOSAL, TRUTH, label=k))
        assert dice_per_class(counts)[k] == pytest.approx(dice(PROPOSAL, TRUTH, label=k))
        truth, proposal = np.equal(TRUTH, k), np.equal(PROPOSAL, k)
        both = np.sum(truth & proposal)
        assert precision_per_class(counts)[k] == pytest.approx(both / np.sum(proposal))
        assert recall_per_class(counts)[k] == pytest.approx(both / np.sum(truth))
    for score in (iou_per_class, dice_per_class, precision_per_class, recall_per_class):
        assert np.isnan(score(counts)[4])


@pytest.mark.parametrize(
    ("truth", "proposal", "words"),
    [
        ([0, 1], [0, 1, 1], "differ in shape"),
        ([0, 2], [0, 1], "truth holds classes 0 to 2"),
        ([0, 1], [-1, 1], "proposal holds classes -1 to 1"),
    ],
)
def test_bad_arrays_are_refused(truth: list[int], proposal: list[int], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        confusion(np.array(truth), np.array(proposal), 2)
