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
from typing import Any

import numpy as np
import torch

from unet_tutorial.disk import complete_file, make_folder
from unet_tutorial.jobs.data import Data, read_data
from unet_tutorial.jobs.device import checked_device
from unet_tutorial.jobs.parsing import sides
from unet_tutorial.jobs.predictor import Predictor
from unet_tutorial.jobs.recipe import Recipe
from unet_tutorial.jobs.report import write_report
from unet_tutorial.jobs.samples import samples
from unet_tutorial.jobs.scores import Scores, score
from unet_tutorial.jobs.split import Split
from unet_tutorial.jobs.task import GREY_CELLS, Task
from unet_tutorial.learning.augment.augmentation import augmentation
from unet_tutorial.learning.batches import tile_batches, training_tile
from unet_tutorial.learning.checkpoints import NO_BUILDERS, Builders, Checkpoint, save
from unet_tutorial.learning.train import Batch, Training, adam, fit
from unet_tutorial.nets.contracts import Network
from unet_tutorial.nets.presets import build
from unet_tutorial.plan.levels import Size
from unet_tutorial.plan.sizes import valid_sizes

CHECKPOINT, BEST, HISTORY = "checkpoint.safetensors", "best.safetensors", "history.csv"
EVERY = 50  # steps between two checkpoints
AUGMENTATIONS = ("rotate", "scale", "brightness", "contrast", "gamma", "noise", "blur")  # options of the recipe
AUGMENTATIONS = ("rotate", "scale", "brightness", "contrast", "gamma", "noise", "blur")  # options of the recipe


@dataclass(frozen=True)
class Job:
    """A training run and its data, checked and ready to start; ``batches(step)`` returns the batch of a step."""

    recipe: Recipe
    training: Training
    data: Data
    tile: Size
    batches: Callable[[int], Batch]


def prepare(recipe: Recipe, checkpoint: Checkpoint | None = None, builders: Builders = NO_BUILDERS) -> Job:
    """The job of a recipe, which starts from random weights or from a checkpoint; reads the data and writes nothing.

    ``builders`` holds the function that builds the network of ``recipe.net``, by this name. All options and images are
    checked here, before the run starts: ValueError for one that cannot be used.
    """
    checked_device(recipe.device)
    data = read_data(recipe, rank_of(recipe, builders))
    training = begin(recipe, data.task, checkpoint, builders)
    tile = tile_of(training, recipe, data.split)
    return Job(recipe, training, data, tile, batches_of(training, data, recipe, tile))


def run(job: Job, folder: Path) -> Scores:
    """Train up to the last step of the recipe, test on the held-out images, and write the results into the folder.

    Writes recipe.json first, checkpoint.safetensors and history.csv after every `EVERY` steps and at the end, then the
    files of `write_report`. ValueError if a file cannot be written or the loss is not finite. The last checkpoint is
    complete at any time, so an interrupted run can continue from it.
    """
    make_folder(folder)
    with complete_file(folder / "recipe.json") as part:
        part.write_text(json.dumps(job.recipe.notes(), indent=2) + "\n", encoding="utf8")
    task = job.data.task
    train(job.training, job.batches, job.recipe, lambda training: save_progress(training, job.recipe, task, folder))
    scores = score(Predictor(job.training.net, task), job.data.split)
    # checkpoints hold the thresholds under the key "cuts"
    save_progress(job.training, job.recipe, task, folder, cuts=scores.thresholds)
    write_report(folder, scores, job.data.split.test, job.training, job.tile)
    return scores


def rank_of(recipe: Recipe, builders: Builders = NO_BUILDERS) -> int:
    """The number of spatial axes of the recipe's network. ValueError for a network that cannot be built."""
    return len(_built(recipe, 1, 2, builders).levels[0].kernel)


def _built(recipe: Recipe, in_channels: int, out_channels: int, builders: Builders) -> Network:
    """The network of a recipe with random weights; an own network sets its numbers of channels itself."""
    if recipe.net and recipe.net not in builders:
        raise ValueError(f"net {recipe.net!r}: pass the function that builds it, prepare(…, builders={{net: build}})")
    arguments = recipe.arguments(in_channels, out_channels)
    torch.manual_seed(recipe.seed)
    return builders[recipe.net](**arguments) if recipe.net else build(recipe.preset, **arguments)


