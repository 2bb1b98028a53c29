"""The contingency table against a count pixel by pixel, and the checks of label images and probabilities."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from unet_tutorial.metrics.overlaps import LARGEST_LABEL, check_labels, check_probabilities, counts, overlaps

LABELS = st.sampled_from([0, 1, 2, 7, LARGEST_LABEL])
PIXELS = st.lists(st.tuples(LABELS, LABELS), min_size=1, max_size=30).filter(lambda pixels: any(t for t, _ in pixels))


@given(PIXELS)
def test_pairs_are_counted_pixel_by_pixel(pixels: list[tuple[int, int]]) -> None:
    truth, proposal = np.array(pixels).T
    table = overlaps(truth, proposal)
    counts = Counter((t, p) for t, p in pixels if t)
    assert list(zip(table.truth.tolist(), table.proposal.tolist(), strict=True)) == sorted(counts)
    assert table.pixels.tolist() == [counts[pair] for pair in sorted(counts)]
    assert table.shared.tolist() == [counts[pair] for pair in sorted(counts) if pair[1]]
    assert table.missed == sum(count for (_, p), count in counts.items() if p == 0)


@given(PIXELS)
def test_sizes_are_sums_over_rows_and_columns(pixels: list[tuple[int, int]]) -> None:
    truth, proposal = np.array(pixels).T
    table = overlaps(truth, proposal)
    rows, columns = Counter(t for t, _ in pixels if t), Counter(p for t, p in pixels if t and p)
    assert table.truth_sizes.tolist() == [rows[label] for label in sorted(rows)]
    assert table.proposal_sizes.tolist() == [columns[label] for label in sorted(columns)]


def test_rank_and_dtype_do_not_matter() -> None:
    truth, proposal = np.array([1, 0, 1, 1]), np.array([0, 1, 1, 1])
    for dtype in (bool, np.uint8, np.int32, np.uint64):
        table = overlaps(truth.astype(dtype).reshape(2, 1, 2), proposal.astype(dtype).reshape(2, 1, 2))
        assert (table.truth.tolist(), table.proposal.tolist(), table.pixels.tolist()) == ([1, 1], [0, 1], [1, 2])


def test_large_unsigned_labels_are_exact() -> None:
    """int64 and uint64 give float64 in numpy, which cannot hold all pairs of large labels."""
    labels = np.array([LARGEST_LABEL - 1, LARGEST_LABEL], np.uint64)
    table = overlaps(labels, labels)
    assert table.truth.tolist() == table.proposal.tolist() == labels.tolist()


@pytest.mark.parametrize("largest", [1, 10**6])
def test_counts_are_those_of_a_sorted_list(largest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = np.random.default_rng(0).integers(0, 40, (9, 11))
    for limit in (0, 10**7):  # of the table: sorted, and counted
        monkeypatch.setattr("unet_tutorial.metrics.overlaps.LARGEST_TABLE", limit)
        for got, expected in zip(
            counts(numbers * largest, 40 * largest), np.unique(numbers * largest, return_counts=True), strict=True
        ):
            assert got.dtype == expected.dtype == np.int64
            np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        (np.array([0.0, 1.0]), "name of float64 is not a label image; threshold"),
        (np.array([0, -3]), "name holds the label -3; use 0 for background"),
        (np.array([0, LARGEST_LABEL + 1]), f"name holds the label {LARGEST_LABEL + 1}, above {LARGEST_LABEL}"),
        (np.array([0, 2**63], np.uint64), f"name holds the label {2**63}"),
    ],
)
def test_other_than_labels_are_refused(labels: NDArray[Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        check_labels("name", labels)
    check_labels("name", labels[:0].astype(int))
    check_labels("name", np.array([0, LARGEST_LABEL]))


@pytest.mark.parametrize("wrong", [-1e-9, 1 + 1e-9, np.nan, np.inf])
def test_other_than_probabilities_are_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="name: NaN or values outside 0 to 1"):
        check_probabilities("name", np.array([0.5, wrong]))
    check_probabilities("name", np.array([0.0, 0.5, 1.0]))


def test_shapes_that_differ_and_a_truth_without_cells_are_refused() -> None:
    ones = np.ones((2, 3), int)
    with pytest.raises(ValueError, match=r"truth \(2, 3\) and proposal \(3, 2\) differ in shape"):
        overlaps(ones, ones.T)
    with pytest.raises(ValueError, match=r"truth \(2, 3\) has no cell"):
        overlaps(0 * ones, ones)
