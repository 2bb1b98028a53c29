"""From a folder to what a network learns from and what it is tested on."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from unet_tutorial.datasets.files import standardise
from unet_tutorial.datasets.folder import Pair, has_masks, read_folder
from unet_tutorial.learning.augment.sample import Sample
from unet_tutorial.learning.losses.cross_entropy import UNLABELLED
from unet_tutorial.learning.losses.weight_maps import border_weights, class_weights


class Split(NamedTuple):
    """The images a network sees, and those held out."""

    train: list[Pair]
    test: list[Pair]


def read_split(folder: Path, held_out: int, rank: int = 2, unlabelled: int | None = None) -> Split:
    """The folder's own train/ and test/ where both have masks and ``held_out`` is 0; else its last images are the test.

    ``rank`` and ``unlabelled`` are those of ``read_folder``. Without a number a fifth is held out; of a single volume,
    the last fifth of its longest axis. ValueError for a folder of one image, or where none would be left to train on.
    """
    if not held_out and has_masks(folder / "train") and has_masks(folder / "test"):
        split = Split(*(read_folder(folder / part, rank, unlabelled=unlabelled) for part in ("train", "test")))
    else:
        pairs = read_folder(folder, rank, unlabelled=unlabelled)
        split = across(pairs[0]) if rank == 3 and len(pairs) == 1 and not held_out else _last(folder, pairs, held_out)
    if unlabelled is not None and all(pair.known.all() for pair in (*split.train, *split.test)):
        raise ValueError(f"--unlabelled {unlabelled}: no mask in {folder} holds this value; check it, or leave it out")
    for pair in (*split.train, *split.test):
        if not pair.known.any():
            raise ValueError(f"{pair.name}: nothing in it is labelled; give images for testing in test/, as in train/")
    return split


def _last(folder: Path, pairs: list[Pair], held_out: int) -> Split:
    count = held_out or max(1, len(pairs) // 5)
    if not 0 < count < len(pairs):
        hint = "; of a single volume a fifth is held out without the option" if pairs[0].image.ndim == 3 else ""
        raise ValueError(
            f"{folder}: {len(pairs)} images, of which {count} cannot be held out; add images, or hold out fewer{hint}"
        )
    return Split(pairs[:-count], pairs[-count:])


def across(volume: Pair) -> Split:
    """One volume in two: across its longest axis, the last fifth to test on."""
    axis = int(np.argmax(volume.image.shape))
    first = volume.image.shape[axis] - max(1, volume.image.shape[axis] // 5)
    whole = (slice(None),) * axis
    train = volume.cut(f"{volume.name}-train", (*whole, slice(first)))
    test = volume.cut(f"{volume.name}-test", (*whole, slice(first, None)))
    return Split([train], [test])


def samples(pairs: list[Pair], w0: float, sigma: float) -> list[Sample]:
    """Each image standardised, with its classes and its weight map (equation 2), in which labelled pixels balance."""
    return [_sample(pair, w0, sigma) for pair in pairs]


def _sample(pair: Pair, w0: float, sigma: float) -> Sample:
    weights = class_weights(pair.labels[pair.known])[pair.labels] + border_weights(pair.instances, w0=w0, sigma=sigma)
    labels = np.where(pair.known, pair.labels.astype(np.int64), UNLABELLED)
    image = torch.from_numpy(standardise(pair.image))[None]
    return Sample(image, torch.from_numpy(labels), torch.from_numpy(weights))
