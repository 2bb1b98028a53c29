"""Rows of a table, as numbers: one row per operation, or one per side (encoder, decoder, …) and level.

The row of a level holds the operations after the map of the level before, up to the map of its own level, and the
operations beside the main path whose result is used there. So each row holds whole blocks, and the rows add up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from unet_tutorial.figures.arch.ir import ArchIR, Block, Node, Pairs
from unet_tutorial.figures.arch.level_maps import level_maps
from unet_tutorial.figures.arch.skips import gating_sources
from unet_tutorial.figures.arch.text import operation_name, repeated
from unet_tutorial.plan.levels import Size

SIDE_ORDER = ("enc", "bottom", "dec", "head", "")
NOT_LISTED = ("input", "view", "act", "norm", "crop", "split")  # in the row of a level; crops have their own column
BY = ("level", "layer")
UNUSED = "not used in this pass"
ATTENTION_GATE = "attention gate"  # of a skip, by the decoder's coarser map (arXiv:1804.03999)
RowPlace = tuple[str, int | None, int]  # side; level, None without spatial axes; number of the output of a head
SHARED: RowPlace = ("", None, 0)  # operations whose result is used in several places, such as the embedding of a time
NOT_RETURNED: RowPlace = ("", None, 1)  # operations that no output is computed from


@dataclass(frozen=True)
class Row:
    """A row; ``id`` is that of its last map, "" for numbers that belong to no map: then ``out`` is None.

    ``level`` is None for maps without spatial axes. ``op`` is the text of the operations. ``inputs`` and ``out`` are
    shapes (C, *size). ``crops`` are the pixels cropped per side of the skips, negative numbers padding. ``parameters``
    and ``macs`` are sums over the operations of the row. ``saved`` are bytes for the backward pass, None if only their
    sum is known. ``receptive_field`` (smallest and largest, in pixels) and ``jump`` (accumulated stride) are those of
    ``out``, per axis. ``output`` is the number of the network's output that ``out`` is, and the number of its outputs;
    None if it is not an output, or the only one.
    """

    id: str
    level: int | None
    side: str
    op: str
    inputs: tuple[Size, ...]
    out: Size | None
    crops: tuple[Pairs, ...]
    parameters: int
    macs: int
    saved: int | None
    receptive_field: Pairs
    jump: tuple[float, ...]
    output: tuple[int, int] | None = None


def row_ends(arch: ArchIR, by: str) -> list[str]:
    """Ids of the last map of each row, whose receptive field the row shows.

    Raises ValueError if ``by`` is neither "level" nor "layer".
    """
    if by not in BY:
        raise ValueError(f"by {by!r} is unknown; write 'level' for a row per level, 'layer' for one per operation")
    if by == "layer":
        return [node.id for node in arch.nodes]
    return [_end(nodes, place, arch).id for place, nodes in _groups(arch).items()]


def rows(arch: ArchIR, by: str = "level") -> tuple[Row, ...]:
    """The rows in the order of the forward pass, heads in the order of the outputs; they add up to the totals.

    The operations on a skip belong to the level where it is merged. Numbers that belong to no row, or to several, are
    in rows at the end. The architecture must hold the receptive fields of the maps in ``row_ends``.
    """
    groups = _groups(arch) if by == "level" else {}
    if by == "level":
        places = _places(arch)
        found = [_level_row(place, nodes, places, arch) for place, nodes in groups.items()]
    else:
        found = [_layer_row(node, arch) for node in arch.nodes]
    if sum(node.saved for node in arch.nodes) == 0 < arch.totals.get("saved", 1):  # unknown, or known as a sum only
        found = [replace(row, saved=None) for row in found]
    rest, *unused = _remaining(found, arch.totals, by)
    if not arch.path or SHARED not in groups:
        return (*found, *[rest] * bool(rest.macs or rest.saved), *unused)
    shared = list(groups).index(SHARED)
    row = found[shared]
    saved = None if row.saved is None else row.saved + (rest.saved or 0)
    found[shared] = replace(row, macs=row.macs + rest.macs, saved=saved)
    return (*found, *unused)


def _layer_row(node: Node, arch: ArchIR) -> Row:
    row = _row(node, [node], operation_name(node, with_folded=True), arch)
    inputs = tuple(arch.node(key).shape for key in node.inputs)
    crops = (node.crop,) * bool(node.crop)
    return replace(row, crops=crops, side=node.side, level=node.level if node.scale else None, inputs=inputs)


def _level_row(place: RowPlace, nodes: Sequence[Node], places: dict[str, RowPlace], arch: ArchIR) -> Row:
    row = _row(_end(nodes, place, arch), nodes, _operations(nodes, places, arch), arch)
    if arch.path and place in (SHARED, NOT_RETURNED):
        words = _shared("level") if place == SHARED else "not used for an output"
        return replace(row, op=f"{words}: {row.op}" if row.op else words)
    return replace(row, side=place[0], level=place[1], inputs=_entering(nodes, arch))


def _row(end: Node, nodes: Sequence[Node], op: str, arch: ArchIR) -> Row:
    """The row of these operations; no side, level and input yet."""
    several, returned = len(arch.outputs) > 1, end.id in arch.outputs
    hidden = {key for key in arch.path if arch.node(key).side in ("enc", "bottom")}  # pads of convolutions
    hidden |= {key for block in arch.blocks for key in block.nodes}  # and of windows
    return Row(
        id=end.id,
        level=None,
        side="",
        op=op,
        inputs=(),
        out=end.shape,
        crops=tuple(dict.fromkeys(node.crop for node in nodes if node.crop and node.id not in hidden)),
        parameters=sum(node.parameters for node in nodes),
        macs=sum(node.macs for node in nodes),
        saved=sum(node.saved for node in nodes),
        receptive_field=end.field,
        jump=end.scale,
        output=(arch.outputs.index(end.id) + 1, len(arch.outputs)) if several and returned else None,
    )


def _operations(nodes: Sequence[Node], places: dict[str, RowPlace], arch: ArchIR) -> str:
    """The operations of a row with their numbers; blocks beside the main path and gates on skips under their names."""
    named: dict[str, tuple[str, str]] = {}  # by id of a node: id of the first node of its block, name of the block
    for block in arch.blocks:
        if block.nodes:  # an input may be used without an embedding
            named |= dict.fromkeys(block.nodes, (block.nodes[0], block.name))
    for skip in arch.skips:
        if not any(arch.node(key).side in ("dec", "bottom") for key in gating_sources(arch, skip)):
            continue
        for gate in skip.through:
            if arch.node(gate).op == "gate" and gate not in named:
                named |= dict.fromkeys(_beside_path(gate, arch) - set(named), (gate, ATTENTION_GATE))
    combined = {key for block in arch.blocks for key in block.targets if arch.node(key).op in ("add", "gate")}
    names = []
    for node in nodes:
        first, name = named.get(node.id, ("", ""))
        if first and places[first] == places[node.id]:
            names += [name] if node.id == first else []
        elif node.op not in NOT_LISTED and node.id not in combined:
            names.append(operation_name(node))
    texts = [repeated(name, number) for name, number in Counter(names).items()]
    return ("; " if any(", " in text for text in texts) else ", ").join(texts)


def _beside_path(key: str, arch: ArchIR) -> set[str]:
    """A node beside the main path, and the nodes beside it from which it is computed."""
    found, waiting = {key}, list(arch.node(key).inputs)
    while waiting:
        before = waiting.pop()
        if before not in arch.path and before not in found and arch.node(before).op != "input":
            found.add(before)
            waiting += arch.node(before).inputs
    return found


def _remaining(found: Sequence[Row], totals: dict[str, int], by: str) -> list[Row]:
    """Rows for the numbers in the totals that no other row holds: MACs and saved bytes; unused parameters, if any."""
    unused = totals.get("parameters", 0) - sum(row.parameters for row in found)
    macs = totals.get("macs", 0) - sum(row.macs for row in found)
    saved = totals.get("saved", 0) - sum(row.saved or 0 for row in found)
    name = _shared(by) if macs else f"shared or in training only, not in a {by}"
    if all(row.saved is None for row in found):
        name = f"saved in all {by}s together"
    known = "saved" in totals
    rest = _row_without_map(name, macs=macs, saved=saved if known else None)
    return [rest] + [_row_without_map(UNUSED, parameters=unused, saved=0 if known else None)] * bool(unused)


def _row_without_map(op: str, *, parameters: int = 0, macs: int = 0, saved: int | None) -> Row:
    return Row(
        id="",
        level=None,
        side="",
        op=op,
        inputs=(),
        out=None,
        crops=(),
        parameters=parameters,
        macs=macs,
        saved=saved,
        receptive_field=(),
        jump=(),
    )


def _shared(by: str) -> str:
    return f"shared, not in a {by}"


def _groups(arch: ArchIR) -> dict[RowPlace, list[Node]]:
    """Nodes by place, from input to output; if there is no main path, by level only, in execution order."""
    groups: dict[RowPlace, list[Node]] = {}
    place = _places(arch)
    for node in arch.nodes:
        groups.setdefault(place[node.id], []).append(node)
    return dict(sorted(groups.items(), key=lambda item: _order(item[0]))) if arch.path else groups


def _places(arch: ArchIR) -> dict[str, RowPlace]:
    """The place of each node: on the main path that of the next map of a level, else that of its users.

    A block that replaces a map of the main path has the place of that map.
    """
    if not arch.path:
        return {node.id: (node.side, node.level if node.scale else None, 0) for node in arch.nodes}
    number = {key: i for i, key in enumerate(arch.outputs, start=1)}
    place: dict[str, RowPlace] = {}
    ends = {
        node.id: (side, level, number.get(node.id, 0) if side == "head" else 0)
        for (side, level), node in level_maps(arch).items()
        if side != "head" or node.id == arch.path[-1]
    }
    here = SHARED
    for key in reversed(arch.path):
        here = ends.get(key, here)
        place[key] = here
    for block in arch.blocks:
        entered = next((place[key] for key in block.sources if key in arch.path), SHARED)
        if entered != SHARED and _result(block, arch):
            along = [key for key in block.nodes if arch.node(key).side == entered[0]]
            place = dict.fromkeys(along, entered) | place
    users: dict[str, list[str]] = {}
    for node in reversed(arch.nodes):
        for key in node.inputs:
            users.setdefault(key, []).append(node.id)
        if node.id in place:
            continue
        found = {place[key] for key in users.get(node.id, [])}
        if node.id in number and node.side == "head":
            found.add(("head", node.level, number[node.id]))
        found = found - {NOT_RETURNED} or {NOT_RETURNED}
        place[node.id] = SHARED if len(found) > 1 and not node.scale else min(found, key=_order)
    return place


def _order(place: RowPlace) -> tuple[int, int, int]:
    side, level, number = place
    return SIDE_ORDER.index(side), number, (level or 0) * (-1 if side == "dec" else 1)


def _end(nodes: Sequence[Node], place: RowPlace, arch: ArchIR) -> Node:
    """The map that a row shows: the last one on the main path, the output of a head, or the last of all."""
    if place[0] == "head" and place[2]:
        return arch.node(arch.outputs[place[2] - 1])
    path = set(arch.path)
    end = ([node for node in nodes if node.id in path] or list(nodes))[-1]
    inside = {node.id for node in nodes}
    blocks = [block for block in arch.blocks if end.id in block.sources and inside & set(block.nodes[-1:])]
    replaced = [_result(block, arch) for block in blocks]
    return next((node for node in replaced if node and node.shape == end.shape), end)


def _result(block: Block, arch: ArchIR) -> Node | None:
    """The result of a block if it replaces the map that enters; None if it is added to that map or multiplied."""
    combined = any(arch.node(key).op in ("add", "gate") for key in block.targets)
    return None if combined or not block.nodes else arch.node(block.nodes[-1])


def _entering(nodes: Sequence[Node], arch: ArchIR) -> tuple[Size, ...]:
    """The shape of the map with which a row begins: before its first node on the main path, or its first node."""
    path = set(arch.path)
    first = next((node for node in nodes if node.id in path), nodes[0])
    if first.id in path:
        position = arch.path.index(first.id)
        return (arch.node(arch.path[max(position - 1, 0)]).shape,)
    return (arch.node(first.inputs[0]).shape if first.inputs else first.shape,)
