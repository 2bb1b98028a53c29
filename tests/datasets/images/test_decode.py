"""Image files of other programs are decoded as those programs read them; damaged files are rejected."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from unet_tutorial.datasets.images.files import read, read_image, read_values, write_image

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (13, 17), dtype=np.uint8)
STACK = RNG.integers(0, 256, (5, 40, 44), dtype=np.uint8)
COLOURS = RNG.integers(0, 256, (13, 17, 3), dtype=np.uint8)


def pillow_stack(path: Path, compression: str) -> None:
    first, *others = (Image.fromarray(plane) for plane in STACK)
    first.save(path, save_all=True, append_images=others, compression=compression)


WRITERS: dict[str, Callable[[Path], object]] = {
    "imagej": lambda path: tifffile.imwrite(path, STACK, imagej=True, metadata={"axes": "ZYX"}),
    "plain pages": lambda path: tifffile.imwrite(path, STACK, metadata=None),
    "deflate": lambda path: tifffile.imwrite(path, STACK, compression="zlib"),
    "pillow": lambda path: pillow_stack(path, "raw"),
    "pillow, LZW": lambda path: pillow_stack(path, "tiff_lzw"),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_stacks_of_other_programs_are_read(tmp_path: Path, writer: str) -> None:
    WRITERS[writer](tmp_path / "a.tif")
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif"), STACK)


@pytest.mark.parametrize("kept", [0.97, 0.7, 0.5, 0.2, 0.01])
@pytest.mark.parametrize("writer", WRITERS)
def test_a_stack_cut_short_is_refused_not_shortened(tmp_path: Path, writer: str, kept: float) -> None:
    WRITERS[writer](tmp_path / "a.tif")
    whole = (tmp_path / "a.tif").read_bytes()
    (tmp_path / "a.tif").write_bytes(whole[: int(len(whole) * kept)])
    if writer == "imagej" and kept == 0.97:  # ImageJ puts the pixels first, so that only the page table is cut here
        np.testing.assert_array_equal(read_image(tmp_path / "a.tif"), STACK)
        return
    with pytest.raises(ValueError, match=r"a\.tif: cannot be read as an image .*; get the file again"):
        read_image(tmp_path / "a.tif")


@pytest.mark.parametrize("kept", [1, 8, 30, 120])
@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_a_truncated_picture_is_refused(tmp_path: Path, suffix: str, kept: int) -> None:
    file = tmp_path / f"a{suffix}"
    Image.fromarray(GREY).save(file)
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(ValueError, match="cannot be read as an image"):
        read_image(file)


PICTURES: dict[str, Callable[[Path], object]] = {
    "a.bmp": lambda path: Image.fromarray(GREY).save(path),
    "colours.bmp": lambda path: Image.fromarray(COLOURS).save(path),
    "colours.png": lambda path: Image.fromarray(COLOURS).save(path),
    "palette.png": lambda path: Image.fromarray(GREY).convert("P").save(path),
    "tiles.tif": lambda path: tifffile.imwrite(path, np.tile(GREY, (3, 3)), tile=(16, 16)),
    "planes.tif": lambda path: tifffile.imwrite(
        path, np.moveaxis(COLOURS, -1, 0), photometric="rgb", planarconfig="separate", compression="zlib"
    ),
    "ome.tif": lambda path: tifffile.imwrite(path, STACK, ome=True, compression="zlib", metadata={"axes": "ZYX"}),
    "big.tif": lambda path: tifffile.imwrite(path, STACK, bigtiff=True),
    "calibrated.tif": lambda path: write_image(path, STACK, (2, 0.5, 0.5)),
}


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_cut_short_are_refused_in_one_line(tmp_path: Path, name: str) -> None:
    PICTURES[name](tmp_path / name)
    whole = (tmp_path / name).read_bytes()
    for kept in (0.97, 0.7, 0.4, 0.1):
        (tmp_path / name).write_bytes(whole[: int(len(whole) * kept)])
        for reader in (read, read_values):
            with pytest.raises(
                ValueError, match=rf"{name}: cannot be read as an image .*; get the file again"
            ) as raised:
                reader(tmp_path / name)
            assert "\n" not in str(raised.value)


def test_the_first_bytes_decide_the_format(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.png", STACK)
    Image.fromarray(GREY).save(tmp_path / "a.tif", format="PNG")
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), STACK)
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif"), GREY)
    Image.fromarray(GREY).save(tmp_path / "b.png", format="JPEG")
    with pytest.raises(ValueError, match=r"b\.png: JPEG changes the values of a mask"):
        read_values(tmp_path / "b.png")


def test_a_damaged_lzw_file_writes_nothing_to_the_error_stream(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    pillow_stack(tmp_path / "a.tif", "tiff_lzw")
    content = (tmp_path / "a.tif").read_bytes()
    (tmp_path / "a.tif").write_bytes(content[:8] + bytes([255]) * 40 + content[48:])
    with pytest.raises(ValueError, match="cannot be read as an image"):
        read_image(tmp_path / "a.tif")
    assert capfd.readouterr().err == ""


def test_a_flipped_bit_in_a_png_is_refused(tmp_path: Path) -> None:
    write_image(tmp_path / "a.png", GREY)
    content = bytearray((tmp_path / "a.png").read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(ValueError, match="cannot be read as an image"):
        read_image(tmp_path / "a.png")


@pytest.mark.parametrize(("shape", "axes"), [((2, 40, 44), "CYX"), ((5, 2, 40, 44), "ZCYX")])
def test_channels_of_imagej_are_not_slices(tmp_path: Path, shape: tuple[int, ...], axes: str) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.resize(STACK, shape), imagej=True, metadata={"axes": axes})
    with pytest.raises(
        ValueError,
        match=r"a\.tif: expected one channel, got 2 \(channel 0, channel 1\); save one channel as a grey TIFF$",
    ):
        read_image(tmp_path / "a.tif")


def test_rarer_kinds_of_grey(tmp_path: Path) -> None:
    Image.fromarray(GREY > 99).save(tmp_path / "one_bit.png")
    np.testing.assert_array_equal(read_image(tmp_path / "one_bit.png"), (GREY > 99).astype(np.uint8))
    tifffile.imwrite(tmp_path / "inverted.tif", GREY, photometric="miniswhite")
    np.testing.assert_array_equal(
        read_image(tmp_path / "inverted.tif"), np.asarray(Image.open(tmp_path / "inverted.tif"))
    )
    tifffile.imwrite(tmp_path / "hyper.tif", np.stack([STACK, STACK]))
    with pytest.raises(ValueError, match=r"shape \(2, 5, 40, 44\)"):
        read_image(tmp_path / "hyper.tif")
