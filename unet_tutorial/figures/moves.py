"""What torch's operations do to the axes of a tensor: moved, dropped, inserted, reduced, or on a new grid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from unet_tutorial.figures.axes import Layout, plain, resized, viewed

VIEWS = ("view", "_unsafe_view", "reshape", "_reshape_alias", "_reshape_copy", "view_copy", "flatten", "unflatten")
REDUCTIONS = ("mean", "sum", "amax", "amin", "max", "min", "var", "std", "argmax", "argmin", "prod", "var_mean",
              "linalg_vector_norm", "norm", "any", "all", "logsumexp", "median")  # fmt: skip
PRODUCTS = ("mm", "bmm", "addmm", "baddbmm")


def moved(name: str, args: Sequence[Any], given: Layout, out: Tensor, main: Tensor) -> Layout:
    """The axes of what ``name(*args)`` gives, whose operand ``main`` has these."""
    name, shape = name.removesuffix("_copy").removesuffix("_"), tuple(out.shape)
    if name in VIEWS:
        return viewed(given, shape)
    dims = _rearranged(name, args, given)
    if dims is None and name in REDUCTIONS:
        dims = _reduced(args[1] if len(args) > 1 else None, given, len(shape))
    if dims is None and name in PRODUCTS and 1 < len(shape) == len(given):
        right = main is args[1 if name in ("mm", "bmm") else 2]
        new = (("c", shape[-2 if right else -1], 1),)
        dims = (*given[:-2], new, given[-1]) if right else (*given[:-1], new)
    if dims is None and name == "expand" and len(shape) > len(given):
        dims = (*plain((1,) * (len(shape) - len(given))), *given)
    dims = given if dims is None else dims
    return resized(dims, shape) if len(dims) == len(shape) else plain(shape)


def _rearranged(name: str, args: Sequence[Any], given: Layout) -> Layout | None:
    rank = len(given)
    if name == "permute":
        return tuple(given[d] for d in args[1])
    if name in ("transpose", "swapaxes", "t"):
        one, other = (args[1] % rank, args[2] % rank) if name != "t" else (0, rank - 1)
        swapped = {one: other, other: one}
        return tuple(given[swapped.get(i, i)] for i in range(rank))
    named = args[1] if len(args) > 1 else 0
    if name in ("unsqueeze", "stack"):
        return (*given[: (at := named % (rank + 1))], (("c", 1, 1),), *given[at:])
    if name in ("select", "unbind"):
        return tuple(dim for i, dim in enumerate(given) if i != named % rank)
    if name == "view_as_real":
        return (*given, (("c", 2, 1),))
    if name == "view_as_complex":
        return given[:-1]
    if name == "squeeze":
        wanted = _dims(args[1] if len(args) > 1 else None, rank)
        return tuple(dim for i, dim in enumerate(given) if i not in wanted or args[0].shape[i] > 1)
    return None


def _dims(named: Any, rank: int) -> set[int]:
    if named is None:
        return set(range(rank))
    return {d % rank for d in ([named] if isinstance(named, int) else named)}


def _reduced(named: Any, given: Layout, left: int) -> Layout:
    """Without the dimensions reduced, or with one channel in the place of each."""
    gone = _dims(named, len(given)) if given else set()
    if left == len(given):
        return tuple((("c", 1, 1),) if i in gone else dim for i, dim in enumerate(given))
    return tuple(dim for i, dim in enumerate(given) if i not in gone)


def placed(values: Sequence[int], axes: Sequence[int | None], rank: int, otherwise: int) -> tuple[int, ...]:
    """Numbers of the last dimensions of a tensor, one for each spatial axis of the network."""
    known = {axis: value for axis, value in zip(axes, values, strict=True) if axis is not None}
    return tuple(known.get(axis, otherwise) for axis in range(rank))
