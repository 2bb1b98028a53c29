"""Training and test sets of a folder; samples whose unlabelled pixels have no class and no share in the weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tests.conftest import Unet
from tests.oracles.small_volumes import THIN_3D, UNLABELLED, VOLUMES, write_sparse_volumes, write_volumes
from unet_tutorial.datasets.files import standardise, write_image
from unet_tutorial.datasets.folder import paired, read_folder
from unet_tutorial.disk import make_folder
from unet_tutorial.jobs.split import read_split, samples
from unet_tutorial.learning.losses.cross_entropy import UNLABELLED as NO_CLASS
from unet_tutorial.learning.losses.weight_maps import weight_map


def images(folder: Path, count: int) -> Path:
    """The folder, with that many small images and masks, 00 .. in the order of their names."""
    for number in range(count):
        mask = np.kron(np.eye(2, dtype=np.uint8), np.full((4, 4), 255, np.uint8))
        write_image(make_folder(folder / "images") / f"{number:02}.png", mask // 2 + np.uint8(number))
        write_image(make_folder(folder / "labels") / f"{number:02}.png", mask)
    return folder


@pytest.mark.parametrize(("count", "held_out", "test"), [(12, 0, 2), (4, 0, 1), (2, 0, 1), (12, 5, 5), (12, 11, 11)])
def test_the_last_images_are_held_out(tmp_path: Path, count: int, held_out: int, test: int) -> None:
    split = read_split(images(tmp_path, count), held_out)
    names = [f"{number:02}" for number in range(count)]
    assert [pair.name for pair in split.train] == names[: count - test]
    assert [pair.name for pair in split.test] == names[count - test :]


def test_a_test_set_of_the_folder_is_used_unless_a_number_is_given(tmp_path: Path) -> None:
    images(tmp_path / "train", 5)
    images(tmp_path / "test", 3)
    assert [len(part) for part in read_split(tmp_path, 0)] == [5, 3]
    assert [len(part) for part in read_split(tmp_path, 2)] == [3, 2]


@pytest.mark.parametrize(("count", "held_out"), [(1, 0), (3, 3), (3, 4)])
def test_an_empty_training_set_is_refused(tmp_path: Path, count: int, held_out: int) -> None:
    with pytest.raises(ValueError, match=f"cannot hold out {held_out or 1} of {count} images; add images"):
        read_split(images(tmp_path, count), held_out)


def test_a_single_volume_is_held_out_across_its_longest_axis(tmp_path: Path) -> None:
    (train,), (test,) = read_split(write_volumes(tmp_path, range(1)), 0, 3)
    assert (train.image.shape, test.image.shape) == ((8, 32, 29), (8, 32, 7))
    assert np.array_equal(np.concatenate((train.image, test.image), 2), VOLUMES[0].image)
    assert train.known.shape == train.image.shape


def test_a_single_volume_cannot_be_held_out_whole(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="without --held-out, a fifth of the volume is held out"):
        read_split(write_volumes(tmp_path, range(1)), 1, 3)


def put(folder: Path, mask: NDArray[np.uint16], name: str = "0") -> Path:
    """The folder, with the mask and an image of its size."""
    for part, array in (("images", np.full(mask.shape, 9, np.uint8)), ("labels", mask)):
        (folder / part).mkdir(parents=True, exist_ok=True)
        write_image(folder / part / f"{name}.tif", array)
    return folder


def test_a_test_set_without_labels_is_refused_before_training(unet: Unet, tmp_path: Path) -> None:
    mask = VOLUMES[0].instances.astype(np.uint16)  # the longest axis is the last
    mask[..., 29:] = UNLABELLED
    with pytest.raises(ValueError, match="0-test: none of its pixels is labelled; put labelled images for testing"):
        read_split(put(tmp_path, mask), 0, 3, UNLABELLED)
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
        read_split(write_volumes(tmp_path), 0, 3, value)


def test_samples_are_standardised_with_the_weight_map_of_equation_2() -> None:
    cells = np.kron(np.array([[1, 0, 2], [0, 3, 0]]), np.ones((6, 6))).astype(np.int32)
    image = np.random.default_rng(0).integers(0, 256, (12, 18), dtype=np.uint8)
    (sample,) = samples([paired("a", image, cells)], 10.0, 5.0)
    np.testing.assert_array_equal(sample.image[0], standardise(image))
    np.testing.assert_array_equal(sample.labels, cells > 0)
    np.testing.assert_allclose(sample.weights, weight_map(cells), rtol=1e-6)


def test_unlabelled_voxels_have_no_class_and_no_share_in_the_balance(tmp_path: Path) -> None:
    pair = read_folder(write_sparse_volumes(tmp_path), 3, unlabelled=UNLABELLED)[0]
    (sample,) = samples([pair], 0.0, 5.0)
    assert (sample.labels[1::2] == NO_CLASS).all()
    truth = torch.from_numpy(pair.labels[::2]).long()
    assert torch.equal(sample.labels[::2], truth)
    share = truth.float().mean()
    assert torch.allclose(sample.weights[::2], torch.where(truth == 1, 0.5 / share, 0.5 / (1 - share)))


def test_a_cell_labelled_in_every_second_slice_is_one_cell_without_border_weights(tmp_path: Path) -> None:
    mask = np.zeros((8, 20, 20), np.uint16)
    mask[:, 8:12, 8:12] = 255
    dense = read_folder(put(tmp_path / "dense", mask), 3)
    mask[1::2] = UNLABELLED
    sparse = read_folder(put(tmp_path / "sparse", mask), 3, unlabelled=UNLABELLED)
    assert [pair.instances.max() for pair in (*dense, *sparse)] == [1, 1]
    (all_of_it,), (half,) = (samples(pairs, 10.0, 5.0) for pairs in (dense, sparse))
    assert half.weights[::2].allclose(all_of_it.weights[::2])
