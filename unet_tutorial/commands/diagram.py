"""``unet diagram``: the U of a network, drawn to scale from what it computes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unet_tutorial.commands.model import Request
from unet_tutorial.commands.options import with_options

if TYPE_CHECKING:
    from unet_tutorial.figures.drawing.style import Style

POINTS = {"mm": 72 / 25.4, "cm": 720 / 25.4, "in": 72.0, "pt": 1.0}
OUTPUT = "File; its suffix says what: .svg .pdf .png .tex .html .mmd .dot .json; repeat it for several."


@dataclass(frozen=True)
class Look:
    """How the drawing is to look."""

    preset: Annotated[str, typer.Option(help="paper, thesis (160 mm), column (84 mm), slide (16:9) or dark.")] = "paper"
    palette: Annotated[str, typer.Option(help="Other colours: paper, okabe-ito, gray or dark.")] = ""
    width: Annotated[str, typer.Option(help="Another width: 160mm, 16cm, 6.3in or 455pt.")] = ""
    font_min: Annotated[float, typer.Option(min=0, help="Smallest letters in points; 0: the preset's.")] = 0.0
    collapse: Annotated[str, typer.Option(help="What is a box: conv, every map; block; or level.")] = "conv"

    def style(self) -> Style:
        """As ``figures`` wants it; ValueError for a width that is none, and for unknown names."""
        from unet_tutorial.figures.drawing.style import style

        return style(self.preset, self.palette or None, self._points(), self.font_min or None)

    def _points(self) -> float | None:
        if not self.width:
            return None
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(mm|cm|in|pt)", self.width)
        if not found:
            raise ValueError(f"--width {self.width!r}: a number with mm, cm, in or pt is needed, as in 160mm")
        return float(found[1]) * POINTS[found[2]]


@with_options(Request, Look)
def diagram(
    request: Request,
    look: Look,
    *,
    output: Annotated[list[Path] | None, typer.Option("--output", "-o", help=OUTPUT)] = None,
    alt: Annotated[bool, typer.Option("--alt", help="Print the text for whoever cannot see it.")] = False,
) -> None:
    """Draw the U of a network, with its channels, sizes, crops and skips as they are in its code.

    NAME is a preset (paper, padded, unet3d, residual, attention, released, unet3d-paper), a .json that this command
    wrote, or package.module:attribute: a module, or a function or class that gives one. That code, also from the
    current folder, is **imported and executed**; a .json is only read. Exit code 2 for an input size that does not
    pass, with the sizes that do; 3 for a network whose flow depends on the numbers in its input.
    """
    from unet_tutorial.figures.diagram import FORMATS, draw

    paths = output or []
    if not (paths or alt):
        raise ValueError("nothing to write; say where, as in -o figure.svg, or ask for the text with --alt")
    for path in paths:
        if path.suffix.lower() not in FORMATS:
            raise ValueError(f"{path}: the format is told by the suffix; end it in {', '.join(FORMATS)}")
    style = look.style()  # refused before the network is built
    drawn = draw(request.architecture(), style=style, collapse=look.collapse)
    for path in paths:
        print(drawn.save(path))
    if alt:
        print(drawn.alt)
    print("".join(f"note: {note}\n" for note in drawn.notes), end="")
