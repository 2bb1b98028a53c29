"""Runs: their files, their random numbers, and a run that is killed and resumed."""

import csv
import json
import shutil
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
from tests.oracles.small_volumes import VOLUMES
from unet_tutorial.datasets.annotations.labels import separated
from unet_tutorial.datasets.annotations.scheme import LabelScheme
from unet_tutorial.datasets.folder import paired
from unet_tutorial.datasets.images.files import read_image, write_image
from unet_tutorial.datasets.images.normalisation import Normaliser
from unet_tutorial.disk import make_folder
from unet_tutorial.jobs.data import Data
from unet_tutorial.jobs.job import (
    BEST,
    CHECKPOINT,
    Job,
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
