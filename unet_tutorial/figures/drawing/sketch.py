"""Boxes and arrows of a U before coordinates are assigned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from unet_tutorial.figures.arch.ir import ArchIR, Node, Pairs, Skip
from unet_tutorial.plan.levels import Size

COLLAPSE = ("conv", "block", "level")
MAPS = ("input", "conv", "linear", "pool", "up", "resize", "concat", "add")
RISES = ("up", "resize", "view", "conv", "crop", "act", "norm")  # may stand between what lies below and a merge


@dataclass(frozen=True)
class Map:
    """A feature map that gets a box; ``blank`` are the channels that came by a skip."""

    node: Node
    blank: int = 0


@dataclass(frozen=True)
class Link:
    """From one box to another (their numbers), through ``nodes``, the last of which gives the target's map.

    ``kind`` names the look. ``crop`` are the pixels cut off on the way, ``marks`` the signs on it: gate, plus.
    """

    source: int
    target: int
    kind: str
    nodes: tuple[Node, ...]
    crop: Pairs = ()
    marks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sketch:
    """``maps`` along the way through the U, then further inputs; ``steps`` join neighbours on the way, ``copies``
    cross it, ``branches`` leave it and come back, or bring in an input."""

    maps: tuple[Map, ...]
    steps: tuple[Link, ...]
    copies: tuple[Link, ...]
    branches: tuple[Link, ...] = ()
    length: int = 0  # how many of the maps stand on the way


def positions(arch: ArchIR, collapse: str) -> list[int]:
    """Places on the way whose maps are drawn."""
    path = [arch.node(key) for key in arch.path]
    place = {node.id: i for i, node in enumerate(path)}
    risen = set().union(*(_risen(path, place[skip.target]) for skip in arch.skips))
    shown = [
        i
        for i, node in enumerate(path)
        if i in (0, len(path) - 1) or ((node.op in MAPS or node.shape != path[i - 1].shape) and i not in risen)
    ]
    if collapse == "conv":
        return shown
    runs = [list(run) for _, run in groupby(shown, key=lambda i: (path[i].side, path[i].level))]
    kept = {0} | {run[-1] for run in runs}
    if collapse == "block":
        kept |= {run[0] for run in runs} | {i for i in shown if path[i].op in ("add", "concat")}
        kept |= {place[skip.source] for skip in arch.skips} & set(shown)
    return sorted(kept)


def _risen(path: Sequence[Node], merge: int) -> set[int]:
    """What only brings the map below up to the merge: the arrow stands for it, the merged box shows its map."""
    for start in range(merge - 1, max(merge - 5, 0), -1):
        if path[start].level < path[start - 1].level:
            between = range(start, merge)
            convs = sum(path[i].op == "conv" for i in between)
            return set(between) if convs < 2 and all(path[i].op in RISES for i in between) else set()
    return set()


def box_at(arch: ArchIR, drawn: Sequence[int], place: int) -> int:
    """The number of the box that shows the map at this place of the way: its own, else the next of its level, else
    the one before, from which it differs by an activation."""
    level = arch.node(arch.path[place]).level
    after = next((i for i in drawn if i >= place and arch.node(arch.path[i]).level == level), None)
    quiet = arch.node(arch.path[place]).op in ("act", "norm", "gate")
    before = max(i for i in drawn if i <= place)
    return list(drawn).index(before if after is None or (quiet and before != place) else after)


def step_kind(nodes: Sequence[Node], before: Node) -> str:
    """The look of the arrow for these operations."""
    ops, last = {node.op for node in nodes}, nodes[-1]
    deeper = last.level - before.level if last.scale and before.scale else 0
    if deeper > 0:
        return "pool" if ops & {"pool", "resize"} else "strided"
    if deeper < 0:
        return next((kind for kind in ("up", "resize") if kind in ops), "shuffle")
    seen = [node.window for node in nodes if node.op == "conv" and node.window]
    if seen and all(set(window.kernel) == {1} for window in seen):
        return "point"
    return "conv" if seen or "linear" in ops else "join"


def cut_of(nodes: Sequence[Node]) -> Pairs:
    """Pixels cut off by these operations, where one cuts."""
    return next((node.crop for node in nodes if node.op == "crop" and node.crop), ())


def copy_of(arch: ArchIR, drawn: Sequence[int], skip: Skip) -> Link:
    """The arrow of a skip."""
    place = {key: i for i, key in enumerate(arch.path)}
    through = tuple(arch.node(key) for key in reversed(skip.through))
    merge = arch.node(skip.target)
    marks = ("gate",) * any(n.op == "gate" for n in through) + ("plus",) * (merge.op == "add")
    source, target = (box_at(arch, drawn, place[key]) for key in (skip.source, skip.target))
    return Link(source, target, "copy", (*through, merge), cut_of(through), marks)


def blank_of(arch: ArchIR, node: Node) -> int:
    """Channels of a concatenation that came by a skip."""
    came = {key for skip in arch.skips if skip.target == node.id for key in (skip.source, *skip.through)}
    return sum(arch.node(key).channels for key in node.inputs if key in came) if node.op == "concat" else 0


def roots(size: Size) -> float:
    """The side of a cube as large as this map."""
    total = 1.0
    for n in size:
        total *= n
    return total ** (1 / len(size)) if size else 1.0


def sketched(arch: ArchIR, collapse: str) -> Sketch:
    """All maps of the way ("conv"), those at the ends of blocks ("block"), or one per side and level ("level")."""
    path = [arch.node(key) for key in arch.path]
    drawn = positions(arch, collapse)
    maps = [Map(path[i], blank_of(arch, path[i])) for i in drawn]
    steps = []
    for number, (before, here) in enumerate(pairwise(drawn)):
        nodes = tuple(path[before + 1 : here + 1])
        steps.append(Link(number, number + 1, step_kind(nodes, path[before]), nodes, cut_of(nodes)))
    copies = tuple(dict.fromkeys(copy_of(arch, drawn, skip) for skip in arch.skips))
    branches = _shortcuts(arch, drawn)
    further = [node for node in arch.nodes if node.op == "input" and node.id not in arch.path]
    for node in further:
        branches += _entering(arch, drawn, node, len(maps))
        maps.append(Map(node))
    return Sketch(tuple(maps), tuple(steps), copies, tuple(branches), len(drawn))


def _shortcuts(arch: ArchIR, drawn: Sequence[int]) -> list[Link]:
    """What leaves the way and is merged into it again on the same side, as around a residual block."""
    index, place = arch.index, {key: i for i, key in enumerate(arch.path)}
    crossed = {(skip.target, key) for skip in arch.skips for key in (skip.source, *skip.through)}
    found = []
    for here, key in enumerate(arch.path):
        node = index[key]
        if node.op not in ("add", "concat"):
            continue
        others = [other for other in node.inputs if other != arch.path[here - 1] and (key, other) not in crossed]
        for other in others:
            start, between = _back(index[other], index, place)
            if start is None or (key, start.id) in crossed:
                continue
            ends = box_at(arch, drawn, place[start.id]), box_at(arch, drawn, here)
            apart = ends[0] < ends[1] - 1  # else the step between them tells of a sum; of parts side by side it cannot
            if apart or (node.op == "concat" and between and ends[0] < ends[1]):
                plus = ("plus",) * (node.op == "add")
                found.append(Link(*ends, "branch", (*between, node), cut_of(between), plus))
    return list(dict.fromkeys(found))


def _back(node: Node, index: dict[str, Node], place: dict[str, int]) -> tuple[Node | None, tuple[Node, ...]]:
    """The map on the way that this one was made from, and what lies between."""
    between: list[Node] = []
    while node.id not in place:
        between.append(node)
        if not node.inputs:
            return None, tuple(between)
        node = index[node.inputs[0]]
    return node, tuple(reversed(between))


def _entering(arch: ArchIR, drawn: Sequence[int], start: Node, number: int) -> list[Link]:
    """The arrow from a further input to where it comes into the way; none if it never does."""
    place = {key: i for i, key in enumerate(arch.path)}
    made = {start.id}
    passed: list[Node] = []
    for node in arch.nodes:
        if not made & set(node.inputs):
            continue
        passed.append(node)
        if node.id in place:
            marks = ("plus",) * (node.op == "add")
            return [Link(number, box_at(arch, drawn, place[node.id]), "branch", tuple(passed), (), marks)]
        made.add(node.id)
    return []
