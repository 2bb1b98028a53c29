"""A sketch: the boxes and arrows of a U-Net before coordinates are assigned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from math import prod

from unet_tutorial.figures.arch.ir import ArchIR, Node, Pairs, Skip
from unet_tutorial.plan.levels import Size

COLLAPSE = ("conv", "block", "level")  # from all maps to the fewest
MAP_OPS = ("input", "conv", "linear", "pool", "up", "resize", "concat", "add")  # their outputs get a box
UP_OPS = ("up", "resize", "view", "conv", "crop", "act", "norm")  # may stand between the coarser map and a merge


@dataclass(frozen=True)
class FeatureMap:
    """A feature map that gets a box; ``skip_channels`` of its channels came through a skip and were concatenated."""

    node: Node
    skip_channels: int = 0


@dataclass(frozen=True)
class Link:
    """An arrow from one box to another, given by their indices in ``Sketch.maps``.

    ``kind`` is a key of ``palette.ARROW_STYLES``. ``nodes`` are the operations that the arrow stands for; the last one
    computes the target's map. ``crop`` are the pixels cropped by these operations, ``marks`` the symbols on the
    arrow: "gate", "plus".
    """

    source: int
    target: int
    kind: str
    nodes: tuple[Node, ...]
    crop: Pairs = ()
    marks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sketch:
    """Feature maps and the links between them.

    ``maps`` are the maps on the main path (``length`` of them), then further inputs of the network. ``steps`` link
    neighbours on the main path, ``copies`` are the skips, ``branches`` leave the main path and return to it, or bring
    in a further input.
    """

    maps: tuple[FeatureMap, ...]
    steps: tuple[Link, ...]
    copies: tuple[Link, ...]
    branches: tuple[Link, ...] = ()
    length: int = 0


def sketch_u(arch: ArchIR, collapse: str) -> Sketch:
    """The sketch of a U-Net.

    ``collapse`` chooses the maps: all ("conv"), those at the ends of blocks ("block"), or one per side and level
    ("level").
    """
    path = [arch.node(key) for key in arch.path]
    drawn = drawn_positions(arch, collapse)
    maps = [FeatureMap(path[i], skip_channels(arch, path[i])) for i in drawn]
    steps = []
    for number, (before, here) in enumerate(pairwise(drawn)):
        nodes = tuple(path[before + 1 : here + 1])
        steps.append(Link(number, number + 1, step_kind(nodes, path[before]), nodes, first_crop(nodes)))
    copies = tuple(dict.fromkeys(copy_link(arch, drawn, skip) for skip in arch.skips))
    branches = _shortcuts(arch, drawn)
    further = [node for node in arch.inputs if node.id not in arch.path]
    for node in further:
        branches += _input_links(arch, drawn, node, len(maps))
        maps.append(FeatureMap(node))
    return Sketch(tuple(maps), tuple(steps), copies, tuple(branches), len(drawn))


def drawn_positions(arch: ArchIR, collapse: str) -> list[int]:
    """Positions on the main path of the maps that are drawn."""
    path = [arch.node(key) for key in arch.path]
    place = {node.id: i for i, node in enumerate(path)}
    upsampled = set().union(*(_upsampled(path, place[skip.target]) for skip in arch.skips))
    shown = [
        i
        for i, node in enumerate(path)
        if i in (0, len(path) - 1) or ((node.op in MAP_OPS or node.shape != path[i - 1].shape) and i not in upsampled)
    ]
    if collapse == "conv":
        return shown
    runs = [list(run) for _, run in groupby(shown, key=lambda i: (path[i].side, path[i].level))]
    kept = {0} | {run[-1] for run in runs}
    if collapse == "block":
        kept |= {run[0] for run in runs} | {i for i in shown if path[i].op in ("add", "concat")}
        kept |= {place[skip.source] for skip in arch.skips} & set(shown)
    return sorted(kept)


def _upsampled(path: Sequence[Node], merge: int) -> set[int]:
    """Positions of the nodes that only upsample the coarser map for the merge at position ``merge``.

    They get no box of their own: the arrow stands for them, and the box of the merge shows the upsampled map.
    """
    for start in range(merge - 1, max(merge - 5, 0), -1):
        if path[start].level < path[start - 1].level:
            between = range(start, merge)
            convs = sum(path[i].op == "conv" for i in between)
            return set(between) if convs < 2 and all(path[i].op in UP_OPS for i in between) else set()
    return set()


def skip_channels(arch: ArchIR, node: Node) -> int:
    """Number of channels of a concatenation that came through a skip; 0 for any other node."""
    came = {key for skip in arch.skips if skip.target == node.id for key in (skip.source, *skip.through)}
    return sum(arch.node(key).channels for key in node.inputs if key in came) if node.op == "concat" else 0


def step_kind(nodes: Sequence[Node], before: Node) -> str:
    """The kind of arrow for these operations, which follow the map ``before``."""
    ops, last = {node.op for node in nodes}, nodes[-1]
    deeper = last.level - before.level if last.scale and before.scale else 0
    if deeper > 0:
        return "pool" if ops & {"pool", "resize"} else "strided"
    if deeper < 0:
        return next((kind for kind in ("up", "resize") if kind in ops), "shuffle")
    windows = [node.window for node in nodes if node.op == "conv" and node.window]
    if windows and all(set(window.kernel) == {1} for window in windows):
        return "point"
    return "conv" if windows or "linear" in ops else "join"


def first_crop(nodes: Sequence[Node]) -> Pairs:
    """Pixels cropped by the first crop among these nodes; () if there is none."""
    return next((node.crop for node in nodes if node.op == "crop" and node.crop), ())


def copy_link(arch: ArchIR, drawn: Sequence[int], skip: Skip) -> Link:
    """The arrow of a skip."""
    place = {key: i for i, key in enumerate(arch.path)}
    through = tuple(arch.node(key) for key in reversed(skip.through))
    merge = arch.node(skip.target)
    marks = ("gate",) * any(n.op == "gate" for n in through) + ("plus",) * (merge.op == "add")
    source, target = (box_index(arch, drawn, place[key]) for key in (skip.source, skip.target))
    return Link(source, target, "copy", (*through, merge), first_crop(through), marks)


def box_index(arch: ArchIR, drawn: Sequence[int], place: int) -> int:
    """Index of the box that shows the map at this position of the main path.

    It is the map's own box, else the next one of its level, else the one before, from which it differs only by an
    activation.
    """
    node = arch.node(arch.path[place])
    after = next((i for i in drawn if i >= place and arch.node(arch.path[i]).level == node.level), None)
    before = max(i for i in drawn if i <= place)
    same_map = node.op in ("act", "norm", "gate") and before != place
    return list(drawn).index(before if after is None or same_map else after)


def _shortcuts(arch: ArchIR, drawn: Sequence[int]) -> list[Link]:
    """Links that leave the main path and are merged into it again on the same side, such as in a residual block."""
    index, place = arch.index, {key: i for i, key in enumerate(arch.path)}
    skipped = {(skip.target, key) for skip in arch.skips for key in (skip.source, *skip.through)}
    found = []
    for here, key in enumerate(arch.path):
        node = index[key]
        if node.op not in ("add", "concat"):
            continue
        others = [other for other in node.inputs if other != arch.path[here - 1] and (key, other) not in skipped]
        for other in others:
            start, between = _trace_back(index[other], index, place)
            if start is None or (key, start.id) in skipped:
                continue
            ends = box_index(arch, drawn, place[start.id]), box_index(arch, drawn, here)
            apart = ends[0] < ends[1] - 1  # if the boxes are neighbours, the arrow between them also shows the sum
            if apart or (node.op == "concat" and between and ends[0] < ends[1]):
                plus = ("plus",) * (node.op == "add")
                found.append(Link(*ends, "branch", (*between, node), first_crop(between), plus))
    return list(dict.fromkeys(found))


def _trace_back(node: Node, index: dict[str, Node], place: dict[str, int]) -> tuple[Node | None, tuple[Node, ...]]:
    """The map on the main path from which ``node`` was computed, and the nodes from there on; None if there is none."""
    between: list[Node] = []
    while node.id not in place:
        between.append(node)
        if not node.inputs:
            return None, tuple(between)
        node = index[node.inputs[0]]
    return node, tuple(reversed(between))


def _input_links(arch: ArchIR, drawn: Sequence[int], start: Node, number: int) -> list[Link]:
    """The link from a further input, box ``number``, to where it joins the main path; none if it never does."""
    place = {key: i for i, key in enumerate(arch.path)}
    computed = {start.id}
    passed: list[Node] = []
    for node in arch.nodes:
        if not computed & set(node.inputs):
            continue
        passed.append(node)
        if node.id in place:
            marks = ("plus",) * (node.op == "add")
            return [Link(number, box_index(arch, drawn, place[node.id]), "branch", tuple(passed), (), marks)]
        computed.add(node.id)
    return []


def mean_side(size: Size) -> float:
    """Geometric mean of the sides; 1 without spatial axes."""
    return prod(size) ** (1 / len(size)) if size else 1.0
