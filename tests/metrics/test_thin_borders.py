"""Thin borders against the watershed's definition: grown cells, kept apart by lines of one pixel."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_cdt, label
from skimage.measure import label as sk_label
from skimage.segmentation import watershed

from tests.oracles.isbi_slice import needs_isbi, slice_0
from unet_tutorial.metrics.thin_borders import thin_borders

MASKS = arrays(bool, array_shapes(min_dims=1, max_dims=3, max_side=9), elements=st.booleans())


@given(MASKS)
def test_cells_grow_and_lines_part_them(cell: NDArray[np.bool_]) -> None:
    thin = thin_borders(cell)
    seeds, count = label(cell)
    assert np.array_equal(thin[cell], seeds[cell]), "a cell keeps its pixels, and scipy's number"
    assert set(np.unique(thin)) <= set(range(count + 1))
    for axis in range(cell.ndim):
        one, other = np.moveaxis(thin, axis, 0)[1:], np.moveaxis(thin, axis, 0)[:-1]
        assert np.all((one == other) | (one == 0) | (other == 0)), "two cells touch"


@given(st.lists(st.integers(1, 7), min_size=1, max_size=9))
def test_in_one_dimension_one_pixel_is_left_in_the_middle_of_each_gap(runs: list[int]) -> None:
    cell = np.concatenate([np.full(n, k % 2) for k, n in enumerate(runs)])  # membrane first: it is at an end, no gap
    thin, edges = thin_borders(cell), np.cumsum(runs)
    gaps = [(edges[k - 1], edges[k]) for k in range(2, len(runs) - 1, 2)]  # from the first pixel to after the last
    lines = np.flatnonzero(thin == 0) if len(runs) > 1 else np.array([])
    assert len(lines) == len(gaps)
    for (first, end), line in zip(gaps, lines, strict=True):
        assert abs(2 * line - (first + end - 1)) == (end - first - 1) % 2, "the middle, or one of two middles"


@given(MASKS)
def test_equals_scikit_image_with_its_own_labels(cell: NDArray[np.bool_]) -> None:
    seeds = sk_label(cell, connectivity=1)
    assert np.array_equal(
        thin_borders(cell.astype(np.uint8)), watershed(~cell, seeds, connectivity=1, watershed_line=True)
    )


def test_the_line_lies_in_the_middle() -> None:
    cell = np.zeros((9, 11), bool)
    cell[:, :2] = cell[:, -4:] = True  # five pixels apart
    distance = distance_transform_cdt(~cell, "taxicab")
    assert np.array_equal(thin_borders(cell) == 0, distance == distance.max())
    assert thin_borders(cell)[0].tolist() == [1, 1, 1, 1, 0, 2, 2, 2, 2, 2, 2]


def test_corners_do_not_join() -> None:
    assert thin_borders(np.array([[1, 0], [0, 1]])).tolist() == [[1, 0], [0, 2]]


def test_no_cell_and_all_cell() -> None:
    assert not thin_borders(np.zeros((4, 5), bool)).any()
    assert (thin_borders(np.ones((4, 5), np.uint8)) == 1).all()
    assert thin_borders(np.eye(5) > 2).dtype == np.int64


@needs_isbi
def test_a_slice_keeps_its_cells_and_its_lines_are_thin() -> None:
    cell, thinner = slice_0()
    thin = thin_borders(thinner)
    assert thin.max() == label(thinner)[1]
    assert (thin == 0).mean() < 0.3 * (~cell).mean()
    square = (thin == 0)[1:, 1:] & (thin == 0)[:-1, 1:] & (thin == 0)[1:, :-1] & (thin == 0)[:-1, :-1]
    assert not square.any(), "a line two pixels wide"
    strays = sk_label(thin, connectivity=1).max() - thin.max()
    assert 0 <= strays <= 5, "pixels that a cell won across the end of a line"


@pytest.mark.parametrize(
    ("mask", "says"),
    [([[0, 255]], "holds 255.*binarise"), ([[0.2, 0.9]], "of float64.*threshold"), ([[-1, 1]], "label -1")],
)
def test_other_than_a_mask_is_refused(mask: list[list[float]], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        thin_borders(np.array(mask))
