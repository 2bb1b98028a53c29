"""Palettes and their contrast (WCAG); the line style of each kind of arrow."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Palette:
    """Colours as #rrggbb. Text reaches a contrast of 4.5 to 1 on ``ground``, lines and boxes 3 to 1; the dashes of the
    crop reach it on ``fill``. ``blank`` is the part of a box that came by a skip."""

    ground: str
    text: str
    edge: str
    fill: str
    blank: str
    dash: str
    conv: str
    point: str
    down: str
    up: str
    copy: str


PALETTES = {
    "paper": Palette(
        ground="#ffffff", text="#1a1a1a", edge="#16324f", fill="#6a96c2", blank="#ffffff", dash="#0b1f33",
        conv="#1f4fa3", point="#00797a", down="#c0272d", up="#1f7a34", copy="#6b6b6b",
    ),
    "okabe-ito": Palette(
        ground="#ffffff", text="#000000", edge="#000000", fill="#7f97a8", blank="#ffffff", dash="#000000",
        conv="#0072b2", point="#b8608f", down="#d55e00", up="#008f68", copy="#595959",
    ),
    "gray": Palette(
        ground="#ffffff", text="#000000", edge="#000000", fill="#8f8f8f", blank="#ffffff", dash="#000000",
        conv="#2b2b2b", point="#2b2b2b", down="#000000", up="#000000", copy="#6f6f6f",
    ),
    "dark": Palette(
        ground="#14171c", text="#f2f2f2", edge="#dde8f3", fill="#4f7fb0", blank="#14171c", dash="#ffffff",
        conv="#7fb2f0", point="#4fc7c0", down="#ff8a80", up="#77d48a", copy="#b5b5b5",
    ),
}  # fmt: skip


def known(name: str, names: Iterable[str], what: str) -> None:
    """ValueError, with all names, for one that is not among them."""
    if name not in names:
        raise ValueError(f"{what} {name!r} is unknown; the names are {', '.join(names)}")


def contrast(one: str, other: str) -> float:
    """From 1 to 21 (WCAG 2.2, relative luminance).

    >>> contrast("#000000", "#ffffff")
    21.0
    """
    bright, dim = sorted((_luminance(one), _luminance(other)), reverse=True)
    return round((bright + 0.05) / (dim + 0.05), 2)


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@dataclass(frozen=True)
class Look:
    """``colour`` names one of a palette. ``shaft`` is its thickness and ``head`` its length in font sizes; ``dash`` is
    solid, dashed or dotted, ``tip`` is full, open (only its outline) or barb (two strokes)."""

    colour: str
    shaft: float = 0.13
    dash: str = "solid"
    tip: str = "full"
    head: float = 0.55

    def paint(self, palette: Palette) -> str:
        """Its colour as #rrggbb."""
        return str(getattr(palette, self.colour))


LOOKS = {
    "conv": Look("conv"),
    "point": Look("point", tip="barb"),
    "pool": Look("down", shaft=0.2, head=0.65),
    "strided": Look("down", tip="open"),
    "up": Look("up", shaft=0.2, head=0.65),
    "resize": Look("up", dash="dashed", tip="open"),
    "shuffle": Look("up", dash="dotted"),
    "copy": Look("copy", shaft=0.3, head=0.75),
    "join": Look("text", shaft=0.08, tip="barb"),
    "branch": Look("copy", shaft=0.1, dash="dashed"),
}
ASPECT = 0.8  # a head's width, of its length
DASHES = {"dashed": (3.0, 1.6), "dotted": (1.0, 1.2)}  # in thicknesses of the shaft
LINE = 0.09  # thickness of outlines, in font sizes
