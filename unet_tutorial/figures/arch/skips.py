"""What crosses the U from the way down to the way up, and why a network is no plain U."""

from __future__ import annotations

from dataclasses import dataclass

from unet_tutorial.figures.arch.ir import Node, Skip
from unet_tutorial.figures.arch.path import operands

ENLARGING = ("up", "resize", "view")


@dataclass(frozen=True)
class Way:
    """The nodes of the way with their places on it, and those of the whole network by id."""

    path: list[Node]
    index: dict[str, Node]

    @property
    def turn(self) -> int:
        """Place of the last map at the coarsest level."""
        return max(i for i, node in enumerate(self.path) if node.level == self.lowest)

    @property
    def lowest(self) -> int:
        """The coarsest level."""
        return max(node.level for node in self.path)

    @property
    def place(self) -> dict[str, int]:
        """Where a node is on the way."""
        return {node.id: i for i, node in enumerate(self.path)}


def skips(nodes: tuple[Node, ...], path: list[Node]) -> tuple[list[Skip], str]:
    """The skips in the order of the way up, and why it is no plain U, if it is none."""
    way = Way(path, {node.id: node for node in nodes})
    place, turn = way.place, way.turn
    found: list[Skip] = []
    reasons = ["it pools to grids of a fixed size, as PSPNet does"] * any("adaptive" in n.kind for n in path)
    for node in path[turn + 1 :]:
        others = operands(node, way.index) if node.op in ("concat", "add", "gate") else []
        for start in others:
            if start is path[place[node.id] - 1] or not start.scale:
                continue
            sources, between = _origins(start, way, place)
            reasons += _odd(node, sources, between, way, place, turn)
            early = [each for each in sources if place[each.id] < turn and each.level < way.lowest]
            if early:
                source = max(early, key=lambda each: (each.level == node.level, place[each.id]))
                again = any(s.source == source.id and way.index[s.target].level == node.level for s in found)
                found += [] if again else [Skip(source.id, node.id, tuple(between))]
    reasons += [] if reasons else _leaps(path, turn, found, way)
    return found, reasons[0] if reasons else ""


def _odd(node: Node, sources: list[Node], between: list[str], way: Way, place: dict[str, int], turn: int) -> list[str]:
    """Why what is merged here is no skip of a plain U."""
    early = [each for each in sources if place[each.id] < turn and each.level < way.lowest]
    late = [each for each in sources if each not in early]
    grows = any(way.index[key].op in ENLARGING and _larger(way.index[key], way.index) for key in between)
    if early and (grows or any(each.level != node.level for each in early)):
        convolved = any(way.index[key].op == "conv" for key in between)
        if convolved and not grows and all(each.level == 0 for each in early):
            return ["its skips come down a second way beside the first, as with two encoders"]
        return ["its skips meet other levels on their way, as in U-Net++ or UNet 3+"]
    if grows and any(each.level > node.level + 1 for each in late):
        return ["maps of several levels of its way up are merged, as in UNet 3+, a feature pyramid or summed outputs"]
    if not sources and between:
        return ["what it merges on its way up comes from a second way down, as with two encoders"]
    return []


def _leaps(path: list[Node], turn: int, found: list[Skip], way: Way) -> list[str]:
    """Levels left out on the way up, below the finest skip or without any."""
    up = {node.level for node in path[turn:] if node.scale}
    finest = min((way.index[skip.target].level for skip in found), default=0)
    missed = [level for level in range(finest, way.lowest) if level not in up]
    if not missed or (not found and len(missed) < 2 and way.lowest < 3):
        return []
    low = max(missed)
    after = max(level for level in up if level < low) if any(level < low for level in up) else 0
    return [f"it comes up from level {low + 1} to level {after} in one step, as DeepLab and PSPNet do"]


def _larger(node: Node, index: dict[str, Node]) -> bool:
    return any(m > n for m, n in zip(node.size, index[node.inputs[0]].size, strict=False))


def _origins(start: Node, way: Way, place: dict[str, int]) -> tuple[list[Node], list[str]]:
    """The maps on the way that this one was made of, and the ids passed in between, nearest first."""
    waiting, between, sources = [start], [], []
    while waiting:
        node = waiting.pop(0)
        if node.id in place:
            sources.append(node)
        elif node.id not in between:
            between.append(node.id)
            waiting += operands(node, way.index)
    return sources, between
