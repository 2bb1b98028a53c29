"""The feature map that stands for a level of a U-Net: as a box of a small drawing, in a row of a table, in a text.

In the encoder it is the map that the skip of the level carries. A level without a skip, and a level of the decoder, end
with the last map through which everything after it is computed, so that no inner map of a block stands for its level.
The coarsest level ends where the decoder's modules begin, if the model has modules for the decoder alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from unet_tutorial.figures.arch.dataflow import is_pointwise
from unet_tutorial.figures.arch.ir import ArchIR, Node

Place = tuple[str, int | None]  # side, and level; None for maps without spatial axes
BOTTOM_SKIP = ("concat", "dec", "bottom")  # operation and side of the merge, side of the map that it uses
RESHAPING = ("crop", "view", "split")  # give an earlier map another size or shape


def level_maps(arch: ArchIR) -> dict[Place, Node]:
    """The map of each side and level of the main path, in the order of the path; empty without a main path."""
    path = [arch.node(key) for key in arch.path]
    positions: dict[Place, list[int]] = {}
    for i, node in enumerate(path):
        if node.scale:
            positions.setdefault((node.side, node.level), []).append(i)
    carried, decoder = _carried(arch), _in_decoder_modules(path)
    # the decoder may also merge several maps of the coarsest level, as in PAN (arXiv:1805.10180)
    shortcuts = [(i, j) for i, j in _shortcuts(arch) if i in decoder or j not in decoder]
    ends = {}
    for place, here in positions.items():
        ends[place] = _last_whole(path, _before_decoder(path, here, decoder), shortcuts)
    ends |= carried
    if positions:
        ends[list(positions)[-1]] = len(path) - 1  # the output
    return {place: path[i] for place, i in ends.items()}


def _carried(arch: ArchIR) -> dict[Place, int]:
    """By side and level: the position on the main path of the map that a skip carries, of several the last one.

    The input itself, as in a network that adds its input to its output, counts only if the level has no other map.
    """
    position = {key: i for i, key in enumerate(arch.path)}
    sources = sorted(position[skip.source] for skip in arch.skips)
    nodes = [(i, arch.node(arch.path[i])) for i in sources]
    return {(node.side, node.level): i for i, node in nodes if node.op != "input"}


def _in_decoder_modules(path: Sequence[Node]) -> set[int]:
    """Positions of maps with a module of the model that computes maps of the decoder and none of the encoder.

    Modules that hold all maps, such as a wrapper, do not count.
    """
    modules = [_modules(node) for node in path]
    wrappers = set.intersection(*(set(names) for names in modules if names)) if any(modules) else set()
    sides: dict[str, set[str]] = {}
    for node, names in zip(path, modules, strict=True):
        for name in names:
            sides.setdefault(name, set()).add(node.side)
    own = {name for name, found in sides.items() if "dec" in found and "enc" not in found} - wrappers
    return {i for i, names in enumerate(modules) if own & set(names)}


def _modules(node: Node) -> list[str]:
    """The module of a node, and the modules that it is inside of; [] if unknown."""
    words = node.path.split(".") if node.path else []
    return [".".join(words[:count]) for count in range(1, len(words) + 1)]


def _before_decoder(path: Sequence[Node], here: Sequence[int], decoder: set[int]) -> Sequence[int]:
    """The positions ``here`` of a level without those of the decoder; all of them if only a pooling would be left."""
    kept = [i for i in here if path[i].side != "bottom" or i not in decoder]
    return here if all(path[i].op in ("pool", *RESHAPING) for i in kept) else kept


def _shortcuts(arch: ArchIR) -> list[tuple[int, int]]:
    """Connections beside the main path, such as those of residual blocks: positions of both ends on the path.

    Skips are not among them, nor are maps of the coarsest level that the decoder concatenates, as in UNETR.
    """
    position = {key: i for i, key in enumerate(arch.path)}
    skips = {(skip.source, skip.target) for skip in arch.skips}
    found = []
    for key in arch.path:
        waiting, seen = list(arch.node(key).inputs), set[str]()
        while waiting:
            before = waiting.pop()
            if before in position:
                merge = arch.node(key)
                skip = (before, key) in skips or (merge.op, merge.side, arch.node(before).side) == BOTTOM_SKIP
                apart = position[before] < position[key] - 1
                found += [(position[before], position[key])] if apart and not skip else []
            elif before not in seen:
                seen.add(before)
                waiting += arch.node(before).inputs
    return found


def _last_whole(path: Sequence[Node], here: Sequence[int], shortcuts: Sequence[tuple[int, int]]) -> int:
    """The last of the positions ``here``, all of one level, whose map is not an inner one of a block."""
    inside = {i for first, last in shortcuts if first in here for i in range(first + 1, last)}
    for i in reversed(here):
        if i not in inside and _has_new_values(path[i]) and not (i > here[0] and _opens_a_block(path, i)):
            joined = [first for first, last in shortcuts if last == i and _is_inner_skip(path, first, i)]
            return i if not joined else _last_whole(path, range(max(joined) + 1, i), shortcuts)
    return here[-1]


def _has_new_values(node: Node) -> bool:
    """Whether a map is not just an earlier one in another size or shape; an image made from a vector counts as new."""
    return node.op not in RESHAPING or (node.op == "view" and bool(node.global_axes))


def _is_inner_skip(path: Sequence[Node], first: int, last: int) -> bool:
    """Whether a concatenation at the coarsest level joins a map with a wider one computed from it, as a skip does.

    In a dense block the map that is added is the narrower one.
    """
    merge, wide = path[last], path[last - 1]
    return merge.op == "concat" and merge.side == "bottom" and wide.channels > path[first].channels


def _opens_a_block(path: Sequence[Node], i: int) -> bool:
    """Whether map ``i`` only prepares the change of level that follows.

    It does so as the first convolution of a bottleneck or an inverted residual block without a shortcut (1×1, a
    convolution that changes the level, 1×1), and if it gives a pixel shuffle its additional channels. A map of the same
    module as the map before it ends a block.
    """
    node, before = path[i], path[i - 1]
    after = [each for each in path[i + 1 : i + 5] if each.op not in ("gate", "crop")]
    if node.op != "conv" or not after or _shared_modules(node, before) > _shared_modules(node, after[0]):
        return False
    if after[0].op == "view":
        return after[0].level < node.level and node.channels > before.channels
    ends_a_block = before.op != "conv" or is_pointwise(before)
    changes = after[0].op in ("conv", "up") and after[0].level != node.level
    return ends_a_block and changes and is_pointwise(node) and len(after) > 1 and is_pointwise(after[1])


def _shared_modules(one: Node, other: Node) -> int:
    """How many modules hold both maps, one inside the other."""
    return len({*_modules(one)} & {*_modules(other)})
