"""``unet train``: from a folder of images and masks to a trained network and an honest report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unet_tutorial.commands.recipe import Recipe, with_recipe

if TYPE_CHECKING:
    from unet_tutorial.commands.scores import Scores

RUNS = Path("runs")
HEADS = ("method", "pixel error", "1 - max F", "Dice, class 0", "IoU, class 1")


@with_recipe
def train(
    recipe: Recipe,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Folder of the run; else runs/NAME.")] = None,
    resume: Annotated[Path | None, typer.Option(help="Folder of a run that was stopped: go on where it was.")] = None,
) -> None:
    """Train a U-Net and test it on images it has not seen.

    Without options: a thin version of the paper's network on the images that come with the course. Tiles are cut at
    random from images that are turned and flipped; thin borders between cells count more (the paper's weight map). The folder of the run
    then holds checkpoint.safetensors, history.csv and .png, a picture of each held-out image, metrics.csv and
    summary.txt. A run that was stopped goes on with --resume, to the same weights as if it had not been.
    """
    from unet_tutorial.commands.job import CHECKPOINT, run
    from unet_tutorial.learning.checkpoints import load

    checkpoint = load(resume / CHECKPOINT) if resume else None
    recipe = recipe.resumed(checkpoint.notes["recipe"]) if checkpoint else recipe
    folder = resume or _free(output or RUNS / f"{recipe.data.name}-{recipe.preset}")
    _tell(folder, run(recipe, checkpoint, folder))


def _free(wanted: Path) -> Path:
    """The folder wanted or, where something is in it already, the same name with a number."""
    folder, number = wanted, 1
    while folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        number += 1
        folder = wanted.with_name(f"{wanted.name}-{number}")
    return folder


def _tell(folder: Path, scores: Scores) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(*HEADS, title="on the held-out images")
    for row in scores.rows:
        table.add_row(*row.cells())
    Console().print(table)
    print(
        f"Pictures, metrics and the checkpoint are in {folder}/. What next:\n"
        f"  look at {folder}/held_out_*.png: where is it wrong?\n"
        "  train longer:           python3 course.py run --steps 900\n"
        "  your own images:        python3 course.py run --data FOLDER   (images/ and labels/ of equal names)\n"
        f"  predict another image:  python3 course.py unet predict {folder}/checkpoint.safetensors IMAGE -o FOLDER\n"
        "  learn how it works:     python3 course.py lab"
    )
