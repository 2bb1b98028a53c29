"""Diagrams and summaries of a model: ``tracing`` describes it as an ``ArchIR``; the other packages read only that.

``arch`` holds the description and its analysis; ``drawing``, ``tables`` and ``pages`` turn it into output.

``figures.draw(model, example)`` returns a ``Diagram`` and ``figures.table(model, example)`` a ``Table``; both display
themselves in a notebook. Importing this package loads neither torch nor matplotlib, whose import takes seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from unet_tutorial.figures.table import table

if TYPE_CHECKING:
    from unet_tutorial.figures.diagram import draw

__all__ = ["draw", "table"]


def __getattr__(name: str) -> Any:
    """Import ``draw`` at its first use, because its module loads matplotlib."""
    if name != "draw":
        raise AttributeError(f"{__name__} has no {name}; it has draw and table")
    from unet_tutorial.figures.diagram import draw

    return draw
