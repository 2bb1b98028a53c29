"""A sketch: the boxes and arrows of a U-Net before coordinates are assigned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, takewhile
from math import prod

from unet_tutorial.figures.arch.ir import ArchIR, Block, Node, Pairs, Skip
from unet_tutorial.figures.arch.level_maps import level_maps
from unet_tutorial.figures.arch.skips import gating_sources
from unet_tutorial.plan.levels import Size

COLLAPSE = ("conv", "block", "level")  # from all maps to the fewest
MAP_OPS = ("input", "conv", "linear", "pool", "up", "resize", "concat", "add")  # their outputs get a box
UP_OPS = ("up", "resize", "view", "conv", "crop", "act", "norm")  # may stand between the coarser map and a merge
MOST_UP_OPS = 4  # the largest number of them


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


@dataclass(frozen=True)
class MainPath:
    """The main path of a U-Net, with the maps on it that get a box; ``collapse`` chooses them as in ``sketch_u``."""

    arch: ArchIR
    collapse: str

    @cached_property
    def nodes(self) -> list[Node]:
        """The nodes from the input to the output."""
        return [self.arch.node(key) for key in self.arch.path]

    @cached_property
    def position(self) -> dict[str, int]:
        """By id: the position of a node in ``nodes``."""
        return {key: i for i, key in enumerate(self.arch.path)}

    @cached_property
    def conditioned(self) -> set[str]:
        """Ids of the nodes that add an embedding to their map, or scale it; they get no box of their own."""
        targets = {key for block in self.arch.blocks if block.kind == "embedding" for key in block.targets}
        return {key for key in targets if self.arch.node(key).op in ("add", "gate")}

    @cached_property
    def drawn(self) -> list[int]:
        """Positions of the maps that get a box."""
        arch, nodes, position = self.arch, self.nodes, self.position
        hidden = set().union(*(_upsampled(nodes, position[skip.target]) for skip in arch.skips))
        hidden |= {i + shift for i in range(1, len(nodes) - 1) if joins_slices(arch, nodes[i]) for shift in (-1, 0)}
        hidden |= {position[key] for key in self.conditioned if key in position}
        always = {0, len(nodes) - 1, *(position[key] for key in arch.outputs if key in position)}
        shown = [
            i
            for i, node in enumerate(nodes)
            if i in always or ((node.op in MAP_OPS or node.shape != nodes[i - 1].shape) and i not in hidden)
        ]
        if self.collapse == "conv":
            return shown
        ends = {place: position[node.id] for place, node in level_maps(arch).items()}  # place: side and level
        runs = {place: list(run) for place, run in groupby(shown, key=lambda i: (nodes[i].side, nodes[i].level))}
        kept = always | {
            max((i for i in run if i <= ends.get(place, i)), default=run[-1]) for place, run in runs.items()
        }
        if self.collapse == "block":
            kept |= {run[0] for run in runs.values()} | {i for i in shown if nodes[i].op in ("add", "concat")}
            kept |= {position[skip.source] for skip in arch.skips} & set(shown)
        return sorted(kept)

    def box(self, node: Node) -> int:
        """Index of the box that shows the map of a node on the main path.

        It is the map's own box, else the next one of its level, else the one before, from which it differs only by an
        activation.
        """
        here = self.position[node.id]
        if node.id in self.conditioned:
            return self.box(self.nodes[here - 1])
        ahead = takewhile(lambda i: self.nodes[i].level == node.level, range(here, len(self.nodes)))
        after = next((i for i in ahead if i in self.drawn), None)
        before = max(i for i in self.drawn if i <= here)
        same_map = node.op in ("act", "norm", "gate") and before != here
        return self.drawn.index(before if after is None or same_map else after)

    def origin(self, node: Node) -> tuple[Node | None, tuple[Node, ...]]:
        """The map on the main path from which ``node`` was computed, or None, and the nodes from there on.

        Of several inputs it is the first one that was computed from the main path.
        """
        user: dict[str, Node | None] = {node.id: None}  # by id: the node through which it was reached
        waiting = [node]
        while waiting:
            here = waiting.pop()
            if here.id in self.position:
                between = []
                after = user[here.id]
                while after is not None:
                    between.append(after)
                    after = user[after.id]
                return here, tuple(between)
            before = [self.arch.node(key) for key in here.inputs if key not in user]
            user |= dict.fromkeys((each.id for each in before), here)
            waiting += reversed(before)
        return None, ()

    def merge_of(self, start: Node) -> tuple[Node | None, tuple[Node, ...]]:
        """The first node of the main path that is computed from ``start``, or None, and the nodes up to it."""
        if start.id in self.position:
            return start, ()
        computed = {start.id}
        passed: list[Node] = []
        for node in self.arch.nodes:
            if not computed & set(node.inputs):
                continue
            passed.append(node)
            if node.id in self.position:
                return node, tuple(passed)
            computed.add(node.id)
        return None, ()


def sketch_u(arch: ArchIR, collapse: str) -> Sketch:
    """The sketch of a U-Net.

    ``collapse`` chooses the maps: all ("conv"), those at the ends of blocks ("block"), or one per side and level
    ("level").
    """
    path, captions = MainPath(arch, collapse), input_output_captions(arch)
    shown = [path.nodes[i] for i in path.drawn]
    maps = [FeatureMap(node, skip_channels(arch, node), captions.get(node.id, "")) for node in shown]
    branches = _shortcuts(path)
    embedded = {key for block in arch.blocks if block.kind == "embedding" for key in block.sources}
    for node in arch.inputs:
        if node.id not in path.position and node.id not in embedded:
            branches += _input_links(path, node, len(maps))
            maps.append(FeatureMap(node, caption=captions[node.id]))
    heads: list[Link] = []
    for node in map(arch.node, arch.outputs):
        if node.id not in path.position and (links := _head_links(path, node, len(maps))):
            heads += links
            maps.append(FeatureMap(node, caption=captions[node.id]))
    return Sketch(
        tuple(maps),
        steps=tuple(_step(path, number) for number in range(len(path.drawn) - 1)),
        copies=tuple(dict.fromkeys(_copy_link(path, skip) for skip in arch.skips)),
        branches=tuple(branches),
        length=len(path.drawn),
        heads=tuple(heads),
        gates=tuple(dict.fromkeys(link for skip in arch.skips for link in _gate_links(path, skip))),
        asides=_asides(path, captions),
    )


def input_output_captions(arch: ArchIR) -> dict[str, str]:
    """The captions of inputs and outputs, by id."""
    found: dict[str, str] = {}
    for word, ids in (("input", tuple(node.id for node in arch.inputs)), ("output", arch.outputs)):
        found |= {key: word if len(ids) == 1 else f"{word} {number}" for number, key in enumerate(ids, start=1)}
    return found


def _step(path: MainPath, number: int) -> Link:
    """The arrow from box ``number`` to the next one."""
    before, here = path.drawn[number], path.drawn[number + 1]
    nodes = tuple(path.nodes[before + 1 : here + 1])
    attentions = {key for block in path.arch.blocks if block.kind == "attention" for key in block.nodes}
    inside = attentions.issuperset(node.id for node in nodes)
    kind = "aside" if inside else step_kind(nodes, path.nodes[before])
    residual = _residual_blocks(path, number)
    return Link(number, number + 1, kind, nodes, first_crop(nodes), residual=residual)


def _residual_blocks(path: MainPath, number: int) -> tuple[tuple[int, int], ...]:
    """First operation and sum of each residual block on the arrow from box ``number`` to the next one.

    Both are counted from the first operation of the arrow. Sums whose shortcut starts at an earlier box are not among
    them, because they have an arrow of their own.
    """
    merges = {skip.target for skip in path.arch.skips}
    begin, end = path.drawn[number] + 1, path.drawn[number + 1]
    found = []
    for last in range(begin, end + 1):
        node = path.nodes[last]
        if node.op != "add" or node.id in merges:
            continue
        others = [path.arch.node(key) for key in node.inputs if key != path.nodes[last - 1].id]
        starts = [path.position[origin.id] for other in others if (origin := path.origin(other)[0])]
        if not starts:
            continue
        start = min(starts)
        first = max(start + 1, begin)
        computed = any(each.op in ("conv", "up", "linear") for each in path.nodes[start + 1 : last])
        if computed and first < last and path.box(path.nodes[start]) >= number:
            found.append((first - begin, last - begin))
    return tuple(found)


def _upsampled(nodes: Sequence[Node], merge: int) -> set[int]:
    """Positions of the nodes that only upsample the coarser map for the merge at position ``merge``.

    They get no box of their own: the arrow stands for them, and the box of the merge shows the upsampled map.
    """
    for start in range(merge - 1, max(merge - 1 - MOST_UP_OPS, 0), -1):
        if nodes[start].level < nodes[start - 1].level:
            between = range(start, merge)
            convs = sum(nodes[i].op == "conv" for i in between)
            return set(between) if convs < 2 and all(nodes[i].op in UP_OPS for i in between) else set()
    return set()


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


def _plus(merge: Node) -> tuple[str, ...]:
    """The mark of an arrow that leads to this merge."""
    return ("plus",) * (merge.op == "add")


def _copy_link(path: MainPath, skip: Skip) -> Link:
    """The arrow of a skip."""
    source, merge = path.arch.node(skip.source), path.arch.node(skip.target)
    through = tuple(path.arch.node(key) for key in reversed(skip.through))
    marks = ("gate",) * any(node.op == "gate" for node in through) + _plus(merge)
    return Link(path.box(source), path.box(merge), "copy", (*through, merge), first_crop(through), marks)


def _shortcuts(path: MainPath) -> list[Link]:
    """Links that leave the main path and are merged into it again on the same side, such as in a residual block."""
    arch = path.arch
    skipped = {(skip.target, key) for skip in arch.skips for key in (skip.source, *skip.through)}
    found = []
    for i, node in enumerate(path.nodes):
        if node.op not in ("add", "concat") or joins_slices(arch, node):
            continue
        others = [key for key in node.inputs if key != path.nodes[i - 1].id and (node.id, key) not in skipped]
        for other in others:
            start, between = path.origin(arch.node(other))
            if start is None or (node.id, start.id) in skipped:
                continue
            source, target = path.box(start), path.box(node)
            apart = source < target - 1  # if the boxes are neighbours, the arrow between them also shows the sum
            if apart or (node.op == "concat" and between and source < target):
                found.append(Link(source, target, "branch", (*between, node), first_crop(between), _plus(node)))
    return list(dict.fromkeys(found))


def _input_links(path: MainPath, start: Node, number: int) -> list[Link]:
    """The link from a further input, box ``number``, to its merge with the main path; none if it has no merge."""
    merge, passed = path.merge_of(start)
    return [Link(number, path.box(merge), "branch", passed, (), _plus(merge))] if merge else []


def _head_links(path: MainPath, output: Node, number: int) -> list[Link]:
    """The link to a further output, box ``number``, from its map on the main path; none if it comes from elsewhere."""
    start, between = path.origin(output)
    if start is None:
        return []
    return [Link(path.box(start), number, step_kind(between, start), between, first_crop(between))]


def _gate_links(path: MainPath, skip: Skip) -> list[Link]:
    """The links from the maps that gate a skip, such as the decoder's coarser map, to the gate."""
    arch = path.arch
    gate = next((arch.node(key) for key in skip.through if arch.node(key).op == "gate"), None)
    if gate is None:
        return []
    target = path.box(arch.node(skip.target))
    sources = [path.box(arch.node(key)) for key in gating_sources(arch, skip)]
    return [Link(source, target, "gating", (gate,)) for source in dict.fromkeys(sources) if source <= target]


