"""Bytes: what is alive at once without gradients, and what the backward pass waits for, map by map."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor
from torch.utils._pytree import tree_leaves

from unet_tutorial.figures.arch.ir import Node
from unet_tutorial.figures.tracing.meta import storage
from unet_tutorial.figures.tracing.record import Op, Record


def peak(found: Record) -> int:
    """The most bytes of feature maps alive during any one operation of a pass without gradients.

    A map lives until its last use; weights, and what a convolution packs for itself, are not counted.
    """
    own = {storage(weight) for weight in found.weights.values()}
    used = [
        {storage(t): t.untyped_storage().nbytes() for t in _tensors(op) if storage(t) not in own} for op in found.ops
    ]
    last = {key: i for i, sizes in enumerate(used) for key in sizes}
    alive: dict[int, int] = {}
    most = 0
    for i, sizes in enumerate(used):
        alive |= sizes
        most = max(most, sum(alive.values()))
        alive = {key: size for key, size in alive.items() if last[key] > i}
    return most


def _tensors(op: Op) -> list[Tensor]:
    return [leaf for leaf in tree_leaves((op.args, op.kwargs, op.outs)) if isinstance(leaf, Tensor)]


def saved_by_node(nodes: list[Node], twins: list[Node], keeps: dict[str, int]) -> list[Node]:
    """The nodes with the bytes that the backward pass keeps of each one's output.

    ``twins`` are the nodes of the training pass, whose ids ``keeps`` names. As they were, where training runs through
    other operations than evaluation does: then only the total is known.
    """
    if [(n.op, n.shape) for n in nodes] != [(n.op, n.shape) for n in twins]:
        return nodes
    return [replace(node, saved=keeps.get(twin.id, 0)) for node, twin in zip(nodes, twins, strict=True)]
