"""Classifies ATen operators; extracts kernel windows, crops and MACs; refines a type by its effect on the axes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from math import prod
from typing import Any

from torch import Tensor
from torch.utils.flop_counter import flop_registry

from unet_tutorial.figures.arch.ir import Pairs, Window
from unet_tutorial.figures.tracing.axes import PRODUCTS, REDUCTIONS, Layout, Ratios, axis_of, by_spatial_axis
from unet_tutorial.figures.tracing.record import Op, Record
from unet_tutorial.plan.levels import Size

PATTERNS = (  # operation types by operator name; the first match counts
    ("conv", r"(.*_)?convolution"),
    ("linear", r"mm|addmm|bmm|baddbmm|linear|_scaled_dot_product.*|_?flash_attention.*"),
    ("resize", r"_?upsample_.*|max_unpool.*"),
    ("pool", r"(adaptive_|fractional_)?(max|avg)_pool.*|_adaptive_avg_pool.*|lp_pool.*"),
    ("norm", r".*(batch|group|layer|instance|rms)_norm.*"),
    ("concat", r"cat|stack"),
    ("add", r"(add|sub|rsub)_?|add(cmul|cdiv)_?"),
    ("gate", r"mul_?|div_?"),
    ("crop", r"slice|narrow|index_select|constant_pad_nd|(reflection|replication)_pad.*"),
    ("split", r"split.*|chunk|unbind|select|unsafe_split.*|unsafe_chunk"),
    ("same", r"detach|alias|lift_fresh|_to_copy|contiguous|clone|view_as|copy_|(native_|feature_)?dropout_?|_conj"),
    ("view", r"(_unsafe_)?view|_?reshape.*|permute|transpose|t|(un)?squeeze_?|expand|pixel_(un)?shuffle|.*_copy"),
    ("reduce", "|".join(REDUCTIONS)),
)  # fmt: skip


def operation_type(op: Op) -> str:
    """One of ``ir.OPS``, or "same" for operators that leave the values unchanged.

    An unknown operator is an "act" if its output has the shape of its input, else "other".
    """
    named = _type_by_name(op.name)
    if named:
        return named
    given = next((arg for arg in op.args if isinstance(arg, Tensor)), None)
    return "act" if op.outs and given is not None and op.outs[0].shape == given.shape else "other"


@cache
def _type_by_name(name: str) -> str:
    return next((key for key, pattern in PATTERNS if re.fullmatch(pattern, name)), "")


def refined_type(op: Op, op_type: str, window: Window | None, crop: Pairs, *, spatial: bool, reshaped: bool) -> str:
    """One of ``ir.OPS``, from the type by name and the effect on the axes.

    ``spatial``: input and output have spatial axes; ``reshaped``: the shape changes.
    """
    if op_type == "conv" and op.args[6]:
        return "up"
    if op_type in ("crop", "split"):
        return "pool" if window else "crop" if crop or not reshaped else "split"
    if op_type == "reduce" or (op_type == "pool" and "adaptive" in op.name):
        out = op.outs[0]
        single_pixel = out.numel() == out.shape[0] * out.shape[1] if out.ndim > 1 else True
        if not spatial or (op_type == "pool" and single_pixel):
            return "reduce"
        return "other" if op_type == "reduce" else "pool"
    return "other" if op_type == "same" else op_type


def is_pointwise_product(op: Op, main: Tensor, maps: int, *, spatial: bool) -> bool:
    """Whether a matrix product multiplies each pixel by the same weights; ``maps`` counts its feature maps."""
    return op.name in PRODUCTS and spatial and maps == 1 and main.ndim > 1


def spatial_rank(found: Record) -> int:
    """Number of spatial axes: that of the inputs, or of the convolutions if the inputs have no dimension for channels.

    Raises ValueError for an example without a batch dimension.
    """
    ndim = max((tensor.ndim for tensor in found.inputs), default=0)
    conv_rank = max((op.args[1].ndim - 2 for op in found.ops if op.name.endswith("convolution")), default=0)
    inputs = {id(tensor) for tensor in found.inputs}
    for op in found.ops:
        if op.name == "unsqueeze" and id(op.args[0]) in inputs and op.args[1] == 0 and 2 < ndim == conv_rank + 1:
            shape = tuple(op.args[0].shape)
            raise ValueError(f"the example has shape {shape}, without a batch dimension; pass shape {(1, *shape)}")
    lacks_channels = ndim == conv_rank + 1 and ndim - 2 < 2
    return max(ndim - 1 if lacks_channels else ndim - 2, 0)


def window_of(op: Op, op_type: str, axes: Sequence[int | None], rank: int) -> Window | None:
    """Kernel window per spatial axis; None for operators on single pixels or on all pixels.

    ``axes`` holds the spatial axis of each dimension of the input.
    """
    if op_type == "conv":
        weight, _, stride, padding, dilation, transposed = op.args[1:7]
        kernel = tuple(weight.shape[2:])
        stride, padding, dilation = (per_axis(values, len(kernel)) for values in (stride, padding, dilation))
        one = (1,) * len(kernel)
        values = (kernel, one, padding, dilation, stride) if transposed else (kernel, stride, padding, dilation, one)
        return _window(values, axes[-len(kernel) :], rank)
    if op_type == "pool" and "adaptive" not in op.name and "fractional" not in op.name:
        dims = int(re.findall(r"(\d)d", op.name)[0])
        kernel, one = per_axis(op.args[1], dims), (1,) * dims
        stride = per_axis(op.args[2], dims) if len(op.args) > 2 and op.args[2] else kernel
        padding = per_axis(op.args[3], dims) if len(op.args) > 3 else (0,) * dims
        dilation = per_axis(op.args[4], dims) if "max" in op.name and len(op.args) > 4 else one
        return _window((kernel, stride, padding, dilation, one), axes[-dims:], rank)
    if op_type in ("pool", "resize") or op.name.startswith("pixel_"):
        return _resize_window(op, op_type, axes, rank)
    return _slice_window(op, axes, rank) if op.name == "slice" and len(op.args) > 4 and op.args[4] > 1 else None


def _resize_window(op: Op, op_type: str, axes: Sequence[int | None], rank: int) -> Window:
    """Window of a resize, an adaptive pooling or a pixel shuffle, from the ratios of the sizes."""
    pairs = list(zip(op.args[0].shape, op.outs[0].shape, strict=True))
    down, up = tuple(max(1, round(n / m)) for n, m in pairs), tuple(max(1, round(m / n)) for n, m in pairs)
    width = 2 if "linear" in op.name else 4 if "cubic" in op.name else 1
    kernel = tuple(width if u > 1 else 1 for u in up) if op_type == "resize" else down
    return _window((kernel, down, (0,) * len(pairs), (1,) * len(pairs), up), axes, rank)


def _slice_window(op: Op, axes: Sequence[int | None], rank: int) -> Window:
    """Window of a slice with a step n, which takes every n-th pixel along one dimension."""
    one, dim = (1,) * len(axes), op.args[1] % len(axes)
    step = tuple(op.args[4] if i == dim else 1 for i in range(len(axes)))
    start = tuple(-(op.args[2] or 0) if i == dim else 0 for i in range(len(axes)))
    return _window((one, step, start, one, one), axes, rank)


def _window(values: Sequence[Size], axes: Sequence[int | None], rank: int) -> Window:
    defaults = (1, 1, 0, 1, 1)
    return Window(*(by_spatial_axis(each, axes, rank, default) for each, default in zip(values, defaults, strict=True)))


def pointwise_window(rank: int) -> Window:
    """Window of an operator on single pixels."""
    one = (1,) * rank
    return Window(one, one, (0,) * rank, one, one)


def shuffle_window(ratios: Ratios, rank: int) -> Window:
    """Window of a view that turns pixels into channels, or channels into pixels."""
    down, up = (tuple(ratios.get(axis, (1, 1))[i] for axis in range(rank)) for i in (0, 1))
    return Window(down, down, (0,) * rank, (1,) * rank, up)


def per_axis(values: Any, rank: int) -> Size:
    """One number per axis, from an argument of torch that may also be a single number for all axes."""
    given = [values] if isinstance(values, int) else list(values)
    return tuple(int(n) for n in (given * rank if len(given) == 1 else given))


def crop_of(op: Op, main: Tensor, out: Tensor, layout: Layout) -> Pairs:
    """Pixels cropped before and after each axis (negative: padded); () for operators that crop no spatial axis."""
    if main.ndim != out.ndim:
        return ()
    lost = [n - m for n, m in zip(main.shape, out.shape, strict=True)]
    if op.name == "slice":
        dim, start = (op.args[1] if len(op.args) > 1 else 0) % main.ndim, op.args[2] if len(op.args) > 2 else 0
        size = main.shape[dim]
        first = min(max((start or 0) + (size if (start or 0) < 0 else 0), 0), size)
        pairs = [(first, n - first) if i == dim else (0, 0) for i, n in enumerate(lost)]
    elif "split" in op.name:
        before = [0] * main.ndim
        for part in op.outs[: next(i for i, each in enumerate(op.outs) if each is out)]:
            before = [b + part.shape[i] * (n > 0) for i, (b, n) in enumerate(zip(before, lost, strict=True))]
        pairs = [(b, n - b) for b, n in zip(before, lost, strict=True)]
    elif "pad" in op.name:
        sides = [-int(n) for n in op.args[1]]
        padded = list(zip(sides[::2], sides[1::2], strict=True))[::-1]  # torch lists the last axis first
        pairs = [(0, 0)] * (main.ndim - len(padded)) + padded
    else:
        pairs = [(n // 2, n - n // 2) for n in lost]
    by_axis = {axis_of(dim): pair for dim, pair in zip(layout, pairs, strict=True)}
    axes = sorted(axis for axis in by_axis if axis is not None)
    cropped = any(any(by_axis[axis]) for axis in axes)
    return tuple(by_axis[axis] for axis in axes) if cropped and axes == list(range(len(axes))) else ()


def macs(op: Op, op_type: str) -> int:
    """Multiply-accumulates without biases.

    A convolution needs kernel size · input channels MACs per output value, a transposed convolution kernel size ·
    output channels MACs per input value.
    """
    if op_type == "conv":
        given, weight, transposed = op.args[0], op.args[1], op.args[6]
        return int((given if transposed else op.outs[0]).numel() * weight.shape[1] * prod(weight.shape[2:]))
    if op.name.startswith("_scaled_dot_product"):  # torch's counter knows these only for some devices
        query, key, value = op.args[:3]
        return int(query.numel() * key.shape[-2] + query.numel() // query.shape[-1] * value.shape[-1] * key.shape[-2])
    if op_type == "linear":
        count = next((f for packet, f in flop_registry.items() if packet.__name__ == op.name), None)
        out = op.outs[0] if len(op.outs) == 1 else tuple(op.outs)
        return int(count(*op.args, **op.kwargs, out_val=out)) // 2 if count else 0
    return 0
