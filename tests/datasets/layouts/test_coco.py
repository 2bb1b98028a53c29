"""COCO: one JSON file for all images, for each part, beside them or in annotations/."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from unet_tutorial.datasets.layouts.coco import coco_images
from unet_tutorial.datasets.layouts.find import find, parts


def put(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def describe(file: Path, *names: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"images": [{"file_name": name} for name in names], "annotations": []}))
    return file


@pytest.mark.parametrize(
    ("file", "images", "names"),
    [
        ("annotations/instances.json", ["images/a.jpg", "images/b.jpg"], ["a.jpg", "b.jpg"]),
        ("annotations.json", ["images/a.jpg"], ["images/a.jpg"]),
        ("annotations.json", ["a.jpg"], ["./elsewhere/a.jpg"]),
        ("images/_annotations.coco.json", ["images/a.jpg"], ["a.jpg"]),
        ("_annotations.coco.json", ["a.jpg"], ["a.jpg"]),
        ("labels/all.json", ["images/s/a.jpg", "images/t/a.jpg"], ["s/a.jpg", "t/a.jpg"]),
    ],
)
def test_one_file(tmp_path: Path, file: str, images: list[str], names: list[str]) -> None:
    path = describe(put(tmp_path, *images) / file, *names)
    layout = find(tmp_path)
    assert [entry.images for entry in layout.entries] == [(tmp_path / image,) for image in images]
    assert {entry.labels for entry in layout.entries} == {(path,)}
    assert layout.left_out == ()


@pytest.mark.parametrize(
    "files",
    [
        {
            "annotations/instances_train2017.json": "train2017/a.jpg",
            "annotations/instances_val2017.json": "val2017/b.jpg",
        },
        {"annotations/instances_train.json": "images/a.jpg", "annotations/instances_val.json": "images/b.jpg"},
        {"train.json": "train/a.jpg", "val.json": "val/b.jpg"},
        {"train/_annotations.coco.json": "train/a.jpg", "valid/_annotations.coco.json": "valid/b.jpg"},
        {"annotations/train.json": "images/train/a.jpg", "annotations/val.json": "images/val/b.jpg"},
    ],
)
def test_parts(tmp_path: Path, files: dict[str, str]) -> None:
    for file, image in files.items():
        describe(put(tmp_path, image) / file, Path(image).name)
    found = parts(tmp_path)
    assert {part: [entry.images for entry in layout.entries] for part, layout in found.items()} == {
        part: [(tmp_path / image,)] for part, image in zip(("train", "val"), files.values(), strict=True)
    }
    assert found["train"].left_out == ()


def test_other_files_of_coco_and_images_outside(tmp_path: Path) -> None:
    put(tmp_path, "images/a.jpg", "images/b.jpg")
    for name in ("instances", "captions"):
        describe(tmp_path / "annotations" / f"{name}_all.json", "a.jpg")
    assert find(tmp_path).left_out == (
        f"{tmp_path}/annotations: left out captions_all.json: not an image with labels, nor its labels",
        f"{tmp_path}/images: left out b.jpg: not in instances_all.json",
    )


def test_refusals(tmp_path: Path) -> None:
    put(tmp_path, "images/a.jpg")
    describe(tmp_path / "one.json", "a.jpg", "b.jpg")
    with pytest.raises(ValueError, match=r"one\.json: 1 of the 2 images in it are not in .*images \(b\.jpg\); copy"):
        find(tmp_path)
    describe(tmp_path / "two.json", "a.jpg")
    with pytest.raises(ValueError, match=r"found one\.json, two\.json; keep one of them there"):
        find(tmp_path)
    (tmp_path / "one.json").unlink()
    put(tmp_path, "masks/a.png")
    with pytest.raises(ValueError, match=r"found labels in two\.json and in masks/; move one of them away"):
        find(tmp_path)


def test_other_json_files(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text('{"shapes": []}')
    assert coco_images(file) == []
    file.write_text('{"images": [{"id": 1}], "annotations": []}')
    with pytest.raises(ValueError, match="its images have no file_name"):
        coco_images(file)
