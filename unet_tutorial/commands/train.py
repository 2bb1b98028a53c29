"""``unet train``: trains a network on a folder of images and masks, and tests it on held-out images.

Its options are the fields of ``jobs.recipe.Recipe``.
"""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from unet_tutorial.commands.dataclass_options import typed_fields, with_options
from unet_tutorial.jobs.recipe import COURSE_DATA, Recipe

if TYPE_CHECKING:
    from unet_tutorial.jobs.job import Job
    from unet_tutorial.jobs.scores import Scores

RUNS = Path("runs")
HEADS = ("method", "pixel error", "1 - max F", "Dice, class 0", "IoU, class 1")


@with_options(Recipe)
def train(
    recipe: Recipe,
    ctx: typer.Context,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder of the run; by default runs/DATA-PRESET.")
    ] = None,
    resume: Annotated[Path | None, typer.Option(help="Folder of an interrupted run to continue.")] = None,
) -> None:
    """Train a U-Net, and test it on held-out images.

    Without options, the paper's network with fewer channels is trained on the images of the course. Tiles are cropped
    at random from rotated and flipped images; thin borders between cells have larger weights (the paper's weight map).
    The folder of the run then holds checkpoint.safetensors, recipe.json, history.csv, history.png, a picture of each
    held-out image, metrics.csv, and diagram.svg and table.md of the network. --resume continues an interrupted run and
    gives the same weights as a run without interruption. Volumes (TIFF stacks) need --preset unet3d. --net trains your
    own network, or one of another library, in place of a preset.
    """
    from unet_tutorial.commands.model import builders
    from unet_tutorial.jobs.job import CHECKPOINT, prepare, run
    from unet_tutorial.learning.checkpoints import load

    if resume and output:
        raise ValueError(f"--output {output}: a resumed run continues in its own folder; leave it out")
    given = typed_fields(ctx, Recipe)
    if recipe.net and "preset" in given:
        raise ValueError(f"--net {recipe.net} and --preset {recipe.preset}: give one network")
    name = recipe.net.replace(":", ".") or recipe.preset
    folder = resume or _unused(output or RUNS / f"{recipe.data.resolve().name}-{name}")
    folder = folder.parent if folder.is_file() else folder  # the path of the checkpoint itself was given
    checkpoint = load(folder / CHECKPOINT) if resume else None
    own = recipe.net  # not the name in the checkpoint, because a file must not choose code to be imported
    recipe = recipe.resumed(checkpoint.notes, given) if checkpoint else recipe
    job = prepare(recipe, checkpoint, builders(own))
    print(_opening(job, folder))
    try:
        scores = run(job, folder)
    except KeyboardInterrupt:
        saved = (folder / CHECKPOINT).is_file()
        raise KeyboardInterrupt(f"continue with --resume {folder}" if saved else "nothing was saved yet") from None
    _print_results(folder, recipe, scores)


def _unused(wanted: Path) -> Path:
    """The folder `wanted`, or if it holds files the first of `wanted`-2, `wanted`-3, … that is empty or missing."""
    folder, number = wanted, 1
    while folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        number += 1
        folder = wanted.with_name(f"{wanted.name}-{number}")
    return folder


def _opening(job: Job, folder: Path) -> str:
    """One line about the network, the data and the folder."""
    recipe, count = job.recipe, len(job.data.split.train)
    kind = "image" if len(job.data.split.train[0].size) == 2 else "volume"
    planar = ", ".join(map(str, recipe.arguments(1, 2).get("planar", [])))
    return (
        f"{recipe.net or f'{recipe.preset} U-Net'}{f', planar levels {planar}' if planar else ''}: "
        f"{count} {kind}{'s' * (count > 1)} to learn from, {len(job.data.split.test)} held out; see {folder}/"
    )


def _print_results(folder: Path, recipe: Recipe, scores: Scores) -> None:
    """Print the table of scores and some commands to try next."""
    from rich.console import Console
    from rich.table import Table

    table = Table(*HEADS, title="on the held-out images")
    for row in scores.rows:
        table.add_row(*row.cells())
    Console().print(table)
    net = f" --net {recipe.net}" if recipe.net else ""
    data = "" if recipe.data == COURSE_DATA else f" --data {recipe.data}"
    file = f"{folder}/checkpoint.safetensors"
    print(
        f"Pictures, metrics and the checkpoint are in {folder}/. What next:\n"
        f"  look at {folder}/held_out_*.png: where is it wrong?\n"
        f"  train a longer run:     python3 course.py run{data}{_options(recipe)} --steps 900 --rate 0.001\n"
        "  your own images:        python3 course.py run --data FOLDER   (images/ and labels/ of equal names)\n"
        f"  predict another image:  python3 course.py unet predict {file} IMAGE -o FOLDER{net}\n"
        "  learn how it works:     python3 course.py lab"
    )


def _options(recipe: Recipe) -> str:
    """The options that differ from their defaults, as typed on the command line; without data, steps and rate."""
    typed = ""
    for field in fields(recipe):
        value = getattr(recipe, field.name)
        if value != field.default and field.name not in ("data", "steps", "rate"):
            option = f" --{field.name.replace('_', '-')}"
            typed += option if value is True else f"{option} {quote(str(value))}"
    return typed
