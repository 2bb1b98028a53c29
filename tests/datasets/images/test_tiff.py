"""TIFF files of other programs give the arrays that were written, with their channels, colours and orientation."""

from __future__ import annotations

import zlib
from base64 import b64decode
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image, ImageOps

from unet_tutorial.datasets.images.files import read, read_image, read_values

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (13, 17), dtype=np.uint8)
DEEP = RNG.integers(0, 65536, (13, 17), dtype=np.uint16)
RGB = RNG.integers(0, 256, (13, 17, 3), dtype=np.uint8)
STACK = RNG.integers(0, 256, (5, 13, 17), dtype=np.uint8)
Pixels = NDArray[Any]
COLOURS = ("red", "green", "blue")


def pillow(compression: str, *planes: Pixels, **options: Any) -> Callable[[Path], object]:
    """Writes pages with Pillow; tifffile reads LZW only with the package imagecodecs, so that Pillow reads it too."""
    first, *others = (Image.fromarray(plane) for plane in planes)
    return lambda path: first.save(path, compression=compression, save_all=True, append_images=others, **options)


def with_tifffile(array: Pixels, **options: Any) -> Callable[[Path], object]:
    return lambda path: tifffile.imwrite(path, array, **options)


LZW = "tiff_lzw"
GREYS: dict[str, tuple[Callable[[Path], object], Pixels]] = {
    "8 bits": (with_tifffile(GREY), GREY),
    "big-endian 16 bits": (with_tifffile(DEEP, byteorder=">"), DEEP),
    "BigTIFF": (with_tifffile(DEEP, bigtiff=True), DEEP),
    "tiles": (with_tifffile(np.tile(DEEP, (3, 3)), tile=(16, 16)), np.tile(DEEP, (3, 3))),
    "deflate, predictor": (with_tifffile(DEEP, compression="zlib", predictor=True), DEEP),
    "packbits": (pillow("packbits", GREY), GREY),
    "floats": (with_tifffile(DEEP / np.float32(7)), DEEP / np.float32(7)),
    "half floats": (with_tifffile(GREY.astype(np.float16)), GREY.astype(np.float16)),
    "double floats": (with_tifffile(DEEP / 7), DEEP / 7),
    "negative numbers": (with_tifffile(DEEP.astype(np.int32) - 40000), DEEP.astype(np.int32) - 40000),
    "1 bit": (with_tifffile(GREY > 99, photometric="minisblack"), (GREY > 99).astype(np.uint8)),
    "1 bit, fax": (pillow("group4", GREY > 99), (GREY > 99).astype(np.uint8)),
    "LZW": (pillow(LZW, GREY), GREY),
    "LZW, 16 bits": (pillow(LZW, DEEP), DEEP),
    "LZW, 1 bit": (pillow(LZW, GREY > 99), (GREY > 99).astype(np.uint8)),
    "LZW, 32 bits": (pillow(LZW, DEEP.astype(np.int32) - 40000), DEEP.astype(np.int32) - 40000),
    "LZW, floats": (pillow(LZW, DEEP / np.float32(7)), DEEP / np.float32(7)),
    "LZW, pages": (pillow(LZW, *STACK), STACK),
    "LZW, 16-bit pages": (pillow(LZW, DEEP, DEEP // 2), np.stack([DEEP, DEEP // 2])),
    "pages": (pillow("raw", *STACK), STACK),
    "stack of ImageJ": (with_tifffile(STACK, imagej=True, metadata={"axes": "ZYX"}), STACK),
    "stack of OME": (with_tifffile(STACK, ome=True, metadata={"axes": "ZYX"}), STACK),
    "times": (with_tifffile(STACK, imagej=True, metadata={"axes": "TYX"}), STACK),
    "a time and a slice": (with_tifffile(GREY[None, None], metadata={"axes": "TZYX"}), GREY),
    "one page of a stack": (with_tifffile(GREY[None]), GREY[None]),
    "a palette of ImageJ": (
        with_tifffile(GREY, imagej=True, colormap=np.arange(768, dtype=np.uint16).reshape(3, 256) * 85),
        GREY,
    ),
    "a lower resolution besides": (
        lambda path: [
            tifffile.imwrite(path, image, append=True, subfiletype=kind) for kind, image in ((0, GREY), (1, GREY[::3]))
        ],
        GREY,
    ),
}


@pytest.mark.parametrize("kind", GREYS)
def test_grey_images_are_read_as_they_were_written(tmp_path: Path, kind: str) -> None:
    write, wanted = GREYS[kind]
    write(tmp_path / "a.tif")
    image = read(tmp_path / "a.tif")
    assert image.channels == ("grey",)
    assert image.array.dtype == wanted.dtype
    assert image.array.dtype.isnative
    np.testing.assert_array_equal(image.array, wanted[None])
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif"), wanted)


COLOURED = np.moveaxis(RGB, -1, 0)
COLOURED_STACK = np.stack([COLOURED, COLOURED[:, ::-1]], axis=1)  # (C, D, H, W)
WIDE = RNG.integers(0, 65536, (3, 13, 17), dtype=np.uint16)
FIVE = RNG.integers(0, 65536, (5, 13, 17), dtype=np.uint16)
VOLUME = RNG.integers(0, 256, (2, 5, 13, 17), dtype=np.uint8)
OPAQUE = np.concatenate([RGB, np.full((13, 17, 1), 255, np.uint8)], axis=-1)
SAMPLES = {"photometric": "minisblack", "planarconfig": "contig"}
TWICE = {"axes": "CZYX", "Channel": {"Name": ["a", "a"]}}
NUMBERED = tuple(f"channel {number}" for number in range(5))
SEVERAL: dict[str, tuple[Callable[[Path], object], Pixels, tuple[str, ...]]] = {
    "RGB": (with_tifffile(RGB, photometric="rgb"), COLOURED, COLOURS),
    "planes of RGB": (with_tifffile(COLOURED, photometric="rgb", planarconfig="separate"), COLOURED, COLOURS),
    "16-bit RGB": (with_tifffile(np.moveaxis(WIDE, 0, -1), photometric="rgb"), WIDE, COLOURS),
    "RGBA": (
        with_tifffile(OPAQUE, photometric="rgb", extrasamples=["unassalpha"]),
        COLOURED,
        COLOURS,
    ),
    "RGB and an opaque sample": (
        with_tifffile(OPAQUE, photometric="rgb", extrasamples=["unspecified"]),
        COLOURED,
        COLOURS,
    ),
    "RGB and infrared": (
        with_tifffile(np.moveaxis(FIVE[:4], 0, -1), photometric="rgb", extrasamples=["unspecified"]),
        FIVE[:4],
        (*COLOURS, "channel 3"),
    ),
    "five samples": (with_tifffile(np.moveaxis(FIVE, 0, -1), **SAMPLES), FIVE, NUMBERED),
    "channels of ImageJ": (with_tifffile(FIVE, imagej=True, metadata={"axes": "CYX"}), FIVE, NUMBERED),
    "hyperstack": (
        with_tifffile(VOLUME.swapaxes(0, 1).copy(), imagej=True, metadata={"axes": "ZCYX"}),
        VOLUME,
        NUMBERED[:2],
    ),
    "OME, named": (
        with_tifffile(VOLUME, ome=True, metadata={"axes": "CZYX", "Channel": {"Name": ["DAPI", "GFP"]}}),
        VOLUME,
        ("DAPI", "GFP"),
    ),
    "OME, one name twice": (
        with_tifffile(VOLUME, ome=True, metadata=TWICE),
        VOLUME,
        ("a 0", "a 1"),
    ),
    "OME, one channel": (
        with_tifffile(STACK, ome=True, metadata={"axes": "ZYX", "Channel": {"Name": "DAPI"}}),
        STACK[None],
        ("DAPI",),
    ),
    "OME, RGB": (with_tifffile(RGB, ome=True, photometric="rgb"), COLOURED, COLOURS),
    "OME pyramid": (lambda path: pyramid(path), np.tile(FIVE[:2], (1, 8, 8)), NUMBERED[:2]),
    "stack of RGB": (with_tifffile(np.stack([RGB, RGB[::-1]]), photometric="rgb"), COLOURED_STACK, COLOURS),
    "LZW, RGB": (pillow(LZW, RGB), COLOURED, COLOURS),
    "LZW, pages of RGB": (pillow(LZW, RGB, RGB[::-1]), COLOURED_STACK, COLOURS),
    "LZW, named axes": (lambda path: lzw_with_axes(path), FIVE[:2], NUMBERED[:2]),
}


def pyramid(path: Path) -> None:
    image = np.tile(FIVE[:2], (1, 8, 8))
    with tifffile.TiffWriter(path, ome=True) as file:
        file.write(image, subifds=1, metadata={"axes": "CYX"}, tile=(32, 32))
        file.write(image[:, ::2, ::2], subfiletype=1, tile=(32, 32))


def lzw_with_axes(path: Path) -> None:
    pillow(LZW, *FIVE[:2], tiffinfo={270: '{"shape": [2, 13, 17], "axes": "CYX"}'})(path)


@pytest.mark.parametrize("kind", SEVERAL)
def test_channels_are_read_as_they_were_written(tmp_path: Path, kind: str) -> None:
    write, wanted, names = SEVERAL[kind]
    write(tmp_path / "a.tif")
    image = read(tmp_path / "a.tif")
    assert image.channels == names
    assert image.array.dtype == wanted.dtype
    np.testing.assert_array_equal(image.array, wanted)
    assert image.array.flags.c_contiguous


# Files (base64 of zlib) that tifffile writes with the package imagecodecs 2026.3.6, and reads only with it
COLOURS_16 = np.moveaxis(np.arange(18, dtype=np.uint16).reshape(2, 3, 3) * 3333 + 77, -1, 0)
RARE: dict[str, tuple[str, Pixels]] = {
    "16-bit RGB, predictor": (
        "eNrz9NRi4GBgYOBjYGBkYWAEspiBmBHKZgJhRmaw2DaQHJANEmcFYjYoG6RGEKr+AhCLQsVBesSQzBGHsqVAmJEVzN4DxNJQ9hEg"
        "loHqBWENJLYtkl0gIACGMFkYBoEGYQdWhcwYE37hQ4oBMxJfvKp3VBT8sGOJERMAl2cPJQ==",
        COLOURS_16,
    ),
    "16-bit RGB, big-endian": (
        "eNrz9WXQYmBg4GDgZWRgYAGygBQDMyMjnM3EyMTADBID4lWMzGCakYEVSLBB2UxAQhCu/gCjKFQcSDKKIZkjDmdrM0qBTACzNzBK"
        "w9k7GGWgeoE8Rg0EGwwEwBCiEo4bGDgXXJqQsU5dj5dHRdjQ4lq0hRTf8uBLHP/6ndQFtaYU3VQ77GMivPaqCAsASWQUfA==",
        COLOURS_16,
    ),
    "32 bits without sign": (
        "eNrz9NRi4GBgYOBhYGBkYWAEspiBmBHKZgJhRmYwWwEkB2WzAjEblA3CglD1G4BYFElcDMkccShbHIilGFnB7HlALA1lLwNiDSS9"
        "DFAaGTMwNAg7CCg9mMeVre7E7x4RpWrJ52PwyEAAAB/kCoM=",
        COLOURS_16[0] * np.uint32(65537),
    ),
    "floats, predictor": (
        "eNrz9NRi4GBgYOBjYGBkYWAEspiBmBHKZgJhRmYwWwEkB2WzAjEblA3CglD1F4BYFElcDMkccShbDoilGFnB7G1ALA1l7wNiDSS9"
        "tlA2yD3BSGwGqDwyRoAGAYcE8ShehrNlUySyCxhFgO7uZl1mKjWxIc/cwQEAS4oNcQ==",
        (COLOURS_16[0] / 7).astype(np.float32),
    ),
    "2 bits": (
        "eNrz9NRi4GBgYOBhYGBkYWAEspiBmBHKZgJhRmY4mxnKBmE2JLYgVP0GIBZFEhdDMkcciS3FyApmzwNiaSh7GRBrIOllgNLImIHB"
        "wgcAZKIEXQ==",
        (COLOURS_16[0] // 3333 % 4).astype(np.uint8),
    ),
    "4 bits, 0 is white": (
        "eNrz9NRi4GBgYOBhYGBkYWAEspiBmBHKZgJhRmYwmwUkB2WDMBuUDQKCUPUbgFgUSY0YkjniUDbIHClGVjB7HhBLQ9nLgFgDSS8D"
        "lEbGQBckzPkAAHASBcs=",
        (15 - COLOURS_16[0] // 3333 % 16).astype(np.uint8),
    ),
    "12 bits": (
        "eNrz9NRi4GBgYOBhYGBkYWAEspiBmBHKZgJhRmYwmwckB2WDMBsSWxCqfgMQiyKJiyGZIw5lcwGxFCMrmD0PiKWh7GVArIGklwFK"
        "I2MgcCr1SyitPHF4AgCdhQhZ",
        COLOURS_16[0] // 16,
    ),
    "Zstandard": (
        "eNrz9NRi4GBgYOBhYGBkYWAEspiBmBHKZgJhRmYwWwAkB2UHHGZgYIOyQVgQqn4DEIsiiYshmSMOZYsCsRQjK5g9D4iloexlQKyB"
        "pJcBSiNjoIqt+n8VeBIZGHwZYtSz/apKO+fMOAwAnF0Mmg==",
        COLOURS_16[0],
    ),
}
PILLOW_CHANGES_THEM = {
    "planes of 16-bit RGB": (
        "eNrz9NRi4GBgYOBlYGBkYWAEspiBmBHKZgJhRmaw2CqQHJANEmcFYjYoG6RGEKgepGYDEItCxUF8MSRzxKHm7AFiKUZWsPghIJaG"
        "sk8BsQySmRpQNgiDgAAYPgCyPjBAhCEiMDXIahGgQdiB9aDlmjlVVouCO9tkWBpEGpcJLjywrd5RearmtRaWBtHDbkmcVy60uC+5"
        "dkrtDQsAwIccig=="
    ),
    "five samples": (
        "eNrz9NRi4GBgYOBjYGBkYWAEspiBmBHKZgJhRmYGViC9DSQHZIPEQXw2KBukRhCq/gIQiyKpEUMyRxzKlgNiKUZWMPsAEEtD2SeA"
        "WAaqF4Q1kNhBQDbIDBjggEOYChhuEPZyrRAsOJTWLHWOPSLwxb+WdqXAkxaTEq0WdTs4AAAE2RJb"
    ),
}


def unpack(path: Path, text: str) -> None:
    path.write_bytes(zlib.decompress(b64decode(text)))


@pytest.mark.parametrize("kind", RARE)
def test_rare_compressions_keep_all_bits(tmp_path: Path, kind: str) -> None:
    text, wanted = RARE[kind]
    unpack(tmp_path / "a.tif", text)
    image = read(tmp_path / "a.tif")
    assert image.array.dtype == wanted.dtype
    np.testing.assert_array_equal(image.array, wanted.reshape(-1, 2, 3))


@pytest.mark.parametrize("kind", PILLOW_CHANGES_THEM)
def test_compressions_that_pillow_would_change_are_refused(tmp_path: Path, kind: str) -> None:
    if find_spec("imagecodecs"):
        pytest.skip("with imagecodecs, tifffile reads them")
    unpack(tmp_path / "a.tif", PILLOW_CHANGES_THEM[kind])
    with pytest.raises(
        ValueError, match=r"a\.tif: with its compression \(LZW\).*install imagecodecs.*or save it as an"
    ):
        read(tmp_path / "a.tif")


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("compression", ["raw", LZW])
def test_orientation_is_applied_in_every_path(tmp_path: Path, compression: str, orientation: int) -> None:
    Image.fromarray(DEEP).save(tmp_path / "a.tif", compression=compression, tiffinfo={274: orientation})
    wanted = Image.fromarray(DEEP)
    wanted.getexif()[0x0112] = orientation
    image = read(tmp_path / "a.tif")
    np.testing.assert_array_equal(image.array[0], np.asarray(ImageOps.exif_transpose(wanted)))
    np.testing.assert_array_equal(read_values(tmp_path / "a.tif").array, image.array[0])


@pytest.mark.parametrize("orientation", [1, 5, 6, 8])
def test_orientation_of_channels_and_stacks(tmp_path: Path, orientation: int) -> None:
    extra = [(274, "H", 1, orientation, False)]
    tifffile.imwrite(tmp_path / "a.tif", VOLUME, metadata={"axes": "CZYX"}, extratags=extra)
    tifffile.imwrite(tmp_path / "b.tif", RGB, photometric="rgb", extratags=extra)
    turns = {1: VOLUME, 5: VOLUME.swapaxes(2, 3), 6: np.rot90(VOLUME, -1, (2, 3)), 8: np.rot90(VOLUME, 1, (2, 3))}
    np.testing.assert_array_equal(read(tmp_path / "a.tif").array, turns[orientation])
    assert read(tmp_path / "b.tif").array.shape == (3, *((13, 17) if orientation == 1 else (17, 13)))


INVERTED: dict[str, tuple[Callable[[Path], object], Pixels]] = {
    "8 bits": (with_tifffile(GREY, photometric="miniswhite"), 255 - GREY),
    "16 bits": (with_tifffile(DEEP, photometric="miniswhite"), 65535 - DEEP),
    "32 bits": (with_tifffile(DEEP.astype(np.uint32), photometric="miniswhite"), np.uint32(2**32 - 1) - DEEP),
    "1 bit": (with_tifffile(GREY > 99, photometric="miniswhite"), (GREY <= 99).astype(np.uint8)),
    "deflate": (with_tifffile(DEEP, photometric="miniswhite", compression="zlib"), 65535 - DEEP),
    "signed": (with_tifffile(DEEP.astype(np.int32), photometric="miniswhite"), -1 - DEEP.astype(np.int32)),
    "stack": (with_tifffile(STACK, photometric="miniswhite"), 255 - STACK),
    # Pillow inverts up to 8 bits when it writes, so that the picture stays the same, but not 16 bits
    "LZW, 8 bits": (pillow(LZW, GREY, tiffinfo={262: 0}), GREY),
    "LZW, 16 bits": (pillow(LZW, DEEP, tiffinfo={262: 0}), 65535 - DEEP),
    "LZW, 1 bit": (pillow(LZW, GREY > 99, tiffinfo={262: 0}), (GREY > 99).astype(np.uint8)),
    "fax, 1 bit": (pillow("group4", GREY > 99, tiffinfo={262: 0}), (GREY > 99).astype(np.uint8)),
    "raw, 8 bits of Pillow": (pillow("raw", GREY, tiffinfo={262: 0}), GREY),
    "LZW, pages": (pillow(LZW, *STACK, tiffinfo={262: 0}), STACK),
}


@pytest.mark.parametrize("kind", INVERTED)
def test_images_where_0_is_white_are_inverted_in_every_path(tmp_path: Path, kind: str) -> None:
    write, wanted = INVERTED[kind]
    write(tmp_path / "a.tif")
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        assert file.pages.first.photometric == 0
    image = read(tmp_path / "a.tif")
    np.testing.assert_array_equal(image.array[0], wanted)
    if kind != "1 bit":
        with pytest.raises(ValueError, match=r"a\.tif: its tag says that 0 is white.*; save it again as PNG"):
            read_values(tmp_path / "a.tif")


def test_labels_where_0_is_only_shown_as_white_are_read_as_stored(tmp_path: Path) -> None:
    mask = GREY > 99
    tifffile.imwrite(tmp_path / "bool.tif", mask)  # tifffile chooses 0 is white for bool
    np.testing.assert_array_equal(read_values(tmp_path / "bool.tif").array, mask.astype(np.uint8))
    binary = mask * np.uint8(255)
    tifffile.imwrite(tmp_path / "lut.tif", binary, photometric="miniswhite", imagej=True)  # an inverting LUT of ImageJ
    np.testing.assert_array_equal(read_values(tmp_path / "lut.tif").array, binary)
    np.testing.assert_array_equal(read(tmp_path / "lut.tif").array[0], 255 - binary)


def test_floats_where_0_is_white_have_no_inverse(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", DEEP / np.float32(7), photometric="miniswhite")
    image = read(tmp_path / "a.tif")
    np.testing.assert_array_equal(image.array[0], DEEP / np.float32(7))
    assert "0 is white" in image.remarks[0]


def test_palettes_become_rgb_and_cmyk_too(tmp_path: Path) -> None:
    palette = RNG.integers(0, 65536, (3, 256), dtype=np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", GREY, photometric="palette", colormap=palette)
    np.testing.assert_array_equal(read(tmp_path / "a.tif").array, (palette >> 8)[:, GREY])
    Image.fromarray(RGB).convert("CMYK").save(tmp_path / "b.tif")
    wanted = np.asarray(Image.fromarray(RGB).convert("CMYK").convert("RGB"))
    np.testing.assert_array_equal(read(tmp_path / "b.tif").array, np.moveaxis(wanted, -1, 0))
    smooth = np.full((16, 16, 3), (200, 100, 50), np.uint8)
    Image.fromarray(smooth).save(tmp_path / "c.tif", compression="jpeg", quality=100)
    assert np.abs(np.moveaxis(read(tmp_path / "c.tif").array, 0, -1) - smooth.astype(int)).max() <= 3
    with pytest.raises(ValueError, match=r"c\.tif: JPEG changes the values of a mask"):
        read_values(tmp_path / "c.tif")


OME = """<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="urn:uuid:{}">
<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint8" SizeX="17" SizeY="13" SizeC="2" SizeZ="1"
SizeT="1"><Channel ID="Channel:0:0" SamplesPerPixel="1"/><Channel ID="Channel:0:1" SamplesPerPixel="1"/>{}</Pixels>
</Image></OME>"""
PLANE = '<TiffData FirstC="{0}" IFD="0" PlaneCount="1"><UUID FileName="{0}.ome.tif">urn:uuid:{0}</UUID></TiffData>'


def test_an_image_in_several_files_needs_all_of_them(tmp_path: Path) -> None:
    planes = "".join(map(PLANE.format, range(2)))
    for number in range(2):
        description = OME.format(number, planes)
        tifffile.imwrite(tmp_path / f"{number}.ome.tif", STACK[number], description=description, metadata=None)
    np.testing.assert_array_equal(read(tmp_path / "0.ome.tif").array, STACK[:2])
    (tmp_path / "1.ome.tif").unlink()
    with pytest.raises(ValueError, match=r"0\.ome\.tif: .* planes are in other files, which are not in its folder"):
        read(tmp_path / "0.ome.tif")


def test_images_of_several_sizes_are_refused(tmp_path: Path) -> None:
    for array in (GREY, STACK[:, 1:]):
        tifffile.imwrite(tmp_path / "a.tif", array, append=True)
    with pytest.raises(ValueError, match=r"a\.tif: expected one image or stack, got 2 images of different sizes"):
        read(tmp_path / "a.tif")


def test_a_damaged_height_is_refused_at_once(tmp_path: Path) -> None:
    unpack(tmp_path / "a.tif", RARE["Zstandard"][0])
    content = bytearray((tmp_path / "a.tif").read_bytes())
    content[33] ^= 2  # ImageLength becomes 2**25: libtiff would look for each strip, for minutes
    (tmp_path / "a.tif").write_bytes(content)
    with pytest.raises(
        ValueError, match=r"a\.tif: cannot be read as an image \(\d+ of \d+ strips or tiles are missing\)"
    ):
        read(tmp_path / "a.tif")


@pytest.mark.parametrize(("text", "count"), [("-9999", 1), ("-9999.0 ", 1), ("7", 0), ("nan", 0), ("x", 0)])
def test_values_that_gdal_marks_as_missing_are_told(tmp_path: Path, text: str, count: int) -> None:
    heights = (DEEP / 7 + 8).astype(np.float32)
    heights[:2] = -9999
    tifffile.imwrite(tmp_path / "a.tif", heights, extratags=[(42113, 2, len(text) + 1, text, True)])
    image = read(tmp_path / "a.tif")
    np.testing.assert_array_equal(image.array[0], heights)
    assert sum("which its tag GDAL_NODATA marks as missing" in each for each in image.remarks) == count


def test_an_inversion_is_told(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", GREY, photometric="miniswhite")
    image = read(tmp_path / "a.tif")
    np.testing.assert_array_equal(image.array[0], 255 - GREY)
    assert image.remarks == ("its tag says that 0 is white, so it is inverted",)
