"""An image with its channels, and the size of a pixel."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
GREY, RGB = ("grey",), ("red", "green", "blue")  # names of channels
ALPHA, UNNAMED = "alpha", "channel"


class Image(NamedTuple):
    """The channels of an image: ``array`` (C, H, W), or (C, D, H, W) for a stack, with the dtype of the file.

    ``channels`` holds the name of each channel. ``spacing`` is the size of a pixel along each spatial axis in µm, or ()
    if the file does not state it. ``remarks`` are sentences for the user about the way in which the file was read.
    """

    array: Array
    channels: tuple[str, ...] = GREY
    spacing: tuple[float, ...] = ()
    remarks: tuple[str, ...] = ()


def numbered_channels(count: int) -> tuple[str, ...]:
    """Names for channels whose file or array states none.

    >>> numbered_channels(2)
    ('channel 0', 'channel 1')
    """
    return tuple(f"{UNNAMED} {number}" for number in range(count))


def is_unnamed(channel: str) -> bool:
    """Whether this is "grey", or one of the names that `numbered_channels` gives."""
    return channel in GREY or channel.startswith(f"{UNNAMED} ")


def grey(array: Array) -> Image:
    """A grey image (*size) as an image with one channel.

    >>> grey(np.zeros((2, 3))).array.shape
    (1, 2, 3)
    """
    return Image(np.asarray(array)[None])
