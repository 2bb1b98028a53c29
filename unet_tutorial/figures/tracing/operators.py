"""Classifies ATen operators; extracts kernel windows, crops and MACs; refines a type by its effect on the axes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from math import prod
from typing import Any

from torch import Tensor
from torch.utils.flop_counter import flop_registry

from unet_tutorial.figures.arch.ir import Pairs, Window
from unet_tutorial.figures.arch.path import near_whole
from unet_tutorial.figures.tracing.axes import (
    REDUCTIONS,
    Layout,
    Ratios,
    axes_in,
    axis_of,
    by_spatial_axis,
    factors_of,
    selected_dims,
)
from unet_tutorial.figures.tracing.record import Op
from unet_tutorial.plan.levels import Size

PATTERNS = (  # operation types by operator name; the first match counts
    ("conv", r"(.*_)?convolution"),
    ("linear", r"mm|addmm|bmm|baddbmm|linear|_scaled_dot_product.*|_?flash_attention.*"),
    ("resize", r"_?upsample_.*|max_unpool.*"),
    ("pool", r"(adaptive_|fractional_)?(max|avg)_pool.*|_adaptive_avg_pool.*|lp_pool.*"),
    ("norm", r".*(batch|group|layer|instance|rms|local_response)_norm.*"),
    ("concat", r"cat|stack"),
    ("add", r"(add|sub|rsub)_?|add(cmul|cdiv)_?|lerp_?"),
    ("gate", r"mul_?|div_?"),
    ("crop", r"slice|constant_pad_nd|(reflection|replication|circular)_pad.*"),
    ("split", r"split.*|chunk|unbind|select|unsafe_split.*|unsafe_chunk"),
    ("same", r"detach|alias|lift_fresh|_to_copy|contiguous|clone|view_as|copy_|(native_|feature_)?dropout_?|_conj"),
    ("view", r"(_unsafe_)?view|_?reshape.*|permute|transpose_?|t_?|(un)?squeeze_?|expand|repeat|roll|.*_copy"),
    ("view", r"pixel_(un)?shuffle|channel_shuffle"),
    ("reduce", "|".join(REDUCTIONS)),
    ("other", r"LSTM|GRU|RNN|grid_sampler.*|deform_conv.*|flip"),
)  # fmt: skip


def operation_type(op: Op) -> str:
    """One of ``ir.OPS``, or "same" for operators that leave the values unchanged.

    An unknown operator is an "act" if its output has the shape of its input, else "other".
    """
    named = _type_by_name(op.name)
    if named:
        return named
    given = next(iter(op.tensors), None)
    return "act" if op.outs and given is not None and op.outs[0].shape == given.shape else "other"


def is_factory(op: Op) -> bool:
    """Whether an operator creates a tensor without reading the values of its arguments."""
    return re.fullmatch(r"new_.*|.*_like", op.name) is not None


@cache
def _type_by_name(name: str) -> str:
    return next((key for key, pattern in PATTERNS if re.fullmatch(pattern, name)), "")


def refined_type(
    op: Op, op_type: str, window: Window | None, crop: Pairs, global_axes: Size, *, spatial: bool, reshaped: bool
) -> str:
    """One of ``ir.OPS``, from the type by name and the effect on the axes.

    ``spatial``: input and output have spatial axes; ``reshaped``: the shape changes.
    """
    if op_type == "conv" and op.arguments["transposed"]:
        return "up"
    if op_type in ("crop", "split"):
        return "pool" if window else "crop" if crop or not reshaped else "split"
    if op_type == "concat" and crop:
        return "crop"
    if op_type == "reduce" or "adaptive" in op.name:
        return "reduce" if global_axes or not spatial else "pool" if window else "other"
    return "other" if op_type == "same" else op_type


def mixed_dims(op: Op, op_type: str, main: Tensor) -> set[int]:
    """Dimensions of the operand ``main`` along which each output value depends on all input values.

    An operator with an argument ``dim`` works along these dimensions, unless it only moves or joins values.
    """
    if "adaptive" in op.name:
        return {i for i, (n, m) in enumerate(zip(main.shape, op.outs[0].shape, strict=True)) if n > 1 and m == 1}
    if op.name.startswith("grid_sampler") or "deform_conv" in op.name:  # reads at places that depend on values
        return set(range(main.ndim))
    if op.name == "index":
        return {i for i, index in enumerate(op.arguments["indices"]) if index is not None}
    if op.name in ("renorm", "renorm_"):  # scales the slices along dim, each by its own norm
        return set(range(main.ndim)) - selected_dims(op, main.ndim)
    if op_type == "reduce" or (_type_by_name(op.name) in ("", "other") and {"dim", "dims"} & op.arguments.keys()):
        return selected_dims(op, main.ndim)
    return set()


def global_axes(op: Op, op_type: str, main: Tensor, layouts: dict[int, Layout], after: Layout) -> Size:
    """The spatial axes along which each output value depends on all pixels of the operands, or which are lost.

    ``layouts`` are those of the operands, by id of the tensor, and ``after`` is that of the output.
    """
    before = layouts[id(main)]
    axes = {axis for dim in mixed_dims(op, op_type, main) for axis in axes_in(before[dim : dim + 1])}
    factors = factors_of(op)
    if factors:
        left, right = (layouts.get(id(factor), ()) for factor in factors)
        axes |= axes_in(left[-1:]) | axes_in(right[-2:-1])  # the dimensions that are summed over
        axes |= axes_in(right[-1:] if main is factors[0] else left[-2:-1])  # become channels
    if op.name.startswith("_scaled_dot_product"):
        axes |= {axis for name in ("key", "value") for axis in axes_in(layouts.get(id(op.arguments[name]), ())[-2:-1])}
    if op.name == "cat":  # rows joined with columns
        dim = op.arguments["dim"] % len(before)
        joined = [layouts.get(id(each), ())[dim : dim + 1] for each in op.arguments["tensors"]]
        sources = [axes_in(each, 1) for each in joined]
        axes |= set().union(*(each for each in sources if each and each != axes_in(before[dim : dim + 1], 1)))
    if op_type == "conv":
        kernel = op.arguments["weight"].shape[2:]
        sides = zip(kernel, before[len(before) - len(kernel) :], strict=True)
        axes |= {axis for n, dim in sides if n > 1 and axis_of(dim) is None for axis in axes_in([dim])}
    return tuple(sorted(axes | (axes_in(before) - axes_in(after, shortest=1))))


def main_operand(op: Op, maps: Sequence[Tensor], layouts: dict[int, Layout]) -> Tensor:
    """The operand among these maps whose axes are those of the output.

    For products that is the one whose rows or columns remain; otherwise the largest map with spatial axes.
    """
    factors = factors_of(op)
    if "max_unpool" in op.name or op.name.startswith("grid_sampler"):
        return maps[0]
    if op.name.startswith("_scaled_dot_product") and id(op.arguments["query"]) in layouts:
        return op.arguments["query"]  # type: ignore[no-any-return]
    if factors and axes_in(layouts.get(id(factors[0]), ())[-2:-1]):
        return factors[0]
    if factors and axes_in(layouts.get(id(factors[1]), ())[-1:]):
        return factors[1]
    return max(maps, key=lambda each: (bool(axes_in(layouts[id(each)])), each.numel()))


def is_pointwise_product(op: Op, main: Tensor, maps: int, layout: Layout, *, spatial: bool) -> bool:
    """Whether a matrix product multiplies each pixel by the same weights; ``maps`` counts its feature maps.

    ``layout`` is that of the map ``main``.
    """
    factors = factors_of(op)
    if not factors or not spatial or maps != 1 or main.ndim < 2:
        return False
    return not axes_in(layout[-1:] if main is factors[0] else layout[-2:-1])


def window_of(op: Op, op_type: str, axes: Sequence[int | None], rank: int) -> Window | None:
    """Kernel window per spatial axis; None for operators on single pixels or on all pixels.

    ``axes`` holds the spatial axis of each dimension of the input.
    """
    if op_type == "conv":
        kernel = tuple(op.arguments["weight"].shape[2:])
        given = (op.arguments[name] for name in ("stride", "padding", "dilation"))
        stride, padding, dilation = (per_axis(values, len(kernel)) for values in given)
        one = (1,) * len(kernel)
        transposed = op.arguments["transposed"]
        values = (kernel, one, padding, dilation, stride) if transposed else (kernel, stride, padding, dilation, one)
        return _window(values, axes[-len(kernel) :], rank)
    if op_type == "pool" and "adaptive" not in op.name and "fractional" not in op.name:
        dims = int(re.findall(r"(\d)d", op.name)[0])
        kernel = per_axis(op.arguments["kernel_size"], dims)
        stride = per_axis(op.arguments["stride"] or kernel, dims)
        padding = per_axis(op.arguments["padding"], dims)
        dilation = per_axis(op.arguments.get("dilation", 1), dims)
        return _window((kernel, stride, padding, dilation, (1,) * dims), axes[-dims:], rank)
    if op_type in ("pool", "resize") or op.name.startswith("pixel_"):
        return _resize_window(op, op_type, axes, rank)
    if op.name in ("im2col", "col2im", "unfold"):
        return _patch_window(op, axes, rank)
    if op.name == "roll":
        return _roll_window(op, axes, rank)
    return _slice_window(op, axes, rank) if op.name == "slice" and op.arguments["step"] > 1 else None


def _resize_window(op: Op, op_type: str, axes: Sequence[int | None], rank: int) -> Window:
    """Window of a resize, an adaptive pooling or a pixel shuffle, from the ratios of the sizes."""
    pairs = list(zip(op.operand.shape, op.outs[0].shape, strict=True))
    if op_type == "resize":
        ratios = [near_whole(Fraction(m, n)) for n, m in pairs]
        down, up = tuple(ratio.denominator for ratio in ratios), tuple(ratio.numerator for ratio in ratios)
        width = 2 if "linear" in op.name else 4 if "cubic" in op.name else 1
        kernel = tuple(width if ratio != 1 else 1 for ratio in ratios)
    else:
        down, up = tuple(max(1, round(n / m)) for n, m in pairs), tuple(max(1, round(m / n)) for n, m in pairs)
        kernel = down
    return _window((kernel, down, (0,) * len(pairs), (1,) * len(pairs), up), axes, rank)


def _slice_window(op: Op, axes: Sequence[int | None], rank: int) -> Window:
    """Window of a slice with a step n, which takes every n-th pixel along one dimension."""
    one, dim = (1,) * len(axes), op.arguments["dim"] % len(axes)
    step = tuple(op.arguments["step"] if i == dim else 1 for i in range(len(axes)))
    start = tuple(-(op.arguments["start"] or 0) if i == dim else 0 for i in range(len(axes)))
    return _window((one, step, start, one, one), axes, rank)


def _patch_window(op: Op, axes: Sequence[int | None], rank: int) -> Window:
    """Window of an operator that collects patches as channels, or adds them up again."""
    one, arguments = (1,) * len(axes), op.arguments
    if op.name == "unfold":
        dim = arguments["dimension"] % len(axes)
        size, step = (tuple(arguments[name] if i == dim else 1 for i in range(len(axes))) for name in ("size", "step"))
        return _window((size, step, (0,) * len(axes), one, one), axes, rank)
    names = ("kernel_size", "stride", "padding", "dilation")
    kernel, stride, padding, dilation = (per_axis(arguments[name], 2) for name in names)
    steps = ((1, 1), stride) if op.name == "col2im" else (stride, (1, 1))
    return Window(kernel, steps[0], padding, dilation, steps[1])


def _roll_window(op: Op, axes: Sequence[int | None], rank: int) -> Window | None:
    """Window of a cyclic shift by n pixels: pixel i reads pixel i - n; None if no spatial axis is shifted."""
    one, shifts = (1,) * len(axes), [0] * len(axes)
    for dim, shift in zip(op.arguments["dims"], op.arguments["shifts"], strict=False):
        shifts[dim % len(axes)] += shift
    shifted = any(shift and axis is not None for shift, axis in zip(shifts, axes, strict=True))
    return _window((one, one, tuple(shifts), one, one), axes, rank) if shifted else None


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
    """Pixels cropped before and after each axis (negative: padded); () for operators that crop no spatial axis.

    A concatenation along a spatial axis is a padding, if one operand is larger than each of the others.
    """
    lost = [n - m for n, m in zip(main.shape, out.shape, strict=False)]
    pairs = [(0, 0)] * main.ndim
    if op.name == "slice":
        dim, start = op.arguments["dim"] % main.ndim, op.arguments["start"] or 0
        size = main.shape[dim]
        first = min(max(start + (size if start < 0 else 0), 0), size)
        pairs[dim] = (first, lost[dim] - first)
    elif op.name in ("select", "unbind"):
        dim = op.arguments["dim"] % main.ndim
        index = op.arguments["index"] % main.shape[dim] if op.name == "select" else _position(op.outs, out)
        pairs[dim] = (index, main.shape[dim] - index - 1)
    elif "split" in op.name:
        dim = op.arguments["dim"] % main.ndim
        before = sum(part.shape[dim] for part in op.outs[: _position(op.outs, out)])
        pairs[dim] = (before, lost[dim] - before)
    elif "pad" in op.name:
        sides = [-int(n) for n in op.arguments["pad" if "pad" in op.arguments else "padding"]]
        padded = list(zip(sides[::2], sides[1::2], strict=True))[::-1]  # torch lists the last axis first
        pairs[main.ndim - len(padded) :] = padded
    elif op.name == "cat":
        dim, parts = op.arguments["dim"] % main.ndim, op.arguments["tensors"]
        widths = [part.shape[dim] if part.ndim == main.ndim else 0 for part in parts]
        before = sum(widths[: _position(parts, main)])
        single = sorted(widths)[-1:] > sorted(widths)[-2:-1]
        pairs[dim] = (-before, lost[dim] + before) if single else (0, 0)
    by_axis = {axis_of(dim): pair for dim, pair in zip(layout, pairs, strict=True)}
    axes = sorted(axis for axis in by_axis if axis is not None)
    cropped = any(any(by_axis[axis]) for axis in axes)
    return tuple(by_axis[axis] for axis in axes) if cropped and axes == list(range(len(axes))) else ()


def _position(tensors: Sequence[Tensor], wanted: Tensor) -> int:
    return next(i for i, each in enumerate(tensors) if each is wanted)


def macs(op: Op, op_type: str) -> int:
    """Multiply-accumulates without biases.

    A convolution needs kernel size · input channels MACs per output value, a transposed convolution kernel size ·
    output channels MACs per input value, and a recurrent layer one per step of the sequence and value of its matrices.
    """
    if op_type == "conv":
        weight, given = op.arguments["weight"], op.operand if op.arguments["transposed"] else op.outs[0]
        return int(given.numel() * weight.shape[1] * prod(weight.shape[2:]))
    if op.name == "mkldnn_rnn_layer":  # one layer and direction of an LSTM on a CPU
        steps = op.operand.numel() // op.operand.shape[-1]
        return int(steps * sum(op.arguments[name].numel() for name in ("weight0", "weight1")))
    if op.name.startswith("_scaled_dot_product"):  # torch's counter knows these only for some devices
        query, key, value = (op.arguments[name] for name in ("query", "key", "value"))
        return int(query.numel() * key.shape[-2] + query.numel() // query.shape[-1] * value.shape[-1] * key.shape[-2])
    if op_type == "linear":
        count = next((f for packet, f in flop_registry.items() if packet.__name__ == op.name), None)
        out = op.outs[0] if len(op.outs) == 1 else tuple(op.outs)
        return int(count(*op.args, **op.kwargs, out_val=out)) // 2 if count else 0
    return 0
