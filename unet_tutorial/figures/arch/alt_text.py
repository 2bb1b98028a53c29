"""What a drawing shows, in two or three sentences, for whoever cannot see it."""

from __future__ import annotations

from itertools import pairwise

from unet_tutorial.figures.arch.ir import ArchIR, Node, Skip
from unet_tutorial.figures.arch.text import pairs_text, size_text


def alt_text(arch: ArchIR) -> str:
    """Levels with their channels and sizes, skips with their crops, parameters; for what is no U, why.

    >>> from unet_tutorial.figures.arch.ir import ArchIR, Node
    >>> alt_text(ArchIR("Net", (Node("a", "input", "input", (), (1, 8, 8)),), reason="it has a single level"))
    'Net, not drawn as a U: it has a single level. Its 1 map, from 1 channel of 8² to 1 channel of 8², is in a grid.'
    """
    if arch.reason or not arch.path:
        return f"{arch.name}, not drawn as a U: {arch.reason or 'no way was found'}. {_grid(arch)}{_learnt(arch)}"
    path = [arch.node(key) for key in arch.path]
    levels = sorted({node.level for node in path})
    shuffled = {a.id for a, b in pairwise(path) if b.op == "view" and b.level < a.level}  # channels that become pixels
    left = [node for node in path if node.side in ("enc", "bottom") and node.id not in shuffled]
    down = [next(node for node in reversed(left) if node.level == at) for at in levels]
    inputs = " and ".join(_map(node) for node in arch.nodes if node.op == "input")
    ends = f"from an input of {inputs} to an output of {_map(path[-1])}"
    first = f"{arch.name}: a U of {_count(len(levels), 'level')} {ends}."
    second = f"Down its left side, level by level: {', '.join(_map(node) for node in down)}; {_skips(arch)}."
    return f"{first} {second}{_learnt(arch)}"


def _grid(arch: ArchIR) -> str:
    nodes = arch.nodes
    ends = f"from {_map(nodes[0])} to {_map(nodes[-1])}" if nodes else "none at all"
    return f"Its {_count(len(nodes), 'map')}, {ends}, {'is' if len(nodes) == 1 else 'are'} in a grid."


def _learnt(arch: ArchIR) -> str:
    return f" It has {arch.totals['parameters']:,} parameters." if "parameters" in arch.totals else ""


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"


def _map(node: Node) -> str:
    channels = _count(node.channels, "channel")
    return f"{channels} of {size_text(node.size)}" if node.size else channels


def _skips(arch: ArchIR) -> str:
    """How many connections cross the U, how they are merged, and what is cut off them, from the top."""
    if not arch.skips:
        return "no skip crosses it"
    ordered = sorted(arch.skips, key=lambda skip: arch.node(skip.target).level)
    ways = {"add": "added", "concat": "concatenated"}
    merged = " or ".join(dict.fromkeys(ways.get(arch.node(skip.target).op, "merged") for skip in ordered))
    gated = any(arch.node(key).op == "gate" for skip in ordered for key in skip.through)
    crops = [text for skip in ordered if (text := _cut(arch, skip))]
    cut = f" after cutting off {', '.join(crops)} pixels per side" if crops else ""
    verb = "crosses it and is" if len(ordered) == 1 else "cross it and are"
    return f"{_count(len(ordered), 'skip')} {verb}{' gated and' * gated} {merged}{cut}"


def _cut(arch: ArchIR, skip: Skip) -> str:
    crop = next((arch.node(key).crop for key in skip.through if arch.node(key).crop), ())
    return pairs_text(crop) if any(n for pair in crop for n in pair) else ""
