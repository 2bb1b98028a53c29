"""A network that is not a plain U-Net, drawn on a grid: rows are levels, columns follow the order of execution."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from unet_tutorial.figures.arch.ir import ArchIR, Node
from unet_tutorial.figures.arch.text import size_text
from unet_tutorial.figures.drawing.frame import Frame
from unet_tutorial.figures.drawing.legend import add_legend
from unet_tutorial.figures.drawing.scene import (
    DIGIT_HEIGHT,
    LINE_HEIGHT,
    MARGIN,
    Arrow,
    Box,
    Label,
    Scene,
    text_width,
    translated,
    wrapped,
)
from unet_tutorial.figures.drawing.sketch import MAP_OPS, FeatureMap, Link, Sketch, first_crop, step_kind
from unet_tutorial.figures.drawing.style import Style

ARC_DEPTH = 2.4  # how far an edge is bent down to pass under other boxes, in font sizes
CONNECTING_OPS = ("pool", "up", "resize", "crop", "view")  # only change the size or shape of a map before a merge
Chain = tuple[Node, ...]


def sketch_grid(arch: ArchIR, collapse: str) -> Sketch:
    """The sketch of any network; its ``steps`` are all edges.

    ``collapse`` chooses the maps: all ("conv"), those at the ends of chains ("block"), or only those that are used at
    another level, by several nodes or in a merge ("level").
    """
    index = arch.index
    kept = _drawn_nodes(arch, collapse)
    number = {node.id: i for i, node in enumerate(kept)}
    links = []
    for node in kept:
        for source, chain in _sources(node, (node,), index, number):
            marks = ("plus",) * any(each.op == "add" for each in chain)
            ends = number[source.id], number[node.id]
            links.append(Link(*ends, _edge_kind(chain, source), chain, first_crop(chain), marks))
    return Sketch(tuple(FeatureMap(node) for node in kept), tuple(dict.fromkeys(links)), (), (), 0)


def _edge_kind(chain: Chain, source: Node) -> str:
    kind = step_kind(chain, source)
    return "copy" if kind == "join" and chain[-1].op in ("concat", "add") else kind


def _drawn_nodes(arch: ArchIR, collapse: str) -> list[Node]:
    consumers: dict[str, list[Node]] = {}
    for node in arch.nodes:
        for key in node.inputs:
            consumers.setdefault(key, []).append(node)
    return [node for node in arch.nodes if not _left_out(arch, node, consumers.get(node.id, []), collapse)]


def _left_out(arch: ArchIR, node: Node, consumers: list[Node], collapse: str) -> bool:
    """Whether a node gets no box; ``consumers`` are the nodes that have it as an input."""
    if not node.inputs or not consumers or node.id in arch.outputs:
        return False
    if node.op not in MAP_OPS and node.shape == arch.node(node.inputs[0]).shape:
        return True
    consumer = consumers[0]
    same_level = len(consumers) == 1 and consumer.level == node.level and bool(consumer.scale) == bool(node.scale)
    if collapse == "conv" or not same_level or consumer.id in arch.outputs:
        return False
    inner = len(consumer.inputs) == 1 and (len(node.inputs) == 1 or collapse == "level")
    return inner or (collapse == "level" and node.op in CONNECTING_OPS)


def _sources(node: Node, chain: Chain, index: dict[str, Node], number: dict[str, int]) -> Iterator[tuple[Node, Chain]]:
    """The drawn nodes from which ``node`` is computed, each with the operations from there to the end of ``chain``."""
    for key in node.inputs:
        before = index[key]
        if before.id in number:
            yield before, chain
        else:
            yield from _sources(before, (before, *chain), index, number)


def grid_positions(sketch: Sketch) -> list[tuple[int, int]]:
    """Row (level) and column (execution order) of each map: to the right of all its inputs, one map per position."""
    levels = sorted({each.node.level for each in sketch.maps if each.node.scale}) or [0]
    taken: set[tuple[int, int]] = set()
    found: list[tuple[int, int]] = []
    for i, each in enumerate(sketch.maps):
        row = levels.index(each.node.level) if each.node.scale else len(levels) - 1
        column = max((found[link.source][1] + 1 for link in sketch.steps if link.target == i), default=0)
        while (row, column) in taken:
            column += 1
        taken.add((row, column))
        found.append((row, column))
    return found


@dataclass(frozen=True)
class Grid:
    """Boxes in rows and columns; ``stretch`` from 0 to 1 makes boxes and gaps wider."""

    sketch: Sketch
    style: Style
    font: float
    stretch: float

    @cached_property
    def positions(self) -> list[tuple[int, int]]:
        """Row and column of each map."""
        return grid_positions(self.sketch)

    @cached_property
    def frame(self) -> Frame:
        """The frame, which computes the widths and heights of the boxes."""
        return Frame(self.sketch, self.font, self.style.growth)

    @cached_property
    def sizes(self) -> list[str]:
        """Size text on the left of each box; "" if the box before it in the row has the same size."""
        found = []
        last: dict[int, str] = {}
        for i in sorted(range(len(self.positions)), key=lambda i: self.positions[i][1]):
            row, text = self.positions[i][0], size_text(self.sketch.maps[i].node.size)
            found.append((i, "" if last.get(row) == text else text))
            last[row] = text
        return [text for _, text in sorted(found)]

    @cached_property
    def widths(self) -> list[float]:
        """Width of each box."""
        return [self.frame.width(each, (1.0 + 3.0 * self.stretch) * self.font) for each in self.sketch.maps]

    @cached_property
    def heights(self) -> list[float]:
        """Height of each box; a map without spatial axes counts as one pixel."""
        longest = max(text_width(text, self.font) for text in self.sizes) + 0.95 * self.font
        tallest = max(0.1 * self.style.width, longest)
        return [max(longest, self.frame.height(i, tallest)) for i in range(len(self.positions))]

    @cached_property
    def centres(self) -> list[float]:
        """x of the centre of each column; the last entry is the right end of the grid."""
        x, found = 0.0, []
        for column in range(max(column for _, column in self.positions) + 1):
            here = [i for i, (_, other) in enumerate(self.positions) if other == column]
            label = max(text_width(str(self.sketch.maps[i].node.channels), self.font) for i in here) / 2
            size = (DIGIT_HEIGHT + 0.3) * self.font
            left = max([label, *(self.widths[i] / 2 + size * bool(self.sizes[i]) for i in here)])
            found.append(x + left)
            x += left + max([label, *(self.widths[i] / 2 for i in here)]) + (1.0 + 1.5 * self.stretch) * self.font
        return [*found, x - (1.0 + 1.5 * self.stretch) * self.font]

    def needs_arc(self, link: Link) -> bool:
        """Whether there are boxes between the ends of an edge in their row, so that it must pass under them."""
        (row, first), (other, last) = self.positions[link.source], self.positions[link.target]
        return row == other and any(at == row and first < column < last for at, column in self.positions)

    def scene(self) -> Scene:
        """Boxes, edges and labels."""
        font, y, boxes = self.font, 0.0, {}
        shift = (self.style.width - self.centres[-1]) / 2
        for row in range(max(row for row, _ in self.positions) + 1):
            here = [i for i, (other, _) in enumerate(self.positions) if other == row]
            half = max((self.heights[i] for i in here), default=0.0) / 2
            arcs = any(self.needs_arc(link) and self.positions[link.source][0] == row for link in self.sketch.steps)
            y += 1.3 * font + half
            for i in here:
                left = self.centres[self.positions[i][1]] - self.widths[i] / 2 + shift
                key, top = self.sketch.maps[i].node.id, y - self.heights[i] / 2
                boxes[i] = Box(key, left, top, self.widths[i], self.heights[i])
            y += half + (1.0 + ARC_DEPTH * arcs) * font
        drawn = [boxes[i] for i in range(len(self.positions))]
        arrows = tuple(self._arrow(number, link, drawn) for number, link in enumerate(self.sketch.steps))
        labels = tuple(label for i, box in enumerate(drawn) for label in self._labels(i, box))
        return Scene(self.style.width, y, font, tuple(drawn), arrows, labels)

    def _arrow(self, number: int, link: Link, boxes: list[Box]) -> Arrow:
        source, target = boxes[link.source], boxes[link.target]
        (row, column), (target_row, target_column) = self.positions[link.source], self.positions[link.target]
        key = f"{link.kind}-{target.id}-{number}"
        start, end = (source.right, self._arrow_y(source)), (target.x, self._arrow_y(target))
        if self.needs_arc(link):
            bottom = max(box.bottom for box, (other, _) in zip(boxes, self.positions, strict=True) if other == row)
            first = source.x + 0.75 * source.width, source.bottom
            last = target.x + 0.25 * target.width, target.bottom
            depth = min(1.0, 0.3 + 0.15 * (target_column - column))
            low, inset = bottom + 4 / 3 * ARC_DEPTH * depth * self.font, 0.2 * (last[0] - first[0])
            return Arrow(key, link.kind, (first, (first[0] + inset, low), (last[0] - inset, low), last), curved=True)
        if row < target_row:
            return Arrow(key, link.kind, ((source.middle, source.bottom), end))
        if row > target_row:
            return Arrow(key, link.kind, (start, (target.middle, target.bottom)))
        y = max(start[1], end[1])
        return Arrow(key, link.kind, ((source.right, y), (target.x, y)))

    def _arrow_y(self, box: Box) -> float:
        return box.y + 0.6 * self.font

    def _labels(self, i: int, box: Box) -> list[Label]:
        node, font = self.sketch.maps[i].node, self.font
        found = [Label(f"{node.id}.channels", str(node.channels), box.middle, box.y - 0.3 * font, backed=True)]
        if self.sizes[i]:
            found.append(Label(f"{node.id}.size", self.sizes[i], box.x - 0.3 * font, box.bottom, "start", upright=True))
        return found


def draw_grid(arch: ArchIR, style: Style, collapse: str, font: float) -> Scene | None:
    """The grid in this font size, then the reason why the network is not drawn as a U; None if it does not fit."""
    sketch, width = sketch_grid(arch, collapse), style.width - 2 * MARGIN * font
    grids = [Grid(sketch, style, font, stretch / 8) for stretch in range(9)]
    fitting = [grid for grid in grids if grid.centres[-1] <= width]
    if not fitting:
        return None
    scene = translated(fitting[-1].scene(), 0, MARGIN * font)
    lines = wrapped(f"not drawn as a U: {arch.reason or 'no main path was found'}", font, width)
    first = scene.height + (MARGIN + 1.0) * font
    labels = []
    for i, line in enumerate(lines):
        labels.append(Label(f"reason-{i}", line, MARGIN * font, first + i * LINE_HEIGHT * font, "start"))
    height = first + (len(lines) - 1) * LINE_HEIGHT * font + 0.6 * font
    return add_legend(replace(scene, labels=(*scene.labels, *labels), height=height), sketch)