def begin(
    recipe: Recipe, task: Task = GREY_CELLS, checkpoint: Checkpoint | None = None, builders: Builders = NO_BUILDERS
) -> Training:
    """The training state on the recipe's device: that of the checkpoint, or a new one with random weights.

    For a new one, torch's random state is set from the recipe's seed. ValueError for an unknown device or preset, for
    arguments that the preset rejects, and for a network that does not fit the channels and classes of the task.
    """
    device = checked_device(recipe.device)
    if checkpoint:
        return checkpoint.training(device, builders)
    channels, classes = len(task.channels), len(task.classes)
    net = _built(recipe, channels, classes, builders)
    if net.in_channels != channels or net.out_channels < classes:
        raise ValueError(
            f"{recipe.net or recipe.preset} has {net.in_channels} input channels and {net.out_channels} classes; "
            f"the images have {channels} ({', '.join(task.channels)}), and the labels {classes} classes "
            f"({', '.join(task.classes)}); give a network for them, or pick channels with --channels"
        )
    return adam(net, device)


def tile_of(training: Training, recipe: Recipe, split: Split) -> Size:
    """The input size of a training tile: as in the recipe, or by default one that suits the smallest training image."""
    net = training.net
    smallest = tuple(min(lengths) for lengths in zip(*(pair.size for pair in split.train), strict=True))
    return sides(recipe.tile, net.levels[0].rank) or training_tile(net.levels, net.padding, smallest)


def train(
    training: Training, batches: Callable[[int], Batch], recipe: Recipe, save: Callable[[Training], None]
) -> None:
    """Update ``training`` up to the last step of the recipe, and call ``save(training)`` every `EVERY` steps."""
    kind = training.net.device.type
    autocast = partial(torch.autocast, kind, torch.bfloat16) if recipe.bf16 else nullcontext
    fit(training, batches, recipe.rate_of, steps=recipe.last_step, save=save, every=EVERY, autocast=autocast)


def batches_of(training: Training, data: Data, recipe: Recipe, tile: Size) -> Callable[[int], Batch]:
    """A function that returns the batch of a step: tiles at random positions of the training images.

    Computes the weight map of each image once, which takes most of the time. ValueError for a tile of invalid size, and
    for an image with a side shorter than one pixel of the coarsest level.
    """
    split = data.split
    _check_sizes(training.net, split)
    for size in {pair.size for part in split for pair in part}:
        Predictor(training.net).is_in_one_pass(size)  # refused now, and not after the training
    net, drawn_from = training.net, samples(split.train, data.task, recipe)
    # standard deviation in pixels; relative to a longer side, it would be large enough to fold a thin volume
    sd = recipe.elastic * min(drawn_from[0].size)
    changes = augmentation(elastic_sd=sd, **{name: getattr(recipe, name) for name in AUGMENTATIONS})
    draw = tile_batches(drawn_from, net.levels, net.padding, tile=tile, seed=recipe.seed, augmentation=changes)
    return lambda step: draw(step, recipe.batch)


def _check_sizes(net: Network, split: Split) -> None:
    """ValueError for an image with a side shorter than one pixel of the coarsest level."""
    for pair in split.train:
        for axis, (n, valid) in enumerate(zip(pair.size, valid_sizes(net.levels, padding=net.padding), strict=True)):
            if n < valid.step:
                raise ValueError(
                    f"{pair.name}: expected at least {valid.step} pixels along axis {axis}, the size of one pixel of "
                    f"the coarsest level, got {n}; give fewer --widths, or for a volume its --spacing"
                )


def save_progress(training: Training, recipe: Recipe, task: Task, folder: Path, **notes: object) -> None:
    """Write checkpoint.safetensors (with the recipe, the task and ``notes`` in it) and history.csv into the folder."""
    save_checkpoint(folder / CHECKPOINT, training, recipe, task, **notes)
    rates = [recipe.rate_of(step) for step in range(training.step)]
    _write_history(folder / HISTORY, training.losses, rates)


def save_checkpoint(path: Path, training: Training, recipe: Recipe, task: Task, **notes: object) -> None:
    """Write a checkpoint with the recipe, the task and ``notes`` in it."""
    about: dict[str, Any] = {"recipe": recipe.notes(), "task": task.notes(), **notes}
    name = {"net": recipe.net} if recipe.net else {"preset": recipe.preset}
    arguments = recipe.arguments(training.net.in_channels, training.net.out_channels)
    save(path, training, **name, arguments=arguments, notes=about)


def _write_history(path: Path, losses: list[float], rates: list[float]) -> None:
    rows = np.column_stack((np.arange(len(losses)), losses, rates))
    with complete_file(path) as part:
        np.savetxt(part, rows, fmt=("%d", "%.6f", "%.3e"), delimiter=",", header="step,loss,rate", comments="")
