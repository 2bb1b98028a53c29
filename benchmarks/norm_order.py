"""``python -m benchmarks.norm_order FOLDER``: batch norm before ReLU, after ReLU, and no norm.

FOLDER holds ISBI 2012; slices 0 to 23 are for training, 24 to 29 held out, as everywhere in the course. The trainings
differ only in the order of the layers: same initial weights, tiles, steps and rates, plain cross-entropy. Only the
threshold of V_Rand is chosen on held-out slices, as in the challenge. Each row is printed as soon as it is computed.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import torch
from torch import nn

from benchmarks.isbi import row
from benchmarks.variants import line, no_weights
from unet_tutorial.datasets.folder import Pair
from unet_tutorial.jobs.data import read_data
from unet_tutorial.jobs.predictor import Predictor
from unet_tutorial.jobs.recipe import Recipe
from unet_tutorial.learning.batches import tile_batches
from unet_tutorial.learning.train import adam, fit
from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.init import kaiming_
from unet_tutorial.nets.merge import Concat
from unet_tutorial.nets.norms import batch_norm
from unet_tutorial.nets.resample import MaxPool, transposed
from unet_tutorial.nets.unet import UNet, unet
from unet_tutorial.plan.levels import pyramid

RELU = partial(nn.ReLU, inplace=True)
ORDERS = {
    "conv-norm-act": ConvUnit(norm=batch_norm, act=RELU),
    "conv-act-norm": ConvUnit(norm=batch_norm, act=RELU, order=("conv", "act", "norm")),
    "no-norm": ConvUnit(act=RELU),
}
WIDTHS, TILE, VIEWS = (16, 32, 64, 128), (160, 160), (1, 8)
SCORES = ("pixel error", "1 - max F", "Dice, membrane", "V_Rand, best t", "best t", "V_Rand, t = 0.5")
HEADS = ("order", "views", "seed", *SCORES)


def network(unit: ConvUnit, widths: Sequence[int] = WIDTHS) -> UNet:
    """The padded U-Net with units of this order; with one seed, all orders get the same convolution weights."""
    levels = pyramid(widths)
    return kaiming_(unet(1, 2, levels, block=conv_stack(unit), down=MaxPool, up=transposed, merge=Concat))


def trained(unit: ConvUnit, recipe: Recipe, pairs: list[Pair]) -> Predictor:
    """A network of such units, trained on these pairs with flips, quarter turns and gray shifts, without weights."""
    torch.manual_seed(recipe.seed)
    training = adam(network(unit))
    net = training.net
    draw = tile_batches(no_weights(pairs, recipe), net.levels, net.padding, tile=TILE, seed=recipe.seed)
    fit(training, lambda step: draw(step, recipe.batch), recipe.rate_of, steps=recipe.steps, save=lambda _: None)
    return Predictor(net)


def spread(order: str, views: int, rows: list[tuple[float, ...]]) -> None:
    """Print the mean over the seeds and their standard deviation (n - 1)."""
    line(order, views, "mean", *(f"**{score:.4f}**" for score in np.mean(rows, axis=0)))
    if len(rows) > 1:
        line(order, views, "sd", *(f"{score:.4f}" for score in np.std(rows, axis=0, ddof=1)))


def options() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--steps", type=int, default=900)
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds: 0, 1, …")
    parser.add_argument("--orders", nargs="+", choices=list(ORDERS), default=list(ORDERS))
    parser.add_argument("--rate", type=float, default=1e-3, help="peak learning rate of the one-cycle schedule")
    return parser.parse_args()


def main() -> None:
    """Train every order with every seed, and print a Markdown table."""
    chosen = options()
    if not chosen.folder.is_dir():
        raise SystemExit(f"{chosen.folder}: no such folder; give the folder of ISBI 2012")
    split = read_data(Recipe(chosen.folder, held_out=6)).split
    cells = np.stack([pair.labels for pair in split.test])
    line(*HEADS)
    line(*["---"] * len(HEADS))
    rows: dict[tuple[str, int], list[tuple[float, ...]]] = {key: [] for key in product(chosen.orders, VIEWS)}
    for seed, order in product(range(chosen.seeds), chosen.orders):
        recipe = Recipe(chosen.folder, held_out=6, steps=chosen.steps, rate=chosen.rate, seed=seed)
        predictor = trained(ORDERS[order], recipe, split.train)
        for views in VIEWS:
            predict = replace(predictor, views=views)
            rows[order, views].append(row(np.stack([predict(pair.image)[1] for pair in split.test]), cells))
            line(order, views, seed, *(f"{score:.4f}" for score in rows[order, views][-1]))
    for (order, views), scores in rows.items():
        spread(order, views, scores)


if __name__ == "__main__":
    main()
