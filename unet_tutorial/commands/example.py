"""Example inputs from ``--input``, and the nearest valid sizes if one is not valid."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from unet_tutorial.plan.levels import Size
from unet_tutorial.plan.sizes import Padding, Plan, size_error, valid_sizes

DEFAULT_SIDES = {1: 1024, 2: 572, 3: 132}  # pixels by rank: the inputs of the papers, or the next valid size
SEARCHED = 64  # sizes to try below and above an invalid one
HOW_TO_WRITE = "write --input 572, 572x700, or a whole shape such as 1x1x32x64x64"


class without_init(TorchFunctionMode):  # noqa: N801  # used as a function: with without_init()
    """Skips random initialisation: meta tensors have no values, but initialising a large network takes a second."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Return the tensor unchanged for functions whose name ends in ``normal_`` or ``uniform_``."""
        name = getattr(func, "__name__", "")
        if name.endswith(("normal_", "uniform_")) and args:
            return args[0]
        return func(*args, **(kwargs or {}))


def example_inputs(model: nn.Module, texts: list[str]) -> tuple[list[Tensor], dict[str, Tensor]]:
    """Empty tensors for the texts of ``--input``: positional arguments, and keyword arguments by name.

    Without texts, a network of this library gets the input size of its paper. Raises ValueError for a text that is not
    a shape, and if the channels or the size of the input are unknown.
    """
    args, kwargs = [], {}
    for text in texts or [_default_size(model)]:
        name, _, shape = text.rpartition("=")
        empty = torch.empty(_shape(shape, model), dtype=_dtype(model), device="meta")
        if name:
            kwargs[name] = empty
        else:
            args.append(empty)
    return args, kwargs


def _default_size(model: nn.Module) -> str:
    levels, padding = _plan(model)
    if not levels:
        raise ValueError(f"the input size of {type(model).__name__} is not known; {HOW_TO_WRITE}")
    sides = []
    for valid in valid_sizes(levels, padding=padding):
        least = max(DEFAULT_SIDES[levels[0].rank], valid.start)
        sides.append(str(least + (valid.start - least) % valid.step))
    return "x".join(sides)


def _plan(model: nn.Module) -> tuple[Plan, Padding]:
    """Levels and padding of a network of this library; () as levels for other networks."""
    padding: Any = getattr(model, "padding", "")
    return (getattr(model, "levels", ()), padding) if padding in ("same", "valid") else ((), "same")


def _dtype(model: nn.Module) -> torch.dtype:
    return next((w.dtype for w in model.parameters() if w.is_floating_point()), torch.get_default_dtype())


def _shape(text: str, model: nn.Module) -> Size:
    if not re.fullmatch(r"[1-9]\d{0,8}([x×,][1-9]\d{0,8})*", text):
        raise ValueError(f"--input {text!r} is not a shape; {HOW_TO_WRITE}")
    given = tuple(map(int, re.split("[x×,]", text)))
    channels, rank = _input_channels_and_rank(model)
    if rank and len(given) in (1, rank):
        return (1, channels, *(given * rank if len(given) == 1 else given))
    if len(given) < 2 or (rank and len(given) != rank + 2):
        wanted = f"1, {rank} or {rank + 2} numbers" if rank else "a whole shape with batch and channels"
        raise ValueError(f"--input {text!r}: expected {wanted} for {type(model).__name__}; {HOW_TO_WRITE}")
    return given


def _input_channels_and_rank(model: nn.Module) -> tuple[int, int]:
    """Input channels and number of spatial axes of the first convolution; zeros if there is none."""
    first = next((m for m in model.modules() if isinstance(m, nn.modules.conv._ConvNd)), None)
    return (first.in_channels, len(first.kernel_size)) if first else (0, 0)


def invalid_size(model: nn.Module, args: list[Tensor], kwargs: dict[str, Tensor]) -> str:
    """A sentence with the nearest valid sizes, if the size of the first input is not valid; else "".

    If the levels of the network are not known, each size is tested by running the network on an input with this size
    along all axes. That is enough, because in a U-Net the axes do not influence one another.
    """
    given = [*args, *kwargs.values()]
    size = tuple(given[0].shape[2:])
    levels, padding = _plan(model)
    if levels and size_error(size, levels, padding=padding):
        return f"input {tuple(given[0].shape)}: {size_error(size, levels, padding=padding)}"
    is_valid = _accepts(model, args, kwargs)
    errors = [_axis_error(axis, n, is_valid) for axis, n in enumerate(size) if not is_valid(n)]
    found = [error for error in errors if error]
    return f"input {tuple(given[0].shape)}: {'; '.join(found)}" if found else ""


def _axis_error(axis: int, n: int, is_valid: Callable[[int], bool]) -> str:
    below, above = (next(filter(is_valid, sides), 0) for sides in _around(n))
    near = [str(m) for m in (below, above) if m]
    which = "nearest valid sizes are" if near[1:] else "nearest valid size is"
    return f"axis {axis} = {n} is not a valid size; the {which} {' and '.join(near)}" if near else ""


def _around(n: int) -> Iterator[range]:
    yield range(n - 1, max(0, n - 1 - SEARCHED), -1)
    yield range(n + 1, n + 1 + SEARCHED)


def _accepts(model: nn.Module, args: list[Tensor], kwargs: dict[str, Tensor]) -> Callable[[int], bool]:
    """A function of n: whether the network runs if all sides of the first input are n.

    Other inputs of the same size are resized with it.
    """
    from unet_tutorial.figures.tracing.record import record

    first = [*args, *kwargs.values()][0].shape[2:]

    def resized(tensor: Tensor, n: int) -> Tensor:
        sides = (n,) * len(first) if tensor.shape[2:] == first else tuple(tensor.shape[2:])
        return tensor.new_empty((*tensor.shape[:2], *sides))

    def is_valid(n: int) -> bool:
        try:
            changed = {name: resized(tensor, n) for name, tensor in kwargs.items()}
            record(model, tuple(resized(tensor, n) for tensor in args), changed, training=False)
        except Exception:  # the network may raise any error for an invalid size
            return False
        return True

    return is_valid
