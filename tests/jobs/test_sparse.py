"""Sparse labels: what nobody has labelled is neither learned from nor scored."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tests.conftest import Unet
from tests.jobs.test_volumes import THIN, VOLUMES, write
from unet_tutorial.datasets.files import write_image
from unet_tutorial.datasets.folder import Pair, read_folder
from unet_tutorial.jobs.scores import row
from unet_tutorial.jobs.split import samples
from unet_tutorial.learning.baselines import wrong_pixels
from unet_tutorial.learning.checkpoints import load
from unet_tutorial.learning.losses.cross_entropy import UNLABELLED

UNKNOWN = 65535  # in a mask: nobody has labelled this voxel


@pytest.fixture
def sparse(tmp_path: Path) -> Path:
    """Two volumes of which somebody has labelled every second slice."""
    folder = write(tmp_path / "sparse", range(2))
    for number in range(2):
        mask = VOLUMES[number].instances.astype(np.uint16)
        mask[1::2] = UNKNOWN
        write_image(folder / "labels" / f"{number}.tif", mask)
    return folder


def test_open_voxels_carry_no_class_and_no_share_in_the_balance(sparse: Path) -> None:
    pair = read_folder(sparse, 3, unlabelled=UNKNOWN)[0]
    (sample,) = samples([pair], 0.0, 5.0)
    assert (sample.labels[1::2] == UNLABELLED).all()
    truth = torch.from_numpy(pair.labels[::2]).long()
    assert torch.equal(sample.labels[::2], truth)
    share = truth.float().mean()
    assert torch.allclose(sample.weights[::2], torch.where(truth == 1, 0.5 / share, 0.5 / (1 - share)))


def test_scores_count_labelled_voxels_only(sparse: Path) -> None:
    pair = read_folder(sparse, 3, unlabelled=UNKNOWN)[0]
    guess = np.random.default_rng(0).random(pair.image.shape).astype(np.float32)
    found = row("guess", [pair], [guess], 0.4)
    cell, truth = guess[::2] > 0.4, pair.labels[::2] > 0
    assert found.pixel_error == pytest.approx(np.mean(cell != truth))
    assert found.iou_cell == pytest.approx((cell & truth).sum() / (cell | truth).sum())
    dense = [np.where(pair.known, guess > 0.4, turned(pair))] * 2
    wrong = wrong_pixels(dense, [pair.labels] * 2, [pair.known] * 2)
    assert wrong == pytest.approx(found.pixel_error)


def turned(pair: Pair) -> NDArray[np.bool_]:
    """Wrong everywhere; where nobody has looked it must not count."""
    return np.asarray(pair.labels == 0)


@pytest.mark.slow
def test_a_network_is_trained_on_sparse_labels(unet: Unet, sparse: Path, tmp_path: Path) -> None:
    code, text = unet("train", "--data", sparse, "-o", tmp_path / "run", "--unlabelled", UNKNOWN, *THIN)
    assert code == 0, text
    losses = load(tmp_path / "run" / "checkpoint.safetensors").tensors["losses"]
    assert len(losses) == 2
