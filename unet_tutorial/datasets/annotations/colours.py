"""Colours of label files as integers, so that a colour-coded mask is read like one with values."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.datasets.images.image import Array
from unet_tutorial.datasets.wording import listed

MOST_COLOURS = 12  # in a message


def packed(colours: Array) -> NDArray[np.int64]:
    """Red, green and blue of the last axis in one integer, 0xRRGGBB: (..., 3) -> (...).

    >>> [hex(colour) for colour in packed(np.array([[255, 0, 0], [0, 16, 1]])).tolist()]
    ['0xff0000', '0x1001']
    """
    red, green, blue = (colours[..., channel].astype(np.int64) for channel in range(3))
    return (red << 16) | (green << 8) | blue


def is_grey(colour: int) -> bool:
    """Whether red, green and blue of a packed colour are equal."""
    return colour == (colour & 255) * 0x010101


def hex_colour(colour: int) -> str:
    """A packed colour as text.

    >>> hex_colour(0x1001)
    '#001001'
    """
    return f"#{colour:06x}"


def colour_of(text: str) -> int:
    """The packed colour of a text such as "#ff0000". ValueError for any other text."""
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", text.strip()):
        raise ValueError(f"{text!r} is not a colour; write six hexadecimal digits for red, green and blue: #ff0000")
    return int(text.strip()[1:], 16)


def some_colours(colours: Iterable[int]) -> str:
    """A list of colours, of which at most `MOST_COLOURS` are named."""
    return listed(map(hex_colour, colours), MOST_COLOURS)


def ready_made(colours: Iterable[int]) -> str:
    """An option that names each colour, for the user to edit; black comes first, as the background.

    >>> ready_made([0xFF0000, 0])
    "--colours '#000000=background,#ff0000=class 1'"
    """
    found = sorted(colours)[:MOST_COLOURS]
    names = ["background" if colour == 0 else f"class {number}" for number, colour in enumerate(found, found[0] != 0)]
    return f"--colours '{','.join(f'{hex_colour(colour)}={name}' for colour, name in zip(found, names, strict=True))}'"
