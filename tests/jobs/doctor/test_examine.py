"""Planted faults of data and runs are named first; healthy data and runs are silent."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.jobs.doctor.conftest import Altered
from tests.jobs.doctor.page import PAGE, row
from tests.jobs.doctor.planted import (
    CASES,
    Case,
    Files,
    cells,
    changed,
    divided,
    images_changed,
    membranes,
    tissue,
    walls,
    write,
)
from unet_tutorial.jobs.data import read_data
from unet_tutorial.jobs.doctor.examine import examine_data, examine_run, is_run, quick_findings
from unet_tutorial.jobs.recipe import COURSE_DATA, Recipe
from unet_tutorial.learning.train import Training, Validation


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_planted_fault_is_named_first(case: Case, tmp_path: Path) -> None:
    found, _ = examine_data(case.recipe(tmp_path / "my data"))
    assert case.sentence in found[0].sentence, [str(finding) for finding in found]
    assert case.cure in found[0].cure
    assert "'" in found[0].cure  # the path has a blank
    assert any(sign.isdigit() for sign in found[0].evidence) or found[0].evidence == "the data cannot be read"
    assert row(case.name, case.source, found[0], {"DATA": tmp_path / "my data"}) in PAGE.read_text(encoding="utf8")


HEALTHY: list[tuple[Callable[[], Mapping[str, Files]], dict[str, Any]]] = [
    (membranes, {}),
    (cells, {}),
    (lambda: divided(membranes()), {}),
    (tissue, {"labels": "classes"}),
    (walls, {"labels": "instances"}),
    (walls, {"labels": "instances", "preset": "unet3d", "widths": "4,8", "spacing": "3,1,1"}),
    (lambda: {name: membranes()[name] for name in ("00", "01")}, {}),
    (lambda: changed(cells(), "", images_changed(lambda image: image / np.float32(255))), {"normalise": "none"}),
    (
        lambda: changed(membranes(), "", images_changed(lambda image: image.astype(np.uint16) * 100)),
        {"normalise": "data"},
    ),
]


@pytest.mark.parametrize(
    ("files", "options"), [HEALTHY[0], *(pytest.param(*each, marks=pytest.mark.slow) for each in HEALTHY[1:])]
)
def test_healthy_data_are_silent(
    files: Callable[[], Mapping[str, Files]], options: dict[str, Any], tmp_path: Path
) -> None:
    recipe = Recipe(write(tmp_path, files()), **options)
    found, data = examine_data(recipe)
    assert [str(finding) for finding in found] == []
    assert data is not None
    assert quick_findings(data, recipe) == []


@pytest.mark.parametrize("folder", sorted(COURSE_DATA.parent.glob("*/")), ids=lambda folder: folder.name)
def test_the_data_of_the_course_are_silent(folder: Path) -> None:
    assert quick_findings(read_data(Recipe(folder))) == []


def test_the_quick_part_finds_faults_of_the_masks(tmp_path: Path) -> None:
    case = next(case for case in CASES if case.name == "all masks shifted")
    recipe = case.recipe(tmp_path)
    assert "shifted" in quick_findings(read_data(recipe), recipe)[0].sentence


@pytest.mark.slow
def test_a_good_run_is_silent(good_run: Path) -> None:
    state = torch.get_rng_state()
    assert [str(finding) for finding in examine_run(good_run)] == []
    assert [str(finding) for finding in examine_run(good_run / "checkpoint.safetensors")] == []
    assert torch.equal(torch.get_rng_state(), state)
    assert is_run(good_run)
    assert not is_run(good_run / "held_out")


def with_bias(*values: float) -> Callable[[Training], None]:
    """Sets the biases of the last layer."""

    def change(training: Training) -> None:
        bias = list(training.net.parameters())[-1]
        bias.data[:] = torch.tensor(values)

    return change


def kill_neurons(training: Training) -> None:
    for name, parameter in training.net.named_parameters():
        if "encoder" in name and parameter.ndim == 1 and name.endswith("bias"):
            parameter.data[:] = -1e3


def forget(training: Training) -> None:
    """The losses of a run that did not learn."""
    training.losses = [1.0 + 0.01 * (step % 3) for step in range(50)]


def jump(training: Training) -> None:
    training.losses = [1.0] * 5 + [40.0] * 5 + [5.0] * 40


def overfit(training: Training) -> None:
    losses = [1.0, 0.6, 0.5, 0.6, 0.7, 0.8, 0.9]
    training.validation = [Validation(7 * i, loss, 0.5) for i, loss in enumerate(losses, 1)]


def stop(training: Training) -> None:
    training.losses = training.losses[:20]


Planted = tuple[str, Callable[[Training], None], dict[str, Any], str, str]
RUNS: list[Planted] = [
    ("all predictions black", with_bias(50.0, -50.0), {}, "the network predicts only background: all", "--loss dice"),
    ("all predictions white", with_bias(-50.0, 50.0), {}, "the network predicts only", "--loss dice"),
    ("dead neurons", kill_neurons, {}, "most neurons of the network are dead", "--seed 1"),
    ("loss does not decrease", forget, {}, "the loss did not decrease", "--steps 200"),
    ("loss jumps", jump, {}, "the loss jumped up and did not come down again", "--rate 0.0002"),
    ("overfitting", overfit, {}, "the network learns the training images by heart after step 21", "--patience 3"),
    ("interrupted", stop, {}, "the run was interrupted", "--resume"),
    ("threshold far from 0.5", lambda _: None, {"cuts": {"1": [0.995]}}, "the best threshold", "unet train"),
    ("rate too high", with_bias(50.0, -50.0), {"rate": 0.2}, "the learning rate is too high", "unet train"),
    ("rate too low", forget, {"rate": 2e-5}, "the learning rate is too low", "unet train"),
]


@pytest.mark.slow
@pytest.mark.parametrize("planted", RUNS, ids=[planted[0] for planted in RUNS])
def test_a_fault_of_a_run_is_named_among_the_first_two(planted: Planted, altered: Altered, good_run: Path) -> None:
    name, change, options, sentence, cure = planted
    run = altered(change, **options)
    (hit,) = [finding for finding in examine_run(run)[:2] if sentence in finding.sentence]
    assert cure in hit.cure
    assert row(name, "", hit, {"RUN": run, "DATA": good_run.parent / "data"}) in PAGE.read_text(encoding="utf8")


@pytest.mark.slow
def test_the_fault_of_the_data_comes_before_that_of_the_run(altered: Altered, tmp_path: Path) -> None:
    shifted = next(case for case in CASES if case.name == "all masks shifted").recipe(tmp_path / "data")
    found = examine_run(altered(with_bias(50.0, -50.0), data=str(shifted.data)))
    assert ["shifted" in found[0].sentence, "only background" in found[1].sentence] == [True, True]


@pytest.mark.slow
def test_missing_data_are_a_finding_of_the_run(altered: Altered, tmp_path: Path) -> None:
    found = examine_run(altered(data=str(tmp_path / "gone")))
    assert "gone" in found[0].sentence


@pytest.fixture
def copied(good_run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(good_run, tmp_path / "copy"))


@pytest.mark.slow
def test_a_network_below_a_baseline(copied: Path) -> None:
    with (copied / "metrics.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    with (copied / "metrics.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows({**row, "iou_cell": "0.1" if row["method"].startswith("network") else "0.3"} for row in rows)
    (finding,) = examine_run(copied)
    assert "not better than a method without a network" in finding.sentence


def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    (tmp_path / "checkpoint.safetensors").write_bytes(b"no")
    with pytest.raises(ValueError, match="cannot be read as a checkpoint"):
        examine_run(tmp_path)
