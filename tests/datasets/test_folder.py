"""A reader's folder: every layout gives the same pairs, and every mistake names its file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from skimage import measure

from tests.paths import SHARED
from unet_tutorial.datasets.decode import Array
from unet_tutorial.datasets.files import write_image
from unet_tutorial.datasets.folder import has_masks, read_folder
from unet_tutorial.datasets.ship import DATA
from unet_tutorial.datasets.synthetic import touching_cells

label: Callable[..., Any] = measure.label  # untyped where it comes from
RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (3, 12, 15), dtype=np.uint8)
CELLS = RNG.random((3, 12, 15)) > 0.4
REAL = SHARED / "isbi2012"


def write(folder: Path, array: Array, suffix: str = ".png") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, plane in enumerate(array):
        write_image(folder / f"{number:02}{suffix}", plane)


def stacks(folder: Path) -> None:
    write_image(folder / "train-volume.tif", IMAGES)
    write_image(folder / "train-labels.tif", CELLS * np.uint8(255))


def two_folders(images: str, masks: str, suffix: str = ".png", top: int = 255) -> Callable[[Path], None]:
    def layout(folder: Path) -> None:
        write(folder / images, IMAGES)
        write(folder / masks, CELLS * np.uint16(top), suffix)

    return layout


LAYOUTS: dict[str, Callable[[Path], None]] = {
    "labels": two_folders("images", "labels"),
    "masks, 0 and 1": two_folders("images", "masks", top=1),
    "masks, 16 bit": two_folders("images", "masks", top=65535),
    "TIFF masks": two_folders("images", "masks", ".tif"),
    "train": two_folders("train/images", "train/labels"),
    "singular": two_folders("train/image", "train/label"),
    "stacks": stacks,
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_same_pairs(tmp_path: Path, layout: str) -> None:
    LAYOUTS[layout](tmp_path)
    pairs = read_folder(tmp_path)
    assert [pair.name[-2:] for pair in pairs] == ["00", "01", "02"]
    for pair, image, cells in zip(pairs, IMAGES, CELLS, strict=True):
        np.testing.assert_array_equal(pair.image, image)
        np.testing.assert_array_equal(pair.labels, cells)
        np.testing.assert_array_equal(pair.instances, label(cells, connectivity=1))
        assert pair.labels.dtype == np.uint8
        assert pair.instances.dtype == np.int32


def test_cells_that_touch_stay_apart(tmp_path: Path) -> None:
    image, instances = touching_cells(3)
    write(tmp_path / "images", image[None])
    write(tmp_path / "labels", instances[None])
    (pair,) = read_folder(tmp_path)
    np.testing.assert_array_equal(pair.labels, pair.instances > 0)
    assert label(instances > 0, connectivity=1).max() < 22
    assert label(pair.labels, connectivity=1).max() == 22
    assert set(np.unique(pair.instances[pair.instances != instances])) == {0}


@pytest.mark.parametrize("name", ["em/train", "em/test", "cells/train", "cells/test"])
def test_the_shipped_folders_are_read(name: str) -> None:
    pairs = read_folder(DATA / name)
    assert len(pairs) == len(list((DATA / name / "images").iterdir()))
    for pair in pairs:
        assert pair.image.shape == pair.labels.shape == (256, 256)
        assert pair.instances.max() == label(pair.labels, connectivity=1).max()


def test_the_real_folder_is_read() -> None:
    if not REAL.is_dir():
        pytest.skip(f"{REAL} is not here: the real slices may not be shipped (data/README.md)")
    assert np.mean([pair.labels.mean() for pair in read_folder(REAL)]) == pytest.approx(0.78037, abs=1e-5)


@pytest.mark.parametrize(("images", "masks"), [("images", "labels"), ("image", "label"), ("images", "mask")])
def test_whether_a_folder_has_masks(tmp_path: Path, images: str, masks: str) -> None:
    assert not has_masks(tmp_path / "none")
    (tmp_path / "test" / images).mkdir(parents=True)
    assert not has_masks(tmp_path / "test")
    (tmp_path / "test" / masks).mkdir()
    assert has_masks(tmp_path / "test")
    assert not has_masks(tmp_path)


def test_hidden_and_other_files_are_passed_over(tmp_path: Path) -> None:
    LAYOUTS["labels"](tmp_path)
    for name in (".DS_Store", "._00.png", "notes.txt"):
        (tmp_path / "images" / name).write_text("x")
    assert len(read_folder(tmp_path)) == 3
