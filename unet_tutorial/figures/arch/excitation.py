"""Finds gates computed from the map that they scale, such as squeeze-and-excitation.

The mask has one value per channel, from a global pooling, or one per pixel, from a map with a single channel. The gate
of a skip whose mask is computed from the decoder's map as well is not among them; it is drawn on the skip.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from itertools import permutations

from unet_tutorial.figures.arch.dataflow import Dataflow, is_pointwise
from unet_tutorial.figures.arch.ir import Node
from unet_tutorial.figures.arch.path import mask_activation

CHANNEL, SPATIAL, ALONG_AXIS = "channel gate", "spatial gate", "gate along an axis"
SQUEEZE, SPATIAL_SQUEEZE = "squeeze-and-excitation", "spatial squeeze-and-excitation"
SIGMOIDS = ("sigmoid", "hardtanh", "relu6", "clamp")  # sigmoids, also piecewise linear ones


@dataclass(frozen=True)
class Excitation:
    """A mask that scales the map from which it is computed, or several such masks under one name.

    ``name`` is its text in figures. ``extent`` is CHANNEL, SPATIAL or ALONG_AXIS; "" for several masks. ``nodes`` are
    the ids of the operations that compute the mask; ``sources`` are those of the maps that they use, with the scaled
    map first. ``target`` is the product, or the node that combines several products. ``pools`` are the reductions from
    which the mask is computed: "mean", "max".
    """

    name: str
    extent: str
    nodes: frozenset[str]
    sources: tuple[str, ...]
    target: str
    pools: frozenset[str]


def excitations(flow: Dataflow) -> list[Excitation]:
    """Gates computed from their own map, in the order of execution; those that belong together as one."""
    found: dict[str, Excitation] = {}
    for node in flow.nodes:
        gate = None
        if node.op == "gate" and "mul" in node.kind and len(node.inputs) == 2:
            gate = _product(flow, node, found)
        elif len(node.inputs) == 2 and (node.op == "add" or "max" in node.kind):
            gate = _parallel(flow, node, found)
        if gate:
            found = {key: each for key, each in found.items() if key not in gate.nodes} | {node.id: gate}
    return _in_sequence([each for each in found.values() if each.extent != ALONG_AXIS])


def _product(flow: Dataflow, node: Node, found: dict[str, Excitation]) -> Excitation | None:
    """A product as a gate; either factor may be the mask."""
    for scaled, mask in permutations(node.inputs):
        gate = _gate(flow, node, scaled, flow.index[mask])
        if gate:
            return gate
        before = found.get(scaled)
        if before and before.extent == ALONG_AXIS:  # the masks of both axes come from the map before the first product
            second = _gate(flow, node, before.sources[0], flow.index[mask])
            if second and second.extent == ALONG_AXIS:
                nodes = before.nodes | second.nodes | {scaled}
                both = Excitation("coordinate attention", "", nodes, before.sources, node.id, before.pools)
                return both if _is_alone(flow, nodes, node.id) else None
    return None


def _is_alone(flow: Dataflow, nodes: Set[str], target: str) -> bool:
    """Whether only ``target`` uses the results of these nodes."""
    return flow.users_outside(nodes) == {target} and not nodes & flow.outputs


def _gate(flow: Dataflow, node: Node, scaled: str, mask: Node) -> Excitation | None:
    """The gate that scales the map ``scaled``; None if the mask is not one, or is also computed from other maps."""
    source, activation = flow.index[scaled], mask_activation(mask, flow.index)
    extent = _extent(activation, source) if activation and source.scale else ""
    if activation is None or not extent:
        return None
    first = flow.position[scaled]
    nodes, ends = flow.back([mask.id], lambda each: flow.position[each.id] > first, [scaled])
    others = ends - {scaled}
    if scaled not in ends or (others - flow.conditions and extent != CHANNEL):
        return None
    inner = [flow.index[key] for key in flow.in_order(nodes)]
    coarser = any(each.scale not in ((), source.scale) and 1 not in each.size for each in inner)
    if coarser or (extent != ALONG_AXIS and not _is_alone(flow, nodes, node.id)):
        return None  # a mask computed by a network of several levels, or a map with other uses
    pools = frozenset(word for each in inner if (word := _pooled(each)))
    sigmoid = any(word in (activation.folded or (activation.kind,))[-1] for word in SIGMOIDS)
    name = _name(extent, inner, source, pools) if sigmoid else extent
    return Excitation(name, extent, frozenset(nodes), (scaled, *flow.in_order(others)), node.id, pools)


def _extent(mask: Node, source: Node) -> str:
    """Over which axes a mask has values of its own; "" if over channels and pixels."""
    channels, *size = (
        mask.shape
        if mask.spatial and len(mask.shape) == len(source.shape)
        else (source.channels, *(1 for _ in source.size))
    )
    if set(size) == {1}:
        return CHANNEL
    if tuple(size) == source.size:
        return SPATIAL if channels == 1 < source.channels else ""
    return ALONG_AXIS if all(n in (1, m) for n, m in zip(size, source.size, strict=True)) else ""


def _pooled(node: Node) -> str:
    """The reduction that a node computes: "mean" or "max", or torch's name of another one; "" for other operations."""
    if node.op not in ("reduce", "pool", "other"):
        return ""
    return next(
        (name for word, name in (("mean", "mean"), ("avg", "mean"), ("max", "max")) if word in node.kind), node.kind
    )


def _name(extent: str, inner: Sequence[Node], source: Node, pools: frozenset[str]) -> str:
    """The name of a gate with a sigmoid."""
    layers = [node for node in inner if node.op in ("conv", "linear")]
    if extent == CHANNEL and len(pools) == 1 and len(layers) > 1:
        return SQUEEZE
    if extent == CHANNEL and len(pools) == len(layers) == 1 and 0 < layers[0].parameters < source.channels:
        return "efficient channel attention"  # a convolution along the channels, with one kernel for all of them
    if extent == SPATIAL and not pools and len(layers) == 1 and is_pointwise(layers[0]):
        return SPATIAL_SQUEEZE
    return extent


def _parallel(flow: Dataflow, node: Node, found: dict[str, Excitation]) -> Excitation | None:
    """Two gates of the same map, combined by ``node``."""
    gates = [found[key] for key in node.inputs if key in found and flow.only_user(key)]
    if len(gates) < 2 or gates[0].sources != gates[1].sources:
        return None
    squeezes = {gate.name for gate in gates} == {SQUEEZE, SPATIAL_SQUEEZE}
    name = "scSE" if squeezes else " and ".join(dict.fromkeys(gate.name for gate in gates))
    nodes = gates[0].nodes | gates[1].nodes | set(node.inputs)
    return Excitation(name, "", nodes, gates[0].sources, node.id, gates[0].pools | gates[1].pools)


def _in_sequence(found: Sequence[Excitation]) -> list[Excitation]:
    """The same list with a channel gate and the spatial gate after it, both with mean and maximum, as one CBAM."""
    result: list[Excitation] = []
    for gate in found:
        before = next((each for each in result if each.target == gate.sources[0]), None)
        both = before and before.pools == gate.pools == {"mean", "max"} and gate.sources[1:] == ()
        if before and both and (before.extent, gate.extent) == (CHANNEL, SPATIAL):
            result.remove(before)
            nodes = before.nodes | gate.nodes | {before.target}
            gate = Excitation("CBAM", "", nodes, before.sources, gate.target, gate.pools)
        result.append(gate)
    return result
