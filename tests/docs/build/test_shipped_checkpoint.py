"""The network in ``data/``: small, without paths, and better than a threshold on images that it has not seen."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from docs.build.shipped_checkpoint import RECIPE, SHIPPED
from unet_tutorial.datasets.course_data import DATA
from unet_tutorial.datasets.folder import read_folder
from unet_tutorial.jobs.predictor import Predictor
from unet_tutorial.jobs.recipe import Recipe
from unet_tutorial.learning.checkpoints import load
from unet_tutorial.metrics.pixels import iou, pixel_error


def test_it_is_small_and_holds_its_recipe_without_the_path_of_a_machine() -> None:
    assert SHIPPED.stat().st_size <= 500_000
    kept = load(SHIPPED)
    assert Recipe.from_notes(kept.notes["recipe"]) == replace(RECIPE, data=Path("data/em"))
    assert '"/' not in json.dumps(kept.notes)


def test_it_finds_the_cells_of_the_held_out_images() -> None:
    predictor = Predictor.from_file(SHIPPED)
    scores = []
    for pair in read_folder(DATA / "em" / "test"):
        labels = predictor.labels(predictor(pair.image))
        scores.append((pixel_error(labels.astype(np.float32), pair.labels), iou(labels, pair.labels, label=1)))
    error, cells = np.mean(scores, axis=0)
    assert error < 0.10  # the best threshold on the smoothed image has 0.1636
    assert cells > 0.88  # and 0.8112
