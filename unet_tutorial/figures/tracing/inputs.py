"""Finds the batch, channel and spatial dimensions of a network's inputs, by following them to a convolution.

A video (N, T, C, H, W) whose frames go through 2D convolutions, an image with its channels last, and a condition
without pixels cannot be told apart by their number of dimensions. The dimensions that arrive as the last ones of a
convolution are spatial, and those that arrive as its first and second one are batch and channels.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from unet_tutorial.figures.tracing.axes import Factor, Layout, output_layout, resized
from unet_tutorial.figures.tracing.meta import storage
from unet_tutorial.figures.tracing.operators import is_factory
from unet_tutorial.figures.tracing.record import Record


def input_layouts(found: Record) -> tuple[int, list[Layout]]:
    """Number of spatial axes, and the layout of each input; an input without spatial axes has none in its layout.

    Raises ValueError for an example without a batch dimension.
    """
    arrived = [_arrival(found, tensor) for tensor in found.inputs]
    spatial = [_spatial_dims(layout) for layout in arrived]
    rank = max(map(len, spatial), default=0)
    if not rank:
        rank = max((tensor.ndim - 2 for tensor in found.inputs), default=0)
        return max(rank, 0), [by_position(tensor.shape, rank) for tensor in found.inputs]
    sizes = {tuple(t.shape[dim] for dim in dims) for t, dims in zip(found.inputs, spatial, strict=True) if dims}
    layouts = []
    for tensor, layout, dims in zip(found.inputs, arrived, spatial, strict=True):
        if layout and dims:
            layouts.append(_by_arrival(tensor.shape, layout, dims, rank))
        elif layout is None and (tensor.ndim == rank + 2 or tuple(tensor.shape[1:]) in sizes):
            layouts.append(by_position(tensor.shape, rank))  # an image that no convolution reads
        else:
            layouts.append(_without_pixels(tensor.shape))
    return rank, layouts


def by_position(shape: Sequence[int], rank: int) -> Layout:
    """Layout of (N, C, *size) or (N, *size) with ``rank`` spatial axes; without spatial axes for other shapes."""
    if rank < 1 or len(shape) not in (rank + 1, rank + 2):
        return _without_pixels(shape)
    head: tuple[Factor, ...] = (("n", shape[0], 1), ("c", shape[1], 1))[: len(shape) - rank]
    return tuple((each,) for each in (*head, *((k, n, 1) for k, n in enumerate(shape[-rank:]))))


def _without_pixels(shape: Sequence[int]) -> Layout:
    return tuple((("c" if i else "n", n, 1),) for i, n in enumerate(shape))


def _arrival(found: Record, tensor: Tensor) -> Layout | None:
    """The layout in which an input arrives at the first convolution of the highest rank; None if at no convolution.

    The source of each factor is the number of a dimension of the input.
    """
    layouts: dict[int, Layout] = {id(tensor): tuple(((i, n, 1),) for i, n in enumerate(tensor.shape))}
    written: dict[int, Layout] = {}  # by storage: layout of the tensor that was written into it
    best: Layout | None = None
    for op in found.ops:
        given = [] if is_factory(op) else op.tensors
        for each in given:
            layout = written.get(storage(each), ())
            if id(each) not in layouts and layout and len(layout) == each.ndim:
                layouts[id(each)] = resized(layout, each.shape)
        known = [each for each in given if id(each) in layouts]
        of_other_pixels = op.name.startswith("_scaled_dot_product") and id(op.arguments["query"]) not in layouts
        if not known or not op.outs or of_other_pixels:
            continue
        arrived = layouts.get(id(op.operand))
        if op.name.endswith("convolution") and arrived is not None and (best is None or len(arrived) > len(best)):
            best = arrived
        main = max(known, key=lambda each: (len(_sources(layouts[id(each)])), each.numel()))
        for out in op.outs:
            layouts[id(out)] = output_layout(op, layouts[id(main)], out, main)
        written |= {storage(each): layouts[id(each)] for each in op.written}
    return best


def _sources(dims: Sequence[Sequence[Factor]]) -> list[int]:
    """The dimensions of the input in this part of a layout, in order.

    Dimensions of size 1 count only where a dimension of the layout holds no others, since a view may move them.
    """
    found: set[int] = set()
    for dim in dims:
        sizes = {source: n for source, n, _ in dim if isinstance(source, int)}
        found |= {source for source, n in sizes.items() if n > 1} or sizes.keys()
    return sorted(found)


def _spatial_dims(arrived: Layout | None) -> list[int]:
    return _sources(arrived[2:]) if arrived else []


def _by_arrival(shape: Sequence[int], arrived: Layout, spatial: list[int], rank: int) -> Layout:
    """The layout of an input with these spatial dimensions, from the layout in which it arrives at a convolution.

    Raises ValueError if the first dimension arrives as channels, and the batch dimension was added on the way.
    """
    last = list(range(len(shape) - rank, len(shape)))
    if spatial == last and len(shape) == rank + 2:
        return by_position(shape, rank)
    batch, channels = _sources(arrived[:1]), _sources(arrived[1:2])
    if spatial == last and len(shape) == rank + 1 and channels == [0] and not batch:
        wanted = (1, *shape)
        raise ValueError(f"the example has shape {tuple(shape)}, without a batch dimension; pass shape {wanted}")
    sources: dict[int, str | int] = {dim: rank - len(spatial) + k for k, dim in enumerate(spatial)}
    sources = dict.fromkeys(batch, "n") | sources | ({} if 0 in (*channels, *spatial) else {0: "n"})
    return tuple(((sources.get(i, "c"), n, 1),) for i, n in enumerate(shape))
