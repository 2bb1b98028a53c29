"""How good a network is on images it has not seen, beside what is to be had without one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from unet_tutorial.datasets.files import standardise
from unet_tutorial.datasets.folder import Pair
from unet_tutorial.jobs.predictor import VIEWS, Predictor
from unet_tutorial.jobs.split import Split
from unet_tutorial.learning.baselines import best_baseline_threshold, best_threshold
from unet_tutorial.metrics.pixels import dice, iou, isbi_pixel_error, pixel_error

Probabilities = NDArray[Any]
TUNED_ON = 6  # training images that a cut is chosen on, evenly spread


@dataclass(frozen=True)
class Row:
    """One method's scores on all held-out images: means, but for 1 - max F, which the challenge pools."""

    method: str
    pixel_error: float
    isbi_pixel_error: float
    dice_background: float  # of class 0: membrane, or what lies between the cells
    iou_cell: float

    @classmethod
    def names(cls) -> list[str]:
        """The column heads."""
        return [column.name for column in fields(cls)]

    def cells(self) -> list[str]:
        """The row as text, four decimals."""
        method, *numbers = astuple(self)
        return [method, *(f"{number:.4f}" for number in numbers)]


@dataclass(frozen=True)
class Scores:
    """The table; the cut chosen on training images and the cell probability of each held-out image, by views."""

    rows: list[Row]
    thresholds: dict[int, float]
    probabilities: dict[int, list[Probabilities]]


def score(predictor: Predictor, split: Split) -> Scores:
    """The network beside two baselines; every choice is made on training images, none on those held out."""
    rows, thresholds, probabilities = baselines(split), {}, {}
    tuning = split.train[:: -(-len(split.train) // TUNED_ON)]
    for views in VIEWS:
        look = replace(predictor, views=views)
        tuned = [look(pair.image) for pair in tqdm(tuning, f"choosing the cut, {views} views", disable=None)]
        thresholds[views] = best_threshold(tuned, [pair.labels for pair in tuning], [pair.known for pair in tuning])
        probabilities[views] = [look(p.image) for p in tqdm(split.test, f"held out, {views} views", disable=None)]
        name = "network" if views == 1 else f"network, {views} views"
        rows.append(row(name, split.test, probabilities[views], thresholds[views]))
    return Scores(rows, thresholds, probabilities)


def baselines(split: Split) -> list[Row]:
    """Everything cell, and the best threshold on the smoothed training images."""
    train = split.train
    images = [standardise(pair.image) for pair in train]
    threshold = best_baseline_threshold(images, [pair.labels for pair in train], [pair.known for pair in train])
    masks = [threshold(standardise(pair.image)).astype(np.float32) for pair in split.test]
    ones = [np.ones(pair.labels.shape, np.float32) for pair in split.test]
    return [row("everything cell", split.test, ones, 0.5), row("smoothed threshold", split.test, masks, 0.5)]


def row(method: str, test: Sequence[Pair], probabilities: Sequence[Probabilities], threshold: float) -> Row:
    """The scores of one method's probabilities, called cell above the cut, on the pixels that are labelled."""
    looked_at = [(p[pair.known], pair.labels[pair.known]) for p, pair in zip(probabilities, test, strict=True)]
    each = []
    for probability, truth in looked_at:
        cell = (probability > threshold).astype(np.uint8)
        error = pixel_error(cell.astype(np.float32), truth)
        each.append((error, dice(cell, truth, label=0), iou(cell, truth, label=1)))
    wrong, background, cells = np.mean(each, axis=0).tolist()
    pooled = isbi_pixel_error(*(np.concatenate(part) for part in zip(*looked_at, strict=True)))
    return Row(method, wrong, pooled, background, cells)
