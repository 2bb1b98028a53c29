"""The way through the U: down to the coarsest map and up again, found backwards from the output."""

from __future__ import annotations

from dataclasses import replace
from math import prod

from unet_tutorial.figures.ir import Node, Skip, Window

MERGES = ("concat", "add", "gate")
ENLARGING = ("up", "resize", "view")


def scaled(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """Each with its accumulated stride per axis, and the rank of that among all of them as its level."""
    found: dict[str, Node] = {}
    for node in nodes:
        inputs = [found[key] for key in node.inputs]
        seen = _shuffled(inputs[0], node) if node.op == "view" and inputs else node
        found[node.id] = replace(seen, scale=_scale(seen, inputs))
    scales = sorted({n.scale for n in found.values() if n.scale}, key=lambda s: (prod(s), s))
    return tuple(replace(n, level=scales.index(n.scale) if n.scale else 0) for n in found.values())


def _shuffled(before: Node, node: Node) -> Node:
    """A view that makes pixels of channels, or channels of pixels, with the window that this amounts to."""
    pairs = list(zip(before.size, node.size, strict=False))
    if len(before.size) != len(node.size) or not all(n and m and max(n, m) % min(n, m) == 0 for n, m in pairs):
        return node
    down, up = tuple(max(1, n // m) for n, m in pairs), tuple(max(1, m // n) for n, m in pairs)
    return replace(node, window=Window(down, down, (0,) * len(pairs), (1,) * len(pairs), up))


def _scale(node: Node, inputs: list[Node]) -> tuple[float, ...]:
    rank = len(node.size)
    if node.op == "input":
        return (1.0,) * rank
    known = [each for each in inputs if len(each.scale) == rank and rank]
    if not known:
        return ()
    first = max(known, key=lambda each: prod(each.size))  # a gate's signal may be one pixel
    if node.window:
        ratios = [s / u for s, u in zip(node.window.stride, node.window.up, strict=True)]
    else:
        ratios = [1.0] * rank
    return tuple(s * r for s, r in zip(first.scale, ratios, strict=True))


def operands(node: Node, index: dict[str, Node]) -> list[Node]:
    """What a map is made of; of a product, the larger factor: the other only says how much of it passes."""
    given = [index[key] for key in node.inputs]
    if node.op != "gate" or len(given) < 2:
        return given
    return [max(given, key=lambda each: (prod(each.shape), each.op not in ("act", "resize") and not each.folded))]


def way(nodes: tuple[Node, ...]) -> list[Node]:
    """From the input to the output: at each merge through whatever has been coarser, else through more operations."""
    index = {node.id: node for node in nodes}
    reach: dict[str, tuple[float, int]] = {}
    for node in nodes:
        before = [reach[each.id] for each in operands(node, index)]
        own = prod(node.scale) if node.scale else 0.0
        reach[node.id] = (max([own, *(r for r, _ in before)]), 1 + max((steps for _, steps in before), default=0))
    ends = [n for n in nodes if "output" in n.folded and n.scale] or list(nodes[-1:])
    here = max(ends, key=lambda n: (prod(n.size), nodes.index(n)))
    path = [here]
    while inputs := operands(here, index):
        here = max(inputs, key=lambda each: reach[each.id])
        path.append(here)
    return path[::-1]


def skips(nodes: tuple[Node, ...], path: list[Node]) -> tuple[list[Skip], str]:
    """What crosses from the way down to the way up, and why it is no plain U, if it is none."""
    index = {node.id: node for node in nodes}
    place = {node.id: i for i, node in enumerate(path)}
    lowest = max(node.level for node in path)
    turn = max(i for i, node in enumerate(path) if node.level == lowest)
    found, reason = [], ""
    for node in path[turn + 1 :]:
        for key in node.inputs if node.op in ("concat", "add") else ():
            if index[key] is path[place[node.id] - 1]:
                continue
            sources, between = _origins(index[key], index, place)
            early = [each for each in sources if place[each.id] < turn and each.level < lowest]
            if any(index[each].op in ENLARGING and _larger(index[each], index) for each in between):
                reason = "its skips meet other levels on their way, as in U-Net++ or UNet 3+"
            if early:
                source = max(early, key=lambda each: (each.level == node.level, place[each.id]))
                found.append(Skip(source.id, node.id, tuple(between)))
    return found, reason


def _larger(node: Node, index: dict[str, Node]) -> bool:
    return any(m > n for m, n in zip(node.size, index[node.inputs[0]].size, strict=False))


def _origins(start: Node, index: dict[str, Node], place: dict[str, int]) -> tuple[list[Node], list[str]]:
    """The maps on the way that this one was made of, and the ids passed in between, nearest first."""
    waiting, between, sources = [start], [], []
    while waiting:
        node = waiting.pop(0)
        if node.id in place:
            sources.append(node)
        elif node.id not in between:
            between.append(node.id)
            waiting += operands(node, index)
    return sources, between
