"""The main job: train a network by a recipe, leaving checkpoints behind, and say how good it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from unet_tutorial.commands.device import checked_device
from unet_tutorial.commands.predictor import Predictor
from unet_tutorial.commands.recipe import Recipe
from unet_tutorial.commands.report import write
from unet_tutorial.commands.scores import Scores, score
from unet_tutorial.commands.split import Split, read_split, samples
from unet_tutorial.disk import complete_file, make_folder
from unet_tutorial.learning.batches import default_tile, tile_batches
from unet_tutorial.learning.checkpoints import Checkpoint, save
from unet_tutorial.learning.train import Batch, Training, adam, fit
from unet_tutorial.nets.levels import Size
from unet_tutorial.nets.presets import build

CHECKPOINT, HISTORY = "checkpoint.safetensors", "history.csv"
EVERY = 50  # steps between two checkpoints


def run(recipe: Recipe, checkpoint: Checkpoint | None, folder: Path) -> Scores:
    """Train by the recipe, from the start or from a checkpoint, test, and leave everything in the folder."""
    split = read_split(recipe.data, recipe.held_out)
    training = begin(recipe, checkpoint)
    tile = tile_of(training, recipe)
    batches = batches_of(training, split, recipe, tile)  # nothing is written before all of this has gone well
    make_folder(folder)
    print(f"{recipe.preset} U-Net: {len(split.train)} images to learn from, {len(split.test)} held out; see {folder}/")
    with complete_file(folder / "recipe.json") as part:
        part.write_text(json.dumps(recipe.notes(), indent=2) + "\n", encoding="utf8")
    try:
        fit(training, batches, recipe.rate_of, steps=recipe.steps, save=lambda t: keep(t, recipe, folder), every=EVERY)
    except KeyboardInterrupt:
        kept = (folder / CHECKPOINT).is_file()
        raise KeyboardInterrupt(f"go on with --resume {folder}" if kept else "nothing was kept yet") from None
    scores = score(Predictor(training.net), split)
    keep(training, recipe, folder, cuts=scores.cuts)
    write(folder, scores, split.test, training, tile)
    return scores


def begin(recipe: Recipe, checkpoint: Checkpoint | None) -> Training:
    """A training where it stands: from a checkpoint, or from random weights of the recipe's seed."""
    device = checked_device(recipe.device)
    if checkpoint:
        return checkpoint.training(device)
    torch.manual_seed(recipe.seed)
    return adam(build(recipe.preset, **recipe.arguments), device)


def tile_of(training: Training, recipe: Recipe) -> Size:
    """The size of a training tile's input."""
    net = training.net
    return (recipe.tile,) * net.levels[0].rank if recipe.tile else default_tile(net.levels, net.padding)


def batches_of(training: Training, split: Split, recipe: Recipe, tile: Size) -> Callable[[int], Batch]:
    """The batch of a step, drawn from the training images; the weights of the loss are computed here, once."""
    _refuse_rank(training.net.levels[0].rank, split, recipe)
    net, drawn_from = training.net, samples(split.train, recipe.w0, recipe.sigma)
    sd = recipe.elastic * max(drawn_from[0].size)
    draw = tile_batches(drawn_from, net.levels, net.padding, tile=tile, seed=recipe.seed, sd=sd)
    return lambda step: draw(step, recipe.batch)


def _refuse_rank(rank: int, split: Split, recipe: Recipe) -> None:
    axes = split.train[0].image.ndim
    if rank != axes:
        raise ValueError(
            f"--preset {recipe.preset}: a network for {rank} axes, and images are read with {axes} (stacks slice by "
            "slice); choose paper, padded, residual, attention or released"
        )


def keep(training: Training, recipe: Recipe, folder: Path, **notes: object) -> None:
    """Write the checkpoint, with the recipe and further notes in it, and the history."""
    about = {"recipe": recipe.notes(), **notes}
    save(folder / CHECKPOINT, training, preset=recipe.preset, arguments=recipe.arguments, notes=about)
    rates = [recipe.rate_of(step) for step in range(training.step)]
    _write_history(folder / HISTORY, training.losses, rates)


def _write_history(path: Path, losses: list[float], rates: list[float]) -> None:
    rows = np.column_stack((np.arange(len(losses)), losses, rates))
    with complete_file(path) as part:
        np.savetxt(part, rows, fmt=("%d", "%.6f", "%.3e"), delimiter=",", header="step,loss,rate", comments="")
