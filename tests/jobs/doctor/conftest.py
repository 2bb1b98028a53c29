"""A run that went well, and copies of it with planted faults."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.doctor.planted import cells, write
from unet_tutorial.jobs.job import CHECKPOINT, prepare, run
from unet_tutorial.jobs.recipe import Recipe
from unet_tutorial.learning.checkpoints import load, save
from unet_tutorial.learning.train import Training

Altered = Callable[..., Path]


@pytest.fixture(scope="session")
def good_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small network, trained on touching cells."""
    folder = tmp_path_factory.mktemp("doctor")
    recipe = Recipe(write(folder / "data", cells()), preset="padded", widths="8,16", steps=50, batch=2, tile="64", w0=0)
    run(prepare(recipe), folder / "run")
    return folder / "run"


@pytest.fixture
def altered(good_run: Path, tmp_path: Path) -> Altered:
    """A copy of the run after ``change(training)``, with some notes of its checkpoint and options replaced."""

    def make(
        change: Callable[[Training], object] = lambda _: None, cuts: dict[str, Any] | None = None, **options: Any
    ) -> Path:
        folder = tmp_path / "run"
        shutil.copytree(good_run, folder)
        kept = load(folder / CHECKPOINT)
        training = kept.training()
        change(training)
        notes = {**kept.notes, "recipe": {**kept.notes["recipe"], **options}}
        notes |= {"cuts": cuts} if cuts else {}
        save(folder / CHECKPOINT, training, preset=kept.preset, arguments=kept.arguments, notes=notes)
        (folder / "recipe.json").write_text(json.dumps(notes["recipe"]))
        return folder

    return make
