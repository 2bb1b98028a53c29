"""Memory of a recorded pass: bytes alive at once without gradients, and bytes saved for the backward pass per map."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor
from torch.utils._pytree import tree_leaves

from unet_tutorial.figures.arch.ir import Node
from unet_tutorial.figures.tracing.meta import storage
from unet_tutorial.figures.tracing.record import Op, Record


def peak(found: Record) -> int:
    """The most bytes of feature maps alive during any one operation of a pass without gradients.

    A map lives until its last use. Weights and the workspace of the kernels are not counted.
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


def with_saved_bytes(nodes: list[Node], training_nodes: list[Node], saved: dict[str, int]) -> list[Node]:
    """Set ``Node.saved`` from a training pass, whose node ids are the keys of ``saved``.

    The nodes stay unchanged if training runs other operations than evaluation: then only the total is known.
    """
    if [(n.op, n.shape) for n in nodes] != [(n.op, n.shape) for n in training_nodes]:
        return nodes
    return [replace(node, saved=saved.get(twin.id, 0)) for node, twin in zip(nodes, training_nodes, strict=True)]
