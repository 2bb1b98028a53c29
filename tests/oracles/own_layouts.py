"""Layouts of folders that users have: where the files of each image and of its labels lie."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from unicodedata import normalize

from tests.oracles.own_data import grey, mask, save


class LayoutKind(NamedTuple):
    """A layout: the paths, without suffix, of image ``number`` and of its labels.

    ``part`` gives the part of each of the three images, and ``change`` changes the folder after all files are written.
    ``refused`` is as in `own_images.ImageKind`, and ``says`` stands in a remark.
    """

    name: str
    image: Callable[[int], str]
    labels: Callable[[int], str]
    part: tuple[str, str, str] = ("", "", "")
    change: Callable[[Path], object] = Path.exists
    refused: tuple[str, str] | None = None
    says: str = ""


def under(folder: str, *names: str) -> Callable[[int], str]:
    """Files of these names, by default 0, 1 and 2, in a folder."""
    return lambda number: f"{folder}/{names[number] if names else number}"


def parted(pattern: str, *parts: str) -> Callable[[int], str]:
    """The pattern with the part and the number of an image: "{}/images/{}"."""
    return lambda number: pattern.format(parts[number], number)


def another_mask(root: Path) -> None:
    save(root / "labels" / "7.png", mask(7))


def another_image(root: Path) -> None:
    save(root / "images" / "7.png", grey(7))


def another_suffix(root: Path) -> None:
    first = next((root / "images").iterdir())
    save(root / "images" / "0.bmp", grey(7))
    assert first.suffix != ".bmp"


def copied(old: str, new: str) -> Callable[[Path], object]:
    """A second folder with the same files."""
    return lambda root: shutil.copytree(root / old, root / new)


def removed(name: str) -> Callable[[Path], object]:
    return lambda root: shutil.rmtree(root / name)


def system_files(root: Path) -> None:
    """Files that no user wants to be read."""
    (root / "images" / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0")
    (root / "images" / "._0.png").write_bytes(b"\0\5\x16\7")
    (root / "labels" / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    (root / "labels" / "notes.txt").write_text("drawn by hand")
    (root / "__MACOSX" / "images").mkdir(parents=True)
    save(root / "__MACOSX" / "images" / "0.png", grey(7))


def second_images(root: Path) -> None:
    """A second image with its mask in all sets but the last."""
    for number in range(2):
        save(root / f"set {number}" / "images" / "b.png", grey(number + 7))
        save(root / f"set {number}" / "labels" / "b.png", mask(number + 7))


def also(pattern: str) -> Callable[[Path], object]:
    """One more image and its mask."""

    def change(root: Path) -> None:
        save(root / pattern.format("images"), grey(7))
        save(root / pattern.format("labels"), mask(7))

    return change


def extra_folder(root: Path) -> None:
    save(root / "figures" / "overview.png", grey(7))


def links(root: Path) -> None:
    """Images that are links to files elsewhere."""
    (root / "elsewhere").mkdir()
    for file in sorted((root / "images").iterdir()):
        shutil.move(file, root / "elsewhere" / file.name)
        file.symlink_to(root / "elsewhere" / file.name)


def broken_link(root: Path) -> None:
    (root / "images" / "1.png").unlink()
    (root / "images" / "1.png").symlink_to(root / "gone.png")


PLAIN = LayoutKind("images/ and labels/", under("images"), under("labels"))
TRAPS = ("1", "10", "11")
PARTS = ("train", "val", "test")
IN_PARTS = ("train", "val", "test")
LAYOUTS = [
    PLAIN,
    LayoutKind("Images/ and Masks/", under("Images"), under("Masks")),
    LayoutKind("IMG/ and GT/", under("IMG"), under("GT")),
    LayoutKind("raw/ and segmentation/", under("raw"), under("segmentation")),
    LayoutKind("NAME and NAME_mask in one folder", under("."), lambda number: f"{number}_mask"),
    LayoutKind("NAME and NAME_cp_masks, as Cellpose writes", under("."), lambda number: f"{number}_cp_masks"),
    LayoutKind(
        "train/ and train_masks/, test/ and test_masks/",
        parted("{}/{}", "train", "train", "test"),
        parted("{}_masks/{}_mask", "train", "train", "test"),
        ("train", "train", "test"),
    ),
    LayoutKind("images in the folder itself, masks/ in it", under("."), under("masks")),
    LayoutKind("images/img/ and masks/mask/", under("images/img"), under("masks/mask")),
    LayoutKind(
        "NAME and NAME_mask below folders, names with brackets",
        lambda n: f"benign/benign ({n})",
        lambda n: f"benign/benign ({n})_mask",
    ),
    LayoutKind("NAME and NAME_anno in one folder", under("."), lambda n: f"{n}_anno"),
    LayoutKind("img_NAME and mask_NAME in two folders", lambda n: f"images/img_{n}", lambda n: f"masks/mask_{n}"),
    LayoutKind(
        "NAME_image and NAME_label in two folders", lambda n: f"images/{n}_image", lambda n: f"labels/{n}_label"
    ),
    LayoutKind(
        "train/, val/, test/, each with images/ and labels/",
        parted("{}/images/{}", *PARTS),
        parted("{}/labels/{}", *PARTS),
        IN_PARTS,
    ),
    LayoutKind(
        "images/train, images/val, images/test, the same in labels/",
        parted("images/{}/{}", *PARTS),
        parted("labels/{}/{}", *PARTS),
        IN_PARTS,
    ),
    LayoutKind(
        "train_images/, train_masks/, test_images/, …",
        parted("{}_images/{}", "train", "train", "test"),
        parted("{}_masks/{}", "train", "train", "test"),
        ("train", "train", "test"),
    ),
    LayoutKind(
        "Training/, Validation/, Testing/",
        parted("{}/Image/{}", "Training", "Validation", "Testing"),
        parted("{}/Label/{}", "Training", "Validation", "Testing"),
        IN_PARTS,
    ),
    LayoutKind(
        "imagesTr/, labelsTr/, imagesTs/, labelsTs/ (nnU-Net)",
        parted("images{}/{}_0000", "Tr", "Tr", "Ts"),
        parted("labels{}/{}", "Tr", "Tr", "Ts"),
        ("train", "train", "test"),
    ),
    LayoutKind(
        "folders below images/ and labels/",
        parted("images/{}/{}", "a", "a", "b"),
        parted("labels/{}/{}", "a", "a", "b"),
    ),
    LayoutKind(
        "equal names in different folders", lambda n: f"images/plate {n}/well", lambda n: f"labels/plate {n}/well"
    ),
    LayoutKind("a folder for each image, with image and mask", lambda n: f"{n}/image", lambda n: f"{n}/mask"),
    LayoutKind("names 1, 10, 11", under("images", *TRAPS), under("labels", *TRAPS)),
    LayoutKind("names 1, 10, 11 and 1_mask, …", under(".", *TRAPS), lambda n: f"{TRAPS[n]}_mask"),
    LayoutKind(
        "names cell_10, cell_1_a, cell_1_b",
        under("images", "cell_10", "cell_1_a", "cell_1_b"),
        under("labels", "cell_10", "cell_1_a", "cell_1_b"),
    ),
    LayoutKind(
        "names with spaces and brackets",
        under("images", "a (1)", "a (2)", "a [3]"),
        under("labels", "a (1)", "a (2)", "a [3]"),
    ),
    LayoutKind(
        "names with dots", under("images", "2.5 um", "2.6 um", "a.b.c"), under("labels", "2.5 um", "2.6 um", "a.b.c")
    ),
    LayoutKind(
        "names in Greek, and an accent stored in two ways",
        under("images", "café", "κύτταρο", "细胞"),
        under("labels", *(normalize("NFD", name) for name in ("café", "κύτταρο", "细胞"))),
    ),
    LayoutKind(
        "names in upper and lower case",
        under("images", "Cell_A", "Cell_B", "Cell_C"),
        under("labels", "cell_a", "cell_b", "cell_c"),
    ),
    LayoutKind("images that are links", under("images"), under("labels"), change=links),
    LayoutKind("hidden files, Thumbs.db, notes", under("images"), under("labels"), change=system_files),
    LayoutKind(
        "a folder of other pictures beside",
        under("images"),
        under("labels"),
        change=extra_folder,
        says="left out overview.png",
    ),
    LayoutKind(
        "a link whose file is missing",
        under("images"),
        under("labels"),
        change=broken_link,
        refused=("this link points to", "copy the file, or remove the link"),
    ),
    LayoutKind(
        "a mask without an image",
        under("images"),
        under("labels"),
        change=another_mask,
        refused=("7.png: there is no image of this name", "name its image 7.png or 7.tif, or remove the file"),
    ),
    LayoutKind(
        "an image without a mask",
        under("images"),
        under("labels"),
        change=another_image,
        refused=("7.png: there is no mask of this name", "name its mask 7.png or 7.tif, or remove the file"),
    ),
    LayoutKind(
        "two images of one name",
        under("images"),
        under("labels"),
        change=another_suffix,
        refused=("has the same name", "keep one of the two"),
    ),
    LayoutKind(
        "labels/ and masks/",
        under("images"),
        under("labels"),
        change=copied("labels", "masks"),
        refused=("labels/ and masks/ are both possible", "move the other away"),
    ),
    LayoutKind(
        "images/ and labels/, and the same in train/",
        under("images"),
        under("labels"),
        change=lambda root: [copied(name, f"train/{name}")(root) for name in ("images", "labels")],
        refused=("found images with labels in the folder itself", "move one of them away"),
    ),
    LayoutKind(
        "masks of other names",
        under("images"),
        under("labels", "x", "y", "z"),
        refused=("there is no mask of this name in", "name its mask 0.png or 0.tif"),
    ),
    LayoutKind(
        "images/ alone",
        under("images"),
        under("labels"),
        change=removed("labels"),
        refused=("no images/ and labels/ (or masks/) were found in it", "put the images into images/"),
    ),
    LayoutKind(
        "labels/ alone",
        under("images"),
        under("labels"),
        change=removed("images"),
        refused=("no images/ and labels/ (or masks/) were found in it", "put the images into images/"),
    ),
    LayoutKind(
        "empty folder",
        under("images"),
        under("labels"),
        change=lambda root: [removed(name)(root) for name in ("images", "labels")],
        refused=("no images/ and labels/ (or masks/) were found in it", "put the images into images/"),
    ),
    LayoutKind(
        "a folder for each image, with images/ and labels/", lambda n: f"{n}/images/a", lambda n: f"{n}/labels/a"
    ),
    LayoutKind(
        "data sets in folders of their own",
        lambda n: f"set {n}/images/a",
        lambda n: f"set {n}/labels/a",
        change=second_images,
        refused=("expected one image, as in the folder set 2/, got 2", "give the folder of one data set"),
    ),
    LayoutKind(
        "two data sets in folders of their own",
        parted("{}/images/{}", "a", "a", "b"),
        parted("{}/labels/{}", "a", "a", "b"),
        change=also("b/{}/3.png"),
        refused=("in folders of their own (a/, b/)", "give one of these folders"),
    ),
    LayoutKind(
        "train/ with images, and masks only for test/",
        under("train/images"),
        under("test/labels"),
        refused=("no images/ and labels/ (or masks/) were found in it", "put the images into images/"),
    ),
]
