"""The legend of a drawing: text for the arrow styles used, placed where nothing overlaps."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from unet_tutorial.figures.arch.ir import Node
from unet_tutorial.figures.arch.text import operation_name
from unet_tutorial.figures.drawing.frame import MARK_RADIUS
from unet_tutorial.figures.drawing.scene import MARGIN, Arrow, Label, Mark, Scene, text_width, wrapped
from unet_tutorial.figures.drawing.sketch import Link, Sketch

ORDER = ("conv", "point", "copy", "pool", "strided", "up", "resize", "shuffle", "join", "branch")
SHOWN_OTHERWISE = ("concat", "add", "crop", "act", "norm", "split", "gate", "view")  # by boxes, marks and crop labels
SPELLING = {"prelu kernel": "PReLU", "prelu": "PReLU", "relu": "ReLU"}  # torch's name: the usual spelling
LONGEST = 100  # characters of all alternatives together; longer texts leave out norms and activations

LINE_SPACING, SAMPLE_WIDTH, TEXT_INDENT = 1.35, 2.2, 2.9  # in font sizes

Entry = tuple[str, str]  # kind of arrow or mark, text
Rect = tuple[float, float, float, float]  # left, top, right, bottom


def add_legend(scene: Scene, sketch: Sketch) -> Scene:
    """The scene with a legend: in a free lower corner, preferably the right one, else below the drawing."""
    entries, font, margin = legend_entries(sketch), scene.font, MARGIN * scene.font
    if not entries:
        return scene
    for share in (0.45, 0.36, 0.28):
        legend = arrange_entries(scene, entries, 1, share * scene.width)
        top, width = scene.height - legend.height - margin, sum(legend.widths)
        for left in (scene.width - width, margin):
            if top > 0 and _free(scene, (left - font, top - font, left + width, scene.height)):
                return legend.added_at(left, top)
    width = scene.width - 2 * margin
    legends = [arrange_entries(scene, entries, count, width) for count in range(1, len(entries) + 1)]
    legend = [each for each in legends if sum(each.widths) - font <= width][-1]  # in as many columns as fit
    added = legend.added_at(margin, scene.height + margin)
    return replace(added, height=scene.height + legend.height + 1.2 * font)


def legend_entries(sketch: Sketch) -> list[Entry]:
    """An entry for each kind of arrow and mark in the sketch; arrows that only lead to a plus mark need none."""
    links = [*sketch.steps, *sketch.copies, *sketch.branches]
    sums = {link.target for link in links if "plus" in link.marks}
    found = []
    for kind in ORDER:
        drawn = [link for link in links if link.kind == kind and not (kind == "join" and link.target in sums)]
        if drawn:
            residual = any(sum(node.op == "add" for node in link.nodes) > (link.target in sums) for link in drawn)
            found.append((kind, _entry_text(kind, drawn) + ", with a shortcut" * residual))
    marks = {mark for link in links for mark in link.marks}
    texts = {"plus": "sum of both", "gate": "gate: weighted pixel by pixel"}
    return found + [(mark, text) for mark, text in texts.items() if mark in marks]


def _entry_text(kind: str, links: Sequence[Link]) -> str:
    if kind == "copy":
        return "copy and crop (px per side)" if any(link.crop for link in links) else "copy"
    text = _alternatives(links)
    if kind == "branch":
        identity = not all(_chain_text(link.nodes) for link in links)
        return " or ".join(["as it is"] * identity + [text] * bool(text)) + ", beside the way"
    nodes = [node for link in links for node in link.nodes]
    shaped = next((op for op in ("crop", "view") if any(node.op == op for node in nodes)), "")
    joined = {"crop": "crop or pad", "view": "reshaped"}.get(shaped, "joined")
    return text or {"shuffle": "channels to pixels", "join": joined}.get(kind, kind)


def _alternatives(links: Sequence[Link]) -> str:
    """The operations of all these arrows, joined by "or"; shortened if there are many."""
    texts = list(dict.fromkeys(text for link in links if (text := _chain_text(link.nodes))))
    if len(texts) > 3 or sum(map(len, texts)) > LONGEST:
        nodes = [node for link in links for node in link.nodes if node.op not in SHOWN_OTHERWISE]
        texts = list(dict.fromkeys(map(operation_name, nodes)))
    texts = [*texts[:4], *(["…"] * (len(texts) > 4))]
    kernels = [re.fullmatch(r"(.*?)(\d+(?:×\d+)+)(.*)", each) for each in texts]
    around = {(match[1], match[3]) for match in kernels if match}
    if len(texts) > 1 and all(kernels) and len(around) == 1:  # only the kernels differ
        ((before, after),) = around
        return before + " or ".join(match[2] for match in kernels if match) + after
    return " or ".join(texts)


def _chain_text(nodes: Iterable[Node]) -> str:
    """The operations one after another, equal ones counted; long chains are shown without norms and activations.

    >>> linear = [Node(key, "linear", "mm", (), (1,)) for key in "ab"]
    >>> _chain_text([*linear, Node("c", "add", "", (), ())])
    '2 × linear'
    """
    named = [node for node in nodes if node.op not in SHOWN_OTHERWISE or (node.op == "view" and node.window)]
    for texts in ([_operation_text(node) for node in named], [operation_name(node) for node in named]):
        runs = [(text, len(list(run))) for text, run in groupby(texts)]
        if len(runs) <= 2:
            break
    return ", then ".join(text if count == 1 else f"{count} × {text}" for text, count in runs)


def _operation_text(node: Node) -> str:
    """The operation with its norm and activation, but without dropout.

    >>> _operation_text(Node("a", "add", "add", (), (1,), folded=("native_batch_norm", "relu_", "native_dropout")))
    'add, batch norm, ReLU'
    """
    own = replace(node, folded=tuple(kind for kind in node.folded if "dropout" not in kind))
    names = "|".join(SPELLING)
    text = re.sub(rf"\b({names})\b", lambda found: SPELLING[found[1]], operation_name(own, with_folded=True))
    return " ".join(text.split())


@dataclass(frozen=True)
class Legend:
    """The entries of a scene, their texts broken into lines, in columns of these widths."""

    scene: Scene
    columns: tuple[tuple[tuple[str, tuple[str, ...]], ...], ...]
    widths: tuple[float, ...]

    @property
    def height(self) -> float:
        """Height of the longest column."""
        return self.scene.font * LINE_SPACING * max(sum(len(lines) for _, lines in column) for column in self.columns)

    def added_at(self, left: float, top: float) -> Scene:
        """The scene with the legend at this position."""
        font, old = self.scene.font, self.scene
        arrows: list[Arrow] = []
        marks: list[Mark] = []
        labels: list[Label] = []
        x = left
        for column, width in zip(self.columns, self.widths, strict=True):
            y = top
            for kind, lines in column:
                middle, key = y + LINE_SPACING * font / 2, f"legend-{kind}"
                if kind in ("plus", "gate"):
                    marks.append(Mark(key, kind, x + SAMPLE_WIDTH * font / 2, middle, MARK_RADIUS * font))
                else:
                    arrows.append(Arrow(key, kind, ((x, middle), (x + SAMPLE_WIDTH * font, middle))))
                for i, line in enumerate(lines):
                    base = y + (LINE_SPACING * (i + 0.5) + 0.36) * font
                    labels.append(Label(f"{key}-{i}", line, x + TEXT_INDENT * font, base, "start"))
                y += LINE_SPACING * font * len(lines)
            x += width
        return replace(old, arrows=(*old.arrows, *arrows), marks=(*old.marks, *marks), labels=(*old.labels, *labels))


def arrange_entries(scene: Scene, entries: Sequence[Entry], columns: int, width: float) -> Legend:
    """The entries in this number of columns, each at most ``width`` wide."""
    font, per_column = scene.font, -(-len(entries) // columns)
    lines = [(kind, tuple(wrapped(text, font, width - (TEXT_INDENT + 0.5) * font))) for kind, text in entries]
    parts = tuple(tuple(lines[i : i + per_column]) for i in range(0, len(lines), per_column))
    widest = [max(text_width(line, font) for _, texts in part for line in texts) for part in parts]
    return Legend(scene, parts, tuple(each + (TEXT_INDENT + 1.0) * font for each in widest))


def _free(scene: Scene, area: Rect) -> bool:
    return not any(_overlap(area, other) for other in occupied(scene))


def occupied(scene: Scene) -> list[Rect]:
    """The areas of all boxes, labels and straight pieces of arrows."""
    rects = [(box.x, box.y, box.right, box.bottom) for box in scene.boxes]
    for label in scene.labels:
        width = text_width(label.text, scene.font)
        left = label.x - {"start": 0.0, "middle": width / 2, "end": width}[label.anchor]
        upright = (label.x - scene.font, label.y - width, label.x, label.y)
        rects.append(upright if label.upright else (left, label.y - 0.8 * scene.font, left + width, label.y))
    for arrow in scene.arrows:
        for (a, b), (c, d) in zip(arrow.points, arrow.points[1:], strict=False):
            rects.append((min(a, c), min(b, d), max(a, c), max(b, d)))
    return rects


def _overlap(one: Rect, other: Rect) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
