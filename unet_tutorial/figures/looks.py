"""How each kind of arrow is drawn: in colour, and told apart without it by shaft and head."""

from __future__ import annotations

from dataclasses import dataclass

from unet_tutorial.figures.colours import Palette


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
