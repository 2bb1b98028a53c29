"""Where the spatial axes of a tensor are, through permutations, flattening, windows and shuffles; without torch.

Each dimension is a list of atoms, outermost first: whose pixels they are ("n" of the batch, "c" of the channels, or
the number of a spatial axis), how many, and how far apart. So tokens, channels last and windows stay maps with a size.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from unet_tutorial.nets.levels import Size

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
