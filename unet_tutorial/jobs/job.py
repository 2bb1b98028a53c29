"""Trains a network from a recipe, saves checkpoints, tests the network and writes a report.

In Python it takes two lines::

    job = prepare(Recipe(widths="4,8", steps=100))
    scores = run(job, Path("runs/small"))
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch

from unet_tutorial.disk import complete_file, make_folder
from unet_tutorial.jobs.device import checked_device
from unet_tutorial.jobs.parsing import sides
from unet_tutorial.jobs.predictor import Predictor
from unet_tutorial.jobs.recipe import Recipe
from unet_tutorial.jobs.report import write_report
from unet_tutorial.jobs.scores import Scores, score
from unet_tutorial.jobs.split import Split, read_split, samples
from unet_tutorial.learning.augment.augmentation import augmentation
from unet_tutorial.learning.batches import tile_batches, training_tile
from unet_tutorial.learning.checkpoints import NO_BUILDERS, Builders, Checkpoint, save
from unet_tutorial.learning.train import Batch, Training, adam, fit
from unet_tutorial.nets.contracts import Network
from unet_tutorial.nets.presets import build
from unet_tutorial.plan.levels import Size
from unet_tutorial.plan.sizes import valid_sizes

CHECKPOINT, HISTORY = "checkpoint.safetensors", "history.csv"
EVERY = 50  # steps between two checkpoints


@dataclass(frozen=True)
class Job:
    """A training run and its data, checked and ready to start; ``batches(step)`` returns the batch of a step."""

    recipe: Recipe
    training: Training
    split: Split
    tile: Size
    batches: Callable[[int], Batch]


def prepare(recipe: Recipe, checkpoint: Checkpoint | None = None, builders: Builders = NO_BUILDERS) -> Job:
    """The job of a recipe, which starts from random weights or from a checkpoint; reads the data and writes nothing.

    ``builders`` holds the function that builds the network of ``recipe.net``, by this name. All options and images are
    checked here, before the run starts: ValueError for one that cannot be used.
    """
    training = begin(recipe, checkpoint, builders)
    split = read_split(recipe.data, recipe.held_out, training.net.levels[0].rank, recipe.unlabelled)
    tile = tile_of(training, recipe, split)
    return Job(recipe, training, split, tile, batches_of(training, split, recipe, tile))


def run(job: Job, folder: Path) -> Scores:
    """Train up to the last step of the recipe, test on the held-out images, and write the results into the folder.

    Writes recipe.json first, checkpoint.safetensors and history.csv after every `EVERY` steps and at the end, then the
    files of `write_report`. ValueError if a file cannot be written or the loss is not finite. The last checkpoint is
    complete at any time, so an interrupted run can continue from it.
    """
    make_folder(folder)
    with complete_file(folder / "recipe.json") as part:
        part.write_text(json.dumps(job.recipe.notes(), indent=2) + "\n", encoding="utf8")
    train(job.training, job.batches, job.recipe, lambda training: save_progress(training, job.recipe, folder))
    scores = score(Predictor(job.training.net), job.split)
    # checkpoints hold the thresholds under the key "cuts"
    save_progress(job.training, job.recipe, folder, cuts=scores.thresholds)
    write_report(folder, scores, job.split.test, job.training, job.tile)
    return scores


def begin(recipe: Recipe, checkpoint: Checkpoint | None, builders: Builders = NO_BUILDERS) -> Training:
    """The training state on the recipe's device: that of the checkpoint, or a new one with random weights.

    For a new one, torch's random state is set from the recipe's seed. ValueError for an unknown device or preset, for
    arguments that the preset rejects, and for a network that cannot be trained on grey images with two classes.
    """
    device = checked_device(recipe.device)
    if checkpoint:
        return checkpoint.training(device, builders)
    if recipe.net and recipe.net not in builders:
        raise ValueError(f"net {recipe.net!r}: pass the function that builds it, prepare(…, builders={{net: build}})")
    torch.manual_seed(recipe.seed)
    net = builders[recipe.net](**recipe.arguments) if recipe.net else build(recipe.preset, **recipe.arguments)
    if net.in_channels != 1 or net.out_channels < 2:
        raise ValueError(
            f"{recipe.net or recipe.preset} has {net.in_channels} input channels and {net.out_channels} classes; "
            "images here are grey, so it needs 1, and classes are background and cell, so it needs at least 2"
        )
    return adam(net, device)


def tile_of(training: Training, recipe: Recipe, split: Split) -> Size:
    """The input size of a training tile: as in the recipe, or by default one that suits the smallest training image."""
    net = training.net
    smallest = tuple(min(lengths) for lengths in zip(*(pair.image.shape for pair in split.train), strict=True))
    return sides(recipe.tile, net.levels[0].rank) or training_tile(net.levels, net.padding, smallest)


def train(
    training: Training, batches: Callable[[int], Batch], recipe: Recipe, save: Callable[[Training], None]
) -> None:
    """Update ``training`` up to the last step of the recipe, and call ``save(training)`` every `EVERY` steps."""
    kind = training.net.device.type
    autocast = partial(torch.autocast, kind, torch.bfloat16) if recipe.bf16 else nullcontext
    fit(training, batches, recipe.rate_of, steps=recipe.steps, save=save, every=EVERY, autocast=autocast)


def batches_of(training: Training, split: Split, recipe: Recipe, tile: Size) -> Callable[[int], Batch]:
    """A function that returns the batch of a step: tiles at random positions of the training images.

    Computes the weight map of each image once, which takes most of the time. ValueError for a tile of invalid size, and
    for an image with a side shorter than one pixel of the coarsest level.
    """
    _check_sizes(training.net, split)
    for size in {pair.image.shape for pair in (*split.train, *split.test)}:
        Predictor(training.net).is_in_one_pass(size)  # refused now, and not after the training
    net, drawn_from = training.net, samples(split.train, recipe.w0, recipe.sigma)
    # standard deviation in pixels; relative to a longer side, it would be large enough to fold a thin volume
    sd = recipe.elastic * min(drawn_from[0].size)
    draw = tile_batches(drawn_from, net.levels, net.padding, tile=tile, seed=recipe.seed, augmentation=augmentation(elastic_sd=sd))
    return lambda step: draw(step, recipe.batch)


def _check_sizes(net: Network, split: Split) -> None:
    """ValueError for an image with a side shorter than one pixel of the coarsest level."""
    for pair in split.train:
        for axis, (n, valid) in enumerate(
            zip(pair.image.shape, valid_sizes(net.levels, padding=net.padding), strict=True)
        ):
            if n < valid.step:
                raise ValueError(
                    f"{pair.name}: expected at least {valid.step} pixels along axis {axis}, the size of one pixel of "
                    f"the coarsest level, got {n}; give fewer --widths, or for a volume its --spacing"
                )


def save_progress(training: Training, recipe: Recipe, folder: Path, **notes: object) -> None:
    """Write checkpoint.safetensors (with the recipe and ``notes`` in it) and history.csv into the folder."""
    about = {"recipe": recipe.notes(), **notes}
    name = {"net": recipe.net} if recipe.net else {"preset": recipe.preset}
    save(folder / CHECKPOINT, training, **name, arguments=recipe.arguments, notes=about)
    rates = [recipe.rate_of(step) for step in range(training.step)]
    _write_history(folder / HISTORY, training.losses, rates)


def _write_history(path: Path, losses: list[float], rates: list[float]) -> None:
    rows = np.column_stack((np.arange(len(losses)), losses, rates))
    with complete_file(path) as part:
        np.savetxt(part, rows, fmt=("%d", "%.6f", "%.3e"), delimiter=",", header="step,loss,rate", comments="")
