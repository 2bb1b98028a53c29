"""Trainings of one network that differ only in the weights of the loss and in elastic deformation."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from unet_tutorial.datasets.folder import Pair
from unet_tutorial.jobs.job import begin, tile_of
from unet_tutorial.jobs.predictor import Predictor
from unet_tutorial.jobs.recipe import Recipe
from unet_tutorial.jobs.samples import samples
from unet_tutorial.jobs.split import Split
from unet_tutorial.jobs.task import GREY_CELLS
from unet_tutorial.learning.augment.augmentation import augmentation
from unet_tutorial.learning.augment.sample import Sample
from unet_tutorial.learning.batches import tile_batches
from unet_tutorial.learning.train import fit

Weighing = Callable[[list[Pair], Recipe], list[Sample]]


def no_weights(pairs: list[Pair], recipe: Recipe) -> list[Sample]:
    """Plain cross-entropy: every pixel has weight 1."""
    return [replace(sample, weights=torch.ones_like(sample.weights)) for sample in class_weights(pairs, recipe)]


def class_weights(pairs: list[Pair], recipe: Recipe) -> list[Sample]:
    """Only the term w_c of equation 2."""
    return samples(pairs, GREY_CELLS, replace(recipe, w0=0.0))


def weight_map(pairs: list[Pair], recipe: Recipe) -> list[Sample]:
    """The weight map of equation 2, with both terms."""
    return samples(pairs, GREY_CELLS, recipe)


@dataclass(frozen=True)
class Variant:
    """The weights of the loss, and the sd of elastic deformation as a fraction of the image's shorter side."""

    weighing: Weighing
    elastic: float = 0.0

    def __str__(self) -> str:
        return self.weighing.__name__.replace("_", " ") + (", elastic" if self.elastic else "")


def arguments(description: str | None, steps: int) -> argparse.ArgumentParser:
    """An option parser with the seeds of a comparison and the steps of each training."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--steps", type=int, default=steps)
    return parser


def line(*cells: object) -> None:
    """Print one row of a Markdown table, without buffering."""
    print(f"| {' | '.join(map(str, cells))} |", flush=True)


def trained(recipe: Recipe, variant: Variant, pairs: list[Pair]) -> Predictor:
    """The network of a recipe, trained on these pairs; the same initial weights and tiles for all variants."""
    (training, _), weighted = begin(recipe), variant.weighing(pairs, recipe)
    net, sd = training.net, variant.elastic * min(weighted[0].size)
    tile = tile_of(training, recipe, Split(pairs, []))
    changes = augmentation(elastic_sd=sd)
    draw = tile_batches(weighted, net.levels, net.padding, tile=tile, seed=recipe.seed, augmentation=changes)
    fit(training, lambda step: draw(step, recipe.batch), recipe.rate_of, steps=recipe.steps, save=lambda _: None)
    return Predictor(net)
