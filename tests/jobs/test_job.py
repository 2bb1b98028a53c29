"""Runs: their files, their random numbers, and a run that is killed and resumed."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.conftest import THIN, Unet
from tests.oracles.processes import outcomes
from tests.oracles.small_volumes import VOLUMES
from unet_tutorial.datasets.annotations.labels import separated
from unet_tutorial.datasets.annotations.scheme import LabelScheme
from unet_tutorial.datasets.folder import paired
from unet_tutorial.datasets.images.files import read_image, write_image
from unet_tutorial.datasets.images.normalisation import Normaliser
from unet_tutorial.disk import make_folder
from unet_tutorial.jobs import job as jobs
from unet_tutorial.jobs.data import Data
from unet_tutorial.jobs.job import (
    BEST,
    CHECKPOINT,
    Job,
    assist,
    begin,
    extended,
    job_of,
    prepare,
    run,
    save_progress,
    tile_of,
    train,
)
from unet_tutorial.jobs.predictor import Predictor
from unet_tutorial.jobs.recipe import Recipe
from unet_tutorial.jobs.split import Split
from unet_tutorial.jobs.task import GREY_CELLS, Task
from unet_tutorial.learning.checkpoints import load
from unet_tutorial.learning.distributed import Processes, joined
from unet_tutorial.learning.random_states import of_others
from unet_tutorial.learning.train import Batch, is_stale, one_cycle

ARGUMENTS = {"in_channels": 1, "out_channels": 2, "widths": [2, 4]}

# A process that is killed while it writes its second checkpoint, before the file gets its name.
KILLED = """
import os, signal, sys
from pathlib import Path
from unet_tutorial.commands.app import main
from unet_tutorial.jobs import job
job.EVERY = 5
replace, written = Path.replace, []
def killed(part, target):
    written.append(target)
    if [path.name for path in written].count("checkpoint.safetensors") == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return replace(part, target)
