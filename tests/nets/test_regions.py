"""Regions: components, squares, crops and pastes against numpy and scikit-image on synthetic masks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.measure import label, regionprops
from torch import Tensor

from unet_tutorial.nets.regions import Region, cropped, largest_regions, linear, nearest, paste_, square_around


def blocks(size: tuple[int, ...], *boxes: tuple[slice, ...]) -> Tensor:
    mask = torch.zeros(size, dtype=torch.bool)
    for box in boxes:
        mask[box] = True
    return mask


def test_the_largest_components_come_first() -> None:
    """Three rectangles of 4, 12 and 6 pixels."""
    mask = blocks((20, 30), np.s_[1:3, 1:3], np.s_[10:13, 20:24], np.s_[5:7, 9:12])
    found = largest_regions(mask, most=3, margin=0)
    assert found == [Region((10, 20), (4, 4)), Region((5, 9), (3, 3)), Region((1, 1), (2, 2))]
    assert largest_regions(mask, margin=0) == found[:1]
    assert largest_regions(mask, most=9, margin=0) == found


def test_an_empty_mask_has_no_regions() -> None:
    assert largest_regions(torch.zeros(4, 5, dtype=torch.bool)) == []


def test_pixels_that_touch_at_a_corner_are_one_component() -> None:
    mask = torch.eye(4, dtype=torch.bool)
    assert largest_regions(mask, margin=0) == [Region((0, 0), (4, 4))]
    assert largest_regions(torch.ones(3, 2, 2, dtype=torch.bool), margin=1) == [Region((-1, -1, -1), (5, 5, 5))]


def test_a_region_at_the_border_keeps_its_margin() -> None:
    mask = blocks((10, 10), np.s_[0:2, 8:10])
    assert largest_regions(mask, margin=3) == [Region((-3, 5), (8, 8))]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 5))
def test_boxes_hold_their_component_and_the_margin(seed: int, margin: int) -> None:
    """The oracle is scikit-image."""
    mask = np.random.default_rng(seed).random((9, 14)) < 0.3
    parts = sorted(regionprops(label(mask, connectivity=2)), key=lambda part: -part.area)
    found = largest_regions(torch.from_numpy(mask), most=50, margin=margin)
    assert len(found) == len(parts)
    for box, part in zip(found, parts, strict=True):
        top, left, bottom, right = part.bbox
        assert box.size == (max(bottom - top, right - left) + 2 * margin,) * 2
        assert box.size == largest_size(box)
    areas = [int(mask[box.inside(mask.shape)].sum()) for box in found]
    assert all(area >= part.area for area, part in zip(areas, parts, strict=True))


def largest_size(box: Region) -> tuple[int, ...]:
    return (max(box.size),) * len(box.size)


def test_the_middle_of_a_square_is_the_component() -> None:
    assert square_around((4, 10), (5, 15), margin=0) == Region((2, 10), (6, 6))
    assert square_around((7,), (7,), margin=2) == Region((5,), (5,))


@pytest.mark.parametrize("resize", [linear, nearest])
@pytest.mark.parametrize("box", [Region((2, 3), (4, 4)), Region((-2, 8), (6, 6)), Region((-3, -3), (20, 20))])
def test_pasting_a_crop_back_restores_the_pixels_of_the_box(
    box: Region, resize: Callable[[Tensor, tuple[int, ...]], Tensor]
) -> None:
    """Also at the border, and for a box larger than the image. Pixels outside are left as they are."""
    image, whole = torch.randn(2, 9, 12), torch.full((2, 9, 12), -99.0)
    paste_(whole, cropped(image, box, box.size, resize), box, resize)
    rows, columns = (range(first, first + n) for first, n in zip(box.origin, box.size, strict=True))
    for i in range(9):
        for j in range(12):
            inside = i in rows and j in columns
            assert torch.equal(whole[:, i, j], image[:, i, j] if inside else torch.full((2,), -99.0))


def test_an_enlarged_crop_is_each_pixel_twice_and_pasted_exactly() -> None:
    image, box = torch.randn(1, 8, 8), Region((-1, 3), (4, 4))
    large = cropped(image, box, (8, 8), nearest)
    rows = torch.tensor([1, 0, 1, 2]).repeat_interleave(2)  # mirrored at the border
    columns = torch.arange(3, 7).repeat_interleave(2)
    assert torch.equal(large, image[:, rows][:, :, columns])
    whole = torch.full((1, 8, 8), -99.0)
    paste_(whole, large, box, nearest)
    assert torch.equal(whole[:, :3, 3:7], image[:, :3, 3:7])
    assert (whole != -99).sum() == 3 * 4


def test_where_boxes_overlap_the_larger_value_stays() -> None:
    whole = torch.zeros(1, 6)
    paste_(whole, torch.tensor([[1.0, 5.0, -1.0]]), Region((0,), (3,)))
    paste_(whole, torch.tensor([[2.0, 3.0, 4.0]]), Region((1,), (3,)))
    assert whole.tolist() == [[1.0, 5.0, 3.0, 4.0, 0.0, 0.0]]


def test_a_box_outside_of_the_image_has_no_pixels_in_it() -> None:
    whole = torch.zeros(1, 4)
    for origin in (-9, 7):
        paste_(whole, torch.ones(1, 3), Region((origin,), (3,)))
    assert not whole.any()


def test_bad_numbers_are_refused() -> None:
    mask = torch.ones(3, 3, dtype=torch.bool)
    with pytest.raises(ValueError, match="margin = -1: it is a number of pixels"):
        largest_regions(mask, margin=-1)
    with pytest.raises(ValueError, match="most = 0 is not a whole number of at least 1"):
        largest_regions(mask, most=0)


@pytest.mark.parametrize(
    ("origin", "size"), [((15, 20), (20, 20)), ((25, 30), (60, 60)), ((-30, 3), (100, 2)), ((2, -70), (3, 60))]
)
def test_pasting_equals_a_loop_over_the_pixels_of_the_box(origin: tuple[int, int], size: tuple[int, int]) -> None:
    whole, part = torch.zeros(1, 20, 26), torch.rand(1, *size) - 0.5
    expected = whole.clone()
    for y, x in np.ndindex(*size):
        row, column = origin[0] + y, origin[1] + x
        if 0 <= row < 20 and 0 <= column < 26:
            expected[0, row, column] = max(float(part[0, y, x]), 0)
    paste_(whole, part, Region(origin, size))
    assert torch.equal(whole, expected)


@pytest.mark.parametrize(
    ("origin", "size"),
    [((1, 1), (0, 4)), ((1, 1), (4, -3)), ((1,), (4, 4)), ((1.5, 2.0), (4, 4)), ((), ())],
)
def test_regions_without_pixels_are_refused(origin: Any, size: Any) -> None:
    with pytest.raises(ValueError, match=r"region of .* leave out empty regions"):
        Region(origin, size)


def test_a_region_of_another_number_of_axes_is_refused() -> None:
    with pytest.raises(ValueError, match=r"a region of 1 axes in an image of 2 axes \(8, 9\)"):
        Region((1,), (4,)).inside((8, 9))


@pytest.mark.parametrize("mask", [torch.rand(4, 4), torch.full((4, 4), -1), torch.tensor([[0, 2]])])
def test_probabilities_and_labels_are_no_masks(mask: Tensor) -> None:
    with pytest.raises(ValueError, match=r"the mask holds values from .* compare first, as in labels > 0"):
        largest_regions(mask)
    assert largest_regions((mask > 0.9).float(), margin=0) == largest_regions(mask > 0.9, margin=0)
