"""Training samples of a recipe, and the loss that compares a network's output with them."""

from __future__ import annotations

import numpy as np
import torch

from unet_tutorial.datasets.folder import Pair
from unet_tutorial.jobs.recipe import Recipe
from unet_tutorial.jobs.task import Task
from unet_tutorial.learning.augment.sample import Sample
from unet_tutorial.learning.losses.cross_entropy import UNLABELLED
from unet_tutorial.learning.losses.layers import layer_terms, layer_weighted, layer_weights
from unet_tutorial.learning.losses.named import loss_named, terms_named
from unet_tutorial.learning.losses.terms import Objective
from unet_tutorial.learning.losses.weight_maps import border_weights, class_weighting


def samples(pairs: list[Pair], task: Task, recipe: Recipe) -> list[Sample]:
    """Training samples: each image normalised, with its classes and its weight map (equation 2).

    ``w0`` and ``sigma`` (pixels) of the recipe are the parameters of the border weights, and ``class_weights`` those of
    the classes, computed from the labelled pixels of each image; other pixels get the class `UNLABELLED`. For layers,
    the labels are float32 (L, *size) and all weights are 1; `objective` weighs the layers.
    """
    for name in ("w0", "sigma"):
        if task.scheme.layered and getattr(recipe, name) != getattr(Recipe, name):
            raise ValueError(
                f"--{name} {getattr(recipe, name)}: layers may overlap and have no border weights; leave the option out"
            )
    make = _layered if task.scheme.layered else _classified
    return [make(pair, task, recipe) for pair in pairs]


def _classified(pair: Pair, task: Task, recipe: Recipe) -> Sample:
    weighting = class_weighting(recipe.class_weights, len(task.classes))
    weights = weighting(pair.labels[pair.known])[pair.labels]
    weights = weights + border_weights(pair.instances, w0=recipe.w0, sigma=recipe.sigma)
    labels = np.where(pair.known, pair.labels.astype(np.int64), UNLABELLED)
    image = torch.from_numpy(task.normaliser(pair.image))
    return Sample(image, torch.from_numpy(labels), torch.from_numpy(weights))


def _layered(pair: Pair, task: Task, _recipe: Recipe) -> Sample:
    labels = np.where(pair.known, pair.labels.astype(np.float32), np.float32(UNLABELLED))
    image = torch.from_numpy(task.normaliser(pair.image))
    return Sample(image, torch.from_numpy(labels), torch.ones(pair.size))


def objective(recipe: Recipe, task: Task, drawn_from: list[Sample]) -> Objective:
    """The loss of a recipe. It takes logits, or the list of logits of a network with deep supervision.

    The weights of layers are computed from all training samples. ValueError for an unknown name, for a loss that does
    not suit the kind of the labels, and for class weights that are not numbers.
    """
    name, layered = recipe.loss or "cross_entropy", task.scheme.layered
    loss, terms = loss_named(name, multilabel=layered), terms_named(name, multilabel=layered)
    if layered:
        weights = layer_weights(recipe.class_weights, [each.labels for each in drawn_from])
        loss, terms = layer_weighted(loss, weights), [each for term in terms for each in layer_terms(term, weights)]
    return Objective(loss, terms)
