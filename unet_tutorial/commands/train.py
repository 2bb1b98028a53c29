"""``unet train``: trains a network on a folder of images and masks, and tests it on held-out images.

Its options are the fields of ``jobs.recipe.Recipe``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import fields
from functools import partial
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from unet_tutorial.commands.dataclass_options import typed_fields, with_options
from unet_tutorial.disk import one_line
from unet_tutorial.jobs.recipe import COURSE_DATA, Recipe

if TYPE_CHECKING:
    from unet_tutorial.jobs.job import Job
    from unet_tutorial.jobs.scores import Scores

RUNS = Path("runs")


@with_options(Recipe)
def train(
    recipe: Recipe,
    ctx: typer.Context,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Folder of the run, by default runs/DATA-PRESET. If it is not empty, a number is added to its name.",
        ),
    ] = None,
    resume: Annotated[Path | None, typer.Option(help="Folder of an interrupted run to continue.")] = None,
    extend: Annotated[
        int, typer.Option(min=0, help="With --resume: number of steps to add after the end of the run.")
    ] = 0,
    config: Annotated[
        Path | None, typer.Option(help="The recipe.json of another run; options that are typed replace its own.")
    ] = None,
) -> None:
    """Train a U-Net, and test it on held-out images.

    Without options, the paper's network with fewer channels is trained on the images of the course. Tiles are cropped
    at random from rotated and flipped images; thin borders between cells have larger weights (the paper's weight map).
    The folder of the run then holds checkpoint.safetensors (and with validation best.safetensors), recipe.json,
    history.csv, history.png, a picture of each held-out image, the scores in metrics.csv and classes.csv, and
    diagram.svg and table.md of the network. --resume continues an interrupted run and gives the same weights as a run
    without interruption. Volumes (TIFF stacks) need --preset unet3d. --net trains your own network, or one of another
    library, in place of a preset.
    """
    from unet_tutorial.commands.model import builders
    from unet_tutorial.disk import unused_folder
    from unet_tutorial.jobs.job import CHECKPOINT, assist, check_same, extended, prepare
    from unet_tutorial.learning.checkpoints import load
    from unet_tutorial.learning.distributed import joined, leave

    given = typed_fields(ctx, Recipe)

    def prepared() -> tuple[Job, Path]:
        _refuse_together(recipe, given, output, resume, extend, config)
        wanted = _configured(config, recipe, given) if config else recipe
        own = wanted.net  # not the name in the checkpoint, because a file must not choose code to be imported
        kept, folder = None, output or default_folder(wanted)
        if resume:
            folder = resume.parent if resume.is_file() else resume  # the path of the checkpoint itself may be given
            if not (folder / CHECKPOINT).exists() and (folder / "recipe.json").is_file():
                raise ValueError(
                    f"{folder}: this run ended before its first checkpoint; start it again: "
                    f"--config {quote(str(folder / 'recipe.json'))}"
                )
            kept = load(folder / CHECKPOINT)
            wanted = wanted.resumed(kept.notes, given)
            wanted = extended(wanted, kept, extend) if extend else wanted
        if (resume or config) and not wanted.data.exists():
            raise ValueError(
                f"{wanted.data}: the data of the run are not there any more; give their folder with --data"
            )
        return prepare(wanted, kept, builders(own), processes), folder

    with joined() as processes:
        job, folder = processes.agree(prepared)
        check_same(job)
        if processes.rank:
            processes.agree(lambda: None)  # process 0 makes the folder
            assist(job)
            leave()
        _run_and_print(job, processes.agree(lambda: folder if resume else unused_folder(folder)), new=not resume)
        if processes.world > 1:
            leave()


def _run_and_print(job: Job, folder: Path, *, new: bool) -> None:
    """Train, test and report; prints remarks first, warnings about the data of a new run, and the scores."""
    from unet_tutorial.jobs.doctor.examine import quick_findings
    from unet_tutorial.jobs.job import CHECKPOINT, run

    print(_opening(job, folder))
    for line in job.remarks:
        print(line)
    for finding in quick_findings(job.data, job.recipe) if new else []:
        print(f"warning: {finding}")
    try:
        scores = run(job, folder, _log())
    except KeyboardInterrupt:
        saved = (folder / CHECKPOINT).is_file()
        advice = f"continue with --resume {quote(str(folder))}" if saved else "nothing was saved yet"
        raise KeyboardInterrupt(advice) from None
    _print_results(folder, job, scores)


def _refuse_together(
    recipe: Recipe, given: set[str], output: Path | None, resume: Path | None, extend: int, config: Path | None
) -> None:
    """ValueError for options that exclude each other."""
    if resume and output:
        raise ValueError(f"--output {output}: a resumed run continues in its own folder; leave it out")
    if resume and config:
        raise ValueError(f"--config {config}: a resumed run has its own recipe; leave it out")
    if extend and not resume:
        raise ValueError(f"--extend {extend}: give the run to extend with --resume FOLDER, or write --steps {extend}")
    if recipe.net and "preset" in given:
        raise ValueError(f"--net {recipe.net} and --preset {recipe.preset}: give one network")


def _configured(config: Path, recipe: Recipe, given: set[str]) -> Recipe:
    """The recipe of a file, with the options that were typed."""
    try:
        notes = json.loads(config.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(
            f"--config {config}: cannot be read ({one_line(error)}); give the recipe.json of a run"
        ) from error
    if not isinstance(notes, dict):
        raise ValueError(f"--config {config}: this is no recipe; give the recipe.json of a run")
    if notes.get("net") and "net" not in given:
        raise ValueError(
            f"--config {config}: its network is {notes['net']}, and nothing is imported because a file names it; "
            f"give it again: --net {notes['net']}"
        )
    try:
        kept = Recipe.from_notes(notes)
    except ValueError as error:
        raise ValueError(f"--config {config}: {error}") from error
    return kept.changed(recipe, given)


def default_folder(recipe: Recipe) -> Path:
    """runs/DATA-NETWORK."""
    return RUNS / f"{recipe.data.resolve().stem}-{recipe.net.replace(':', '.') or recipe.preset}"


def _log() -> Callable[[str], None]:
    """Prints the lines of a run where no progress bar is shown."""
    if sys.stderr.isatty():
        return lambda _line: None
    return partial(print, flush=True)


def _opening(job: Job, folder: Path) -> str:
    """One line about the network, the data and the folder."""
    recipe, split = job.recipe, job.data.split
    count = len(split.train)
    kind = "image" if len(split.train[0].size) == 2 else "volume"
    planar = ", ".join(map(str, recipe.arguments(1, 2).get("planar", [])))
    validation = f", {len(split.validation)} for validation" if split.validation else ""
    return (
        f"{recipe.net or f'{recipe.preset} U-Net'}{f', planar levels {planar}' if planar else ''}: "
        f"{count} {kind}{'s' * (count > 1)} to learn from{validation}, {len(split.test)} held out; see {folder}/"
    )


def _print_results(folder: Path, job: Job, scores: Scores) -> None:
    """Print the tables of scores and some commands to try next."""
    from rich.console import Console
    from rich.table import Table

    from unet_tutorial.jobs.job import BEST, CHECKPOINT

    for section in scores.sections:
        table = Table(*section.heads, title=section.title)
        for line in section.lines:
            table.add_row(*line)
        Console().print(table)
    recipe = job.recipe
    net = f" --net {recipe.net}" if recipe.net else ""
    data = "" if recipe.data == COURSE_DATA else f" --data {quote(str(recipe.data))}"
    file = quote(str(folder / (BEST if job.validate else CHECKPOINT)))
    print(
        f"Pictures, metrics and the checkpoint are in {folder}/. What next:\n"
        f"  look at {quote(str(folder))}/held_out_*.png: where is it wrong?\n"
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
        if value != field.default and field.name not in ("data", "steps", "rate", "extended"):
            option = f" --{field.name.replace('_', '-')}"
            typed += option if value is True else f"{option} {quote(str(value))}"
    return typed
