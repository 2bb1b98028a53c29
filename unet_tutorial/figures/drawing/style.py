"""The style of a drawing: sheet width, fonts and colours as values. Named styles are in ``STYLES``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal, get_args

from unet_tutorial.figures.drawing.palette import PALETTES, Palette

MM = 72 / 25.4  # points

Growth = Literal["sqrt", "linear", "log"]
BOXES = ("flat", "cuboid")


def check_name(name: str, names: Iterable[str], kind: str) -> None:
    """Raise ValueError if ``name`` is not one of ``names``; the message lists them and begins with ``kind``."""
    if name not in names:
        raise ValueError(f"{kind} {name!r} is unknown; the names are {', '.join(names)}")


@dataclass(frozen=True)
class Style:
    """Lengths in points (1/72 inch).

    ``font`` is tried first and reduced to ``font_min`` before feature maps are left out. ``growth`` is the function by
    which the width of a box grows with the channels. ``boxes`` are flat, or cuboids whose width stands for the
    channels, height and depth for the size. ``ratio`` is width to height of a sheet of fixed size, such as 16:9; None
    makes the sheet as high as the drawing. ``dpi`` applies to PNG only. Raises ValueError for an unknown palette,
    growth or kind of boxes, and for fonts or a width that cannot be drawn.
    """

    width: float = 510.0
    font: float = 8.0
    font_min: float = 7.0
    palette: str = "paper"
    growth: Growth = "sqrt"
    boxes: str = "flat"
    ratio: float | None = None
    dpi: int = 200

    def __post_init__(self) -> None:
        check_name(self.palette, PALETTES, "palette")
        check_name(self.growth, get_args(Growth), "growth")
        check_name(self.boxes, BOXES, "kind of boxes")
        if not 1 <= self.font_min <= self.font:
            raise ValueError(f"font {self.font} and font_min {self.font_min}: pass 1 <= font_min <= font, in points")
        if not self.width >= 20 * self.font_min:
            raise ValueError(
                f"a width of {self.width:g} points is too small for font_min {self.font_min:g}; "
                f"pass a width of at least {20 * self.font_min:g} points"
            )

    @property
    def colours(self) -> Palette:
        """The colours of the style's palette."""
        return PALETTES[self.palette]


PAPER = Style()
THESIS = Style(width=160 * MM, font=8, font_min=7)
COLUMN = Style(width=84 * MM, font=7, font_min=6)
SLIDE = Style(width=960, font=18, font_min=12, ratio=16 / 9, dpi=144)
DARK = replace(PAPER, palette="dark")
STYLES = {"paper": PAPER, "thesis": THESIS, "column": COLUMN, "slide": SLIDE, "dark": DARK}


def named_style(
    name: str = "paper",
    palette: str | None = None,
    width: float | None = None,
    font_min: float | None = None,
    boxes: str | None = None,
) -> Style:
    """The style of this name, with another palette, width, smallest font (both in points) or kind of boxes where given.

    Raises ValueError for an unknown style, palette or kind of boxes; the message lists the known ones.

    >>> named_style("column", palette="okabe-ito").palette
    'okabe-ito'
    """
    check_name(name, STYLES, "style")
    style = STYLES[name]
    smallest = style.font_min if font_min is None else font_min
    return replace(
        style,
        palette=style.palette if palette is None else palette,
        width=style.width if width is None else width,
        font=max(style.font, smallest),
        font_min=smallest,
        boxes=style.boxes if boxes is None else boxes,
    )
