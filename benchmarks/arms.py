"""Ways to train one network that differ in one thing: the weights of the loss, or elastic deformation."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from unet_tutorial.commands.job import begin, tile_of
from unet_tutorial.commands.predictor import Predictor
from unet_tutorial.commands.recipe import Recipe
from unet_tutorial.commands.split import samples
from unet_tutorial.datasets.folder import Pair
from unet_tutorial.learning.batches import tile_batches
from unet_tutorial.learning.samples import Sample
from unet_tutorial.learning.train import fit

NONE, CLASSES, MAP = "no weights", "class weights", "weight map"


@dataclass(frozen=True)
class Arm:
    """The weights of the loss, and the sd of elastic deformation as a share of the image's side."""

    weights: str
    elastic: float = 0.0

    def __str__(self) -> str:
        return f"{self.weights}, elastic" if self.elastic else self.weights

    def samples(self, pairs: list[Pair], recipe: Recipe) -> list[Sample]:
        """The images with the weights of this arm: all 1; w_c of equation 2; or equation 2 whole."""
        drawn_from = samples(pairs, recipe.w0 if self.weights == MAP else 0.0, recipe.sigma)
        if self.weights == NONE:
            return [replace(sample, weights=torch.ones_like(sample.weights)) for sample in drawn_from]
        return drawn_from


def trained(recipe: Recipe, arm: Arm, pairs: list[Pair]) -> Predictor:
    """The network of a recipe, trained on these pairs in the way of an arm; same tiles and weights at the start."""
    training, drawn_from = begin(recipe, None), arm.samples(pairs, recipe)
    net, sd = training.net, arm.elastic * max(drawn_from[0].size)
    draw = tile_batches(drawn_from, net.levels, net.padding, tile=tile_of(training, recipe), seed=recipe.seed, sd=sd)
    fit(training, lambda step: draw(step, recipe.batch), recipe.rate_of, steps=recipe.steps, save=lambda _: None)
    return Predictor(net)
