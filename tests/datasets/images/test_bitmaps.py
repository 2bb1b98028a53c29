"""PNG, JPEG, BMP and WebP files give the arrays that were written; orientation, depth and transparency are kept."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps

from unet_tutorial.datasets.images.bitmaps import read_bitmap
from unet_tutorial.datasets.images.files import read, read_values

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (13, 17), dtype=np.uint8)
RGB = RNG.integers(0, 256, (13, 17, 3), dtype=np.uint8)
Pixels = NDArray[np.integer[Any]]


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(pixels: Pixels, colour: int, extra: bytes = b"") -> bytes:
    """A PNG file of 16 bits per sample, written by hand with the filters None, Sub and Up in turn (PNG, section 9)."""
    height, width = pixels.shape[:2]
    rows = pixels.astype(">u2").view(np.uint8).reshape(height, -1)  # (H, bytes)
    step = rows.shape[1] // width  # bytes per pixel
    lines, above = b"", np.zeros(rows.shape[1], np.uint8)
    for number, row in enumerate(rows):
        left = np.concatenate([np.zeros(step, np.uint8), row[:-step]])
        predicted = (np.zeros_like(row), left, above)[number % 3]
        lines, above = lines + bytes([number % 3]) + (row - predicted).tobytes(), row
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + extra + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("colour", "samples"), [(0, 1), (2, 3), (4, 2), (6, 4)])
def test_all_16_bits_of_colours_are_kept(tmp_path: Path, colour: int, samples: int) -> None:
    pixels = RNG.integers(0, 65536, (13, 17, samples), dtype=np.uint16)
    (tmp_path / "a.png").write_bytes(png(pixels, colour))
    decoded = read_bitmap(tmp_path / "a.png")
    np.testing.assert_array_equal(decoded.array.reshape(pixels.shape), pixels)
    assert decoded.array.dtype == np.uint16


def test_opaque_alpha_of_16_bits_is_dropped(tmp_path: Path) -> None:
    pixels = RNG.integers(0, 65536, (13, 17, 4), dtype=np.uint16)
    pixels[..., 3] = 65535
    (tmp_path / "a.png").write_bytes(png(pixels, 6))
    image = read(tmp_path / "a.png")
    assert image.channels == ("red", "green", "blue")
    np.testing.assert_array_equal(image.array, np.moveaxis(pixels[..., :3], -1, 0))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp.png"])
def test_orientation_is_applied_as_pillow_does(tmp_path: Path, suffix: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = tmp_path / f"a{suffix}"
    options: dict[str, Any] = {"format": "WEBP", "lossless": True} if "webp" in suffix else {}
    Image.fromarray(RGB).save(file, exif=exif, **options)
    with Image.open(file) as opened:
        wanted = np.asarray(ImageOps.exif_transpose(opened))
    image = read(file)
    np.testing.assert_array_equal(image.array, np.moveaxis(wanted, -1, 0))
    assert len(image.remarks) == (orientation > 1)


def test_orientation_6_turns_the_first_column_into_the_top_row(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # EXIF 2.32: row 0 of the file is the right side of the picture, column 0 its top
    Image.fromarray(GREY).save(tmp_path / "a.png", exif=exif)
    (turned,) = read(tmp_path / "a.png").array
    np.testing.assert_array_equal(turned[:, -1], GREY[0])
    np.testing.assert_array_equal(turned[0], GREY[::-1, 0])


def test_damaged_exif_does_not_hinder_reading(tmp_path: Path) -> None:
    Image.fromarray(GREY).save(tmp_path / "a.png", exif=b"Exif\0\0nothing of use")
    np.testing.assert_array_equal(read(tmp_path / "a.png").array[0], GREY)


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr"])
def test_jpeg_of_other_colours_becomes_rgb(tmp_path: Path, mode: str) -> None:
    smooth = np.dstack(np.broadcast_arrays(np.arange(0, 240, 15)[:, None], np.arange(0, 160, 10), 60)).astype(np.uint8)
    Image.fromarray(smooth).convert(mode).save(tmp_path / "a.jpg", quality=100, subsampling=0)
    image = read(tmp_path / "a.jpg")
    assert image.channels == ("red", "green", "blue")
    assert np.abs(np.moveaxis(image.array, 0, -1).astype(int) - smooth).max() <= 6


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".gif.png"])
def test_palettes_become_their_colours(tmp_path: Path, suffix: str) -> None:
    values = RNG.integers(0, 3, (13, 17), dtype=np.uint8)
    palette = np.array([[255, 255, 255], [200, 0, 0], [0, 40, 90]], np.uint8)
    picture = Image.fromarray(values, "P")
    picture.putpalette(palette.tobytes())
    picture.save(tmp_path / f"a{suffix}", format="GIF" if "gif" in suffix else None)
    image = read(tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(image.array, np.moveaxis(palette[values], -1, 0))
    assert image.channels == ("red", "green", "blue")


@pytest.mark.parametrize("mode", ["P", "RGB", "L", "RGBA", "LA"])
def test_transparent_pixels_are_refused_with_the_next_step(tmp_path: Path, mode: str) -> None:
    picture = Image.fromarray(np.dstack([GREY // 2, GREY // 3, GREY % 7])).convert(mode)
    first = picture.getpixel((0, 0))
    if mode in ("RGBA", "LA"):
        picture.putalpha(Image.fromarray(np.uint8(255) - (GREY[0, 0] == GREY)))
        picture.save(tmp_path / "a.png")
    else:
        picture.save(tmp_path / "a.png", transparency=first)
    with pytest.raises(
        ValueError, match=r"a\.png: it is transparent in places.*save it without.*--channels (red|grey)"
    ):
        read(tmp_path / "a.png")
    colours = "grey" if mode in ("L", "LA") else "red,green,blue"
    picked = read(tmp_path / "a.png", colours)
    wanted = np.asarray(picture.convert("L" if colours == "grey" else "RGB")).reshape(13, 17, -1)
    np.testing.assert_array_equal(np.moveaxis(picked.array, 0, -1), wanted)


@pytest.mark.parametrize(("colour", "value"), [(0, 7), (2, (7, 7, 7))])
def test_a_transparent_colour_that_no_pixel_has_changes_nothing(tmp_path: Path, colour: int, value: Any) -> None:
    pixels = np.full((4, 5, 3 if colour else 1), 900, np.uint16)
    pixels[..., 0] = 800
    key = struct.pack(f">{3 if colour else 1}H", *(value if colour else (value,)))
    (tmp_path / "a.png").write_bytes(png(pixels, colour, chunk(b"tRNS", key)))
    np.testing.assert_array_equal(read(tmp_path / "a.png").array, np.moveaxis(pixels, -1, 0))


def test_one_bit_is_0_and_1(tmp_path: Path) -> None:
    for suffix in (".png", ".bmp"):
        Image.fromarray(GREY > 99).save(tmp_path / f"a{suffix}")
        image = read(tmp_path / f"a{suffix}")
        assert image.array.dtype == np.uint8
        np.testing.assert_array_equal(image.array[0], (GREY > 99).astype(np.uint8) * image.array.max())


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_bmp_is_read(tmp_path: Path, mode: str) -> None:
    picture = Image.fromarray(RGB).convert(mode)
    picture.save(tmp_path / "a.bmp")
    wanted = np.asarray(picture).reshape(13, 17, -1)
    np.testing.assert_array_equal(read(tmp_path / "a.bmp").array, np.moveaxis(wanted, -1, 0))


def test_the_smallest_image_may_be_changed(tmp_path: Path) -> None:
    Image.fromarray(RGB[:1, :1]).save(tmp_path / "a.png")
    image = read(tmp_path / "a.png")
    image.array[0] = 9  # Pillow's arrays are read-only
    assert image.array.shape == (3, 1, 1)


def test_a_png_without_its_end_is_refused(tmp_path: Path) -> None:
    Image.fromarray(GREY).save(tmp_path / "a.png")
    whole = (tmp_path / "a.png").read_bytes()
    for missing in (13, 14, 17, 20):  # in the checksums of the pixels, before the 12 bytes of the last chunk
        (tmp_path / "a.png").write_bytes(whole[:-missing])
        with pytest.raises(ValueError, match="cannot be read as an image"):
            read(tmp_path / "a.png")


def test_a_phone_s_jpeg_with_a_second_picture_gives_the_first(tmp_path: Path) -> None:
    second = Image.fromarray(GREY).resize((5, 4)).convert("RGB")
    Image.fromarray(RGB).save(tmp_path / "a.jpg", format="MPO", save_all=True, append_images=[second], quality=100)
    Image.fromarray(RGB).save(tmp_path / "b.jpg", quality=100)
    np.testing.assert_array_equal(read(tmp_path / "a.jpg").array, read(tmp_path / "b.jpg").array)


def test_frames_are_a_stack_and_must_agree(tmp_path: Path) -> None:
    frames = [Image.fromarray(np.roll(GREY, number)) for number in range(3)]
    frames[0].save(tmp_path / "a.png", save_all=True, append_images=frames[1:])
    np.testing.assert_array_equal(read(tmp_path / "a.png").array[0], np.stack([np.asarray(frame) for frame in frames]))


@pytest.mark.parametrize("bits", [1, 2, 4])
@pytest.mark.parametrize("transparent", [None, 0])
def test_grey_values_of_few_bits_are_those_of_the_file(tmp_path: Path, bits: int, transparent: int | None) -> None:
    values = RNG.integers(transparent is not None, 2**bits, (13, 16), dtype=np.uint8)
    rows = np.packbits(np.unpackbits(values[..., None], axis=-1)[..., -bits:].reshape(13, -1), axis=-1)
    lines = b"".join(b"\0" + row.tobytes() for row in rows)
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 16, 13, bits, 0, 0, 0, 0))
    extra = b"" if transparent is None else chunk(b"tRNS", struct.pack(">H", transparent))
    content = header + extra + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + content)
    np.testing.assert_array_equal(read(tmp_path / "a.png").array[0], values)
    np.testing.assert_array_equal(read_values(tmp_path / "a.png").array, values)


@pytest.mark.parametrize(
    ("mode", "remark"),
    [
        ("CMYK", "its CMYK colours are converted to RGB"),
        ("P", "the values of its palette are replaced by their colours"),
    ],
)
def test_a_change_of_colours_is_told(tmp_path: Path, mode: str, remark: str) -> None:
    file = tmp_path / ("a.jpg" if mode == "CMYK" else "a.png")
    Image.fromarray(RGB).convert(mode).save(file)
    assert read(file).remarks == (remark,)
