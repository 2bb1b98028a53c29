"""Memory of a recorded pass: bytes alive at once without gradients, and bytes saved for the backward pass per map."""

from __future__ import annotations

from dataclasses import replace
from difflib import SequenceMatcher

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

    Training may run other operations than evaluation. The bytes of an operation without a counterpart count for the
    last node of the same module, and only for the total if there is none.
    """
    twins = {training.id: i for i, training in _pairs(nodes, training_nodes)}
    last = {node.path: i for i, node in enumerate(nodes) if node.path}
    bytes_of = [0] * len(nodes)
    for training in training_nodes:
        i = twins.get(training.id, last.get(training.path))
        if i is not None:
            bytes_of[i] += saved.get(training.id, 0)
    return [replace(node, saved=size) for node, size in zip(nodes, bytes_of, strict=True)]


def _pairs(nodes: list[Node], training_nodes: list[Node]) -> list[tuple[int, Node]]:
    """Pairs of the position of a node and its counterpart in the training pass, in the order of both."""
    if [(n.op, n.shape) for n in nodes] == [(n.op, n.shape) for n in training_nodes]:
        return list(enumerate(training_nodes))
    one, other = ([(n.path, n.op, n.shape) for n in each] for each in (nodes, training_nodes))
    blocks = SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks()
    return [(b.a + k, training_nodes[b.b + k]) for b in blocks for k in range(b.size)]
