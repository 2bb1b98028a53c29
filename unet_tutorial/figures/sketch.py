"""A U as boxes and arrows without places: the way through it, what crosses it, what leaves it and comes back."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from unet_tutorial.figures.boxes import Link, Map, Sketch, blank_of, box_at, copy_of, cut_of, positions, step_kind
from unet_tutorial.figures.ir import ArchIR, Node


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
