"""A drawing as data for any file format: boxes, arrows, marks and labels, in points; y grows downwards."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import TypeVar

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

FONTS = ("DejaVu Sans", "Verdana", "Bitstream Vera Sans", "Liberation Sans", "Arial", "Helvetica")
DIGIT_HEIGHT, CAPITAL_HEIGHT, LINE_HEIGHT = 0.74, 0.73, 1.3  # in font sizes
CORNER = 0.45  # radius of the corners of side blocks, in font sizes
WIDE = "[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]"  # Chinese characters and punctuation, as wide as they are high
CLOSING = "[，。：；、）]"  # punctuation that may not begin a line
MARGIN = 0.6  # around the drawing, in font sizes

Point = tuple[float, float]
Area = tuple[float, float, float, float]  # x, y, width, height
Rect = tuple[float, float, float, float]  # left, top, right, bottom
ALIGNMENTS = {"start": "left", "middle": "center", "end": "right"}  # names of a label's anchor in other formats
DIRECTIONS = {"start": 1.0, "middle": 0.0, "end": -1.0}  # of a text from the x of its label


@dataclass(frozen=True)
class Box:
    """A feature map with the id of its node.

    ``blank`` is the width of the part with skip channels, on the left; ``crop`` the top and bottom of the part that a
    skip copies, drawn dashed. A box with ``depth`` is a cuboid seen from the upper right: its front face is at the
    lower left, and its back face is further right and up by the depth. ``x``, ``y``, ``width`` and ``height`` enclose
    all faces; ``blank`` and ``crop`` are measured on the front face. ``colour`` replaces the palette's.
    """

    id: str
    x: float
    y: float
    width: float
    height: float
    blank: float = 0.0
    crop: Point | None = None
    depth: float = 0.0
    colour: str = ""

    @property
    def right(self) -> float:
        """x of the right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """y of the lower edge."""
        return self.y + self.height

    @property
    def centre(self) -> float:
        """x half-way between the left and the right edge."""
        return self.x + self.width / 2

    @property
    def middle(self) -> float:
        """x of the centre of the front face, and of its lower edge."""
        return self.x + (self.width - self.depth) / 2

    @property
    def top_middle(self) -> float:
        """x of the centre of the upper edge, which is that of the back face."""
        return self.middle + self.depth

    @property
    def area(self) -> Area:
        """The rectangle around all faces."""
        return self.x, self.y, self.width, self.height

    @property
    def front(self) -> Area:
        """The front face."""
        return self.x, self.y + self.depth, self.width - self.depth, self.height - self.depth

    @property
    def parts(self) -> dict[str, Area]:
        """The rectangles around the parts that are drawn over a box, in drawing order.

        "skip.top" and "skip" are the top and front face of the part with skip channels, "crop" the cropped part.
        """
        x, y, width, height = self.front
        found: dict[str, Area] = {}
        if self.blank and self.depth:
            found["skip.top"] = x, self.y, self.blank + self.depth, self.depth
        if self.blank:
            found["skip"] = x, y, self.blank, height
        if self.crop:
            found["crop"] = x, self.crop[0], width, self.crop[1] - self.crop[0]
        return found

    @property
    def right_face(self) -> tuple[Point, ...]:
        """The corners of the right face."""
        x, y, depth = self.right - self.depth, self.y + self.depth, self.depth
        return (x, y), (self.right, self.y), (self.right, self.bottom - depth), (x, self.bottom)

    def top_face(self, width: float) -> tuple[Point, ...]:
        """The corners of the part of the top face that lies over the first ``width`` points of the front face."""
        x, y, depth = self.x, self.y + self.depth, self.depth
        return (x, y), (x + depth, self.y), (x + depth + width, self.y), (x + width, y)


@dataclass(frozen=True)
class Arrow:
    """An operation; ``kind`` is a key of ``palette.ARROW_STYLES``.

    The head is at the last point. A ``curved`` arrow has the four control points of a cubic Bézier curve.
    """

    id: str
    kind: str
    points: tuple[Point, ...]
    curved: bool = False


@dataclass(frozen=True)
class Label:
    """Text with its baseline at ``y``.

    The ``anchor`` says whether the text starts, is centred or ends at ``x``. ``upright`` text runs upwards. ``backed``
    text has a background, so that it can be read where lines pass under it.
    """

    id: str
    text: str
    x: float
    y: float
    anchor: str = "middle"  # or "start", "end"
    upright: bool = False
    backed: bool = False


@dataclass(frozen=True)
class Mark:
    """A small circle on an arrow with a symbol; ``kind`` is "plus" (maps are added) or "gate" (they are multiplied)."""

    id: str
    kind: str
    x: float
    y: float
    radius: float

    @property
    def area(self) -> Area:
        """The square around the circle."""
        return self.x - self.radius, self.y - self.radius, 2 * self.radius, 2 * self.radius


