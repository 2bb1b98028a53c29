"""Instances of an image that is labelled block by block: components of each block, joined where they touch.

The numbers do not depend on the blocks: they are those of ``instances.class_instances`` for the whole image.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.inference.blockwise import Blocks, Region
from unet_tutorial.inference.instances import components_by_class
from unet_tutorial.plan.levels import Size

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class Components(NamedTuple):
    """The n components of one block, in the order of their numbers 1 .. n in it.

    - ``kinds`` (n,): the class of each. ``pixels`` (n,): their number.
    - ``first`` (n,): the position of the first pixel in the flattened image.
    - ``sums`` (n, axes): the sums of the positions of the pixels in the image, ``low`` and ``high`` (n, axes): the
      first position and the one after the last.
    - ``chance`` (n,): the sum of the probabilities of the class.
    """

    kinds: Ints
    pixels: Ints
    first: Ints
    sums: Floats
    low: Ints
    high: Ints
    chance: Floats


class Faces(NamedTuple):
    """The numbers of the components in the first and in the last plane of a block along each axis."""

    first: list[NDArray[np.int32]]
    last: list[NDArray[np.int32]]


def numbered(classes: NDArray[np.uint8]) -> tuple[NDArray[np.int32], Ints]:
    """The number of the component of each pixel of a block, and the class of each component; always the same.

    ``classes`` (*block) holds the class of each pixel, 0 for the background. Pixels are connected if they share a side
    and have the same class.
    """
    labels, kinds = components_by_class(classes)
    return labels.astype(np.int32), kinds


def components_of(
    labels: NDArray[np.int32], kinds: Ints, chances: NDArray[np.float32], region: Region, size: Size
) -> Components:
    """The components of one block of an image of this ``size``.

    ``labels`` (*block) and ``kinds`` (n,) are those of `numbered`; ``chances`` (K, *block) is the probability of each
    class.
    """
    n, at = len(kinds), np.flatnonzero(labels)  # (pixels of components,)
    which = labels.ravel()[at].astype(np.int64) - 1
    where = np.stack(np.unravel_index(at, labels.shape), axis=1) + [part.start for part in region]  # (pixels, axes)
    every = Components(
        kinds[which],
        np.ones(len(at), np.int64),
        np.asarray(np.ravel_multi_index(tuple(where.T), size), np.int64),
        where.astype(np.float64),
        where,
        where + 1,
        chances.reshape(len(chances), -1)[kinds[which], at].astype(np.float64),
    )
    return _summed(every, which, n)


def faces_of(labels: NDArray[np.int32]) -> Faces:
    """The outer planes of a block along each axis."""
    axes = range(labels.ndim)
    return Faces([np.take(labels, 0, axis) for axis in axes], [np.take(labels, -1, axis) for axis in axes])


def join(
    blocks: Blocks,
    rank: int,
    components: Callable[[Size], Components],
    faces: Callable[[Size], Faces],
    min_size: int = 1,
) -> tuple[NDArray[np.uint32], Components]:
    """Join components of all blocks that touch, and number the instances in reading order.

    Returns the number of the instance of each component (of the first block, the second, …), 0 for those of fewer than
    ``min_size`` pixels, and the instances, each as one component. Instances extend along the last ``rank`` axes only.
    Needs memory for the components of all blocks, and for the faces of a few.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    parts = [components(index) for index in blocks]
    every = _each(np.concatenate, *parts)
    starts = np.cumsum([0, *(len(part.kinds) for part in parts)])
    total = len(every.kinds)
    pairs = [np.zeros((0, 2), np.int64), *_touching(blocks, rank, every.kinds, starts, faces)]
    left, right = np.concatenate(pairs).T
    graph = coo_array((np.ones(len(left), bool), (left, right)), shape=(total, total))
    count, which = connected_components(graph, directed=False) if total else (0, np.zeros(0, np.int64))
    joined = _summed(every, which, count)
    kept = np.flatnonzero(joined.pixels >= min_size)
    kept = kept[np.argsort(joined.first[kept])]
    number = np.zeros(count, np.uint32)
    number[kept] = np.arange(1, len(kept) + 1)
    return number[which], _each(lambda values: values[0][kept], joined)


def _each(make: Callable[[Sequence[NDArray[Any]]], NDArray[Any]], *parts: Components) -> Components:
    """The components whose field is made from those of all parts."""
    return Components(*(make(values) for values in zip(*parts, strict=True)))


def _touching(
    blocks: Blocks, rank: int, kinds: Ints, starts: Ints, faces: Callable[[Size], Faces]
) -> Iterator[NDArray[np.int64]]:
    """Pairs (n, 2) of components of neighbouring blocks that touch, by their position among all components."""
    place = {index: number for number, index in enumerate(blocks)}
    for index in blocks:
        for axis in range(len(index) - rank, len(index)):
            after = tuple(i + (a == axis) for a, i in enumerate(index))
            if after not in place:
                continue
            here, there = faces(index).last[axis].ravel(), faces(after).first[axis].ravel()
            both = (here > 0) & (there > 0)
            pairs = np.stack([here[both] - 1 + starts[place[index]], there[both] - 1 + starts[place[after]]], axis=1)
            yield np.unique(pairs[kinds[pairs[:, 0]] == kinds[pairs[:, 1]]], axis=0)


def _summed(every: Components, which: Ints, count: int) -> Components:
    """The components of each group as one: ``which`` (n,) is the group of each of them."""
    kinds = np.zeros(count, np.int64)
    kinds[which] = every.kinds
    pixels = np.zeros(count, np.int64)
    np.add.at(pixels, which, every.pixels)
    first, high = np.full(count, np.iinfo(np.int64).max), np.zeros((count, every.low.shape[1]), np.int64)
    low = np.full_like(high, np.iinfo(np.int64).max)
    np.minimum.at(first, which, every.first)
    np.minimum.at(low, which, every.low)
    np.maximum.at(high, which, every.high)
    sums = np.zeros(high.shape)
    np.add.at(sums, which, every.sums)
    chance = np.zeros(count)
    np.add.at(chance, which, every.chance)
    return Components(kinds, pixels, first, sums, low, high, chance)
