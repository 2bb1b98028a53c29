"""Finds the U-Net in a graph: simplifies it, adds levels, sides and skips, and gives each node an id by its place.

A network is U-shaped if its main path goes down from the input to coarser maps and then up again to finer ones. It is a
plain U-Net if, in addition, each skip joins maps of the same level.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from unet_tutorial.figures.arch.fold import folded
from unet_tutorial.figures.arch.ir import ArchIR, Node, Skip
from unet_tutorial.figures.arch.path import main_path, with_levels, with_scales
from unet_tutorial.figures.arch.skips import find_skips


def analysed(arch: ArchIR) -> ArchIR:
    """The architecture with main path, sides and skips, or with the reason why it is not U-shaped; same totals."""
    nodes, outputs = folded(arch.nodes, arch.outputs)
    nodes = with_scales(nodes)
    nodes = with_levels(nodes, main_path(nodes, outputs))
    path = main_path(nodes, outputs)
    reason = not_a_u(path)
    skips, unusual = ([], "") if reason else find_skips(nodes, path)
    nodes = nodes if reason else _with_sides(nodes, path, skips)
    new_id = dict(zip((node.id for node in nodes), _new_ids(nodes), strict=True))
    return replace(
        arch,
        nodes=tuple(replace(n, id=new_id[n.id], inputs=tuple(new_id[key] for key in n.inputs)) for n in nodes),
        outputs=tuple(new_id[key] for key in outputs),
        path=() if reason else tuple(new_id[node.id] for node in path),
        skips=tuple(Skip(new_id[s.source], new_id[s.target], tuple(new_id[key] for key in s.through)) for s in skips),
        reason=reason or unusual,
    )


def not_a_u(path: list[Node]) -> str:
    """The reason why the main path is not U-shaped; "" if it is."""
    levels = [node.level for node in path if node.scale]
    if not levels or path[0].op != "input" or len(path[0].size) < 1:
        return "no feature map with spatial axes leads from an input to the output"
    coarsest = max(levels)
    if coarsest == min(levels):
        return "no map is coarser than another, so it has a single level"
    if not path[-1].scale:
        return "its output has no spatial axes, as a classifier's"
    if levels[-1] == coarsest:
        return "it goes down and does not come up again, as a classifier does"
    turns = [level for i, level in enumerate(levels) if i == 0 or level != levels[i - 1]]
    bottoms = sum(1 for i, level in enumerate(turns[1:-1], start=1) if level > turns[i - 1] and level > turns[i + 1])
    if bottoms > 1:
        return f"it goes down and up {bottoms} times, as a chain of U-Nets does"
    return ""


def _with_sides(nodes: tuple[Node, ...], path: list[Node], skips: list[Skip]) -> tuple[Node, ...]:
    """Set ``Node.side``; a node that is neither on the main path nor on a skip gets that of its last consumer."""
    coarsest = max(node.level for node in path)
    bottom = [i for i, node in enumerate(path) if node.level == coarsest]
    sides = {n.id: "enc" if i < bottom[0] else "dec" if i > bottom[-1] else "bottom" for i, n in enumerate(path)}
    head = next((n for n in reversed(path) if n.op not in ("act", "norm", "resize", "view")), None)
    if head and head.op == "conv" and sides[head.id] == "dec" and head.window and set(head.window.kernel) == {1}:
        sides |= {node.id: "head" for node in path[path.index(head) :]}
    sides |= {key: "skip" for skip in skips for key in skip.through}
    for node in reversed(nodes):
        for key in node.inputs:
            sides.setdefault(key, sides.get(node.id, ""))
    return tuple(replace(node, side=sides.get(node.id, "")) for node in nodes)


def _new_ids(nodes: tuple[Node, ...]) -> list[str]:
    """Ids such as enc0.conv1, enc0.conv2, enc1.pool1: side and level, operation, number in the order of execution."""
    count: Counter[str] = Counter()
    ids = []
    for node in nodes:
        place = f"{node.side}{node.level}" if node.side not in ("", "head") else node.side or "net"
        stem = f"{place}.{node.op}"
        count[stem] += 1
        ids.append(f"{stem}{count[stem]}")
    return ids
