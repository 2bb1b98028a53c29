"""Warping error against a loop over pixels, the definition of simple points and a reference value."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, label

from benchmarks.warping import EIGHT, by_loop, is_simple
from tests.oracles.isbi_slice import needs_isbi, slice_0
from unet_tutorial.metrics.warping import NEIGHBOURS, simple_points, warped, warping_error

TWO_BLOBS = np.zeros((7, 7), dtype=int)
TWO_BLOBS[2:5, 1:3] = TWO_BLOBS[2:5, 4:6] = 1


def test_the_table_is_the_definition() -> None:
    assert sum(simple_points()) == 116
    for code, simple in enumerate(simple_points()):
        for middle in (False, True):
            patch = np.full((3, 3), middle)
            for bit, (down, right) in enumerate(NEIGHBOURS):
                patch[1 + down, 1 + right] = code >> bit & 1
            assert simple == is_simple(patch), patch


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.tuples(st.integers(1, 14), st.integers(1, 14)), st.sampled_from([0.0, 0.7, 1.5]))
def test_equals_the_plain_loop(seed: int, size: tuple[int, int], blur: float) -> None:
    generator = np.random.default_rng(seed)
    truth = gaussian_filter(generator.standard_normal(size), 1) > 0
    probability = np.clip(0.5 + gaussian_filter(generator.standard_normal(size), blur), 0, 1).astype(np.float32)
    slow = by_loop(truth, probability)
    assert np.array_equal(warped(truth, probability), slow)
    assert warping_error(truth, probability) == np.mean(slow != (probability > 0.5))


@given(arrays(bool, (9, 9)), arrays(bool, (9, 9)))
def test_warping_keeps_the_topology(truth: NDArray[np.bool_], proposal: NDArray[np.bool_]) -> None:
    result = warped(truth, proposal)
    assert label(result)[1] == label(truth)[1]
    assert (
        label(np.pad(~result, 1, constant_values=True), EIGHT)[1]
        == label(np.pad(~truth, 1, constant_values=True), EIGHT)[1]
    )
    assert np.all((result == truth) | (result == proposal)), "only wrong pixels flip"


def pixels(truth: NDArray[Any], proposal: NDArray[Any]) -> int:
    return round(warping_error(truth, proposal) * truth.size)


def test_small_examples_counted_by_hand() -> None:
    bridge, shrunk, one_left = TWO_BLOBS.copy(), TWO_BLOBS.copy(), TWO_BLOBS.copy()
    bridge[3, 3] = 1
    shrunk[:, 1] = 0
    one_left[:, 4:6] = 0
    assert pixels(TWO_BLOBS, bridge) == 1
    assert pixels(TWO_BLOBS, shrunk) == 0
    assert pixels(TWO_BLOBS, one_left) == 1
    assert pixels(TWO_BLOBS, TWO_BLOBS) == 0
    hole = np.ones((5, 5), int)
    hole[2, 2] = 0
    assert pixels(np.ones((5, 5), int), hole) == 1


def test_the_pixel_farthest_from_the_threshold_flips_first() -> None:
    truth = np.array([[1, 0, 0, 0, 1]])
    for sure, cell in ((1, [1, 1, 1, 0, 1]), (2, [1, 1, 0, 1, 1]), (3, [1, 1, 0, 1, 1])):
        probability = np.full((1, 5), 0.8)
        probability[0, sure] = 0.9
        assert warped(truth, probability).astype(int).tolist() == [cell]
    wide = np.array([[1, 0, 0, 1]])
    assert warped(wide, np.array([[0.9, 0.6, 0.9, 0.9]])).astype(int).tolist() == [[1, 0, 1, 1]]
    assert warped(wide, np.array([[0.9, 0.9, 0.6, 0.9]])).astype(int).tolist() == [[1, 1, 0, 1]]


def test_the_threshold_binarises_and_labels_are_masks() -> None:
    probability = np.where(TWO_BLOBS, 0.9, 0.6)
    assert warping_error(TWO_BLOBS, probability) > 0 == warping_error(TWO_BLOBS, probability, threshold=0.6)
    numbered = TWO_BLOBS * np.array([3] * 3 + [8] * 4)
    assert warping_error(numbered, probability) == warping_error(TWO_BLOBS, probability)


def test_inputs_are_left_alone() -> None:
    truth, probability = TWO_BLOBS > 0, np.zeros((7, 7))
    warped(truth, probability)
    assert np.array_equal(truth, TWO_BLOBS > 0)
    assert not probability.any()


@needs_isbi
def test_reference_value_on_an_eroded_slice() -> None:
    cell, thinner = slice_0()
    assert pixels(cell, thinner) == 49
    assert warping_error(cell, thinner) == pytest.approx(49 / 512**2, abs=1e-12)


@pytest.mark.parametrize(
    ("truth", "probability", "says"),
    [
        (np.ones((2, 3)), np.ones((2, 3)), "truth of float64"),
        (np.ones((2, 3), int), np.ones((3, 2)), r"\(2, 3\) and probability \(3, 2\)"),
        (np.ones((2, 2, 2), int), np.ones((2, 2, 2)), "slice by slice"),
        (np.ones((0, 2), int), np.ones((0, 2)), "one slice"),
        (np.ones((2, 2), int), np.full((2, 2), np.nan), "NaN or values outside"),
        (np.ones((2, 2), int), np.full((2, 2), 255), "outside 0 to 1"),
        (np.array([[1, 2]]), np.ones((1, 2)), "two cells of the truth touch"),
        (np.array([[1], [2]]), np.ones((2, 1)), "two cells of the truth touch"),
        (np.array([[-1, 0]]), np.ones((1, 2)), "label -1"),
    ],
)
def test_bad_input_is_refused(truth: NDArray[Any], probability: NDArray[Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        warping_error(truth, probability)
