"""From a folder to what a network learns from and what it is tested on."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch

from unet_tutorial.datasets.files import standardise
from unet_tutorial.datasets.folder import Pair, has_masks, read_folder
from unet_tutorial.learning.samples import Sample
from unet_tutorial.learning.weight_maps import weight_map


class Split(NamedTuple):
    """The images a network sees, and those held out."""

    train: list[Pair]
    test: list[Pair]


def read_split(folder: Path, held_out: int) -> Split:
    """The folder's own train/ and test/ where both have masks and ``held_out`` is 0; else its last images are the test.

    Without a number a fifth is held out. ValueError for a folder of one image, or where none would be left to train on.
    """
    if not held_out and has_masks(folder / "train") and has_masks(folder / "test"):
        return Split(read_folder(folder / "train"), read_folder(folder / "test"))
    pairs = read_folder(folder)
    count = held_out or max(1, len(pairs) // 5)
    if not 0 < count < len(pairs):
        raise ValueError(
            f"{folder}: {len(pairs)} images, of which {count} cannot be held out; add images, or hold out fewer"
        )
    return Split(pairs[:-count], pairs[-count:])


def samples(pairs: list[Pair], w0: float, sigma: float) -> list[Sample]:
    """Each image standardised, with its classes and its weight map (equation 2)."""
    return [
        Sample(
            torch.from_numpy(standardise(pair.image))[None],
            torch.from_numpy(pair.labels).long(),
            torch.from_numpy(weight_map(pair.instances, w0=w0, sigma=sigma)),
        )
        for pair in pairs
    ]
