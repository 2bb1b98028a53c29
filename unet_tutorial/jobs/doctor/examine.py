"""Examines the data of a recipe, or a finished run."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch

from unet_tutorial.datasets.folder import Pair
from unet_tutorial.jobs.data import Data, read_data
from unet_tutorial.jobs.doctor import history, images, labels, network, options, predictions, splits
from unet_tutorial.jobs.doctor.alignment import misfits
from unet_tutorial.jobs.doctor.content import unusual_foreground
from unet_tutorial.jobs.doctor.finding import Finding, Key, by_likelihood
from unet_tutorial.jobs.doctor.planes import evenly, planes_of
from unet_tutorial.jobs.doctor.unreadable import unreadable
from unet_tutorial.jobs.job import CHECKPOINT, begin, rank_of, tile_of
from unet_tutorial.jobs.predictor import Predictor
from unet_tutorial.jobs.recipe import Recipe
from unet_tutorial.jobs.task import Task
from unet_tutorial.learning.checkpoints import NO_BUILDERS, Builders, load
from unet_tutorial.learning.train import Training
from unet_tutorial.nets.contracts import Network
from unet_tutorial.plan.sizes import output_size

QUICK_SIDE, QUICK_COUNT = 96, 10  # of the planes that are compared before a training
SIDE, COUNT = 160, 100  # and by ``unet doctor``
PREDICTED = 3  # images of each part

Images = Mapping[Key, Pair]


def keyed(data: Data) -> dict[Key, Pair]:
    """All images with their part and name."""
    parts = {"train": data.split.train, "val": data.split.validation, "test": data.split.test}
    return {Key(part, pair.name): pair for part, pairs in parts.items() for pair in pairs}


def quick_findings(data: Data, recipe: Recipe | None = None) -> list[Finding]:
    """The findings of fast checks, most likely cause first; below a second for the data of the course.

    Without leaks between the parts, about which `read_data` has remarks.
    """
    return by_likelihood(_of_data(data, recipe or Recipe(), QUICK_SIDE, QUICK_COUNT))


def examine_data(recipe: Recipe, builders: Builders = NO_BUILDERS) -> tuple[list[Finding], Data | None]:
    """The findings about the folder of a recipe and about its options, most likely cause first; and the data."""
    try:
        data = read_data(recipe, rank_of(recipe, builders))
    except ValueError as error:
        return unreadable(error, recipe), None
    found = _of_data(data, recipe, SIDE, COUNT) + _of_split(data, recipe)
    try:
        training, _ = begin(recipe, data.task, None, builders)
        found += _of_options(data, training, recipe)
    except ValueError as error:
        found.append(Finding(0.99, str(error), "this network cannot be trained on these data", "see unet train --help"))
    return by_likelihood(found), data


def _of_data(data: Data, recipe: Recipe, side: int, count: int) -> list[Finding]:
    """Faults of images and labels."""
    pairs = keyed(data)
    checks: list[Callable[[Images, Recipe], list[Finding]]] = [
        images.constant_images,
        images.saturated_images,
        images.mixed_ranges,
        images.missing_normalisation,
        images.exchanged_channels,
        images.jpeg_blocks,
        images.equal_masks,
        labels.specks,
        labels.mixed_magnifications,
        labels.wrong_spacing,
        partial(labels.little_foreground, data.task),
    ]
    found = [finding for check in checks for finding in check(pairs, recipe)]
    train = {key: pair for key, pair in pairs.items() if key.part == "train"}
    others = {key: pair for key, pair in pairs.items() if key.part != "train"}
    found += images.duplicates(train, recipe)
    found += labels.missing_classes(train, others, data.task, recipe)
    planes = planes_of(pairs, len(data.task.classes), side=side, count=count)
    return found + unusual_foreground(planes, recipe.data) + misfits(planes, recipe.data)


def _of_split(data: Data, recipe: Recipe) -> list[Finding]:
    pairs = keyed(data)
    train = {key: pair for key, pair in pairs.items() if key.part == "train"}
    others = {key: pair for key, pair in pairs.items() if key.part != "train"}
    return splits.leaked_images(train, others, recipe) + splits.unlike_training(train, others, recipe)


def _of_options(data: Data, training: Training, recipe: Recipe) -> list[Finding]:
    """Faults of the options of a run."""
    net = training.net
    train = {key: pair for key, pair in keyed(data).items() if key.part == "train"}
    tile = output_size(tile_of(training, recipe, data.split), net.levels, padding=net.padding)
    return [
        *options.unsuitable_rate(recipe),
        *options.few_steps(recipe),
        *options.oversized_tile(train, tile, recipe),
        *options.oversized_network(train, sum(weight.numel() for weight in net.parameters()), recipe),
    ]


def is_run(path: Path) -> bool:
    """Whether a path is the folder of a run, or its checkpoint."""
    return (path / CHECKPOINT).is_file() or (path / "recipe.json").is_file() or path.suffix == ".safetensors"


def examine_run(path: Path, builders: Builders = NO_BUILDERS) -> list[Finding]:
    """The findings about a run and its data, most likely cause first. ValueError for a file that is no checkpoint."""
    folder = path.parent if path.is_file() else path
    kept = load(folder / CHECKPOINT)
    recipe = replace(Recipe.from_notes(kept.notes.get("recipe")), device="cpu")
    task, training = Task.from_notes(kept.notes), kept.training("cpu", builders)
    found, data = examine_data(recipe, builders)
    if options.unsuitable_rate(recipe):
        recipe = replace(recipe, rate=options.USUAL_RATE)  # in the commands of the other findings
    stopped_early = bool(recipe.patience) and bool(training.validation)
    found += history.interrupted(training.losses, recipe, folder, stopped_early=stopped_early)
    stuck = history.no_progress(training.losses, recipe)
    found += stuck + history.overfitting([(v.step, v.loss, v.score) for v in training.validation], recipe)
    if not recipe.start_from:
        found += network.resting_weights(training.net, _initial(recipe, task, builders), recipe)
    cuts = kept.notes.get("cuts", {}).get("1", [])
    thresholds = tuple(cuts) if isinstance(cuts, list) else (cuts,)
    found += predictions.extreme_threshold(thresholds, recipe)
    if data is not None:
        predictor = Predictor(training.net.eval(), task, thresholds)
        tables = _tables(predictor, data)
        found += _of_predictions(predictor, data, tables, training.losses, recipe)
        if not stuck and tables[0].mean_iou > options.LEARNED:
            found = options.in_spite_of_learning(found, tables[0].mean_iou)
    found += predictions.below_baseline(_rows(folder / "metrics.csv"), recipe, folder)
    return by_likelihood(found)


def _initial(recipe: Recipe, task: Task, builders: Builders) -> Network:
    """The network of a run before its first step; torch's random state is kept."""
    state = torch.get_rng_state()
    training, _ = begin(recipe, task, None, builders)
    torch.set_rng_state(state)
    return training.net


