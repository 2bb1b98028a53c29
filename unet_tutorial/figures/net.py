"""What is drawn of a network that is no plain U: every map with its level and its turn, and all edges."""

from __future__ import annotations

from collections.abc import Iterator

from unet_tutorial.figures.boxes import MAPS, Link, Map, Sketch, cut_of, step_kind
from unet_tutorial.figures.ir import ArchIR, Node

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
