"""The sketch of a network that is not a plain U-Net: the maps that get a box, and the arrows between them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from unet_tutorial.figures.arch.ir import ArchIR, Node
from unet_tutorial.figures.arch.nested import INNER
from unet_tutorial.figures.arch.stages import stages
from unet_tutorial.figures.arch.text import operation_name
from unet_tutorial.figures.drawing.sketch import (
    MAP_OPS,
    FeatureMap,
    Link,
    Sketch,
    first_crop,
    input_output_captions,
    step_kind,
)

MERGES = ("add", "concat", "gate")


def sketch_grid(arch: ArchIR, collapse: str, also: Collection[str] = ()) -> Sketch:
    """The sketch of any network; its ``steps`` are all arrows.

    ``collapse`` chooses the maps: all ("conv"), the ends of the blocks ("block"), or one map per stage ("level").
    Inputs and outputs are always drawn, and so are the maps whose ids are in ``also``.
    """
    always = {*arch.outputs, *also, *(node.id for node in arch.inputs)}
    ids = always | {"conv": _maps, "block": _block_ends, "level": _stage_ends}[collapse](arch)
    kept = [node for node in arch.nodes if node.id in ids]
    captions = input_output_captions(arch)
    number = {node.id: i for i, node in enumerate(kept)}
    links = _shortened(arch, [link for node in kept for link in _links_to(arch, number, node)])
    return Sketch(tuple(FeatureMap(node, caption=captions.get(node.id, "")) for node in kept), tuple(links), ())


def _maps(arch: ArchIR) -> set[str]:
    """All maps, without those inside blocks and those that only differ from the one before by an activation or norm."""
    hidden = _inside_blocks(arch)
    return {
        node.id
        for node in arch.nodes
        if node.id not in hidden
        and (node.op in MAP_OPS or not node.inputs or node.shape != arch.node(node.inputs[0]).shape)
    }


def _inside_blocks(arch: ArchIR) -> set[str]:
    """The nodes of blocks, such as self-attentions, that are not used outside their block."""
    found: set[str] = set()
    for block in arch.blocks:
        inside = set(block.nodes)
        found |= inside - {key for node in arch.nodes if node.id not in inside for key in node.inputs}
    return found


def _block_ends(arch: ArchIR) -> set[str]:
    """First and last map of each stage, and the merges within it through which all its maps are computed."""
    found = set()
    for stage in stages(arch):
        first = next(node for node in stage.nodes if node.op in MAP_OPS) if stage.end.op in MAP_OPS else stage.end
        whole = [node for node in stage.nodes if node.op in MERGES and _is_passed_by_all(stage.nodes, node, stage.end)]
        found |= {node.id for node in (first, *whole, stage.end)}
    return found - _inside_blocks(arch)


def _is_passed_by_all(nodes: list[Node], node: Node, end: Node) -> bool:
    """Whether the end is computed from the earlier nodes of its stage only through this one."""
    first, last = nodes.index(node), nodes.index(end)
    before, after = {each.id for each in nodes[:first]}, nodes[first + 1 : last + 1]
    return first <= last and not any(before & set(each.inputs) for each in after)


def _stage_ends(arch: ArchIR) -> set[str]:
    """The last map of each stage, and those from which an output or parallel branches are computed."""
    found = set()
    for stage in stages(arch):
        found.add(stage.end.id)
        inside = {node.id for node in stage.nodes}
        if stage.end.id in arch.outputs and len(stage.sources) == 1:
            found |= {key for node in stage.nodes for key in node.inputs if arch.node(key).scale} - inside
        for node in stage.nodes:
            if node.op == "concat" and len(node.inputs) > 2 and inside >= set(node.inputs):
                before = stage.nodes[: stage.nodes.index(node)]
                starts = [each.id for each in before if each.scale and _is_passed_by_all(stage.nodes, each, node)]
                found |= set(starts[-1:])
    return found


def _links_to(arch: ArchIR, number: dict[str, int], target: Node) -> list[Link]:
    """The arrows to a drawn map, one from each drawn map from which it is computed; ``number`` holds the drawn maps."""
    chains = _chains_to(arch, number, target)
    main = max(chains, key=lambda key: (arch.node(key).level, number[key]), default="")
    links = []
    for key, passed in chains.items():
        source = arch.node(key)
        alone = _unmerged(passed, source)
        merge = next((node for node in passed if node not in alone), None)
        same_level = source.level == target.level or not target.scale
        if merge is not None and same_level and not any(node.op == "conv" for node in alone):
            kind, shown = "skip", (*alone, _as_sum(merge, passed))
        else:
            shown = tuple(node for node in passed if node is not merge) if key == main else alone
            kind = step_kind((shown or passed) if same_level else passed, source)
        links.append(Link(number[key], number[target.id], kind, shown, first_crop(passed)))
    return links


def _as_sum(merge: Node, passed: tuple[Node, ...]) -> Node:
    """The merge; maps that are stacked only to be summed are added."""
    after = passed[passed.index(merge) + 1 :]
    return replace(merge, op="add") if merge.kind == "stack" and after and after[0].kind == "sum" else merge


def _shortened(arch: ArchIR, links: list[Link]) -> list[Link]:
    """The arrows; various long chains of a kind are shortened to their blocks and changes of level."""
    found = []
    blocks = {block.name for block in arch.blocks}
    links = [replace(link, nodes=_named(arch, _without_shortcuts(link.nodes))) for link in links]
    by_kind: dict[str, set[tuple[str, ...]]] = {}
    for link in links:
        by_kind.setdefault(link.kind, set()).add(tuple(map(operation_name, link.nodes)))
    for link in links:
        chains = by_kind[link.kind]
        various = len(chains) > 1 or any(len(set(chain)) > 2 for chain in chains)
        changes = tuple(node for node in link.nodes if _changes_level(arch, node) or node.kind in blocks)
        found.append(replace(link, nodes=changes) if various and changes else link)
    return found


def _without_shortcuts(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """The nodes without those on the shortcut of a residual block, which are computed beside its other operations."""
    before: dict[str, set[str]] = {}  # by id: the node and the nodes from which it is computed
    beside: set[str] = set()
    for node in nodes:
        branches = [before[key] for key in node.inputs if key in before]
        before[node.id] = {node.id}.union(*branches)
        if node.op == "add" and len(branches) == 2:
            one, other = (branches[i] - branches[1 - i] for i in (0, 1))
            beside |= min(one, other, key=len) if len(one) != len(other) else set()
    return tuple(node for node in nodes if node.id not in beside)


def _named(arch: ArchIR, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """The nodes with each block as one node of its name, and without inner U-Nets, which their frames show."""
    blocks = {key: block for block in arch.blocks for key in block.nodes}
    found: list[Node] = []
    named: set[str] = set()
    for node in nodes:
        if node.id not in blocks:
            found.append(node)
        elif node.id not in named:
            found.append(replace(node, op="other", kind=blocks[node.id].name, window=None, folded=()))
            named |= set(blocks[node.id].nodes)
    return tuple(node for node in found if not node.kind.startswith(INNER)) or nodes


def _changes_level(arch: ArchIR, node: Node) -> bool:
    return (
        bool(node.scale)
        and node.op != "other"
        and any(arch.node(key).level != node.level for key in node.inputs if arch.node(key).scale)
    )


def _chains_to(arch: ArchIR, number: dict[str, int], target: Node) -> dict[str, tuple[Node, ...]]:
    """By id of each drawn map from which ``target`` is computed directly: the operations up to and including it."""
    inside, waiting, found = {target.id}, list(target.inputs), set()
    while waiting:
        key = waiting.pop()
        if key in number:
            found.add(key)
        elif key not in inside:
            inside.add(key)
            waiting += arch.node(key).inputs
    nodes = [node for node in arch.nodes if node.id in inside]
    chains = {}
    for key in sorted(found, key=lambda each: number[each]):
        reached = {key}
        for node in nodes:
            if reached & set(node.inputs):
                reached.add(node.id)
        chains[key] = tuple(node for node in nodes if node.id in reached)
    return chains


def _unmerged(passed: tuple[Node, ...], source: Node) -> tuple[Node, ...]:
    """The first of the nodes after ``source``: those that are computed from it alone."""
    known, found = {source.id}, []
    for node in passed:
        if set(node.inputs) <= known:
            known.add(node.id)
            found.append(node)
    return tuple(found)
