"""From a bare graph to a U: folded, with levels, sides and skips, and ids that say where a map stands."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from unet_tutorial.figures.arch.fold import folded
from unet_tutorial.figures.arch.ir import ArchIR, Node, Skip
from unet_tutorial.figures.arch.path import scaled, way, with_levels
from unet_tutorial.figures.arch.skips import skips


def analysed(arch: ArchIR) -> ArchIR:
    """The architecture with its U, or with the reason why it has none; totals are as they were."""
    nodes = scaled(folded(arch.nodes))
    nodes = with_levels(nodes, way(nodes))
    path = way(nodes)
    reason = no_u(path)
    crossing, odd = ([], "") if reason else skips(nodes, path)
    nodes = _sided(nodes, path, crossing) if not reason else nodes
    names = _names(nodes)
    rename = {node.id: name for node, name in zip(nodes, names, strict=True)}
    return replace(
        arch,
        nodes=tuple(replace(n, id=rename[n.id], inputs=tuple(rename[key] for key in n.inputs)) for n in nodes),
        path=() if reason else tuple(rename[node.id] for node in path),
        skips=tuple(
            Skip(rename[s.source], rename[s.target], tuple(rename[key] for key in s.through)) for s in crossing
        ),
        reason=reason or odd,
    )


def no_u(path: list[Node]) -> str:
    """Why this way is not that of a U; empty if it is."""
    levels = [node.level for node in path if node.scale]
    if not levels or path[0].op != "input" or len(path[0].size) < 1:
        return "no feature map with spatial axes leads from an input to the output"
    lowest = max(levels)
    if lowest == min(levels):
        return "no map is coarser than another, so it has a single level"
    if not path[-1].scale:
        return "its output is no map over the image, as a classifier's"
    if levels[-1] == lowest:
        return "it goes down and does not come up again, as a classifier does"
    turns = [level for i, level in enumerate(levels) if i == 0 or level != levels[i - 1]]
    bottoms = sum(1 for i, level in enumerate(turns[1:-1], start=1) if level > turns[i - 1] and level > turns[i + 1])
    if bottoms > 1:
        return f"the way goes down and up {bottoms} times, as in a chain of U-Nets"
    return ""


def _sided(nodes: tuple[Node, ...], path: list[Node], crossing: list[Skip]) -> tuple[Node, ...]:
    """Each node with the side that it stands on; what is beside the way stands where it is read."""
    lowest = max(node.level for node in path)
    floor = [i for i, node in enumerate(path) if node.level == lowest]
    sides = {n.id: "enc" if i < floor[0] else "dec" if i > floor[-1] else "bottom" for i, n in enumerate(path)}
    head = next((n for n in reversed(path) if n.op not in ("act", "norm", "resize", "view")), None)
    if head and head.op == "conv" and sides[head.id] == "dec" and head.window and set(head.window.kernel) == {1}:
        sides |= {node.id: "head" for node in path[path.index(head) :]}
    sides |= {key: "skip" for skip in crossing for key in skip.through}
    for node in reversed(nodes):
        for key in node.inputs:
            sides.setdefault(key, sides.get(node.id, ""))
    return tuple(replace(node, side=sides.get(node.id, "")) for node in nodes)


def _names(nodes: tuple[Node, ...]) -> list[str]:
    """enc0.conv1, enc0.conv2, enc1.pool1, … in the order of the pass."""
    count: Counter[str] = Counter()
    names = []
    for node in nodes:
        place = f"{node.side}{node.level}" if node.side not in ("", "head") else node.side or "net"
        stem = f"{place}.{node.op}"
        count[stem] += 1
        names.append(f"{stem}{count[stem]}")
    return names
