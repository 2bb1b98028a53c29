"""``unet train``: from a folder of images and masks to a trained network and an honest report."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unet_tutorial.commands.options import with_options
from unet_tutorial.jobs.recipe import SHIPPED, Recipe

if TYPE_CHECKING:
    from unet_tutorial.jobs.scores import Scores

RUNS = Path("runs")
HEADS = ("method", "pixel error", "1 - max F", "Dice, class 0", "IoU, class 1")


@with_options(Recipe)
def train(
    recipe: Recipe,
    given: Collection[str],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Folder of the run; else runs/NAME.")] = None,
    resume: Annotated[Path | None, typer.Option(help="Folder of a run that was stopped: go on where it was.")] = None,
) -> None:
    """Train a U-Net and test it on images it has not seen.

    Without options: a thin version of the paper's network on the images that come with the course. Tiles are cut at
    random from turned and flipped images; thin borders between cells count more (the paper's weight map). The folder
    of the run then holds checkpoint.safetensors, history.csv and .png, a picture of each held-out image, metrics.csv,
    and the network's diagram.svg and table.md. A run that was stopped goes on with --resume, to the same weights as
    if it had not been. Volumes, as TIFF stacks, want --preset unet3d.
    """
    from unet_tutorial.jobs.job import CHECKPOINT, run
    from unet_tutorial.learning.checkpoints import load

    if resume and output:
        raise ValueError(f"--output {output}: a resumed run goes on in its own folder; leave it out")
    folder = resume or _free(output or RUNS / f"{recipe.data.resolve().name}-{recipe.preset}")
    folder = folder.parent if folder.is_file() else folder  # the checkpoint itself was named
    checkpoint = load(folder / CHECKPOINT) if resume else None
    recipe = recipe.resumed(checkpoint.notes, given) if checkpoint else recipe
    _tell(folder, recipe, run(recipe, checkpoint, folder))


def _free(wanted: Path) -> Path:
    """The folder wanted or, where something is in it already, the same name with a number."""
    folder, number = wanted, 1
    while folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        number += 1
        folder = wanted.with_name(f"{wanted.name}-{number}")
    return folder


def _tell(folder: Path, recipe: Recipe, scores: Scores) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(*HEADS, title="on the held-out images")
    for row in scores.rows:
        table.add_row(*row.cells())
    Console().print(table)
    data = "" if recipe.data == SHIPPED else f" --data {recipe.data}"
    print(
        f"Pictures, metrics and the checkpoint are in {folder}/. What next:\n"
        f"  look at {folder}/held_out_*.png: where is it wrong?\n"
        f"  train longer, anew:     python3 course.py run{data}{recipe.words} --steps 900 --rate 0.001\n"
        "  your own images:        python3 course.py run --data FOLDER   (images/ and labels/ of equal names)\n"
        f"  predict another image:  python3 course.py unet predict {folder}/checkpoint.safetensors IMAGE -o FOLDER\n"
        "  learn how it works:     python3 course.py lab"
    )
