"""Diagrams and summaries read from a model: front-ends -> ArchIR -> analyses -> layout -> back-ends.

``figures.draw(model, example)`` gives a ``Diagram`` and ``figures.table(model, example)`` a ``Table``; both show
themselves in a notebook. They are looked up when they are asked for, so that nothing imports torch before its time.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from unet_tutorial.figures.diagram import draw
    from unet_tutorial.figures.tables import table

__all__ = ["draw", "table"]
_ROOMS = {"draw": "diagram", "table": "tables"}


def __getattr__(name: str) -> Any:
    """The two functions, from their rooms."""
    if name not in _ROOMS:
        raise AttributeError(f"{__name__} has no {name}; it has {' and '.join(_ROOMS)}")
    return getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)
