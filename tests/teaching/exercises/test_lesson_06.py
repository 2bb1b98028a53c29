"""Solutions of lesson 06 beside torch, the library's weight maps and brute force."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import count
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from unet_tutorial.learning.losses.cross_entropy import weighted_cross_entropy
from unet_tutorial.learning.losses.weight_maps import border_weights, class_weights
from unet_tutorial.teaching.checking.check import find
from unet_tutorial.teaching.checking.judge import judge
from unet_tutorial.teaching.checking.trial import HIDDEN
from unet_tutorial.teaching.exercises import lesson_06

Array = NDArray[Any]


def pixel_loss(logits: Tensor, target: Tensor) -> Tensor:
    return F.cross_entropy(logits, target, reduction="none")


def two_distances(labels: Array) -> tuple[Array, Array]:
    """From every pixel to every pixel of every cell."""
    pixels = np.moveaxis(np.indices(labels.shape), 0, -1)[:, :, None]  # (H, W, 1, 2)
    cells = [np.argwhere(labels == n) for n in np.unique(labels[labels > 0])]
    maps = [np.linalg.norm(pixels - cell, axis=-1).min(axis=-1) for cell in cells]
    far = np.full(labels.shape, np.inf)
    d1, d2 = np.sort([*maps, far, far], axis=0)[:2]
    return d1, d2


def widest_gap(weight: float, w0: float, sigma: float) -> int:
    """By trying: the first gap that is too wide has one pixel more."""
    return next(width for width in count() if w0 * math.exp(-(((width + 2) / sigma) ** 2) / 2) < weight)


def tile_map(labels: Array, term: Array, height: int, width: int) -> Array:
    cell = (labels > 0).astype(np.int64)
    weights = class_weights(cell).astype(np.float64)[cell] + term
    top, left = (labels.shape[0] - height) // 2, (labels.shape[1] - width) // 2
    return weights[top : top + height, left : left + width]


ORACLES = {
    "pixel_loss": pixel_loss,
    "two_distances": two_distances,
    "border_term": lambda labels, _d1, _d2, w0, sigma: border_weights(labels, w0=w0, sigma=sigma).astype(np.float64),
    "widest_gap": widest_gap,
    "tile_map": tile_map,
    "weighted_loss": weighted_cross_entropy,
}


@pytest.mark.parametrize(("name", "oracle"), ORACLES.items())
def test_solutions_agree_with_oracles(name: str, oracle: Any) -> None:
    exercise = replace(find(name), forbidden=())  # torch's own loss is the oracle of ours
    assert [judge(exercise, oracle, seed=seed).sentence for seed in HIDDEN] == [f"ok: {name}"] * len(HIDDEN)


def test_the_gap_of_the_text() -> None:
    assert lesson_06.widest_gap(1.0, 10.0, 5.0) == 9
