"""Classifies ATen operators; extracts kernel windows, crops and MACs; refines a type from its effect on the axes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import prod
from typing import Any

from torch import Tensor
from torch.utils.flop_counter import flop_registry

from unet_tutorial.figures.arch.ir import Pairs, Window
from unet_tutorial.figures.tracing.axes import PRODUCTS, REDUCTIONS, Layout, Ratios, axis_of, placed
from unet_tutorial.figures.tracing.record import Op, Record
from unet_tutorial.plan.levels import Size

PATTERNS = (  # the first that matches the name
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
FOUND: dict[str, str] = {}  # by name, once looked for


def meaning(op: Op) -> str:
    """One of ``ir.OPS``, "same" for what changes nothing that is drawn; "act" for anything else of one shape."""
    named = FOUND.get(op.name)
    if named is None:
        named = next((key for key, pattern in PATTERNS if re.fullmatch(pattern, op.name)), "")
        FOUND[op.name] = named
    if named:
        return named
    given = next((arg for arg in op.args if isinstance(arg, Tensor)), None)
    return "act" if op.outs and given is not None and op.outs[0].shape == given.shape else "other"


def window(op: Op, meant: str, axes: Sequence[int | None], rank: int) -> Window | None:
    """What it looks through, per spatial axis; None for what looks at single pixels, or at all of them.

    ``axes`` names the spatial axis of each dimension of what it reads.
    """
    if meant == "conv":
        _given, weight, _, stride, pad, dilation, transposed = op.args[:7]
        kernel = tuple(weight.shape[2:])
        wide = [wide_as(values, len(kernel)) for values in (stride, pad, dilation)]
        one = (1,) * len(kernel)
        flat = (kernel, one, *wide[1:], wide[0]) if transposed else (kernel, *wide, one)
        return _window(flat, axes[-len(kernel) :], rank)
    if meant == "pool" and "adaptive" not in op.name and "fractional" not in op.name:
        dims = int(re.findall(r"(\d)d", op.name)[0])
        kernel, one = wide_as(op.args[1], dims), (1,) * dims
        stride = wide_as(op.args[2], dims) if len(op.args) > 2 and op.args[2] else kernel
        before = wide_as(op.args[3], dims) if len(op.args) > 3 else (0,) * dims
        dilation = wide_as(op.args[4], dims) if "max" in op.name and len(op.args) > 4 else one
        return _window((kernel, stride, before, dilation, one), axes[-dims:], rank)
    if meant in ("pool", "resize") or op.name.startswith("pixel_"):
        return _rescaled(op, meant, axes, rank)
    return _chosen(op, axes, rank) if op.name == "slice" and len(op.args) > 4 and op.args[4] > 1 else None


def _chosen(op: Op, axes: Sequence[int | None], rank: int) -> Window:
    """Every so many pixels along one dimension."""
    one, dim = (1,) * len(axes), op.args[1] % len(axes)
    every = tuple(op.args[4] if i == dim else 1 for i in range(len(axes)))
    start = tuple(-(op.args[2] or 0) if i == dim else 0 for i in range(len(axes)))
    return _window((one, every, start, one, one), axes, rank)


def _rescaled(op: Op, meant: str, axes: Sequence[int | None], rank: int) -> Window:
    """That of a resize, an adaptive pooling or a pixel shuffle: how many pixels become how many."""
    pairs = list(zip(op.args[0].shape, op.outs[0].shape, strict=True))
    down, up = tuple(max(1, round(n / m)) for n, m in pairs), tuple(max(1, round(m / n)) for n, m in pairs)
    reach = 2 if "linear" in op.name else 4 if "cubic" in op.name else 1
    kernel = tuple(reach if u > 1 else 1 for u in up) if meant == "resize" else down
    one = (1,) * len(pairs)
    return _window((kernel, down, (0,) * len(pairs), one, up), axes, rank)


def _window(flat: Sequence[Size], axes: Sequence[int | None], rank: int) -> Window:
    usual = (1, 1, 0, 1, 1)
    return Window(*(placed(values, axes, rank, other) for values, other in zip(flat, usual, strict=True)))


def wide_as(values: Any, rank: int) -> Size:
    """One number for all axes, or one each."""
    given = [values] if isinstance(values, int) else list(values)
    return tuple(int(n) for n in (given * rank if len(given) == 1 else given))


def cut(op: Op, main: Tensor, out: Tensor, layout: Layout) -> Pairs:
    """Pixels cut off before and after each axis (negative: added); () for what cuts no space."""
    if main.ndim != out.ndim:
        return ()
    lost = [n - m for n, m in zip(main.shape, out.shape, strict=True)]
    if op.name == "slice":
        axis, start = (op.args[1] if len(op.args) > 1 else 0) % main.ndim, op.args[2] if len(op.args) > 2 else 0
        large = main.shape[axis]
        first = min(max((start or 0) + (large if (start or 0) < 0 else 0), 0), large)
        flat = [(first, n - first) if i == axis else (0, 0) for i, n in enumerate(lost)]
    elif "split" in op.name:
        before = [0] * main.ndim
        for each in op.outs[: next(i for i, one in enumerate(op.outs) if one is out)]:
            before = [b + each.shape[i] * (n > 0) for i, (b, n) in enumerate(zip(before, lost, strict=True))]
        flat = [(b, n - b) for b, n in zip(before, lost, strict=True)]
    elif "pad" in op.name:
        sides = [-int(n) for n in op.args[1]]
        pairs = list(zip(sides[::2], sides[1::2], strict=True))[::-1]  # torch names the last axis first
        flat = [(0, 0)] * (main.ndim - len(pairs)) + pairs
    else:
        flat = [(n // 2, n - n // 2) for n in lost]
    return _by_axis(flat, layout)


def _by_axis(flat: Sequence[tuple[int, int]], layout: Layout) -> Pairs:
    found = {axis_of(dim): pair for dim, pair in zip(layout, flat, strict=True)}
    axes = sorted(axis for axis in found if axis is not None)
    cuts = [pair for axis, pair in found.items() if axis is not None and any(pair)]
    return tuple(found[axis] for axis in axes) if cuts and axes == list(range(len(axes))) else ()


def macs(op: Op, meant: str) -> int:
    """Multiply-accumulates, biases not counted: each output number of a convolution takes kernel · channels of them,
    and each input number of a transposed one."""
    if meant == "conv":
        given, weight, transposed = op.args[0], op.args[1], op.args[6]
        return int((given if transposed else op.outs[0]).numel() * weight.shape[1] * prod(weight.shape[2:]))
    if op.name.startswith("_scaled_dot_product"):  # torch counts these on some devices only
        query, key, value = op.args[:3]
        return int(query.numel() * key.shape[-2] + query.numel() // query.shape[-1] * value.shape[-1] * key.shape[-2])
    if meant == "linear":
        count = next((f for packet, f in flop_registry.items() if packet.__name__ == op.name), None)
        out = op.outs[0] if len(op.outs) == 1 else tuple(op.outs)
        return int(count(*op.args, **op.kwargs, out_val=out)) // 2 if count else 0
    return 0


def rank_of(found: Record) -> int:
    """Number of spatial axes: of the inputs; of the convolutions, where the inputs have no axis for channels.

    ValueError for an example without a batch.
    """
    widest = max((tensor.ndim for tensor in found.inputs), default=0)
    convs = max((op.args[1].ndim - 2 for op in found.ops if op.name.endswith("convolution")), default=0)
    own = {id(tensor) for tensor in found.inputs}
    for op in found.ops:
        if op.name == "unsqueeze" and id(op.args[0]) in own and op.args[1] == 0 and 2 < widest == convs + 1:
            shape = tuple(op.args[0].shape)
            raise ValueError(f"an example {shape} without a batch came; put a 1 in front: {(1, *shape)}")
    lacks_channels = widest == convs + 1 and widest - 2 < 2
    return max(widest - 1 if lacks_channels else widest - 2, 0)


def refined(op: Op, meant: str, seen: Window | None, crop: Pairs, *, kept: bool, changed: bool) -> str:
    """One of ``ir.OPS``. ``kept``: its axes are still told apart; ``changed``: the shape is another."""
    if meant == "conv" and op.args[6]:
        return "up"
    if meant in ("crop", "split"):
        return "pool" if seen else "crop" if crop or not changed else "split"
    if meant == "reduce" or (meant == "pool" and "adaptive" in op.name):
        single = op.outs[0].numel() == op.outs[0].shape[0] * op.outs[0].shape[1] if op.outs[0].ndim > 1 else True
        whole = not kept or (meant == "pool" and single)
        return "reduce" if whole else "other" if meant == "reduce" else "pool"
    return "other" if meant == "same" else meant


def by_pixel(op: Op, main: Tensor, made: int, *, kept: bool) -> bool:
    """Whether a matrix product is the same one at every pixel: ``made`` of its factors are feature maps."""
    return op.name in PRODUCTS and kept and made == 1 and main.ndim > 1


def same_window(rank: int) -> Window:
    """Of what looks at single pixels."""
    one = (1,) * rank
    return Window(one, one, (0,) * rank, one, one)


def regridded(ratios: Ratios, rank: int) -> Window:
    """Of a view that makes channels of pixels, or pixels of channels."""
    down, up = (tuple(ratios.get(axis, (1, 1))[i] for axis in range(rank)) for i in (0, 1))
    return Window(down, down, (0,) * rank, (1,) * rank, up)
