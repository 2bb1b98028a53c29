"""The legend of a drawing: text for the arrow styles used, placed where nothing overlaps."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, zip_longest

from unet_tutorial.figures.arch.ir import Node
from unet_tutorial.figures.arch.text import operation_name
from unet_tutorial.figures.drawing.frame import FOOT_HEIGHT, MARK_RADIUS, TAG_PADDING, tag
from unet_tutorial.figures.drawing.scene import (
    MARGIN,
    Arrow,
    Label,
    Mark,
    Rect,
    Scene,
    SideBlock,
    text_area,
    text_width,
    wrapped,
)
from unet_tutorial.figures.drawing.sketch import Link, Sketch

ORDER = (
    "conv", "point", "copy", "skip", "pool", "strided", "up", "resize", "shuffle", "join", "branch", "gating", "aside",
)  # fmt: skip
SHOWN_OTHERWISE = ("concat", "add", "crop", "act", "norm", "split", "gate", "view")  # by boxes, marks and crop labels
SPELLING = {"prelu kernel": "PReLU", "prelu": "PReLU", "relu": "ReLU"}  # torch's name: the usual spelling
EXPLAINED = {"scSE": "spatial and channel squeeze-and-excitation", "CBAM": "convolutional block attention"}
JOINED = {"concat": "concatenation", "add": "sum", "crop": "crop or pad", "view": "reshape"}
JOINED |= {"gate": "product", "split": "split"}
LONGEST = 80  # characters of all alternatives together
KERNEL = re.compile(r"(?<![/\d])\d+(?:×\d+)+(?![/\d])|×\d+(?:[./]\d+)?(?![×\d./])")  # or the factor of a resize
DETAILS = 4  # levels of detail of a text: the first one that is short enough is taken

LINE_SPACING, SAMPLE_WIDTH = 1.35, 2.2  # in font sizes

Entry = tuple[str, str]  # kind of arrow or mark, or text of a tag; its explanation
Chain = tuple[tuple[str, int], ...]  # operations one after another, each with its number of repetitions


def add_legend(scene: Scene, entries: Sequence[Entry]) -> Scene:
    """The scene with a legend: in a free lower corner, preferably the right one, else below the drawing.

    A word that is longer than the sheet is wide reaches beyond its edge.
    """
    font, margin = scene.font, MARGIN * scene.font
    if not entries:
        return scene
    for share in (0.45, 0.36, 0.28):
        legend = arrange_entries(scene, entries, 1, share * scene.width)
        lines = [line for column in legend.columns for _, texts in column for line in texts]
        if len(lines) > 2 * len(entries):
            break
        top, width = scene.height - legend.height - margin, sum(legend.widths)
        for left in (scene.width - width, margin):
            if top > 0 and width <= scene.width and _free(scene, (left - font, top - font, left + width, scene.height)):
                return legend.added_at(left, top)
    width = scene.width - 2 * margin
    one, *more = (arrange_entries(scene, entries, count, width) for count in range(1, len(entries) + 1))
    legend = [one, *(each for each in more if sum(each.widths) - font <= width)][-1]  # in as many columns as fit
    added = legend.added_at(margin, scene.height + margin)
    return replace(added, height=scene.height + legend.height + 1.2 * font)


def legend_entries(sketch: Sketch) -> list[Entry]:
    """An entry for each kind of arrow, mark and block beside the path in the sketch, except blocks with their own text.

    Arrows that only lead to a plus mark need none, nor do those whose operation is the tag of their target.
    """
    links = [*sketch.steps, *sketch.copies, *sketch.branches, *sketch.heads]
    marked = {link.target for link in links if "plus" in link.marks}
    marked |= {target for aside in sketch.asides if aside.kind != "embedding" for _, target in aside.uses}
    found = []
    for kind in ORDER:
        drawn = [link for link in links if link.kind == kind and not (kind == "join" and link.target in marked)]
        if drawn and kind != "aside":
            found.append((kind, _entry_text(kind, drawn, sketch)))
    found += [("gating", "gating signal")] * bool(sketch.gates)
    marks = {mark for link in links for mark in link.marks} | {"plus" for aside in sketch.asides if aside.sums}
    texts = {"plus": "sum", "gate": "attention gate: weights the pixels of the skip"}
    found += [(mark, text) for mark, text in texts.items() if mark in marks]
    for aside in sketch.asides:
        if aside.kind == "excitation":
            found += [(tag(line), EXPLAINED.get(line, line)) for line in aside.lines]
    embeddings = [line for aside in sketch.asides if aside.kind == "embedding" for line in aside.lines]
    found += [("embedding", f"conditioned on the {' and the '.join(embeddings)}")] if embeddings else []
    return list(dict.fromkeys(found))


def _entry_text(kind: str, links: Sequence[Link], sketch: Sketch) -> str:
    if kind == "copy":
        return _copy_text(links)
    if kind == "branch":
        return _branch_text(links, sketch)
    if kind == "skip":
        merges = sorted({JOINED[link.nodes[-1].op] for link in links if link.nodes[-1].op in JOINED})
        return ": ".join(["skip connection", *[" or ".join(merges)] * bool(merges)])
    unnamed = [link for link in links if not _chain(link, 0)]
    others = sorted({JOINED[node.op] for link in unnamed for node in link.nodes if node.op in JOINED})
    if kind == "shuffle" and unnamed:
        others = ["channels to pixels"]
    return _listed([*filter(None, [_alternatives(links)]), *others]) or kind


def _copy_text(links: Sequence[Link]) -> str:
    """The text for skips, which may be cropped or padded, and may pass through convolutions other than a gate's."""
    pixels = [n for link in links for pair in link.crop for n in pair]
    cropped, padded = any(n > 0 for n in pixels), any(n < 0 for n in pixels)
    words = {(True, False): "copy and crop", (False, True): "copy and pad", (True, True): "copy, crop or pad"}
    text = f"{words[cropped, padded]} (px per side)" if pixels and (cropped or padded) else "copy"
    convolved = [link for link in links if "gate" not in link.marks and any(node.op == "conv" for node in link.nodes)]
    if any(len(_entering(link)) > 1 for link in convolved):
        return f"{text}, combined with other maps"
    if any(node.op == "add" for link in convolved for node in link.nodes[:-1]):
        return f"{text}, through a residual block"
    return f"{text}, through {_alternatives(convolved)}" if convolved else text


