"""The main job: train a network by a recipe, leaving checkpoints behind, and say how good it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import numpy as np
import torch

from unet_tutorial.disk import complete_file, make_folder
from unet_tutorial.jobs.device import checked_device
from unet_tutorial.jobs.parsing import sides
from unet_tutorial.jobs.predictor import Predictor
from unet_tutorial.jobs.recipe import Recipe
from unet_tutorial.jobs.report import write
from unet_tutorial.jobs.scores import Scores, score
from unet_tutorial.jobs.split import Split, read_split, samples
from unet_tutorial.learning.batches import tile_batches, training_tile
from unet_tutorial.learning.checkpoints import Checkpoint, save
from unet_tutorial.learning.train import Batch, Training, adam, fit
from unet_tutorial.nets.presets import build
from unet_tutorial.nets.unet import UNet
from unet_tutorial.plan.levels import Size
from unet_tutorial.plan.sizes import valid_sizes

CHECKPOINT, HISTORY = "checkpoint.safetensors", "history.csv"
EVERY = 50  # steps between two checkpoints


def run(recipe: Recipe, checkpoint: Checkpoint | None, folder: Path) -> Scores:
    """Train by the recipe, from the start or from a checkpoint, test, and leave everything in the folder."""
    training = begin(recipe, checkpoint)
    split = read_split(recipe.data, recipe.held_out, training.net.levels[0].rank, recipe.unlabelled)
    tile = tile_of(training, recipe, split)
    batches = batches_of(training, split, recipe, tile)  # nothing is written before all of this has gone well
    make_folder(folder)
    print(opening(recipe, split, folder))
    with complete_file(folder / "recipe.json") as part:
        part.write_text(json.dumps(recipe.notes(), indent=2) + "\n", encoding="utf8")
    try:
        train(training, batches, recipe, lambda now: keep(now, recipe, folder))
    except KeyboardInterrupt:
        kept = (folder / CHECKPOINT).is_file()
        raise KeyboardInterrupt(f"go on with --resume {folder}" if kept else "nothing was kept yet") from None
    scores = score(Predictor(training.net), split)
    keep(training, recipe, folder, cuts=scores.thresholds)
    write(folder, scores, split.test, training, tile)
    return scores


def begin(recipe: Recipe, checkpoint: Checkpoint | None) -> Training:
    """A training where it stands: from a checkpoint, or from random weights of the recipe's seed."""
    device = checked_device(recipe.device)
    if checkpoint:
        return checkpoint.training(device)
    torch.manual_seed(recipe.seed)
    return adam(build(recipe.preset, **recipe.arguments), device)


def tile_of(training: Training, recipe: Recipe, split: Split) -> Size:
    """The size of a training tile's input: the recipe's, or what suits the smallest image."""
    net = training.net
    smallest = tuple(min(sides) for sides in zip(*(pair.image.shape for pair in split.train), strict=True))
    return sides(recipe.tile, net.levels[0].rank) or training_tile(net.levels, net.padding, smallest)


def train(
    training: Training, batches: Callable[[int], Batch], recipe: Recipe, save: Callable[[Training], None]
) -> None:
    """All steps of the recipe, in its precision."""
    kind = training.net.device.type
    autocast = partial(torch.autocast, kind, torch.bfloat16) if recipe.bf16 else nullcontext
    fit(training, batches, recipe.rate_of, steps=recipe.steps, save=save, every=EVERY, autocast=autocast)


def batches_of(training: Training, split: Split, recipe: Recipe, tile: Size) -> Callable[[int], Batch]:
    """The batch of a step, drawn from the training images; the weights of the loss are computed here, once."""
    _refuse_thin(training.net, split)
    net, drawn_from = training.net, samples(split.train, recipe.w0, recipe.sigma)
    sd = recipe.elastic * min(drawn_from[0].size)  # of the shortest side, or a thin volume would fold
    draw = tile_batches(drawn_from, net.levels, net.padding, tile=tile, seed=recipe.seed, sd=sd)
    return lambda step: draw(step, recipe.batch)


def _refuse_thin(net: UNet, split: Split) -> None:
    """ValueError for an image that is shorter along an axis than one pixel of the coarsest level."""
    for pair in split.train:
        for axis, (n, valid) in enumerate(
            zip(pair.image.shape, valid_sizes(net.levels, padding=net.padding), strict=True)
        ):
            if n < valid.step:
                raise ValueError(
                    f"{pair.name}: {n} pixels along axis {axis}, and the coarsest level of this network takes "
                    f"{valid.step} of them for one; give fewer --widths, or for a volume its --spacing"
                )


def opening(recipe: Recipe, split: Split, folder: Path) -> str:
    """What is about to happen, in a line."""
    what = "image" if split.train[0].image.ndim == 2 else "volume"
    planar = recipe.arguments.get("planar", [])
    flat = f", flat levels {', '.join(map(str, planar))}" if planar else ""
    count = len(split.train)
    return (
        f"{recipe.preset} U-Net{flat}: {count} {what}{'s' * (count > 1)} to learn from, "
        f"{len(split.test)} held out; see {folder}/"
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
