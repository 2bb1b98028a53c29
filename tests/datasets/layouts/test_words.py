"""Words in names of files and folders."""

from __future__ import annotations

import pytest

from unet_tutorial.datasets.layouts.words import Role, part_of, role, without_word


@pytest.mark.parametrize(
    ("name", "part", "holds"),
    [
        ("images", "", "images"),
        ("Ground Truth", "", "labels"),
        ("1st_manual", "", "labels"),
        ("labelsTs", "test", "labels"),
        ("masks_valid", "val", "labels"),
        ("trainX", "train", "images"),
        ("TRAINING", "train", ""),
        ("Tr", "train", ""),
        ("val2017", "val", ""),
        ("dev", "val", ""),
        ("devices", "", ""),
        ("SegmentationClass", "", "labels"),
        ("train_labels_old", "", ""),
        ("2017", "", ""),
        ("trial", "", ""),
        ("tests", "", ""),
        ("attestation", "", ""),
        ("results", "", ""),
    ],
)
def test_role(name: str, part: str, holds: str) -> None:
    assert role(name) == Role(part, holds)


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("instances_val2017", "val"),
        ("Train", "train"),
        ("_annotations.coco", ""),
        ("train_and_test", ""),
        ("trains", ""),
    ],
)
def test_part_of(name: str, part: str) -> None:
    assert part_of(name) == part


@pytest.mark.parametrize(
    ("name", "rests"),
    [
        ("a_mask", {"a"}),
        ("mask-a", {"a"}),
        ("a mask", {"a"}),
        ("aMask", {"a"}),
        ("MASK1", {"1"}),
        ("1mask", {"1"}),
        ("a_mask_2", {"a_2"}),
        ("bitmask", set()),
        ("masked", set()),
        ("a_mask2", {"a_2"}),
        ("mask", set()),
        ("é_mask", {"é"}),
        ("émask", set()),
    ],
)
def test_without_word(name: str, rests: set[str]) -> None:
    assert set(without_word(name, ("mask",)).values()) == rests
