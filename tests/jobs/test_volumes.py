"""Volumes through the command line: a stack is trained on and predicted as one, with flat levels and open labels."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.conftest import Unet
from unet_tutorial.datasets.files import read_image, write_image
from unet_tutorial.datasets.folder import paired, read_folder
from unet_tutorial.datasets.labels import separated
from unet_tutorial.datasets.walls import cell_walls
from unet_tutorial.inference.tiling import predict_tiled
from unet_tutorial.jobs.job import batches_of, begin, train
from unet_tutorial.jobs.predictor import Predictor
from unet_tutorial.jobs.recipe import Recipe
from unet_tutorial.jobs.split import Split, read_split
from unet_tutorial.learning.checkpoints import load

VOLUMES = [cell_walls(seed, (8, 32, 36), cells=8) for seed in (0, 1, 2)]
THIN = ["--preset", "unet3d", "--widths", "2,4,4", "--batch", "1", "--steps", "2"]
UNKNOWN = 65535  # in a mask: nobody has labelled this voxel


def write(folder: Path, numbers: range = range(3)) -> Path:
    for number in numbers:
        for part, array in (("images", VOLUMES[number].image), ("labels", VOLUMES[number].instances.astype(np.uint16))):
            (folder / part).mkdir(parents=True, exist_ok=True)
            write_image(folder / part / f"{number}.tif", array)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "stacks")


def test_a_volume_is_read_as_one_and_its_touching_cells_are_parted_in_space(folder: Path) -> None:
    pairs = read_folder(folder, 3)
    assert [pair.image.shape for pair in pairs] == [(8, 32, 36)] * 3
    for pair, volume in zip(pairs, VOLUMES, strict=True):
        assert np.array_equal(pair.image, volume.image)
        assert np.array_equal(pair.labels, separated(volume.instances) > 0)
        assert pair.known.all()
    assert len(read_folder(folder)) == 24  # slice by slice, for a network of two axes


def test_a_binary_volume_is_counted_in_space(tmp_path: Path) -> None:
    mask = np.zeros((3, 8, 8), np.uint8)
    mask[:, 2:4, 2:4] = 255  # one column through all slices
    for part in ("images", "labels"):
        (tmp_path / part).mkdir()
        write_image(tmp_path / part / "a.tif", mask)
    (pair,) = read_folder(tmp_path, 3)
    assert pair.instances.max() == 1
    assert [one.instances.max() for one in read_folder(tmp_path)] == [1, 1, 1]


def test_a_single_volume_is_held_out_across_its_longest_axis(tmp_path: Path) -> None:
    (train,), (test,) = read_split(write(tmp_path, range(1)), 0, 3)
    assert (train.image.shape, test.image.shape) == ((8, 32, 29), (8, 32, 7))
    assert np.array_equal(np.concatenate((train.image, test.image), 2), VOLUMES[0].image)
    assert train.known.shape == train.image.shape


@pytest.mark.slow
def test_a_stack_is_trained_on_with_flat_levels_and_predicted_as_a_volume(
    unet: Unet, folder: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    code, text = unet("train", "--data", folder, "-o", run, "--spacing", "3,1,1", "--bf16", *THIN)
    assert code == 0, text
    assert "unet3d U-Net, planar levels 0: 2 volumes to learn from, 1 held out" in text
    checkpoint = load(run / "checkpoint.safetensors")
    assert (checkpoint.preset, checkpoint.arguments) == ("unet3d", {"widths": [2, 4, 4], "planar": [0]})
    assert checkpoint.network().levels[1].stride == (1, 2, 2)
    assert len(list(csv.reader((run / "metrics.csv").open()))) == 5
    assert (run / "held_out_2.png").is_file()
    image = folder / "images" / "1.tif"
    code, text = unet("predict", run / "checkpoint.safetensors", image, "-o", tmp_path / "out", "--tile", "40,64,64")
    assert code == 0, text
    predictor = Predictor.from_file(run / "checkpoint.safetensors")
    scaled = (VOLUMES[1].image - VOLUMES[1].image.mean()) / VOLUMES[1].image.std()
    whole = predict_tiled(predictor.net, torch.from_numpy(scaled).float()[None]).softmax(0)[1]
    assert np.allclose(read_image(tmp_path / "out" / "1_probability.tif"), whole, atol=1e-5)
    assert read_image(tmp_path / "out" / "1_mask.tif").shape == (8, 32, 36)


BAD: list[tuple[tuple[object, ...], str]] = [
    (("--preset", "padded", "--spacing", "3,1,1"), "takes in_channels"),
    (("--spacing", "3,0,1"), "each axis needs a length above 0"),
    (("--spacing", "3,1"), "3 numbers"),
    (("--spacing", "a,b,c"), "spacing 'a,b,c': write numbers with commas"),
    (("--spacing", "1,3,1"), "only the first axis may be the coarse one"),
    (("--tile", "16,16"), "one side or 3 are needed"),
    (("--tile", "17"), "the nearest sizes that do are 16 and 20"),
    (("--widths", "2,2,2,2,2"), "8 pixels along axis 0, but one pixel of the coarsest level of this network covers 16"),
    (("--unlabelled", "no"), "not a valid int"),
]


@pytest.mark.parametrize(("options", "words"), BAD)
def test_what_cannot_be_trained_on_is_refused_in_a_sentence(
    unet: Unet, folder: Path, tmp_path: Path, options: tuple[object, ...], words: str
) -> None:
    code, text = unet("train", "--data", folder, "-o", tmp_path / "run", *THIN, *options)
    assert code in (1, 2)
    assert words in " ".join(text.split())
    assert not (tmp_path / "run").exists()


def test_nan_in_a_volume_is_refused_with_its_slice(unet: Unet, folder: Path, tmp_path: Path) -> None:
    broken = VOLUMES[0].image.astype(np.float32)
    broken[5, 3, 3] = np.nan
    write_image(folder / "images" / "0.tif", broken)
    code, text = unet("train", "--data", folder, "-o", tmp_path / "run", *THIN)
    assert code == 1
    assert "0.tif, slice 05: 1 of 1152 pixels are NaN or infinite" in text
    assert not (tmp_path / "run").exists()


def test_mixed_precision_trains_otherwise_and_the_same_way_twice() -> None:
    losses = []
    for bf16 in (False, True, True):
        recipe = Recipe(preset="unet3d", widths="2,4", tile="8", batch=1, steps=3, bf16=bf16)
        split = Split([paired("a", VOLUMES[0].image, separated(VOLUMES[0].instances))], [])
        training = begin(recipe, None)
        train(training, batches_of(training, split, recipe, (8, 8, 8)), recipe, lambda _: None)
        losses.append(training.losses)
    assert losses[1] == losses[2] != losses[0]
    assert losses[1] == pytest.approx(losses[0], rel=0.05)


def test_walls_are_made_for_training_and_the_next_command_is_said(unet: Unet, tmp_path: Path) -> None:
    code, text = unet("data", "walls", tmp_path / "walls", "--images", 2, "--size", 48)
    assert code == 0
    assert "2 volumes of 9 × 48 × 48 pixels" in text
    assert f"unet train --data {tmp_path / 'walls'} --preset unet3d --spacing 3,1,1" in " ".join(text.split())
    assert [pair.image.shape for pair in read_folder(tmp_path / "walls", 3)] == [(9, 48, 48)] * 2
    assert "--size 42: a volume of walls needs a side of at least 43" in unet("data", "walls", tmp_path, "--size", 42)[1]