def _entering(link: Link) -> set[str]:
    """Ids of the maps, among them inputs of the network, from which a skip is computed."""
    inside = {node.id for node in link.nodes[:-1] if node.op != "input"}
    return {key for node in link.nodes[:-1] for key in node.inputs or [node.id]} - inside


def _branch_text(links: Sequence[Link], sketch: Sketch) -> str:
    """The text for shortcuts and further inputs."""
    inputs = [link for link in links if link.source >= sketch.length]
    shortcuts = [link for link in links if link.source < sketch.length]
    operations = _alternatives(shortcuts)
    identity = not all(_chain(link, 0) for link in shortcuts)
    joined = {link.nodes[-1].op for link in shortcuts} == {"concat"}
    plain = f"shortcut: {JOINED['concat']}" if joined else "identity shortcut"
    named = f"shortcut: {'identity or ' * identity}{operations}" if operations else plain
    texts = [": ".join(filter(None, (sketch.maps[link.source].caption, _alternatives([link])))) for link in inputs]
    return "; ".join([*[named] * bool(shortcuts), *texts])


def _alternatives(links: Sequence[Link]) -> str:
    """The operations of all these arrows, joined by "or", in as much detail as is short enough.

    If even the least detail is too long, the operations are listed without their order.
    """
    for detail in range(DETAILS):
        chains = [chain for link in links if (chain := _chain(link, detail))]
        texts = _merged(chains)
        if len(texts) <= 3 and sum(map(len, texts)) <= LONGEST:
            return " or ".join(texts)
    texts = _merged([(operation,) for chain in chains for operation in chain])
    return ", ".join([*texts[:4], *["…"] * (len(texts) > 4)])


def _merged(chains: Sequence[Chain]) -> list[str]:
    """The chains as text; those that differ only in kernels, or in how often an operation is repeated, become one.

    >>> _merged([(("max pool 2×2", 1), ("conv 3×3", 2)), (("max pool 3×3", 1), ("conv 3×3", 4)), (("linear", 1),)])
    ['max pool 2×2 or 3×3, then 2–4 × conv 3×3', 'linear']
    """
    alike: dict[tuple[str, ...], list[Chain]] = {}
    for chain in chains:
        alike.setdefault(tuple(_without_kernel(text) for text, _ in chain), []).append(chain)
    return [", then ".join(_merged_operation(column) for column in zip(*rows, strict=True)) for rows in alike.values()]


