"""HDF5 files with an image and its labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from unet_tutorial.datasets.layouts.find import find, parts

h5py = pytest.importorskip("h5py")


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
