"""A network that is not a plain U-Net, drawn on a grid: rows are levels, and each map is to the right of its inputs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import pairwise
from math import sqrt

from unet_tutorial.figures.arch.dense import Cell, dense_grid
from unet_tutorial.figures.arch.ir import ArchIR, Node
from unet_tutorial.figures.arch.nested import NESTED, InnerUNet, inner_unets, outer_network
from unet_tutorial.figures.drawing.annotations import UNCHANGED, Annotations
from unet_tutorial.figures.drawing.curves import clear_curve, cost
from unet_tutorial.figures.drawing.frame import Frame, min_height, size_label, size_texts
from unet_tutorial.figures.drawing.grid_sketch import sketch_grid
from unet_tutorial.figures.drawing.scene import (
    DIGIT_HEIGHT,
    MARGIN,
    Arrow,
    Box,
    Label,
    Point,
    Rect,
    Scene,
    text_width,
    translated,
    with_text_below,
    with_unique_ids,
)
from unet_tutorial.figures.drawing.sketch import Link, Sketch, mean_side
from unet_tutorial.figures.drawing.style import Style

TALLEST = 0.1  # height of the box of the largest map, as a fraction of the sheet's width
ARC_STEP = 0.6  # how much higher an arc runs for each box below it, in font sizes
HIGHEST_ARCS = 3.0  # between the lowest and the highest arc of a row, in font sizes
PART_WIDTH, PART_HEIGHT = 0.42, 0.55  # of the boxes inside a folded U-Net, with the gap to the next, in font sizes
TEXT_GAP = 0.6  # between the texts of neighbours, in font sizes
CHANNELS_Y, CAPTION_Y, TAG_Y = -0.3, -1.4, 1.0  # baselines of texts above and below a box, in font sizes


@dataclass(frozen=True)
class Plan:
    """The maps of a grid with the row and the column of each.

    Rows are counted from the top and columns from the left. ``tags`` are texts under boxes and ``inner`` folded U-Nets,
    both by node id.
    """

    sketch: Sketch
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    tags: Mapping[str, str] = field(default_factory=dict)
    inner: Mapping[str, InnerUNet] = field(default_factory=dict)


def flowing_plan(sketch: Sketch, inner: Sequence[InnerUNet] = ()) -> Plan:
    """Rows are levels, and each map has a column of its own; a map without spatial axes is in the last row."""
    levels = sorted({each.node.level for each in sketch.maps if each.node.scale}) or [0]
    rows = (levels.index(each.node.level) if each.node.scale else len(levels) - 1 for each in sketch.maps)
    return Plan(sketch, tuple(rows), tuple(range(len(sketch.maps))), inner={each.end: each for each in inner})


def dense_plan(sketch: Sketch, cells: Mapping[str, Cell], outputs: Sequence[str]) -> Plan:
    """The triangle of UNet++: X(i, j) is half a step to the right of X(i - 1, j).

    ``cells`` holds i and j by node id. Several outputs that are computed from row 0 have a row of their own above it;
    an output of a lower row is on its right.
    """
    ids = [each.node.id for each in sketch.maps]
    top = {key for key, (i, _) in cells.items() if i == 0}
    above = {ids[link.target] for link in sketch.steps if ids[link.source] in top} & set(outputs)
    above = above if len(above) > 1 else set()
    last = max(1 + i + 2 * j for i, j in cells.values())
    rows: list[int] = []
    columns: list[int] = []
    for number, each in enumerate(sketch.maps):
        sources = [link.source for link in sketch.steps if link.target == number]
        source_column = max((columns[key] for key in sources), default=0)
        row = each.node.level + bool(above)
        if each.node.id in cells:
            i, j = cells[each.node.id]
            column = 1 + i + 2 * j
        elif each.node.id in above:
            row, column = 0, source_column
        elif (cells.keys() - top) & {ids[key] for key in sources}:  # an output of a lower row
            row, column = rows[sources[0]], source_column + 2
        else:
            column = 1 + max(last, source_column) if sources else 0
        rows.append(row)
        columns.append(column)
    tags = {key: f"X({i},{j})" for key, (i, j) in cells.items()}
    return Plan(sketch, tuple(rows), tuple(columns), tags)


@dataclass(frozen=True)
class Grid(ABC):
    """Boxes in rows, with their arrows and texts; ``stretch`` from 0 to 1 makes boxes and gaps wider.

    With ``brief`` captions, output 3 has only its number if output 2 is the one before it in the same row.
    """

    plan: Plan
    style: Style
    font: float
    stretch: float
    brief: bool = False

    @cached_property
    def nodes(self) -> list[Node]:
        """The node of each box."""
        return [each.node for each in self.plan.sketch.maps]

    @cached_property
    def in_row(self) -> dict[int, list[int]]:
        """By row: its boxes, from left to right."""
        found: dict[int, list[int]] = {row: [] for row in range(max(self.plan.rows) + 1)}
        for i, row in enumerate(self.plan.rows):
            found[row].append(i)
        for boxes in found.values():
            boxes.sort(key=self.plan.columns.__getitem__)
        return found

    @cached_property
    def sizes(self) -> list[str]:
        """Size text on the left of each box; "" if the box before it in the row has the same size."""
        before = {here: other for boxes in self.in_row.values() for other, here in pairwise(boxes)}
        return size_texts(self.plan.sketch.maps, before)

    @cached_property
    def depths(self) -> list[float]:
        """Depth of each box if boxes are cuboids, at most its width, so that an arrow from its centre touches it.

        Frames of folded U-Nets are flat.
        """
        if self.style.boxes == "flat":
            return [0.0] * len(self.nodes)
        deepest = (0.5 + 0.8 * self.stretch) * self.font
        found = [deepest * sqrt(share) for share in self._shares]
        return [
            0.0 if node.id in self.plan.inner else min(depth, width)
            for node, depth, width in zip(self.nodes, found, self._front_widths, strict=True)
        ]

    @cached_property
    def widths(self) -> list[float]:
        """Width of each box with its depth."""
        return [width + depth for width, depth in zip(self._front_widths, self.depths, strict=True)]

    @cached_property
    def heights(self) -> list[float]:
        """Height of each box with its depth."""
        return [height + depth for height, depth in zip(self._front_heights, self.depths, strict=True)]

    @property
    def wider(self) -> float:
        """Width that ``stretch`` adds to boxes, in font sizes."""
        return 1.2 * self.stretch

    @cached_property
    def _front_widths(self) -> list[float]:
        frame, least = Frame(self.plan.sketch, self.font, self.style.growth), self.least_width
        widest = 1.2 * least + (1.0 + self.wider) * self.font
        found = [max(least, frame.width(each, widest)) for each in self.plan.sketch.maps]
        for i, node in enumerate(self.nodes):
            if node.id in self.plan.inner:
                parts = len(self.plan.inner[node.id].down) + len(self.plan.inner[node.id].up)
                found[i] = (0.5 + PART_WIDTH * (1.0 + 0.6 * self.stretch) * parts) * self.font
        return found

    @cached_property
    def _shares(self) -> list[float]:
        """Side of each map as a fraction of the largest one; a map without spatial axes counts as one pixel."""
        sides = [mean_side(node.size) if node.scale else 1.0 for node in self.nodes]
        return [side / max(sides) for side in sides]

    @cached_property
    def _front_heights(self) -> list[float]:
        least = min_height(self.sizes, self.font)
        tallest = max(TALLEST * self.style.width, least)
        found = [max(least, tallest * sqrt(share)) for share in self._shares]
        for i, node in enumerate(self.nodes):
            if node.id in self.plan.inner:
                found[i] = max(found[i], (0.6 + PART_HEIGHT * self.plan.inner[node.id].levels) * self.font)
        return found

    @cached_property
    def captions(self) -> list[str]:
        """The text "input" or "output" above a box, numbered if there are several; "" for other boxes."""
        found = [each.caption for each in self.plan.sketch.maps]
        shown = list(found)
        for boxes in self.in_row.values() if self.brief else ():
            numbered = [i for i in boxes if found[i].rpartition(" ")[2].isdigit()]
            for before, here in pairwise(numbered):
                word, _, number = found[here].rpartition(" ")
                if found[before] == f"{word} {int(number) - 1}":
                    shown[here] = number
        return shown

    @cached_property
    def lines(self) -> list[list[tuple[float, float]]]:
        """Left and right end of each box and of the texts above and below it, from its centre; 0, 0: no text."""
        return [self._lines(i) for i in range(len(self.nodes))]

    def _lines(self, i: int) -> list[tuple[float, float]]:
        """The ends for one box."""
        node, half = self.nodes[i], self.widths[i] / 2
        size = (DIGIT_HEIGHT + 0.4) * self.font * bool(self.sizes[i])
        caption, anchor = text_width(self.captions[i], self.font), self.caption_anchors[i]
        left = {"middle": caption / 2, "start": half, "end": caption - half}[anchor]
        centred = [text_width(text, self.font) / 2 for text in (str(node.channels), self.plan.tags.get(node.id, ""))]
        return [(-half - size, half), *((-each, each) for each in centred), (-left, caption - left)]

    def extent(self, i: int) -> tuple[float, float]:
        """Space that a box and its texts take on the left and on the right of its centre."""
        lines = self.lines[i]
        return -min(left for left, _ in lines), max(right for _, right in lines)

    def apart(self, before: int, here: int, gap: float) -> float:
        """Smallest distance of the centres of two neighbours in a row, with a gap between the boxes."""
        gaps = (gap, *(TEXT_GAP * self.font,) * 3)
        lines = zip(self.lines[before], self.lines[here], gaps, strict=True)
        return max(right - left + between for (_, right), (left, _), between in lines)

    @cached_property
    def caption_anchors(self) -> list[str]:
        """Anchors of captions: away from the arrows that pass over other boxes, else in the middle of the box."""
        over = [link for link in self.plan.sketch.steps if self.boxes_between(link) > 0]
        left, leaves = {link.target for link in over}, {link.source for link in over}
        return [
            "start" if i in left - leaves else "end" if i in leaves - left else "middle" for i in range(len(self.nodes))
        ]

    @property
    @abstractmethod
    def least_width(self) -> float:
        """Smallest width of the front of a box."""

    @property
    @abstractmethod
    def centres(self) -> list[float]:
        """x of the centre of each box, from the left end of the grid."""

    @property
    @abstractmethod
    def touched(self) -> int:
        """Total weight of the boxes and texts that arrows touch."""

    @abstractmethod
    def between_rows(self, link: Link, source: Box, target: Box) -> tuple[Point, ...]:
        """The points of an arrow between boxes in different rows and columns."""

    @property
    def total(self) -> float:
        """Width of the grid."""
        return max(centre + self.extent(i)[1] for i, centre in enumerate(self.centres))

    @property
    def fits(self) -> bool:
        """Whether the grid and its margins are not wider than the sheet."""
        return self.total <= self.style.width - 2 * MARGIN * self.font

    def boxes_between(self, link: Link) -> int:
        """Number of boxes between the ends of an arrow in their row; 0 if they are in different rows."""
        boxes = self.in_row[self.plan.rows[link.target]]
        if link.source not in boxes:
            return 0
        return boxes.index(link.target) - boxes.index(link.source) - 1

    @cached_property
    def arc_heights(self) -> dict[Link, float]:
        """How far the arrows that pass over other boxes of their row rise above the boxes."""
        rows: dict[int, dict[Link, int]] = {}
        for link in self.plan.sketch.steps:
            if (count := self.boxes_between(link)) > 0:
                rows.setdefault(self.plan.rows[link.target], {})[link] = count
        found: dict[Link, float] = {}
        for row, counts in rows.items():
            step = min(ARC_STEP, HIGHEST_ARCS / max(counts.values()))
            lowest = self._text_above(self.in_row[row]) + 0.3
            found |= {link: (lowest + step * count) * self.font for link, count in counts.items()}
        return found

    @cached_property
    def upwards(self) -> set[int]:
        """The boxes from whose middle an arrow runs straight up."""
        return {link.source for link in self.plan.sketch.steps if self._is_vertical(link)}

    def _is_vertical(self, link: Link) -> bool:
        same = abs(self.centres[link.source] - self.centres[link.target]) < 0.01
        return same and self.plan.rows[link.source] > self.plan.rows[link.target]

    def _text_above(self, boxes: Sequence[int]) -> float:
        """Height of the texts above the boxes of a row, in font sizes."""
        return DIGIT_HEIGHT - (CAPTION_Y if any(self.captions[i] for i in boxes) else CHANNELS_Y)

    @property
    def boxes(self) -> list[Box]:
        """The boxes with their coordinates."""
        return self._placed[0]

    @cached_property
    def _placed(self) -> tuple[list[Box], float]:
        """The boxes with their coordinates, and the height of the grid."""
        font, y = self.font, 0.0
        boxes: dict[int, Box] = {}
        shift = (self.style.width - self.total) / 2
        for row, here in self.in_row.items():
            half = max((self.heights[i] for i in here), default=0.0) / 2
            arcs = [height for link, height in self.arc_heights.items() if self.plan.rows[link.target] == row]
            y += max([(self._text_above(here) + 0.2) * font, *(height + 0.3 * font for height in arcs)]) + half
            for i in here:
                left, top = self.centres[i] - self.widths[i] / 2 + shift, y - self.heights[i] / 2
                key, colour, depth = self.nodes[i].id, self.plan.sketch.maps[i].colour, self.depths[i]
                boxes[i] = Box(key, left, top, self.widths[i], self.heights[i], depth=depth, colour=colour)
            tags = any(self.nodes[i].id in self.plan.tags for i in here)
            y += half + (TAG_Y + 0.2) * font * tags + 0.9 * font * (row + 1 < len(self.in_row))
        return [boxes[i] for i in range(len(self.nodes))], y

    def scene(self) -> Scene:
        """Boxes, arrows and labels."""
        boxes, height = self._placed
        labels = [label for i in range(len(boxes)) for label in self._labels(i)]
        arrows = [
            Arrow(f"{link.kind}-{self.nodes[link.target].id}", link.kind, *self.route(link))
            for link in self.plan.sketch.steps
        ]
        shown = [part for box in boxes for part in self._with_parts(box)]
        return Scene(self.style.width, height, self.font, tuple(shown), tuple(with_unique_ids(arrows)), tuple(labels))

    def _with_parts(self, box: Box) -> list[Box]:
        """The box of a map; for a folded U-Net an empty box with a small box for each of its levels."""
        inner = self.plan.inner.get(box.id)
        if inner is None:
            return [box]
        parts, rows = [*inner.down, *inner.up], inner.levels
        places = [*range(rows - len(inner.down), rows), *range(rows - 2, rows - 2 - len(inner.up), -1)]
        step, low = (box.width - 0.5 * self.font) / len(parts), (box.height - 0.6 * self.font) / rows
        found = [replace(box, blank=box.width)]
        for number, (key, row) in enumerate(zip(parts, places, strict=True)):
            x, y = box.x + 0.25 * self.font + step * (number + 0.12), box.y + 0.3 * self.font + low * (row + 0.08)
            name = key if key != box.id else f"{key}.last"
            found.append(Box(name, x, y, 0.76 * step, 0.84 * low))
        return found

    def route(self, link: Link) -> tuple[tuple[Point, ...], bool]:
        """The points of an arrow, and whether it is curved."""
        source, target = self.boxes[link.source], self.boxes[link.target]
        if link in self.arc_heights:
            return self._arc(link, source, target), True
        if self.plan.rows[link.source] == self.plan.rows[link.target]:
            y = max(source.y, target.y + target.depth) + 0.6 * self.font
            return ((source.right, y), (target.x, y)), False
        if self._is_vertical(link):
            return ((source.centre, source.y), (target.centre, target.bottom)), False
        points = self.between_rows(link, source, target)
        return points, len(points) > 2

    def _arc(self, link: Link, source: Box, target: Box) -> tuple[Point, ...]:
        """A curve over the boxes between two boxes of a row."""
        top = min(self.boxes[i].y for i in self.in_row[self.plan.rows[link.target]])
        high = top - self.arc_heights[link] / 0.75
        near = 0.35 * self.font
        first, last = (source.right, source.y + near), (target.x, target.y + target.depth + near)
        inset = 0.12 * (last[0] - first[0]) + 0.3 * self.font
        return first, (first[0] + inset, high), (last[0] - inset, high), last

    def _labels(self, i: int) -> list[Label]:
        """The texts around a box."""
        node, box, font = self.nodes[i], self.boxes[i], self.font
        channels, above = str(node.channels), box.y + CHANNELS_Y * font
        found = [Label(f"{node.id}.channels", channels, box.centre, above, backed=True)]
        if i in self.upwards:  # beside the arrow
            found = [Label(f"{node.id}.channels", channels, box.centre - 0.3 * font, above, "end")]
        if self.sizes[i]:
            found.append(size_label(box, self.sizes[i], font))
        if caption := self.captions[i]:
            anchor, y = self.caption_anchors[i], box.y + CAPTION_Y * font
            x = {"start": box.x, "middle": box.centre, "end": box.right}[anchor]
            found.append(Label(f"{node.id}.word", caption, x, y, anchor, backed=True))
        if tag := self.plan.tags.get(node.id):
            found.append(Label(f"{node.id}.tag", tag, box.centre, box.bottom + TAG_Y * font, backed=True))
        return found


class RegularGrid(Grid):
    """Columns of equal distance, with straight arrows from row to row, as UNet++ is usually drawn."""

    @property
    def least_width(self) -> float:
        """Smallest width of the front of a box."""
        return (1.4 + 1.5 * self.wider) * self.font

    @cached_property
    def centres(self) -> list[float]:
        """Centres in columns that are as near as the texts of neighbours in a row and the arrows allow."""
        columns, gap = self.plan.columns, (0.9 + 3.3 * self.stretch) * self.font
        pitch = 0.0
        for boxes in self.in_row.values():
            for before, here in pairwise(boxes):
                pitch = max(pitch, self.apart(before, here, gap) / (columns[here] - columns[before]))
        for link in self.plan.sketch.steps:
            if columns[link.source] < columns[link.target]:
                apart = (self.widths[link.source] + self.widths[link.target]) / 2 + 0.8 * gap
                pitch = max(pitch, apart / (columns[link.target] - columns[link.source]))
        first = max(self.extent(i)[0] - pitch * column for i, column in enumerate(columns))
        return [first + pitch * column for column in columns]

    @property
    def touched(self) -> int:
        """Arrows between neighbouring columns touch nothing."""
        return 0

    def between_rows(self, link: Link, source: Box, target: Box) -> tuple[Point, ...]:
        """A straight arrow that begins and ends near the corners of the boxes."""
        near, inset = 0.6 * self.font, min(0.6 * self.font, target.height / 3)
        if self.plan.rows[link.source] < self.plan.rows[link.target]:
            return (source.right, source.bottom - source.depth - inset), (target.x, target.y + target.depth + near)
        return (source.right, source.y + near), (target.x, target.bottom - inset)


class FlowingGrid(Grid):
    """Boxes as near as their texts allow, with arrows that avoid them."""

    @property
    def least_width(self) -> float:
        """Smallest width of the front of a box."""
        return (0.8 + self.wider / 3) * self.font

    @cached_property
    def centres(self) -> list[float]:
        """Centres to the right of all inputs and of the boxes before in the same row."""
        gap, slant = (1.3 + 3.5 * self.stretch) * self.font, (1.1 + 3.0 * self.stretch) * self.font
        sources: dict[int, list[int]] = {}
        for link in self.plan.sketch.steps:
            sources.setdefault(link.target, []).append(link.source)
        found: list[float] = []
        last: dict[int, int] = {}  # by row: the last box so far
        for i, row in enumerate(self.plan.rows):
            left = self.extent(i)[0]
            centre = left
            for key in sources.get(i, []):
                down = self.plan.rows[key] < row  # such an arrow leaves in the middle, one upwards arrives there
                apart = (self.extent(i)[1] if down else self.widths[key] / 2) + slant
                centre = max(centre, found[key] + apart)
            if row in last:
                centre = max(centre, found[last[row]] + self.apart(last[row], i, gap))
            found.append(centre)
            last[row] = i
        return found

    @cached_property
    def touched(self) -> int:
        """Total weight of the boxes and texts that arrows touch."""
        return sum(cost(self.route(link)[0], self._obstacles(link)) for link in self.plan.sketch.steps)

    def between_rows(self, link: Link, source: Box, target: Box) -> tuple[Point, ...]:
        """The line or curve that touches the least."""
        ends = source.y + 0.6 * self.font, target.y + target.depth + 0.6 * self.font
        near = abs(self.plan.rows[link.source] - self.plan.rows[link.target]) == 1
        return clear_curve(source, target, ends, self._obstacles(link), near=near)

    def _obstacles(self, link: Link) -> list[tuple[Rect, int]]:
        """The boxes and texts that the arrow should not touch, each with its weight."""
        found: list[tuple[Rect, int]] = []
        for i, box in enumerate(self.boxes):
            pad = 0.2 * self.font
            if i not in (link.source, link.target):
                found.append(((box.x - pad, box.y - pad, box.right + pad, box.bottom + pad), 10))
            half, above = self.extent(i)[1], -CAPTION_Y if self.captions[i] else -CHANNELS_Y
            top = box.y - (above + DIGIT_HEIGHT) * self.font
            found.append(((box.centre - half, top, box.centre + half, box.y - 0.1 * self.font), 1))
            if self.sizes[i]:
                height = text_width(self.sizes[i], self.font)
                found.append(((box.x - 1.1 * self.font, box.bottom - height, box.x - 0.2 * self.font, box.bottom), 2))
        return found


Grids = Callable[[float, bool], Grid]  # the grid with this stretch, with or without brief captions


def draw_grid(
    arch: ArchIR, style: Style, collapse: str, font: float, annotations: Annotations = UNCHANGED
) -> Scene | None:
    """The grid in this font size with a sentence about it and a legend; None if it does not fit.

    A UNet++ has a regular grid with one box per node X(i, j). The U-Nets inside a network are drawn as one box each if
    they are the blocks of a larger U-Net, or if otherwise the grid is too wide even with the fewest maps.
    """
    if cells := dense_grid(arch):
        plan = dense_plan(annotations.applied_to(sketch_grid(arch, "level")), cells, arch.outputs)
        text = "X(i,j): the node in row i and column j of the grid of UNet++"
        note = "one box per node X(i,j) of UNet++, not per map"
        return _fitted(partial(RegularGrid, plan, style, font), text, annotations, note=note)
    inner = inner_unets(arch.nodes, arch.outputs)
    whole = flowing_plan(annotations.applied_to(sketch_grid(arch, collapse)))
    smallest = partial(FlowingGrid, whole, style, style.font_min)
    if inner and (arch.reason == NESTED or (collapse == "level" and not _fitting(smallest))):
        sketch = sketch_grid(outer_network(arch, inner), "level", [each.end for each in inner])
        plan = flowing_plan(annotations.applied_to(sketch), inner)
        text = "each frame holds a U-Net, with one box per level and side"
        note = f"one frame per U-Net inside: {_modules(inner)}"
        return _fitted(partial(FlowingGrid, plan, style, font), text, annotations, note=note)
    text = f"not drawn as a U: {arch.reason or 'no main path was found'}"
    return _fitted(partial(FlowingGrid, whole, style, font), text, annotations, clear=collapse != "level")


def _modules(inner: Sequence[InnerUNet]) -> str:
    """The names of the modules, a few of them."""
    names = [each.module for each in inner]
    return ", ".join(names if len(names) < 5 else [*names[:3], "…", names[-1]])


def _fitting(grids: Grids) -> Grid | None:
    """The grid in which the fewest boxes and texts are touched by arrows, the widest of those; None if none fits."""
    for brief in (False, True):
        candidates = [grids(stretch / 8, brief) for stretch in range(8, -1, -1)]
        fitting = [grid for grid in candidates if grid.fits]
        if fitting:
            return min(fitting, key=lambda grid: grid.touched)
    return None


def _fitted(grids: Grids, text: str, annotations: Annotations, *, note: str = "", clear: bool = False) -> Scene | None:
    """The grid as wide as the sheet allows, the text below it, and the legend; None if the narrowest is too wide.

    With a caption by the user, the text is a note instead. With ``clear`` it is also None if an arrow would touch a
    box or a text.
    """
    grid = _fitting(grids)
    if grid is None or (clear and grid.touched):
        return None
    shown = "" if annotations.caption.strip() else annotations.text(text)
    scene = translated(grid.scene(), 0, MARGIN * grid.font)
    scene = with_text_below(scene, "reason", shown, above=MARGIN + 1.2, below=0.6)
    scene = replace(scene, notes=tuple(filter(None, (note, "" if shown else text))))
    return annotations.finished(scene, grid.plan.sketch)
