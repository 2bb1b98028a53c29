"""NIfTI, NRRD, HDF5 and zarr files give the arrays that other packages wrote, in the order (C, D, H, W)."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import nibabel
import nrrd
import numpy as np
import pytest
import zarr
from numpy.typing import NDArray

from unet_tutorial.datasets.images.files import read, read_values
from unet_tutorial.datasets.images.volumes import axis_letters

RNG = np.random.default_rng(0)
VOLUME = RNG.integers(0, 65536, (5, 13, 17), dtype=np.uint16)  # (D, H, W)
CHANNELS = RNG.integers(0, 256, (2, 5, 13, 17), dtype=np.uint8)  # (C, D, H, W)
Pixels = NDArray[Any]
DIRECTIONS = [[1, 0, 0], [0, 3, 4], [0, 0, 2]]


def nifti(path: Path, array: Pixels, unit: str = "unknown", sizes: Sequence[float] = (0.25, 0.5, 2)) -> None:
    """``array`` in the order of the file, (x, y, z, …)."""
    image = nibabel.Nifti1Image(array, np.diag([*sizes, 1]))
    image.header.set_xyzt_units(xyz=unit)
    nibabel.save(image, path)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".NII.GZ"])
@pytest.mark.parametrize(
    ("unit", "spacing"),
    [("micron", (2, 0.5, 0.25)), ("mm", (2000, 500, 250)), ("meter", (2e6, 5e5, 25e4)), ("unknown", ())],
)
def test_nifti(tmp_path: Path, suffix: str, unit: str, spacing: tuple[float, ...]) -> None:
    nifti(tmp_path / f"a{suffix}", VOLUME.transpose(2, 1, 0), unit)
    image = read(tmp_path / f"a{suffix}")
    assert image.array.dtype == np.uint16
    np.testing.assert_array_equal(image.array, VOLUME[None])
    assert image.spacing == pytest.approx(spacing)
    assert (image.remarks == ()) == (unit != "unknown")


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int32, np.float32, np.float64, ">i2", ">f4"])
def test_nifti_of_all_types(tmp_path: Path, dtype: Any) -> None:
    wanted = (VOLUME // 3).astype(dtype)
    nifti(tmp_path / "a.nii", wanted.transpose(2, 1, 0))
    image = read(tmp_path / "a.nii")
    assert image.array.dtype == np.dtype(dtype).newbyteorder("=")
    np.testing.assert_array_equal(image.array[0], wanted)


def test_nifti_with_a_scale(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(VOLUME.T // 2, np.eye(4))
    image.header.set_slope_inter(0.5, 3)
    nibabel.save(image, tmp_path / "a.nii.gz")
    wanted = nibabel.load(tmp_path / "a.nii.gz").get_fdata().T  # type: ignore[attr-defined]
    np.testing.assert_allclose(read(tmp_path / "a.nii.gz").array[0], wanted)


def test_slices_and_channels_of_nifti(tmp_path: Path) -> None:
    nifti(tmp_path / "slice.nii.gz", VOLUME[:1].T, "mm")
    assert read(tmp_path / "slice.nii.gz").array.shape == (1, 13, 17)
    assert read(tmp_path / "slice.nii.gz").spacing == pytest.approx((500, 250))
    nifti(tmp_path / "vector.nii", CHANNELS.T[:, :, :, None])  # (x, y, z, 1, c)
    np.testing.assert_array_equal(read(tmp_path / "vector.nii").array, CHANNELS)
    nifti(tmp_path / "four.nii.gz", CHANNELS.T)
    with pytest.raises(ValueError, match=r"four\.nii\.gz: expected a volume, got 2 of them .*--channels 0,1"):
        read(tmp_path / "four.nii.gz")
    np.testing.assert_array_equal(read(tmp_path / "four.nii.gz", "1,0").array, CHANNELS[::-1])


def test_labels_in_nifti_may_be_floats(tmp_path: Path) -> None:
    nifti(tmp_path / "a.nii.gz", (VOLUME % 4).astype(np.float64).T)
    np.testing.assert_array_equal(read_values(tmp_path / "a.nii.gz").array, VOLUME % 4)


@pytest.mark.parametrize(
    ("header", "spacing"),
    [
        ({"kinds": ["domain"] * 3, "spacings": [0.25, 0.5, 2], "units": ["um", "um", "um"]}, (2, 0.5, 0.25)),
        ({"kinds": ["domain"] * 3, "spacings": [0.25, 500, 0.002], "units": ["um", "nm", "mm"]}, (2, 0.5, 0.25)),
        ({"kinds": ["domain"] * 3, "spacings": [0.25, 0.5, 2]}, ()),
        ({"spacings": [0.25, 0.5, 2], "units": ["um", "um", "um"]}, (2, 0.5, 0.25)),
        ({"space dimension": 3, "space units": ["mm"] * 3, "space directions": DIRECTIONS}, (2000, 5000, 1000)),
        ({"space": "left-posterior-superior", "space directions": DIRECTIONS}, ()),
        ({}, ()),
    ],
)  # fmt: skip
@pytest.mark.parametrize("encoding", ["raw", "gzip", "ascii", "bzip2"])
def test_nrrd(tmp_path: Path, header: Mapping[str, Any], spacing: tuple[float, ...], encoding: str) -> None:
    # the lists of a header are in the order (x, y, z)
    options = {"encoding": encoding, "endian": "big"}
    nrrd.write(str(tmp_path / "a.nrrd"), VOLUME[:, :4, :3], {**header, **options}, index_order="C")
    image = read(tmp_path / "a.nrrd")
    assert image.array.dtype == np.uint16
    np.testing.assert_array_equal(image.array, VOLUME[None, :, :4, :3])
    assert image.spacing == pytest.approx(spacing)


def test_channels_of_nrrd(tmp_path: Path) -> None:
    kinds = ["domain", "domain", "domain", "vector"]
    directions = [[0.25, 0, 0], [0, 0.5, 0], [0, 0, 2], [np.nan] * 3]
    header = {"kinds": kinds, "space units": ["mm"] * 3, "space dimension": 3, "space directions": np.array(directions)}
    nrrd.write(str(tmp_path / "a.nrrd"), CHANNELS, header, index_order="C")
    image = read(tmp_path / "a.nrrd")
    np.testing.assert_array_equal(image.array, CHANNELS)
    assert image.spacing == pytest.approx((2000, 500, 250))
    rgb = np.ascontiguousarray(np.moveaxis(np.concatenate([CHANNELS, CHANNELS[:1]])[:, 0], 0, -1))
    nrrd.write(str(tmp_path / "b.nrrd"), rgb, {"kinds": ["RGB-color", "domain", "domain"]}, index_order="C")
    image = read(tmp_path / "b.nrrd")
    assert image.channels == ("red", "green", "blue")
    np.testing.assert_array_equal(image.array, np.moveaxis(rgb, -1, 0))
    (tmp_path / "c.nrrd").write_text(
        "NRRD0004\ntype: uint8\ndimension: 2\nsizes: 4 4\nencoding: raw\ndata file: /dev/zero\n"
    )
    with pytest.raises(ValueError, match=r"c\.nrrd: its pixels are in another file"):
        read(tmp_path / "c.nrrd")


def hdf5(path: Path, arrays: Mapping[str, Pixels], **attributes: Any) -> None:
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            file.create_dataset(name, data=array, compression="gzip" if array.ndim else None).attrs.update(attributes)


@pytest.mark.parametrize("name", ["a.h5", "a.hdf5", "a.h5:/raw", "a.h5:raw", "a.hdf5:/raw/"])
def test_hdf5_with_one_array(tmp_path: Path, name: str) -> None:
    hdf5(tmp_path / name.split(":")[0], {"raw": VOLUME, "a number": np.array(3), "a line": np.arange(4)})
    np.testing.assert_array_equal(read(f"{tmp_path}/{name}").array, VOLUME[None])
    np.testing.assert_array_equal(read(tmp_path / name).array, VOLUME[None])


def test_hdf5_with_several_arrays_lists_them(tmp_path: Path) -> None:
    file = tmp_path / "a.h5"
    hdf5(file, {"raw": VOLUME, "more/labels": VOLUME % 3})
    listed = r"/more/labels \(5 × 13 × 17, uint16\), /raw \(5 × 13 × 17, uint16\), for example a\.h5:/more/labels"
    with pytest.raises(ValueError, match=rf"a\.h5: it holds 2 arrays; choose one of {listed}$"):
        read(file)
    with pytest.raises(ValueError, match=rf"a\.h5: there is no array /rww in it; choose one of {listed}$"):
        read(f"{file}:/rww")
    np.testing.assert_array_equal(read_values(f"{file}:/more/labels").array, VOLUME % 3)
    hdf5(file, {"a line": np.arange(4)})
    with pytest.raises(ValueError, match=r"a\.h5: it holds no array of two or more axes"):
        read(file)


@pytest.mark.parametrize("dtype", [">u2", "<u2", ">f4", "?"])
def test_types_of_hdf5_become_those_of_the_machine(tmp_path: Path, dtype: str) -> None:
    wanted = (VOLUME % 2).astype(dtype)
    hdf5(tmp_path / "a.h5", {"a": wanted})
    array = read(tmp_path / "a.h5").array
    assert array.dtype.isnative
    assert array.dtype.kind == ("u" if dtype == "?" else wanted.dtype.kind)
    np.testing.assert_array_equal(array[0], wanted)


def test_axes_of_hdf5(tmp_path: Path) -> None:
    tags = json.dumps({"axes": [{"key": key, "typeFlags": 2} for key in "zyxc"]})
    hdf5(tmp_path / "a.h5", {"volume": np.moveaxis(CHANNELS, 0, -1)}, axistags=tags, element_size_um=[2, 0.5, 0.25])
    image = read(tmp_path / "a.h5")
    np.testing.assert_array_equal(image.array, CHANNELS)
    assert image.spacing == (2, 0.5, 0.25)
    with h5py.File(tmp_path / "b.h5", "w") as file:
        labelled = file.create_dataset("a", data=CHANNELS)
        for dimension, label in zip(labelled.dims, "czyx", strict=True):
            dimension.label = label
    np.testing.assert_array_equal(read(tmp_path / "b.h5").array, CHANNELS)
    hdf5(tmp_path / "c.h5", {"a": CHANNELS})
    with pytest.raises(ValueError, match=r"c\.h5: expected an image .*shape \(2, 5, 13, 17\).*named axes"):
        read(tmp_path / "c.h5")
    hdf5(tmp_path / "d.h5", {"a": np.zeros((40, 30, 3), np.uint8)})
    with pytest.raises(ValueError, match="this looks like 3 channels in the last axis"):
        read(tmp_path / "d.h5")
    hdf5(tmp_path / "e.h5", {"a": VOLUME}, element_size_um=[2, 0.5, 0.25])
    assert read(tmp_path / "e.h5").spacing == (2, 0.5, 0.25)


AXES = [
    {"name": "t", "type": "time"},
    {"name": "c", "type": "channel"},
    *({"name": axis, "type": "space"} for axis in "zyx"),
]


def ome_zarr(group: Any, image: Pixels, version: str = "0.4", unit: str = "micrometer", rank: int = 5) -> None:
    """An OME-Zarr image (T, C, Z, Y, X) of two resolutions; fewer axes with a smaller ``rank``."""
    axes = [axis | ({"unit": unit} if axis["type"] == "space" and unit else {}) for axis in AXES][-rank:]
    for name, level in (("0", image), ("1", image[..., ::2, ::2])):
        group.create_array(name, data=level)
    levels = [
        {"path": str(level), "coordinateTransformations": [{"type": "scale", "scale": [1, 1, 2, y, x][-rank:]}]}
        for level, (y, x) in enumerate(((0.5, 0.25), (1, 0.5)))
    ]
    names = [{"label": "DAPI"}, {"label": "GFP"}]
    metadata = {"multiscales": [{"axes": axes, "datasets": levels}], "omero": {"channels": names}}
    group.attrs.update({"ome": metadata} if version == "0.5" else metadata)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_ome_zarr(tmp_path: Path, version: str) -> None:
    ome_zarr(zarr.open_group(tmp_path / "a.zarr", zarr_format=3 if version == "0.5" else 2), CHANNELS[None], version)
    image = read(tmp_path / "a.zarr")
    np.testing.assert_array_equal(image.array, CHANNELS)
    assert image.channels == ("DAPI", "GFP")
    assert image.spacing == (2, 0.5, 0.25)
    assert image.remarks == ()
    np.testing.assert_array_equal(read(tmp_path / "a.zarr", "gfp").array, CHANNELS[1:])
    for inside in ("a.zarr/1", "a.zarr:/1"):
        with pytest.raises(
            ValueError, match="named axes"
        ):  # five axes without names: the metadata are those of the group
            read(tmp_path / inside)


@pytest.mark.parametrize(("unit", "factor"), [("nanometer", 1e-3), ("millimeter", 1e3), ("", 0)])
def test_units_of_ome_zarr(tmp_path: Path, unit: str, factor: float) -> None:
    ome_zarr(zarr.open_group(tmp_path / "a.ome.zarr"), VOLUME, unit=unit, rank=3)
    image = read(tmp_path / "a.ome.zarr")
    np.testing.assert_array_equal(image.array[0], VOLUME)
    assert image.spacing == pytest.approx([2 * factor, 0.5 * factor, 0.25 * factor] if factor else [])


def test_images_in_one_zarr_folder(tmp_path: Path) -> None:
    root = zarr.open_group(tmp_path / "a.zarr")
    ome_zarr(root.create_group("0"), CHANNELS[None])
    np.testing.assert_array_equal(read(tmp_path / "a.zarr").array, CHANNELS)
    ome_zarr(root["0"].create_group("labels/cells"), VOLUME % 3, rank=3)  # type: ignore[union-attr]
    np.testing.assert_array_equal(read(tmp_path / "a.zarr").array, CHANNELS)
    np.testing.assert_array_equal(read_values(tmp_path / "a.zarr/0/labels/cells").array, VOLUME % 3)
    ome_zarr(root.create_group("1"), CHANNELS[None, ::-1])
    with pytest.raises(ValueError, match=r"a\.zarr: it holds 2 arrays; choose one of /0 \(an OME-Zarr image\), /1 "):
        read(tmp_path / "a.zarr")
    np.testing.assert_array_equal(read(f"{tmp_path}/a.zarr:/1").array, CHANNELS[::-1])


@pytest.mark.parametrize("version", [2, 3])
def test_plain_zarr(tmp_path: Path, version: Any) -> None:
    zarr.create_array(tmp_path / "a.zarr", data=VOLUME, zarr_format=version)
    np.testing.assert_array_equal(read(tmp_path / "a.zarr").array[0], VOLUME)
    group = zarr.open_group(tmp_path / "b.zarr", zarr_format=version)
    group.create_array("raw", data=VOLUME)
    np.testing.assert_array_equal(read(tmp_path / "b.zarr").array[0], VOLUME)
    group.create_array("labels", data=VOLUME % 3)
    with pytest.raises(
        ValueError, match=r"b\.zarr: it holds 2 arrays; choose one of /labels \(5 × 13 × 17, uint16\), /raw"
    ):
        read(tmp_path / "b.zarr")
    np.testing.assert_array_equal(read_values(tmp_path / "b.zarr" / "labels").array, VOLUME % 3)


def test_named_axes_of_zarr(tmp_path: Path) -> None:
    zarr.create_array(tmp_path / "a.zarr", data=np.moveaxis(CHANNELS, 0, 1), dimension_names=["z", "c", "y", "x"])
    np.testing.assert_array_equal(read(tmp_path / "a.zarr").array, CHANNELS)
    old = zarr.create_array(tmp_path / "b.zarr", data=np.moveaxis(CHANNELS, 0, -1), zarr_format=2)
    old.attrs["_ARRAY_DIMENSIONS"] = ["z", "y", "x", "channel"]
    np.testing.assert_array_equal(read(tmp_path / "b.zarr").array, CHANNELS)


def test_missing_chunks_are_told(tmp_path: Path) -> None:
    array = zarr.create_array(tmp_path / "a.zarr", shape=(40, 40), chunks=(10, 40), dtype="u1")
    array[:30] = 7
    image = read(tmp_path / "a.zarr")
    assert image.remarks == ("1 of its 4 chunks are not in the folder; they are read as 0",)
    sharded: dict[str, Any] = {"shape": (35, 70, 90), "chunks": (10, 10, 10), "shards": (20, 40, 50), "dtype": "u1"}
    array = zarr.create_array(tmp_path / "b.zarr", **sharded)
    array[...] = 7
    assert read(tmp_path / "b.zarr").remarks == ()
    array = zarr.create_array(tmp_path / "c.zarr", **sharded)
    array[20:, 40:] = 7
    assert read(tmp_path / "c.zarr").remarks == ("6 of its 8 shards are not in the folder; they are read as 0",)
    np.testing.assert_array_equal(image.array[0, 29:31, 0], [7, 0])


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "a.nrrd", "a.nrrd raw", "a.h5"])
@pytest.mark.parametrize("kept", [0.97, 0.7, 0.5, 0.2, 0.01])
def test_files_cut_short_are_refused(tmp_path: Path, name: str, kept: float) -> None:
    file = tmp_path / name.removesuffix(" raw")
    if "nii" in name:
        nifti(file, VOLUME.T)
    elif "nrrd" in name:
        nrrd.write(str(file), VOLUME, {"encoding": "raw" if "raw" in name else "gzip"})
    else:
        hdf5(file, {"raw": VOLUME})
    whole = file.read_bytes()
    file.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(ValueError, match=r"cannot be read as an image \(.*\); get the file again") as raised:
        read(file)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("codec", ["zstd", "none"])
@pytest.mark.parametrize("kept", [0.97, 0.5, 0.01])
def test_chunks_cut_short_are_refused(tmp_path: Path, codec: str, kept: float) -> None:
    compressors: Any = None if codec == "none" else "auto"
    zarr.create_array(tmp_path / "a.zarr", data=VOLUME, chunks=VOLUME.shape, compressors=compressors)
    (chunk,) = [file for file in (tmp_path / "a.zarr").rglob("*") if file.is_file() and file.name != "zarr.json"]
    whole = chunk.read_bytes()
    chunk.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(ValueError, match=r"a\.zarr: cannot be read as an image"):
        read(tmp_path / "a.zarr")
    (tmp_path / "a.zarr" / "zarr.json").write_text("{")
    with pytest.raises(ValueError, match=r"a\.zarr: cannot be read as an image"):
        read(tmp_path / "a.zarr")


def test_a_missing_package_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.zarr").mkdir()
    for name, package in (("a.nii.gz", "nibabel"), ("a.nrrd", "nrrd"), ("a.h5", "h5py"), ("a.zarr", "zarr")):
        monkeypatch.setitem(sys.modules, package, None)
        if name != "a.zarr":
            (tmp_path / name).write_bytes(b"anything")
        with pytest.raises(
            ValueError, match=rf"{name}: this needs {package}, which cannot .*; run pip install .*formats"
        ):
            read(tmp_path / name)


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (["", ""], "YX"),
        (["", "", ""], "QYX"),
        (["", "", "", ""], "QQYX"),
        (["space", "space"], "YX"),
        (["space", "space", "space", "C"], "ZYXC"),
        (["T", "space", "space", "space"], "TZYX"),
        (["space"] * 4, "QZYX"),
        (["Z", "", "Y", "X"], "ZQYX"),
    ],
)
def test_axis_letters(names: list[str], wanted: str) -> None:
    assert axis_letters(names) == wanted
