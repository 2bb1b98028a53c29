"""Follows the spatial axes of a tensor through ATen operators: permutations, views, windows, shuffles, reductions.

The layout of a tensor lists the factors of each dimension, outermost first. A factor is (source, length, stride); its
source is "n" for the batch, "c" for the channels, or the number of a spatial axis of the network's input. If a
transformer flattens a map (N, C, H, W) to tokens (N, C, H·W), the last dimension has the factors (0, H, 1), (1, W, 1).
The axes are still known, so the tokens count as a feature map of size H×W. The same holds for channels-last tensors
and for the windows of a transformer.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import prod

from torch import Tensor

from unet_tutorial.figures.tracing.record import Op
from unet_tutorial.plan.levels import Size

Factor = tuple[str | int, int, int]
Layout = tuple[tuple[Factor, ...], ...]
Ratios = dict[int, tuple[int, int]]  # by axis: downsampling and upsampling factor

VIEWS = ("view", "_unsafe_view", "reshape", "_reshape_alias", "_reshape_copy", "view_copy", "flatten", "unflatten")
REDUCTIONS = ("mean", "sum", "nansum", "amax", "amin", "aminmax", "max", "min", "var", "std", "var_mean", "std_mean",
              "argmax", "argmin", "prod", "linalg_vector_norm", "norm", "any", "all", "count_nonzero", "logsumexp",
              "median", "nanmedian", "mode", "kthvalue")  # fmt: skip
PRODUCTS = {"mm": ("self", "mat2"), "bmm": ("self", "mat2"), "addmm": ("mat1", "mat2"), "baddbmm": ("batch1", "batch2")}


def channel_layout(shape: Sequence[int]) -> Layout:
    """Layout whose dimensions all count as channels."""
    return tuple((("c", size, 1),) for size in shape)


def _lost_layout(given: Layout, shape: Sequence[int]) -> Layout:
    """Layout after an operator whose effect on the axes is unknown; the first dimension may still be the batch."""
    batch = given[:1] if shape and given and given[0] == (("n", shape[0], 1),) else ()
    return (*batch, *channel_layout(shape[len(batch) :]))


def axis_of(dim: Sequence[Factor]) -> int | None:
    """The spatial axis that a dimension runs along pixel by pixel; None for channels, batch, tokens and windows."""
    factors = [factor for factor in dim if factor[1] > 1] or [factor for factor in dim if isinstance(factor[0], int)]
    return factors[0][0] if len(factors) == 1 and isinstance(factors[0][0], int) and factors[0][2] == 1 else None


def axes_in(dims: Sequence[Sequence[Factor]], shortest: int = 2) -> set[int]:
    """The spatial axes with at least ``shortest`` pixels in these dimensions."""
    return {source for dim in dims for source, n, _ in dim if isinstance(source, int) and n >= shortest}


def grid_size(layout: Layout, rank: int) -> Size | None:
    """Number of pixels along each axis, 1 for an axis that was removed; None if the layout shows no axis."""
    sizes: dict[int, int] = {}
    for dim in layout:
        for source, n, _ in dim if _source_of(dim) != "c" else ():
            if isinstance(source, int):
                sizes[source] = sizes.get(source, 1) * n
    return tuple(sizes.get(k, 1) for k in range(rank)) if sizes else None


def batch_size(layout: Layout) -> int:
    """Number of examples in the batch."""
    return prod(n for dim in layout for source, n, _ in dim if source == "n")


def by_spatial_axis(values: Sequence[int], axes: Sequence[int | None], rank: int, default: int) -> tuple[int, ...]:
    """Values for the last dimensions of a tensor, sorted by spatial axis; ``default`` for axes that have none."""
    known = {axis: value for axis, value in zip(axes, values, strict=True) if axis is not None}
    return tuple(known.get(axis, default) for axis in range(rank))


def factors_of(op: Op) -> tuple[Tensor, ...]:
    """The left and right matrices of a matrix product; () for other operators."""
    return tuple(op.arguments[name] for name in PRODUCTS.get(op.name, ()))


def selected_dims(op: Op, ndim: int) -> set[int]:
    """The dimensions selected by the argument ``dim`` or ``dims``; all of them if it is not given or empty."""
    given = op.arguments.get("dim", op.arguments.get("dims"))
    dims = [given] if isinstance(given, int) else given
    return {dim % ndim for dim in dims} if dims and ndim else set(range(ndim))


def output_layout(op: Op, given: Layout, out: Tensor, main: Tensor) -> Layout:
    """Layout of ``out``, an output of the operator whose operand ``main`` has the layout ``given``."""
    name, shape = op.name.removesuffix("_copy").removesuffix("_"), tuple(out.shape)
    if name in VIEWS:
        return _viewed(given, shape)
    dims = _rearranged(name, op, given, main)
    if dims is None and name in REDUCTIONS:
        dims = _reduced(selected_dims(op, len(given)), given, len(shape))
    if dims is None and name in PRODUCTS and 1 < len(shape) == len(given):
        right = main is factors_of(op)[1]
        new = (("c", shape[-2 if right else -1], 1),)
        dims = (*given[:-2], new, given[-1]) if right else (*given[:-1], new)
    if name.startswith("_scaled_dot_product") and main is not op.arguments["query"]:  # the queries are parameters
        dims = (*given[:-2], (("c", op.arguments["query"].shape[-2], 1),), given[-1])
    if dims is None and name in ("expand", "repeat") and len(shape) > len(given):
        dims = (*channel_layout((1,) * (len(shape) - len(given))), *given)
    dims = given if dims is None else dims
    return resized(dims, shape) if len(dims) == len(shape) else _lost_layout(given, shape)


def resized(layout: Layout, shape: Sequence[int]) -> Layout:
    """The same dimensions with other sizes, such as after a crop, a pooling or a resize.

    A dimension of several axes, such as tokens, holds channels if its size changes.
    """
    return tuple(
        dim
        if prod(n for _, n, _ in dim) == size
        else ((_source_of(dim) if len(axes_in([dim], 1)) < 2 else "c", size, 1),)
        for dim, size in zip(layout, shape, strict=True)
    )


def _viewed(layout: Layout, shape: Sequence[int]) -> Layout:
    """Layout after a view: the same values in the same order, in dimensions of other sizes."""
    waiting, dims = [factor for dim in layout for factor in dim], []
    for size in shape:
        taken: list[Factor] = []
        left = size
        while waiting and (left > 1 or (not taken and waiting[0][1] == 1)):
            source, n, stride = waiting.pop(0)
            if left % n and n % left:
                return _lost_layout(layout, shape)
            if left % n:  # the factor is split: its inner part goes into the next dimension
                waiting.insert(0, (source, n // left, stride))
                n, stride = left, stride * (n // left)
            taken.append((source, n, stride))
            left //= n
        dims.append(taken or [("c", size, 1)])
    if dims:
        dims[-1] += waiting
    return tuple(_joined(dim) for dim in dims)


def _joined(dim: Sequence[Factor]) -> tuple[Factor, ...]:
    """Neighbouring factors of the same source joined into one, where their strides allow it."""
    out: list[Factor] = []
    for source, n, stride in dim:
        if out and out[-1][0] == source and (source in ("n", "c") or out[-1][2] == n * stride):
            out[-1] = (source, out[-1][1] * n, stride)
        else:
            out.append((source, n, stride))
    return tuple(out)


def _rearranged(name: str, op: Op, given: Layout, main: Tensor) -> Layout | None:
    """Layout after an operator that permutes, inserts or removes dimensions; None for other operators."""
    ndim, arguments = len(given), op.arguments
    if name == "permute":
        return tuple(given[d] for d in arguments["dims"])
    if name in ("transpose", "t"):
        one, other = (arguments["dim0"] % ndim, arguments["dim1"] % ndim) if name != "t" else (0, ndim - 1)
        swapped = {one: other, other: one}
        return tuple(given[swapped.get(i, i)] for i in range(ndim))
    if name in ("unsqueeze", "stack"):
        return (*given[: (at := arguments["dim"] % (ndim + 1))], (("c", 1, 1),), *given[at:])
    if name in ("select", "unbind"):
        return tuple(dim for i, dim in enumerate(given) if i != arguments["dim"] % ndim)
    if name == "unfold":
        return (*resized(given, op.outs[0].shape[:-1]), (("c", arguments["size"], 1),))
    if name in ("im2col", "col2im"):
        return _patches(op, given, main)
    if name == "view_as_real":
        return (*given, (("c", 2, 1),))
    if name == "view_as_complex":
        return given[:-1]
    if name == "squeeze":
        squeezed = selected_dims(op, ndim)
        return tuple(dim for i, dim in enumerate(given) if i not in squeezed or main.shape[i] > 1)
    return None


def _patches(op: Op, given: Layout, main: Tensor) -> Layout | None:
    """Layout after the patches of an image are collected as channels (im2col), or added up to an image (col2im)."""
    if op.name == "col2im":
        axes = [[(source, 1, 1)] for source, _, _ in given[-1]]
        return (*given[:2], *map(tuple, axes)) if len(axes) == 2 == len(axes_in(axes, 1)) else None
    arguments, head = op.arguments, given[: main.ndim - 2]
    kernel, stride, padding, dilation = (arguments[name] for name in ("kernel_size", "stride", "padding", "dilation"))
    numbers = zip(main.shape[-2:], kernel, stride, padding, dilation, strict=True)
    counts = [(n + 2 * before - gap * (k - 1) - 1) // step + 1 for n, k, step, before, gap in numbers]
    sources = [_source_of(dim) for dim in given[-2:]]
    return (*head, tuple((source, n, 1) for source, n in zip(sources, counts, strict=True)))


def _reduced(reduced: set[int], given: Layout, ndim: int) -> Layout:
    """Layout after a reduction to ``ndim`` dimensions: reduced dimensions are removed, or kept with size 1."""
    if ndim == len(given):
        return tuple(
            tuple((source, 1, 1) for source, _, _ in dim) if i in reduced else dim for i, dim in enumerate(given)
        )
    return tuple(dim for i, dim in enumerate(given) if i not in reduced)


def with_shuffles(layout: Layout) -> tuple[Layout, Ratios]:
    """The layout on its new grid after a pixel shuffle or unshuffle, and the change of the grid per axis.

    Upsampling: each spatial factor of a dimension is followed by a channel factor: these channels became pixels.
    Downsampling: a spatial factor has a stride above 1, because the pixels in between became channels.
    """
    ratios: Ratios = {}
    spatial = [factor[0] for dim in layout if _source_of(dim) != "c" for factor in dim]
    dims = []
    for dim in layout:
        if _source_of(dim) == "c":
            dims.append((("c", prod(n for _, n, _ in dim), 1),) if _holds_pixels(dim, spatial) else dim)
            continue
        new: list[Factor] = []
        upsampled = _is_upsampled(dim)
        for source, n, stride in dim:
            axis = new[-1][0] if upsampled and new and spatial.count(new[-1][0]) == 1 else None
            if source == "c" and n > 1 and isinstance(axis, int):
                ratios[axis] = (ratios.get(axis, (1, 1))[0], n)
                new[-1] = (axis, new[-1][1] * n, 1)
            elif isinstance(source, int) and stride > 1 and spatial.count(source) == 1:
                ratios[source] = (stride, 1)
                new.append((source, n, 1))
            else:
                new.append((source, n, stride))
        dims.append(tuple(new))
    return tuple(dims), ratios


def _is_upsampled(dim: Sequence[Factor]) -> bool:
    """Whether each spatial factor of a dimension is followed by a channel factor."""
    sources = [source for source, n, _ in dim if n > 1 or source != "c"]
    return all(source == "c" or after == "c" for source, after in pairwise([*sources, ""]))


def _holds_pixels(dim: Sequence[Factor], spatial: Sequence[str | int]) -> bool:
    """Whether a channel dimension contains pixels of a spatial axis that also has a dimension of its own."""
    return any(isinstance(source, int) and spatial.count(source) == 1 for source, _, _ in dim)


def _source_of(dim: Sequence[Factor]) -> str | int:
    """Source of a dimension: that of its first factor that belongs to a spatial axis or is longer than 1."""
    return next((source for source, n, _ in dim if n > 1 or isinstance(source, int)), dim[0][0] if dim else "c")


def heads_and_tokens(layout: Layout, rank: int) -> tuple[int, Size]:
    """Number of heads of a product of two maps, and the pixels per axis that take part in one product.

    ``layout`` is that of the queries or keys: the last two dimensions hold tokens and channels of a head, all others
    are computed side by side. Gives 0 and () for an unknown layout, and () for tokens that are not neighbours.
    """
    outer = [factor for dim in layout[:-2] for factor in dim]
    if grid_size(layout, rank) is None:
        return 0, ()
    inner = [factor for dim in layout[-2:] if _source_of(dim) != "c" for factor in dim]
    dilated = any(n > 1 and min(s for a, _, s in inner if a == source) > 1 for source, n, _ in inner)
    tokens = tuple(prod(n for source, n, _ in inner if source == axis) for axis in range(rank))
    return prod(n for source, n, _ in outer if source == "c"), () if dilated else tokens
