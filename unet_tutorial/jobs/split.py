"""Splits the images of a collection into those for training, validation and testing."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from unet_tutorial.datasets.folder import Collection, Pair
from unet_tutorial.jobs.recipe import Recipe


class Split(NamedTuple):
    """The images for training, those held out for testing, and those for validation, if there are any."""

    train: list[Pair]
    test: list[Pair]
    validation: list[Pair] = []  # noqa: RUF012 (never changed)


def split_of(collection: Collection, recipe: Recipe) -> Split:
    """The training, test and validation images of a collection.

    If ``held_out`` is 0 and the collection has a training and a test part, these are the two sets. Otherwise the last
    ``held_out`` images are the test set. 0 then means the last fifth of the images; a single volume is split along its
    longest axis.

    ValueError if no image would be left for training, and if an image has no labelled pixel.
    """
    parts, held_out = collection.parts, recipe.held_out
    pairs = parts.get("") or parts["train"]
    if not held_out and "test" in parts:
        split = Split(pairs, parts["test"])
    elif len(pairs) == 1 and len(pairs[0].size) == 3 and not held_out:
        split = split_volume(pairs[0])
    else:
        split = _last(pairs, held_out)
    for pair in (*split.train, *split.test):
        if not pair.known.any():
            raise ValueError(
                f"{pair.name}: none of its pixels is labelled; put labelled images for testing "
                "into test/, and the others into train/"
            )
    return split


def _last(pairs: list[Pair], held_out: int) -> Split:
    count = held_out or max(1, len(pairs) // 5)
    if not 0 < count < len(pairs):
        hint = "; without --held-out, a fifth of the volume is held out" if len(pairs[0].size) == 3 else ""
        raise ValueError(f"cannot hold out {count} of {len(pairs)} images; add images, or hold out fewer{hint}")
    return Split(pairs[:-count], pairs[-count:])


def split_volume(volume: Pair) -> Split:
    """Splits one volume along its longest axis: the last fifth is the test set."""
    axis = int(np.argmax(volume.size))
    first = volume.size[axis] - max(1, volume.size[axis] // 5)
    whole = (slice(None),) * axis
    train = volume.crop(f"{volume.name}-train", (*whole, slice(first)))
    test = volume.crop(f"{volume.name}-test", (*whole, slice(first, None)))
    return Split([train], [test])
