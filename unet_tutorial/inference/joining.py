"""Instances of an image that is labelled block by block: components of each block, joined where they touch.

The numbers do not depend on the blocks: they are those of ``instances.class_instances`` for the whole image.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import prod
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

    - ``classes`` (n,): the class of each. ``pixels`` (n,): their number.
    - ``first`` (n,): the position of the first pixel in the flattened image.
    - ``sums`` (n, axes): the sums of the positions of the pixels in the image, ``low`` and ``high`` (n, axes): the
      first position and the one after the last.
    - ``probability`` (n,): the sum of the probabilities of the class over the pixels.
    """

    classes: Ints
    pixels: Ints
    first: Ints
    sums: Floats
    low: Ints
    high: Ints
    probability: Floats


class Faces(NamedTuple):
    """The numbers of the components in the first and in the last plane of a block along each axis."""

    first: list[NDArray[np.int32]]
    last: list[NDArray[np.int32]]


def numbered(classes: NDArray[np.uint8]) -> tuple[NDArray[np.int32], Ints]:
    """The number of the component of each pixel of a block, and the class of each component; deterministic.

    ``classes`` (*block) holds the class of each pixel, 0 for the background. Pixels are connected if they share a side
    and have the same class.
    """
    labels, class_of_each = components_by_class(classes)
    return labels.astype(np.int32, copy=False), class_of_each


def components_of(
    labels: NDArray[np.int32], classes: Ints, probabilities: NDArray[np.float32], region: Region, size: Size
) -> Components:
    """The components of one block of an image of this ``size``.

    ``labels`` (*block) and ``classes`` (n,) are those of `numbered`; ``probabilities`` (K, *block) are those of all
    classes. Needs about 41 bytes of memory for each pixel of the components.
    """
    n, at = len(classes), np.flatnonzero(labels)  # (pixels of components,), in reading order
    which = labels.ravel()[at].astype(np.int64) - 1
    sums, low, high = [], [], []  # one (n,) per axis
    for axis, part in enumerate(region):
        along = at // prod(labels.shape[axis + 1 :]) % labels.shape[axis] + part.start
        sums.append(np.bincount(which, along, n))
        low.append(np.full(n, part.stop))
        high.append(np.zeros(n, np.int64))
        np.minimum.at(low[-1], which, along)
        np.maximum.at(high[-1], which, along + 1)
    first = np.zeros(n, np.int64)
    first[which[::-1]] = at[::-1]  # of equal indices, the last one counts
    places = [along + part.start for along, part in zip(np.unravel_index(first, labels.shape), region, strict=True)]
    values = probabilities.reshape(len(probabilities), -1)[classes[which], at]
    return Components(
        classes,
        np.bincount(which, minlength=n),
        np.asarray(np.ravel_multi_index(places, size), np.int64),
        np.stack(sums, 1),
        np.stack(low, 1),
        np.stack(high, 1),
        np.bincount(which, values, n).astype(np.float64),
    )


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
    Needs about 350 bytes of memory for each component of a volume, and the faces of a few blocks.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    parts = [components(index) for index in blocks]
    starts = np.cumsum([0, *(len(part.classes) for part in parts)])
    every = _each(np.concatenate, *parts)
    del parts  # they need as much memory
    total = len(every.classes)
    pairs = [np.zeros((0, 2), np.int64), *_touching(blocks, rank, every.classes, starts, faces)]
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
    blocks: Blocks, rank: int, classes: Ints, starts: Ints, faces: Callable[[Size], Faces]
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
            yield np.unique(pairs[classes[pairs[:, 0]] == classes[pairs[:, 1]]], axis=0)


def _summed(every: Components, which: Ints, count: int) -> Components:
    """The components of each group as one: ``which`` (n,) is the group of each of them."""
    classes = np.zeros(count, np.int64)
    classes[which] = every.classes
    pixels = np.zeros(count, np.int64)
    np.add.at(pixels, which, every.pixels)
    first, high = np.full(count, np.iinfo(np.int64).max), np.zeros((count, every.low.shape[1]), np.int64)
    low = np.full_like(high, np.iinfo(np.int64).max)
    np.minimum.at(first, which, every.first)
    np.minimum.at(low, which, every.low)
    np.maximum.at(high, which, every.high)
    sums = np.zeros(high.shape)
    np.add.at(sums, which, every.sums)
    probability = np.zeros(count)
    np.add.at(probability, which, every.probability)
    return Components(classes, pixels, first, sums, low, high, probability)
