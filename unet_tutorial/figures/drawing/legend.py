"""The legend of a drawing: text for the arrow styles used, placed where nothing overlaps."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from unet_tutorial.figures.arch.ir import Node
from unet_tutorial.figures.arch.text import operation_name
from unet_tutorial.figures.drawing.frame import MARK
from unet_tutorial.figures.drawing.scene import Arrow, Label, Mark, Scene, text_width, wrapped
from unet_tutorial.figures.drawing.sketch import Link, Sketch

SILENT = ("concat", "add", "crop", "act", "norm", "split", "gate", "view")  # said by boxes, signs and margins
ORDER = ("conv", "point", "copy", "pool", "strided", "up", "resize", "shuffle", "join", "branch")
LONG = 100  # letters, from which on alternatives are told without what follows them

Entry = tuple[str, str]  # the look, and its words


def entries(sketch: Sketch) -> list[Entry]:
    """Each look that is drawn, with what it stands for; a plain line into a sign explains itself."""
    links = [*sketch.steps, *sketch.copies, *sketch.branches]
    marked = {link.target for link in links if "plus" in link.marks}
    found = []
    for kind in ORDER:
        drawn = [link for link in links if link.kind == kind and not (kind == "join" and link.target in marked)]
        if drawn:
            residual = any(sum(node.op == "add" for node in link.nodes) > (link.target in marked) for link in drawn)
            found.append((kind, _words(kind, drawn) + ", with a shortcut" * residual))
    marks = {mark for link in links for mark in link.marks}
    signs = {"plus": "sum of both", "gate": "gate: weighted pixel by pixel"}
    return found + [(mark, words) for mark, words in signs.items() if mark in marks]


def _words(kind: str, links: Sequence[Link]) -> str:
    if kind == "copy":
        return "copy and crop (px per side)" if any(link.crop for link in links) else "copy"
    words = _either(links)
    if kind == "branch":
        plain = not all(_told(link.nodes) for link in links)
        return " or ".join(["as it is"] * plain + [words] * bool(words)) + ", beside the way"
    nodes = [node for link in links for node in link.nodes]
    shaped = next((word for word in ("crop", "view") if any(node.op == word for node in nodes)), "")
    else_said = {"crop": "crop or pad", "view": "reshaped"}.get(shaped, "joined")
    return words or {"shuffle": "channels to pixels", "join": else_said}.get(kind, kind)


def _either(links: Sequence[Link]) -> str:
    """The operations of all these arrows, the alternatives joined; short where there are many."""
    said = list(dict.fromkeys(said for link in links if (said := _told(link.nodes))))
    if len(said) > 3 or sum(map(len, said)) > LONG:
        said = list(
            dict.fromkeys(operation_name(node) for link in links for node in link.nodes if node.op not in SILENT)
        )
    said = [*said[:4], *(["…"] * (len(said) > 4))]
    parts = [re.fullmatch(r"(.*?)(\d+(?:×\d+)+)(.*)", each) for each in said]
    around = {(part[1], part[3]) for part in parts if part}
    if len(said) > 1 and all(parts) and len(around) == 1:
        ((first, last),) = around
        return first + " or ".join(part[2] for part in parts if part) + last
    return " or ".join(said)


def _told(nodes: Iterable[Node]) -> str:
    """One after another, equal ones counted; long chains without norms and activations.

    >>> _told([Node("a", "linear", "mm", (), (1,)), Node("b", "linear", "mm", (), (1,)), Node("c", "add", "", (), ())])
    '2 × linear'
    """
    said = [node for node in nodes if node.op not in SILENT or (node.op == "view" and node.window)]
    for deeds in ([_spoken(node) for node in said], [operation_name(node) for node in said]):
        runs = [(text, len(list(run))) for text, run in groupby(deeds)]
        if len(runs) <= 2:
            break
    return ", then ".join(text if count == 1 else f"{count} × {text}" for text, count in runs)


def _spoken(node: Node) -> str:
    own = replace(node, folded=tuple(kind for kind in node.folded if "dropout" not in kind))
    text = (
        operation_name(own, whole=True)
        .replace("leaky relu", "leaky ReLU")
        .replace("prelu", "PReLU")
        .replace(" kernel", "")
    )
    return " ".join(word.replace("relu", "ReLU") if word.strip(",") == "relu" else word for word in text.split())


LINE, SAMPLE, INDENT = 1.35, 2.2, 2.9  # heights and widths in font sizes

Rect = tuple[float, float, float, float]  # left, top, right, bottom


@dataclass(frozen=True)
class LegendBlock:
    """Entries, their texts broken into lines, in columns with their widths."""

    scene: Scene
    columns: tuple[tuple[tuple[str, tuple[str, ...]], ...], ...]
    widths: tuple[float, ...]

    @property
    def height(self) -> float:
        """Of the longest column."""
        return self.scene.font * LINE * max(sum(len(lines) for _, lines in column) for column in self.columns)

    def at(self, left: float, top: float) -> Scene:
        """The scene with the entries in it."""
        font, old = self.scene.font, self.scene
        arrows: list[Arrow] = []
        marks: list[Mark] = []
        labels: list[Label] = []
        x = left
        for column, width in zip(self.columns, self.widths, strict=True):
            y = top
            for look, lines in column:
                middle, key = y + LINE * font / 2, f"legend-{look}"
                if look in ("plus", "gate"):
                    marks.append(Mark(key, look, x + SAMPLE * font / 2, middle, MARK * font))
                else:
                    arrows.append(Arrow(key, look, ((x, middle), (x + SAMPLE * font, middle))))
                for i, line in enumerate(lines):
                    base = y + (LINE * (i + 0.5) + 0.36) * font
                    labels.append(Label(f"{key}-{i}", line, x + INDENT * font, base, "start"))
                y += LINE * font * len(lines)
            x += width
        return replace(old, arrows=(*old.arrows, *arrows), marks=(*old.marks, *marks), labels=(*old.labels, *labels))


def block(scene: Scene, found: Sequence[Entry], columns: int, width: float) -> LegendBlock:
    """The entries in so many columns, each of at most this width."""
    font, per = scene.font, -(-len(found) // columns)
    split = [(look, tuple(wrapped(text, font, width - (INDENT + 0.5) * font))) for look, text in found]
    parts = tuple(tuple(split[i : i + per]) for i in range(0, len(split), per))
    widest = [max(text_width(line, font) for _, lines in part for line in lines) for part in parts]
    return LegendBlock(scene, parts, tuple(each + (INDENT + 1.0) * font for each in widest))


def with_legend(scene: Scene, sketch: Sketch) -> Scene:
    """In a free lower corner, right before left, else below the drawing, in as many columns as fit."""
    found, font, margin = entries(sketch), scene.font, 0.6 * scene.font
    if not found:
        return scene
    for share in (0.45, 0.36, 0.28):
        made = block(scene, found, 1, share * scene.width)
        top, wide = scene.height - made.height - margin, sum(made.widths)
        for left in (scene.width - wide, margin):
            if top > 0 and _free(scene, (left - font, top - font, left + wide, scene.height)):
                return made.at(left, top)
    room = scene.width - 2 * margin
    blocks = [block(scene, found, count, room) for count in range(1, len(found) + 1)]
    made = [each for each in blocks if sum(each.widths) - font <= room][-1]
    grown = made.at(margin, scene.height + 0.6 * font)
    return replace(grown, height=scene.height + made.height + 1.2 * font)


def _free(scene: Scene, area: Rect) -> bool:
    return not any(_meet(area, other) for other in taken(scene))


def taken(scene: Scene) -> list[Rect]:
    """The places of all boxes, labels and straight pieces of arrows."""
    rects = [(box.x, box.y, box.right, box.bottom) for box in scene.boxes]
    for label in scene.labels:
        wide = text_width(label.text, scene.font)
        left = label.x - {"start": 0.0, "middle": wide / 2, "end": wide}[label.anchor]
        upright = (label.x - scene.font, label.y - wide, label.x, label.y)
        rects.append(upright if label.upright else (left, label.y - 0.8 * scene.font, left + wide, label.y))
    for arrow in scene.arrows:
        for (a, b), (c, d) in zip(arrow.points, arrow.points[1:], strict=False):
            rects.append((min(a, c), min(b, d), max(a, c), max(b, d)))
    return rects


def _meet(one: Rect, other: Rect) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
