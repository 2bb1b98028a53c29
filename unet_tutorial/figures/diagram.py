"""The diagram of a network: ``draw(model, example)`` returns a ``Diagram``, which displays itself and writes files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from unet_tutorial.disk import complete_file
from unet_tutorial.figures.arch.alt_text import alt_text
from unet_tutorial.figures.arch.ir import ArchIR, to_json
from unet_tutorial.figures.drawing.annotations import UNCHANGED, Annotations, check_keys, unused_keys_note
from unet_tutorial.figures.drawing.drawio import drawio
from unet_tutorial.figures.drawing.layout import arrange, drawn_texts
from unet_tutorial.figures.drawing.pptx import pptx
from unet_tutorial.figures.drawing.render import inline_svg, render, svg
from unet_tutorial.figures.drawing.scene import Scene
from unet_tutorial.figures.drawing.sketch import COLLAPSE
from unet_tutorial.figures.drawing.style import PAPER, Style, check_name, named_style
from unet_tutorial.figures.drawing.tikz import tikz


@dataclass(frozen=True)
class Diagram:
    """An architecture and how to draw it; displays itself in a notebook.

    ``collapse`` says which feature maps get a box: "conv" (all), "block" (the first and last of each block) or "level"
    (one per level of the encoder and of the decoder).
    """

    arch: ArchIR
    style: Style = PAPER
    collapse: str = "conv"
    annotations: Annotations = UNCHANGED

    def __post_init__(self) -> None:
        check_name(self.collapse, COLLAPSE, "collapse")
        if self.annotations.names or self.annotations.colours:
            texts = [text for collapse in COLLAPSE for text in drawn_texts(self.arch, collapse)]
            check_keys(self.annotations, self.arch, texts)

    @cached_property
    def scene(self) -> Scene:
        """Boxes, arrows and labels with their coordinates."""
        return arrange(self.arch, self.style, self.collapse, self.annotations)

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences about undrawn maps and outputs, unused annotations and a larger width; empty if there are none."""
        return (*self.scene.notes, *unused_keys_note(self.annotations, self.arch, self.scene))

    @cached_property
    def alt(self) -> str:
        """Alternative text of two or three sentences, for screen readers; one more if only a part is drawn."""
        return alt_text(self.arch) + self.annotations.part_in_words

    def svg(self) -> str:
        """The drawing as SVG, with its title and description."""
        return svg(self.scene, self.style.colours, self.arch.name, self.alt)

    def _repr_html_(self) -> str:
        """The SVG without its XML declaration, for notebooks."""
        return inline_svg(self.scene, self.style.colours, self.arch.name, self.alt)

    def save(self, path: str | Path) -> Path:
        """Write a file in the format of the path's suffix, and return the path.

        Raises ValueError if the suffix is missing or is not in ``FORMATS``.
        """
        path = Path(path)
        content = self.content(path)
        with complete_file(path) as part:
            part.write_bytes(content)
        return path

    def content(self, path: Path) -> bytes:
        """The content of a file in the format of the path's suffix.

        Raises ValueError if the suffix is missing or is not in ``FORMATS``, or if its format needs a missing package.
        """
        if not path.suffix:
            raise ValueError(f"{path.name!r} has no suffix that tells the format; end it in {', '.join(FORMATS)}")
        check_name(path.suffix.lower(), FORMATS, "format")
        content = FORMATS[path.suffix.lower()](self)
        return content if isinstance(content, bytes) else content.encode()


def _pdf(diagram: Diagram) -> bytes:
    return render(diagram.scene, diagram.style.colours, "pdf", Title=diagram.arch.name, Subject=diagram.alt)


def _png(diagram: Diagram) -> bytes:
    texts = {"Title": diagram.arch.name, "Description": diagram.alt}
    return render(diagram.scene, diagram.style.colours, "png", diagram.style.dpi, **texts)


def _tex(diagram: Diagram) -> str:
    return tikz(diagram.scene, diagram.style.colours, f"{diagram.arch.name}\n{diagram.alt}")


def _pptx(diagram: Diagram) -> bytes:
    return pptx(diagram.scene, diagram.style.colours, diagram.arch.name, diagram.alt)


def _drawio(diagram: Diagram) -> str:
    return drawio(diagram.scene, diagram.style.colours, diagram.arch.name, diagram.alt)


def _mermaid(diagram: Diagram) -> str:
    from unet_tutorial.figures.arch.graphviz import mermaid

    return mermaid(diagram.arch)


def _dot(diagram: Diagram) -> str:
    from unet_tutorial.figures.arch.graphviz import dot

    return dot(diagram.arch)


def _html(diagram: Diagram) -> str:
    from unet_tutorial.figures.pages.page import page

    return page(diagram.arch, diagram.annotations)


FORMATS: dict[str, Callable[[Diagram], str | bytes]] = {
    ".svg": Diagram.svg,
    ".pdf": _pdf,
    ".png": _png,
    ".tex": _tex,
    ".pptx": _pptx,
    ".drawio": _drawio,
    ".mmd": _mermaid,
    ".dot": _dot,
    ".json": lambda diagram: to_json(diagram.arch),
    ".html": _html,
}


def draw(
    model: Any,
    *example: Any,
    style: Style | str = PAPER,
    name: str | None = None,
    collapse: str = "conv",
    annotations: Annotations = UNCHANGED,
    **kwargs: Any,
) -> Diagram:
    """The diagram of a module that is called with ``example`` and ``kwargs``, or of an architecture (``ArchIR``).

    ``style`` is a ``Style`` or the name of one. A tuple of integers, also one in a list, tuple or dict, stands for
    an empty tensor of that shape: ``draw(net, (1, 1, 572, 572), style="thesis")``. Raises the ValueErrors of
    ``figures.tracing.trace``, and ValueError for an unknown style or ``collapse``.
    """
    found = named_style(style) if isinstance(style, str) else style
    check_name(collapse, COLLAPSE, "collapse")
    arch = model if isinstance(model, ArchIR) else _traced(model, example, kwargs)
    return Diagram(arch if name is None else replace(arch, name=name), found, collapse, annotations)


def _traced(model: Any, example: tuple[Any, ...], kwargs: dict[str, Any]) -> ArchIR:
    from torch import empty

    from unet_tutorial.figures.tracing.trace import trace

    def as_input(value: Any) -> Any:
        if type(value) is tuple and value and all(type(n) is int for n in value):
            return empty(value, device="meta")
        if type(value) in (list, tuple):
            return type(value)(map(as_input, value))
        return {key: as_input(each) for key, each in value.items()} if type(value) is dict else value

    return trace(model, *map(as_input, example), **as_input(kwargs))
