"""How a drawing looks: sizes and colours as values. A preset is a ``Style``; another one is made by ``replace``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from unet_tutorial.figures.drawing.palette import PALETTES, Palette, known

MM = 72 / 25.4  # points

Growth = Literal["sqrt", "linear", "log"]


@dataclass(frozen=True)
class Style:
    """Lengths in points of 1/72 inch. ``font`` is tried first and reduced to ``font_min`` before maps are left out.

    ``growth`` says how a box's width follows its channels. ``ratio`` is width to height of a given sheet (16:9);
    without, the drawing is as high as it needs. ``dpi`` counts for PNG alone. ValueError for what cannot be drawn.
    """

    width: float = 510.0
    font: float = 8.0
    font_min: float = 7.0
    palette: str = "paper"
    growth: Growth = "sqrt"
    ratio: float | None = None
    dpi: int = 200

    def __post_init__(self) -> None:
        known(self.palette, PALETTES, "palette")
        known(self.growth, ("sqrt", "linear", "log"), "growth")
        if not 1 <= self.font_min <= self.font:
            raise ValueError(f"font {self.font} and font_min {self.font_min}: give 1 <= font_min <= font, in points")
        if not self.width >= 20 * self.font_min:
            raise ValueError(f"a width of {self.width:g} points is below 20 letters of {self.font_min:g}; widen it")

    @property
    def colours(self) -> Palette:
        """Those of the palette."""
        return PALETTES[self.palette]


PAPER = Style()
THESIS = Style(width=160 * MM, font=8, font_min=7)
COLUMN = Style(width=84 * MM, font=7, font_min=6)
SLIDE = Style(width=960, font=18, font_min=12, ratio=16 / 9, dpi=144)
DARK = replace(PAPER, palette="dark")
PRESETS = {"paper": PAPER, "thesis": THESIS, "column": COLUMN, "slide": SLIDE, "dark": DARK}


def style(
    preset: str = "paper", palette: str | None = None, width: float | None = None, font_min: float | None = None
) -> Style:
    """The preset, with another palette, width or smallest font (both in points); ValueError lists the names.

    >>> style("column", palette="okabe-ito").palette
    'okabe-ito'
    """
    known(preset, PRESETS, "preset")
    found = PRESETS[preset]
    least = found.font_min if font_min is None else font_min
    return replace(
        found,
        palette=found.palette if palette is None else palette,
        width=found.width if width is None else width,
        font=max(found.font, least),
        font_min=least,
    )
