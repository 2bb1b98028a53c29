"""A sketch: the boxes and arrows of a U-Net before coordinates are assigned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, takewhile
from math import prod

from unet_tutorial.figures.arch.ir import ArchIR, Block, Node, Pairs, Skip
from unet_tutorial.figures.arch.level_maps import level_maps
from unet_tutorial.figures.arch.skips import gating_sources
from unet_tutorial.plan.levels import Size

COLLAPSE = ("conv", "block", "level")  # from all maps to the fewest
MAP_OPS = ("input", "conv", "linear", "pool", "up", "resize", "concat", "add")  # their outputs get a box
UP_OPS = ("up", "resize", "view", "conv", "crop", "act", "norm")  # may stand between the coarser map and a merge


@dataclass(frozen=True)
class FeatureMap:
    """A feature map that gets a box.

    ``skip_channels`` of its channels came through a skip and were concatenated. ``caption`` is "input" or "output",
    numbered if there are several, and "" for other maps, unless the user names them. ``colour`` replaces the palette's.
    """

    node: Node
    skip_channels: int = 0
    caption: str = ""
    colour: str = ""


@dataclass(frozen=True)
class Link:
    """An arrow from one box to another, given by their indices in ``Sketch.maps``.

    ``kind`` is a key of ``palette.ARROW_STYLES``. ``nodes`` are the operations that the arrow stands for; the last one
    computes the target's map. ``crop`` are the pixels cropped by these operations, ``marks`` the symbols on the
    arrow: "gate", "plus". ``residual`` are the residual blocks among ``nodes``: positions of the first operation and
    of the sum.
    """

    source: int
    target: int
    kind: str
    nodes: tuple[Node, ...]
    crop: Pairs = ()
    marks: tuple[str, ...] = ()
    residual: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Aside:
    """Blocks beside the main path that are drawn as one, such as the self-attentions of a level.

    ``kind`` is one of ``arch.ir.BLOCKS``, ``lines`` its text and ``uses`` the boxes (source, target) of each block;
    both are the same box if the block is on the arrow into it. ``sums`` are the targets that add its result to the main
    path. ``caption`` names the network's input that an embedding embeds.
    """

    kind: str
    lines: tuple[str, ...]
    uses: tuple[tuple[int, int], ...]
    sums: tuple[int, ...] = ()
    caption: str = ""


@dataclass(frozen=True)
class Sketch:
    """Feature maps and the links between them.

    ``maps`` are the maps on the main path (``length`` of them), then further inputs and further outputs of the network.
    ``steps`` link neighbours on the main path; one of kind "aside" is drawn through its block beside the path.
    ``copies`` are the skips, ``branches`` leave the main path and return to it, or bring in a further input. ``heads``
    lead to further outputs, ``gates`` from a coarser map to the gate on a skip. ``asides`` are the blocks beside the
    main path.
    """

    maps: tuple[FeatureMap, ...]
    steps: tuple[Link, ...]
    copies: tuple[Link, ...]
    branches: tuple[Link, ...] = ()
    length: int = 0
    heads: tuple[Link, ...] = ()
    gates: tuple[Link, ...] = ()
    asides: tuple[Aside, ...] = ()


def sketch_u(arch: ArchIR, collapse: str) -> Sketch:
    """The sketch of a U-Net.

    ``collapse`` chooses the maps: all ("conv"), those at the ends of blocks ("block"), or one per side and level
    ("level").
    """
    drawn = drawn_positions(arch, collapse)
    path = [arch.node(key) for key in arch.path]
    captions = input_output_captions(arch)
    maps = [FeatureMap(path[i], skip_channels(arch, path[i]), captions.get(path[i].id, "")) for i in drawn]
    steps = tuple(_step(arch, drawn, number) for number in range(len(drawn) - 1))
    copies = tuple(dict.fromkeys(copy_link(arch, drawn, skip) for skip in arch.skips))
    branches = _shortcuts(arch, drawn)
    embedded = {key for block in arch.blocks if block.kind == "embedding" for key in block.sources}
    for node in arch.inputs:
        if node.id not in (*arch.path, *embedded):
            branches += _input_links(arch, drawn, node, len(maps))
            maps.append(FeatureMap(node, caption=captions[node.id]))
    heads = []
    for node in map(arch.node, arch.outputs):
        links = _head_links(arch, drawn, node, len(maps)) if node.id not in arch.path else []
        if links:
            heads += links
            maps.append(FeatureMap(node, caption=captions[node.id]))
    gates = tuple(dict.fromkeys(link for skip in arch.skips for link in _gate_links(arch, drawn, skip)))
    asides = _asides(arch, drawn, captions)
    return Sketch(tuple(maps), steps, copies, tuple(branches), len(drawn), tuple(heads), gates, asides)


def input_output_captions(arch: ArchIR) -> dict[str, str]:
    """The captions of inputs and outputs, by id."""
    found: dict[str, str] = {}
    for word, ids in (("input", tuple(node.id for node in arch.inputs)), ("output", arch.outputs)):
        found |= {key: word if len(ids) == 1 else f"{word} {number}" for number, key in enumerate(ids, start=1)}
    return found


def _step(arch: ArchIR, drawn: Sequence[int], number: int) -> Link:
    """The arrow from box ``number`` to the next one."""
    before, here = drawn[number], drawn[number + 1]
    nodes = tuple(map(arch.node, arch.path[before + 1 : here + 1]))
    inside = {key for block in arch.blocks if block.kind == "attention" for key in block.nodes}
    kind = (
        "aside"
        if inside.issuperset(arch.path[before + 1 : here + 1])
        else step_kind(nodes, arch.node(arch.path[before]))
    )
    residual = _residual_blocks(arch, drawn, number)
    return Link(number, number + 1, kind, nodes, first_crop(nodes), residual=residual)


def _residual_blocks(arch: ArchIR, drawn: Sequence[int], number: int) -> tuple[tuple[int, int], ...]:
    """First operation and sum of each residual block on the arrow from box ``number`` to the next one.

    Both are counted from the first operation of the arrow. Sums whose shortcut starts at an earlier box are not among
    them, because they have an arrow of their own.
    """
    place = {key: i for i, key in enumerate(arch.path)}
    merges = {skip.target for skip in arch.skips}
    first, found = drawn[number] + 1, []
    for last in range(first, drawn[number + 1] + 1):
        node = arch.node(arch.path[last])
        if node.op != "add" or node.id in merges:
            continue
        starts = [
            _trace_back(arch.node(key), arch.index, place)[0] for key in node.inputs if key != arch.path[last - 1]
        ]
        known = [place[start.id] for start in starts if start]
        inside = [arch.node(key).op for key in arch.path[min(known, default=last) + 1 : last]]
        if (
            {"conv", "up", "linear"} & set(inside)
            and box_index(arch, drawn, min(known)) >= number
            and max(min(known) + 1, first) < last
        ):
            found.append((max(min(known) + 1, first) - first, last - first))
    return tuple(found)


def drawn_positions(arch: ArchIR, collapse: str) -> list[int]:
    """Positions on the main path of the maps that are drawn."""
    path = [arch.node(key) for key in arch.path]
    place = {node.id: i for i, node in enumerate(path)}
    passed = set().union(*(_upsampled(path, place[skip.target]) for skip in arch.skips))
    passed |= {i + shift for i in range(1, len(path) - 1) if joins_slices(arch, path[i]) for shift in (-1, 0)}
    passed |= {place[key] for key in conditioned(arch) if key in place}
    always = {0, len(path) - 1, *(place[key] for key in arch.outputs if key in place)}
    shown = [
        i
        for i, node in enumerate(path)
        if i in always or ((node.op in MAP_OPS or node.shape != path[i - 1].shape) and i not in passed)
    ]
    if collapse == "conv":
        return shown
    ends = {place: arch.path.index(node.id) for place, node in level_maps(arch).items()}
    runs = {place: list(run) for place, run in groupby(shown, key=lambda i: (path[i].side, path[i].level))}
    kept = always | {max((i for i in run if i <= ends.get(at, i)), default=run[-1]) for at, run in runs.items()}
    if collapse == "block":
        kept |= {run[0] for run in runs.values()} | {i for i in shown if path[i].op in ("add", "concat")}
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


def conditioned(arch: ArchIR) -> set[str]:
    """Ids of the nodes that add an embedding to their map, or scale it; they get no box of their own."""
    targets = {key for block in arch.blocks if block.kind == "embedding" for key in block.targets}
    return {key for key in targets if arch.node(key).op in ("add", "gate")}


def joins_slices(arch: ArchIR, node: Node) -> bool:
    """Whether a node concatenates slices of one map, each with every n-th pixel, as the patch merging of Swin does."""
    slices = [arch.node(key) for key in node.inputs] if node.op == "concat" else []
    return bool(slices) and all(each.op == "pool" and each.kind == "slice" for each in slices)


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
    if not windows and "linear" not in ops:
        return "join"
    return "point" if all(set(window.kernel) == {1} for window in windows) else "conv"


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
    if node.id in conditioned(arch):
        return box_index(arch, drawn, place - 1)
    ahead = takewhile(lambda i: arch.node(arch.path[i]).level == node.level, range(place, len(arch.path)))
    after = next((i for i in ahead if i in drawn), None)
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
        if node.op not in ("add", "concat") or joins_slices(arch, node):
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
    """The map on the main path from which ``node`` was computed, and the nodes from there on; None if there is none.

    Of several inputs it is the first one that was computed from the main path.
    """
    user: dict[str, Node | None] = {node.id: None}  # by id: the node through which it was reached
    waiting = [node]
    while waiting:
        here = waiting.pop()
        if here.id in place:
            between = []
            after = user[here.id]
            while after is not None:
                between.append(after)
                after = user[after.id]
            return here, tuple(between)
        before = [index[key] for key in here.inputs if key not in user]
        user |= dict.fromkeys((each.id for each in before), here)
        waiting += reversed(before)
    return None, ()


def _input_links(arch: ArchIR, drawn: Sequence[int], start: Node, number: int) -> list[Link]:
    """The link from a further input, box ``number``, to where it joins the main path; none if it never does."""
    joined, passed = _joins(arch, start)
    if joined is None:
        return []
    marks = ("plus",) * (joined.op == "add")
    return [Link(number, box_index(arch, drawn, arch.path.index(joined.id)), "branch", passed, (), marks)]


def _joins(arch: ArchIR, start: Node) -> tuple[Node | None, tuple[Node, ...]]:
    """The first node of the main path that is computed from ``start``, and the nodes up to it."""
    on_path = set(arch.path)
    if start.id in on_path:
        return start, ()
    computed = {start.id}
    passed: list[Node] = []
    for node in arch.nodes:
        if not computed & set(node.inputs):
            continue
        passed.append(node)
        if node.id in on_path:
            return node, tuple(passed)
        computed.add(node.id)
    return None, ()


def _head_links(arch: ArchIR, drawn: Sequence[int], output: Node, number: int) -> list[Link]:
    """The link to a further output, box ``number``, from its map on the main path; none if it comes from elsewhere."""
    place = {key: i for i, key in enumerate(arch.path)}
    start, between = _trace_back(output, arch.index, place)
    if start is None:
        return []
    kind = step_kind(between, start)
    return [Link(box_index(arch, drawn, place[start.id]), number, kind, between, first_crop(between))]


def _gate_links(arch: ArchIR, drawn: Sequence[int], skip: Skip) -> list[Link]:
    """The links from the maps that gate a skip, such as the decoder's coarser map, to the gate."""
    place = {key: i for i, key in enumerate(arch.path)}
    gate = next((arch.node(key) for key in skip.through if arch.node(key).op == "gate"), None)
    if gate is None:
        return []
    target = box_index(arch, drawn, place[skip.target])
    sources = [box_index(arch, drawn, place[key]) for key in gating_sources(arch, skip)]
    return [Link(source, target, "gating", (gate,)) for source in dict.fromkeys(sources) if source <= target]


