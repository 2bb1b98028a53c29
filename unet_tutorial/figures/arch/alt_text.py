"""Alternative text: describes a drawing in two or three sentences, for people who cannot see it."""

from __future__ import annotations

from collections import Counter

from unet_tutorial.figures.arch.dense import dense_grid
from unet_tutorial.figures.arch.ir import ArchIR, Skip
from unet_tutorial.figures.arch.level_maps import level_maps
from unet_tutorial.figures.arch.nested import NESTED, inner_unets
from unet_tutorial.figures.arch.text import counted, crop_text, described, numbered, repeated


def alt_text(arch: ArchIR) -> str:
    """Levels with channels and sizes, skips with their crops, parameters; or why the network is not drawn as a U.

    >>> from unet_tutorial.figures.arch.ir import ArchIR, Node
    >>> alt_text(ArchIR("Net", (Node("a", "input", "input", (), (1, 8, 8)),), reason="it has a single level"))
    'Net, not drawn as a U: it has a single level. Its 1 map, from 1 channel of 8² to 1 channel of 8², is in a grid.'
    """
    if arch.reason or not arch.path:
        reason = arch.reason or "no main path was found"
        return f"{arch.name}, not drawn as a U: {reason}. {_grid(arch)}{_parameters(arch)}"
    maps = level_maps(arch)
    count = len({level for _, level in maps})
    encoder = [described(node.shape, arch.rank) for (side, _), node in maps.items() if side in ("enc", "bottom")]
    outputs = f"{'an output of ' * (len(arch.outputs) < 2)}{_outputs(arch)}"
    inputs = f"{'an input' if len(arch.inputs) == 1 else 'inputs'} of {_inputs(arch)}"
    first = f"{arch.name}: a U of {counted(count, 'level')} from {inputs} to {outputs}."
    second = f"Down its left side, level by level: {', '.join(encoder)}; {_skips(arch)}."
    return f"{first} {second}{_blocks(arch)}{_parameters(arch)}"


def _inputs(arch: ArchIR) -> str:
    return " and ".join(described(node.shape, arch.rank) for node in arch.inputs)


def _outputs(arch: ArchIR) -> str:
    """The outputs in the order returned; of a description without outputs, the last map."""
    nodes = [arch.node(key) for key in arch.outputs] or list(arch.nodes[-1:])
    return numbered([described(node.shape, arch.rank) for node in nodes], "output")


def _skips(arch: ArchIR) -> str:
    """Number of skips, how they are merged, and their crops, finest first."""
    if not arch.skips:
        return "no skip crosses it"
    ordered = sorted(arch.skips, key=lambda skip: arch.node(skip.target).level)
    verbs = {"add": "added", "concat": "concatenated"}
    merged = " or ".join(dict.fromkeys(verbs.get(arch.node(skip.target).op, "merged") for skip in ordered))
    gated = any(arch.node(key).op == "gate" for skip in ordered for key in skip.through)
    verb = "crosses it and is" if len(ordered) == 1 else "cross it and are"
    return f"{counted(len(ordered), 'skip')} {verb}{' gated and' * gated} {merged}{_crops(arch, ordered)}"


def _crops(arch: ArchIR, skips: list[Skip]) -> str:
    """The pixels by which skips are cropped or padded.

    Each text of ``crop_text`` is a word and a number, such as "crop 88", or two of them, joined by a comma.
    """
    numbers: dict[str, list[str]] = {}
    for skip in skips:
        crop = next((arch.node(key).crop for key in skip.through if arch.node(key).crop), ())
        for text in filter(None, crop_text(crop).split(", ")):
            word, _, number = text.partition(" ")
            numbers.setdefault({"crop": "cropped", "pad": "padded"}[word], []).append(number)
    found = []
    for word, pixels in numbers.items():
        which = "" if len(pixels) == len(skips) else f"{len(pixels)} of them "
        found.append(f", {which}{word} by {', '.join(pixels)} pixels per side")
    return "".join(found)


def _blocks(arch: ArchIR) -> str:
    """The blocks beside the main path, each name once with its number."""
    names = Counter(block.name for block in arch.blocks)
    texts = [repeated(name, count) for name, count in names.items()]
    return f" Beside the main path: {'; '.join(texts)}." if texts else ""


def _grid(arch: ArchIR) -> str:
    nodes = arch.nodes
    ends = f"from {_inputs(arch)} to {_outputs(arch)}" if nodes else "none at all"
    return f"Its {counted(len(nodes), 'map')}, {ends}, {'is' if len(nodes) == 1 else 'are'} in {_kind_of_grid(arch)}."


def _kind_of_grid(arch: ArchIR) -> str:
    if cells := dense_grid(arch):
        rows = 1 + max(row for row, _ in cells.values())
        return f"the triangle of UNet++, whose {counted(len(cells), 'node')} X(i,j) have {counted(rows, 'row')}"
    if arch.reason == NESTED:
        return f"a U with {counted(len(inner_unets(arch.nodes, arch.outputs)), 'U-Net')} in frames"
    return "a grid"


def _parameters(arch: ArchIR) -> str:
    return f" It has {arch.totals['parameters']:,} parameters." if "parameters" in arch.totals else ""