@dataclass(frozen=True)
class SideBlock:
    """A rounded rectangle beside the feature maps, such as a self-attention or a time embedding.

    Its ``lines`` of text are centred in it, with ``LINE_HEIGHT`` between their baselines. Without text it is a thin bar
    at a box, which marks the boxes that an embedding conditions.
    """

    id: str
    x: float
    y: float
    width: float
    height: float
    lines: tuple[str, ...] = ()

    @property
    def area(self) -> Area:
        """The rectangle that it fills."""
        return self.x, self.y, self.width, self.height

    @property
    def right(self) -> float:
        """x of the right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """y of the lower edge."""
        return self.y + self.height

    @property
    def middle(self) -> float:
        """x of the centre."""
        return self.x + self.width / 2

    def corner_radius(self, font: float) -> float:
        """Radius of the corners; smaller for a thin bar."""
        return min(CORNER * font, self.width / 2, self.height / 2)

    def labels(self, font: float) -> Iterator[Label]:
        """The lines of text as labels in this font size."""
        first = self.y + (self.height - LINE_HEIGHT * font * (len(self.lines) - 1) + CAPITAL_HEIGHT * font) / 2
        for i, line in enumerate(self.lines):
            yield Label(f"{self.id}.text-{i}", line, round(self.middle, 2), round(first + LINE_HEIGHT * font * i, 2))


@dataclass(frozen=True)
class Scene:
    """A whole drawing; ``font`` is the size of all labels, ``notes`` are sentences about maps that are not drawn."""

    width: float
    height: float
    font: float
    boxes: tuple[Box, ...] = ()
    arrows: tuple[Arrow, ...] = ()
    labels: tuple[Label, ...] = ()
    marks: tuple[Mark, ...] = ()
    blocks: tuple[SideBlock, ...] = ()
    notes: tuple[str, ...] = ()


@cache
def _width_in_font_sizes(text: str) -> float:
    narrow, wide = re.subn(WIDE, "", text)
    width, _height, _descent = text_to_path.get_text_width_height_descent(
        narrow, FontProperties(family=FONTS[0], size=100), ismath=False
    )
    return float(width) / 100 + wide


def text_width(text: str, font: float) -> float:
    """Width in the first of ``FONTS``, which is the widest, so that the text also fits in the others."""
    return _width_in_font_sizes(text) * font


def text_area(label: Label, font: float) -> Area:
    """The line of a label; that of an upright one before it is turned about its centre."""
    width, height = text_width(label.text, font), LINE_HEIGHT * font
    along = DIRECTIONS[label.anchor] * width / 2
    across = CAPITAL_HEIGHT / 2 * font
    x, y = (label.x - across, label.y - along) if label.upright else (label.x + along, label.y - across)
    return x - width / 2, y - height / 2, width, height


def wrapped(text: str, font: float, width: float) -> list[str]:
    """The text in lines of at most this width, broken at spaces and between Chinese characters.

    A word wider than that has a line of its own.
    """
    lines: list[str] = []
    for space, word in re.findall(rf"(\s*)({WIDE}{CLOSING}*|(?:(?!{WIDE})\S)+{CLOSING}*)", text):
        longer = f"{lines[-1]}{' ' * bool(space)}{word}" if lines else word
        if lines and text_width(longer, font) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def balanced(text: str, font: float, width: float) -> list[str]:
    """The text in as few lines of this width as possible, which end at commas if that takes no more lines.

    >>> balanced("2 × transformer block, window attention 7×7×7, 3 heads", 8, 112)
    ['2 × transformer block,', 'window attention 7×7×7,', '3 heads']
    """
    lines = wrapped(text, font, width)
    parts = [part + "," * (i < text.count(",")) for i, part in enumerate(text.split(", "))]
    joined: list[str] = []
    for part in parts:
        if joined and text_width(f"{joined[-1]} {part}", font) <= width:
            joined[-1] += f" {part}"
        else:
            joined.append(part)
    fits = all(text_width(line, font) <= width for line in joined)
    return joined if fits and len(joined) <= len(lines) else lines


def with_text_below(scene: Scene, key: str, text: str, above: float, below: float) -> Scene:
    """The scene with a text below it, in lines with the ids key-0, key-1, …; unchanged for a text without words.

    ``above`` is the space from the scene to the first baseline and ``below`` the space under the last one, in font
    sizes.
    """
    font, left = scene.font, MARGIN * scene.font
    lines = wrapped(text, font, scene.width - 2 * left)
    if not lines:
        return scene
    first = scene.height + above * font
    labels = [Label(f"{key}-{i}", line, left, first + i * LINE_HEIGHT * font, "start") for i, line in enumerate(lines)]
    height = labels[-1].y + below * font
    return replace(scene, labels=(*scene.labels, *labels), height=height)


_WithId = TypeVar("_WithId", Arrow, Label)


def with_unique_ids(parts: Iterable[_WithId]) -> Iterator[_WithId]:
    """The same parts with unique ids: a second part with the id "a" gets the id "a-2", a third one "a-3"."""
    count: Counter[str] = Counter()
    for part in parts:
        count[part.id] += 1
        yield part if count[part.id] == 1 else replace(part, id=f"{part.id}-{count[part.id]}")


def translated(scene: Scene, right: float, down: float) -> Scene:
    """The scene moved on its sheet; coordinates are rounded to a hundredth of a point."""

    def at(x: float, y: float) -> Point:
        return round(x + right, 2), round(y + down, 2)

    boxes = []
    for box in scene.boxes:
        (x, y), (width, height) = at(box.x, box.y), (round(box.width, 2), round(box.height, 2))
        crop = box.crop and (round(box.crop[0] + down, 2), round(box.crop[1] + down, 2))
        boxes.append(Box(box.id, x, y, width, height, round(box.blank, 2), crop, round(box.depth, 2), box.colour))
    return replace(
        scene,
        boxes=tuple(boxes),
        arrows=tuple(replace(arrow, points=tuple(at(*point) for point in arrow.points)) for arrow in scene.arrows),
        labels=tuple(replace(each, x=at(each.x, 0)[0], y=at(0, each.y)[1]) for each in scene.labels),
        marks=tuple(replace(mark, x=at(mark.x, 0)[0], y=at(0, mark.y)[1]) for mark in scene.marks),
        blocks=tuple(replace(each, x=at(each.x, 0)[0], y=at(0, each.y)[1]) for each in scene.blocks),
    )
