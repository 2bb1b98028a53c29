"""The data of a recipe: a task with the statistics of the training images only."""

from pathlib import Path

import numpy as np

from unet_tutorial.datasets.files import read_image
from unet_tutorial.jobs.data import read_data
from unet_tutorial.jobs.recipe import Recipe


def test_the_statistics_are_those_of_the_training_images(folder: Path) -> None:
    data = read_data(Recipe(folder, held_out=1, normalise="data"))
    assert [pair.name for part in data.split for pair in part] == ["a", "b", "c"]
    pixels = np.stack([read_image(folder / "images" / f"{name}.png") for name in "ab"]).astype(float)
    assert data.task.normaliser.method == "data"
    np.testing.assert_allclose(data.task.normaliser.mean, [pixels.mean()])
    np.testing.assert_allclose(data.task.normaliser.std, [pixels.std()])
    assert data.task.channels == ("grey",)
