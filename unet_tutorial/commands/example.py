"""Inputs from the words of ``--input``, and the sizes that would pass where one does not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from unet_tutorial.plan.levels import Size
from unet_tutorial.plan.sizes import Padding, Plan, fault, valid_sizes

USUAL = {1: 1024, 2: 572, 3: 132}  # pixels of a side: the inputs of the papers, or the next size that passes
FARTHEST = 64  # pixels to search in each direction
NEEDED = "write --input 572, 572x700, or a whole shape, 1x1x32x64x64"


class undrawn(TorchFunctionMode):  # noqa: N801  # read as a statement: with undrawn()
    """Inside, no weight is drawn: on the meta device there is nothing to draw, and torch takes a second to find out."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """What initialisers call gives the tensor back."""
        name = getattr(func, "__name__", "")
        if name.endswith(("normal_", "uniform_")) and args:
            return args[0]
        return func(*args, **(kwargs or {}))


def examples(model: nn.Module, words: list[str]) -> tuple[list[Tensor], dict[str, Tensor]]:
    """Empty tensors by position and by name; without words, of the library's networks, the papers' size.

    ValueError for what is no shape, and where the channels or the size are not known.
    """
    args, named = [], {}
    for text in words or [_usual(model)]:
        name, _, shape = text.rpartition("=")
        empty = torch.empty(_shape(shape, model), dtype=_dtype(model), device="meta")
        if name:
            named[name] = empty
        else:
            args.append(empty)
    return args, named


def _usual(model: nn.Module) -> str:
    levels, padding = _plan(model)
    if not levels:
        raise ValueError(f"the size that {type(model).__name__} takes is not known; {NEEDED}")
    sides = []
    for valid in valid_sizes(levels, padding=padding):
        least = max(USUAL[levels[0].rank], valid.start)
        sides.append(str(least + (valid.start - least) % valid.step))
    return "x".join(sides)


def _plan(model: nn.Module) -> tuple[Plan, Padding]:
    """The plan that this library's networks state; of others an empty one."""
    padding: Any = getattr(model, "padding", "")
    return (getattr(model, "levels", ()), padding) if padding in ("same", "valid") else ((), "same")


def _dtype(model: nn.Module) -> torch.dtype:
    return next((w.dtype for w in model.parameters() if w.is_floating_point()), torch.get_default_dtype())


def _shape(text: str, model: nn.Module) -> Size:
    if not re.fullmatch(r"[1-9]\d{0,8}([x×,][1-9]\d{0,8})*", text):
        raise ValueError(f"--input {text!r} is no shape; {NEEDED}")
    given = tuple(map(int, re.split("[x×,]", text)))
    channels, rank = _expects(model)
    if rank and len(given) in (1, rank):
        return (1, channels, *(given * rank if len(given) == 1 else given))
    if len(given) < 2 or (rank and len(given) != rank + 2):
        wanted = f"1, {rank} or {rank + 2} numbers" if rank else "a whole shape, batch and channels included,"
        raise ValueError(f"--input {text!r}: {wanted} are needed for {type(model).__name__}; {NEEDED}")
    return given


def _expects(model: nn.Module) -> tuple[int, int]:
    """Channels and number of spatial axes of its first convolution; zeros where it has none."""
    first = next((m for m in model.modules() if isinstance(m, nn.modules.conv._ConvNd)), None)
    return (first.in_channels, len(first.kernel_size)) if first else (0, 0)


def neighbours(model: nn.Module, args: list[Tensor], named: dict[str, Tensor]) -> str:
    """A sentence with the nearest sizes that pass, where the size is what a network refuses; else empty.

    Each axis is tried by itself, on images as long in all axes: in a U the axes do not meet.
    """
    given = [*args, *named.values()]
    size = tuple(given[0].shape[2:])
    levels, padding = _plan(model)
    if levels and fault(size, levels, padding=padding):
        return f"input {tuple(given[0].shape)}: {fault(size, levels, padding=padding)}"
    passes = _attempt(model, args, named)
    faults = [_fault(axis, n, passes) for axis, n in enumerate(size) if not passes(n)]
    found = [fault for fault in faults if fault]
    return f"input {tuple(given[0].shape)}: {'; '.join(found)}" if found else ""


def _fault(axis: int, n: int, passes: Callable[[int], bool]) -> str:
    below, above = (next(filter(passes, sides), 0) for sides in _around(n))
    near = [str(m) for m in (below, above) if m]
    which = "nearest sizes that do are" if near[1:] else "nearest size that does is"
    return f"axis {axis} = {n} does not pass; the {which} {' and '.join(near)}" if near else ""


def _around(n: int) -> Iterator[range]:
    yield range(n - 1, max(0, n - 1 - FARTHEST), -1)
    yield range(n + 1, n + 1 + FARTHEST)


def _attempt(model: nn.Module, args: list[Tensor], named: dict[str, Tensor]) -> Callable[[int], bool]:
    """Whether the network takes these inputs with the first one's sides, and those equal to them, all n long."""
    from unet_tutorial.figures.tracing.record import record

    first = [*args, *named.values()][0].shape[2:]

    def other(tensor: Tensor, n: int) -> Tensor:
        sides = (n,) * len(first) if tensor.shape[2:] == first else tuple(tensor.shape[2:])
        return tensor.new_empty((*tensor.shape[:2], *sides))

    def passes(n: int) -> bool:
        try:
            record(model, tuple(other(t, n) for t in args), {k: other(t, n) for k, t in named.items()}, training=False)
        except Exception:  # whatever the network says, it does not take this size
            return False
        return True

    return passes
