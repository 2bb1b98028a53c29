"""Test scores of a network and of two baselines, on held-out images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields, replace

import numpy as np
from tqdm import tqdm

from unet_tutorial.datasets.files import standardise
from unet_tutorial.datasets.folder import Pair
from unet_tutorial.jobs.predictor import VIEWS, Predictor, Probabilities
from unet_tutorial.jobs.split import Split
from unet_tutorial.learning.baselines import best_probability_threshold, best_smoothed_threshold
from unet_tutorial.metrics.pixels import dice, iou, isbi_pixel_error, pixel_error

TUNED_ON = 6  # number of training images, evenly spaced in the list, on which a threshold is chosen


@dataclass(frozen=True)
class Row:
    """Scores of one method: means over the held-out images.

    ``isbi_pixel_error`` (1 - max F) is not a mean: the challenge computes it from the pixels of all images together.
    """

    method: str
    pixel_error: float
    isbi_pixel_error: float
    dice_background: float  # of class 0: membrane, or the background between the cells
    iou_cell: float

    @classmethod
    def names(cls) -> list[str]:
        """The names of the columns."""
        return [column.name for column in fields(cls)]

    def cells(self) -> list[str]:
        """The row as text, with four decimals."""
        method, *numbers = astuple(self)
        return [method, *(f"{number:.4f}" for number in numbers)]


@dataclass(frozen=True)
class Scores:
    """The scores of all methods, and the thresholds and probabilities of the network on the held-out images.

    The keys of ``thresholds`` and ``probabilities`` are numbers of views: 1 without test-time augmentation, 8 with it.
    """

    rows: list[Row]
    thresholds: dict[int, float]
    probabilities: dict[int, list[Probabilities]]


def score(predictor: Predictor, split: Split) -> Scores:
    """Scores of two baselines and of the network without and with test-time augmentation.

    Thresholds are chosen on training images, never on held-out ones.
    """
    rows, thresholds, probabilities = baselines(split), {}, {}
    tuning = split.train[:: -(-len(split.train) // TUNED_ON)]
    for views in VIEWS:
        predict = replace(predictor, views=views)
        tuned = [
            predict(pair.image)[1] for pair in tqdm(tuning, f"choosing the threshold, {views} views", disable=None)
        ]
        thresholds[views] = best_probability_threshold(
            tuned, [pair.labels for pair in tuning], [pair.known for pair in tuning]
        )
        probabilities[views] = [predict(p.image)[1] for p in tqdm(split.test, f"held out, {views} views", disable=None)]
        name = "network" if views == 1 else f"network, {views} views"
        rows.append(row(name, split.test, probabilities[views], thresholds[views]))
    return Scores(rows, thresholds, probabilities)


def baselines(split: Split) -> list[Row]:
    """Scores of two methods without a network: all pixels are cell, and a threshold on the smoothed image."""
    train = split.train
    images = [standardise(pair.image[0]) for pair in train]
    threshold = best_smoothed_threshold(images, [pair.labels for pair in train], [pair.known for pair in train])
    masks = [threshold(standardise(pair.image[0])).astype(np.float32) for pair in split.test]
    ones = [np.ones(pair.labels.shape, np.float32) for pair in split.test]
    return [row("everything cell", split.test, ones, 0.5), row("smoothed threshold", split.test, masks, 0.5)]


def row(method: str, test: Sequence[Pair], probabilities: Sequence[Probabilities], threshold: float) -> Row:
    """The scores of a method from its probabilities of each test image, on labelled pixels only.

    A pixel counts as cell if its probability is above the threshold.
    """
    labelled = [(p[pair.known], pair.labels[pair.known]) for p, pair in zip(probabilities, test, strict=True)]
    scores = []
    for probability, truth in labelled:
        cell = (probability > threshold).astype(np.uint8)
        error = pixel_error(cell.astype(np.float32), truth)
        scores.append((error, dice(cell, truth, label=0), iou(cell, truth, label=1)))
    wrong, background, cells = np.mean(scores, axis=0).tolist()
    pooled = isbi_pixel_error(*(np.concatenate(part) for part in zip(*labelled, strict=True)))
    return Row(method, wrong, pooled, background, cells)
