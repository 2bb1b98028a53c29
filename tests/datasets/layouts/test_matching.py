"""Names of images and labels: all match one to one, or the rest is named."""

from __future__ import annotations

import pytest

from unet_tutorial.datasets.layouts.matching import Match, match


@pytest.mark.parametrize(
    ("images", "labels", "pairs"),
    [
        ("b a", "a b", "b-b a-a"),
        ("a b", "a_gt b_gt", "a-a_gt b-b_gt"),
        ("x1 x10", "y10 y1", "x1-y1 x10-y10"),
        ("s/a t/a", "t/a_seg s/a_seg", "s/a-s/a_seg t/a-t/a_seg"),
        ("A b", "a B", "A-a b-B"),
        ("Img_A Img_B", "mask_a mask_b", "Img_A-mask_a Img_B-mask_b"),
        ("1_sat 2_sat", "1_mask 2_mask", "1_sat-1_mask 2_sat-2_mask"),
    ],
)
def test_names_that_match(images: str, labels: str, pairs: str) -> None:
    found = match(images.split(), labels.split())
    assert " ".join(f"{image}-{label}" for image, label in found.pairs) == pairs
    assert found.complete


@pytest.mark.parametrize(
    ("images", "labels", "found"),
    [
        (["1", "10"], ["1"], Match([("1", "1")], ["10"], [])),
        (["a", "b"], ["a_gt", "c_gt"], Match([("a", "a_gt")], ["b"], ["c_gt"])),
        (["a"], ["a_gt", "a_seg"], Match([], ["a"], ["a_gt", "a_seg"])),
        (["a_b", "a-b"], ["a_b", "a-c"], Match([("a_b", "a_b")], ["a-b"], ["a-c"])),
        (["s/a"], ["a"], Match([], ["s/a"], ["a"])),
        ([], ["a"], Match([], [], ["a"])),
    ],
)
def test_names_that_do_not(images: list[str], labels: list[str], found: Match) -> None:
    assert match(images, labels) == found


def test_an_equal_name_is_better_than_one_without_a_word() -> None:
    """Without "img" and "mask" the names would match the other way round."""
    names = ["img_mask", "mask"]
    assert match(names, names).pairs == [("img_mask", "img_mask"), ("mask", "mask")]
