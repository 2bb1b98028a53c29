"""Planted files as pairs, without writing them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tests.jobs.doctor.planted import Files
from unet_tutorial.datasets.annotations.labels import connected_cells
from unet_tutorial.datasets.folder import Pair, paired
from unet_tutorial.jobs.doctor.finding import Key

DATA = Path("my data")


def pairs(files: Mapping[str, Files], part: str = "train") -> dict[Key, Pair]:
    """Grey images with binary or numbered masks."""
    return {Key(part, name): _pair(name, each) for name, each in files.items()}


def _pair(name: str, each: Files) -> Pair:
    mask = np.asarray(each.mask)
    cells = connected_cells(mask > 0) if len(np.unique(mask)) <= 2 else mask.astype(np.int32)
    return paired(name, each.image, cells)


def colour_pairs(files: Mapping[str, Files], part: str = "train") -> dict[Key, Pair]:
    """Colour images (H, W, 3) with classes."""
    return {
        Key(part, name): Pair(
            name,
            np.moveaxis(each.image, -1, 0),
            each.mask,
            connected_cells(each.mask > 0),
            np.ones(each.mask.shape, bool),
        )
        for name, each in files.items()
    }
