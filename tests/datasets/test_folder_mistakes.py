"""Mistakes in a reader's folder: each is refused in a sentence that names its file."""

from pathlib import Path

import numpy as np
import pytest

from tests.datasets.test_folder import CELLS, IMAGES, LAYOUTS, write
from unet_tutorial.datasets.decode import Array
from unet_tutorial.datasets.files import write_image
from unet_tutorial.datasets.folder import read_folder


def refused(folder: Path, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        read_folder(folder)


def test_missing_and_empty_folders_are_named(tmp_path: Path) -> None:
    refused(tmp_path / "none", r"none: there is no such folder")
    refused(tmp_path, r"no images/ and labels/")
    (tmp_path / "images").mkdir()
    refused(tmp_path, r"no images/ and labels/")
    (tmp_path / "labels").mkdir()
    refused(tmp_path, r"images: holds no images; put files")


def test_an_image_without_its_mask_is_named_and_the_reverse(tmp_path: Path) -> None:
    LAYOUTS["labels"](tmp_path)
    (tmp_path / "labels" / "01.png").unlink()
    refused(tmp_path, r"images/01\.png: there is no mask of this name in .*labels")
    (tmp_path / "images" / "01.png").rename(tmp_path / "labels" / "01.png")
    refused(tmp_path, r"labels/01\.png: there is no image of this name in .*images")


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    LAYOUTS["labels"](tmp_path)
    write(tmp_path / "images", IMAGES[:1], ".tif")
    refused(tmp_path, r"00\.tif: 00\.png has the same name")


@pytest.mark.parametrize(
    ("mask", "name", "complaint"),
    [
        (CELLS[0, :, :-1], "00.png", r"00\.png: the mask has shape \(12, 14\) and its image \(12, 15\)"),
        (CELLS, "00.tif", r"00\.tif: the mask has shape \(3, 12, 15\)"),
        (CELLS[0] - 1.0, "00.tif", r"00\.tif: a mask holds whole numbers .* -1\.0 \.\. 0\.0 came"),
        (CELLS[0] / 2.0, "00.tif", r"00\.tif: a mask holds whole numbers"),
    ],
)
def test_a_mask_that_does_not_fit_is_named(tmp_path: Path, mask: Array, name: str, complaint: str) -> None:
    write(tmp_path / "images", IMAGES[:1])
    (tmp_path / "masks").mkdir()
    write_image(tmp_path / "masks" / name, mask)
    refused(tmp_path, complaint)


def test_jpeg_masks_and_truncated_files_are_refused(tmp_path: Path) -> None:
    LAYOUTS["labels"](tmp_path)
    mask = tmp_path / "labels" / "02.png"
    mask.write_bytes(mask.read_bytes()[:-20])
    refused(tmp_path, r"02\.png: cannot be read as an image")
    mask.rename(mask.with_suffix(".jpg"))
    refused(tmp_path, r"02\.jpg: JPEG changes the values of a mask")


def test_pixels_that_are_no_numbers_are_named_with_their_slice(tmp_path: Path) -> None:
    for broken, where in ((IMAGES[:1] / 1.0, "00.tif"), (IMAGES[None] / 1.0, "00.tif, slice 02")):
        broken[0, ..., -1, 3:5] = np.inf, np.nan
        if broken.ndim == 4:
            broken[0, :2] = 0
        write(tmp_path / "images", broken, ".tif")
        write(tmp_path / "labels", np.ones(broken.shape, np.uint8), ".tif")
        refused(tmp_path, rf"images/{where}: 2 of 180 pixels are NaN or infinite")
