"""The data of a recipe: a task with the statistics of the training images only."""

from pathlib import Path
from shutil import copytree

import numpy as np
import pytest

from tests.oracles.small_volumes import put
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


def test_unlabelled_slices_that_are_left_out_hold_the_value(tmp_path: Path) -> None:
    squares = np.kron(np.eye(2, dtype=np.uint16), np.full((8, 8), 1, np.uint16))
    mask = np.full((6, 16, 16), 255, np.uint16)
    mask[[1, 4, 5]] = squares
    data = read_data(Recipe(put(tmp_path, mask), unlabelled=255))
    assert [pair.name for part in data.split for pair in part] == ["0-01", "0-04", "0-05"]
    assert "3 of 6 images or slices have no labelled pixel and are left out" in data.remarks
