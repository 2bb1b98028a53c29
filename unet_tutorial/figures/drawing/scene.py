"""A drawing before any file format: boxes, arrows, marks and labels in points, y growing downwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import TypeVar

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

FONTS = ("DejaVu Sans", "Verdana", "Bitstream Vera Sans", "Liberation Sans", "Arial", "Helvetica")
CAP, LINE = 0.74, 1.3  # height of a digit, and of a line, in font sizes

Point = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """A feature map; ``id`` is its node's. ``blank`` is the width, from the left, that came by a skip; ``crop`` the
    top and bottom of what is copied from it, dashed."""

    id: str
    x: float
    y: float
    width: float
    height: float
    blank: float = 0.0
    crop: Point | None = None

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.y + self.height

    @property
    def middle(self) -> float:
        """Across."""
        return self.x + self.width / 2


@dataclass(frozen=True)
class Arrow:
    """An operation: ``kind`` names its look, the head is at the last point; ``curved`` are a Bézier curve's four."""

    id: str
    kind: str
    points: tuple[Point, ...]
    curved: bool = False


@dataclass(frozen=True)
class Label:
    """Text from ``x``, around it or up to it, on the baseline ``y``; ``upright`` text runs upwards. ``backed``: on a
    patch of the ground's colour, where lines may pass."""

    id: str
    text: str
    x: float
    y: float
    anchor: str = "middle"  # or start, end
    upright: bool = False
    backed: bool = False


@dataclass(frozen=True)
class Mark:
    """A small sign on an arrow: ``kind`` is plus (values are added) or gate (they are multiplied)."""

    id: str
    kind: str
    x: float
    y: float
    radius: float


@dataclass(frozen=True)
class Scene:
    """All of a drawing; ``font`` is the size of every label, ``notes`` says what was left out and why."""

    width: float
    height: float
    font: float
    boxes: tuple[Box, ...] = ()
    arrows: tuple[Arrow, ...] = ()
    labels: tuple[Label, ...] = ()
    marks: tuple[Mark, ...] = ()
    notes: tuple[str, ...] = ()


@cache
def _unit(text: str) -> float:
    width, _height, _descent = text_to_path.get_text_width_height_descent(
        text, FontProperties(family=FONTS[0], size=100), ismath=False
    )
    return float(width) / 100


def text_width(text: str, font: float) -> float:
    """In the widest of ``FONTS``, the first, so that it fits in the others."""
    return _unit(text) * font


def wrapped(text: str, font: float, width: float) -> list[str]:
    """Lines that are no wider, broken at spaces."""
    lines: list[str] = []
    for word in text.split():
        if lines and text_width(f"{lines[-1]} {word}", font) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


_Named = TypeVar("_Named", Arrow, Label)


def numbered(parts: Iterable[_Named]) -> Iterator[_Named]:
    """The same with ids that occur once: the second a is a-2."""
    count: Counter[str] = Counter()
    for part in parts:
        count[part.id] += 1
        yield part if count[part.id] == 1 else replace(part, id=f"{part.id}-{count[part.id]}")


def moved(scene: Scene, right: float, down: float) -> Scene:
    """All of it at another place of the same sheet, to a hundredth of a point."""

    def at(x: float, y: float) -> Point:
        return round(x + right, 2), round(y + down, 2)

    boxes = []
    for box in scene.boxes:
        (x, y), (width, height) = at(box.x, box.y), (round(box.width, 2), round(box.height, 2))
        crop = box.crop and (round(box.crop[0] + down, 2), round(box.crop[1] + down, 2))
        boxes.append(Box(box.id, x, y, width, height, round(box.blank, 2), crop))
    return replace(
        scene,
        boxes=tuple(boxes),
        arrows=tuple(replace(arrow, points=tuple(at(*point) for point in arrow.points)) for arrow in scene.arrows),
        labels=tuple(replace(each, x=at(each.x, 0)[0], y=at(0, each.y)[1]) for each in scene.labels),
        marks=tuple(replace(mark, x=at(mark.x, 0)[0], y=at(0, mark.y)[1]) for mark in scene.marks),
    )
