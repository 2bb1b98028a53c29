"""Faults that the predictions of a trained network show: one class only, a class that is missing, overfitting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

import numpy as np

from unet_tutorial.datasets.annotations.labels import Labels
from unet_tutorial.datasets.folder import Pair
from unet_tutorial.datasets.images.decode import Array
from unet_tutorial.datasets.wording import listed
from unet_tutorial.jobs.doctor.finding import Finding, train_command
from unet_tutorial.jobs.predictor import Predictor, named
from unet_tutorial.jobs.recipe import Recipe
from unet_tutorial.jobs.task import Task

PIXELS = 384**2  # of an image that is predicted; larger ones are cropped
NONE, ALL = 1e-4, 1 - 1e-4  # shares of pixels
SEEN = 0.002  # share of a class in the truth
EXTREME = 0.1  # a threshold nearer than this to 0 or 1
EXTREME_BALANCED = 0.01  # with class weights, which raise the probabilities of rare classes
GAP = 0.25  # between the mean IoU of training and test images
USELESS = 0.02  # a network must be better than a baseline by this


@dataclass(frozen=True)
class Table:
    """Pixels of each class that were predicted and true: (K, 3) with predicted, true and both; for layers K layers."""

    counts: Array

    @property
    def predicted(self) -> Array:
        """Share of each class in the predictions: (K,)."""
        return self._shares(0)

    @property
    def true(self) -> Array:
        """Share of each class in the labels: (K,)."""
        return self._shares(1)

    @property
    def iou(self) -> Array:
        """Intersection over union of each class; NaN where it is neither predicted nor true."""
        union = self.counts[:, 0] + self.counts[:, 1] - self.counts[:, 2]
        divided = np.divide(self.counts[:, 2], union, out=np.full(len(union), np.nan), where=union > 0)
        return np.asarray(divided)

    @property
    def mean_iou(self) -> float:
        """Mean IoU of the classes that occur."""
        return float(np.nanmean(self.iou)) if np.isfinite(self.iou).any() else 0.0

    def _shares(self, column: int) -> Array:
        return np.asarray(self.counts[:, column] / max(1.0, self.pixels))

    @property
    def pixels(self) -> float:
        """The number of labelled pixels."""
        return float(self.counts[0, 3])


def cropped(pair: Pair) -> Pair:
    """The middle of a pair, with at most about `PIXELS` pixels."""
    side = round(PIXELS ** (1 / len(pair.size)))
    where = tuple(slice(max(0, (n - side) // 2), max(0, (n - side) // 2) + side) for n in pair.size)
    return pair.crop(pair.name, where)


def table_of(pairs: Sequence[Pair], predicted: Sequence[Labels], task: Task) -> Table:
    """The counts over all images."""
    counts = np.zeros((len(task.classes), 4))
    for pair, guess in zip(pairs, predicted, strict=True):
        for number in range(len(task.classes)):
            ours, truth = (
                (array[number] > 0 if task.scheme.layered else array == number)[pair.known]
                for array in (guess, pair.labels)
            )
            counts[number] += ours.sum(), truth.sum(), (ours & truth).sum(), ours.size
    return Table(counts)


def one_class_only(table: Table, task: Task, recipe: Recipe) -> list[Finding]:
    """Predictions that consist of one class, or lack a class that the labels have."""
    shown = np.flatnonzero(table.true > SEEN)
    if not task.scheme.layered and table.predicted.max() > ALL and len(shown) > 1:
        winner = int(table.predicted.argmax())
        return [
            Finding(
                0.7,
                f"the network predicts only {task.classes[winner]}"
                + (": all predictions are black" if winner == 0 else ""),
                f"{table.predicted[winner]:.2%} of the pixels; the labels have {table.true[winner]:.1%}",
                _stronger(recipe),
            )
        ]
    missing = [i for i in shown if table.predicted[i] < NONE]
    if not missing:
        return []
    return [
        Finding(
            0.7,
            f"the network never predicts {listed([task.classes[i] for i in missing])}",
            ", ".join(f"{task.classes[i]}: {table.true[i]:.1%} of the labels, 0 % of the predictions" for i in missing),
            _stronger(recipe),
        )
    ]


def _stronger(recipe: Recipe) -> str:
    return train_command(recipe, loss="dice+cross_entropy", class_weights="balanced", steps=2 * recipe.steps)


def extreme_threshold(thresholds: Sequence[float], recipe: Recipe) -> list[Finding]:
    """Thresholds near 0 or 1: the probabilities are far from the frequencies of the classes."""
    limit = EXTREME if recipe.class_weights == "none" else EXTREME_BALANCED
    far = [value for value in thresholds if not limit < value < 1 - limit]
    if not far:
        return []
    return [
        Finding(
            0.5,
            "the best threshold of the probabilities is far from 0.5, so they are poorly calibrated",
            f"threshold {', '.join(f'{value:.3f}' for value in far)}, chosen on training images",
            train_command(recipe, class_weights="none", steps=2 * recipe.steps),
        )
    ]


def generalisation_gap(train: Table, test: Table, recipe: Recipe) -> list[Finding]:
    """Test images that are predicted much worse than training images."""
    if train.mean_iou - test.mean_iou < GAP:
        return []
    return [
        Finding(
            0.66,
            "the network does much better on training images than on test images: it learned them by heart, or the "
            "test images are of another kind",
            f"mean IoU {train.mean_iou:.2f} on training images, {test.mean_iou:.2f} on test images",
            train_command(recipe, rotate=180.0, scale=0.2, elastic=0.02, gamma=0.2, noise=0.2),
        )
    ]


def below_baseline(rows: Sequence[dict[str, str]], recipe: Recipe, folder: Path) -> list[Finding]:
    """A network that is not better than the methods without a network; ``rows`` are those of metrics.csv."""
    column = next((name for name in ("iou_cell", "mean_iou", "iou") if rows and name in rows[0]), "")
    if not column:
        return []
    values = {row["method"]: float(row[column] or "nan") for row in rows}
    ours = [value for name, value in values.items() if name.startswith("network")]
    others = {name: value for name, value in values.items() if not name.startswith("network")}
    if not ours or not others or not max(ours) < max(others.values()) + USELESS:
        return []
    best = max(others, key=lambda name: others[name])
    return [
        Finding(
            0.4,
            f"the network is not better than a method without a network ({best})",
            f"IoU {max(ours):.2f} against {others[best]:.2f} on the test images",
            f"look at {quote(str(folder))}/held_out_*.png, then train longer: "
            + train_command(recipe, steps=4 * recipe.steps),
        )
    ]


def predicted_labels(predictor: Predictor, pairs: Sequence[Pair]) -> list[Labels]:
    """The labels that a network predicts for each image."""
    labels = []
    for pair in pairs:
        with named(f"image {pair.name}"):
            labels.append(predictor.labels(predictor(pair.image)))
    return labels