def _tables(predictor: Predictor, data: Data) -> tuple[predictions.Table, predictions.Table]:
    """The predictions of the network on a few training images, and on a few test images."""
    tables = []
    for part in (data.split.train, data.split.test):
        pairs = [predictions.cropped(pair) for pair in evenly(part, PREDICTED)]
        labels_ = predictions.predicted_labels(predictor, pairs)
        tables.append(predictions.table_of(pairs, labels_, predictor.task))
    return tables[0], tables[1]


def _of_predictions(
    predictor: Predictor,
    data: Data,
    tables: tuple[predictions.Table, predictions.Table],
    losses: Sequence[float],
    recipe: Recipe,
) -> list[Finding]:
    """Faults that the activations and the predictions show."""
    train, test = tables
    image = predictions.cropped(data.split.test[0]).image
    both = predictions.Table(train.counts + test.counts)
    return [
        *network.dead_neurons(network.dead_channels(predictor.net, lambda: predictor(image)), recipe),
        *predictions.one_class_only(both, predictor.task, recipe),
        *predictions.generalisation_gap(train, test, recipe),
        *history.still_falling(losses, train.mean_iou, recipe),
    ]


def _rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file with a header; none if it is missing."""
    if not path.is_file():
        return []
    with path.open(encoding="utf8", newline="") as file:
        return list(csv.DictReader(file))