def _asides(arch: ArchIR, drawn: Sequence[int], captions: dict[str, str]) -> tuple[Aside, ...]:
    """The blocks beside the main path: attentions by side and level, the others by name."""
    place = {key: i for i, key in enumerate(arch.path)}
    groups: dict[tuple[str, ...], list[Block]] = {}
    uses: dict[tuple[str, ...], list[tuple[int, int]]] = {}
    sums: dict[tuple[str, ...], list[int]] = {}
    for block in arch.blocks:
        starts = [start for key in block.sources if (start := _trace_back(arch.node(key), arch.index, place)[0])]
        inside = [arch.node(key) for key in block.nodes if key in place]
        ends = inside[-1:] or [joined for key in block.targets if (joined := _joins(arch, arch.node(key))[0])]
        if not ends:
            continue
        first = min([*starts, *ends], key=lambda node: place[node.id])
        where: tuple[str, ...] = (block.name,)
        if block.kind == "attention":
            where = first.side, str(first.level)
            ends = [end for end in ends if end.level == first.level] or [first]
        groups.setdefault((block.kind, *where), []).append(block)
        for end in ends:
            source, target = (box_index(arch, drawn, place[node.id]) for node in (first, end))
            uses.setdefault((block.kind, *where), []).append((source, target))
            if source < target and end.op == "add" and drawn[target] == place[end.id] and not inside:
                sums.setdefault((block.kind, *where), []).append(target)
    found = []
    for group, blocks in groups.items():
        names = [block.name for block in blocks] if group[0] == "attention" else [group[1]]
        inputs = dict.fromkeys(captions[key] for block in blocks for key in block.sources if key in captions)
        used, added = tuple(dict.fromkeys(uses[group])), tuple(dict.fromkeys(sums.get(group, ())))
        found.append(Aside(group[0], _counted(names), used, added, " and ".join(inputs)))
    return tuple(found)


def _counted(texts: Sequence[str]) -> tuple[str, ...]:
    """Each text once, with its number if it occurs several times.

    >>> _counted(["linear", "pool", "linear"])
    ('2 × linear', 'pool')
    """
    return tuple(text if count == 1 else f"{count} × {text}" for text, count in Counter(texts).items())


def mean_side(size: Size) -> float:
    """Geometric mean of the sides; 1 without spatial axes."""
    return prod(size) ** (1 / len(size)) if size else 1.0
