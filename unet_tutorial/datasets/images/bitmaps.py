"""Decodes PNG, JPEG, BMP and WebP files with Pillow, at their full depth."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from unet_tutorial.datasets.images.decoded import ContentError, Decoded, require_plausible
from unet_tutorial.datasets.images.image import ALPHA, GREY, RGB, Array

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP")  # Pillow's names
LOSSY = {"JPEG": "JPEG", "MPO": "JPEG", "WEBP": "WebP"}  # MPO is a JPEG that holds further pictures
GREY_MODES = ("1", "L", "I", "F", "I;16", "I;16B", "I;16L")
GREY_ALPHA, RGBA = (*GREY, ALPHA), (*RGB, ALPHA)
SAMPLES = {"LA": GREY_ALPHA, "RGB": RGB, "RGBA": RGBA}
MODES = {"LA": "LA", "La": "LA", "RGBA": "RGBA", "RGBa": "RGBA", "PA": "RGBA"}  # with alpha: La and RGBa are multiplied
ORIENTATION = 0x0112
# Pillow keeps the first of the two bytes of each 16-bit colour sample in a PNG. These raw modes unpack all of them.
STEPS = {"L;2": 85, "L;4": 17}  # Pillow multiplies grey values of 2 and 4 bits, so that the highest becomes 255
SAMPLES_OF_16_BIT = {"RGB;16B": RGB, "RGBA;16B": RGBA, "LA;16B": GREY_ALPHA}

_pixel_limit = Lock()


def read_bitmap(path: Path) -> Decoded:
    """The pixels of a PNG, JPEG, BMP, GIF or WebP file: (H, W) or (H, W, samples), after the frames if several."""
    from PIL import Image

    with without_pixel_limit(), warnings.catch_warnings(action="ignore"):  # Pillow raises an error after each of them
        with Image.open(path, formats=FORMATS) as file:
            frames = 1 if file.format == "MPO" else getattr(file, "n_frames", 1)
            wide = raw_mode_of(file) in SAMPLES_OF_16_BIT
            shape = (frames, file.height, file.width, len(file.getbands()))
            require_plausible(shape, np.uint16 if wide else np.uint8, lambda: path.stat().st_size)
            file.verify()  # reads a PNG to its last chunk; loading alone stops at the last pixel
        with Image.open(path, formats=FORMATS) as file:
            decoded = _sixteen_bits(path, file) if wide else _frames(file, frames)
            lossy, orientation = LOSSY.get(file.format or "", ""), _orientation(file)
    return replace(decoded, lossy=lossy).turned(orientation)


@contextmanager
def without_pixel_limit() -> Iterator[None]:
    """Switches off Pillow's limit of pixels, which real images exceed; `require_plausible` replaces it."""
    from PIL import Image

    Image.init()  # makes all formats known, which `Image.open` does only if it chooses the format itself
    with _pixel_limit:
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def picture(file: ImageFile) -> Decoded:
    """The pixels of the frame that Pillow shows; a palette is kept apart, and other colours become RGB."""
    if file.mode == "P":
        return Decoded(np.array(file), "YX", palette=_palette(file))
    if file.mode in GREY_MODES:
        step = STEPS.get(raw_mode_of(file), 1) if file.format == "PNG" else 1
        values = np.array(file)
        return _pixels(values if step == 1 else values // step, GREY, file)
    mode = MODES.get(file.mode, "RGB")  # of CMYK, YCbCr and LAB
    pixels = _pixels(np.asarray(file if mode == file.mode else file.convert(mode)), SAMPLES[mode], file)
    converted = file.mode in ("CMYK", "LAB")
    return replace(pixels, remarks=(f"its {file.mode} colours are converted to RGB",)) if converted else pixels


def two_bytes(open_image: Callable[[], ImageFile], raw_modes: tuple[str, str]) -> Array:
    """Colour samples of 16 bits: Pillow's raw modes unpack either the high or the low bytes, so it reads them twice."""
    high, low = (_unpacked(open_image, raw_mode) for raw_mode in raw_modes)
    return high.astype(np.uint16) << 8 | low


def _unpacked(open_image: Callable[[], ImageFile], raw_mode: str) -> Array:
    """The pixels of a file whose bytes are unpacked according to ``raw_mode`` instead of the raw mode of its header."""
    with open_image() as file:
        tile = file.tile[0]
        arguments = (raw_mode, *tile.args[1:]) if isinstance(tile.args, tuple) else raw_mode
        file.tile = [tile._replace(args=arguments)]
        return np.array(file)


def _sixteen_bits(path: Path, file: ImageFile) -> Decoded:
    """A PNG with 16-bit colour samples: (H, W, samples) uint16."""
    from PIL import Image

    def open_image() -> ImageFile:
        return Image.open(path, formats=FORMATS)

    raw_mode = raw_mode_of(file)
    if raw_mode == "LA;16B":  # four bytes per pixel, as in RGBA
        both = _unpacked(open_image, "RGBA").astype(np.uint16)
        array = both[..., ::2] << 8 | both[..., 1::2]
    else:
        array = two_bytes(open_image, (raw_mode, raw_mode.replace("16B", "16L")))
    return _pixels(array, SAMPLES_OF_16_BIT[raw_mode], file)


def _frames(file: ImageFile, count: int) -> Decoded:
    """The first ``count`` frames; ContentError if they differ in size or kind."""
    from PIL import ImageSequence

    if count == 1:
        return picture(file)
    pictures = [picture(frame) for frame in ImageSequence.Iterator(file)]  # type: ignore[arg-type]
    first = pictures[0]
    if any((each.array.shape, each.samples) != (first.array.shape, first.samples) for each in pictures):
        raise ContentError(f"its {count} frames differ in size or colours; save each as an image of its own")
    if any(not np.array_equal(each.palette, first.palette) for each in pictures if first.palette is not None):  # type: ignore[arg-type]
        raise ContentError(f"its {count} frames have different palettes; save each as an image of its own")
    return replace(first, array=np.stack([each.array for each in pictures]), axes="I" + first.axes)


def raw_mode_of(file: ImageFile) -> str:
    """Pillow's name for the layout of the bytes of a pixel in the file, or ""."""
    arguments = file.tile[0].args if file.tile else ""
    return str(arguments[0] if isinstance(arguments, tuple) else arguments)


def _pixels(array: Array, samples: tuple[str, ...], file: ImageFile) -> Decoded:
    """Samples along a last axis S, or none for grey; a colour that the file declares transparent becomes an alpha."""
    transparent = file.info.get("transparency")
    if isinstance(transparent, int | tuple) and samples in (GREY, RGB):
        array = array.astype(np.uint8) if array.dtype == bool else array
        planes = array if samples == RGB else array[..., None]
        hidden = (planes == np.asarray(transparent)).all(axis=-1, keepdims=True)
        alpha = np.where(hidden, 0, np.iinfo(array.dtype).max).astype(array.dtype)
        return Decoded(np.concatenate([planes, alpha], axis=-1), "YXS", samples=(*samples, ALPHA))
    if samples == GREY:
        return Decoded(array, "YX")
    return Decoded(array, "YXS", samples=samples)


def _palette(file: ImageFile) -> Array:
    """The colour of each value: (n, 3) uint8, or (n, 4) with an alpha if the file makes some of them transparent."""
    palette = np.array(file.getpalette("RGB"), np.uint8).reshape(-1, 3)
    transparent = file.info.get("transparency")
    if transparent is None:
        return palette
    alpha = np.full((len(palette), 1), 255, np.uint8)
    if isinstance(transparent, bytes):
        values = np.frombuffer(transparent, np.uint8)[: len(palette), None]
        alpha[: len(values)] = values
    elif transparent < len(palette):
        alpha[transparent] = 0
    return np.concatenate([palette, alpha], axis=-1)


def _orientation(file: ImageFile) -> int:
    """The orientation in the EXIF data, or 1; damaged EXIF data are ignored, because the pixels do not need them."""
    try:
        return int(file.getexif().get(ORIENTATION, 1))
    except Exception:  # any error that a parser of damaged data raises
        return 1
