"""Palettes and their contrast (WCAG); the style of each kind of arrow."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Palette:
    """Colours as #rrggbb.

    On ``ground``, the background, text has a contrast of at least 4.5 to 1, lines and boxes at least 3 to 1 (WCAG 2.2).
    ``fill`` is the colour of a box and ``edge`` its outline; ``blank`` fills the part of a box that holds skip
    channels; ``dash`` outlines the cropped part and has a contrast of at least 3 to 1 on ``fill``. ``side`` fills the
    blocks beside the maps; text on it has a contrast of at least 4.5 to 1. The other colours are those of arrows.
    """

    ground: str
    text: str
    edge: str
    fill: str
    blank: str
    dash: str
    side: str
    conv: str
    point: str
    down: str
    up: str
    copy: str


PALETTES = {
    "paper": Palette(
        ground="#ffffff", text="#1a1a1a", edge="#16324f", fill="#6a96c2", blank="#ffffff", dash="#0b1f33",
        side="#f5d896", conv="#1f4fa3", point="#00797a", down="#c0272d", up="#1f7a34", copy="#6b6b6b",
    ),
    "okabe-ito": Palette(
        ground="#ffffff", text="#000000", edge="#000000", fill="#7f97a8", blank="#ffffff", dash="#000000",
        side="#f0e442", conv="#0072b2", point="#b8608f", down="#d55e00", up="#008f68", copy="#595959",
    ),
    "gray": Palette(
        ground="#ffffff", text="#000000", edge="#000000", fill="#8f8f8f", blank="#ffffff", dash="#000000",
        side="#e4e4e4", conv="#2b2b2b", point="#2b2b2b", down="#000000", up="#000000", copy="#6f6f6f",
    ),
    "dark": Palette(
        ground="#14171c", text="#f2f2f2", edge="#dde8f3", fill="#4f7fb0", blank="#14171c", dash="#ffffff",
        side="#6b5316", conv="#7fb2f0", point="#4fc7c0", down="#ff8a80", up="#77d48a", copy="#b5b5b5",
    ),
}  # fmt: skip


TOP_FADE, RIGHT_FADE = 0.45, 0.2  # share of the ground in the colour of these faces of a cuboid


def faded(colour: str, ground: str, share: float) -> str:
    """A colour mixed with this share of the ground; its contrast to lines that are visible on both does not decrease.

    >>> faded("#6a96c2", "#ffffff", 0.5)
    '#b4cae0'
    """
    pairs = zip(_parts(colour), _parts(ground), strict=True)
    return "#" + "".join(f"{round(own + share * (other - own)):02x}" for own, other in pairs)


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, from 1 to 21 (WCAG 2.2, relative luminance).

    >>> contrast("#000000", "#ffffff")
    21.0
    """
    bright, dim = sorted((_luminance(one), _luminance(other)), reverse=True)
    return round((bright + 0.05) / (dim + 0.05), 2)


def _parts(colour: str) -> list[int]:
    """Red, green and blue, from 0 to 255."""
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def _luminance(colour: str) -> float:
    parts = [part / 255 for part in _parts(colour)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@dataclass(frozen=True)
class ArrowStyle:
    """How a kind of arrow is drawn.

    ``colour`` is a field of ``Palette``. ``shaft`` is the thickness of the line and ``head`` the length of the
    arrowhead, in font sizes. ``dash`` is solid, dashed or dotted; ``tip`` is full, open (outline only) or barb (two
    strokes).
    """

    colour: str
    shaft: float = 0.13
    dash: str = "solid"
    tip: str = "full"
    head: float = 0.55

    def colour_in(self, palette: Palette) -> str:
        """The arrow's colour as #rrggbb."""
        return str(getattr(palette, self.colour))


ARROW_STYLES = {
    "conv": ArrowStyle("conv"),
    "point": ArrowStyle("point", tip="barb"),
    "pool": ArrowStyle("down", shaft=0.2, head=0.65),
    "strided": ArrowStyle("down", tip="open"),
    "up": ArrowStyle("up", shaft=0.2, head=0.65),
    "resize": ArrowStyle("up", dash="dashed", tip="open"),
    "shuffle": ArrowStyle("up", dash="dotted"),
    "copy": ArrowStyle("copy", shaft=0.3, head=0.75),
    "skip": ArrowStyle("copy", shaft=0.12, head=0.5),
    "join": ArrowStyle("text", shaft=0.08, tip="barb"),
    "branch": ArrowStyle("copy", shaft=0.1, dash="dashed"),
    "gating": ArrowStyle("text", shaft=0.1, dash="dotted"),
    "aside": ArrowStyle("text", shaft=0.08, tip="barb", head=0.45),
}
HEAD_WIDTH = 0.8  # width of an arrowhead, as a fraction of its length
DASHES = {"dashed": (3.0, 1.6), "dotted": (1.0, 1.2)}  # (on, off) as multiples of the shaft's thickness
OUTLINE = 0.09  # thickness of the outlines of boxes and marks, in font sizes
