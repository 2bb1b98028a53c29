"""Training samples: images normalised, with their labels and the weight of each pixel."""

from __future__ import annotations

import numpy as np
import torch

from unet_tutorial.datasets.folder import Pair
from unet_tutorial.jobs.recipe import Recipe
from unet_tutorial.jobs.task import Task
from unet_tutorial.learning.augment.sample import Sample
from unet_tutorial.learning.losses.cross_entropy import UNLABELLED
from unet_tutorial.learning.losses.weight_maps import border_weights, class_weights


def samples(pairs: list[Pair], task: Task, recipe: Recipe) -> list[Sample]:
    """Training samples: each image normalised, with its classes and its weight map (equation 2).

    ``w0`` and ``sigma`` (pixels) of the recipe are the parameters of the border weights, and ``class_weights`` those of
    the classes, computed from the labelled pixels of each image; other pixels get the class `UNLABELLED`.
    """
    return [_sample(pair, task, recipe) for pair in pairs]


def _sample(pair: Pair, task: Task, recipe: Recipe) -> Sample:
    weights = class_weights(pair.labels[pair.known], len(task.classes))[pair.labels]
    weights = weights + border_weights(pair.instances, w0=recipe.w0, sigma=recipe.sigma)
    labels = np.where(pair.known, pair.labels.astype(np.int64), UNLABELLED)
    image = torch.from_numpy(task.normaliser(pair.image))
    return Sample(image, torch.from_numpy(labels), torch.from_numpy(weights))
