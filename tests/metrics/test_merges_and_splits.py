"""Merges and splits against a count with sets of pixels, and on small examples that can be checked by eye."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from unet_tutorial.metrics.merges_and_splits import merges, splits

LABELS = hnp.arrays(np.int64, st.just((4, 6)), elements=st.integers(0, 4))


def by_sets(truth: np.ndarray, proposal: np.ndarray) -> int:
    """Missing borders, cell by cell, with sets of pixels."""
    cells = {n: set(np.flatnonzero(truth == n)) for n in np.unique(truth[truth > 0])}
    lost = 0
    for n in np.unique(proposal[proposal > 0]):
        pixels = set(np.flatnonzero(proposal == n))
        holds = sum(len(cell & pixels) > len(cell) / 2 for cell in cells.values())
        lost += max(holds - 1, 0)
    return lost


@given(LABELS.filter(np.any), LABELS)
def test_both_equal_a_count_by_sets(truth: np.ndarray, proposal: np.ndarray) -> None:
    assert merges(truth, proposal) == by_sets(truth, proposal)
    assert splits(truth, proposal) == by_sets(proposal, truth)


@given(LABELS.filter(np.any))
def test_a_labelling_neither_merges_nor_splits_itself_however_numbered(truth: np.ndarray) -> None:
    renumbered = np.array([0, 7, 3, 9, 1])[truth]
    assert merges(truth, renumbered) == splits(truth, renumbered) == 0


def test_three_cells_in_one_are_two_merges_and_one_in_three_two_splits() -> None:
    truth = np.array([[1, 1, 0, 2, 2, 0, 3, 3]])
    whole = (truth >= 0).astype(int)
    assert (merges(truth, whole), splits(truth, whole)) == (2, 0)
    assert (merges(whole, truth), splits(whole, truth)) == (0, 2)


def test_exactly_half_is_not_held() -> None:
    assert merges(np.array([1, 1, 2, 2]), np.array([5, 5, 5, 0])) == 0


def test_an_empty_proposal_has_no_merges_and_splits_and_an_empty_truth_is_refused() -> None:
    truth, nothing = np.array([1, 1, 2]), np.zeros(3, int)
    assert merges(truth, nothing) == splits(truth, nothing) == 0
    for score in (merges, splits):
        with pytest.raises(ValueError, match="has no cell"):
            score(nothing, truth)
        with pytest.raises(ValueError, match="differ in shape"):
            score(truth, np.zeros(4, int))
