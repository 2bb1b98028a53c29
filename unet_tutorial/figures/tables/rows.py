"""Rows of a table: one for each operation, or one for each level of each side. Exact numbers, no formatting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from unet_tutorial.figures.arch.ir import ArchIR, Node, Pairs
from unet_tutorial.figures.arch.receptive_field import with_fields
from unet_tutorial.figures.arch.text import operation_name
from unet_tutorial.plan.levels import Size

ORDER = ("enc", "bottom", "dec", "head", "")
QUIET = ("input", "view", "act", "norm", "crop")  # of a level; a column of its own tells what is cut
BY = ("level", "layer")
Place = tuple[str, int | None]  # side, and level where the maps have axes


@dataclass(frozen=True)
class Row:
    """``given`` are the (C, *size) that come in, ``out`` what goes out; ``crops`` the pixels cut off per side of what
    a skip brings; ``saved`` bytes for the backward pass, None where they are only known in sum; ``field`` and ``jump``
    the receptive field and the accumulated stride of ``out``, per axis; ``id`` that of the map given out."""

    id: str
    level: int | None
    side: str
    op: str
    given: tuple[Size, ...]
    out: Size
    crops: tuple[Pairs, ...]
    parameters: int
    macs: int
    saved: int | None
    field: Pairs
    jump: tuple[float, ...]


def rows(arch: ArchIR, by: str = "level") -> tuple[Row, ...]:
    """The rows in the order of the forward pass; what lies on a skip counts to the level where it is merged.

    ValueError for another ``by`` than "level" and "layer".
    """
    if by not in BY:
        raise ValueError(f"by {by!r} is unknown; write 'level' for a row per level, 'layer' for one per operation")
    if by == "level":
        groups, entering = _groups(arch), _entering(arch)
        ends = {place: _last(nodes, set(arch.path)) for place, nodes in groups.items()}
        arch = with_fields(arch, [end.id for end in ends.values()])
        found = [_level(place, nodes, arch.node(ends[place].id), entering) for place, nodes in groups.items()]
    else:
        arch = with_fields(arch)
        found = [_layer(node, arch) for node in arch.nodes]
    if sum(node.saved for node in arch.nodes) == 0 < arch.totals.get("saved", 0):
        found = [replace(row, saved=None) for row in found]
    return tuple(found)


def _layer(node: Node, arch: ArchIR) -> Row:
    given = tuple(arch.node(key).shape for key in node.inputs)
    row = _level(_place(node), [node], node, {})
    return replace(row, side=node.side, given=given, op=operation_name(node, whole=True))


def _level(place: Place, nodes: Sequence[Node], end: Node, entering: dict[Place, Size]) -> Row:
    deeds = Counter(operation_name(node) for node in nodes if node.op not in QUIET)
    return Row(
        id=end.id,
        level=place[1],
        side=place[0],
        op=", ".join(name if n == 1 else f"{n} {name}" for name, n in deeds.items()),
        given=(entering[place],) if place in entering else (),
        out=end.shape,
        crops=tuple(dict.fromkeys(node.crop for node in nodes if node.crop)),
        parameters=sum(node.parameters for node in nodes),
        macs=sum(node.macs for node in nodes),
        saved=sum(node.saved for node in nodes),
        field=end.field,
        jump=end.scale,
    )


def _place(node: Node) -> Place:
    return node.side, node.level if node.scale else None


def _groups(arch: ArchIR) -> dict[Place, list[Node]]:
    """Nodes by side and level, down, along the bottom and up; without a U by level, in the order of appearance."""
    place: dict[str, Place] = {}
    for node in reversed(arch.nodes):  # readers first: a skip's nodes stand where the skip is merged
        place.setdefault(node.id, _place(node))
        for key in node.inputs if place[node.id][0] in ("dec", "head") else ():
            if arch.index[key].side == "skip":
                place[key] = place[node.id]
    groups: dict[Place, list[Node]] = {}
    for node in arch.nodes:
        groups.setdefault(place[node.id], []).append(node)
    return dict(sorted(groups.items(), key=lambda item: _rank(item[0]))) if arch.path else groups


def _rank(place: Place) -> tuple[int, int]:
    side, level = place
    at = ORDER.index(side) if side in ORDER else len(ORDER)
    return at, (level or 0) * (-1 if side == "dec" else 1)


def _last(nodes: Sequence[Node], path: set[str]) -> Node:
    """What goes on from here: the last map on the way through the U, or else the last of all."""
    return ([node for node in nodes if node.id in path] or list(nodes))[-1]


def _entering(arch: ArchIR) -> dict[Place, Size]:
    """What each level is given along the way through the U, or from the first map that one beside it reads."""
    found: dict[Place, Size] = {}
    way = [arch.node(key) for key in arch.path] or [node for node in arch.nodes if node.inputs]
    for i, node in enumerate(way):
        before = way[i - 1].shape if arch.path and i else arch.node(node.inputs[0]).shape if node.inputs else node.shape
        found.setdefault(_place(node), before)
    for node in arch.nodes:
        if node.inputs:
            found.setdefault(_place(node), arch.node(node.inputs[0]).shape)
    return found