Path.replace = killed
sys.argv[0] = "unet"
main()
"""


def test_a_run_writes_its_files(run_folder: Path) -> None:
    files = {path.name for path in run_folder.iterdir()}
    written = {"checkpoint.safetensors", "history.csv", "history.png", "held_out_c.png", "metrics.csv", "recipe.json"}
    assert files == written | {"diagram.svg", "table.md", "classes.csv", "confusion.csv", "confusion.png"}
    rows = (run_folder / "metrics.csv").read_text().splitlines()
    methods = [row[0] for row in csv.reader(rows[1:])]
    assert methods == ["everything cell", "smoothed threshold", "network", "network, 8 views"]
    assert (run_folder / "history.csv").read_text().count("\n") == 4
    assert json.loads((run_folder / "recipe.json").read_text())["widths"] == "2,4"
    net, tables = load(run_folder / "checkpoint.safetensors").network(), (run_folder / "table.md").read_text()
    assert tables.count(f"| {sum(w.numel() for w in net.parameters()):,} | 100.00 |") == 2  # by level and by layer
    assert ">36²<" in (run_folder / "diagram.svg").read_text()
    checkpoint = load(run_folder / "checkpoint.safetensors")
    assert (checkpoint.preset, checkpoint.arguments) == (
        "paper",
        ARGUMENTS,
    )
    assert len(checkpoint.tensors["losses"]) == 3
    assert [0 < checkpoint.notes["cuts"][views][0] < 1 for views in ("1", "8")] == [True, True]


@pytest.mark.slow
def test_killed_and_resumed_equals_uninterrupted_bit_for_bit(unet: Unet, folder: Path, tmp_path: Path) -> None:
    steps, killed, whole = 12, tmp_path / "killed", tmp_path / "whole"
    words = ["train", "--data", folder, "-o", killed, "--steps", steps, *THIN]
    done = subprocess.run([sys.executable, "-c", KILLED, *map(str, words)], check=False)
    assert done.returncode == -9
    assert len(load(killed / "checkpoint.safetensors").tensors["losses"]) == 5
    assert len(list(killed.glob(".checkpoint.*"))) == 1  # complete, but not yet renamed
    assert unet("train", "--resume", killed)[0] == 0
    job = prepare(Recipe(folder, widths="2,4", tile="36", batch=1, steps=steps))
    make_folder(whole)
    train(job, lambda _training: save_progress(job, whole))
    ours, theirs = (load(run / "checkpoint.safetensors") for run in (killed, whole))
    assert ours.tensors.keys() == theirs.tensors.keys()
    for key, value in ours.tensors.items():
        assert torch.equal(value, theirs.tensors[key]), key
    assert (killed / "history.csv").read_text() == (whole / "history.csv").read_text()


def test_the_folder_of_another_run_is_refused(folder: Path, run_folder: Path) -> None:
    before = {path: path.read_bytes() for path in run_folder.iterdir()}
    with pytest.raises(ValueError, match="holds the results of another run; choose another folder"):
        run(prepare(Recipe(folder, widths="2,4", tile="36", batch=1, steps=1)), run_folder)
    assert {path: path.read_bytes() for path in run_folder.iterdir()} == before


def test_a_seed_sets_weights_and_batches(folder: Path) -> None:
    recipe = Recipe(folder, widths="2,4", tile="36", batch=2)
    first, again, other = prepare(recipe), prepare(recipe), prepare(replace(recipe, seed=1))
    for ours, same, different in zip(first.batches(3), again.batches(3), other.batches(3), strict=True):
        assert torch.equal(ours, same)
        assert not torch.equal(ours, different)
    assert first.batches(3).images.shape == (2, 1, 36, 36)
    weights = [next(job.training.net.parameters()) for job in (first, again, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_a_checkpoint_continues_at_its_step(folder: Path, run_folder: Path) -> None:
    checkpoint = load(run_folder / "checkpoint.safetensors")
    job = prepare(Recipe(folder, widths="2,4", tile="36", batch=1, steps=3), checkpoint)
    assert job.training.step == 3
    assert job.training.losses == checkpoint.tensors["losses"].tolist()


@pytest.mark.parametrize(("part", "changed"), [("images", True), ("labels", True), ("notes", False)])
def test_data_that_changed_since_the_run_was_started_are_named(
    folder: Path, run_folder: Path, tmp_path: Path, part: str, *, changed: bool
) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(folder, moved)
    checkpoint = load(run_folder / "checkpoint.safetensors")
    recipe = Recipe(moved, widths="2,4", tile="36", batch=1, steps=3)
    assert not any("changed" in line for line in prepare(recipe, checkpoint).remarks)
    if changed:
        path = moved / part / "a.png"
        values = read_image(path).copy()
        values[0, 0] = 255 - values[0, 0]
        write_image(path, values)
    else:
        (moved / part).mkdir()
    said = [line for line in prepare(recipe, checkpoint).remarks if "have changed since the run was started" in line]
    assert len(said) == changed


def test_the_tile_is_that_of_the_recipe_or_fits_the_smallest_image() -> None:
    pairs = [paired(str(n), VOLUMES[0].image[0, :n], VOLUMES[0].instances[0, :n]) for n in (32, 20)]
    recipe = Recipe(preset="padded", widths="2,4,4")
    (training, _), split = begin(recipe), Split(pairs, [])
    assert tile_of(training, replace(recipe, tile="16"), split) == (16, 16)
    assert tile_of(training, replace(recipe, tile="8,12"), split) == (8, 12)
    assert tile_of(training, recipe, split) == (20, 36)  # multiples of 4 that cover (20, 36)


def test_mixed_precision_gives_other_losses_and_twice_the_same() -> None:
    losses = []
    for bf16 in (False, True, True):
        recipe = Recipe(preset="unet3d", widths="2,4", tile="8", batch=1, steps=3, bf16=bf16)
        split = Split([paired("a", VOLUMES[0].image, separated(VOLUMES[0].instances))], [])
        training, _ = begin(recipe)
        train(job_of(recipe, Data(split, GREY_CELLS, []), training), lambda _: None)
        losses.append(training.losses)
    assert losses[1] == losses[2] != losses[0]
    assert losses[1] == pytest.approx(losses[0], rel=0.05)


def watched(folder: Path, **options: Any) -> Job:
    """A job with one image for training, one for validation and one held out."""
    return prepare(Recipe(folder, widths="2,4", tile="36", batch=1, validate=1, validate_every=4, **options))


def test_validation_keeps_the_best_checkpoint_and_tests_it(folder: Path, tmp_path: Path) -> None:
    lines: list[str] = []
    job = watched(folder, steps=12, rate=0.03)
    assert [pair.name for part in job.data.split for pair in part] == ["a", "c", "b"]
    scores = run(job, tmp_path, lines.append)
    found = job.training.validation
    assert [each.step for each in found] == [4, 8, 12]
    last, kept = (load(tmp_path / name) for name in (CHECKPOINT, BEST))
    assert last.training().validation == found
    rows = np.loadtxt(tmp_path / "validation.csv", delimiter=",", skiprows=1)
    np.testing.assert_allclose(rows, np.array(found), atol=1e-6)
    top = max(each.score for each in found)
    assert [each.endswith(" (best)") for each in lines][[each.score for each in found].index(top)]
    assert job.validate is not None
    again = job.validate(replace(job.training, net=kept.network()))
    assert again.score == pytest.approx(top)
    predictor = Predictor.from_file(tmp_path / BEST)
    assert predictor.thresholds == scores.thresholds[1]
    np.testing.assert_array_equal(scores.labels[1][0], predictor.labels(predictor(job.data.split.test[0].image)))


@pytest.mark.slow
def test_patience_ends_the_run_at_the_same_step_after_an_interruption(folder: Path, tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    options = {"steps": 60, "rate": 0.3, "patience": 2}  # a rate at which the network soon gets no better
    job = watched(folder, **options)
    run(job, whole)
    steps = job.training.step
    assert steps < 60
    assert is_stale(job.training.validation, 2)
    assert not is_stale(job.training.validation[:-1], 2)
    first = watched(folder, **options)
    with pytest.raises(KeyboardInterrupt):
        run(replace(first, batches=interrupted(first.batches, steps - 3)), cut)
    kept = load(cut / CHECKPOINT)
    run(prepare(Recipe.from_notes(kept.notes["recipe"]), kept), cut)
    for name in (CHECKPOINT, BEST):
        ours, theirs = load(whole / name).tensors, load(cut / name).tensors
        assert ours.keys() == theirs.keys()
        assert all(torch.equal(ours[key], theirs[key]) for key in ours), name
    assert (whole / "validation.csv").read_text() == (cut / "validation.csv").read_text()


def interrupted(batches: Callable[[int], Batch], at: int) -> Callable[[int], Batch]:
    """The batches, with Ctrl-C before step ``at``."""

    def batch(step: int) -> Batch:
        if step == at:
            raise KeyboardInterrupt
        return batches(step)

    return batch


@pytest.mark.slow
def test_an_extension_is_another_cycle_of_the_rate(folder: Path, tmp_path: Path) -> None:
    recipe = Recipe(folder, widths="2,4", tile="36", batch=1, steps=5)
    run(prepare(recipe), tmp_path)
    kept = load(tmp_path / CHECKPOINT)
    longer = Recipe.from_notes(kept.notes["recipe"]).extended_by(7).extended_by(2)
    assert (longer.cycles, longer.last_step) == ([5, 7, 2], 14)
    rates = [longer.rate_of(step) for step in range(14)]
    assert rates == [one_cycle(step, steps, recipe.rate) for steps in (5, 7, 2) for step in range(steps)]
    job = prepare(longer, kept)
    run(job, tmp_path)
    assert job.training.losses[:5] == kept.tensors["losses"].tolist()
    assert job.training.step == 14
    assert Recipe.from_notes(load(tmp_path / CHECKPOINT).notes["recipe"]).last_step == 14


def test_other_classes_or_channels_than_those_of_the_run_are_refused(run_folder: Path) -> None:
    kept = load(run_folder / CHECKPOINT)
    recipe = Recipe.from_notes(kept.notes["recipe"])
    with pytest.raises(ValueError, match="the classes of the data are background, leaf, and the run was started with"):
        prepare(replace(recipe, classes="background,leaf"), kept)


def test_patience_without_validation_images_is_refused(folder: Path) -> None:
    with pytest.raises(ValueError, match="--patience 3: there are no validation images; give --validate 2"):
        prepare(Recipe(folder, widths="2,4", tile="36", patience=3))


@pytest.mark.slow
def test_a_run_that_stopped_early_can_be_extended(folder: Path, tmp_path: Path) -> None:
    job = watched(folder, steps=60, rate=0.3, patience=2)
    run(job, tmp_path)
    kept, steps = load(tmp_path / CHECKPOINT), job.training.step
    longer = extended(job.recipe, kept, 8)
    assert longer.cycles == [steps, 8]
    assert extended(longer, kept, 3).cycles == [steps, 8, 3]
    again = prepare(longer, kept)
    run(again, tmp_path)
    assert again.training.step == steps + 8
    assert [each.step for each in again.training.validation[-2:]] == [steps + 4, steps + 8]


@pytest.mark.parametrize("normalise", ["none", "percentile", "data"])
def test_brightness_is_in_standard_deviations_of_the_images(folder: Path, normalise: str) -> None:
    def shifts(normalise: str) -> torch.Tensor:
        recipe = Recipe(folder, widths="2,4", tile="36", batch=8, normalise=normalise, contrast=0)
        bright, plain = (prepare(replace(recipe, brightness=each)).batches(0).images for each in (0.5, 0.0))
        return (bright - plain).flatten(1).median(1).values

    images = [pair.image for pair in prepare(Recipe(folder, widths="2,4", tile="36")).data.split.train]
    spread = np.mean([Normaliser.of(images, normalise)(image).std(ddof=1) for image in images])
    unit = 1.0 if normalise == "data" else float(spread)
    torch.testing.assert_close(shifts(normalise), unit * shifts("image"), rtol=1e-3, atol=1e-4)


def test_fine_tuning_for_other_classes_of_the_same_number_says_so(run_folder: Path) -> None:
    recipe = Recipe(start_from=str(run_folder / "checkpoint.safetensors"), widths="2,4")
    assert len(begin(recipe, GREY_CELLS)[1]) == 1
    layers = Task(LabelScheme("layers", ("one", "two")), normaliser=Normaliser("percentile"))
    remarks = begin(recipe, layers)[1]
    assert remarks[1:] == [
        "its head keeps its weights, which were trained for the classes background, cell; "
        "now it has the layers one, two",
        "its images were normalised with --normalise image, and now with percentile",
    ]


SHARED = {"widths": "2,4", "tile": "36", "batch": 6, "validate": 1, "validate_every": 2}


def shared_run(folder: Path, output: Path, steps: int, killed: int | None = None) -> list[str]:
    """A process of a run on several, which goes on with the checkpoint in the output; the last rank may be killed.

    Returns the remarks. There is no report.
    """
    jobs.__dict__["write_report"] = lambda *_given: None
    kept = load(output / CHECKPOINT) if (output / CHECKPOINT).is_file() else None
    with joined() as processes:
        job = prepare(Recipe(folder, steps=steps, **SHARED), kept, processes=processes)  # type: ignore[arg-type]
        if killed is not None and processes.rank == processes.world - 1:
            job = replace(job, batches=dying(job.batches, killed))
        if processes.rank:
            assist(job)
        else:
            run(job, output)
        return job.remarks


def dying(batches: Callable[[int], Batch], at: int) -> Callable[[int], Batch]:
    """The batches, with the signal KILL before step ``at``."""

    def batch(step: int) -> Batch:
        if step == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return batches(step)

    return batch


@pytest.mark.slow
def test_a_run_of_which_a_process_is_killed_is_resumed_bit_for_bit(folder: Path, tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert [each.code for each in outcomes(shared_run, 3, folder, whole, 7)] == [0] * 3
    ended = [each.code for each in outcomes(shared_run, 3, folder, killed, 7, 5)]
    assert ended[2] == -9
    assert 0 not in ended
    assert load(killed / CHECKPOINT).notes["processes"] == 3
    assert len(load(killed / CHECKPOINT).tensors["losses"]) == 4
    resumed = outcomes(shared_run, 3, folder, killed, 7)
    assert [each.code for each in resumed] == [0] * 3
    assert not any("instead of" in line for each in resumed for line in each.result)
    for name in (CHECKPOINT, BEST):
        ours, theirs = load(whole / name).tensors, load(killed / name).tensors
        assert ours.keys() == theirs.keys()
        assert all(torch.equal(ours[key], theirs[key]) for key in ours), name
    states = of_others(load(whole / CHECKPOINT).tensors)
    assert sorted(states) == ["random.cpu.1", "random.cpu.2"]
    assert not torch.equal(*states.values())  # the dropout of each process is its own
    assert (whole / "validation.csv").read_text() == (killed / "validation.csv").read_text()


def test_a_run_goes_on_with_another_number_of_processes_and_says_so(run_folder: Path, folder: Path) -> None:
    kept = load(run_folder / CHECKPOINT)
    recipe = replace(Recipe.from_notes(kept.notes["recipe"]), data=folder, batch=2)
    seeds = []
    for rank in (0, 1):
        job = prepare(recipe, kept, processes=Processes(rank, 2))
        assert job.remarks[-1].startswith("warning: the run goes on with 2 instead of 1 processes; the weights")
        assert job.training.step == 3
        assert len(job.batches(3).images) == 1
        seeds.append(torch.initial_seed())
    assert seeds[1] == 2**22 + 3 + 2**31
    assert prepare(recipe, kept).remarks == prepare(replace(recipe, accumulate=2), kept).remarks


def test_processes_draw_other_tiles_and_have_other_dropout(folder: Path) -> None:
    recipe = Recipe(folder, widths="2,4", tile="36", batch=6)
    drawn, random = [], []
    for rank in range(3):
        job = prepare(recipe, processes=Processes(rank, 3))
        drawn.append(job.batches(0).images)
        random.append(float(torch.rand(1)))
    assert len(drawn[0]) == 2
    assert torch.equal(drawn[0], prepare(replace(recipe, batch=2)).batches(0).images)
    assert not any(torch.equal(drawn[a], drawn[b]) for a, b in ((0, 1), (0, 2), (1, 2)))
    assert len(set(random)) == 3


@pytest.mark.parametrize(
    ("world", "options", "says"),
    [
        (
            3,
            {"batch": 4},
            "--batch 4: 3 processes divide the tiles of a step into 3 equal parts; give a multiple of 3, ",
        ),
        (1, {"accumulate": 3}, "--accumulate 3 divide the tiles of a step into 3 equal parts; .* such as --batch 6"),
        (2, {"accumulate": 3}, "2 processes and --accumulate 3 divide the tiles of a step into 6 equal parts; give"),
        (2, {"sync_norm": True}, "the network has no batch norm to synchronise; leave --sync-norm out"),
        (1, {"sync_norm": True}, "the network has no batch norm to synchronise; leave --sync-norm out"),
        (
            *(2, {"preset": "padded", "tile": "2", "batch": 2}),
            "--tile 2,2: the coarsest map of a tile is one pixel, and batch norm needs more than one; give a larger",
        ),
    ],
)
def test_tiles_that_cannot_be_divided_are_refused(folder: Path, world: int, options: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        prepare(Recipe(folder, **{"widths": "2,4", "tile": "36", **options}), processes=Processes(0, world))


def test_a_batch_that_other_processes_cannot_divide_names_the_numbers_that_can(run_folder: Path, folder: Path) -> None:
    kept = load(run_folder / CHECKPOINT)
    recipe = replace(Recipe.from_notes(kept.notes["recipe"]), data=folder, batch=4)
    with pytest.raises(ValueError, match=r"into 3 equal parts; start 1, 2 or 4 processes$"):
        prepare(recipe, kept, processes=Processes(0, 3))
    with pytest.raises(ValueError, match=r"into 8 equal parts; start 1 or 2 processes$"):
        prepare(replace(recipe, accumulate=2), kept, processes=Processes(0, 4))
    with pytest.raises(ValueError, match=r"into 8 equal parts; continue with one process$"):
        prepare(replace(recipe, accumulate=4), kept, processes=Processes(0, 2))


def test_accumulated_gradients_train_as_those_of_the_whole_batch(folder: Path) -> None:
    """And they need as many forward passes per step as there are parts, each of a part of the tiles."""
    losses, passes = [], []
    for parts in (1, 2, 4):
        recipe = Recipe(folder, widths="2,4", tile="36", batch=4, steps=3, loss="dice+cross_entropy", accumulate=parts)
        job, sizes = prepare(recipe), list[int]()
        job.training.net.register_forward_pre_hook(lambda _net, given, sizes=sizes: sizes.append(len(given[0])))
        for part in job.training.net.modules():
            if isinstance(part, torch.nn.Dropout):
                part.p = 0.0
        train(job, lambda _training: None)
        losses.append(job.training.losses)
        passes.append(sizes)
    assert losses[1] == pytest.approx(losses[0], rel=1e-4)
    assert losses[2] == pytest.approx(losses[0], rel=1e-4)
    assert passes == [[4] * 3, [2] * 6, [1] * 12]
