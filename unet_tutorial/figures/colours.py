"""Palettes, and the contrast that they are held to."""

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