Use = tuple[Block, Node, Node]  # a block beside the main path, the map that it uses, and the map that uses its result


def _asides(path: MainPath, captions: dict[str, str]) -> tuple[Aside, ...]:
    """The blocks beside the main path: attentions by side and level, the others by name."""
    groups: dict[tuple[str, ...], list[Use]] = {}
    for block in path.arch.blocks:
        for use in _uses(path, block):
            place = (use[1].side, str(use[1].level)) if block.kind == "attention" else (block.name,)
            groups.setdefault((block.kind, *place), []).append(use)
    return tuple(_aside(path, uses, captions) for uses in groups.values())


def _uses(path: MainPath, block: Block) -> list[Use]:
    """The maps of the main path before and after a block, once per map after it."""
    before = [start for key in block.sources if (start := path.origin(path.arch.node(key))[0])]
    after = _on_path(path, block)[-1:]
    after = after or [merge for key in block.targets if (merge := path.merge_of(path.arch.node(key))[0])]
    if not after:
        return []
    first = min([*before, *after], key=lambda node: path.position[node.id])
    if block.kind == "attention":
        after = [node for node in after if node.level == first.level] or [first]
    return [(block, first, node) for node in after]


def _on_path(path: MainPath, block: Block) -> list[Node]:
    """The nodes of a block that are on the main path, as those of a transformer block are."""
    return [path.arch.node(key) for key in block.nodes if key in path.position]


