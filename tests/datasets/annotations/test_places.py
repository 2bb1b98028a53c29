"""Statistics of places against scipy.ndimage, value by value."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import label

from unet_tutorial.datasets.annotations.places import SIDE, SMALLEST_PIECE, Evidence, occurrences, ranks


@pytest.mark.parametrize("seed", range(4))
def test_pieces_sizes_and_edges_are_those_of_brute_force(seed: int) -> None:
    plane = np.kron(np.random.default_rng(seed).integers(0, 4, (9, 11)), np.ones((2, 3), np.int64))
    plane[plane == 2] = 70_000
    for value, pieces, piece_size, at_edges, _ in occurrences(plane):
        found, count = label(plane == value, np.ones((3, 3)))
        sizes = np.bincount(found.ravel())[1:]
        assert pieces == (sizes >= SMALLEST_PIECE * sizes.max()).sum()
        assert piece_size == pytest.approx(sizes.sum() / count)
        assert at_edges == pytest.approx(np.mean([at_edge(plane, *place) for place in np.argwhere(plane == value)]))
    assert {one.value for one in occurrences(plane)} == set(np.unique(plane)) - {0}


def at_edge(plane: NDArray[np.int64], row: int, column: int) -> bool:
    near = plane[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
    return bool(near.min() < plane[row, column] < near.max())


def test_of_large_slices_the_middle_is_examined() -> None:
    evidence, mask = Evidence(), np.zeros((3, SIDE + 40), np.uint8)
    mask[1, [5, 100, 2000, SIDE + 35]] = 1, 2, 3, 4
    evidence.add("a", mask, np.zeros(mask.shape, bool))
    assert [one.value for one in evidence.found] == [2, 3]
    assert evidence.values == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int64])
def test_ranks_are_those_of_unique(dtype: type) -> None:
    array: NDArray[Any] = np.random.default_rng(0).integers(0, 200, (7, 9)).astype(dtype)
    values, codes = np.unique(array, return_inverse=True)
    ours = ranks(array)
    np.testing.assert_array_equal(ours[0], values)
    np.testing.assert_array_equal(ours[1], codes.reshape(array.shape))


def test_pieces_of_a_broken_cell_lie_together() -> None:
    broken, mixed = np.zeros((2, 40, 40), np.int64)
    for value, column in ((1, 2), (2, 20)):
        broken[5:35:5, column : column + 4] = value
    mixed[5:35:10, [3, 20]] = 1
    mixed[10:35:10, [3, 20]] = 2
    assert [one.together for one in occurrences(broken)] == [1, 1]
    assert [one.together for one in occurrences(mixed)] == [0, 0]
    assert [one.pieces for one in occurrences(broken)] == [6, 6]


def test_missing_pixels_do_not_count() -> None:
    evidence = Evidence()
    mask = np.array([[0, 1, 9], [0, 1, 9]])
    evidence.add("a", np.where(mask == 9, 0, mask), mask == 9)
    evidence.add("b", np.zeros((2, 2), np.int64), np.ones((2, 2), bool))
    assert evidence.files == [{0: 2, 1: 2}, {}]
    assert evidence.values == [0, 1]
    assert evidence.holders(1) == ["a"]
    assert evidence.pixels(1) == 2
