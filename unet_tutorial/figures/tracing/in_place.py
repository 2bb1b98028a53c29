"""Tracks in-place writes to storage that is shared by several tensors."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from torch import Tensor
from torch.utils._pytree import tree_leaves

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
    starts = [inner - outer for inner, outer in zip(_start(part, whole), _start(whole, whole), strict=True)]
    return [(-n, n + m - size) for n, m, size in zip(starts, part.shape, whole.shape, strict=True)]


def _start(tensor: Tensor, whole: Tensor) -> list[int]:
    """The index of a view's first element in the memory of ``whole``, in steps of its strides."""
    left, found = int(tensor.storage_offset()), [0] * tensor.ndim
    for dim in sorted(range(tensor.ndim), key=whole.stride, reverse=True):
        found[dim], left = divmod(left, whole.stride(dim)) if whole.stride(dim) else (0, left)
    return found


def _overlap(one: Tensor, other: Tensor) -> bool:
    """Whether two views of the same memory have an element in common; True for views that are no rectangles of it."""
    if one.ndim != other.ndim or one.stride() != other.stride():
        return True
    sides = zip(_start(one, one), one.shape, _start(other, one), other.shape, strict=True)
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


def interleavings(ops: Sequence[Op]) -> dict[int, Op | None]:
    """By id of an operator: the pixel shuffle that it completes, or None for the operators before it.

    An inverse wavelet transform writes maps into every n-th pixel of new memory, until all pixels are written.
    """
    found: dict[int, Op | None] = {}
    last = max((i for i, op in enumerate(ops) if op.name == "copy_"), default=-1)
    for at, op in enumerate(ops[: last + 1]):
        whole = op.outs[0] if len(op.outs) == 1 else None
        if whole is None or whole.ndim < 3 or any(isinstance(each, Tensor) for each in op.args):
            continue
        views, steps, copies = {id(whole)}, [], []
        for each in ops[at + 1 : last + 1]:
            if each.name in ("slice", "detach") and id(each.operand) in views:
                views.add(id(each.outs[0]))
                whole = each.outs[0] if each.operand is whole and each.name == "detach" else whole
            elif each.name == "copy_" and id(each.operand) in views:
                copies.append(each)
            elif any(isinstance(leaf, Tensor) and id(leaf) in views for leaf in tree_leaves((each.args, each.kwargs))):
                break
            else:
                continue
            steps.append(each)
            if _fills(whole, [copy.operand for copy in copies]):
                sources = [copy.arguments["src"] for copy in copies]
                done = Op("pixel_shuffle", tuple(sources), {}, [whole], each.path, [], {"self": sources[0]})
                found |= {id(step): None for step in steps[:-1]} | {id(each): done}
                break
    return found


def _fills(whole: Tensor, parts: Sequence[Tensor]) -> bool:
    """Whether parts of ``whole``, each with every n-th pixel along some axes, hold each of its pixels once."""
    if len(parts) < 2 or any(part.ndim != whole.ndim or part.stride() != parts[0].stride() for part in parts):
        return False
    factors = [inner // outer for inner, outer in zip(parts[0].stride(), whole.stride(), strict=True)]
    size = tuple(n * factor for n, factor in zip(parts[0].shape, factors, strict=True))
    starts = {tuple(_start(part, whole)) for part in parts}
    first = all(n < factor for start in starts for n, factor in zip(start, factors, strict=True))
    by_pixel = factors[:2] == [1, 1]  # the same examples and channels
    return by_pixel and first and size == tuple(whole.shape) and len(starts) == len(parts) == prod(factors)
