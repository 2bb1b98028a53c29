"""Test scores of a network and of two baselines, on held-out images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from unet_tutorial.datasets.annotations.labels import Labels
from unet_tutorial.datasets.folder import Pair
from unet_tutorial.datasets.images.files import standardise
from unet_tutorial.jobs.predictor import VIEWS, Predictor, Probabilities, Thresholds, named
from unet_tutorial.jobs.rows import (
    CellsRow,
    ClassRow,
    ScoreRow,
    binary_row,
    cells_row,
    class_rows,
    classes_row,
    has_cells,
    sum_of_counts,
)
from unet_tutorial.jobs.split import Split
from unet_tutorial.jobs.task import GREY_CELLS, Task
from unet_tutorial.learning.baselines import (
    best_nearest_colour,
    best_probability_threshold,
    best_smoothed_threshold,
    majority_class,
)
from unet_tutorial.metrics.confusion import Counts

TUNED_ON = 6  # number of training images, evenly spaced in the list, on which a threshold is chosen
BASELINES_ON = 24  # the same for the baselines
NETWORK = {1: "network", 8: "network, 8 views"}  # names of the methods by number of views


class Method(NamedTuple):
    """The predictions of a method: the labels of each test image, as in `Pair`.

    With background and one class, also the probabilities of the class, and the threshold that gave the labels.
    """

    name: str
    labels: list[Labels]
    probabilities: list[Probabilities]
    threshold: float = 0.5


class Section(NamedTuple):
    """A table to print."""

    title: str
    heads: Sequence[str]
    lines: list[list[str]]


@dataclass(frozen=True)
class Scores:
    """The scores of all methods on the held-out images, and the thresholds and predictions of the network.

    - ``rows``: one per method; `BinaryRow` for background and one class, else `ClassesRow`.
    - ``classes``: one row per method and class.
    - ``cells``: one row per method if the labels are instances, else none.
    - ``counts``: the confusion table of the network, (1, K, K), or for layers (L, 2, 2).
    - ``thresholds``, ``labels``: the network's thresholds, and its labels of each held-out image. The keys are numbers
      of views: 1 without test-time augmentation, 8 with it.
    - ``probabilities``: of class 1 in each held-out image, for background and one class; otherwise the lists are empty.
    """

    task: Task
    rows: Sequence[ScoreRow]
    classes: list[ClassRow]
    cells: list[CellsRow]
    counts: Counts
    thresholds: dict[int, Thresholds]
    labels: dict[int, list[Labels]]
    probabilities: dict[int, list[Probabilities]]

    @property
    def sections(self) -> list[Section]:
        """The tables to print: methods; the network's classes, if there are more than two; cells, if there are any."""
        sections = [Section("on the held-out images", self.rows[0].HEADS, [row.cells() for row in self.rows])]
        if not self.task.binary:
            network = [row.cells()[1:] for row in self.classes if row.method == NETWORK[1]]
            sections.append(Section("classes of the network", ClassRow.HEADS[1:], network))
        if self.cells:
            sections.append(
                Section("cells on the held-out images", CellsRow.HEADS, [row.cells() for row in self.cells])
            )
        return sections


def score(predictor: Predictor, split: Split) -> Scores:
    """Scores of two baselines and of the network without and with test-time augmentation.

    Thresholds are chosen on training images, never on held-out ones.
    """
    task = predictor.task
    thresholds = best_thresholds(predictor, split.train)
    labels: dict[int, list[Labels]] = {views: [] for views in VIEWS}
    probabilities: dict[int, list[Probabilities]] = {views: [] for views in VIEWS}
    for pair in tqdm(split.test, "held out", disable=None):
        for views, each in _by_views(predictor, pair).items():
            labels[views].append(replace(predictor, thresholds=thresholds[views]).labels(each))
            probabilities[views] += [each[1]] if task.binary else []
    methods = baselines(split, task) + [
        Method(NETWORK[views], labels[views], probabilities[views], *(thresholds[views] if task.binary else ()))
        for views in VIEWS
    ]
    counts = {method.name: sum_of_counts(method.labels, split.test, task) for method in methods}
    rows: Sequence[ScoreRow] = [classes_row(name, table, task) for name, table in counts.items()]
    if task.binary:
        rows = [binary_row(each.name, split.test, each.probabilities, each.threshold) for each in methods]
    cells = [cells_row(each.name, split.test, each.labels) for each in methods] if has_cells(split.test, task) else []
    classes = [each for name, table in counts.items() for each in class_rows(name, table, task)]
    return Scores(task, rows, classes, cells, counts[NETWORK[1]], thresholds, labels, probabilities)


