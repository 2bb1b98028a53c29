"""How good a network is on images it has not seen, beside what is to be had without one."""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from unet_tutorial.commands.predictor import Predictor
from unet_tutorial.commands.split import Split
from unet_tutorial.datasets.files import standardise
from unet_tutorial.datasets.folder import Pair
from unet_tutorial.learning.baselines import best_cut, best_threshold
from unet_tutorial.learning.metrics import dice, iou, isbi_pixel_error, pixel_error

Map = NDArray[Any]
TUNED_ON = 6  # training images that the cut is chosen on, evenly spread


@dataclass(frozen=True)
class Row:
    """One method's scores, averaged over the held-out images. Errors are to be small, Dice and IoU large."""

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
    """The table, the cut that was chosen on training images, and the cell probability of each held-out image."""

    rows: list[Row]
    cut: float
    probabilities: list[Map]


def score(predict: Predictor, split: Split) -> Scores:
    """The network beside two baselines; every choice is made on training images, none on those held out."""
    tuning = split.train[:: -(-len(split.train) // TUNED_ON)]
    tuned = [predict(pair.image) for pair in tqdm(tuning, "choosing the cut", disable=None)]
    cut = best_cut(tuned, [pair.labels for pair in tuning])
    probabilities = [predict(pair.image) for pair in tqdm(split.test, "held out", disable=None)]
    threshold = best_threshold([standardise(p.image) for p in split.train], [p.labels for p in split.train])
    masks = [threshold(standardise(pair.image)) for pair in split.test]
    rows = [
        _row("everything cell", split.test, [np.ones(pair.labels.shape, np.float32) for pair in split.test], 0.5),
        _row("threshold", split.test, [mask.astype(np.float32) for mask in masks], 0.5),
        _row(f"network (p > {cut:.2f})", split.test, probabilities, cut),
    ]
    return Scores(rows, cut, probabilities)


def _row(method: str, test: list[Pair], probabilities: list[Map], cut: float) -> Row:
    each = []
    for pair, probability in zip(test, probabilities, strict=True):
        cell = (probability > cut).astype(np.uint8)
        each.append(
            (
                pixel_error(cell.astype(np.float32), pair.labels),
                isbi_pixel_error(probability, pair.labels),
                dice(cell, pair.labels, label=0),
                iou(cell, pair.labels, label=1),
            )
        )
    return Row(method, *np.mean(each, axis=0).tolist())
