"""ISBI 2012: both layouts give the released arrays, and nothing else passes for them."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from skimage import measure

from tests.paths import SHARED
from unet_tutorial.datasets import isbi2012
from unet_tutorial.datasets.files import write_image

label: Callable[..., Any] = measure.label  # untyped where it comes from
REAL = SHARED / "isbi2012"
RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (30, 8, 9), dtype=np.uint8)
LABELS = (RNG.random((30, 8, 9)) > 0.3) * np.uint8(255)


def digest(array: np.ndarray[Any, Any]) -> str:
    return hashlib.sha256(array.tobytes()).hexdigest()


@pytest.fixture
def released(monkeypatch: pytest.MonkeyPatch) -> None:
    """A release of 30 small slices in the place of the real one."""
    monkeypatch.setattr(isbi2012, "SHAPE", IMAGES.shape)
    monkeypatch.setattr(isbi2012, "DECODED", {"images": digest(IMAGES), "labels": digest(LABELS)})


def write_slices(folder: Path) -> None:
    for name, array in (("images", IMAGES), ("labels", LABELS)):
        (folder / "train" / name).mkdir(parents=True)
        for number, plane in enumerate(array):
            write_image(folder / "train" / name / f"{number:02}.png", plane)


def write_stacks(folder: Path) -> None:
    write_image(folder / "train-volume.tif", IMAGES)
    write_image(folder / "train-labels.tif", LABELS)


@pytest.mark.usefixtures("released")
@pytest.mark.parametrize("write", [write_slices, write_stacks])
def test_both_layouts_give_the_same_arrays(tmp_path: Path, write: Any) -> None:
    write(tmp_path)
    images, labels = isbi2012.load(tmp_path)
    np.testing.assert_array_equal(images, IMAGES)
    np.testing.assert_array_equal(labels, LABELS > 0)
    assert labels.dtype == images.dtype == np.uint8


@pytest.mark.usefixtures("released")
def test_other_pixels_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"00\.png: there is no such file, nor .*train-volume\.tif; fetch"):
        isbi2012.load(tmp_path)
    write_slices(tmp_path)
    write_image(tmp_path / "train" / "labels" / "07.png", 255 - LABELS[7])
    with pytest.raises(ValueError, match=r"the labels, of shape .* are not the"):
        isbi2012.load(tmp_path)
    write_image(tmp_path / "train" / "images" / "07.png", IMAGES[7, 1:])
    with pytest.raises(ValueError, match=r"the images, of shape .* are not the"):
        isbi2012.load(tmp_path)


def test_the_real_slices_are_the_released_ones() -> None:
    if not REAL.is_dir():
        pytest.skip(f"{REAL} is not here: the real slices may not be shipped (data/README.md)")
    images, labels = isbi2012.load(REAL)
    assert images.mean() == pytest.approx(126.163, abs=1e-3)
    assert labels.mean() == pytest.approx(0.78037, abs=1e-5)
    counts = [int(cells.max()) for cells in isbi2012.instances(labels)]
    assert (min(counts), max(counts), round(np.mean(counts))) == (88, 137, 114)
    for name, checksum in isbi2012.REGISTRY.items():
        assert hashlib.sha256((REAL / name).read_bytes()).hexdigest() == checksum


def test_cells_are_counted_slice_by_slice() -> None:
    labels = (LABELS > 0).astype(np.uint8)
    for plane, cells in zip(labels, isbi2012.instances(labels), strict=True):
        np.testing.assert_array_equal(cells, label(plane, connectivity=1))
        np.testing.assert_array_equal(cells, isbi2012.instances(plane))