def _merged_operation(alike: Sequence[tuple[str, int]]) -> str:
    """One text for operations that differ only in their kernel and their number of repetitions."""
    texts, counts = list(dict.fromkeys(text for text, _ in alike)), [count for _, count in alike]
    kernels = [KERNEL.findall(text)[0] for text in texts] if len(texts) > 1 else []
    text = KERNEL.sub(_either(kernels), texts[0]) if kernels else texts[0]
    times = str(min(counts)) if len(set(counts)) == 1 else f"{min(counts)}–{max(counts)}"
    return text if times == "1" else f"{times} × {text}"


def _without_kernel(text: str) -> str:
    """The text without its kernel, if it has exactly one."""
    return KERNEL.sub("#", text) if len(KERNEL.findall(text)) == 1 else text


def _either(texts: Sequence[str]) -> str:
    """Alternatives as text; of more than four, only the smallest and the largest.

    >>> _either(["a"]), _either(["a", "b"]), _either(["a", "b", "c"]), _either(["×2", "×16", "×8", "×4", "×32"])
    ('a', 'a or b', 'a, b or c', '×2 to ×32')
    """
    if len(texts) > 4:
        ordered = sorted(texts, key=lambda text: [float(number) for number in re.findall(r"[\d.]+", text)])
        return f"{ordered[0]} to {ordered[-1]}"
    return _listed(texts)


def _listed(texts: Sequence[str]) -> str:
    """Texts joined by commas, the last one by "or".

    >>> _listed(["a", "b", "c"]), _listed(["a"]), _listed([])
    ('a, b or c', 'a', '')
    """
    return " or ".join([*[", ".join(texts[:-1])] * (len(texts) > 1), *texts[-1:]])


def _chain(link: Link, detail: int) -> Chain:
    """The operations of an arrow one after another, equal ones counted.

    With ``detail`` 0 they have their norms and activations, with 1 they have not; with 2 residual blocks are named
    without their convolutions, and with 3 all operations of a kind are named once.
    """
    texts, position = [], 0
    for first, last in (*link.residual, (len(link.nodes), len(link.nodes))):
        texts += _texts(link.nodes[position:first], detail)
        if first < last:
            inside = _joined(_counted(_texts(link.nodes[first:last], detail)))
            texts.append("residual block" if detail > 1 or not inside else f"residual block ({inside})")
        position = last + 1
    if detail == DETAILS - 1:
        return tuple((text, 1) for text in dict.fromkeys(texts))
    return _counted(texts)


def _texts(nodes: Sequence[Node], detail: int) -> list[str]:
    """The names of the operations that are not shown otherwise, with norms and activations if ``detail`` is 0."""
    texts = []
    for node, after in zip_longest(nodes, nodes[1:]):
        if node.op == "pool" and node.kind == "slice" and after is not None and after.op == "concat":
            texts.append("pixels to channels")
        elif node.op not in SHOWN_OTHERWISE or (node.op == "view" and node.window):
            texts.append(_operation_text(node) if detail == 0 else operation_name(node))
    return texts


def _counted(texts: Iterable[str]) -> Chain:
    """The texts with the number of times that each follows itself."""
    return tuple((text, len(list(run))) for text, run in groupby(texts))


