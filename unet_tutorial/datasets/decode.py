"""Strict decoding of image files: rejects damaged files that Pillow or tifffile would read without an error."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.disk import one_line

if TYPE_CHECKING:
    from PIL import Image

Array = NDArray[Any]

TIFF = (".tif", ".tiff")
GREY_MODES = ("1", "L", "I", "F", "I;16", "I;16B", "I;16L")  # Pillow's names


class ChannelError(ValueError):
    """The file has several channels, and the program cannot know which one shows the cells."""


class Decoded(NamedTuple):
    """Pixel values as stored in the file; if `coloured` is True, the last axis holds the channels."""

    array: Array
    coloured: bool


def decode(path: Path) -> Decoded:
    """The pixels of a PNG, JPEG or TIFF file.

    ValueError, with the file's name, for a damaged file, and for a TIFF with images of different sizes or a channel
    axis. PermissionError is not caught.
    """
    try:
        return _with_tifffile(path) if path.suffix.lower() in TIFF else _with_pillow(path)
    except PermissionError:
        raise
    except ChannelError as error:
        raise ValueError(f"{path}: {error}") from error
    except Exception as error:  # a damaged file raises one of a dozen types, from SyntaxError to zlib.error
        raise ValueError(
            f"{path}: cannot be read as an image ({one_line(error)}); "
            "get the file again, or save it again as a grey PNG or an uncompressed TIFF"
        ) from error


def _with_pillow(path: Path) -> Decoded:
    """All frames of the file: (H, W) for one, (D, H, W) for several; colour images have a last axis of 4, RGBA."""
    from PIL import Image, ImageSequence

    with warnings.catch_warnings(action="ignore"):  # Pillow also raises an error after each of them
        with Image.open(path) as file:
            file.verify()  # reads a PNG to its last chunk; loading alone stops at the last pixel
        with Image.open(path) as file:
            coloured = file.mode not in GREY_MODES
            frames = [_pixels(frame) if coloured else np.array(frame) for frame in ImageSequence.Iterator(file)]
    return Decoded(frames[0] if len(frames) == 1 else np.stack(frames), coloured)


def _pixels(frame: "Image.Image") -> Array:
    """Red, green, blue and alpha: (H, W, 4). Pillow has no direct conversion from CMYK to RGBA."""
    return np.array((frame.convert("RGB") if frame.mode == "CMYK" else frame).convert("RGBA"))


def _with_tifffile(path: Path) -> Decoded:
    """The image or stack in a TIFF file.

    If tifffile would need the package imagecodecs to decompress it, Pillow reads it instead. ChannelError for a channel
    axis (ImageJ's C), which would otherwise be read as slices.
    """
    from tifffile import TiffFile

    with _logged_errors("tifffile") as errors, TiffFile(path) as file:
        series, white_is_zero = file.series, int(file.pages.first.photometric) == 0
        if len(series) != 1:
            raise ValueError(f"expected one image or stack, got {len(series)} images of different sizes or types")
        axes = series[0].axes
        _refuse_channels(axes, series[0].shape)
        try:
            array = np.asarray(series[0].asarray())
        except ValueError as error:
            if "imagecodecs" not in str(error):
                raise
            return _with_pillow(path)
    if errors:  # for a truncated stack, tifffile returns the pages that it can read and only logs an error
        raise ValueError(errors[0])
    if white_is_zero and array.dtype.kind in "bu":
        array = ~array
    return Decoded(np.moveaxis(array, axes.index("S"), -1) if "S" in axes else array, "S" in axes)


def _refuse_channels(axes: str, shape: tuple[int, ...]) -> None:
    if "C" in axes:
        count = shape[axes.index("C")]
        raise ChannelError(f"expected one channel, got {count} (axes {axes}); save one channel as a grey TIFF")


class _Collector(logging.Handler):
    """Keeps the error messages of a logger instead of printing them."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@contextmanager
def _logged_errors(name: str) -> Iterator[list[str]]:
    """Collects the error messages of the logger `name` within the context, instead of printing them."""
    logger, collector = logging.getLogger(name), _Collector()
    propagate, logger.propagate = logger.propagate, False
    logger.addHandler(collector)
    try:
        yield collector.messages
    finally:
        logger.removeHandler(collector)
        logger.propagate = propagate
