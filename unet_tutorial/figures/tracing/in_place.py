"""Memory written in place: which maps a tensor holds that others have written into since it was made."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from unet_tutorial.figures.arch.ir import Pairs
from unet_tutorial.figures.tracing.axes import Layout, axis_of
from unet_tutorial.figures.tracing.meta import storage

Written = Sequence[tuple[str, Tensor]]  # the node, and the part of the memory


class Writes:
    """All writes in order, by memory, and how many of them each tensor knows of."""

    def __init__(self) -> None:
        self.log: dict[int, list[tuple[str, Tensor]]] = {}
        self.known: dict[int, int] = {}

    def add(self, key: str, tensor: Tensor) -> None:
        """A node's output was written into this tensor."""
        self.log.setdefault(storage(tensor), []).append((key, tensor))
        self.read(tensor)

    def read(self, tensor: Tensor) -> None:
        """It holds all that has been written up to now."""
        if self.log:
            self.known[id(tensor)] = len(self.log.get(storage(tensor), ()))

    def news(self, tensor: Tensor) -> Written:
        """What was written into its memory since."""
        return self.log.get(storage(tensor), [])[self.known.get(id(tensor), 0) :] if self.log else []


def covers(part: Tensor, whole: Tensor) -> bool:
    """Whether both are the same numbers in the same order."""
    return all(of(part) == of(whole) for of in (Tensor.size, Tensor.stride, Tensor.storage_offset))


def combined(whole: Tensor, held: str | None, news: Written, layout: Layout) -> tuple[str, Pairs]:
    """What it amounts to, as an operation with its cut: a frame of zeros, channels side by side, or other."""
    parts = [part for _, part in news]
    if len(parts) == 1 and held is None and parts[0].stride() == whole.stride():
        frame = _frame(parts[0], whole)
        axes = [axis_of(dim) for dim in layout]
        pairs = {axis: pair for axis, pair in zip(axes, frame, strict=True) if axis is not None}
        if sum(any(pair) for pair in frame) == sum(any(pair) for pair in pairs.values()):
            return "crop", tuple(pairs[axis] for axis in sorted(pairs))
    alike = all(p.ndim == whole.ndim and p.shape[2:] == whole.shape[2:] for p in parts)
    if alike and whole.ndim > 1 and sum(p.shape[1] for p in parts) == whole.shape[1]:
        return "concat", ()
    return "other", ()


def _frame(part: Tensor, whole: Tensor) -> list[tuple[int, int]]:
    """Pixels added before and after each dimension, as negative cuts."""
    left = int(part.storage_offset() - whole.storage_offset())
    found: dict[int, tuple[int, int]] = {}
    for dim in sorted(range(whole.ndim), key=whole.stride, reverse=True):
        start = left // max(1, whole.stride(dim)) if whole.shape[dim] > 1 else 0
        left -= start * whole.stride(dim)
        found[dim] = (-start, start + part.shape[dim] - whole.shape[dim])
    return [found[dim] for dim in range(whole.ndim)]