def _joined(chain: Chain) -> str:
    """The text for the operations inside a residual block.

    >>> _joined((("conv 1×1", 1), ("conv 3×3", 1), ("conv 1×1", 1))), _joined((("conv 3×3, ReLU", 2),))
    ('conv 1×1, 3×3, 1×1', '2 × conv 3×3, ReLU')
    """
    texts = [text if count == 1 else f"{count} × {text}" for text, count in chain]
    if len(texts) > 1 and all(re.fullmatch(r"conv [\d×]+", text) for text in texts):
        return "conv " + ", ".join(text.removeprefix("conv ") for text in texts)
    return ", then ".join(texts)


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
    """The entries of a scene, their texts broken into lines, in columns of these widths.

    ``indent`` is the distance from a sample to the start of its text.
    """

    scene: Scene
    columns: tuple[tuple[tuple[str, tuple[str, ...]], ...], ...]
    widths: tuple[float, ...]
    indent: float

    @property
    def height(self) -> float:
        """Height of the longest column."""
        return self.scene.font * LINE_SPACING * max(sum(len(lines) for _, lines in column) for column in self.columns)

    def added_at(self, left: float, top: float) -> Scene:
        """The scene with the legend at this position."""
        font, old = self.scene.font, self.scene
        arrows: list[Arrow] = []
        marks: list[Mark] = []
        blocks: list[SideBlock] = []
        labels: list[Label] = []
        x = left
        for column, width in zip(self.columns, self.widths, strict=True):
            y = top
            for kind, lines in column:
                middle, key = y + LINE_SPACING * font / 2, f"legend-{kind}"
                if kind in ("plus", "gate"):
                    marks.append(Mark(key, kind, x + SAMPLE_WIDTH * font / 2, middle, MARK_RADIUS * font))
                elif kind not in ORDER:
                    blocks.append(_sample_block(key, kind, x, middle, font))
                else:
                    arrows.append(Arrow(key, kind, ((x, middle), (x + SAMPLE_WIDTH * font, middle))))
                for i, line in enumerate(lines):
                    base = y + (LINE_SPACING * (i + 0.5) + 0.36) * font
                    labels.append(Label(f"{key}-{i}", line, x + self.indent, base, "start"))
                y += LINE_SPACING * font * len(lines)
            x += width
        return replace(
            old,
            arrows=(*old.arrows, *arrows),
            marks=(*old.marks, *marks),
            labels=(*old.labels, *labels),
            blocks=(*old.blocks, *blocks),
        )


def _sample_block(key: str, kind: str, x: float, y: float, font: float) -> SideBlock:
    """The bar of an embedding, or a tag, before its explanation; ``x`` is its left edge and ``y`` its centre."""
    if kind == "embedding":
        return SideBlock(key, x, y - FOOT_HEIGHT * font / 2, SAMPLE_WIDTH * font, FOOT_HEIGHT * font)
    return SideBlock(key, x, y - 0.575 * font, _sample_width(kind, font), 1.15 * font, (kind,))


def _sample_width(kind: str, font: float) -> float:
    """Width of the sample of an entry; that of a tag depends on its text."""
    is_tag = kind not in (*ORDER, "plus", "gate", "embedding")
    return max(SAMPLE_WIDTH * font, is_tag * (text_width(kind, font) + 2 * TAG_PADDING * font))


def arrange_entries(scene: Scene, entries: Sequence[Entry], columns: int, width: float) -> Legend:
    """The entries in this number of columns, each at most ``width`` wide."""
    font, per_column = scene.font, -(-len(entries) // columns)
    indent = max(_sample_width(kind, font) for kind, _ in entries) + 0.7 * font
    lines = [(kind, tuple(wrapped(text, font, width - indent - 0.5 * font))) for kind, text in entries]
    parts = tuple(tuple(lines[i : i + per_column]) for i in range(0, len(lines), per_column))
    widest = [max(text_width(line, font) for _, texts in part for line in texts) for part in parts]
    return Legend(scene, parts, tuple(each + indent + font for each in widest), indent)


def _free(scene: Scene, area: Rect) -> bool:
    """Whether nothing of the scene is in an area."""
    return not any(_overlap(area, other) for other in occupied(scene))


def occupied(scene: Scene) -> list[Rect]:
    """The areas of all boxes, labels, straight pieces of arrows and blocks beside the path."""
    rects = [(box.x, box.y, box.right, box.bottom) for box in scene.boxes]
    for label in scene.labels:
        left, _, width, _ = text_area(label, scene.font)
        upright = (label.x - scene.font, label.y - width, label.x, label.y)
        rects.append(upright if label.upright else (left, label.y - 0.8 * scene.font, left + width, label.y))
    for arrow in scene.arrows:
        for (a, b), (c, d) in zip(arrow.points, arrow.points[1:], strict=False):
            rects.append((min(a, c), min(b, d), max(a, c), max(b, d)))
    return [*rects, *((block.x, block.y, block.right, block.bottom) for block in scene.blocks)]


def _overlap(one: Rect, other: Rect) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
