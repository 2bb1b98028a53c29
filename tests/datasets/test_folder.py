"""Folders of a user: every layout gives the same pairs, and every mistake is a ValueError that names the file."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import measure

from tests.oracles.permissions import as_nobody
from tests.paths import SHARED
from unet_tutorial.datasets.annotations.labels import separated
from unet_tutorial.datasets.course_data import DATA
from unet_tutorial.datasets.folder import Reading, paired, read_collection, read_folder
from unet_tutorial.datasets.generators.synthetic import touching_cells
from unet_tutorial.datasets.generators.walls import cell_walls
from unet_tutorial.datasets.images.decode import Array
from unet_tutorial.datasets.images.files import write_image
from unet_tutorial.disk import make_folder

label: Callable[..., Any] = measure.label  # skimage is untyped
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
        np.testing.assert_array_equal(pair.image[0], image)
        np.testing.assert_array_equal(pair.labels, cells)
        np.testing.assert_array_equal(pair.instances, label(cells, connectivity=1))
        assert pair.labels.dtype == np.uint8
        assert pair.instances.dtype == np.int32


def test_touching_cells_are_separated(tmp_path: Path) -> None:
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
        assert pair.image.shape[1:] == pair.labels.shape == (256, 256)
        assert pair.instances.max() == label(pair.labels, connectivity=1).max()


def test_the_real_folder_is_read() -> None:
    if not REAL.is_dir():
        pytest.skip(f"{REAL} is not here: the real slices may not be shipped (data/README.md)")
    assert np.mean([pair.labels.mean() for pair in read_folder(REAL)]) == pytest.approx(0.78037, abs=1e-5)


def test_hidden_and_other_files_are_ignored(tmp_path: Path) -> None:
    LAYOUTS["labels"](tmp_path)
    for name in (".DS_Store", "._00.png", "notes.txt"):
        (tmp_path / "images" / name).write_text("x")
    assert len(read_folder(tmp_path)) == 3


@pytest.mark.parametrize("rank", [2, 3])
def test_a_stack_gives_a_pair_per_slice_or_one_volume(tmp_path: Path, rank: int) -> None:
    volume = cell_walls(0, (8, 32, 36), cells=8)
    for part, array in (("images", volume.image), ("labels", volume.instances.astype(np.uint16))):
        make_folder(tmp_path / part)
        write_image(tmp_path / part / "a.tif", array)
    pairs = read_folder(tmp_path, rank, labels="instances")
    wanted = [volume.image] if rank == 3 else list(volume.image)
    cells = [volume.instances] if rank == 3 else list(volume.instances)
    assert [pair.name for pair in pairs] == (["a"] if rank == 3 else [f"a-{number:02}" for number in range(8)])
    for pair, image, instances in zip(pairs, wanted, cells, strict=True):
        np.testing.assert_array_equal(pair.image[0], image)
        np.testing.assert_array_equal(pair.labels, separated(instances) > 0)
        assert pair.known.all()


def test_a_binary_volume_is_numbered_in_3d(tmp_path: Path) -> None:
    mask = np.zeros((3, 8, 8), np.uint8)
    mask[:, 2:4, 2:4] = 255  # one column through all slices
    for part in ("images", "labels"):
        (tmp_path / part).mkdir()
        write_image(tmp_path / part / "a.tif", mask)
    (pair,) = read_folder(tmp_path, 3)
    assert pair.instances.max() == 1
    assert [one.instances.max() for one in read_folder(tmp_path)] == [1, 1, 1]


def test_a_crop_cuts_all_arrays_alike() -> None:
    cells = np.where(CELLS[0], 1, 0).astype(np.int32)
    cells[:, 0] = -1
    pair = paired("a", IMAGES[0], cells)
    part = pair.crop("b", (slice(2, 9), slice(0, 4)))
    assert part.name == "b"
    for ours, whole in zip(part[1:5], pair[1:5], strict=True):
        np.testing.assert_array_equal(ours, np.asarray(whole)[..., 2:9, 0:4])
    assert not part.known[:, 0].any()
    assert part.known[:, 1:].all()


def refused(folder: Path, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        read_folder(folder)


def test_missing_and_empty_folders_are_named(tmp_path: Path) -> None:
    refused(tmp_path / "none", r"none: there is no such folder")
    refused(tmp_path, r"no images/ and labels/")
    (tmp_path / "images").mkdir()
    refused(tmp_path, r"no images/ and labels/")
    (tmp_path / "labels").mkdir()
    refused(tmp_path, r"images: no images found; put files")


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
        (CELLS[0] - 1.0, "00.tif", r"00\.tif: expected a mask of integers .* from -1\.0 to 0\.0;"),
        (CELLS[0] / 2.0, "00.tif", r"00\.tif: expected a mask of integers"),
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


def test_nan_and_infinity_are_named_with_their_slice(tmp_path: Path) -> None:
    for broken, where in ((IMAGES[:1] / 1.0, "00.tif"), (IMAGES[None] / 1.0, "00.tif, slice 02")):
        broken[0, ..., -1, 3:5] = np.inf, np.nan
        if broken.ndim == 4:
            broken[0, :2] = 0
        write(tmp_path / "images", broken, ".tif")
        write(tmp_path / "labels", np.ones(broken.shape, np.uint8), ".tif")
        refused(tmp_path, rf"images/{where}: 2 of 180 pixels are NaN or infinite")


UNLABELLED = 65535  # the value of unlabelled pixels in the masks below


def put(folder: Path, mask: NDArray[np.uint16], name: str = "0") -> Path:
    """A folder with the mask and an image of its size."""
    for part, array in (("images", np.full(mask.shape, 9, np.uint8)), ("labels", mask)):
        (folder / part).mkdir(parents=True, exist_ok=True)
        write_image(folder / part / f"{name}.tif", array)
    return folder


def test_slices_without_labels_are_left_out(tmp_path: Path) -> None:
    mask = np.full((6, 8, 8), UNLABELLED, np.uint16)
    mask[[1, 4]] = np.kron(np.eye(2, dtype=np.uint16), np.full((4, 4), 255, np.uint16))
    assert [pair.name for pair in read_folder(put(tmp_path, mask), unlabelled=UNLABELLED)] == ["0-01", "0-04"]


def test_a_folder_in_which_nothing_is_labelled_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="every pixel has the value 65535"):
        read_folder(put(tmp_path, np.full((3, 8, 8), UNLABELLED, np.uint16)), 3, unlabelled=UNLABELLED)


@pytest.mark.parametrize("locked", ["images/a.png", "labels/a.tif", "images", "."])
def test_a_file_or_folder_without_permission_is_named(locked: str) -> None:
    with TemporaryDirectory() as name:
        for file in ("images/a.png", "labels/a.tif"):
            make_folder((Path(name) / file).parent)
            write_image(Path(name) / file, IMAGES[0])
        Path(name).chmod(0o755)
        (Path(name) / locked).chmod(0)
        named = str(Path(name) / locked) + ".*"
        with (
            as_nobody(),
            pytest.raises(ValueError, match=rf"^{named}: you are not permitted to read it \(Permission denied"),
        ):
            read_folder(name)


@pytest.mark.parametrize("where", [".", "train"])
def test_classes_have_the_names_of_classes_json_unless_an_option_names_them(tmp_path: Path, where: str) -> None:
    classes = np.random.default_rng(0).integers(0, 3, (16, 16)).astype(np.uint8)
    for part in ("train", "test"):
        for folder, array in (("images", 9 * classes), ("labels", classes)):
            write_image(make_folder(tmp_path / part / folder) / "a.png", array)
    (tmp_path / where / "classes.json").write_text('{"glass": 0, "stroma": 1, "gland": 2}')
    assert read_collection(tmp_path).scheme.names == ("glass", "stroma", "gland")
    assert read_collection(tmp_path, reading=Reading(classes="a,b,c")).scheme.names == ("a", "b", "c")
    (tmp_path / where / "classes.json").write_text('{"glass": 0, "glass ": 1}')
    with pytest.raises(ValueError, match=r"classes\.json: the name glass is given twice"):
        read_collection(tmp_path)


@pytest.mark.parametrize(("one_slice", "other"), [("images", "labels"), ("labels", "images")])
def test_a_stack_of_one_slice_is_an_image(tmp_path: Path, one_slice: str, other: str) -> None:
    arrays = {"images": IMAGES, "labels": CELLS * np.uint8(255)}
    write(tmp_path / one_slice, arrays[one_slice][:, None], ".tif")
    write(tmp_path / other, arrays[other])
    pairs = read_folder(tmp_path)
    assert [pair.name for pair in pairs] == ["00", "01", "02"]
    for pair, image, cells in zip(pairs, IMAGES, CELLS, strict=True):
        np.testing.assert_array_equal(pair.image, image[None])
        np.testing.assert_array_equal(pair.labels, cells)
        assert pair.size == pair.instances.shape == cells.shape
    with pytest.raises(ValueError, match="expected a volume"):
        read_folder(tmp_path, rank=3)


@pytest.mark.parametrize(("value", "count"), [(254, 1), (255, 0), (None, 0)])
def test_a_value_of_unlabelled_pixels_that_no_pixel_has_is_told(tmp_path: Path, value: int | None, count: int) -> None:
    write(tmp_path / "images", IMAGES)
    write(tmp_path / "labels", np.where(RNG.random(CELLS.shape) < 0.1, 255, CELLS).astype(np.uint8))
    remarks = read_collection(tmp_path, reading=Reading("classes", unlabelled=value)).remarks
    assert remarks.count(f"no pixel has the value {value} of --unlabelled") == count


@pytest.mark.parametrize(("spacing", "count"), [((2.0, 2.0), 1), ((1.0, 0.5), 0), ((), 0)])
def test_labels_of_another_resolution_are_told(tmp_path: Path, spacing: tuple[float, ...], count: int) -> None:
    for name, array, lengths in (("images", IMAGES[0], (1.0, 0.5)), ("labels", CELLS[0] * np.uint8(255), spacing)):
        write_image(make_folder(tmp_path / name) / "a.tif", array, lengths)
    remarks = " ".join(read_collection(tmp_path).remarks)
    assert remarks.count("pixels of 2 × 2 µm, and their image of 1 × 0.5 µm") == count
    assert remarks.count("check that one was not made at another resolution") == count
