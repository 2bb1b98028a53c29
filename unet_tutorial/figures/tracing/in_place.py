"""Tracks in-place writes to storage that is shared by several tensors."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from unet_tutorial.figures.arch.ir import Pairs
from unet_tutorial.figures.tracing.axes import Layout, axis_of
from unet_tutorial.figures.tracing.meta import storage
from unet_tutorial.figures.tracing.record import Op

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
        """The writes to elements of this tensor since it was last marked as current."""
        writes = self.log.get(storage(tensor), [])[self.contained.get(id(tensor), 0) :] if self.log else []
        return [(writer, part) for writer, part in writes if _overlap(part, tensor)]


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
    starts = [inner - outer for inner, outer in zip(_start(part), _start(whole), strict=True)]
    return [(-n, n + m - size) for n, m, size in zip(starts, part.shape, whole.shape, strict=True)]


def _start(tensor: Tensor) -> list[int]:
    """The index of a view's first element in the tensor that owns the memory."""
    left, found = int(tensor.storage_offset()), [0] * tensor.ndim
    for dim in sorted(range(tensor.ndim), key=tensor.stride, reverse=True):
        found[dim], left = divmod(left, tensor.stride(dim)) if tensor.stride(dim) else (0, left)
    return found


def _overlap(one: Tensor, other: Tensor) -> bool:
    """Whether two views of the same memory have an element in common; True for views that are no rectangles of it."""
    if one.ndim != other.ndim or one.stride() != other.stride():
        return True
    sides = zip(_start(one), one.shape, _start(other), other.shape, strict=True)
    return all(a < b + m and b < a + n for a, n, b, m in sides)


def circular_pads(ops: Sequence[Op]) -> dict[int, Op | None]:
    """By id of an operator: the circular padding that it completes, or None for the operators before it.

    torch pads an image circularly by writing it, and then its borders, into new memory.
    """
    found: dict[int, Op | None] = {}
    for at, op in enumerate(ops):
        if op.name != "new_empty":
            continue
        bases, steps, whole = {id(op.outs[0]): op.outs[0]}, [op], op.outs[0]
        for each in ops[at + 1 :]:
            if each.name == "slice":
                bases[id(each.outs[0])] = bases.get(id(each.operand), each.operand)
            elif each.name != "copy_" or not {id(each.operand), id(each.arguments["src"])} <= bases.keys():
                break
            steps.append(each)
        copies = [each for each in steps if each.name == "copy_"]
        image = bases[id(copies[0].arguments["src"])] if copies else whole
        sources = [bases[id(each.arguments["src"])] for each in copies]
        if image is whole or len(copies) < 2 or any(each is not whole for each in sources[1:]):
            continue
        inner, outer = copies[0].arguments["src"], copies[0].operand
        cut, border = _padding(inner, image), _padding(outer, whole)
        pad = [n for a, b in zip(cut, border, strict=True) for n in (a[0] - b[0], a[1] - b[1])]
        last = max(i for i, each in enumerate(steps) if each.name == "copy_")
        arguments = {"self": image, "pad": [n for i in range(len(pad) - 2, -1, -2) for n in pad[i : i + 2]]}
        done = Op("circular_pad", (image,), {}, [whole], op.path, [], arguments)
        found |= {id(each): None for each in steps[:last]} | {id(steps[last]): done}
    return found
