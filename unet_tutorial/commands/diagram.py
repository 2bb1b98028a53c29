"""``unet diagram``: the diagram of a network, drawn from the operations that it executes."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unet_tutorial.commands.dataclass_options import with_options
from unet_tutorial.commands.model import NetworkOptions

if TYPE_CHECKING:
    from unet_tutorial.figures.drawing.annotations import Annotations
    from unet_tutorial.figures.drawing.style import Style

POINTS = {"mm": 72 / 25.4, "cm": 720 / 25.4, "in": 72.0, "pt": 1.0}
OUTPUT = "File to write: .svg .pdf .png .tex .pptx .drawio .html .mmd .dot or .json; repeat the option for several."
RENAME = (
    "KEY=TEXT: a name for a map (enc2.conv1; the .html lists all), a side and level (enc2), a module, or another text "
    "in the drawing, such as input or one of the legend; may be repeated."
)
HIGHLIGHT = "KEY=COLOUR: fill the boxes of a map, a side and level (enc2) or a module; may be repeated."
USED_BY = {  # the drawing options that apply to files other than drawings
    ".html": ("rename", "highlight", "only", "caption", "lang"), ".mmd": (), ".dot": (), ".json": (),
}  # fmt: skip


@dataclass(frozen=True)
class DrawingOptions:
    """The options for the style of the drawing."""

    style: Annotated[str, typer.Option(help="paper, thesis (160 mm), column (84 mm), slide (16:9) or dark.")] = "paper"
    palette: Annotated[str, typer.Option(help="Other colours: paper, okabe-ito, gray or dark.")] = ""
    width: Annotated[str, typer.Option(help="Another width: 160mm, 16cm, 6.3in or 455pt.")] = ""
    font_min: Annotated[float, typer.Option(min=0, help="Smallest font size in points; 0: that of the style.")] = 0.0
    boxes: Annotated[str, typer.Option(help="Kind of boxes: flat, or cuboid (in perspective).")] = "flat"
    collapse: Annotated[str, typer.Option(help="Boxes to draw: conv (every map), block or level.")] = "conv"
    rename: Annotated[list[str] | None, typer.Option(help=RENAME)] = None
    highlight: Annotated[list[str] | None, typer.Option(help=HIGHLIGHT)] = None
    only: Annotated[str, typer.Option(help="Draw one part: encoder, decoder, or levels such as 'levels 0-2'.")] = ""
    caption: Annotated[str, typer.Option(help="A text below the drawing.")] = ""
    lang: Annotated[str, typer.Option(help="Language of the texts: en or zh (Chinese).")] = "en"

    def make_annotations(self) -> Annotations:
        """The user's names, colours, selection, caption and language. Raises ValueError for unknown ones."""
        from unet_tutorial.figures.drawing.annotations import Annotations

        names, colours = _pairs("--rename", self.rename or []), _pairs("--highlight", self.highlight or [])
        return Annotations(names, colours, self.only, self.caption, self.lang)

    def make_style(self) -> Style:
        """The style with the other options applied. Raises ValueError for an invalid width and for unknown names."""
        from unet_tutorial.figures.drawing.style import named_style

        return named_style(self.style, self.palette or None, self._points(), self.font_min or None, self.boxes)

    def without_effect(self, suffix: str) -> list[str]:
        """The options that were given and have no effect on a file with this suffix."""
        given = [each.name for each in fields(self) if getattr(self, each.name) != each.default]
        return [f"--{name.replace('_', '-')}" for name in given if name not in USED_BY.get(suffix, given)]

    def _points(self) -> float | None:
        if not self.width:
            return None
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(mm|cm|in|pt)", self.width)
        if not found:
            raise ValueError(f"--width {self.width!r}: expected a number with mm, cm, in or pt, such as 160mm")
        return float(found[1]) * POINTS[found[2]]


def _pairs(option: str, texts: list[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in texts]
    for text, (key, _, value) in zip(texts, pairs, strict=True):
        if not key or not value:
            raise ValueError(f"{option} {text!r}: expected KEY=VALUE, such as enc2='stage 2' or dec0=orange")
        if [each for each, _, _ in pairs].count(key) > 1:
            raise ValueError(f"{option} {key} is given twice; give it once")
    return {key: value for key, _, value in pairs}


@with_options(NetworkOptions, DrawingOptions)
def diagram(
    network: NetworkOptions,
    drawing: DrawingOptions,
    *,
    output: Annotated[list[Path] | None, typer.Option("--output", "-o", help=OUTPUT)] = None,
    alt: Annotated[bool, typer.Option("--alt", help="Print the alternative text, for screen readers.")] = False,
) -> None:
    """Draw a network with the channels, sizes, crops and skips that its code computes.

    NAME is a preset, a .json that this command wrote, an .onnx file, a .safetensors checkpoint, or
    package.module:attribute, where the attribute is a torch module, or a function or class that returns one. That code
    is **imported and executed**, also from the current folder; files are only read. Exit code 2 for an invalid input
    size, with the nearest valid ones; 3 for a network whose control flow depends on the values of its input.

    Presets: paper, padded, residual, attention, released (the authors' release), unet3d, unet3d-paper; vnet, vnet-2d,
    vnet-depthwise, vnet-bottleneck; unet++, unet3+, attention-oktay; unet25d, vs-seg; keras-original, keras-padding,
    keras-3d; backboned, backboned-vgg16, backboned-resnet34, backboned-resnet50, backboned-darknet; assembled (its
    parts are named by --kwargs).
    """
    from unet_tutorial.disk import complete_file
    from unet_tutorial.figures.diagram import FORMATS, draw

    paths = output or []
    if not (paths or alt):
        raise ValueError("nothing to write; pass a file, such as -o figure.svg, or --alt for the alternative text")
    for path in paths:
        if path.suffix.lower() not in FORMATS:
            raise ValueError(f"{path}: the suffix tells the format; end it in {', '.join(FORMATS)}")
    style = drawing.make_style()  # before the network is built, which takes longer
    annotations = drawing.make_annotations()
    found = draw(network.architecture(), style=style, collapse=drawing.collapse, annotations=annotations)
    contents = {path: found.content(path) for path in paths}  # all, before the first file is written
    for path, content in contents.items():
        with complete_file(path) as part:
            part.write_bytes(content)
        print(path)
    if alt:
        print(found.alt)
    notes = [*found.notes]
    for suffix in dict.fromkeys(path.suffix.lower() for path in paths):
        unused = drawing.without_effect(suffix)
        notes += [f"without effect on {suffix}: {', '.join(unused)}"] if unused else []
    print("".join(f"note: {note}\n" for note in notes), end="")
