"""Trains a network from a recipe, saves checkpoints, tests the network and writes a report.

In Python it takes two lines::

    job = prepare(Recipe(widths="4,8", steps=100))
    scores = run(job, Path("runs/small"))
"""

from __future__ import annotations

import copy
import inspect
import json
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from unet_tutorial.disk import complete_file, make_folder
from unet_tutorial.inference.tiles import check_pass
from unet_tutorial.inference.tiling import memory_of
from unet_tutorial.jobs.data import Data, read_data
from unet_tutorial.jobs.device import checked_device
from unet_tutorial.jobs.parsing import sides
from unet_tutorial.jobs.predictor import Predictor
from unet_tutorial.jobs.recipe import FILES, Recipe
from unet_tutorial.jobs.report import write_report
from unet_tutorial.jobs.samples import objective, samples
from unet_tutorial.jobs.scores import Scores, score
from unet_tutorial.jobs.split import Split
from unet_tutorial.jobs.task import GREY_CELLS, Task
from unet_tutorial.jobs.validation import validator
from unet_tutorial.learning.augment.augmentation import augmentation
from unet_tutorial.learning.augment.sample import Sample
from unet_tutorial.learning.batches import seed_of, tile_batches, training_tile
from unet_tutorial.learning.checkpoints import NO_BUILDERS, Builders, Checkpoint, load, save, save_weights
from unet_tutorial.learning.distributed import ALONE, Processes, SharedStep
from unet_tutorial.learning.fine_tuning import start_from
from unet_tutorial.learning.losses.terms import Objective
from unet_tutorial.learning.random_states import of_process, restore_random_states
from unet_tutorial.learning.tensorboard import EventFiles, summary_writer
from unet_tutorial.learning.train import BAR, Batch, Training, Validation, adam, best, fit, is_stale, whole_batch
from unet_tutorial.nets.contracts import Network
from unet_tutorial.nets.norms import BATCH_NORM
from unet_tutorial.nets.presets import PRESETS, build
from unet_tutorial.nets.sync_norm import Synchronised, synchronised
from unet_tutorial.plan.levels import Size
from unet_tutorial.plan.sizes import size_steps, valid_sizes

CHECKPOINT, BEST = "checkpoint.safetensors", "best.safetensors"
HISTORY, VALIDATION = "history.csv", "validation.csv"
EVERY = 50  # steps between two checkpoints
AUGMENTATIONS = ("rotate", "scale", "brightness", "contrast", "gamma", "noise", "blur")  # options of the recipe


@dataclass(frozen=True)
class Job:
    """A training run and its data, checked and ready to start.

    ``batches(step)`` returns the batch of a step, and ``loss`` compares the network's output with its labels.
    ``validate`` is None without validation images. ``remarks`` are sentences for the user. Of several ``processes``,
    each has a job of its own, with its share of the tiles.
    """

    recipe: Recipe
    training: Training
    data: Data
    tile: Size
    batches: Callable[[int], Batch]
    loss: Objective
    validate: Callable[[Training], Validation] | None
    remarks: list[str]
    processes: Processes = ALONE


def prepare(
    recipe: Recipe,
    checkpoint: Checkpoint | None = None,
    builders: Builders = NO_BUILDERS,
    processes: Processes = ALONE,
) -> Job:
    """The job of a recipe, which starts from random weights or from a checkpoint; reads the data and writes nothing.

    ``builders`` holds the function that builds the network of ``recipe.net``, by this name. All options and images are
    checked here, before the run starts: ValueError for one that cannot be used. ``processes`` are those that
    `distributed.joined` returns; each of them prepares its job.
    """
    checked_device(recipe.device)
    data = read_data(recipe, rank_of(recipe, builders))
    if checkpoint:
        data = replace(data, task=_same_task(data.task, Task.from_notes(checkpoint.notes)))
    training, remarks = begin(recipe, data.task, checkpoint, builders, processes)
    if checkpoint and checkpoint.notes.get("data", data.digest) != data.digest:
        remarks.append(
            f"warning: the images, labels or their split in {recipe.data} have changed since the run was started; it "
            "goes on with the new ones, and the result will be that of neither alone"
        )
    return job_of(recipe, data, training, [*data.remarks, *remarks], processes)


