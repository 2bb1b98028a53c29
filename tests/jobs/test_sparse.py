"""Sparse labels: what nobody has labelled is neither learned from nor scored."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from tests.conftest import Unet
from tests.jobs.test_volumes import THIN, VOLUMES, write
from unet_tutorial.datasets.files import write_image
from unet_tutorial.datasets.folder import Pair, read_folder
from unet_tutorial.jobs.scores import row
from unet_tutorial.jobs.split import samples
from unet_tutorial.learning.baselines import wrong_pixels
from unet_tutorial.learning.checkpoints import load
from unet_tutorial.learning.losses.cross_entropy import UNLABELLED, sparse_cross_entropy, weighted_cross_entropy

UNKNOWN = 65535  # in a mask: nobody has labelled this voxel


def drawn(share: float) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn((2, 3, 4, 5, 6), generator=generator, dtype=torch.float64).requires_grad_()
    target = torch.randint(3, (2, 4, 5, 6), generator=generator)
    weights = torch.rand((2, 4, 5, 6), generator=generator, dtype=torch.float64)
    return logits, target.where(torch.rand(target.shape, generator=generator) < share, UNLABELLED), weights


@pytest.mark.parametrize("share", [0.05, 0.6, 1.0])
def test_the_sparse_loss_is_torchs_with_an_ignored_index(share: float) -> None:
    logits, target, weights = drawn(share)
    ones = torch.ones_like(weights)
    wanted = F.cross_entropy(logits, target, ignore_index=UNLABELLED)
    torch.testing.assert_close(sparse_cross_entropy(logits, target, ones), wanted)
    each = weights * F.cross_entropy(logits, target, ignore_index=UNLABELLED, reduction="none")
    torch.testing.assert_close(sparse_cross_entropy(logits, target, weights), each.sum() / (target >= 0).sum())


def test_dense_labels_give_the_dense_loss_bit_for_bit_and_none_give_0() -> None:
    logits, target, weights = drawn(1.0)
    assert torch.equal(sparse_cross_entropy(logits, target, weights), weighted_cross_entropy(logits, target, weights))
    nothing = sparse_cross_entropy(logits, torch.full_like(target, UNLABELLED), weights)
    nothing.backward()
    assert nothing == 0
    assert logits.grad is not None
    assert not logits.grad.any()


def test_open_pixels_have_no_gradient_and_other_classes_are_refused() -> None:
    logits, target, weights = drawn(0.5)
    sparse_cross_entropy(logits, target, weights).backward()
    assert logits.grad is not None
    assert torch.equal(logits.grad.abs().sum(1) > 0, target >= 0)
    with pytest.raises(ValueError, match="target holds classes -2 to 2"):
        sparse_cross_entropy(logits, target.where(target != 0, -2), weights)


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
