"""Volumes of cells have the statistics of a confocal stack, anisotropic voxels, and depend on the seed only."""

import hashlib
import re
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import find_objects, gaussian_filter, label

from unet_tutorial.datasets.annotations.labels import separated
from unet_tutorial.datasets.generators.synthetic import SyntheticImage
from unet_tutorial.datasets.generators.walls import cell_walls

SEEDS = range(3)
SMALL: dict[str, Any] = {"size": (12, 48, 48), "cells": 12}


@cache
def volume(seed: int) -> SyntheticImage:
    return cell_walls(seed)


def borders(instances: NDArray[Any]) -> NDArray[np.bool_]:
    """Voxels with another cell on one of their six sides, by brute force over the sides."""
    ringed = np.pad(instances, 1, mode="edge")
    here = (slice(1, -1),) * 3
    found = np.zeros(instances.shape, bool)
    for axis in range(3):
        for shift in (-1, 1):
            found |= np.roll(ringed, shift, axis)[here] != instances
    return found


def digest(values: NDArray[Any]) -> str:
    return hashlib.sha256(values.tobytes()).hexdigest()


@pytest.mark.parametrize("seed", SEEDS)
def test_types_and_dense_numbering(seed: int) -> None:
    image, instances = volume(seed)
    assert image.shape == instances.shape == (24, 128, 128)
    assert image.dtype == np.uint8
    assert instances.dtype == np.int32
    assert np.array_equal(np.unique(instances), np.arange(1, instances.max() + 1))  # no background
    assert 35 <= instances.max() <= 40


@pytest.mark.parametrize("seed", SEEDS)
def test_walls_are_as_many_and_as_bright_as_in_tissue(seed: int) -> None:
    image, instances = volume(seed)
    border = borders(instances)
    assert np.array_equal(border, separated(instances) == 0)
    assert 0.17 <= border.mean() <= 0.23  # the real crop: 0.168
    assert 170 <= image[border].mean() <= 186  # the real crop: 201
    assert 93 <= image[~border].mean() <= 106  # the real crop: 104
    assert np.isin(image, (0, 255)).mean() < 0.04


@pytest.mark.parametrize("seed", SEEDS)
def test_a_threshold_finds_walls_badly_as_in_tissue(seed: int) -> None:
    image, instances = volume(seed)
    border, grey = borders(instances), gaussian_filter(image.astype(float), (0.5, 1, 1))
    found = [grey > threshold for threshold in range(60, 240, 5)]
    dice = max(2 * (guess & border).sum() / (guess.sum() + border.sum()) for guess in found)
    assert 0.5 <= dice <= 0.7  # the real crop: 0.56


@pytest.mark.parametrize("seed", SEEDS)
def test_a_cell_is_one_piece_or_nearly(seed: int) -> None:
    instances = volume(seed).instances
    for number, box in enumerate(find_objects(instances), start=1):
        pieces, _ = label(instances[box] == number)
        sizes = np.bincount(pieces.ravel())[1:]
        assert sizes.max() >= 0.99 * sizes.sum()


def runs(instances: NDArray[Any]) -> NDArray[Any]:
    """Mean length in voxels of a straight run inside one cell, along each axis of a cube."""
    changes = [(np.diff(instances, axis=axis) != 0).sum() for axis in range(3)]
    lines = instances.size / len(instances)
    return instances.size / (np.array(changes) + lines)


@pytest.mark.parametrize("coarse", [1.0, 2.0, 4.0])
def test_cells_are_flatter_in_slices_by_the_spacing(coarse: float) -> None:
    volumes = [cell_walls(seed, (40, 40, 40), spacing=(coarse, 1.0, 1.0), cells=60) for seed in range(4)]
    deep, high, wide = np.mean([runs(volume.instances) for volume in volumes], axis=0)
    assert coarse * 0.75 <= np.sqrt(high * wide) / deep <= coarse * 1.25


def test_a_seed_is_a_volume() -> None:
    first, again, other = cell_walls(7, **SMALL), cell_walls(7, **SMALL), cell_walls(8, **SMALL)
    assert digest(first.instances) == digest(again.instances)
    assert digest(first.image) == digest(again.image)
    assert digest(first.instances) != digest(other.instances)
    assert first.instances.shape == (12, 48, 48)


def test_more_cells_on_request() -> None:
    counts = [int(cell_walls(0, (12, 48, 48), cells=cells).instances.max()) for cells in (2, 10, 40)]
    assert all(few < many for few, many in pairwise(counts))
    assert counts[-1] <= 40


@pytest.mark.parametrize(
    "bad",
    [
        {"seed": -1}, {"seed": 0.5}, {"seed": True}, {"cells": 1}, {"cells": "9"}, {"cells": 9.0},
        {"size": 64}, {"size": (12, 48)}, {"size": (7, 48, 48)}, {"size": (12, 48, 48.0)}, {"size": [12, 48, 48]},
        {"spacing": 3.0}, {"spacing": (3.0, 1.0)}, {"spacing": (0.0, 1.0, 1.0)}, {"spacing": (3.0, -1.0, 1.0)},
        {"spacing": (3.0, 1.0, float("nan"))}, {"spacing": ("3", 1.0, 1.0)}, {"spacing": (3.0, 1.0, float("inf"))},
    ],
)  # fmt: skip
def test_bad_arguments_are_named(bad: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=re.escape(next(iter(bad))) + " = .*; write "):
        cell_walls(**({"seed": 0} | SMALL | bad))
