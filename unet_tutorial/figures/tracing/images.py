"""Finds the maps that convolutions read as images, such as those that a decoder makes from a vector.

The layout of a vector shows no spatial axes, and neither does that of a view (N, C, H, W) of it. If a convolution reads
such a view, its last dimensions are spatial axes again.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from torch import Tensor

from unet_tutorial.figures.tracing.axes import Layout, axes_in
from unet_tutorial.figures.tracing.operators import operation_type
from unet_tutorial.figures.tracing.record import Op
from unet_tutorial.plan.levels import Size

OTHER_DIMENSIONS = ("view", "linear", "reduce", "split", "other")  # operations that may change the dimensions
OTHER_SIZE = ("pool", "resize", "crop", "conv")  # operations that may change the size


def convolved(ops: Sequence[Op], rank: int) -> set[int]:
    """Ids of the tensors (N, C, *size) with ``rank`` spatial axes that arrive at a convolution of several pixels.

    On the way to it, the dimensions are not rearranged.
    """
    found: set[int] = set()
    for op in reversed(ops):
        op_type = operation_type(op)
        if op_type == "conv" and op.arguments["weight"].ndim == rank + 2 and prod(op.arguments["weight"].shape[2:]) > 1:
            found.add(id(op.operand))
        elif op_type not in OTHER_DIMENSIONS and any(id(out) in found for out in op.outs):
            found |= {id(each) for each in op.tensors if _is_read_by_pixel(each, op.outs[0], op_type)}
    return found


def _is_read_by_pixel(given: Tensor, out: Tensor, op_type: str) -> bool:
    return given.ndim == out.ndim and (op_type in OTHER_SIZE or given.shape[2:] == out.shape[2:])


def with_missing_axes(layout: Layout, rank: int) -> tuple[Layout, Size]:
    """The layout of a tensor (N, C, *size) with the axes that its last dimensions have by position, and these axes.

    Axes that the layout has already stay where they are; a dimension with one of them gets no other.
    """
    given, dims = axes_in(layout, 1), list(layout)
    first = len(dims) - rank
    missing = tuple(k for k in range(rank) if k not in given and not axes_in(dims[first + k : first + k + 1], 1))
    for axis in missing:
        dims[first + axis] = ((axis, prod(n for _, n, _ in dims[first + axis]), 1),)
    return tuple(dims), missing
