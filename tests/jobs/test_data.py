"""The data of a recipe: a task with the statistics of the training images only."""

from pathlib import Path
from shutil import copytree

import numpy as np
import pytest

from unet_tutorial.datasets.images.files import read_image
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


def test_images_that_are_in_two_sets_and_parts_without_use_are_remarks(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    both = tmp_path_factory.mktemp("both")
    for part in ("train", "test"):
        copytree(folder, both / part)
    data = read_data(Recipe(both))
    assert any("3 of the 3 test images equal training images" in remark for remark in data.remarks)
    data = read_data(Recipe(both, held_out=1))
    assert "the 3 images in test/ are not used, because of --held-out 1" in data.remarks
    assert not any("equal" in remark for remark in data.remarks)
