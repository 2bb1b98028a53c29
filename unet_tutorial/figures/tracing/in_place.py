"""Tracks in-place writes to storage that is shared by several tensors."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from unet_tutorial.figures.arch.ir import Pairs
from unet_tutorial.figures.tracing.axes import Layout, axis_of
from unet_tutorial.figures.tracing.meta import storage

Write = tuple[str, Tensor]  # id of the node whose output was written, and the tensor that it was written into


class Writes:
    """All writes in order, by storage, and how many of them each tensor already contains."""

    def __init__(self) -> None:
        self.log: dict[int, list[Write]] = {}
        self.contained: dict[int, int] = {}

    def add(self, node_id: str, tensor: Tensor) -> None:
        """Record that a node's output was written into this tensor."""
        self.log.setdefault(storage(tensor), []).append((node_id, tensor))
        self.mark_current(tensor)

    def mark_current(self, tensor: Tensor) -> None:
        """Record that this tensor contains all writes up to now."""
        if self.log:
            self.contained[id(tensor)] = len(self.log.get(storage(tensor), ()))

    def since(self, tensor: Tensor) -> Sequence[Write]:
        """The writes to this tensor's storage since it was last marked as current."""
        return self.log.get(storage(tensor), [])[self.contained.get(id(tensor), 0) :] if self.log else []


def same_elements(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors of one storage are the same view of it."""
    return all(of(one) == of(other) for of in (Tensor.size, Tensor.stride, Tensor.storage_offset))


def written_op(whole: Tensor, previous: str | None, writes: Sequence[Write], layout: Layout) -> tuple[str, Pairs]:
    """The operation that has the same result as these writes into parts of ``whole``, and its crop.

    One part written into new memory is padding (a negative crop), parts that fill the channels are a concatenation,
    anything else is "other". ``previous`` is the node whose output ``whole`` held before, None for new memory.
    """
    parts = [part for _, part in writes]
    if len(parts) == 1 and previous is None and parts[0].stride() == whole.stride():
        padding = _padding(parts[0], whole)
        axes = [axis_of(dim) for dim in layout]
        pairs = {axis: pair for axis, pair in zip(axes, padding, strict=True) if axis is not None}
        if sum(any(pair) for pair in padding) == sum(any(pair) for pair in pairs.values()):
            return "crop", tuple(pairs[axis] for axis in sorted(pairs))
    same_size = all(part.ndim == whole.ndim and part.shape[2:] == whole.shape[2:] for part in parts)
    if same_size and whole.ndim > 1 and sum(part.shape[1] for part in parts) == whole.shape[1]:
        return "concat", ()
    return "other", ()


def _padding(part: Tensor, whole: Tensor) -> list[tuple[int, int]]:
    """Pixels of ``whole`` before and after ``part`` in each dimension, as negative crops."""
    left = int(part.storage_offset() - whole.storage_offset())
    found: dict[int, tuple[int, int]] = {}
    for dim in sorted(range(whole.ndim), key=whole.stride, reverse=True):
        start = left // max(1, whole.stride(dim)) if whole.shape[dim] > 1 else 0
        left -= start * whole.stride(dim)
        found[dim] = (-start, start + part.shape[dim] - whole.shape[dim])
    return [found[dim] for dim in range(whole.ndim)]
