"""Training and test sets of a folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.conftest import Unet
from tests.oracles.small_volumes import THIN_3D, UNLABELLED, VOLUMES, put, write_volumes
from unet_tutorial.datasets.files import write_image
from unet_tutorial.disk import make_folder
from unet_tutorial.jobs.data import read_data
from unet_tutorial.jobs.recipe import Recipe
from unet_tutorial.jobs.split import Split


def split(folder: Path, rank: int = 2, *, held_out: int = 0, unlabelled: int | None = None) -> Split:
    """The split of a folder with these options of a recipe."""
    labels = "instances" if rank == 3 else ""  # eight cells in each volume could be eight classes
    return read_data(Recipe(folder, labels=labels, held_out=held_out, unlabelled=unlabelled), rank).split


def images(folder: Path, count: int) -> Path:
    """The folder, with that many small images and masks, 00 .. in the order of their names."""
    for number in range(count):
        mask = np.kron(np.eye(2, dtype=np.uint8), np.full((4, 4), 255, np.uint8))
        write_image(make_folder(folder / "images") / f"{number:02}.png", mask // 2 + np.uint8(number))
        write_image(make_folder(folder / "labels") / f"{number:02}.png", mask)
    return folder


@pytest.mark.parametrize(("count", "held_out", "test"), [(12, 0, 2), (4, 0, 1), (2, 0, 1), (12, 5, 5), (12, 11, 11)])
def test_the_last_images_are_held_out(tmp_path: Path, count: int, held_out: int, test: int) -> None:
    found = split(images(tmp_path, count), held_out=held_out)
    names = [f"{number:02}" for number in range(count)]
    assert [pair.name for pair in found.train] == names[: count - test]
    assert [pair.name for pair in found.test] == names[count - test :]


def test_a_test_set_of_the_folder_is_used_unless_a_number_is_given(tmp_path: Path) -> None:
    images(tmp_path / "train", 5)
    images(tmp_path / "test", 3)
    assert [len(part) for part in split(tmp_path)] == [5, 3, 0]
    assert [len(part) for part in split(tmp_path, held_out=2)] == [3, 2, 0]


@pytest.mark.parametrize(("count", "held_out"), [(1, 0), (3, 3), (3, 4)])
def test_an_empty_training_set_is_refused(tmp_path: Path, count: int, held_out: int) -> None:
    with pytest.raises(ValueError, match=f"cannot hold out {held_out or 1} of {count} images; add images"):
        split(images(tmp_path, count), held_out=held_out)


def test_a_single_volume_is_held_out_across_its_longest_axis(tmp_path: Path) -> None:
    (train,), (test,), _ = split(write_volumes(tmp_path, range(1)), 3)
    assert (train.image.shape, test.image.shape) == ((1, 8, 32, 29), (1, 8, 32, 7))
    assert np.array_equal(np.concatenate((train.image[0], test.image[0]), 2), VOLUMES[0].image)
    assert train.known.shape == train.size


def test_a_single_volume_cannot_be_held_out_whole(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="without --held-out, a fifth of the volume is held out"):
        split(write_volumes(tmp_path, range(1)), 3, held_out=1)


def test_a_test_set_without_labels_is_refused_before_training(unet: Unet, tmp_path: Path) -> None:
    mask = VOLUMES[0].instances.astype(np.uint16)  # the longest axis is the last
    mask[..., 29:] = UNLABELLED
    with pytest.raises(ValueError, match="0-test: none of its pixels is labelled; put labelled images for testing"):
        split(put(tmp_path, mask), 3, unlabelled=UNLABELLED)
    code, text = unet("train", "--data", tmp_path, "-o", tmp_path / "run", "--unlabelled", UNLABELLED, *THIN_3D)
    assert code == 1
    assert "none of its pixels is labelled" in text
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("value", "words"),
    [(0, "0 is background in a mask"), (9999, "--unlabelled 9999: no mask in .* holds this value")],
)
def test_a_value_that_no_mask_holds_is_refused(value: int, words: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=words):
        split(write_volumes(tmp_path), 3, unlabelled=value)
