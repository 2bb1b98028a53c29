"""Rows of a table, as numbers: one row per operation, or one per side (encoder, decoder, …) and level."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from unet_tutorial.figures.arch.ir import ArchIR, Node, Pairs
from unet_tutorial.figures.arch.text import operation_name
from unet_tutorial.plan.levels import Size

SIDE_ORDER = ("enc", "bottom", "dec", "head", "")
NOT_LISTED = ("input", "view", "act", "norm", "crop")  # in the row of a level; crops have a column of their own
BY = ("level", "layer")
Place = tuple[str, int | None]  # side, and level; None for maps without spatial axes


@dataclass(frozen=True)
class Row:
    """A row; ``id`` is that of its last map.

    ``inputs`` and ``out`` are shapes (C, *size). ``crops`` are the pixels cropped per side of the skips. ``saved`` are
    bytes for the backward pass, None if only their sum is known. ``receptive_field`` (smallest and largest, in pixels)
    and ``jump`` (accumulated stride) are those of ``out``, per axis.
    """

    id: str
    level: int | None
    side: str
    op: str
    inputs: tuple[Size, ...]
    out: Size
    crops: tuple[Pairs, ...]
    parameters: int
    macs: int
    saved: int | None
    receptive_field: Pairs
    jump: tuple[float, ...]


def row_ends(arch: ArchIR, by: str) -> list[str]:
    """Ids of the last map of each row, whose receptive field the row shows.

    Raises ValueError if ``by`` is neither "level" nor "layer".
    """
    if by not in BY:
        raise ValueError(f"by {by!r} is unknown; write 'level' for a row per level, 'layer' for one per operation")
    if by == "layer":
        return [node.id for node in arch.nodes]
    return [_last(nodes, arch).id for nodes in _groups(arch).values()]


def rows(arch: ArchIR, by: str = "level") -> tuple[Row, ...]:
    """The rows in the order of the forward pass; the operations on a skip belong to the level where it is merged.

    The architecture must hold the receptive fields of the maps in ``row_ends``.
    """
    if by == "level":
        entering = _entering_shapes(arch)
        found = [_level_row(place, nodes, _last(nodes, arch), entering) for place, nodes in _groups(arch).items()]
    else:
        found = [_layer_row(node, arch) for node in arch.nodes]
    if sum(node.saved for node in arch.nodes) == 0 < arch.totals.get("saved", 0):
        found = [replace(row, saved=None) for row in found]
    return tuple(found)


def _layer_row(node: Node, arch: ArchIR) -> Row:
    inputs = tuple(arch.node(key).shape for key in node.inputs)
    row = _level_row(_place(node), [node], node, {})
    return replace(row, side=node.side, inputs=inputs, op=operation_name(node, with_folded=True))


def _level_row(place: Place, nodes: Sequence[Node], end: Node, entering: dict[Place, Size]) -> Row:
    operations = Counter(operation_name(node) for node in nodes if node.op not in NOT_LISTED)
    return Row(
        id=end.id,
        level=place[1],
        side=place[0],
        op=", ".join(name if n == 1 else f"{n} {name}" for name, n in operations.items()),
        inputs=(entering[place],) if place in entering else (),
        out=end.shape,
        crops=tuple(dict.fromkeys(node.crop for node in nodes if node.crop)),
        parameters=sum(node.parameters for node in nodes),
        macs=sum(node.macs for node in nodes),
        saved=sum(node.saved for node in nodes),
        receptive_field=end.field,
        jump=end.scale,
    )


def _place(node: Node) -> Place:
    return node.side, node.level if node.scale else None


def _groups(arch: ArchIR) -> dict[Place, list[Node]]:
    """Nodes by side and level, from input to output; if there is no main path, by level only, in execution order."""
    place: dict[str, Place] = {}
    for node in reversed(arch.nodes):  # consumers first: a skip's nodes get the place where the skip is merged
        place.setdefault(node.id, _place(node))
        for key in node.inputs if place[node.id][0] in ("dec", "head") else ():
            if arch.index[key].side == "skip":
                place[key] = place[node.id]
    groups: dict[Place, list[Node]] = {}
    for node in arch.nodes:
        groups.setdefault(place[node.id], []).append(node)
    return dict(sorted(groups.items(), key=lambda item: _order(item[0]))) if arch.path else groups


def _order(place: Place) -> tuple[int, int]:
    side, level = place
    at = SIDE_ORDER.index(side) if side in SIDE_ORDER else len(SIDE_ORDER)
    return at, (level or 0) * (-1 if side == "dec" else 1)


def _last(nodes: Sequence[Node], arch: ArchIR) -> Node:
    """The last of these nodes on the main path, or the last of all if none is on it."""
    path = set(arch.path)
    return ([node for node in nodes if node.id in path] or list(nodes))[-1]


def _entering_shapes(arch: ArchIR) -> dict[Place, Size]:
    """The input shape of each place: that of its first node on the main path, or of its first node if none is on it."""
    found: dict[Place, Size] = {}
    path = [arch.node(key) for key in arch.path] or [node for node in arch.nodes if node.inputs]
    for i, node in enumerate(path):
        before = (
            path[i - 1].shape if arch.path and i else arch.node(node.inputs[0]).shape if node.inputs else node.shape
        )
        found.setdefault(_place(node), before)
    for node in arch.nodes:
        if node.inputs:
            found.setdefault(_place(node), arch.node(node.inputs[0]).shape)
    return found
