"""Weight maps against one distance transform of the whole image per cell, and against a loop over pixels."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from benchmarks.weight_map import stacked
from unet_tutorial.learning.losses.weight_maps import (
    border_weights,
    class_weighting,
    class_weights,
    two_nearest,
    weight_map,
)


def boxes(seed: int, size: tuple[int, ...], cells: int) -> NDArray[np.int64]:
    """Random boxes, drawn over each other: cells that touch, are nested or in pieces, with gaps in the numbering."""
    generator = np.random.default_rng(seed)
    image = np.zeros(size, dtype=np.int64)
    for cell in generator.permutation(3 * cells)[:cells] + 1:
        corner = [int(generator.integers(n)) for n in size]
        ends = [c + int(generator.integers(1, 1 + max(n // 3, 1))) for c, n in zip(corner, size, strict=True)]
        image[tuple(map(slice, corner, ends))] = cell
    return image


@pytest.mark.parametrize("size", [(60,), (48, 64), (12, 20, 24), (1, 40), (4, 5, 6, 7)])
@pytest.mark.parametrize("seed", range(4))
def test_border_term_equals_the_stacked_transforms(size: tuple[int, ...], seed: int) -> None:
    image = boxes(seed, size, cells=9)
    assert len(np.unique(image[image > 0])) >= 2
    np.testing.assert_allclose(border_weights(image), stacked(image), atol=1e-5, rtol=0)


@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    size=st.lists(st.integers(1, 14), min_size=1, max_size=3),
    cells=st.integers(2, 12),
    w0=st.floats(0, 50),
    sigma=st.floats(0.3, 12),
)
def test_border_term_on_any_image(seed: int, size: list[int], cells: int, w0: float, sigma: float) -> None:
    image = boxes(seed, tuple(size), cells)
    term = border_weights(image, w0=w0, sigma=sigma)
    if len(np.unique(image[image > 0])) < 2:
        assert not term.any()
    else:
        np.testing.assert_allclose(term, stacked(image, w0, sigma), atol=1e-6 * max(w0, 1), rtol=1e-6)


def test_border_term_on_wide_images_whose_boxes_are_small() -> None:
    image = boxes(seed=1, size=(180, 230), cells=40)
    image[np.random.default_rng(2).random(image.shape) < 0.3] = 0
    for sigma in (1.0, 5.0):
        np.testing.assert_allclose(border_weights(image, sigma=sigma), stacked(image, sigma=sigma), atol=1e-5, rtol=0)


def test_border_term_equals_a_loop_over_pixels_and_cells() -> None:
    image = boxes(seed=3, size=(11, 13), cells=6)
    wanted = np.zeros(image.shape)
    cells = [np.argwhere(image == cell).tolist() for cell in np.unique(image[image > 0])]
    for y, x in np.argwhere(image == 0):
        d1, d2 = sorted(min(math.dist((y, x), other) for other in cell) for cell in cells)[:2]
        wanted[y, x] = 10 * math.exp(-((d1 + d2) ** 2) / (2 * 5**2))
    np.testing.assert_allclose(border_weights(image), wanted, atol=1e-5)


def test_two_pieces_of_one_cell_are_not_two_cells() -> None:
    pieces = np.array([[1, 0, 1, 0, 0, 0, 2]])
    expected = 10 * np.exp(-(np.array([1 + 5, 1 + 3, 2 + 2, 3 + 1]) ** 2) / 50)
    np.testing.assert_allclose(border_weights(pieces)[0, [1, 3, 4, 5]], expected, rtol=1e-6)
    assert not border_weights(np.array([[1, 0, 1]])).any()


def test_fewer_than_two_cells_and_no_background() -> None:
    assert not border_weights(np.zeros((5, 5), dtype=np.uint8)).any()
    assert not border_weights(np.eye(5, dtype=np.int32)).any()
    assert not border_weights(np.arange(1, 10).reshape(3, 3)).any()


def test_numbers_of_cells_do_not_matter() -> None:
    image = boxes(seed=5, size=(30, 30), cells=8)
    backwards = np.where(image, 999 - image, 0)
    for other in (backwards, image * 10**12, image.astype(np.uint16), (image * 2**40).astype(np.uint64)):
        np.testing.assert_array_equal(border_weights(other), border_weights(image))


def test_huge_numbers_without_background_still_have_two_neighbours() -> None:
    d1, d2 = two_nearest(np.array([10**9, 10**9 + 1, 10**9 + 2]), reach=9.0)
    assert d1.tolist() == [0, 0, 0]
    assert d2.tolist() == [1, 1, 1]


def test_class_weights_balance() -> None:
    labels = np.random.default_rng(0).choice(4, size=(8, 9, 10), p=[0.6, 0.3, 0.0, 0.1])
    weights = class_weights(labels, classes=4)
    for c in range(4):
        n_c = sum(1 for label in labels.flat if label == c)
        assert weights[c] == pytest.approx(labels.size / (4 * n_c) if n_c else 0)
    assert weights[2] == 0
    present = [float(weights[labels][labels == c].sum()) for c in (0, 1, 3)]
    assert present == pytest.approx([labels.size / 4] * 3, rel=1e-5)


def test_class_weights_by_name() -> None:
    labels = np.random.default_rng(0).integers(3, size=50)
    np.testing.assert_array_equal(class_weighting("balanced", 3)(labels), class_weights(labels, 3))
    np.testing.assert_array_equal(class_weighting(" balanced ", 2)(labels % 2), class_weights(labels % 2))
    for text, weights in (("none", [1, 1, 1]), ("1,4,2", [1, 4, 2]), (" 0, 1e1,.5", [0, 10, 0.5])):
        found = class_weighting(text, 3)(labels)
        assert found.tolist() == weights
        assert found.dtype == np.float32


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "expected balanced, none, or one number per class"),
        ("equal", "expected balanced"),
        ("1,2,", "expected balanced"),
        ("1;2;3", "expected balanced"),
        ("1,2", "2 numbers for 3 classes; write one per class"),
        ("1,2,3,4", "4 numbers for 3 classes"),
        ("1,nan,2", "finite numbers of at least 0"),
        ("1,inf,2", "finite"),
        ("1,1e39,2", "finite"),
        ("1,-1,2", "at least 0"),
        ("0,0,0", "one of them above 0"),
    ],
)
def test_other_class_weights_are_refused(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=f"class weights {text!r}: .*{says}"):
        class_weighting(text, 3)


def test_weight_map_is_the_sum_of_equation_2() -> None:
    image = boxes(seed=11, size=(25, 31), cells=7)
    n, cells = image.size, np.count_nonzero(image)
    wanted = np.where(image > 0, n / (2 * cells), n / (2 * (n - cells))) + stacked(image, 7.0, 3.0)
    before = image.copy()
    found = weight_map(image, w0=7.0, sigma=3.0)
    np.testing.assert_array_equal(image, before)
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    assert found.dtype == np.float32
    assert border_weights(image).dtype == class_weights(image, classes=99).dtype == np.float32


BAD: list[tuple[NDArray[Any], str]] = [
    (np.zeros((4, 4)), "float64.*not integers"),
    (np.zeros((4, 4), dtype=bool), r"bool.*scipy.ndimage.label"),
    (np.array([[-1, 0, 1]]), "smallest label is -1"),
    (np.zeros((0, 4), dtype=int), "no pixel"),
]


@pytest.mark.parametrize(("image", "says"), BAD)
def test_bad_instances_are_refused(image: NDArray[Any], says: str) -> None:
    for work in (border_weights, class_weights, weight_map):
        with pytest.raises(ValueError, match=says):
            work(image)


@pytest.mark.parametrize("bad", [{"w0": -1.0}, {"w0": math.nan}, {"sigma": 0.0}, {"sigma": -5.0}, {"sigma": math.inf}])
def test_bad_height_or_width_is_refused(bad: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"(w0 = .*w0=10)|(sigma = .*sigma=5)"):
        weight_map(np.array([[1, 0, 2]]), **bad)


def test_class_outside_is_refused() -> None:
    with pytest.raises(ValueError, match=r"largest label is 2, the largest class 1; increase classes \(2\)"):
        class_weights(np.array([0, 1, 2]))
