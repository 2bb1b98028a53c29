"""What torch's operations mean for a figure: their names sorted, what they look through, what they cut off, what they
cost."""

from __future__ import annotations

import re
from math import prod
from typing import Any

from torch.utils.flop_counter import flop_registry

from unet_tutorial.figures.ir import Pairs, Window
from unet_tutorial.figures.record import Op
from unet_tutorial.nets.levels import Size

PATTERNS = (  # the first that matches the name
    ("conv", r"(.*_)?convolution"),
    ("linear", r"mm|addmm|bmm|baddbmm|linear|_scaled_dot_product.*"),
    ("pool", r"(adaptive_)?(max|avg)_pool.*|_adaptive_avg_pool.*"),
    ("resize", r"_?upsample_.*"),
    ("norm", r".*(batch|group|layer|instance)_norm.*"),
    ("concat", r"cat"),
    ("add", r"(add|sub)_?"),
    ("gate", r"mul_?|div_?"),
    ("crop", r"slice|narrow|index_select|constant_pad_nd|(reflection|replication)_pad.*"),
    ("split", r"split.*|chunk|unbind|select|unsafe_split.*"),
    ("view", r"(_unsafe_)?view|_?reshape.*|permute|transpose|t|(un)?squeeze|expand|clone|pixel_(un)?shuffle"),
    ("reduce", r"mean|sum|amax|amin|max|min"),
    ("same", r"detach|alias|lift_fresh|_to_copy|contiguous|view_as|dropout|native_dropout|bernoulli_?|_conj"),
)  # fmt: skip


def meaning(op: Op) -> str:
    """One of ``ir.OPS``, "same" for what changes nothing that is drawn; "act" for anything else of one shape."""
    named = next((key for key, pattern in PATTERNS if re.fullmatch(pattern, op.name)), "")
    if named:
        return named
    return "act" if op.outs and op.outs[0].shape == op.args[0].shape else "other"


def window(op: Op, meant: str, rank: int) -> Window | None:
    """What it looks through, per spatial axis; None for what looks at single pixels, or at all of them."""
    one, zero = (1,) * rank, (0,) * rank
    before, after = op.args[0].shape[2:], op.outs[0].shape[2:]
    if meant == "conv":
        _given, weight, _, stride, pad, dilation, transposed = op.args[:7]
        kernel = tuple(weight.shape[2:])
        wide = [_wide(values, len(kernel)) for values in (stride, pad, dilation)]
        if transposed:
            return Window(kernel, one, wide[1], wide[2], wide[0])
        return Window(kernel, wide[0], wide[1], wide[2], one)
    if meant == "pool" and "adaptive" not in op.name:
        kernel = _wide(op.args[1], rank)
        stride = _wide(op.args[2], rank) if len(op.args) > 2 and op.args[2] else kernel
        return Window(kernel, stride, _wide(op.args[3] if len(op.args) > 3 else 0, rank), one, one)
    if meant in ("pool", "resize"):
        down = tuple(max(1, round(n / m)) for n, m in zip(before, after, strict=True))
        up = tuple(max(1, round(m / n)) for n, m in zip(before, after, strict=True))
        reach = 2 if "linear" in op.name else 4 if "cubic" in op.name else 1
        kernel = down if meant == "pool" else tuple(reach if u > 1 else 1 for u in up)
        return Window(kernel, down, zero, one, up)
    return None


def _wide(values: Any, rank: int) -> Size:
    """One number for all axes, or one each."""
    given = [values] if isinstance(values, int) else list(values)
    return tuple(int(n) for n in (given * rank if len(given) == 1 else given))


def cut(op: Op, rank: int) -> Pairs:
    """Pixels cut off before and after each axis (negative: added); () for what cuts no space."""
    if op.name == "slice":
        axis, start = (op.args[1] if len(op.args) > 1 else 0) - 2, op.args[2] if len(op.args) > 2 else 0
        if axis < 0:
            return ()
        large, small = op.args[0].shape[axis + 2], op.outs[0].shape[axis + 2]
        first = min(max((start or 0) + (large if (start or 0) < 0 else 0), 0), large)
        return tuple((first, large - first - small) if i == axis else (0, 0) for i in range(rank))
    if "pad" in op.name:
        flat = [-int(n) for n in op.args[1]]
        pairs = list(zip(flat[::2], flat[1::2], strict=True))[::-1][-rank:]  # torch names the last axis first
        return ((0, 0),) * (rank - len(pairs)) + tuple(pairs)
    lost = [n - m for n, m in zip(op.args[0].shape[2:], op.outs[0].shape[2:], strict=True)]
    return tuple((n // 2, n - n // 2) if n >= 0 else (-(-n // 2), n + -n // 2) for n in lost)


def macs(op: Op, meant: str) -> int:
    """Multiply-accumulates, biases not counted: each output number of a convolution takes kernel · channels of them,
    and each input number of a transposed one."""
    if meant in ("conv", "up"):
        given, weight, transposed = op.args[0], op.args[1], op.args[6]
        return int((given if transposed else op.outs[0]).numel() * weight.shape[1] * prod(weight.shape[2:]))
    if meant == "linear":
        count = next((f for packet, f in flop_registry.items() if packet.__name__ == op.name), None)
        out = op.outs[0] if len(op.outs) == 1 else tuple(op.outs)
        return int(count(*op.args, **op.kwargs, out_val=out)) // 2 if count else 0
    return 0
