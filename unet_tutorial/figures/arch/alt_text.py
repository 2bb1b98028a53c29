"""Alternative text: describes a drawing in two or three sentences, for people who cannot see it."""

from __future__ import annotations

from itertools import pairwise

from unet_tutorial.figures.arch.ir import ArchIR, Node, Skip
from unet_tutorial.figures.arch.text import per_side_text, size_text


def alt_text(arch: ArchIR) -> str:
    """Levels with channels and sizes, skips with their crops, parameters; or why the network is not drawn as a U.

    >>> from unet_tutorial.figures.arch.ir import ArchIR, Node
    >>> alt_text(ArchIR("Net", (Node("a", "input", "input", (), (1, 8, 8)),), reason="it has a single level"))
    'Net, not drawn as a U: it has a single level. Its 1 map, from 1 channel of 8² to 1 channel of 8², is in a grid.'
    """
    if arch.reason or not arch.path:
        reason = arch.reason or "no main path was found"
        return f"{arch.name}, not drawn as a U: {reason}. {_grid(arch)}{_parameters(arch)}"
    path = [arch.node(key) for key in arch.path]
    inputs = " and ".join(map(_map, arch.inputs))
    ends = f"from an input of {inputs} to an output of {_map(path[-1])}"
    count = len({node.level for node in path})
    first = f"{arch.name}: a U of {_count(count, 'level')} {ends}."
    second = f"Down its left side, level by level: {', '.join(map(_map, _encoder(path)))}; {_skips(arch)}."
    return f"{first} {second}{_parameters(arch)}"


def _encoder(path: list[Node]) -> list[Node]:
    """The last map of each level before the decoder, finest first."""
    shuffled = {a.id for a, b in pairwise(path) if b.op == "view" and b.level < a.level}  # inputs of a pixel shuffle
    before = [node for node in path if node.side in ("enc", "bottom") and node.id not in shuffled]
    return [next(node for node in reversed(before) if node.level == at) for at in sorted({n.level for n in path})]


def _skips(arch: ArchIR) -> str:
    """Number of skips, how they are merged, and their crops, finest first."""
    if not arch.skips:
        return "no skip crosses it"
    ordered = sorted(arch.skips, key=lambda skip: arch.node(skip.target).level)
    verbs = {"add": "added", "concat": "concatenated"}
    merged = " or ".join(dict.fromkeys(verbs.get(arch.node(skip.target).op, "merged") for skip in ordered))
    gated = any(arch.node(key).op == "gate" for skip in ordered for key in skip.through)
    crops = [text for skip in ordered if (text := _crop(arch, skip))]
    cropped = f" after cutting off {', '.join(crops)} pixels per side" if crops else ""
    verb = "crosses it and is" if len(ordered) == 1 else "cross it and are"
    return f"{_count(len(ordered), 'skip')} {verb}{' gated and' * gated} {merged}{cropped}"


def _crop(arch: ArchIR, skip: Skip) -> str:
    crop = next((arch.node(key).crop for key in skip.through if arch.node(key).crop), ())
    return per_side_text(crop) if any(n for pair in crop for n in pair) else ""


def _grid(arch: ArchIR) -> str:
    nodes = arch.nodes
    ends = f"from {_map(nodes[0])} to {_map(nodes[-1])}" if nodes else "none at all"
    return f"Its {_count(len(nodes), 'map')}, {ends}, {'is' if len(nodes) == 1 else 'are'} in a grid."


def _parameters(arch: ArchIR) -> str:
    return f" It has {arch.totals['parameters']:,} parameters." if "parameters" in arch.totals else ""


def _map(node: Node) -> str:
    channels = _count(node.channels, "channel")
    return f"{channels} of {size_text(node.size)}" if node.size else channels


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' * (number != 1)}"
