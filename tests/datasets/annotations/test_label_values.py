"""The values of label files as integers, colours, layers and numbers of colours."""

import numpy as np
import pytest
from numpy.typing import DTypeLike

from unet_tutorial.datasets.annotations.label_values import (
    RawLabels,
    colour_ids,
    colour_values,
    grey_values,
    integers,
    layer_values,
    shown,
)

PALETTE = np.array([(0, 0, 0), (9, 9, 9), (255, 0, 0), (9, 9, 9)], np.uint8)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int16, np.uint32, np.int64, np.uint64, np.float32, np.float64])
def test_integers_of_any_type(dtype: DTypeLike) -> None:
    array, missing = integers("a.png", np.array([[0, 1], [1, 0]], dtype), None)
    assert array.dtype.kind in "ui"
    assert array.tolist() == [[0, 1], [1, 0]]
    assert not missing.any()


@pytest.mark.parametrize("unlabelled", [-1, 0, 7, 255])
def test_unlabelled_pixels_are_missing_and_0(unlabelled: int) -> None:
    array, missing = integers("a.png", np.array([1, unlabelled, 2], np.int16), unlabelled)
    assert array.tolist() == [1, 0, 2]
    assert missing.tolist() == [False, True, False]


def test_values_too_large_for_int64_are_refused() -> None:
    with pytest.raises(ValueError, match=r"a\.png: the value 9223372036854775808 is too large"):
        integers("a.png", np.array([0, 2**63], np.uint64), None)


def test_equal_channels_and_grey_palettes_are_grey() -> None:
    grey = np.array([[0, 200]], np.uint8)
    same = np.stack([grey] * 3, axis=-1)
    assert grey_values(RawLabels("a", same, coloured=True)).tolist() == [[0, 200]]  # type: ignore[union-attr]
    same[0, 1, 2] = 201
    assert grey_values(RawLabels("a", same, coloured=True)) is None
    assert grey_values(RawLabels("a", np.array([[0, 1]]), palette=PALETTE)).tolist() == [[0, 9]]  # type: ignore[union-attr]
    assert grey_values(RawLabels("a", np.array([[0, 2]]), palette=PALETTE)) is None
    # two positions of one grey cannot be told apart by their colours
    assert grey_values(RawLabels("a", np.array([[1, 3]]), palette=PALETTE)) is None


def test_colours_of_rgb_palette_and_grey_files() -> None:
    rgb = np.array([[(0, 0, 0), (255, 0, 0)]], np.uint8)
    assert colour_values(RawLabels("a", rgb, coloured=True)).tolist() == [[0, 0xFF0000]]
    assert colour_values(RawLabels("a", np.array([[3, 2]]), palette=PALETTE)).tolist() == [[0x090909, 0xFF0000]]
    assert colour_values(RawLabels("a", np.array([[0, 255]], np.uint8))).tolist() == [[0, 0xFFFFFF]]
    assert colour_ids(RawLabels("a", np.array([[0, 1, 3]]), palette=PALETTE)).tolist() == [[0, 2, 4]]


def test_layers_from_channels_colours_and_a_mask() -> None:
    mask = np.array([[0, 7]], np.uint8)
    assert layer_values(RawLabels("a", mask), None).array.tolist() == [[[0, 1]]]
    rgb = np.array([[(0, 9, 9), (9, 0, 9)]], np.uint8)
    assert layer_values(RawLabels("a", rgb, coloured=True), None).array.tolist() == [[[0, 1]], [[1, 0]], [[1, 1]]]
    layers, missing = layer_values(RawLabels("a", np.array([[[0, 5]], [[1, 1]]]), layered=True), 5)
    assert missing.tolist() == [[False, True]]
    assert layers.tolist() == [[[0, 0]], [[1, 0]]]


def test_a_layer_of_several_values_is_refused() -> None:
    with pytest.raises(ValueError, match="its layer nucleus holds 0, 1, 2, but a layer is 0"):
        layer_values(RawLabels("a", np.array([[[0, 1, 2]]]), layered=True, names=("nucleus",)), None)


def test_long_lists_of_values_are_cut() -> None:
    assert shown([1, 2]) == "1, 2"
    assert shown(range(500)).endswith("10 .. 499 (500 values)")
