"""HDF5 files and zarr folders with an image and its labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from unet_tutorial.datasets.images.files import read
from unet_tutorial.datasets.layouts.find import find, parts

h5py, zarr = pytest.importorskip("h5py"), pytest.importorskip("zarr")


def write(file: Path, *names: str) -> Path:
    with h5py.File(file, "w") as content:
        for name in names:
            content[name] = np.zeros((2, 2))
        content["axis"] = np.zeros(3)
    return file


@pytest.mark.parametrize(
    ("image", "labels"),
    [("raw", "label"), ("images", "masks"), ("volumes/raw", "volumes/labels/neuron_ids"), ("x", "y"), ("RAW", "gt")],
)
def test_names(tmp_path: Path, image: str, labels: str) -> None:
    file = write(tmp_path / "a.h5", image, labels)
    for where in (tmp_path, file):
        assert find(where).entries == (("a", (Path(f"{file}:/{image}"),), (Path(f"{file}:/{labels}"),)),)
        assert find(where).left_out == ()


def test_a_file_for_each_part(tmp_path: Path) -> None:
    for name in ("train", "val", "test"):
        write(tmp_path / f"{name}.h5", "raw", "label")
    assert {part: layout.entries[0].name for part, layout in parts(tmp_path).items()} == {
        name: name for name in ("train", "val", "test")
    }


def test_refusals(tmp_path: Path) -> None:
    write(tmp_path / "a.h5", "raw")
    with pytest.raises(ValueError, match="no images/ and labels/"):
        find(tmp_path)
    write(tmp_path / "b.h5", "raw", "label")
    with pytest.raises(ValueError, match=r"a\.h5: expected one array with labels in it, got none; name them"):
        find(tmp_path)
    write(tmp_path / "a.h5", "raw", "label", "mask")
    with pytest.raises(ValueError, match=r"a\.h5: expected one array with labels in it, got /label, /mask"):
        find(tmp_path)
    (tmp_path / "a.h5").write_bytes(b"x")
    with pytest.raises(ValueError, match=r"a\.h5: cannot be read as HDF5"):
        find(tmp_path)


def write_zarr(folder: Path, *names: str) -> Path:
    group = zarr.open_group(str(folder), mode="w")
    for name in names:
        group.create_array(name, data=np.zeros((2, 2)))
    group.create_array("axis", data=np.zeros(3))
    return folder


def test_a_zarr_folder_with_two_arrays(tmp_path: Path) -> None:
    folder = write_zarr(tmp_path / "a.zarr", "raw", "labels/cells")
    for where in (tmp_path, folder):
        assert find(where).entries == (("a", (Path(f"{folder}:/raw"),), (Path(f"{folder}:/labels/cells"),)),)
        assert find(where).left_out == ()


@pytest.mark.parametrize("version", [2, 3])
def test_an_ome_zarr_image_with_labels(tmp_path: Path, version: int) -> None:
    folder = write_zarr(tmp_path / "a.ome.zarr", "0", "1", "labels/cells/0", "labels/cells/1")
    for group in (folder, folder / "labels/cells"):
        multiscales = {"multiscales": [{"datasets": [{"path": "0"}, {"path": "1"}]}]}
        attributes = {"ome": multiscales} if version == 3 else multiscales
        zarr.open_group(str(group), mode="a").attrs.update(attributes)
    assert find(tmp_path).entries == (("a", (folder,), (Path(f"{folder}:/labels/cells"),)),)
    assert read(folder).array.shape == read(f"{folder}:/labels/cells").array.shape == (1, 2, 2)


def test_zarr_folders_that_cannot_be_used(tmp_path: Path) -> None:
    write_zarr(tmp_path / "a.zarr", "raw")
    with pytest.raises(ValueError, match="no images/ and labels/"):
        find(tmp_path)
    write_zarr(tmp_path / "b.zarr", "raw", "gt", "seg")
    with pytest.raises(ValueError, match=r"expected one array with labels in it, got none|got /gt, /seg"):
        find(tmp_path)
    (tmp_path / "b.zarr" / "zarr.json").write_text("{")
    with pytest.raises(ValueError, match=r"b\.zarr: cannot be read as zarr"):
        find(tmp_path)
