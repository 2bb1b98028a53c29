"""The main job: train a network by a recipe, leaving checkpoints behind, and say how good it is."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch

from unet_tutorial.commands.device import checked_device
from unet_tutorial.commands.predictor import Predictor
from unet_tutorial.commands.recipe import Recipe
from unet_tutorial.commands.report import write
from unet_tutorial.commands.scores import Scores, score
from unet_tutorial.commands.split import read_split, samples
from unet_tutorial.disk import complete_file, make_folder
from unet_tutorial.learning.augment import Sample
from unet_tutorial.learning.batches import default_tile, tile_batches
from unet_tutorial.learning.checkpoints import Checkpoint, save
from unet_tutorial.learning.train import Batch, Training, adam, fit
from unet_tutorial.nets.presets import build

CHECKPOINT, HISTORY = "checkpoint.safetensors", "history.csv"
EVERY = 50  # steps between two checkpoints


def run(recipe: Recipe, checkpoint: Checkpoint | None, folder: Path) -> Scores:
    """Train by the recipe, from the start or from a checkpoint, test, and leave everything in the folder."""
    split = read_split(recipe.data, recipe.held_out)
    training = begin(recipe, checkpoint)
    make_folder(folder)
    print(f"{recipe.preset} U-Net: {len(split.train)} images to learn from, {len(split.test)} held out; see {folder}/")
    with complete_file(folder / "recipe.json") as part:
        part.write_text(json.dumps(recipe.notes(), indent=2) + "\n", encoding="utf8")
    try:
        learn(training, samples(split.train, recipe.w0, recipe.sigma), recipe, folder)
    except KeyboardInterrupt:
        kept = (folder / CHECKPOINT).is_file()
        raise KeyboardInterrupt(f"go on with --resume {folder}" if kept else "nothing was kept yet") from None
    scores = score(Predictor(training.net), split)
    keep(training, recipe, folder, cut=scores.cut)
    write(folder, scores, split.test, training.net, training.losses)
    return scores


def begin(recipe: Recipe, checkpoint: Checkpoint | None) -> Training:
    """A training where it stands: from a checkpoint, or from random weights of the recipe's seed."""
    device = checked_device(recipe.device)
    if checkpoint:
        return checkpoint.training(device)
    torch.manual_seed(recipe.seed)
    return adam(build(recipe.preset, **recipe.arguments), device)


def learn(training: Training, drawn_from: list[Sample], recipe: Recipe, folder: Path) -> None:
    """Train to the end of the recipe; a checkpoint and the history are left in the folder every ``EVERY`` steps."""
    net = training.net
    tile = (recipe.tile,) * net.levels[0].rank if recipe.tile else default_tile(net.levels, net.padding)
    sd = recipe.elastic * max(drawn_from[0].size)
    draw = tile_batches(drawn_from, net.levels, net.padding, tile=tile, seed=recipe.seed, sd=sd)

    def batches(step: int) -> Batch:
        return draw(step, recipe.batch)

    fit(training, batches, recipe.rate_of, steps=recipe.steps, save=lambda now: keep(now, recipe, folder), every=EVERY)


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
