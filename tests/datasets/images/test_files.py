"""Image files are read as they were written; arrays that a format cannot hold are rejected; writes are atomic."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from tests.oracles.permissions import as_nobody, limited_file_size
from unet_tutorial.datasets.images.decode import Array
from unet_tutorial.datasets.images.files import (
    CONVERSIONS,
    READABLE,
    is_readable,
    read,
    read_image,
    read_values,
    split_path,
    standardise,
    stem,
    write_image,
)

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (13, 17), dtype=np.uint8)
STACK = RNG.integers(0, 256, (5, 40, 44), dtype=np.uint8)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".TIFF"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_an_image_comes_back_as_it_was(tmp_path: Path, suffix: str, dtype: type) -> None:
    image = RNG.integers(0, np.iinfo(dtype).max, (13, 17), dtype=dtype)
    write_image(tmp_path / f"a{suffix}", image)
    back = read_image(tmp_path / f"a{suffix}")
    assert back.dtype == dtype
    np.testing.assert_array_equal(back, image)


@pytest.mark.parametrize("array", [STACK, STACK.astype(np.float32) / 7, STACK[0] > 99, STACK.astype(np.int32) - 9])
def test_tiff_holds_stacks_floats_and_signs(tmp_path: Path, array: np.ndarray[Any, Any]) -> None:
    write_image(tmp_path / "a.tif", array)
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif"), array)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "a.tif"), array)


@pytest.mark.parametrize(("top", "dtype"), [(1, np.uint8), (255, np.uint8), (256, np.uint16), (65535, np.uint16)])
def test_png_takes_whole_numbers_of_any_type(tmp_path: Path, top: int, dtype: type) -> None:
    image = np.array([[0, top]], np.int64)
    write_image(tmp_path / "a.png", image)
    back = np.asarray(Image.open(tmp_path / "a.png"))
    assert back.dtype == dtype
    np.testing.assert_array_equal(back, image)


def test_missing_empty_and_foreign_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "empty.png").touch()
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "notes.png").write_text("not a picture at all")
    complaints = {"none": "no such file", "empty": "empty", "notes": "cannot be read as an image"}
    for name, complaint in complaints.items():
        with pytest.raises(ValueError, match=rf"{name}\.png: .*{complaint}"):
            read_image(tmp_path / f"{name}.png")
    with pytest.raises(ValueError, match="is unknown; use one of"):
        read_image(tmp_path / "notes.txt")


def test_what_a_format_cannot_hold_is_refused(tmp_path: Path) -> None:
    for array in (STACK, GREY / 2.0, GREY.astype(int) - 300, GREY.astype(int) * 1000):
        with pytest.raises(ValueError, match=r"a\.png: .*write a \.tif"):
            write_image(tmp_path / "a.png", array)
    for array in (GREY[0], GREY[:0], GREY * 1j):
        with pytest.raises(ValueError, match=r"a\.tif: .*shape"):
            write_image(tmp_path / "a.tif", array)
    with pytest.raises(ValueError, match="suffix"):
        write_image(tmp_path / "a.bmp", GREY)
    assert list(tmp_path.iterdir()) == []


@settings(deadline=None)
@given(hnp.arrays(st.sampled_from([np.uint8, np.int16, np.float32]), (4, 5), elements=st.integers(0, 99)))
def test_standardise_has_mean_0_and_std_1(image: np.ndarray[Any, Any]) -> None:
    result = standardise(image)
    assert result.dtype == np.float32
    assert result.shape == image.shape
    if image.min() == image.max():
        assert not result.any()
        return
    np.testing.assert_allclose([result.mean(dtype=float), result.std(dtype=float)], [0, 1], atol=1e-6)
    slope, _ = np.polyfit(image.ravel().astype(float), result.ravel(), 1)
    assert slope == pytest.approx(1 / image.std(dtype=float), rel=1e-4)


@pytest.mark.parametrize("value", [0.1, 1e-30, 3e38])
def test_a_constant_image_becomes_zeros(value: float) -> None:
    assert not standardise(np.full((31, 7), value, np.float32)).any()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_standardise_refuses_what_is_no_number(bad: float) -> None:
    with pytest.raises(ValueError, match="1 of 4 pixels are NaN or infinite"):
        standardise([[0.0, 1.0], [2.0, bad]])
    with pytest.raises(ValueError, match="shape"):
        standardise(np.zeros((0, 3)))


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "P"])
def test_grey_stored_in_colour_is_read_as_grey(tmp_path: Path, mode: str) -> None:
    Image.fromarray(GREY).convert(mode).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), GREY)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif"])
def test_colour_is_refused(tmp_path: Path, suffix: str) -> None:
    Image.fromarray(np.dstack([GREY, GREY, 255 - GREY])).save(tmp_path / f"a{suffix}")
    with pytest.raises(ValueError, match="expected a grey image, got a colour image"):
        read_image(tmp_path / f"a{suffix}")


def test_a_drawing_in_the_transparency_is_refused(tmp_path: Path) -> None:
    Image.merge("LA", [Image.new("L", (17, 13)), Image.fromarray(GREY)]).save(tmp_path / "a.png")
    with pytest.raises(ValueError, match="it is transparent in places"):
        read_image(tmp_path / "a.png")


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_a_write_that_fails_midway_leaves_the_old_file(tmp_path: Path, name: str) -> None:
    write_image(tmp_path / name, GREY)
    noise = RNG.integers(0, 256, (300, 300), dtype=np.uint8)
    with limited_file_size(2000), pytest.raises(ValueError, match=rf"{name}: cannot be written .*free space"):
        write_image(tmp_path / name, noise)
    assert [file.name for file in tmp_path.iterdir()] == [name]
    np.testing.assert_array_equal(read_image(tmp_path / name), GREY)


def test_a_missing_folder_and_a_file_for_a_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in ("none", "file"):
        with pytest.raises(ValueError, match=r"cannot be written .*choose an existing, writable folder"):
            write_image(tmp_path / folder / "a.png", GREY)


def test_a_read_only_folder_is_refused() -> None:
    with TemporaryDirectory() as name:
        write_image(f"{name}/old.png", GREY)
        Path(name).chmod(0o555)
        with as_nobody(), pytest.raises(ValueError, match="Permission denied"):
            write_image(f"{name}/a.png", GREY)


@pytest.mark.parametrize("top", [2**16, 2**32 - 1])
def test_tiff_holds_more_than_65535_cells(tmp_path: Path, top: int) -> None:
    labels = np.array([[0, 1], [65536, top]], np.uint32)
    write_image(tmp_path / "a.tif", labels)
    back = read_values(tmp_path / "a.tif").array
    assert back.dtype == np.uint32
    np.testing.assert_array_equal(back, labels)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "a.tif"), labels)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.bmp", "lzw.tif"])
def test_pillow_s_limit_of_pixels_does_not_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    Image.fromarray(GREY).save(tmp_path / name, **({"compression": "tiff_lzw"} if "lzw" in name else {}))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 50)
    with pytest.raises(Image.DecompressionBombError):
        Image.open(tmp_path / name).load()
    image = read(tmp_path / name)
    assert image.array.shape == (1, 13, 17)
    assert image.array.flags.writeable
    assert Image.MAX_IMAGE_PIXELS == 50


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["1", "L"])
def test_genuinely_large_images_are_read(tmp_path: Path, mode: str) -> None:
    Image.new(mode, (14_000, 14_000), 1).save(tmp_path / "a.png")
    array = read(tmp_path / "a.png").array
    assert array.shape == (1, 14_000, 14_000)
    assert array.min() == array.max() == 1


@pytest.mark.parametrize(
    ("values", "palette"),
    [
        (GREY, None),
        (GREY > 99, None),
        (GREY.astype(np.uint16) * 257, None),
        (GREY % 3, np.array([[255, 255, 255], [0, 0, 0], [200, 0, 10]], np.uint8)),
    ],
)
@pytest.mark.parametrize("suffix", [".png", ".tif", ".bmp"])
def test_values_of_labels_are_those_stored(tmp_path: Path, suffix: str, values: Array, palette: Array | None) -> None:
    if suffix == ".bmp" and values.dtype != np.uint8:
        pytest.skip("a BMP file has 8 bits")
    picture = Image.fromarray(values)
    if palette is not None:
        picture.putpalette(palette.tobytes())
    picture.save(tmp_path / f"a{suffix}")
    found = read_values(tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(found.array, values)
    assert found.array.dtype == (np.uint8 if values.dtype == bool else values.dtype)
    assert (found.coloured, found.layered) == (False, False)
    assert (found.palette is None) == (palette is None)
    if palette is not None and found.palette is not None:
        np.testing.assert_array_equal(found.palette[:3], palette)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".bmp"])
@pytest.mark.parametrize("green", [GREY, GREY[::-1]])
def test_coloured_labels_keep_their_colours(tmp_path: Path, suffix: str, green: Array) -> None:
    colours = np.dstack([GREY, green, GREY])
    Image.fromarray(colours).save(tmp_path / f"a{suffix}")
    found = read_values(tmp_path / f"a{suffix}")
    assert found.coloured
    np.testing.assert_array_equal(found.array, colours)
    if suffix == ".png":
        Image.fromarray(np.dstack([colours, np.full_like(GREY, 255)])).save(tmp_path / "b.png")
        np.testing.assert_array_equal(read_values(tmp_path / "b.png").array, colours)


def test_channels_of_labels_are_layers(tmp_path: Path) -> None:
    layers = np.stack([STACK[0] > 99, STACK[1] > 99]).astype(np.uint8)
    named = {"axes": "CYX", "Channel": {"Name": ["nuclei", "cells"]}}
    tifffile.imwrite(tmp_path / "a.tif", layers, ome=True, metadata=named)
    found = read_values(tmp_path / "a.tif")
    assert (found.layered, found.names) == (True, ("nuclei", "cells"))
    np.testing.assert_array_equal(found.array, layers)
    tifffile.imwrite(tmp_path / "b.tif", STACK > 99, imagej=False)
    assert not read_values(tmp_path / "b.tif").layered


def test_labels_that_lossy_formats_or_transparency_change_are_refused(tmp_path: Path) -> None:
    for name in ("a.jpg", "b.JPEG"):
        Image.fromarray(GREY).save(tmp_path / name)
        with pytest.raises(ValueError, match=r"JPEG changes the values of a mask; export it again as PNG or TIFF"):
            read_values(tmp_path / name)
    Image.merge("LA", [Image.new("L", (17, 13)), Image.fromarray(GREY)]).save(tmp_path / "c.png")
    with pytest.raises(ValueError, match="it is transparent in places"):
        read_values(tmp_path / "c.png")
    tifffile.imwrite(tmp_path / "d.tif", np.zeros((4, 5, 3), np.uint16), photometric="rgb")
    with pytest.raises(ValueError, match=r"d\.tif: expected the colours of a mask as 8-bit values, got uint16"):
        read_values(tmp_path / "d.tif")


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("a.png", "a"), ("x/a.b.TIFF", "a.b"), ("a.nii.gz", "a"), ("a.nii", "a"), ("a_0000.nii.gz", "a_0000"),
        ("a.ome.tif", "a"), ("a.OME.tiff", "a"), ("a.ome.zarr", "a"), ("a.zarr/0", "a"), ("a.h5:/raw", "a"),
        ("b/a.h5:/x/y", "a"), ("a", "a"), ("a.txt", "a"),
    ],
)  # fmt: skip
def test_the_stem_of_a_name(path: str, wanted: str) -> None:
    assert stem(path) == stem(Path(path)) == wanted


@pytest.mark.parametrize(
    ("path", "file", "inside"),
    [
        ("x/a.h5:/raw", "x/a.h5", "raw"),
        ("a.H5:raw/b/", "a.H5", "raw/b"),
        ("a.zarr/labels/b", "a.zarr", "labels/b"),
        ("a.zarr", "a.zarr", ""),
        ("a.zarr/", "a.zarr", ""),
        ("x.zarr.png", "x.zarr.png", ""),
        ("x.h5.d/a.h5:/raw", "x.h5.d/a.h5", "raw"),
        ("C:/x/a.tif", "C:/x/a.tif", ""),
    ],
)
def test_a_path_may_lead_into_a_file(path: str, file: str, inside: str) -> None:
    assert split_path(path) == (Path(file), inside)


def test_suffixes(tmp_path: Path) -> None:
    assert all(is_readable(f"a{suffix}") and is_readable(f"A{suffix.upper()}") for suffix in READABLE)
    assert not any(is_readable(f"a{suffix}") for suffix in CONVERSIONS)
    assert not any(map(is_readable, ("a", "a.txt", ".a.png", "._a.tif", ".png", "a.png.part", "x/.b.nii.gz")))
    for suffix, advice in CONVERSIONS.items():
        (tmp_path / f"a{suffix}").write_bytes(b"anything")
        with pytest.raises(ValueError, match=rf"a{suffix}: the suffix '{suffix}' cannot be read; ") as raised:
            read(tmp_path / f"a{suffix}")
        assert str(raised.value).endswith(advice)
    for name, kind in (("none.zarr", "folder"), ("none.nii.gz", "file"), ("none.h5:/a", "file")):
        with pytest.raises(ValueError, match=f"there is no such {kind}; check the name"):
            read(tmp_path / name)


def test_permission_to_read_is_missing() -> None:
    with TemporaryDirectory() as name:
        for file in ("a.png", "a.tif", "a.h5"):
            Path(name, file).write_bytes(b"II*\0")
            Path(name, file).chmod(0)
            with as_nobody(), pytest.raises(ValueError, match=f"{file}: you are not permitted to read it"):
                read(f"{name}/{file}")
