"""The drawing of a network: ``draw(model, example)`` gives a ``Diagram``, which shows itself and writes files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from unet_tutorial.disk import complete_file
from unet_tutorial.figures.arch.alt_text import alt_text
from unet_tutorial.figures.arch.ir import ArchIR, to_json
from unet_tutorial.figures.drawing.layout import arrange
from unet_tutorial.figures.drawing.palette import known
from unet_tutorial.figures.drawing.render import rendered, svg
from unet_tutorial.figures.drawing.scene import Scene
from unet_tutorial.figures.drawing.sketch import COLLAPSE
from unet_tutorial.figures.drawing.style import PAPER, Style
from unet_tutorial.figures.drawing.style import style as preset
from unet_tutorial.figures.drawing.tikz import tikz


@dataclass(frozen=True)
class Diagram:
    """A description, how it is to look, and how many maps are wanted: "conv" (all), "block" or "level".

    ``notes`` says what had to be left out to fit, ``alt`` what there is to see.
    """

    arch: ArchIR
    style: Style = PAPER
    collapse: str = "conv"

    def __post_init__(self) -> None:
        known(self.collapse, COLLAPSE, "collapse")

    @cached_property
    def scene(self) -> Scene:
        """Boxes, arrows and labels with their places."""
        return arrange(self.arch, self.style, self.collapse)

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences, none where all that was asked for is there."""
        return self.scene.notes

    @cached_property
    def alt(self) -> str:
        """Two or three sentences for whoever cannot see it."""
        return alt_text(self.arch)

    def svg(self) -> str:
        """The drawing as SVG, with its title and description."""
        return svg(self.scene, self.style.colours, self.arch.name, self.alt)

    def _repr_html_(self) -> str:
        """For notebooks."""
        return self.svg()[self.svg().index("<svg") :]

    def save(self, path: str | Path) -> Path:
        """Write the file in the format that its suffix names; the path.

        ValueError for no suffix, or one that is not among FORMATS.
        """
        path = Path(path)
        if not path.suffix:
            raise ValueError(f"{path.name!r} has no suffix to tell the format by; end it in {', '.join(FORMATS)}")
        known(path.suffix.lower(), FORMATS, "format")
        content = FORMATS[path.suffix.lower()](self)
        with complete_file(path) as part:
            part.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path


def _pdf(diagram: Diagram) -> bytes:
    return rendered(diagram.scene, diagram.style.colours, "pdf", Title=diagram.arch.name, Subject=diagram.alt)


def _png(diagram: Diagram) -> bytes:
    words = {"Title": diagram.arch.name, "Description": diagram.alt}
    return rendered(diagram.scene, diagram.style.colours, "png", diagram.style.dpi, **words)


def _tex(diagram: Diagram) -> str:
    return tikz(diagram.scene, diagram.style.colours, f"{diagram.arch.name}\n{diagram.alt}")


def _mermaid(diagram: Diagram) -> str:
    from unet_tutorial.figures.arch.graphviz import mermaid

    return mermaid(diagram.arch)


def _dot(diagram: Diagram) -> str:
    from unet_tutorial.figures.arch.graphviz import dot

    return dot(diagram.arch)


def _html(diagram: Diagram) -> str:
    from unet_tutorial.figures.pages.page import page

    return page(diagram.arch)


FORMATS: dict[str, Callable[[Diagram], str | bytes]] = {
    ".svg": Diagram.svg,
    ".pdf": _pdf,
    ".png": _png,
    ".tex": _tex,
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
    **kwargs: Any,
) -> Diagram:
    """The diagram of a module that is given this example, or of a description that is there already.

    ``style`` is a Style or the name of a preset. A tuple of whole numbers stands for an empty tensor of that shape:
    ``draw(net, (1, 1, 572, 572), style="thesis")``. ``kwargs`` go to the model. ValueError as ``figures.trace`` raises
    it, and for an unknown preset or way of collapsing.
    """
    look = preset(style) if isinstance(style, str) else style
    known(collapse, COLLAPSE, "collapse")
    arch = model if isinstance(model, ArchIR) else _traced(model, example, kwargs)
    return Diagram(arch if name is None else replace(arch, name=name), look, collapse)


def _traced(model: Any, example: tuple[Any, ...], kwargs: dict[str, Any]) -> ArchIR:
    from torch import empty

    from unet_tutorial.figures.tracing.trace import trace

    def given(each: Any) -> Any:
        is_shape = isinstance(each, tuple) and each and all(isinstance(n, int) for n in each)
        return empty(each, device="meta") if is_shape else each

    return trace(model, *map(given, example), **{key: given(value) for key, value in kwargs.items()})
