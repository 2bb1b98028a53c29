"""Folders of sparse labels: what is open is left out, and what cannot be meant is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.conftest import Unet
from tests.jobs.test_volumes import THIN, VOLUMES, write
from unet_tutorial.datasets.files import write_image
from unet_tutorial.datasets.folder import read_folder
from unet_tutorial.jobs.split import read_split, samples

UNLABELLED = 65535


def put(folder: Path, mask: NDArray[np.uint16], name: str = "0") -> Path:
    """The mask beside an image of its size."""
    for part, array in (("images", np.full(mask.shape, 9, np.uint8)), ("labels", mask)):
        (folder / part).mkdir(parents=True, exist_ok=True)
        write_image(folder / part / f"{name}.tif", array)
    return folder


def test_a_cell_seen_in_every_second_slice_is_one_cell_and_carries_no_border(tmp_path: Path) -> None:
    mask = np.zeros((8, 20, 20), np.uint16)
    mask[:, 8:12, 8:12] = 255
    dense = read_folder(put(tmp_path / "dense", mask), 3)
    mask[1::2] = UNLABELLED
    sparse = read_folder(put(tmp_path / "sparse", mask), 3, unlabelled=UNLABELLED)
    assert [pair.instances.max() for pair in (*dense, *sparse)] == [1, 1]
    (all_of_it,), (half,) = (samples(pairs, 10.0, 5.0) for pairs in (dense, sparse))
    assert half.weights[::2].allclose(all_of_it.weights[::2])


def test_slices_of_which_nothing_is_labelled_are_left_out_in_two_dimensions(tmp_path: Path) -> None:
    mask = np.full((6, 8, 8), UNLABELLED, np.uint16)
    mask[[1, 4]] = np.kron(np.eye(2, dtype=np.uint16), np.full((4, 4), 255, np.uint16))
    assert [pair.name for pair in read_folder(put(tmp_path, mask), unlabelled=UNLABELLED)] == ["0-01", "0-04"]


def test_what_cannot_be_tested_on_is_refused_before_training(unet: Unet, tmp_path: Path) -> None:
    mask = VOLUMES[0].instances.astype(np.uint16)  # the longest axis is the last
    mask[..., 29:] = UNLABELLED
    with pytest.raises(ValueError, match="0-test: no pixel of it is labelled; put labelled images for testing into test/"):
        read_split(put(tmp_path, mask), 0, 3, UNLABELLED)
    code, text = unet("train", "--data", tmp_path, "-o", tmp_path / "run", "--unlabelled", UNLABELLED, *THIN)
    assert code == 1
    assert "no pixel of it is labelled" in text
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("value", "words"),
    [(0, "0 is background in a mask"), (9999, "--unlabelled 9999: no mask in .* holds this value")],
)
def test_a_value_that_cannot_be_meant_is_refused(value: int, words: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=words):
        read_split(write(tmp_path), 0, 3, value)


def test_a_folder_in_which_nothing_is_labelled_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="every pixel of its masks has the value 65535"):
        read_folder(put(tmp_path, np.full((3, 8, 8), UNLABELLED, np.uint16)), 3, unlabelled=UNLABELLED)
