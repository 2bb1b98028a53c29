"""The main job: train a network by a recipe, leaving checkpoints behind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from unet_tutorial.commands.recipe import Recipe
from unet_tutorial.disk import complete_file
from unet_tutorial.learning.augment import Sample
from unet_tutorial.learning.batches import default_tile, tile_batches
from unet_tutorial.learning.checkpoints import Checkpoint, save
from unet_tutorial.learning.train import Batch, Training, adam, fit
from unet_tutorial.nets.presets import build

CHECKPOINT, HISTORY = "checkpoint.safetensors", "history.csv"
EVERY = 50  # steps between two checkpoints


def begin(recipe: Recipe, checkpoint: Checkpoint | None) -> Training:
    """A training where it stands: from a checkpoint, or from random weights of the recipe's seed."""
    device = checked_device(recipe.device)
    if checkpoint:
        return checkpoint.training(device)
    torch.manual_seed(recipe.seed)
    return adam(build(recipe.preset, **recipe.arguments), device)


def checked_device(device: str) -> str:
    """The device, if torch has it; else ValueError."""
    if device != "cpu" and not device.startswith("cuda"):
        raise ValueError(f"device {device!r} is unknown; write cpu or cuda")
    if device != "cpu" and not torch.cuda.is_available():
        raise ValueError(f"device {device!r}: torch sees no CUDA device here; leave the option out")
    return device


def learn(training: Training, samples: list[Sample], recipe: Recipe, folder: Path) -> None:
    """Train to the end of the recipe; a checkpoint and the history are left in the folder every ``EVERY`` steps."""
    net = training.net
    tile = (recipe.tile,) * net.levels[0].rank if recipe.tile else default_tile(net.levels, net.padding)
    sd = recipe.elastic * max(samples[0].size)
    draw = tile_batches(samples, net.levels, net.padding, tile=tile, seed=recipe.seed, sd=sd)

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
