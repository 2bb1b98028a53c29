"""V_Rand, V_Info and Rand error against pairs counted one by one, scikit-image and reference values."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation
from skimage.metrics import adapted_rand_error, variation_of_information

from tests.oracles.isbi_slice import components, needs_isbi, slice_0
from unet_tutorial.metrics.rand import rand_error, rand_scores, v_info, v_rand
from unet_tutorial.metrics.thin_borders import thin_borders

ROWS = np.array(4 * [[1, 1, 1, 0, 2, 2, 2]])
Pixels = list[tuple[int, int]]
PIXELS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=30).filter(
    lambda pixels: any(t for t, _ in pixels)
)
SCORES = [v_rand, v_info, rand_error]


def alone(pixels: Pixels) -> list[tuple[int, int]]:
    """The pixels of true cells; each one where the proposal is 0 is a cell of its own."""
    return [(t, s or -k) for k, (t, s) in enumerate(pixels, start=1) if t]


@given(PIXELS)
def test_v_rand_counts_ordered_pairs(pixels: Pixels) -> None:
    pairs = list(product(alone(pixels), repeat=2))
    truth = sum(a[0] == b[0] for a, b in pairs)
    proposal = sum(a[1] == b[1] for a, b in pairs)
    both = sum(a == b for a, b in pairs)
    t, s = np.array(pixels).T
    assert v_rand(t, s) == pytest.approx(2 * both / (truth + proposal))
    assert rand_scores(t, s) == pytest.approx((both / truth, both / proposal))


@given(PIXELS)
def test_rand_error_counts_pairs_of_different_pixels_in_cells(pixels: Pixels) -> None:
    inside = list(enumerate((t, s) for t, s in pixels if t))
    pairs = [(a, b) for (i, a), (j, b) in product(inside, repeat=2) if i < j]
    truth = sum(a[0] == b[0] for a, b in pairs)
    proposal = sum(a[1] == b[1] > 0 for a, b in pairs)
    both = sum(a == b and a[1] > 0 for a, b in pairs)
    t, s = np.array(pixels).T
    assert rand_error(t, s) == pytest.approx(1 - 2 * both / (truth + proposal) if truth + proposal else 0)


@given(PIXELS)
def test_v_info_and_rand_error_agree_with_scikit_image_where_nothing_is_missed(pixels: Pixels) -> None:
    t, s = np.array([(t, s or -k) for k, (t, s) in enumerate(pixels, start=1)]).T
    s = np.unique(s, return_inverse=True)[1] + 1  # each missed pixel is a cell with a label of its own
    raw = np.array(pixels)[:, 1]
    entropies = [float(np.sum(variation_of_information(np.ones_like(a), a))) for a in (t[t > 0], s[t > 0])]
    apart = float(np.sum(variation_of_information(t[t > 0], s[t > 0])))
    assert v_info(t, raw) == pytest.approx(1 - apart / sum(entropies) if sum(entropies) else 1, abs=1e-12)
    if np.unique(t[t > 0]).size < np.sum(t > 0) > np.unique(s[t > 0]).size:  # else scikit-image divides by 0 pairs
        assert rand_error(t, s) == pytest.approx(adapted_rand_error(t, s)[0])


@given(PIXELS)
def test_a_labelling_with_itself_is_perfect(pixels: Pixels) -> None:
    t, _ = np.array(pixels).T
    assert (v_rand(t, t), rand_scores(t, t), rand_error(t, t)) == (1, (1, 1), 0)
    assert v_info(t, t) == pytest.approx(1)


@given(PIXELS, st.permutations(range(1, 5)), st.permutations(range(1, 5)))
def test_numbers_of_labels_do_not_matter_nor_does_rank(pixels: Pixels, one: list[int], other: list[int]) -> None:
    t, s = np.array(pixels).T
    renamed = np.array([0, *one], np.uint8)[t][:, None, None], np.array([0, *other], np.int32)[s][:, None, None] * 5000
    for score in SCORES:
        assert score(*renamed) == pytest.approx(score(t, s), abs=1e-12)


@given(PIXELS, st.integers(0, 9))
def test_background_of_the_truth_does_not_count(pixels: Pixels, label: int) -> None:
    t, s = np.array(pixels).T
    for score in SCORES:
        assert score(t, np.where(t == 0, label, s)) == score(t, s)


def test_small_examples_counted_by_hand() -> None:
    one = np.ones_like(ROWS)
    assert v_rand(ROWS, one) == pytest.approx(2 / 3)
    assert rand_scores(ROWS, one) == (1, 0.5)
    assert rand_error(ROWS, one) == pytest.approx(6 / 17)
    assert v_info(ROWS, one) == 0
    assert rand_scores(one, 1 + np.indices(one.shape)[0] // 2) == (0.5, 1), "split in halves, nothing merged"
    assert v_rand(ROWS, 0 * ROWS) == pytest.approx(2 * 24 / (2 * 144 + 24)), "24 pixels, each a cell of its own"


@needs_isbi
def test_reference_values_on_an_eroded_slice() -> None:
    cell, thinner = slice_0()
    truth, thin = components(cell), thin_borders(thinner)
    assert v_rand(truth, thin) == pytest.approx(0.998551, abs=1e-6)
    assert v_info(truth, thin) == pytest.approx(0.998350, abs=1e-6)
    assert 1 - v_rand(truth, thin) == pytest.approx(adapted_rand_error(truth, thin)[0], abs=5e-6), "a loose bound"
    assert adapted_rand_error(truth, components(thinner))[0] == pytest.approx(0.147788, abs=1e-6)
    apart = variation_of_information(truth, components(thinner), ignore_labels=[0])
    assert apart == pytest.approx([0.393049, 0.543208], abs=1e-6)


@needs_isbi
def test_reference_value_of_a_membrane_too_thin() -> None:
    cell, _ = slice_0()
    assert v_rand(components(cell), thin_borders(binary_dilation(cell, iterations=2))) == pytest.approx(
        0.061089, abs=1e-6
    )


@pytest.mark.parametrize("score", [*SCORES, rand_scores])
@pytest.mark.parametrize(
    ("truth", "proposal", "says"),
    [
        (np.ones((2, 3), int), np.ones((3, 2), int), r"truth \(2, 3\) and proposal \(3, 2\) differ"),
        (np.ones(3), np.ones(3, int), "truth of float64.*threshold"),
        (np.ones(3, int), np.full(3, 0.5), "proposal of float64"),
        (np.array([1, -1]), np.ones(2, int), "truth holds the label -1"),
        (np.ones(2, int), np.array([1, 2**40]), "proposal holds the label 1099511627776"),
        (np.zeros(3, int), np.ones(3, int), r"truth \(3,\) has no cell"),
        (np.zeros(0, int), np.zeros(0, int), "has no cell"),
    ],
)
def test_bad_labels_are_refused(score: Any, truth: NDArray[Any], proposal: NDArray[Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        score(truth, proposal)
