"""Finds the U-Net in a graph: simplifies it, adds levels, sides and skips, and gives each node an id by its place.

A network is U-shaped if its main path goes down from the input to coarser maps and then up again to finer ones. It is a
plain U-Net if, in addition, each skip joins maps of the same level.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from unet_tutorial.figures.arch.blocks import find_blocks, without_blocks
from unet_tutorial.figures.arch.fold import folded
from unet_tutorial.figures.arch.ir import ArchIR, Block, Node, Skip
from unet_tutorial.figures.arch.nested import reason_if_nested
from unet_tutorial.figures.arch.path import BOUNDED, main_path, not_a_u, with_levels, with_scales
from unet_tutorial.figures.arch.skips import find_skips


def analysed(arch: ArchIR) -> ArchIR:
    """The architecture with main path, sides and skips, or with the reason why it is not U-shaped; same totals."""
    nodes, outputs = folded(arch.nodes, arch.outputs)
    nodes = with_scales(nodes)
    blocks = find_blocks(nodes, outputs)
    nodes = with_levels(nodes, main_path(without_blocks(nodes, blocks, outputs), outputs))
    outside = without_blocks(nodes, blocks, outputs)
    path = main_path(outside, outputs)
    reason = not_a_u(path)
    reason = reason and (reason_if_nested(outside, outputs) or reason)
    skips, unusual = ([], "") if reason else find_skips(outside, path, outputs)
    nodes = nodes if reason else _with_sides(nodes, path, skips, blocks, outputs)
    nodes = _with_places_of_users(nodes)
    new_id = dict(zip((node.id for node in nodes), _new_ids(nodes), strict=True))
    return replace(
        arch,
        nodes=tuple(replace(n, id=new_id[n.id], inputs=tuple(new_id[key] for key in n.inputs)) for n in nodes),
        outputs=tuple(new_id[key] for key in outputs),
        path=() if reason else tuple(new_id[node.id] for node in path),
        skips=tuple(Skip(new_id[s.source], new_id[s.target], tuple(new_id[key] for key in s.through)) for s in skips),
        blocks=tuple(_renamed(block, new_id) for block in blocks),
        reason=reason or unusual,
    )


def _with_sides(
    nodes: tuple[Node, ...],
    path: list[Node],
    skips: list[Skip],
    blocks: Sequence[Block],
    outputs: tuple[str, ...],
) -> tuple[Node, ...]:
    """Set ``Node.side``; a node that is neither on the main path nor on a skip gets that of its last user.

    A block whose result the same side uses, or the next one, has the side of the map that enters it. Nodes off the main
    path that only lead to an output, as in deep supervision, are heads.
    """
    coarsest = max(node.level for node in path)
    bottom = [i for i, node in enumerate(path) if node.level == coarsest]
    sides = {n.id: "enc" if i < bottom[0] else "dec" if i > bottom[-1] else "bottom" for i, n in enumerate(path)}
    sides |= {node.id: "head" for node in path[_first_of_head(path, sides) :]}
    on_path = dict(sides)
    sides |= {key: "skip" for skip in skips for key in skip.through}
    for block in blocks:
        entered = [on_path[key] for key in block.sources if key in on_path][:1]
        used = {on_path[key] for key in block.targets if key in on_path}
        if entered and used and not (entered == ["enc"] and used == {"dec"}):  # else it is on a skip
            sides |= dict.fromkeys(block.nodes, *entered) | on_path
    _add_sides_of_users(nodes, sides)
    sides = dict.fromkeys(outputs, "head") | sides
    _add_sides_of_users(nodes, sides)
    placed: dict[str, Node] = {}
    for node in nodes:
        node = replace(node, side=sides.get(node.id, ""))
        if node.side == "head" and not node.scale and node.inputs:  # a classifier has the level of its map
            node = replace(node, level=max(placed[key].level for key in node.inputs))
        placed[node.id] = node
    return tuple(placed.values())


def _add_sides_of_users(nodes: tuple[Node, ...], sides: dict[str, str]) -> None:
    """Add to ``sides`` the nodes from which its nodes are computed."""
    for node in reversed(nodes):
        for key in node.inputs if node.id in sides else ():
            sides.setdefault(key, sides[node.id])


def _with_places_of_users(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """Set side and level of nodes without spatial axes to those of their users; "" and 0 if these differ."""
    found: dict[str, set[tuple[str, int]]] = {node.id: set() for node in nodes}  # sides and levels of the users
    placed = []
    for node in reversed(nodes):
        if not node.scale and found[node.id]:
            side, level = found[node.id].pop() if len(found[node.id]) == 1 else ("", 0)
            node = replace(node, side=side, level=level)
        for key in node.inputs:
            found[key].add((node.side, node.level))
        placed.append(node)
    return tuple(reversed(placed))


def _renamed(block: Block, new_id: dict[str, str]) -> Block:
    ids = ([new_id[key] for key in keys] for keys in (block.nodes, block.sources, block.targets))
    return Block(block.kind, block.name, *map(tuple, ids))


def _first_of_head(path: list[Node], sides: dict[str, str]) -> int:
    """Position of the last convolution of the decoder if it computes the output; else the length of the path.

    It is a 1×1 convolution, or one without norm and activation after a convolution with them.
    """
    last = max(i for i, node in enumerate(path) if node.op not in ("act", "norm", "resize", "view"))
    head = path[last]
    if head.op != "conv" or not head.window or sides[head.id] != "dec":
        return len(path)
    plain = all(kind.strip("_") in BOUNDED for kind in head.folded)
    others = [node for node in path[:last] if node.level == head.level and sides[node.id] == "dec"]
    after_a_block = any(node.op == "conv" for node in others) and any(node.folded for node in others)
    return last if set(head.window.kernel) == {1} or (plain and after_a_block) else len(path)


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
