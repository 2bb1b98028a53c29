"""Splits the images of a folder into a training set and a test set."""

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
    """The images for training, and those held out for testing."""

    train: list[Pair]
    test: list[Pair]


def read_split(folder: Path, held_out: int, rank: int = 2, unlabelled: int | None = None) -> Split:
    """The training and test images of a folder, which is read as in `read_folder` (``rank``, ``unlabelled``).

    If ``held_out`` is 0 and both train/ and test/ have masks, these folders are the two sets. Otherwise the last
    ``held_out`` images are the test set. 0 then means the last fifth of the images; a single volume is split along its
    longest axis.

    ValueError if no image would be left for training, if no mask holds the value ``unlabelled``, if an image has no
    labelled pixel, and for all errors of `read_folder`.
    """
    if not held_out and has_masks(folder / "train") and has_masks(folder / "test"):
        split = Split(*(read_folder(folder / part, rank, unlabelled=unlabelled) for part in ("train", "test")))
    else:
        pairs = read_folder(folder, rank, unlabelled=unlabelled)
        split = (
            split_volume(pairs[0]) if rank == 3 and len(pairs) == 1 and not held_out else _last(folder, pairs, held_out)
        )
    if unlabelled is not None and all(pair.known.all() for pair in (*split.train, *split.test)):
        raise ValueError(
            f"--unlabelled {unlabelled}: no mask in {folder} holds this value; correct it, or leave the option out"
        )
    for pair in (*split.train, *split.test):
        if not pair.known.any():
            raise ValueError(
                f"{pair.name}: none of its pixels is labelled; put labelled images for testing "
                "into test/, and the others into train/"
            )
    return split


def _last(folder: Path, pairs: list[Pair], held_out: int) -> Split:
    count = held_out or max(1, len(pairs) // 5)
    if not 0 < count < len(pairs):
        hint = "; without --held-out, a fifth of the volume is held out" if pairs[0].image.ndim == 3 else ""
        raise ValueError(
            f"{folder}: cannot hold out {count} of {len(pairs)} images; add images, or hold out fewer{hint}"
        )
    return Split(pairs[:-count], pairs[-count:])


def split_volume(volume: Pair) -> Split:
    """Splits one volume along its longest axis: the last fifth is the test set."""
    axis = int(np.argmax(volume.image.shape))
    first = volume.image.shape[axis] - max(1, volume.image.shape[axis] // 5)
    whole = (slice(None),) * axis
    train = volume.crop(f"{volume.name}-train", (*whole, slice(first)))
    test = volume.crop(f"{volume.name}-test", (*whole, slice(first, None)))
    return Split([train], [test])


def samples(pairs: list[Pair], w0: float, sigma: float) -> list[Sample]:
    """Training samples: each image standardised, with its classes and its weight map (equation 2).

    ``w0`` and ``sigma`` (pixels) are the parameters of the border weights. The class weights balance the classes of the
    labelled pixels; other pixels get the class `UNLABELLED`.
    """
    return [_sample(pair, w0, sigma) for pair in pairs]


def _sample(pair: Pair, w0: float, sigma: float) -> Sample:
    weights = class_weights(pair.labels[pair.known])[pair.labels] + border_weights(pair.instances, w0=w0, sigma=sigma)
    labels = np.where(pair.known, pair.labels.astype(np.int64), UNLABELLED)
    image = torch.from_numpy(standardise(pair.image))[None]
    return Sample(image, torch.from_numpy(labels), torch.from_numpy(weights))