def best_thresholds(predictor: Predictor, train: Sequence[Pair]) -> dict[int, Thresholds]:
    """The thresholds with the fewest wrong pixels on training images, for 1 and for 8 views; () if none are needed."""
    task = predictor.task
    if not (task.binary or task.scheme.layered):
        return dict.fromkeys(VIEWS, ())
    pairs = evenly_spaced(train, TUNED_ON)
    found = [_by_views(predictor, pair) for pair in tqdm(pairs, "choosing the threshold", disable=None)]
    known = [pair.known for pair in pairs]
    channels = range(len(task.classes)) if task.scheme.layered else [1]
    truths = [[pair.labels[channel] if task.scheme.layered else pair.labels for pair in pairs] for channel in channels]
    return {
        views: tuple(
            best_probability_threshold([each[views][channel] for each in found], truth, known)
            for channel, truth in zip(channels, truths, strict=True)
        )
        for views in VIEWS
    }


def _by_views(predictor: Predictor, pair: Pair) -> dict[int, Probabilities]:
    with named(f"image {pair.name}"):
        return predictor.by_views(pair.image)


def evenly_spaced(pairs: Sequence[Pair], most: int) -> Sequence[Pair]:
    """At most ``most`` of the pairs, from the first on, evenly spaced in the list."""
    return pairs[:: -(-len(pairs) // most)]


def baselines(split: Split, task: Task = GREY_CELLS) -> list[Method]:
    """Two methods without a network.

    For background and one class in grey images: all pixels have the class, and a threshold on the smoothed image. For
    more classes: all pixels have the most frequent class, and the class with the nearest mean colour in the smoothed
    image. For layers: all pixels are in all layers, and the nearest mean colour of each layer and its surroundings.
    """
    if task.binary and len(task.channels) == 1:
        return _grey_baselines(split, task)
    return _colour_baselines(split, task)


def _grey_baselines(split: Split, task: Task) -> list[Method]:
    train = evenly_spaced(split.train, BASELINES_ON)
    images = [standardise(pair.image[0]) for pair in train]
    threshold = best_smoothed_threshold(images, [pair.labels for pair in train], [pair.known for pair in train])
    smoothed = [threshold(standardise(pair.image[0])) for pair in split.test]
    return [_everything(split, task), _method("smoothed threshold", smoothed)]


def _colour_baselines(split: Split, task: Task) -> list[Method]:
    train = evenly_spaced(split.train, BASELINES_ON)
    images, known = [task.normaliser(pair.image) for pair in train], [pair.known for pair in train]
    tested = [task.normaliser(pair.image) for pair in split.test]
    name = "nearest colour" if len(task.channels) > 1 else "nearest grey level"
    if not task.scheme.layered:
        nearest = best_nearest_colour(images, [pair.labels for pair in train], known, len(task.classes))
        return [_everything(split, task), _method(name, [nearest(image) for image in tested])]
    layers = [
        best_nearest_colour(images, [pair.labels[layer] for pair in train], known, 2)
        for layer in range(len(task.classes))
    ]
    found = [np.stack([nearest(image) for nearest in layers]) for image in tested]
    return [_everything(split, task), _method(name, found)]


def _everything(split: Split, task: Task) -> Method:
    """Each pixel has the most frequent class, or with background and one class this one; or is in all layers."""
    if task.binary or task.scheme.layered:
        chosen, name = 1, task.classes[1] if task.binary else "in all layers"
    else:
        labels, known = [pair.labels for pair in split.train], [pair.known for pair in split.train]
        chosen = majority_class(labels, known, len(task.classes))
        name = task.classes[chosen]
    return _method(f"everything {name}", [np.full_like(pair.labels, chosen) for pair in split.test])


def _method(name: str, labels: Sequence[Labels | NDArray[np.bool_]]) -> Method:
    """A method that decides without probabilities; for background and one class, they are 0 and 1."""
    return Method(name, [each.astype(np.uint8) for each in labels], [each.astype(np.float32) for each in labels])
