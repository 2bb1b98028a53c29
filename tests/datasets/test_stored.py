"""Images that are read in parts have the pixels, channels and spacing that `read` finds in the whole file."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import zarr

from tests.datasets.images.test_tiff import OME, PLANE, STACK
from unet_tutorial.datasets import stored
from unet_tutorial.datasets.images.files import read, write_image
from unet_tutorial.datasets.stored import open_stored

RNG = np.random.default_rng(0)
VOLUME = RNG.integers(0, 60000, (5, 23, 31), dtype=np.uint16)
CHANNELS = RNG.integers(0, 200, (2, 5, 23, 31), dtype=np.uint8)
REGION = (slice(1, 4), slice(20, 23), slice(7, 8))


def ome_zarr(path: Path, array: np.ndarray[Any, Any], axes: str, version: str) -> None:
    """Version 0.4 on zarr 2, or 0.5 on zarr 3, with two channels and a size of a pixel in nm."""
    root = zarr.open_group(str(path), mode="w", zarr_format=2 if version == "0.4" else 3)
    chunks = tuple(min(n, 8) for n in array.shape)
    zarr.create_array(str(path), name="s0", data=array, chunks=chunks, zarr_format=2 if version == "0.4" else 3)
    kinds = {"t": "time", "c": "channel"}
    named = [{"name": a, "type": kinds.get(a, "space")} | ({"unit": "nanometer"} if a in "zyx" else {}) for a in axes]
    scale = [{"z": 400.0, "y": 200.0, "x": 100.0}.get(a, 1.0) for a in axes]
    dataset = {"path": "s0", "coordinateTransformations": [{"type": "scale", "scale": scale}]}
    ome: dict[str, Any] = {"multiscales": [{"version": version, "axes": named, "datasets": [dataset]}]}
    ome["omero"] = {"channels": [{"label": "DAPI"}, {"label": "GFP"}]}
    root.attrs.update(ome if version == "0.4" else {"ome": ome})


def check(path: Path, region: tuple[slice, ...] = REGION) -> None:
    whole, found = read(path), open_stored(path)
    assert (found.size, found.dtype) == (whole.array.shape[1:], whole.array.dtype)
    assert (found.arrangement.channels, found.arrangement.spacing) == (whole.channels, whole.spacing)
    np.testing.assert_array_equal(found.read(region), whole.array[(slice(None), *region)])
    every = tuple(slice(n) for n in found.size)
    np.testing.assert_array_equal(found.read(every), whole.array)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize(("axes", "array"), [("tczyx", CHANNELS[None]), ("czyx", CHANNELS), ("zyx", VOLUME)])
def test_ome_zarr(tmp_path: Path, version: str, axes: str, array: np.ndarray[Any, Any]) -> None:
    ome_zarr(tmp_path / "a.zarr", array, axes, version)
    check(tmp_path / "a.zarr")
    assert open_stored(tmp_path / "a.zarr").chunks == (5, 8, 8)
    assert open_stored(tmp_path / "a.zarr").arrangement.spacing == pytest.approx((0.4, 0.2, 0.1))


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_the_translation_of_an_ome_zarr(tmp_path: Path, version: str) -> None:
    ome_zarr(tmp_path / "a.zarr", CHANNELS, "czyx", version)
    assert open_stored(tmp_path / "a.zarr").translation == ()
    root = zarr.open_group(str(tmp_path / "a.zarr"), mode="r+")
    held: dict[str, Any] = dict(root.attrs)
    image = held.get("ome", held)["multiscales"][0]
    image["datasets"][0]["coordinateTransformations"].append({"type": "translation", "translation": [0, 800, -200, 0]})
    image["coordinateTransformations"] = [
        {"type": "scale", "scale": [1, 2, 1, 1]},
        {"type": "translation", "translation": [0, 0, 0, 50]},
    ]
    root.attrs.update(held)
    found = open_stored(tmp_path / "a.zarr")
    assert found.arrangement.spacing == pytest.approx((0.8, 0.2, 0.1))  # of nm
    assert found.translation == pytest.approx((1.6, -0.2, 0.05))


@pytest.mark.parametrize("version", [2, 3])
def test_a_zarr_array(tmp_path: Path, version: Any) -> None:
    zarr.create_array(str(tmp_path / "a.zarr"), data=VOLUME, chunks=(2, 8, 8), zarr_format=version)
    check(tmp_path / "a.zarr")


@pytest.mark.parametrize(
    "options", [{}, {"compression": "zlib"}, {"compression": "zlib", "tile": (16, 16)}, {"byteorder": ">"}]
)
def test_tiff(tmp_path: Path, options: dict[str, Any]) -> None:
    tifffile.imwrite(tmp_path / "a.tif", VOLUME, photometric="minisblack", metadata={"axes": "ZYX"}, **options)
    check(tmp_path / "a.tif")


def test_tiff_with_the_size_of_a_pixel(tmp_path: Path) -> None:
    write_image(tmp_path / "a.tif", VOLUME, (2, 0.5, 0.5))
    check(tmp_path / "a.tif")


def test_an_uncompressed_tiff_is_mapped_and_not_read(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", VOLUME, photometric="minisblack")
    assert isinstance(open_stored(tmp_path / "a.tif").unread.pixels, np.memmap)


def test_a_colour_image(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", RNG.integers(0, 255, (20, 30, 3), dtype=np.uint8), photometric="rgb")
    check(tmp_path / "a.tif", (slice(3, 9), slice(0, 1)))


def test_an_alpha_channel_is_left_out_and_transparency_is_refused_as_for_a_whole_image(tmp_path: Path) -> None:
    image = RNG.integers(0, 255, (20, 30, 4), dtype=np.uint8)
    image[..., 3] = 255
    tifffile.imwrite(tmp_path / "a.tif", image, photometric="rgb", extrasamples=["unassalpha"])
    check(tmp_path / "a.tif", (slice(3, 9), slice(0, 1)))
    image[5, 6, 3] = 254
    tifffile.imwrite(tmp_path / "a.tif", image, photometric="rgb", extrasamples=["unassalpha"])
    found, where = open_stored(tmp_path / "a.tif"), (slice(5, 6), slice(6, 7))
    with pytest.raises(ValueError, match=r"a\.tif: it is transparent in places"):
        read(tmp_path / "a.tif")
    with pytest.raises(ValueError, match=r"a\.tif: it is transparent in places"):
        found.read(where)


@pytest.mark.parametrize("axes", ["czyx", "zyxc", "zcyx"])
def test_only_the_channels_that_are_asked_for_are_read(
    tmp_path: Path, axes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    array = RNG.integers(0, 200, (7, 5, 23, 31), dtype=np.uint8)
    sizes = dict(zip("czyx", array.shape, strict=True))
    ordered = np.transpose(array, ["czyx".index(axis) for axis in axes])
    chunks = tuple(1 if axis == "c" else sizes[axis] for axis in axes)
    zarr.create_array(str(tmp_path / "a.zarr"), data=ordered, chunks=chunks, dimension_names=list(axes))
    found, read, whole = open_stored(tmp_path / "a.zarr"), [], zarr.storage.LocalStore.get

    async def counted(self: Any, key: str, *more: Any, **options: Any) -> Any:
        read.append(key)
        return await whole(self, key, *more, **options)

    monkeypatch.setattr(zarr.storage.LocalStore, "get", counted)
    for channels, count in (((3,), 1), ((5, 4), 2), ((2, 2), 1), (None, 7)):
        read.clear()
        wanted = array if channels is None else array[list(channels)]
        np.testing.assert_array_equal(found.read(REGION, channels), wanted[:, *REGION], strict=True)
        assert len(read) == count


def test_the_channels_of_a_colour_image_are_picked(tmp_path: Path) -> None:
    image = RNG.integers(0, 255, (20, 30, 4), dtype=np.uint8)
    image[..., 3] = 255
    tifffile.imwrite(tmp_path / "a.tif", image, photometric="rgb", extrasamples=["unassalpha"])
    found = open_stored(tmp_path / "a.tif").read((slice(3, 9), slice(1)), (2, 0))
    np.testing.assert_array_equal(found, np.moveaxis(image, -1, 0)[[2, 0], 3:9, :1])


TIFF_OPTIONS: dict[str, Any] = {"compressed": {"compression": "zlib"}, "as they are": {}}
ZARR_OPTIONS: dict[str, Any] = {"compressed": {}, "as they are": {"compressors": None}}


def save(path: Path, array: np.ndarray[Any, Any], pixels: str) -> None:
    if path.suffix == ".tif":
        tifffile.imwrite(path, array, photometric="minisblack", **TIFF_OPTIONS[pixels])
    else:
        zarr.create_array(str(path), data=array, chunks=(2, 8, 8), overwrite=True, **ZARR_OPTIONS[pixels])


@pytest.mark.parametrize("pixels", list(TIFF_OPTIONS))
@pytest.mark.parametrize("suffix", [".zarr", ".tif"])
def test_each_changed_pixel_changes_the_fingerprint_and_a_copy_has_the_same(
    tmp_path: Path, suffix: str, pixels: str
) -> None:
    path = tmp_path / f"a{suffix}"
    save(path, VOLUME, pixels)
    found = open_stored(path).fingerprint()
    copy = tmp_path / f"b{suffix}"
    (shutil.copyfile if suffix == ".tif" else shutil.copytree)(path, copy)
    for file in [copy, *copy.rglob("*")]:
        os.utime(file, (0, 0))
    assert open_stored(copy).fingerprint() == found
    for _ in range(20):
        changed = VOLUME.copy()
        changed[tuple(RNG.integers(VOLUME.shape))] ^= 1
        save(path, changed, pixels)
        assert open_stored(path).fingerprint() != found
    save(path, VOLUME, pixels)
    assert open_stored(path).fingerprint() == found


@pytest.mark.parametrize("suffix", [".zarr", ".tif"])
def test_of_a_large_image_equally_spaced_parts_are_read(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "PARTS", 40)
    monkeypatch.setattr(stored, "PART", 20)
    path = tmp_path / f"a{suffix}"
    noticed = []
    for pixels in TIFF_OPTIONS:
        save(path, VOLUME, pixels)
        found = open_stored(path).fingerprint()
        for plane in range(5):
            changed = VOLUME.copy()
            changed[plane] = 0  # a fifth of the image
            save(path, changed, pixels)
            noticed.append(open_stored(path).fingerprint() != found)
    assert noticed == [True] * 10
    save(path, VOLUME, "as they are")
    assert open_stored(path).fingerprint() == found
    changed = VOLUME.copy()
    changed[2, 11, 16] ^= 1  # the limit that the documentation states: it is in no part that is read
    save(path, changed, "as they are")
    assert open_stored(path).fingerprint() == found


def test_files_beside_the_chunks_do_not_count(tmp_path: Path) -> None:
    ome_zarr(tmp_path / "a.zarr", VOLUME, "zyx", "0.5")
    found = open_stored(tmp_path / "a.zarr").fingerprint()
    zarr.create_array(str(tmp_path / "a.zarr"), name="labels/cells", data=VOLUME, chunks=(5, 8, 8))
    (tmp_path / "a.zarr" / "s0" / ".DS_Store").write_text("of macOS")
    assert open_stored(tmp_path / "a.zarr").fingerprint() == found


def test_the_value_of_missing_chunks_and_the_size_of_a_pixel_count(tmp_path: Path) -> None:
    found = set()
    for value in (0, 7):
        zarr.create_array(str(tmp_path / "a.zarr"), shape=(9, 9), dtype="u1", fill_value=value, overwrite=True)
        found.add(open_stored(tmp_path / "a.zarr").fingerprint())
    for size in (1.0, 0.5):
        write_image(tmp_path / "a.tif", VOLUME, (2, size, size))
        found.add(open_stored(tmp_path / "a.tif").fingerprint())
    assert len(found) == 4


def test_an_ome_tiff_in_several_files_needs_all_of_them_and_all_count(tmp_path: Path) -> None:
    planes = "".join(map(PLANE.format, range(2)))
    for number in range(2):
        description = OME.format(number, planes)
        tifffile.imwrite(tmp_path / f"{number}.ome.tif", STACK[number], description=description, metadata=None)
    check(tmp_path / "0.ome.tif", (slice(3, 9), slice(0, 1)))
    found = open_stored(tmp_path / "0.ome.tif").fingerprint()
    tifffile.imwrite(tmp_path / "1.ome.tif", STACK[1] ^ 1, description=OME.format(1, planes), metadata=None)
    assert open_stored(tmp_path / "0.ome.tif").fingerprint() != found
    (tmp_path / "1.ome.tif").unlink()
    with pytest.raises(ValueError, match=r"0\.ome\.tif: .* planes are in other files, which are not in its folder"):
        open_stored(tmp_path / "0.ome.tif")


def test_files_that_cannot_be_read_in_parts_are_refused(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "white.tif", VOLUME, photometric="miniswhite")
    (tmp_path / "bad.zarr").mkdir()
    (tmp_path / "text.tif").write_text("no image")
    for name, words in (
        ("a.png", "only .zarr and .tif can be read in parts"),
        ("none.zarr", "there is no such folder"),
        ("none.tif", "there is no such file"),
        ("white.tif", "it cannot be read in parts; save it as grey or RGB first"),
        ("bad.zarr", "cannot be read as an image .* get it again"),
        ("text.tif", "cannot be read as an image"),
    ):
        with pytest.raises(ValueError, match=words):
            open_stored(tmp_path / name)


def test_a_damaged_chunk_is_named(tmp_path: Path) -> None:
    zarr.create_array(str(tmp_path / "a.zarr"), data=VOLUME, chunks=(5, 8, 8))
    (tmp_path / "a.zarr" / "c" / "0" / "0" / "0").write_bytes(b"damaged")
    with pytest.raises(ValueError, match=r"a.zarr: the pixels 0:2 × 0:2 × 0:2 cannot be read"):
        open_stored(tmp_path / "a.zarr").read((slice(0, 2),) * 3)
