"""Bytes of an image file to an array, by Pillow or tifffile, without what they forgive and we do not."""

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
    """The file holds several channels beside each other, and which of them shows the cells is for its owner to say."""


class Decoded(NamedTuple):
    """Pixels as the file holds them; with `coloured`, the last axis is that of the channels."""

    array: Array
    coloured: bool


def decoded(path: Path) -> Decoded:
    """What a PNG, JPEG or TIFF file holds; ValueError, naming the file, unless that is one whole image or stack."""
    try:
        return by_tifffile(path) if path.suffix.lower() in TIFF else by_pillow(path)
    except PermissionError:
        raise
    except ChannelError as error:
        raise ValueError(f"{path}: {error}") from error
    except Exception as error:  # a broken file raises a dozen types, from SyntaxError to zlib.error
        raise ValueError(
            f"{path}: cannot be read as an image ({one_line(error)}); "
            "get the file again, or save it anew as a grey PNG or an uncompressed TIFF"
        ) from error


def by_pillow(path: Path) -> Decoded:
    """Every frame of the file; (H, W) for one, (D, H, W) for more, and (…, 4) red, green, blue, alpha if coloured."""
    from PIL import Image, ImageSequence

    with warnings.catch_warnings(action="ignore"):  # what Pillow warns of, it then raises
        with Image.open(path) as file:
            file.verify()  # reads a PNG to its last chunk, where loading stops at the last pixel
        with Image.open(path) as file:
            coloured = file.mode not in GREY_MODES
            frames = [_pixels(frame) if coloured else np.array(frame) for frame in ImageSequence.Iterator(file)]
    return Decoded(frames[0] if len(frames) == 1 else np.stack(frames), coloured)


def _pixels(frame: "Image.Image") -> Array:
    """Red, green, blue and alpha: (H, W, 4); Pillow converts to that from print's CMYK in two steps only."""
    return np.array((frame.convert("RGB") if frame.mode == "CMYK" else frame).convert("RGBA"))


def by_tifffile(path: Path) -> Decoded:
    """The first series of a TIFF; a file compressed in a way that needs a codec package goes to Pillow instead.

    ChannelError for an axis of channels (ImageJ's C), which is not one of slices.
    """
    from tifffile import TiffFile

    with _log_of("tifffile") as complaints, TiffFile(path) as file:
        series, white_is_zero = file.series, int(file.pages.first.photometric) == 0
        if len(series) != 1:
            raise ValueError(f"it holds {len(series)} images that differ in size or kind, and one was expected")
        axes = _without_channels(series[0].axes, series[0].shape)
        try:
            array = np.asarray(series[0].asarray())
        except ValueError as error:
            if "imagecodecs" not in str(error):
                raise
            return by_pillow(path)
    if complaints:  # of a stack cut short, tifffile reads the pages that are left and says so in its log only
        raise ValueError(complaints[0])
    if white_is_zero and array.dtype.kind in "bu":
        array = ~array
    return Decoded(np.moveaxis(array, axes.index("S"), -1) if "S" in axes else array, "S" in axes)


def _without_channels(axes: str, shape: tuple[int, ...]) -> str:
    if "C" in axes:
        count = shape[axes.index("C")]
        raise ChannelError(f"{count} channels came (axes {axes}), and one is needed; save one channel as a grey TIFF")
    return axes


class _Collector(logging.Handler):
    """Keeps the error messages of a logger instead of printing them."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@contextmanager
def _log_of(name: str) -> Iterator[list[str]]:
    """The error messages that a library logs meanwhile."""
    logger, collector = logging.getLogger(name), _Collector()
    propagate, logger.propagate = logger.propagate, False
    logger.addHandler(collector)
    try:
        yield collector.messages
    finally:
        logger.removeHandler(collector)
        logger.propagate = propagate
