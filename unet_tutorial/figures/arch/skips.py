"""Finds the skip connections of a U-Net, and the reason why a model is not a plain U-Net."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from unet_tutorial.figures.arch.ir import ArchIR, Node, Skip
from unet_tutorial.figures.arch.path import feature_inputs, main_path

SEVERAL_LEVELS = "its decoder merges maps of several levels, as in UNet 3+, a feature pyramid or summed outputs"
MERGED_INPUT = (
    "its decoder merges an input besides the skips",
    "its decoder merges an input at several levels, as SPADE does",
)
UPSAMPLING = ("up", "resize", "view")


def find_skips(nodes: tuple[Node, ...], path: list[Node], outputs: Sequence[str]) -> tuple[list[Skip], str]:
    """The skips in the order of their merges, and the reason why the model is not a plain U-Net ("" if it is)."""
    u = _U(path, {node.id: node for node in nodes})
    skips: list[Skip] = []
    levels_of_inputs: set[int] = set()  # levels at which an input is merged
    unusual_input = False
    reasons = ["it pools to grids of a fixed size, as PSPNet does"] * any("adaptive" in n.kind for n in path)
    for node in path[u.turn + 1 :]:
        others = feature_inputs(node, u.index) if node.op in ("concat", "add", "gate") else []
        for operand in others:
            if operand is path[u.position[node.id] - 1] or not operand.scale:
                continue
            sources, between = u.sources(operand)
            merged = _merged_inputs(u, node, sources, between)
            levels_of_inputs |= {node.level} if merged else set()
            if any(each.id not in u.position or each.level != node.level for each in merged):
                unusual_input = True
                continue
            reasons += _unusual_merge(u, node, sources, between)
            early = [each for each in sources if u.on_encoder(each)]
            if early:
                source = max(early, key=lambda each: (each.level == node.level, u.position[each.id]))
                known = any(s.source == source.id and u.index[s.target].level == node.level for s in skips)
                skips += [] if known else [Skip(source.id, node.id, tuple(between))]
    reasons += [MERGED_INPUT[len(levels_of_inputs) > 1]] if unusual_input else []
    reasons += _several_decoders(u, outputs)
    reasons += [] if reasons else _missing_levels(u, skips)
    return skips, reasons[0] if reasons else ""


def gating_sources(arch: ArchIR, skip: Skip) -> tuple[str, ...]:
    """Ids of the maps on the main path that gate a skip, such as the decoder's coarser map; () for a skip without gate.

    These are the maps other than the skip's source from which the mask of its gates is computed, in the order of the
    path.
    """
    waiting = [key for gate in map(arch.node, skip.through) if gate.op == "gate" for key in gate.inputs]
    seen: set[str] = set()
    while waiting:
        key = waiting.pop()
        if key not in seen:
            seen.add(key)
            waiting += arch.node(key).inputs if key not in arch.path else ()
    return tuple(key for key in arch.path if key in seen and key != skip.source)


@dataclass(frozen=True)
class _U:
    """The nodes on the main path, and all nodes by id."""

    path: list[Node]
    index: dict[str, Node]

    @cached_property
    def coarsest(self) -> int:
        """The coarsest level."""
        return max(node.level for node in self.path)

    @cached_property
    def turn(self) -> int:
        """Position of the last node at the coarsest level."""
        return max(i for i, node in enumerate(self.path) if node.level == self.coarsest)

    @cached_property
    def position(self) -> dict[str, int]:
        """Positions on the main path, by id."""
        return {node.id: i for i, node in enumerate(self.path)}

    def on_encoder(self, node: Node) -> bool:
        """Whether a node of the main path is in the encoder: before ``turn`` and finer than the coarsest level."""
        return self.position[node.id] < self.turn and node.level < self.coarsest

    @cached_property
    def beside(self) -> dict[str, Node]:
        """By id of a node beside the path of the encoder: the first node of the path that uses it at its level."""
        found: dict[str, Node] = {}
        for user in self.path[: self.turn + 1]:
            waiting = feature_inputs(user, self.index)
            while waiting:
                node = waiting.pop()
                if node.id not in self.position and node.id not in found:
                    found[node.id] = user
                    waiting += feature_inputs(node, self.index)
        return {key: user for key, user in found.items() if user.level == self.index[key].level}

    def sources(self, start: Node) -> tuple[list[Node], list[str]]:
        """The nodes of the main path from which ``start`` is computed, and the ids in between, nearest first.

        For a map that the encoder keeps beside the path, as each block of a dual path network does (arXiv:1707.01629),
        it is the node of the path that joins the two.
        """
        waiting, between, sources = [start], [], []
        while waiting:
            node = waiting.pop(0)
            if node.id in self.position:
                sources.append(node)
            elif node.id in self.beside:
                sources.append(self.beside[node.id])
            elif node.id not in between:
                between.append(node.id)
                waiting += feature_inputs(node, self.index)
        return sources, between


def _merged_inputs(u: _U, node: Node, sources: list[Node], between: list[str]) -> list[Node]:
    """The inputs of the network that a merge in the decoder uses, if they were at most resized and convolved here.

    Maps of the decoder at this level may be used as well, as by the shortcut of a residual block. [] for other merges.
    """
    inner, early = [u.index[key] for key in between], [each for each in sources if u.on_encoder(each)]
    late = [each for each in sources if each not in early]
    here = all(each.level == node.level for each in (*late, *(each for each in inner if each.op == "conv")))
    inputs = [each for each in (*early, *inner) if each.op == "input"]
    return inputs if here and all(each.op == "input" for each in early) else []


def _unusual_merge(u: _U, node: Node, sources: list[Node], between: list[str]) -> list[str]:
    """Reasons why a merge is unusual for a plain U-Net; empty if it joins a usual skip."""
    early = [each for each in sources if u.on_encoder(each)]
    late = [each for each in sources if each not in early]
    upsampled = any(u.index[key].op in UPSAMPLING and _is_larger(u.index[key], u.index) for key in between)
    if early and (upsampled or any(each.level != node.level for each in early)):
        inner = [u.index[key] for key in between]
        levels = {each.level for each in inner if each.op == "conv"}
        own_encoder = all(each.level == 0 for each in early) and min(levels, default=node.level) < node.level in levels
        if not upsampled and (own_encoder or all(each.op == "input" for each in early)):
            return ["its skips come from a second encoder"]
        if not any(each.op in ("concat", "add") and len(each.inputs) > 1 for each in inner):
            return [SEVERAL_LEVELS]
        return ["its skips are merged with maps of other levels before the decoder, as in U-Net++ or UNet 3+"]
    if upsampled and any(each.level > node.level + 1 for each in late):
        return [SEVERAL_LEVELS]
    if not sources and between:
        return ["its decoder merges maps of a second encoder"]
    return []


def _several_decoders(u: _U, outputs: Sequence[str]) -> list[str]:
    """The reason, if several outputs have a decoder of their own.

    A decoder comes up by several levels, or by one with a merge; a head only has convolutions and an upsampling.
    """
    nodes, used, decoders = tuple(u.index.values()), set(u.position), 1
    for key in outputs:
        own = [node for node in main_path(nodes, [key]) if node.id not in used] if u.index[key].scale else []
        before = [u.index[each].level for node in own for each in node.inputs if each in used and u.index[each].scale]
        finer = [node for node in own if node.level < max(before, default=0)]
        levels = {node.level for node in finer if node.op in ("conv", "up")}
        merges = any(node.op in ("concat", "add") and len(feature_inputs(node, u.index)) > 1 for node in finer)
        if len(levels) > 1 or (levels and merges):
            decoders += 1
            used |= {node.id for node in own}
    every = decoders == sum(bool(u.index[key].scale) for key in outputs)
    return [f"it has {decoders} decoders{', one per output' * every}"] if decoders > 1 else []


def _is_larger(node: Node, index: dict[str, Node]) -> bool:
    return any(m > n for m, n in zip(node.size, index[node.inputs[0]].size, strict=False))


def _missing_levels(u: _U, skips: list[Skip]) -> list[str]:
    """The reason, if the upsampling leaves out a level; levels finer than the finest skip do not count."""
    levels = {node.level for node in u.path[u.turn :] if node.scale}
    finest = min((u.index[skip.target].level for skip in skips), default=0)
    missed = [level for level in range(finest, u.coarsest) if level not in levels]
    if not missed or (not skips and len(missed) < 2 and u.coarsest < 3):
        return []
    low = max(missed)
    after = max((level for level in levels if level < low), default=0)
    return [f"it upsamples from level {low + 1} to level {after} in one step, as DeepLab and PSPNet do"]
