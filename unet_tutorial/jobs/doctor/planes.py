"""Small planes of images and of their labels, on which the checks that compare them are fast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.datasets.folder import Pair
from unet_tutorial.datasets.images.decode import Array
from unet_tutorial.jobs.doctor.finding import Key

Floats = NDArray[np.float32]
_Value = TypeVar("_Value")
LABELLED = 0.3  # smallest share of labelled pixels of a plane
SLICES = 8  # largest number of planes of a volume


class Plane(NamedTuple):
    """A slice of an image and its classes, both reduced by ``step`` pixels along each axis.

    ``name`` is that of the image, with the number of the slice of a volume. ``image`` is (C, h, w) with mean 0 and
    standard deviation 1 per channel. ``targets`` (T, h, w) holds the share of each class but the background, or of each
    layer, and ``known`` (h, w) that of labelled pixels.
    """

    key: Key
    name: str
    image: Floats
    targets: Floats
    known: Floats
    step: int

    @property
    def size(self) -> tuple[int, ...]:
        """(h, w)."""
        return self.known.shape


def planes_of(pairs: Mapping[Key, Pair], classes: int, *, side: int, count: int) -> list[Plane]:
    """At most ``count`` planes, evenly spaced, whose longer side has at most ``side`` pixels.

    An image gives one plane, and volumes several slices each if there are few of them. ``classes`` is the number of
    classes, with the background. Slices with few labelled pixels are left out.
    """
    chosen = evenly(list(pairs), count)
    each = max(1, min(SLICES, count // max(1, len(chosen))))
    return [plane for key in chosen for plane in _slices(key, pairs[key], classes, side, each)]


def evenly(values: Sequence[_Value], count: int) -> list[_Value]:
    """At most ``count`` of the values, evenly spaced.

    >>> evenly("abcdefg", 3), evenly("ab", 3)
    (['a', 'd', 'g'], ['a', 'b'])
    """
    return [values[round(i)] for i in np.linspace(0, len(values) - 1, min(count, len(values)))]


def _slices(key: Key, pair: Pair, classes: int, side: int, count: int) -> list[Plane]:
    stack = pair.image.reshape(len(pair.image), -1, *pair.size[-2:])  # (C, slices, H, W)
    labels = pair.labels.reshape(-1, stack.shape[1], *pair.size[-2:])  # (1 or layers, slices, H, W)
    known = pair.known.reshape(stack.shape[1:])
    step = max(1, -(-max(pair.size[-2:]) // side))
    labelled = [z for z in range(len(known)) if known[z].mean() >= LABELLED]
    layered = pair.labels.ndim > pair.known.ndim
    planes = []
    for z in evenly(labelled[1:-1] or labelled, count):  # the outermost slices of a volume often show nothing
        targets = labels[:, z] > 0 if layered else labels[0, z] == np.arange(1, classes)[:, None, None]
        name = pair.name if len(known) == 1 else f"{pair.name} (slice {z})"
        image = normalised(reduced(stack[:, z], step))
        planes.append(Plane(key, name, image, reduced(targets, step), reduced(known[z], step), step))
    return planes


def reduced(array: Array, step: int) -> Floats:
    """Means over blocks of ``step``² pixels of the last two axes; rows and columns that fill no block are left out.

    >>> reduced(np.array([[1, 3, 9], [1, 3, 9]]), 2).tolist()
    [[2.0]]
    """
    *lead, height, width = array.shape
    rows, columns = height // step, width // step
    blocks = array[..., : rows * step, : columns * step].reshape(*lead, rows, step, columns, step)
    return np.asarray(blocks.mean((-3, -1), dtype=np.float32))


def normalised(image: Floats) -> Floats:
    """(C, h, w) with mean 0 and standard deviation 1 per channel; a constant channel becomes 0."""
    centred = image - image.mean((1, 2), keepdims=True)
    spread = centred.std((1, 2), keepdims=True)
    return np.asarray(np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 1e-6), np.float32)
