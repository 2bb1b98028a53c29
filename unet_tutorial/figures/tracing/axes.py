"""Follows the spatial axes of a tensor through ATen operators: permutations, views, windows, shuffles, reductions.

Each dimension is a list of factors, outermost first: (source axis, length, stride). The source is "n" for the batch,
"c" for the channels, or the number of a spatial axis. Tokens, channels-last tensors and windows therefore stay feature
maps with a size.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from torch import Tensor

from unet_tutorial.plan.levels import Size

Atom = tuple[str | int, int, int]
Layout = tuple[tuple[Atom, ...], ...]
Ratios = dict[int, tuple[int, int]]  # by axis: how much coarser, how much finer


def first(shape: Sequence[int], rank: int) -> Layout:
    """That of an input: batch, channels if there are any, axes."""
    head: list[Atom] = [("n", shape[0], 1), ("c", shape[1] if len(shape) > 1 else 1, 1)] if shape else []
    if len(shape) == rank + 1:
        head = head[:1]
    elif len(shape) != rank + 2:
        return (*((atom,) for atom in head[: len(shape)]), *plain(shape[2:]))
    axes: list[Atom] = [(k, shape[len(head) + k], 1) for k in range(rank)]
    return tuple((atom,) for atom in (*head, *axes))


def plain(shape: Sequence[int]) -> Layout:
    """Of channels alone."""
    return tuple((("c", size, 1),) for size in shape)


def resized(layout: Layout, shape: Sequence[int]) -> Layout:
    """The same dimensions with other sizes: what changed is on a new grid."""
    return tuple(
        dim if prod(n for _, n, _ in dim) == size else ((_owner(dim), size, 1),)
        for dim, size in zip(layout, shape, strict=True)
    )


def viewed(layout: Layout, shape: Sequence[int]) -> Layout:
    """The same numbers in the same order in other dimensions."""
    atoms, dims = [atom for dim in layout for atom in dim], []
    for size in shape:
        taken: list[Atom] = []
        left = size
        while atoms and (left > 1 or (not taken and atoms[0][1] == 1)):
            whose, n, step = atoms.pop(0)
            if left % n and n % left:
                return plain(shape)
            if left % n:
                atoms.insert(0, (whose, n // left, step))
                n, step = left, step * (n // left)
            taken.append((whose, n, step))
            left //= n
        dims.append(taken or [("c", size, 1)])
    if dims:
        dims[-1] += atoms
    return tuple(_merged(dim) for dim in dims)


def _merged(dim: Sequence[Atom]) -> tuple[Atom, ...]:
    out: list[Atom] = []
    for whose, n, step in dim:
        if out and out[-1][0] == whose and (whose in ("n", "c") or out[-1][2] == n * step):
            out[-1] = (whose, out[-1][1] * n, step)
        else:
            out.append((whose, n, step))
    return tuple(out)


def _owner(dim: Sequence[Atom]) -> str | int:
    """Whose dimension it is: of its first atom, but for a batch or channel of one."""
    return next((whose for whose, n, _ in dim if n > 1 or isinstance(whose, int)), dim[0][0] if dim else "c")


def axis_of(dim: Sequence[Atom]) -> int | None:
    """The axis that it runs along pixel by pixel; None for channels, batch, tokens and windows."""
    whole = [atom for atom in dim if atom[1] > 1] or [atom for atom in dim if isinstance(atom[0], int)]
    return whole[0][0] if len(whole) == 1 and isinstance(whole[0][0], int) and whole[0][2] == 1 else None


def settled(layout: Layout) -> tuple[Layout, Ratios]:
    """Pixels that became channels, or channels pixels, taken as another grid: the layout on it, and the change."""
    found: Ratios = {}
    spread = [atom[0] for dim in layout if _owner(dim) != "c" for atom in dim]
    dims = []
    for dim in layout:
        if _owner(dim) == "c":
            dims.append((("c", prod(n for _, n, _ in dim), 1),) if _foreign(dim, spread) else dim)
            continue
        new: list[Atom] = []
        for whose, n, step in dim:
            if whose == "c" and n > 1 and len(new) == 1 and spread.count(new[0][0]) == 1 and isinstance(new[0][0], int):
                axis, size, _ = new.pop()
                found[int(axis)] = (found.get(int(axis), (1, 1))[0], n)
                new.append((axis, size * n, 1))
            elif isinstance(whose, int) and step > 1 and spread.count(whose) == 1:
                found[whose] = (step, 1)
                new.append((whose, n, 1))
            else:
                new.append((whose, n, step))
        dims.append(tuple(new))
    return tuple(dims), found


def _foreign(dim: Sequence[Atom], spread: Sequence[str | int]) -> bool:
    return any(isinstance(whose, int) and spread.count(whose) == 1 for whose, _, _ in dim)


def grid(layout: Layout, rank: int) -> Size | None:
    """The number of pixels along each axis; None where an axis is no longer told apart."""
    sizes: dict[int, int] = {}
    for dim in layout:
        for whose, n, _ in dim if _owner(dim) != "c" else ():
            if isinstance(whose, int):
                sizes[whose] = sizes.get(whose, 1) * n
    return tuple(sizes[k] for k in range(rank)) if rank and len(sizes) == rank else None


def batch(layout: Layout) -> int:
    """How many examples it holds."""
    return prod(n for dim in layout for whose, n, _ in dim if whose == "n")


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