def job_of(
    recipe: Recipe, data: Data, training: Training, remarks: Sequence[str] = (), processes: Processes = ALONE
) -> Job:
    """The job that goes on with a training. Computes the weight map of each image once, which takes most of the time.

    ValueError for a tile of invalid size, for an image with a side shorter than one pixel of the coarsest level, and if
    the tiles of a step cannot be divided among the processes.
    """
    share = _tiles_of_each(recipe, processes, resumed=training.step > 0)
    if recipe.sync_norm and processes.world > 1:
        synchronised(training.net, processes.sum)
    elif recipe.sync_norm:
        # one process needs no exchange; a network that refuses it is refused now, and not when more processes go on
        synchronised(copy.deepcopy(training.net), processes.sum)
    _check_sizes(training.net, data.split)
    tile = tile_of(training, recipe, data.split)
    drawn_from = samples(data.split.train, data.task, recipe)
    loss = objective(recipe, data.task, drawn_from)
    watched = data.split.validation
    for name in ("patience", "validate_every"):
        value = getattr(recipe, name)
        if value != getattr(Recipe, name) and not watched:
            raise ValueError(
                f"--{name.replace('_', '-')} {value}: there are no validation images; give --validate 2, or put some "
                "into val/"
            )
    validate = validator(watched, data.task, recipe, loss) if watched else None
    batches = batches_of(training, drawn_from, recipe, tile, processes)
    if share == recipe.accumulate:
        _check_one_tile(training.net, tile)
    check_pass(tile, share // recipe.accumulate, training.net.levels, memory_of(training.net.device))
    _check_loss(loss, batches(0), training.net.out_channels)
    if recipe.tensorboard:
        summary_writer()  # refused now, and not after the folder of the run is made
    return Job(recipe, training, data, tile, batches, loss, validate, list(remarks), processes)


def _tiles_of_each(recipe: Recipe, processes: Processes, *, resumed: bool) -> int:
    """The number of tiles of each process in a step. ValueError if they cannot be divided into equal parts."""
    parts = processes.world * recipe.accumulate
    if recipe.batch % parts:
        who = [f"{processes.world} processes"] * (processes.world > 1)
        who += [f"--accumulate {recipe.accumulate}"] * (recipe.accumulate > 1)
        possible = [n for n in range(1, recipe.batch + 1) if recipe.batch % (n * recipe.accumulate) == 0]
        if resumed:  # with the batch of its start
            advice = f"start {', '.join(map(str, possible[:-1]))} or {possible[-1]} processes" if possible[1:] else ""
            advice = advice or "continue with one process"
        else:
            advice = f"give a multiple of {parts}, such as --batch {math.ceil(recipe.batch / parts) * parts}"
        raise ValueError(
            f"--batch {recipe.batch}: {' and '.join(who)} divide the tiles of a step into {parts} equal parts; {advice}"
        )
    return recipe.batch // processes.world


def _check_one_tile(net: Network, tile: Size) -> None:
    """ValueError if batch norm gets a single value per channel, from a single tile whose coarsest map is one pixel."""
    smallest = min(prod(step.size) for step in size_steps(tile, net.levels, padding=net.padding))
    norms = [each for each in net.modules() if isinstance(each, BATCH_NORM) and not isinstance(each, Synchronised)]
    if norms and smallest == 1:
        raise ValueError(
            f"--tile {','.join(map(str, tile))}: the coarsest map of a tile is one pixel, and batch norm needs more "
            "than one; give a larger --tile, or more tiles of a process at a time (--batch, --accumulate)"
        )


def run(job: Job, folder: Path, log: Callable[[str], None] = lambda _line: None) -> Scores:
    """Train up to the last step of the recipe, test on the held-out images, and write the results into the folder.

    Writes recipe.json first, checkpoint.safetensors and history.csv after every `EVERY` steps, or after each
    validation, and at the end, then the files of `write_report`. With validation there is also best.safetensors, the
    network with the highest mean IoU so far, and it is the one that is tested; validation.csv has all validations.
    ``log`` receives a line at each checkpoint. ValueError if the folder holds another run, if a file cannot be written,
    and if the loss is not finite. The last checkpoint is complete at any time, so an interrupted run can continue from
    it. Of several processes, process 0 calls this function, and the others call `assist`.
    """
    job.processes.agree(lambda: _open(job, folder))
    with _event_files(job, folder) as write_events:

        def save(training: Training) -> None:
            _validate_and_save(job, folder, log)
            write_events(training)

        train(job, save)
    tested = _best_network(job, folder)
    scores = score(Predictor(tested, job.data.task), job.data.split)
    # checkpoints hold the thresholds under the key "cuts"
    save_progress(job, folder, cuts=scores.thresholds)
    if job.validate:
        save_weights(folder / BEST, tested, **described(job, cuts=scores.thresholds))
    write_report(folder, scores, job.data.split.test, job.training, job.tile)
    return scores


def assist(job: Job) -> None:
    """The share of another process than process 0 in a `run`: it trains and writes nothing."""
    job.processes.agree(lambda: None)
    train(job, lambda _training: None)


def check_same(job: Job) -> None:
    """AgreedError unless all processes have the same options and data, which may lie in other folders.

    Each process calls it, before a `run` has a folder.
    """
    options = {name: value for name, value in job.recipe.notes().items() if name not in FILES}
    for name, value in options.items():
        job.processes.same(f"the values of --{name.replace('_', '-')}", json.dumps(value))
    job.processes.same("the steps of the checkpoints", str(job.training.step))
    job.processes.same(f"the images, labels or their split in {job.recipe.data}", job.data.digest)


def _open(job: Job, folder: Path) -> None:
    """Prepare the folder of a run; ValueError if it holds another run, or cannot be written."""
    if not job.training.step and (folder / CHECKPOINT).exists():
        raise ValueError(f"{folder}: this folder holds the results of another run; choose another folder")
    make_folder(folder)
    with complete_file(folder / "recipe.json") as part:
        part.write_text(json.dumps(job.recipe.notes(), indent=2) + "\n", encoding="utf8")
    if job.recipe.extended:
        save_progress(job, folder)  # so that --resume continues the extension


def _validate_and_save(job: Job, folder: Path, log: Callable[[str], None]) -> None:
    """Validate, keep the network if it is the best so far, and save the progress."""
    training = job.training
    line = f"step {training.step} of {job.recipe.last_step}: loss {np.mean(training.losses[-EVERY:]):.4f}"
    if job.validate:
        found = job.validate(training)
        training.validation.append(found)
        line += f", validation loss {found.loss:.4f}, mean IoU {found.score:.4f}"
        if best(training.validation) is found:
            # before the last checkpoint: a run that is killed in between repeats this validation
            save_weights(folder / BEST, training.net, **described(job))
            line += " (best)"
    save_progress(job, folder)
    log(line)


@contextmanager
def _event_files(job: Job, folder: Path) -> Iterator[Callable[[Training], None]]:
    """Writes the files of TensorBoard, if the recipe asks for them."""
    if not job.recipe.tensorboard:
        yield lambda _training: None
        return
    files = EventFiles(folder, job.training, job.recipe.rate_of)
    try:
        yield files
    finally:
        files.close()


def _best_network(job: Job, folder: Path) -> Network:
    """The network of the best validation; without validation that of the last step."""
    net = job.training.net
    if job.validate and (folder / BEST).is_file():
        net = copy.deepcopy(net)
        net.load_state_dict(load(folder / BEST).weights)
    return net


def _same_task(read: Task, kept: Task) -> Task:
    """The task of a checkpoint. ValueError if the data have other classes or channels now."""
    for name, now, then in (("classes", read.classes, kept.classes), ("channels", read.channels, kept.channels)):
        if now != then:
            raise ValueError(
                f"the {name} of the data are {', '.join(now)}, and the run was started with {', '.join(then)}; "
                "give the data of the run, or start a new run"
            )
    return kept


def rank_of(recipe: Recipe, builders: Builders = NO_BUILDERS) -> int:
    """The number of spatial axes of the recipe's network. ValueError for a network that cannot be built."""
    return len(_built(recipe, 1, 2, builders).levels[0].kernel)


def _built(recipe: Recipe, in_channels: int, out_channels: int, builders: Builders) -> Network:
    """The network of a recipe with random weights; an own network sets its numbers of channels itself."""
    if recipe.net and recipe.net not in builders:
        raise ValueError(f"net {recipe.net!r}: pass the function that builds it, prepare(…, builders={{net: build}})")
    arguments = recipe.arguments(in_channels, out_channels)
    if "planar" in arguments and "planar" not in inspect.signature(PRESETS.get(recipe.preset, build)).parameters:
        raise ValueError(
            f"--spacing {recipe.spacing}: preset {recipe.preset!r} has no planar levels; leave --spacing out, or write "
            "--preset unet3d"
        )
    torch.manual_seed(recipe.seed)
    return builders[recipe.net](**arguments) if recipe.net else build(recipe.preset, **arguments)


def begin(
    recipe: Recipe,
    task: Task = GREY_CELLS,
    checkpoint: Checkpoint | None = None,
    builders: Builders = NO_BUILDERS,
    processes: Processes = ALONE,
) -> tuple[Training, list[str]]:
    """The training state on the recipe's device: that of the checkpoint, or a new one; and sentences for the user.

    A new one has random weights, and torch's random state is set from the recipe's seed; with ``start_from``, the
    weights are those of another checkpoint. ValueError for an unknown device or preset, for arguments that the preset
    rejects, and for a network that does not fit the channels and classes of the task.
    """
    device = processes.device(checked_device(recipe.device))
    if checkpoint:
        training = checkpoint.training(device, builders)
        return training, _resume_random_state(recipe, training, checkpoint, processes)
    channels, classes = len(task.channels), len(task.classes)
    net = _built(recipe, channels, classes, builders)
    if net.in_channels != channels or net.out_channels < classes:
        raise ValueError(
            f"{recipe.net or recipe.preset} has {net.in_channels} input channels and {net.out_channels} classes; "
            f"the images have {channels} ({', '.join(task.channels)}), and the labels {classes} classes "
            f"({', '.join(task.classes)}); give a network for them, or pick channels with --channels"
        )
    remarks = []
    if recipe.start_from:
        kept = load(recipe.start_from)
        remarks = [*start_from(kept, net, builders), *_changes(Task.from_notes(kept.notes), task)]
    training = adam(net, device)
    if processes.rank:
        torch.manual_seed(_own_seed(recipe, training, processes))
    return training, remarks


def _resume_random_state(recipe: Recipe, training: Training, checkpoint: Checkpoint, processes: Processes) -> list[str]:
    """Restore the random state of this process, or set a new one if the checkpoint has none; returns a remark."""
    own, then = of_process(checkpoint.tensors, processes.rank), checkpoint.notes.get("processes", 1)
    if own:
        restore_random_states(own, training.net.device)
    else:
        torch.manual_seed(_own_seed(recipe, training, processes))
    if then == processes.world:
        return []
    return [
        f"warning: the run goes on with {processes.world} instead of {then} processes; the weights will not equal "
        "those of a run without interruption bit for bit"
    ]


def _own_seed(recipe: Recipe, training: Training, processes: Processes) -> int:
    """The seed of dropout in another process than process 0; not that of its tiles."""
    return seed_of(recipe.seed, training.step, processes.rank) + 2**31


def _changes(old: Task, new: Task) -> list[str]:
    """Sentences about a fine-tuned network whose weights were trained for other classes or another normalisation."""
    sentences = []
    if len(old.classes) == len(new.classes) and (old.classes, old.scheme.layered) != (new.classes, new.scheme.layered):
        before, now = (
            f"{'layers' if task.scheme.layered else 'classes'} {', '.join(task.classes)}" for task in (old, new)
        )
        sentences.append(f"its head keeps its weights, which were trained for the {before}; now it has the {now}")
    before, now = old.normaliser.method, new.normaliser.method
    if before != now:
        sentences.append(f"its images were normalised with --normalise {before}, and now with {now}")
    return sentences


def tile_of(training: Training, recipe: Recipe, split: Split) -> Size:
    """The input size of a training tile: as in the recipe, or by default one that suits the smallest training image."""
    net = training.net
    smallest = tuple(min(lengths) for lengths in zip(*(pair.size for pair in split.train), strict=True))
    return sides(recipe.tile, net.levels[0].rank) or training_tile(net.levels, net.padding, smallest)


def train(job: Job, save: Callable[[Training], None]) -> None:
    """Update the training up to the last step of the recipe, and call ``save(training)`` after every `EVERY` steps.

    With validation, it is called after every ``validate_every`` steps, and the training ends early if the recipe has a
    ``patience`` and the score has not increased for that many validations. Of several processes, each calls this
    function; after each save, all have the validations of process 0.
    """
    recipe, processes = job.recipe, job.processes
    kind = job.training.net.device.type
    autocast = partial(torch.autocast, kind, torch.bfloat16) if recipe.bf16 else nullcontext
    backward: Callable[[Batch], Tensor] = partial(whole_batch, job.training.net, job.loss, autocast)
    if processes.world * recipe.accumulate > 1:
        backward = SharedStep(job.training.net, job.loss, processes, parts=recipe.accumulate, autocast=autocast)

    def save_together(training: Training) -> None:
        training.others = processes.random_states(training.net.device)
        processes.agree(lambda: save(training))
        found = np.array(processes.from_first(np.ravel(training.validation).tolist())).reshape(-1, 3)
        training.validation = [Validation(round(step), loss, score) for step, loss, score in found.tolist()]

    fit(
        job.training,
        job.batches,
        recipe.rate_of,
        steps=recipe.last_step,
        save=save_together,
        every=recipe.validate_every if job.validate else EVERY,
        stop=lambda training: is_stale(_of_last_cycle(training.validation, recipe), recipe.patience),
        backward=backward,
        bar=partial(tqdm, disable=True) if processes.rank else BAR,
    )


def extended(recipe: Recipe, checkpoint: Checkpoint, steps: int) -> Recipe:
    """The recipe of a checkpoint with another cycle of ``steps``. The steps that an early stop left out are dropped."""
    validations = _of_last_cycle(checkpoint.validation, recipe)
    if is_stale(validations, recipe.patience):
        recipe = recipe.ended_at(validations[-1].step)
    return recipe.extended_by(steps)


def _of_last_cycle(validations: list[Validation], recipe: Recipe) -> list[Validation]:
    """The validations since the last extension began, so that an earlier early stop does not end it at once."""
    start = recipe.last_step - recipe.cycles[-1]
    return [each for each in validations if each.step > start]


def batches_of(
    training: Training, drawn_from: list[Sample], recipe: Recipe, tile: Size, processes: Processes = ALONE
) -> Callable[[int], Batch]:
    """A function that returns this process's tiles of a step, at random positions of the samples."""
    net = training.net
    # standard deviation in pixels; relative to a longer side, it would be large enough to fold a thin volume
    sd = recipe.elastic * min(drawn_from[0].size)
    options = {name: getattr(recipe, name) for name in AUGMENTATIONS}
    for name in ("brightness", "noise"):  # in standard deviations of the images
        options[name] *= _unit(drawn_from, recipe)
    changes = augmentation(elastic_sd=sd, **options)
    draw = tile_batches(
        drawn_from,
        net.levels,
        net.padding,
        tile=tile,
        seed=recipe.seed,
        rank=processes.rank,
        augmentation=changes,
    )
    return lambda step: draw(step, recipe.batch // processes.world)


def _unit(drawn_from: list[Sample], recipe: Recipe) -> float:
    """The mean standard deviation of the normalised training images; 1 where it is 1 by the normalisation itself."""
    if recipe.normalise in ("image", "data"):
        return 1.0
    return float(np.mean([sample.image.std() for sample in drawn_from]))


def _check_loss(loss: Objective, batch: Batch, out_channels: int) -> None:
    """ValueError if the loss cannot be computed for tiles of this size."""
    size = batch.weights.shape[1:]
    loss(torch.zeros(len(batch.images), out_channels, *size), batch.labels, batch.weights)


def _check_sizes(net: Network, split: Split) -> None:
    """ValueError for an image that is too large for prediction, or too small for training.

    A training image needs a side of at least one pixel of the coarsest level.
    """
    for size in {pair.size for part in split for pair in part}:
        Predictor(net).is_in_one_pass(size)  # refused now, and not after the training
    for pair in split.train:
        for axis, (n, valid) in enumerate(zip(pair.size, valid_sizes(net.levels, padding=net.padding), strict=True)):
            if n < valid.step:
                raise ValueError(
                    f"{pair.name}: expected at least {valid.step} pixels along axis {axis}, the size of one pixel of "
                    f"the coarsest level, got {n}; give fewer --widths, or for a volume its --spacing"
                )


def save_progress(job: Job, folder: Path, **notes: object) -> None:
    """Write checkpoint.safetensors, history.csv and, if there are validations, validation.csv into the folder."""
    training = job.training
    save(folder / CHECKPOINT, training, **described(job, **notes))
    rates = [job.recipe.rate_of(step) for step in range(training.step)]
    history = np.column_stack((np.arange(training.step), training.losses, rates))
    _write_csv(folder / HISTORY, "step,loss,rate", history, ("%d", "%.6f", "%.3e"))
    if training.validation:
        _write_csv(folder / VALIDATION, "step,loss,mean_iou", np.array(training.validation), ("%d", "%.6f", "%.6f"))


def described(job: Job, **notes: object) -> dict[str, Any]:
    """The arguments of `checkpoints.save` about the network, with the recipe, the task and ``notes``."""
    recipe, net = job.recipe, job.training.net
    name = {"net": recipe.net} if recipe.net else {"preset": recipe.preset}
    about = {"recipe": recipe.notes(), "task": job.data.task.notes(), "data": job.data.digest, **notes}
    about["processes"] = job.processes.world
    return {**name, "arguments": recipe.arguments(net.in_channels, net.out_channels), "notes": about}


def _write_csv(path: Path, header: str, rows: NDArray[Any], formats: tuple[str, ...]) -> None:
    with complete_file(path) as part:
        np.savetxt(part, rows, fmt=formats, delimiter=",", header=header, comments="")
