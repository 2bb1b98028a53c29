"""A network that is not a plain U, drawn on a grid: rows are levels, columns follow the order of execution."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from unet_tutorial.figures.arch.ir import ArchIR, Node
from unet_tutorial.figures.arch.text import size_text
from unet_tutorial.figures.drawing.frame import Frame
from unet_tutorial.figures.drawing.legend import with_legend
from unet_tutorial.figures.drawing.scene import CAP, LINE, Arrow, Box, Label, Scene, moved, text_width, wrapped
from unet_tutorial.figures.drawing.sketch import MAPS, Link, Map, Sketch, cut_of, step_kind
from unet_tutorial.figures.drawing.style import Style

Chain = tuple[Node, ...]
BRINGS = ("pool", "up", "resize", "crop", "view")  # only carry a map to where it is merged


def netted(arch: ArchIR, collapse: str) -> Sketch:
    """All maps ("conv"), those at the ends of chains ("block"), or what other levels or several maps read ("level")."""
    index = arch.index
    kept = _kept(arch, collapse)
    number = {node.id: i for i, node in enumerate(kept)}
    links = []
    for node in kept:
        for source, chain in _sources(node, (node,), index, number):
            marks = ("plus",) * any(each.op == "add" for each in chain)
            links.append(Link(number[source.id], number[node.id], _kind(chain, source), chain, cut_of(chain), marks))
    return Sketch(tuple(Map(node) for node in kept), tuple(dict.fromkeys(links)), (), (), 0)


def _kind(chain: Chain, source: Node) -> str:
    kind = step_kind(chain, source)
    return "copy" if kind == "join" and chain[-1].op in ("concat", "add") else kind


def _kept(arch: ArchIR, collapse: str) -> list[Node]:
    readers: dict[str, list[Node]] = {}
    for node in arch.nodes:
        for key in node.inputs:
            readers.setdefault(key, []).append(node)
    return [node for node in arch.nodes if not _dropped(arch, node, readers.get(node.id, []), collapse)]


def _dropped(arch: ArchIR, node: Node, readers: list[Node], collapse: str) -> bool:
    if not node.inputs or not readers or "output" in node.folded:
        return False
    if node.op not in MAPS and node.shape == arch.node(node.inputs[0]).shape:
        return True
    reader = readers[0]
    along = len(readers) == 1 and reader.level == node.level and bool(reader.scale) == bool(node.scale)
    if collapse == "conv" or not along or "output" in reader.folded:
        return False
    inner = len(reader.inputs) == 1 and (len(node.inputs) == 1 or collapse == "level")
    return inner or (collapse == "level" and node.op in BRINGS)


def _sources(node: Node, chain: Chain, index: dict[str, Node], number: dict[str, int]) -> Iterator[tuple[Node, Chain]]:
    """The kept maps that this one is made of, each with the operations from there to here."""
    for key in node.inputs:
        before = index[key]
        if before.id in number:
            yield before, chain
        else:
            yield from _sources(before, (before, *chain), index, number)


def places(sketch: Sketch) -> list[tuple[int, int]]:
    """Row and column of each map: its level, and its turn, later than all it is made of and alone in its place."""
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


MARGIN, ARC = 0.6, 2.4  # around the drawing, and the depth of an edge that passes under boxes, in font sizes


@dataclass(frozen=True)
class Grid:
    """Boxes in rows and columns; ``share`` from 0 to 1 says how much room they take."""

    sketch: Sketch
    style: Style
    font: float
    share: float

    @cached_property
    def at(self) -> list[tuple[int, int]]:
        """Row and column of each map."""
        return places(self.sketch)

    @cached_property
    def frame(self) -> Frame:
        """For the sizes of boxes."""
        return Frame(replace(self.sketch, steps=()), self.font, self.style.growth)

    @cached_property
    def texts(self) -> list[str]:
        """Size beside each box, left out where its neighbour in the row has the same."""
        found = []
        last: dict[int, str] = {}
        for i in sorted(range(len(self.at)), key=lambda i: self.at[i][1]):
            row, text = self.at[i][0], size_text(self.sketch.maps[i].node.size)
            found.append((i, "" if last.get(row) == text else text))
            last[row] = text
        return [text for _, text in sorted(found)]

    @cached_property
    def wide(self) -> list[float]:
        """Of each box."""
        return [self.frame.width(each, (1.0 + 3.0 * self.share) * self.font) for each in self.sketch.maps]

    @cached_property
    def high(self) -> list[float]:
        """Of each box; where there are no axes, a square."""
        longest = max(text_width(text, self.font) for text in self.texts) + 0.95 * self.font
        tallest = max(0.1 * self.style.width, longest)
        return [max(longest, self.frame.height(i, tallest)) for i in range(len(self.at))]

    @cached_property
    def middles(self) -> list[float]:
        """Of each column, from the left; the last entry is the right end."""
        x, found = 0.0, []
        for column in range(max(column for _, column in self.at) + 1):
            here = [i for i, (_, other) in enumerate(self.at) if other == column]
            label = max(text_width(str(self.sketch.maps[i].node.channels), self.font) for i in here) / 2
            left = max([label, *(self.wide[i] / 2 + (CAP + 0.3) * self.font * bool(self.texts[i]) for i in here)])
            found.append(x + left)
            x += left + max([label, *(self.wide[i] / 2 for i in here)]) + (1.0 + 1.5 * self.share) * self.font
        return [*found, x - (1.0 + 1.5 * self.share) * self.font]

    def passes(self, link: Link) -> bool:
        """Whether an edge must pass boxes of its own row."""
        (row, first), (other, last) = self.at[link.source], self.at[link.target]
        return row == other and any(at == row and first < column < last for at, column in self.at)

    def scene(self) -> Scene:
        """Boxes, edges and labels, without the sentence under it."""
        font, y, boxes = self.font, 0.0, {}
        shift = (self.style.width - self.middles[-1]) / 2
        for row in range(max(row for row, _ in self.at) + 1):
            here = [i for i, (other, _) in enumerate(self.at) if other == row]
            half = max((self.high[i] for i in here), default=0.0) / 2
            arcs = any(self.passes(link) and self.at[link.source][0] == row for link in self.sketch.steps)
            y += 1.3 * font + half
            for i in here:
                left = self.middles[self.at[i][1]] - self.wide[i] / 2 + shift
                box = Box(self.sketch.maps[i].node.id, left, y - self.high[i] / 2, self.wide[i], self.high[i])
                boxes[i] = box
            y += half + (1.0 + ARC * arcs) * font
        drawn = [boxes[i] for i in range(len(self.at))]
        arrows = tuple(self._arrow(number, link, drawn) for number, link in enumerate(self.sketch.steps))
        labels = tuple(label for i, box in enumerate(drawn) for label in self._labels(i, box))
        return Scene(self.style.width, y, font, tuple(drawn), arrows, labels)

    def _arrow(self, number: int, link: Link, boxes: list[Box]) -> Arrow:
        source, target = boxes[link.source], boxes[link.target]
        key = f"{link.kind}-{target.id}-{number}"
        ends = (source.right, self._level(source)), (target.x, self._level(target))
        if self.passes(link):
            row = [box.bottom for box, at in zip(boxes, self.at, strict=True) if at[0] == self.at[link.source][0]]
            first = source.x + 0.75 * source.width, source.bottom
            last = target.x + 0.25 * target.width, target.bottom
            far = min(1.0, 0.3 + 0.15 * (self.at[link.target][1] - self.at[link.source][1]))
            low, third = max(row) + 4 / 3 * ARC * far * self.font, 0.2 * (last[0] - first[0])
            return Arrow(key, link.kind, (first, (first[0] + third, low), (last[0] - third, low), last), curved=True)
        if self.at[link.source][0] < self.at[link.target][0]:
            return Arrow(key, link.kind, ((source.middle, source.bottom), ends[1]))
        if self.at[link.source][0] > self.at[link.target][0]:
            return Arrow(key, link.kind, (ends[0], (target.middle, target.bottom)))
        y = max(ends[0][1], ends[1][1])
        return Arrow(key, link.kind, ((source.right, y), (target.x, y)))

    def _level(self, box: Box) -> float:
        return box.y + 0.6 * self.font

    def _labels(self, i: int, box: Box) -> list[Label]:
        node, font = self.sketch.maps[i].node, self.font
        found = [Label(f"{node.id}.channels", str(node.channels), box.middle, box.y - 0.3 * font, backed=True)]
        if self.texts[i]:
            found.append(Label(f"{node.id}.size", self.texts[i], box.x - 0.3 * font, box.bottom, "start", upright=True))
        return found


def gridded(arch: ArchIR, style: Style, collapse: str, font: float) -> Scene | None:
    """The grid in this font, with the reason why it is none under it; None where it does not fit."""
    sketch, room = netted(arch, collapse), style.width - 2 * MARGIN * font
    grids = [Grid(sketch, style, font, share / 8) for share in range(9)]
    fitting = [grid for grid in grids if grid.middles[-1] <= room]
    if not fitting:
        return None
    scene = moved(fitting[-1].scene(), 0, MARGIN * font)
    words = wrapped(f"not drawn as a U: {arch.reason or 'no way through it was found'}", font, room)
    first = scene.height + (MARGIN + 1.0) * font
    labels = [
        Label(f"reason-{i}", line, MARGIN * font, first + i * LINE * font, "start") for i, line in enumerate(words)
    ]
    height = first + (len(words) - 1) * LINE * font + 0.6 * font
    return with_legend(replace(scene, labels=(*scene.labels, *labels), height=height), sketch)
