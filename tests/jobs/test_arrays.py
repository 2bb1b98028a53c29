"""Training and prediction on arrays: the same as by files, for every kind of label."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from unet_tutorial.datasets.annotations.labels import connected_cells
from unet_tutorial.datasets.images.files import read_image
from unet_tutorial.jobs import predict, train
from unet_tutorial.jobs.data import read_data
from unet_tutorial.jobs.job import begin, job_of
from unet_tutorial.jobs.job import train as train_for
from unet_tutorial.jobs.predictor import Predictor
from unet_tutorial.jobs.recipe import Recipe
from unet_tutorial.jobs.scores import best_thresholds
from unet_tutorial.learning.checkpoints import load

RNG = np.random.default_rng(0)
CLASSES = [np.kron(RNG.integers(0, 3, (6, 7)), np.ones((8, 8), int)).astype(np.uint8) for _ in range(3)]
COLOUR = [np.stack([100 * (labels == k) for k in range(3)], -1) + RNG.integers(0, 9, (48, 56, 3)) for labels in CLASSES]
THIN: dict[str, Any] = {"widths": "2,4", "tile": "36", "batch": 1, "steps": 3}


def test_arrays_give_the_weights_of_the_files(folder: Path) -> None:
    """The images of the folder that are not held out, in memory."""
    names = ["a", "b"]
    images, masks = ([read_image(folder / part / f"{name}.png") for name in names] for part in ("images", "labels"))
    recipe = Recipe(folder, held_out=1, **THIN)
    data = read_data(recipe)
    job = job_of(recipe, data, begin(recipe, data.task)[0])
    train_for(job, lambda _training: None)
    model = train(images, masks, **THIN)
    ours, theirs = model.predictor.net.state_dict(), job.training.net.state_dict()
    assert all(torch.equal(ours[key], theirs[key]) for key in theirs)


def test_classes_in_colour_are_predicted_saved_and_loaded(tmp_path: Path) -> None:
    lines: list[str] = []
    model = train(COLOUR, CLASSES, labels="classes", classes="ground,leaf,stem", log=lines.append, **THIN)
    assert lines[0].startswith("labels: 3 classes")
    assert lines[-1].startswith("step 3 of 3: loss ")
    found = model.predict(COLOUR[0])
    np.testing.assert_array_equal(found, model.probabilities(COLOUR[0]).argmax(0))
    model.save(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(predict(tmp_path / "model.safetensors", COLOUR[0]), found)
    assert load(tmp_path / "model.safetensors").notes["task"]["scheme"]["names"] == ["ground", "leaf", "stem"]
    with pytest.raises(ValueError, match="this file exists"):
        model.save(tmp_path / "model.safetensors")


def test_instances_come_back_as_instances(folder: Path) -> None:
    image, mask = (read_image(folder / part / "a.png") for part in ("images", "labels"))
    model = train([image], [connected_cells(mask)], labels="instances", **THIN)
    cells = model.probabilities(image)[1] > model.predictor.thresholds[0]
    np.testing.assert_array_equal(model.predict(image), connected_cells(cells))


def test_a_saved_model_has_the_thresholds_with_and_without_test_time_augmentation(folder: Path, tmp_path: Path) -> None:
    image, mask = (read_image(folder / part / "a.png") for part in ("images", "labels"))
    model = train([image], [mask], **THIN)
    model.save(tmp_path / "model.safetensors")
    train_pairs = read_data(Recipe(folder, held_out=2)).split.train
    for views, thresholds in best_thresholds(model.predictor, train_pairs).items():
        assert Predictor.from_file(tmp_path / "model.safetensors", views=views).thresholds == thresholds != ()


def test_layers_come_back_as_layers() -> None:
    layers: list[NDArray[np.uint8]] = [np.stack([labels > 0, labels > 1]).astype(np.uint8) for labels in CLASSES]
    model = train(COLOUR, layers, **THIN)
    found = model.predict(COLOUR[1])
    assert found.shape == (2, 48, 56)
    assert len(model.predictor.thresholds) == 2
    for layer, probability, threshold in zip(
        found, model.probabilities(COLOUR[1]), model.predictor.thresholds, strict=True
    ):
        np.testing.assert_array_equal(layer, probability > threshold)


def test_bad_options_and_images_are_refused() -> None:
    with pytest.raises(TypeError, match="stepz"):
        train(COLOUR, CLASSES, stepz=3)
    model = train(COLOUR, CLASSES, labels="classes", **THIN)
    with pytest.raises(ValueError, match="has 1 channels, and the network was trained on 3"):
        model.predict(COLOUR[0][..., 0])
    with pytest.raises(ValueError, match="--unlabelled 7: no mask in arrays holds this value"):
        train(COLOUR, CLASSES, labels="classes", unlabelled=7, **THIN)


@pytest.mark.parametrize(
    ("name", "value"), [("channels", "red"), ("validate", 1), ("held_out", 1), ("split_by", "(.)"), ("data", Path("x"))]
)
def test_options_of_folders_would_have_no_effect_and_are_refused(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"{name}=.*: this option is for a run on a folder of files"):
        train(COLOUR, CLASSES, labels="classes", **THIN, **{name: value})