def _aside(path: MainPath, uses: Sequence[Use], captions: dict[str, str]) -> Aside:
    """Blocks of one kind that are drawn as one."""
    blocks = list(dict.fromkeys(block for block, _, _ in uses))
    kind, names = blocks[0].kind, [block.name for block in blocks]
    ends = [(path.box(before), path.box(after)) for _, before, after in uses]
    sums = [
        target
        for (block, _, after), (source, target) in zip(uses, ends, strict=True)
        if source < target and after.op == "add" and path.nodes[path.drawn[target]] is after
        if not _on_path(path, block)
    ]
    inputs = dict.fromkeys(captions[key] for block in blocks for key in block.sources if key in captions)
    lines = _counted(names) if kind == "attention" else tuple(dict.fromkeys(names))
    return Aside(kind, lines, tuple(dict.fromkeys(ends)), tuple(dict.fromkeys(sums)), " and ".join(inputs))


def _counted(texts: Sequence[str]) -> tuple[str, ...]:
    """Each text once, with its number if it occurs several times.

    >>> _counted(["linear", "pool", "linear"])
    ('2 × linear', 'pool')
    """
    return tuple(text if count == 1 else f"{count} × {text}" for text, count in Counter(texts).items())


def mean_side(size: Size) -> float:
    """Geometric mean of the sides; 1 without spatial axes."""
    return prod(size) ** (1 / len(size)) if size else 1.0
