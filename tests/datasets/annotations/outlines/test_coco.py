"""COCO's JSON."""

from typing import Any

import numpy as np
import pytest

from unet_tutorial.datasets.annotations.class_tables import marks_unlabelled
from unet_tutorial.datasets.annotations.outlines.coco import is_coco, read_coco
from unet_tutorial.datasets.annotations.outlines.outline import FileOutlines

SIZE = (6, 8)


def content(**annotation: Any) -> dict[str, Any]:
    """A file with two images; the annotation is of the first."""
    return {
        "images": [
            {"id": 7, "file_name": "train/a.png", "height": 6, "width": 8},
            {"id": 8, "file_name": "train/b.png", "height": 6, "width": 8},
        ],
        "categories": [{"id": 3, "name": "nucleus"}, {"id": 1, "name": "debris"}],
        "annotations": [{"id": 1, "image_id": 7, "category_id": 3, "iscrowd": 0, **annotation}],
    }


def mask(found: FileOutlines) -> list[list[int]]:
    image = np.zeros(SIZE, int)
    for outline in found.outlines:
        image[outline.region.where] += outline.region.mask
    return image.tolist()


SQUARE = np.pad(np.ones((2, 3), int), ((1, 3), (2, 3))).tolist()  # rows 1 and 2, columns 2 to 4
SEGMENTATIONS: dict[str, Any] = {
    "polygon": [[2, 1, 5, 1, 5, 3, 2, 3]],
    "two polygons, which overlap": [[2, 1, 4, 1, 4, 3, 2, 3], [3, 1, 5, 1, 5, 3, 3, 3]],
    "runs": {"size": [6, 8], "counts": [13, 2, 4, 2, 4, 2, 21]},
    "compressed runs": {"size": [6, 8], "counts": "=24000a0"},
}


@pytest.mark.parametrize("kind", SEGMENTATIONS)
def test_all_kinds_of_outlines_give_the_same_pixels(kind: str) -> None:
    found = read_coco(content(segmentation=SEGMENTATIONS[kind]), SIZE, "a")
    assert mask(found) == SQUARE
    assert [outline.label for outline in found.outlines] == ["nucleus"]


@pytest.mark.parametrize("name", ["a", "a.png", "train/a", "train/a.png", "data/train/a"])
def test_images_are_found_with_and_without_folder_and_suffix(name: str) -> None:
    assert len(read_coco(content(segmentation=SEGMENTATIONS["runs"]), SIZE, name).outlines) == 1
    assert not read_coco(content(segmentation=SEGMENTATIONS["runs"]), SIZE, "b").outlines


def test_images_of_one_name_are_told_apart_by_their_folders() -> None:
    file = content(segmentation=SEGMENTATIONS["runs"])
    file["images"][1]["file_name"] = "val/a.tif"
    assert len(read_coco(file, SIZE, "train/a").outlines) == 1
    assert len(read_coco(file, SIZE, "val/a").outlines) == 0
    assert len(read_coco(file, SIZE, "a.tif").outlines) == 0
    with pytest.raises(ValueError, match=r"it has 2 images of the name a \("):
        read_coco(file, SIZE, "a")


def test_the_pixels_of_a_crowd_have_no_label() -> None:
    (crowd,), remarks = read_coco(content(segmentation=SEGMENTATIONS["runs"], iscrowd=1), SIZE, "a")
    (cell,), _ = read_coco(content(segmentation=SEGMENTATIONS["runs"]), SIZE, "a")
    assert marks_unlabelled(crowd.label)
    np.testing.assert_array_equal(crowd.region.mask, cell.region.mask)
    assert remarks == ["1 object is a crowd (iscrowd), with many cells in one outline: these pixels have no label"]


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no outline": ({"segmentation": []}, "annotation 1 has a box but no outline"),
    "no segmentation": ({}, "annotation 1 has a box but no outline"),
    "category": ({"segmentation": SEGMENTATIONS["polygon"], "category_id": 9}, "category 9, which is not among"),
    "size of the runs": ({"segmentation": {"size": [8, 6], "counts": [48]}}, r"has a mask of \(8, 6\)"),
    "damaged runs": ({"segmentation": {"size": [6, 8], "counts": [40]}}, "annotation 1 has a damaged mask"),
    "damaged text": ({"segmentation": {"size": [6, 8], "counts": "P"}}, "annotation 1 has a damaged mask"),
    "outside": ({"segmentation": [[20, 1, 25, 1, 25, 3]]}, "lies outside the image of 8 × 6 pixels"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_annotations_that_cannot_be_read_are_refused(kind: str) -> None:
    annotation, message = REFUSED[kind]
    with pytest.raises(ValueError, match=message):
        read_coco(content(**annotation), SIZE, "a")


def test_missing_images_and_other_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"it has no images of the name c \(it has train/a.png, train/b.png\)"):
        read_coco(content(), SIZE, "c")
    with pytest.raises(ValueError, match=r"it states \(6, 8\) .height, width. for the image a, which has \(12, 16\)"):
        read_coco(content(), (12, 16), "a")


def test_other_json_is_not_coco() -> None:
    assert is_coco(content())
    assert not any(map(is_coco, [{}, [], {"images": []}, 3]))
