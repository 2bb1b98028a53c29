"""SEG against its definition with sets of pixels, small examples and a reference value."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles.isbi_slice import components, needs_isbi, slice_0
from unet_tutorial.metrics.seg import cell_jaccards, seg_score

Pixels = list[tuple[int, int]]
PIXELS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=30).filter(
    lambda pixels: any(t for t, _ in pixels)
)


def by_sets(pixels: Pixels) -> list[float]:
    """For each truth cell R the Jaccard index with the S of |R∩S| > |R|/2, computed with sets of pixels."""
    scores = []
    for cell in sorted({t for t, _ in pixels if t}):
        mine = {at for at, (t, _) in enumerate(pixels) if t == cell}
        theirs = [{at for at, (_, s) in enumerate(pixels) if s == number} for number in {s for _, s in pixels if s}]
        matches = [len(mine & other) / len(mine | other) for other in theirs if len(mine & other) > len(mine) / 2]
        assert len(matches) <= 1
        scores.append(sum(matches))
    return scores


@given(PIXELS)
def test_equals_the_definition(pixels: Pixels) -> None:
    truth, proposal = np.array(pixels).T
    assert cell_jaccards(truth, proposal).tolist() == pytest.approx(by_sets(pixels))
    assert seg_score(truth, proposal) == pytest.approx(np.mean(by_sets(pixels)))
    assert seg_score(truth, truth) == 1


@given(PIXELS, st.permutations(range(1, 5)), st.permutations(range(1, 5)))
def test_numbers_of_labels_do_not_matter_nor_does_rank(pixels: Pixels, one: list[int], other: list[int]) -> None:
    truth, proposal = np.array(pixels).T
    renamed = np.array([0, *one], np.uint16)[truth], np.array([0, *other])[proposal] * 100_000
    assert seg_score(renamed[0][None, :, None], renamed[1][None, :, None]) == pytest.approx(seg_score(truth, proposal))


@given(PIXELS, st.integers(1, 5))
def test_extra_proposals_cost_nothing(pixels: Pixels, extra: int) -> None:
    truth, proposal = np.array(pixels + [(0, 0)] * 5).T
    more = proposal.copy()
    more[-5:] = np.arange(5) % extra + 90  # cells where the truth has none
    assert seg_score(truth, more) == seg_score(truth, proposal)


def test_exactly_half_is_no_match_and_merged_cells_share_one_match() -> None:
    truth = np.array([1, 1, 1, 1, 2, 2])
    assert seg_score(truth[:4], np.array([5, 5, 6, 6])) == 0
    assert seg_score(truth[:4], np.array([5, 5, 5, 6])) == 0.75
    assert cell_jaccards(truth, np.ones(6, int)).tolist() == pytest.approx([4 / 6, 2 / 6]), "both match"
    assert seg_score(truth, 0 * truth) == 0


def test_union_reaches_into_the_background() -> None:
    assert seg_score(np.array([1, 1, 0, 0]), np.ones(4, int)) == 0.5


@needs_isbi
def test_reference_value_on_an_eroded_slice() -> None:
    cell, thinner = slice_0()
    assert seg_score(components(cell), components(thinner)) == pytest.approx(0.766370, abs=1e-6)


def test_bad_labels_are_refused() -> None:
    ones = np.ones(3, int)
    for truth, proposal, says in (
        (ones, ones[None], "differ in shape"),
        (0 * ones, ones, "no cell"),
        (ones, 0.5 * ones, "proposal of float64"),
        (-ones, ones, "truth holds the label -1"),
    ):
        with pytest.raises(ValueError, match=says):
            seg_score(truth, proposal)
