"""Pixels as they are stored in a file, with the meaning of their axes; and the check of a file's declared size."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from unet_tutorial.datasets.images.image import Array

# The EXIF orientation as (transpose, flip Y, flip X) of the stored rows and columns, in this order (EXIF 2.32, 4.6.4)
ORIENTATIONS = {
    2: (False, False, True),
    3: (False, True, True),
    4: (False, True, False),
    5: (True, False, False),
    6: (True, False, True),
    7: (True, True, True),
    8: (True, True, False),
}
# A file may declare any size. Up to SMALL bytes the size is not checked; above, the decoded image may be EXPANSION
# times as large as its file: deflate reaches 1032, and eight times as much for single bits that become bytes.
SMALL, EXPANSION = 2**28, 10_000


class ContentError(ValueError):
    """The file is not damaged, but holds something that cannot be used; the message says how to change that."""


@dataclass(frozen=True, eq=False)
class Decoded:
    """Pixels as stored in a file.

    - ``axes`` has a letter for each axis of ``array``, as in tifffile: Y rows, X columns, Z depth, T time, C channels,
      S the samples of a pixel (its colours); any other letter is an axis of unknown meaning, such as pages (I or Q).
    - ``channels`` are the names along C, ``samples`` those along S, where "alpha" is transparency; () if unknown.
    - ``spacing`` is the size of a pixel in µm, by the letter of the axis.
    - ``palette`` (n, 3 or 4) uint8 holds the colour of each value, RGB or RGBA.
    - ``black`` is the value of black pixels if 0 is white. ``inverted_display`` is True if that concerns only the
      display of the values: ImageJ's inverting LUT, and arrays of bool, which tifffile always saves so.
    - ``lossy`` is the name of a compression that changes values, or "".
    - ``remarks`` are sentences for the user.
    """

    array: Array
    axes: str
    channels: tuple[str, ...] = ()
    samples: tuple[str, ...] = ()
    spacing: Mapping[str, float] = field(default_factory=dict)
    palette: Array | None = None
    black: int | None = None
    inverted_display: bool = False
    lossy: str = ""
    remarks: tuple[str, ...] = ()

    def turned(self, orientation: int) -> Decoded:
        """The image as it is to be shown, according to an EXIF or TIFF orientation tag; other values change nothing."""
        if orientation not in ORIENTATIONS:
            return self
        array = turned(self.array, self.axes, orientation)
        spacing = dict(self.spacing)
        if ORIENTATIONS[orientation][0]:
            spacing |= {ours: self.spacing[theirs] for ours, theirs in ("YX", "XY") if theirs in self.spacing}
        remark = f"turned or mirrored as its orientation tag {orientation} says"
        return replace(self, array=array, spacing=spacing, remarks=(*self.remarks, remark))


@dataclass(frozen=True, eq=False)
class Unread:
    """An array in a file whose pixels have not been read.

    - ``pixels`` returns a part of them when it is indexed with slices; ``about`` has everything but the pixels.
    - ``paths`` are the files with the pixels, or the folder of the array.
    - ``chunks`` is the number of pixels along each axis that are read together, or () if single pixels can be read.
    - ``translation`` is the position of the first pixel in µm, by the letter of the axis; {} if the file states none.
    """

    pixels: Any
    about: Decoded
    paths: tuple[Path, ...]
    chunks: tuple[int, ...] = ()
    translation: Mapping[str, float] = field(default_factory=dict)


def placeholder(shape: tuple[int, ...], dtype: DTypeLike) -> Array:
    """An array of zeros with this shape and type that needs no memory, for ``Decoded.array`` of an `Unread`."""
    return np.broadcast_to(np.zeros((), dtype), shape)


def turned(array: Array, axes: str, orientation: int) -> Array:
    """An array whose stored axes Y and X are transposed and flipped according to an orientation tag, a view.

    >>> turned(np.array([[1, 2], [3, 4]]), "YX", 6).tolist()
    [[3, 1], [4, 2]]
    """
    transpose, flip_y, flip_x = ORIENTATIONS.get(orientation, (False, False, False))
    y, x = axes.index("Y"), axes.index("X")
    if transpose:
        array = np.swapaxes(array, y, x)
    return np.flip(array, tuple(axis for axis, flip in ((y, flip_y), (x, flip_x)) if flip))


def require_plausible(shape: tuple[int, ...], dtype: DTypeLike, stored: Callable[[], int]) -> None:
    """ContentError, before any memory is used, if an array of this size cannot be held or cannot come from the file.

    ``stored()`` is the number of bytes that the file has for it.
    """
    needed = prod(map(int, shape)) * np.dtype(dtype).itemsize
    if needed <= SMALL:
        return
    declared = f"it declares {' × '.join(map(str, shape))} values, {needed / 2**30:.1f} GiB"
    if needed > EXPANSION * stored():
        raise ContentError(f"{declared}, but has only {stored()} bytes for them; the file is damaged, so get it again")
    if needed > _memory() // 4:
        raise ContentError(
            f"{declared}, more than a quarter of this machine's memory of {_memory() / 2**30:.1f} GiB; "
            "save the image in parts, or at a lower resolution"
        )


def _memory() -> int:
    """The memory of this machine in bytes; 16 GiB where the system does not tell it."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return 2**34


class _Collector(logging.Handler):
    """Keeps the error messages of a logger instead of printing them."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@contextmanager
def logged_errors(name: str) -> Iterator[list[str]]:
    """Collects the error messages of the logger `name` within the context, instead of printing them."""
    logger, collector = logging.getLogger(name), _Collector()
    propagate, logger.propagate = logger.propagate, False
    logger.addHandler(collector)
    try:
        yield collector.messages
    finally:
        logger.removeHandler(collector)
        logger.propagate = propagate
