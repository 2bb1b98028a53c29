"""Layouts of folders: each gives the right pairs, and one that could be misread is refused."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from unicodedata import normalize

import pytest

from tests.oracles.permissions import as_nobody
from unet_tutorial.datasets.course_data import DATA
from unet_tutorial.datasets.layouts.find import find, parts
from unet_tutorial.datasets.layouts.layout import Layout

A, B = "0a7d30b252359a10", "0acd2c223d300ea55d0546797713851e"  # codes of 16 and more digits


def put(folder: Path, names: str) -> Path:
    """The folder with empty files of these names; {a,b} stands for both a and b."""
    for name in names.split():
        texts = re.split(r"[{}]", name)  # every second one is a list of alternatives
        for chosen in product(*(text.split(",") if number % 2 else [text] for number, text in enumerate(texts))):
            touch(folder / "".join(chosen))
    return folder


def touch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def pairs(layout: Layout, folder: Path) -> dict[str, str]:
    """The files of each entry, relative to the folder: "image > label"."""

    def text(paths: tuple[Path, ...]) -> str:
        return " ".join(path.relative_to(folder).as_posix() for path in paths)

    return {entry.name: f"{text(entry.images)} > {text(entry.labels)}" for entry in layout.entries}


# files in the folder: pairs as "name: images > labels"
TABLE: dict[str, tuple[str, list[str]]] = {
    "images and labels": (
        "images/a.png images/b.tif labels/a.png labels/b.png",
        ["a: images/a.png > labels/a.png", "b: images/b.tif > labels/b.png"],
    ),
    "any case": ("Images/a.PNG LABELS/a.TIF", ["a: Images/a.PNG > LABELS/a.TIF"]),
    "raw and gt": ("raw/a.png GT/a.png", ["a: raw/a.png > GT/a.png"]),
    "imgs and ground_truth": ("imgs/a.png Ground_Truth/a.png", ["a: imgs/a.png > Ground_Truth/a.png"]),
    "ground-truth": ("img/a.png ground-truth/a.png", ["a: img/a.png > ground-truth/a.png"]),
    "x and y": ("x/1.tif y/1.tif", ["1: x/1.tif > y/1.tif"]),
    "inputs and targets": ("Inputs/1.tif Targets/1.tif", ["1: Inputs/1.tif > Targets/1.tif"]),
    "photos and annotations": ("photos/1.jpg annotations/1.png", ["1: photos/1.jpg > annotations/1.png"]),
    "an empty folder of the other name": ("images/1.png labels/1.png masks/.keep", ["1: images/1.png > labels/1.png"]),
    "a text file is not data": ("images/1.png labels/1.png masks/readme.txt", ["1: images/1.png > labels/1.png"]),
    "1 and 10": (
        "images/1.png images/10.png labels/10.png labels/1.png",
        ["1: images/1.png > labels/1.png", "10: images/10.png > labels/10.png"],
    ),
    "suffix mask": (
        "images/a.png images/b.png masks/a_mask.png masks/b_mask.png",
        ["a: images/a.png > masks/a_mask.png", "b: images/b.png > masks/b_mask.png"],
    ),
    "suffix with a hyphen": ("images/a.png masks/a-labels.png", ["a: images/a.png > masks/a-labels.png"]),
    "prefix": ("images/a.png masks/mask_a.png", ["a: images/a.png > masks/mask_a.png"]),
    "words on both sides": (
        "images/img_001.png images/img_002.png masks/mask_001.png masks/mask_002.png",
        ["img_001: images/img_001.png > masks/mask_001.png", "img_002: images/img_002.png > masks/mask_002.png"],
    ),
    "words with numbers": (
        "images/image01.png images/image10.png labels/label01.png labels/label10.png",
        ["image01: images/image01.png > labels/label01.png", "image10: images/image10.png > labels/label10.png"],
    ),
    "words in the middle": (
        "images/d1_img_3.png images/d2_img_3.png labels/d1_mask_3.png labels/d2_mask_3.png",
        [
            "d1_img_3: images/d1_img_3.png > labels/d1_mask_3.png",
            "d2_img_3: images/d2_img_3.png > labels/d2_mask_3.png",
        ],
    ),
    "a name that is a word": (
        "images/mask_1.png labels/mask_1_mask.png",
        ["mask_1: images/mask_1.png > labels/mask_1_mask.png"],
    ),
    "upper and lower case": ("images/A1.png labels/a1.png", ["A1: images/A1.png > labels/a1.png"]),
    "names that differ in case only": (
        "images/A.png images/a.png labels/A.png labels/a.png",
        ["A: images/A.png > labels/A.png", "a: images/a.png > labels/a.png"],
    ),
    "nested": (
        "images/a/1.png images/b/1.png labels/a/1.png labels/b/1.png",
        ["a/1: images/a/1.png > labels/a/1.png", "b/1: images/b/1.png > labels/b/1.png"],
    ),
    "nested with a word": (
        "images/a/1.png images/b/1.png labels/a/1_gt.png labels/b/1_gt.png",
        ["a/1: images/a/1.png > labels/a/1_gt.png", "b/1: images/b/1.png > labels/b/1_gt.png"],
    ),
    "one folder inside the labels": (
        "images/a.jpg annotations/trimaps/a.png annotations/xmls/a.xml",
        ["a: images/a.jpg > annotations/trimaps/a.png"],
    ),
    "Cityscapes": (
        "leftImg8bit/aachen/a_0_leftImg8bit.png gtFine/aachen/a_0_gtFine_labelIds.png",
        ["aachen/a_0_leftImg8bit: leftImg8bit/aachen/a_0_leftImg8bit.png > gtFine/aachen/a_0_gtFine_labelIds.png"],
    ),
    "outlines": (
        "images/a.png images/b.png labels/a.json labels/b.json",
        ["a: images/a.png > labels/a.json", "b: images/b.png > labels/b.json"],
    ),
    "ImageJ's outlines": ("images/a.tif rois/readme.txt masks/a_RoiSet.zip", ["a: images/a.tif > masks/a_RoiSet.zip"]),
    "in train": ("train/images/a.png train/labels/a.png", ["a: train/images/a.png > train/labels/a.png"]),
    "ISBI 2012": (
        "train-volume.tif train-labels.tif test-volume.tif",
        ["train-volume: train-volume.tif > train-labels.tif"],
    ),
    "beside": ("a.tif a_mask.tif b.tif b_mask.tif", ["a: a.tif > a_mask.tif", "b: b.tif > b_mask.tif"]),
    "beside, raw and label": (
        "1_raw.tif 1_label.tif 2_raw.tif 2_label.tif",
        ["1_raw: 1_raw.tif > 1_label.tif", "2_raw: 2_raw.tif > 2_label.tif"],
    ),
    "beside, prefix": (
        "im1.png im10.png seg1.png seg10.png",
        ["im1: im1.png > seg1.png", "im10: im10.png > seg10.png"],
    ),
    "beside in a folder": ("stuff/a.tif stuff/a_gt.png", ["a: stuff/a.tif > stuff/a_gt.png"]),
    "beside in images": ("images/a.tif images/a_gt.png", ["a: images/a.tif > images/a_gt.png"]),
    "Cellpose": ("a.tif a_masks.tif a_seg.npy a_flows.tif", ["a: a.tif > a_masks.tif"]),
    "Cellpose, PNG": ("a.tif a_cp_masks.png a_cp_outlines.txt a_rois.zip", ["a: a.tif > a_cp_masks.png"]),
    "labelme": ("a.png a.json b.png b.json c.png", ["a: a.png > a.json", "b: b.png > b.json"]),
    "QuPath": ("a.tif a.geojson", ["a: a.tif > a.geojson"]),
    "ImageJ": ("a.tif a.zip b.tif b.zip", ["a: a.tif > a.zip", "b: b.tif > b.zip"]),
    "ImageJ's sets": ("a.tif a_RoiSet.zip", ["a: a.tif > a_RoiSet.zip"]),
    "ImageJ, one outline": ("a.tif a.roi", ["a: a.tif > a.roi"]),
    "layers, a folder per image": (
        "images/{a,b}.png labels/{a,b}/{cell,wall}.png",
        [
            "a: images/a.png > labels/a/cell.png labels/a/wall.png",
            "b: images/b.png > labels/b/cell.png labels/b/wall.png",
        ],
    ),
    "layers, a folder per class": (
        "images/{a,b}.png labels/{wall,cell}/{a,b}.png",
        [
            "a: images/a.png > labels/cell/a.png labels/wall/a.png",
            "b: images/b.png > labels/cell/b.png labels/wall/b.png",
        ],
    ),
    "a folder per image with one file": ("images/a.png labels/a/x.png", ["a: images/a.png > labels/a/x.png"]),
    "Data Science Bowl": (
        f"i1/images/i1.png i1/masks/{{{A},{B}}}.png i2/images/i2.png i2/masks/{B}.png",
        [f"i1: i1/images/i1.png > i1/masks/{A}.png i1/masks/{B}.png", f"i2: i2/images/i2.png > i2/masks/{B}.png"],
    ),
    "a folder per case": (
        "c1/image.tif c1/label.tif c2/image.tif c2/label.tif",
        ["c1: c1/image.tif > c1/label.tif", "c2: c2/image.tif > c2/label.tif"],
    ),
    "nnU-Net": (
        "imagesTr/a_0000.png imagesTr/a_0001.png labelsTr/a.png",
        ["a: imagesTr/a_0000.png imagesTr/a_0001.png > labelsTr/a.png"],
    ),
    "Decathlon": ("imagesTr/a_0003.png labelsTr/a_0003.png", ["a_0003: imagesTr/a_0003.png > labelsTr/a_0003.png"]),
    "Pascal VOC": (
        "JPEGImages/a.jpg JPEGImages/b.jpg SegmentationClass/a.png Annotations/a.xml",
        ["a: JPEGImages/a.jpg > SegmentationClass/a.png"],
    ),
}


@pytest.mark.parametrize("case", TABLE)
def test_layouts(tmp_path: Path, case: str) -> None:
    files, wanted = TABLE[case]
    put(tmp_path, files)
    assert [f"{name}: {text}" for name, text in pairs(find(tmp_path), tmp_path).items()] == wanted


# files in the folder: words of the refusal
REFUSED: dict[str, tuple[str, str]] = {
    "nothing": ("notes.txt", r"no images/ and labels/ \(or masks/\) were found"),
    "images only": ("images/a.png", r"no images/ and labels/"),
    "other names": ("pictures/a.png outlines/a.png", r"no images/ and labels/ .* it holds outlines/, pictures/"),
    "two sets": (
        "01/{images,seg}/{a,b}.png 02/images/{a,b}.png",
        r"in folders of their own \(01/\); give one of these",
    ),
    "deep below": (
        "unpacked/set/images/a.png unpacked/set/labels/a.png unpacked/other/.keep",
        r"in folders of their own \(unpacked/set/\); give one of these",
    ),
    "deep below, with parts": (
        "data/membrane/{train,val}/{image,label}/a.png data/membrane/test/a.png",
        r"in folders of their own \(data/membrane/\); give one of these",
    ),
    "a folder for each image, deeper": (
        "stage1_train/{1a,2b}/images/{c}.png stage1_train/{1a,2b}/masks/{d}.png",
        r"in folders of their own \(stage1_train/\); give one of these",
    ),
    "inside images": ("a.png b.png", r"no images/ and labels/"),
    "no images": ("images/.keep labels/a.png", r"images: no images found; put files"),
    "no labels": ("images/a.png labels/a.czi", r"labels: no labels found \(it holds 1 \.czi\); open it in Fiji"),
    "an image alone": (
        "images/a.png images/b.png labels/a.png",
        r"images/b\.png: there is no mask of this name in .*labels",
    ),
    "images alone": ("images/a.png images/b.png images/c.png labels/a.png", r"b\.png: .* \(2 have none: b, c\)"),
    "labels alone": (
        "images/a.png labels/a.png labels/b.png",
        r"labels/b\.png: there is no image of this name in .*images",
    ),
    "1 is not 10": ("images/1.png labels/10.png", r"images/1\.png: there is no mask of this name"),
    "no zeros are added": ("images/img_1.png labels/mask_001.png", r"img_1\.png: there is no mask"),
    "a word in some names only": (
        "images/a.png images/b.png labels/a_mask.png labels/b_mask2.png",
        r"there is no mask of this name",
    ),
    "different words": (
        "images/a.png images/b.png labels/a_mask.png labels/b_gt.png",
        r"there is no mask of this name",
    ),
    "an unknown word": ("images/a.png labels/a_lesion.png", r"images/a\.png: there is no mask"),
    "part of a word": ("images/bit.png labels/bitmask.png", r"images/bit\.png: there is no mask"),
    "case that is not unique": ("images/A.png images/a.png labels/a.png", r"images/A\.png: there is no mask"),
    "a mask of the field of view": (
        "images/1.png 1st_manual/1.png mask/1.png",
        r"1st_manual/ and mask/ are both possible",
    ),
    "labels and masks": ("images/a.png labels/a.png masks/a.png", r"labels/ and masks/ are both possible; keep one"),
    "images and raw": ("images/a.png raw/a.png masks/a.png", r"images/ and raw/ are both possible; keep one"),
    "outlines and masks": ("images/a.png labels/a.json masks/a.png", r"labels/ and masks/ are both possible"),
    "classes and objects": (
        "JPEGImages/a.jpg SegmentationClass/a.png SegmentationObject/a.png",
        r"or give --labels classes or --labels instances",
    ),
    "equal names": ("images/a.png images/a.tif labels/a.png", r"images/a\.tif: a\.png has the same name"),
    "here and in train": (
        "{images,labels}/a.png train/{images,labels}/a.png",
        r"in the folder itself .* and for training .* move one",
    ),
    "train and training": ("{train,training}/{images,labels}/a.png", r"train/ and training/ are both possible"),
    "two words": ("a.png a_mask.png a_seg.png", r"two kinds of labels beside the images, NAME_mask .* and NAME_seg"),
    "masks and outlines": ("a.png a_mask.png a.json", r"two kinds of labels .* NAME_mask .* and NAME\.json"),
    "a mask alone": ("a.png a_mask.png b_mask.png", r"b_mask\.png: its name is that of labels, but there is no image"),
    "nearly a mask": ("a.png a_mask.png b.png b_mask2.png", r"b_mask2\.png: its name is that of labels"),
    "Cellpose's pickle": ("a.tif a_seg.npy", r"a_seg\.npy: this is a Python pickle, .* as a_cp_masks\.png"),
    "Cellpose's pickle in labels": ("images/a.tif labels/a_seg.npy", r"labels/a_seg\.npy: this is a Python pickle"),
    "a channel that is missing": (
        "imagesTr/a_{0000,0001}.png imagesTr/b_0000.png labelsTr/{a,b}.png",
        r"imagesTr/b: expected a file for each channel 0000, 0001, got 0000; add",
    ),
    "a missing layer": (
        "images/{a,b}.png labels/a/{cell,wall}.png labels/b/cell.png",
        r"but b/wall is missing; add an empty mask",
    ),
    "a missing mask of a class": (
        "images/{a,b}.png labels/cell/{a,b}.png labels/wall/a.png",
        r"but wall/b is missing; add",
    ),
    "cells or layers": (
        "images/{a,b}.png labels/{a,b}/{1,2}.png",
        r"give --labels instances for cells, or --labels layers",
    ),
    "a folder of both": ("images/{a,b}.png labels/{a,b}/{a,b}.png", r"names of images and of classes at once"),
    "only a test set": ("test/images/a.png test/labels/a.png", r"all its images with labels are in test/"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(tmp_path: Path, case: str) -> None:
    files, words = REFUSED[case]
    with pytest.raises(ValueError, match=words):
        find(put(tmp_path, files))


ONE = ("images/a.png labels/a.png", "a")
PARTS: dict[str, tuple[str, dict[str, list[str]]]] = {
    "none": ("images/a.png labels/a.png", {"": ["a"]}),
    "folders": (
        "train/{images,labels}/a.png val/{images,labels}/b.png test/{images,labels}/c.png",
        {"train": ["a"], "val": ["b"], "test": ["c"]},
    ),
    "other names": ("Training/{images,labels}/a.png Validation/{images,labels}/b.png", {"train": ["a"], "val": ["b"]}),
    "inside": (
        "images/train/a.png images/val/b.png labels/train/a.png labels/val/b.png",
        {"train": ["a"], "val": ["b"]},
    ),
    "in the names": ("train_images/a.png train_masks/a.png test_images/c.png", {"train": ["a"]}),
    "names at the end": (
        "images-train/a.png masks-train/a.png images-test/c.png masks-test/c.png",
        {"train": ["a"], "test": ["c"]},
    ),
    "letters": ("x_train/a.png y_train/a.png x_val/b.png y_val/b.png", {"train": ["a"], "val": ["b"]}),
    "nnU-Net": (
        "imagesTr/a_0000.png labelsTr/a.png imagesTs/c_0000.png labelsTs/c.png",
        {"train": ["a"], "test": ["c"]},
    ),
    "nnU-Net, test images without labels": ("imagesTr/a_0000.png labelsTr/a.png imagesTs/c_0000.png", {"train": ["a"]}),
    "the folder and a test set": (
        "images/a.png labels/a.png test/images/c.png test/labels/c.png",
        {"train": ["a"], "test": ["c"]},
    ),
    "a test set without labels": ("train/images/a.png train/labels/a.png test/images/c.png", {"train": ["a"]}),
    "beside": ("train/a.png train/a_mask.png test/b.png test/b_mask.png", {"train": ["a"], "test": ["b"]}),
    "Cityscapes": (
        "leftImg8bit/{train,val}/u/a_leftImg8bit.png gtFine/{train,val}/u/a_gtFine_labelIds.png",
        {part: ["u/a_leftImg8bit"] for part in ("train", "val")},
    ),
}


@pytest.mark.parametrize("case", PARTS)
def test_parts(tmp_path: Path, case: str) -> None:
    files, wanted = PARTS[case]
    found = parts(put(tmp_path, files))
    assert {part: [entry.name for entry in layout.entries] for part, layout in found.items()} == wanted


def test_files_that_are_left_out_are_listed(tmp_path: Path) -> None:
    put(
        tmp_path,
        "images/a.{png,czi} labels/a.{png,json} st/{a,b}.png .DS_Store images/Thumbs.db README.md",
    )
    assert find(tmp_path).left_out == (
        f"{tmp_path}/images: left out a.czi: this format is not read; open it in Fiji and save it as TIFF",
        f"{tmp_path}/labels: left out a.json: not an image with labels, nor its labels",
        f"{tmp_path}/st: left out a.png, b.png: not an image with labels, nor its labels",
    )


def test_left_out_beside_and_in_parts(tmp_path: Path) -> None:
    put(tmp_path, "train/a.tif train/a_masks.png train/a_seg.npy train/a_flows.tif train/b.tif test/c.tif")
    (layout,) = parts(tmp_path).values()
    assert layout.left_out == (
        f"{tmp_path}/test: left out c.tif: not an image with labels, nor its labels",
        f"{tmp_path}/train: left out a_flows.tif: Cellpose wrote it beside its masks",
        f"{tmp_path}/train: left out a_seg.npy: a pickle; the masks beside it are read",
        f"{tmp_path}/train: left out b.tif: no labels of this name",
    )


def test_accents_are_one_character_or_two(tmp_path: Path) -> None:
    put(tmp_path, f"images/{normalize('NFC', 'é')}.png labels/{normalize('NFD', 'é')}.png")
    assert [entry.name for entry in find(tmp_path).entries] == [normalize("NFC", "é")]


def test_links_and_spaces(tmp_path: Path) -> None:
    data = put(tmp_path / "data", "i/a.png l/a.png")
    (tmp_path / "my data" / "labels").mkdir(parents=True)
    (tmp_path / "my data" / "images").symlink_to(data / "i")
    (tmp_path / "my data" / "labels" / "a.png").symlink_to(data / "l" / "a.png")
    (tmp_path / "my data" / "again").symlink_to(tmp_path / "my data")  # a loop
    (entry,) = find(tmp_path / "my data").entries
    assert entry.name == "a"
    (tmp_path / "my data" / "labels" / "b.png").symlink_to(data / "nowhere.png")
    with pytest.raises(ValueError, match=r"labels/b\.png: this link points to .*nowhere\.png, which is missing"):
        find(tmp_path / "my data")


@pytest.mark.parametrize("locked", ["images", "labels", "."])
def test_a_folder_without_permission_is_named(locked: str) -> None:
    with TemporaryDirectory() as name:
        put(Path(name), "images/a.png labels/a.png")
        Path(name).chmod(0o755)
        (Path(name) / locked).chmod(0)
        with (
            as_nobody(),
            pytest.raises(ValueError, match=rf"^{Path(name) / locked}.*: you are not permitted to read it"),
        ):
            find(name)


def test_a_name_of_no_folder_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "a.png data.zip d.tar.gz")
    sentences = {
        "none": "there is no such folder; check the name",
        "none.h5": "there is no such folder; check the name",
        "a.png": "this is a file; give the folder that holds the images and their labels",
        "data.zip": "this is an archive; unpack it",
        "d.tar.gz": "this is an archive; unpack it",
    }
    for name, sentence in sentences.items():
        with pytest.raises(ValueError, match=rf"{name}: {sentence}"):
            find(tmp_path / name)


def test_a_folder_named_like_an_image_and_thumbnails_of_a_server_are_no_images(tmp_path: Path) -> None:
    put(
        tmp_path,
        "images/{a,b}.png labels/{a,b}.png images/@eaDir/a.png/SYNOPHOTO_THUMB_M.png labels/@eaDir/a.png/x.png",
    )
    found = find(tmp_path)
    assert pairs(found, tmp_path) == {name: f"images/{name}.png > labels/{name}.png" for name in "ab"}
    assert not found.left_out
    put(tmp_path, "labels/c.png/1.png")
    with pytest.raises(ValueError, match=r"labels/c.png/1.png: there is no image of this name"):
        find(tmp_path)


@pytest.mark.parametrize("name", ["em", "cells"])
def test_the_shipped_folders(name: str) -> None:
    found = parts(DATA / name)
    for part in ("train", "test"):
        names = sorted(path.stem for path in (DATA / name / part / "images").iterdir())
        assert [entry.name for entry in found[part].entries] == names
        assert [entry.labels for entry in found[part].entries] == [
            (DATA / name / part / f"labels/{n}.png",) for n in names
        ]
        assert found[part].left_out == ()


def test_files_that_are_read_through_a_link_are_not_left_out(tmp_path: Path) -> None:
    put(tmp_path, "store/{a,b}.tif store/c.tif labels/{a,b}.tif")
    (tmp_path / "images").mkdir()
    for name in "ab":
        (tmp_path / f"images/{name}.tif").symlink_to(tmp_path / f"store/{name}.tif")
    assert find(tmp_path).left_out == (f"{tmp_path}/store: left out c.tif: not an image with labels, nor its labels",)
