"""Two folders: what the layout says besides the pairs, and which labels are taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from unet_tutorial.datasets.layouts.two_folders import labels_in, two_folders


def put(folder: Path, *names: str) -> tuple[Path, Path]:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder / "images", folder / "labels"


def test_layers_have_the_names_of_their_files_or_folders(tmp_path: Path) -> None:
    layout, _ = two_folders(*put(tmp_path / "1", "images/a.png", "labels/wall/a.png", "labels/cell/a.png"))
    assert (layout.names, layout.layered, layout.kind) == ({0: "cell", 1: "wall"}, True, "images/ and labels/")
    layout, _ = two_folders(*put(tmp_path / "2", "images/a.png", "labels/a/wall.png", "labels/a/cell.png"))
    assert (layout.names, layout.layered) == ({0: "cell", 1: "wall"}, True)


def test_a_folder_per_image_with_its_cells(tmp_path: Path) -> None:
    cells = [f"labels/a/{number}.png" for number in range(9)]
    layout, _ = two_folders(*put(tmp_path, "images/a.png", "images/b.png", *cells, "labels/b/0.png"))
    assert (layout.names, layout.layered, layout.one_file_per_cell) == ({}, False, True)
    assert [len(entry.labels) for entry in layout.entries] == [9, 1]


def test_one_folder_of_a_class_is_no_layer(tmp_path: Path) -> None:
    layout, _ = two_folders(*put(tmp_path, "images/a.png", "images/b.png", "labels/cell/a.png", "labels/cell/b.png"))
    assert (layout.names, layout.layered, layout.one_file_per_cell) == ({}, False, False)


def test_masks_are_taken_before_outlines(tmp_path: Path) -> None:
    _, labels = put(tmp_path, "labels/a.json", "labels/b.png")
    assert labels_in(labels) == [labels / "b.png"]
    (labels / "b.png").unlink()
    assert labels_in(labels) == [labels / "a.json"]


def test_images_of_pascal_voc_without_masks_are_left_out(tmp_path: Path) -> None:
    put(tmp_path, "JPEGImages/a.jpg", "JPEGImages/b.jpg", "SegmentationClass/b.png")
    layout, unused = two_folders(tmp_path / "JPEGImages", tmp_path / "SegmentationClass")
    assert [entry.name for entry in layout.entries] == ["b"]
    assert unused == {tmp_path / "JPEGImages" / "a.jpg": "no labels of this name"}
    put(tmp_path, "SegmentationClass/c.png")
    with pytest.raises(ValueError, match=r"a\.jpg: there is no mask"):
        two_folders(tmp_path / "JPEGImages", tmp_path / "SegmentationClass")


def test_the_classes_of_cityscapes_are_read(tmp_path: Path) -> None:
    names = [f"labels/u/a_gtFine_{kind}.png" for kind in ("color", "instanceIds", "labelIds")]
    layout, unused = two_folders(*put(tmp_path, "images/u/a_leftImg8bit.png", *names))
    assert layout.entries == (
        ("u/a_leftImg8bit", (tmp_path / "images/u/a_leftImg8bit.png",), (tmp_path / "labels/u/a_gtFine_labelIds.png",)),
    )
    assert {path.name: reason for path, reason in unused.items()} == dict.fromkeys(
        ("a_gtFine_color.png", "a_gtFine_instanceIds.png"), "the files _labelIds are read"
    )
