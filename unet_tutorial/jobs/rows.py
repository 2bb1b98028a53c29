"""Rows of the tables of scores: how well a method labels the held-out images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from typing import ClassVar

import numpy as np

from unet_tutorial.datasets.annotations.labels import Labels
from unet_tutorial.datasets.folder import Pair
from unet_tutorial.inference.instances import class_instances
from unet_tutorial.jobs.predictor import Probabilities
from unet_tutorial.jobs.task import Task
from unet_tutorial.jobs.validation import class_counts, class_scores, mean_iou
from unet_tutorial.metrics.confusion import Counts, dice_per_class, iou_per_class, precision_per_class, recall_per_class
from unet_tutorial.metrics.merges_and_splits import merges, splits
from unet_tutorial.metrics.pixels import dice, iou, isbi_pixel_error, pixel_error
from unet_tutorial.metrics.rand import v_rand
from unet_tutorial.metrics.seg import cell_jaccards
from unet_tutorial.metrics.thin_borders import thin_borders


@dataclass(frozen=True)
class ScoreRow:
    """A row of a table of scores. The names of its fields are the columns of a file, `HEADS` those of a printed table.

    NaN stands for a score that is not defined.
    """

    HEADS: ClassVar[tuple[str, ...]] = ("method",)

    method: str

    @classmethod
    def names(cls) -> list[str]:
        """The names of the columns in a file."""
        return [column.name for column in fields(cls)]

    def cells(self) -> list[str]:
        """The row as text: floats with four decimals."""
        return [f"{value:.4f}" if isinstance(value, float) else str(value) for value in astuple(self)]


@dataclass(frozen=True)
class BinaryRow(ScoreRow):
    """Scores of a method for background and one class: means over the held-out images.

    ``isbi_pixel_error`` (1 - max F) is not a mean: the challenge computes it from the pixels of all images together.
    """

    HEADS = ("method", "pixel error", "1 - max F", "Dice, class 0", "IoU, class 1")

    pixel_error: float
    isbi_pixel_error: float
    dice_background: float  # of class 0: membrane, or the background between the cells
    iou_cell: float


@dataclass(frozen=True)
class ClassesRow(ScoreRow):
    """Scores of a method for more classes, or for layers, from the labelled pixels of all held-out images together.

    ``pixel_error`` is the share of wrong pixels; with layers, each pixel counts once per layer. ``mean_iou`` and
    ``mean_dice`` are means over the classes, the background included, or over the layers.
    """

    HEADS = ("method", "pixel error", "mean IoU", "mean Dice")

    pixel_error: float
    mean_iou: float
    mean_dice: float


@dataclass(frozen=True)
class ClassRow(ScoreRow):
    """Scores of a method for one class, or layer, from the labelled pixels of all held-out images together.

    ``share`` is the share of the pixels that truly have the class.
    """

    HEADS = ("method", "class", "share", "IoU", "Dice", "precision", "recall")

    class_name: str
    share: float
    iou: float
    dice: float
    precision: float
    recall: float


@dataclass(frozen=True)
class CellsRow(ScoreRow):
    """Scores of a method for the cells of all held-out images; the true cells are `Pair.instances`.

    A predicted cell is a connected component of the pixels of one class. ``seg`` (SEG) is the mean over all true cells
    of their Jaccard index with the predicted cell that covers more than half of them, or 0. ``merges`` and ``splits``
    are the numbers of missing and of extra borders. ``v_rand`` is the mean over the images with cells. Before it is
    computed, the predicted cells grow until lines of one pixel separate them, as in the ISBI 2012 challenge, because
    thick borders would lower it (see ``metrics.rand``).
    """

    HEADS = ("method", "SEG", "V_Rand", "merges", "splits")

    seg: float
    v_rand: float
    merges: int
    splits: int


def binary_row(
    method: str, test: Sequence[Pair], probabilities: Sequence[Probabilities], threshold: float
) -> BinaryRow:
    """The scores of a method from its probabilities of class 1 in each test image, on labelled pixels only.

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
    return BinaryRow(method, wrong, pooled, background, cells)


def sum_of_counts(labels: Sequence[Labels], test: Sequence[Pair], task: Task) -> Counts:
    """The confusion table of all test images together, (1, K, K), or for layers (L, 2, 2); see `class_counts`."""
    counts = [class_counts(pair, found, task) for pair, found in zip(test, labels, strict=True)]
    return np.asarray(np.sum(counts, axis=0))


def classes_row(method: str, counts: Counts, task: Task) -> ClassesRow:
    """The scores of a method from its confusion table."""
    right = np.trace(counts, axis1=1, axis2=2).sum()
    return ClassesRow(
        method,
        float(1 - right / counts.sum()),
        mean_iou(counts, task),
        float(np.nanmean(class_scores(dice_per_class, counts, task))),
    )


def class_rows(method: str, counts: Counts, task: Task) -> list[ClassRow]:
    """The scores of a method for each class from its confusion table."""
    columns = (
        class_scores(lambda table: table.sum(1) / table.sum(), counts, task),
        *(
            class_scores(score, counts, task)
            for score in (iou_per_class, dice_per_class, precision_per_class, recall_per_class)
        ),
    )
    return [ClassRow(method, name, *values) for name, *values in zip(task.classes, *columns, strict=True)]


def has_cells(test: Sequence[Pair], task: Task) -> bool:
    """Whether the labels are numbered cells, and at least one test image has a cell."""
    return task.scheme.kind == "instances" and any(pair.instances.any() for pair in test)


def cells_row(method: str, test: Sequence[Pair], labels: Sequence[Labels]) -> CellsRow:
    """The scores of a method from the classes of each test image, on labelled pixels only; one image needs a cell."""
    jaccards, rand, merged, split = [], [], 0, 0
    for pair, found in zip(test, labels, strict=True):
        if pair.instances.any():
            classes = np.where(pair.known, found, 0)
            cells = class_instances(classes).labels
            jaccards.append(cell_jaccards(pair.instances, cells))
            rand.append(v_rand(pair.instances, thin_borders(classes > 0)))
            merged += merges(pair.instances, cells)
            split += splits(pair.instances, cells)
    return CellsRow(method, float(np.concatenate(jaccards).mean()), float(np.mean(rand)), merged, split)
