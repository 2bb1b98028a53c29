"""Validation during training: the loss and the mean IoU on images that the network does not learn from."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from unet_tutorial.datasets.annotations.labels import Labels
from unet_tutorial.datasets.folder import Pair
from unet_tutorial.jobs.predictor import Predictor, named
from unet_tutorial.jobs.recipe import Recipe
from unet_tutorial.jobs.samples import samples
from unet_tutorial.jobs.task import Task
from unet_tutorial.learning.losses.terms import Objective
from unet_tutorial.learning.train import Training, Validation
from unet_tutorial.metrics.confusion import Counts, confusion, iou_per_class


def validator(pairs: list[Pair], task: Task, recipe: Recipe, loss: Objective) -> Callable[[Training], Validation]:
    """A function that validates a network on whole images: mean ``loss``, and mean IoU of all classes.

    The IoU of a class is computed from the labelled pixels of all images together, with the most probable class of each
    pixel, or for layers with the threshold 0.5.
    """
    targets = samples(pairs, task, recipe)

    def validate(training: Training) -> Validation:
        predictor, losses = Predictor(training.net, task), []
        tables = []
        for pair, sample in zip(pairs, targets, strict=True):
            logits = predictor.logits(sample.image)
            with torch.inference_mode():
                losses.append(loss(logits[None], sample.labels[None], sample.weights[None]).item())
            with named(f"image {pair.name}"):
                labels = predictor.labels(predictor.probabilities(logits).numpy())
            tables.append(class_counts(pair, labels, task))
        return Validation(training.step, float(np.mean(losses)), mean_iou(np.sum(tables, axis=0), task))

    return validate


def class_counts(pair: Pair, labels: Labels, task: Task) -> Counts:
    """The confusion table of the labelled pixels of an image, (K, K); for layers one of absent and present each.

    ``labels`` (*size), or (L, *size) for layers, are predicted. Returns (1, K, K), or for layers (L, 2, 2).
    """
    if task.scheme.layered:
        layers = zip(pair.labels, labels, strict=True)
        return np.stack([confusion(truth[pair.known], found[pair.known], 2) for truth, found in layers])
    return confusion(pair.labels[pair.known], labels[pair.known], len(task.classes))[None]


def class_scores(score: Callable[[Counts], NDArray[np.float64]], counts: Counts, task: Task) -> list[float]:
    """A score such as `iou_per_class` of each class, or of the presence of each layer; ``counts`` is a sum."""
    if task.scheme.layered:
        return [float(score(table)[1]) for table in counts]
    return [float(value) for value in score(counts[0])]


def mean_iou(counts: Counts, task: Task) -> float:
    """The mean IoU of the classes that occur in truth or prediction."""
    return float(np.nanmean(class_scores(iou_per_class, counts, task)))
