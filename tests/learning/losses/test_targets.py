"""Probabilities and truth of both kinds of target, one-hot labels, and groups of pixels."""

from __future__ import annotations

import pytest
import torch

from tests.oracles.loss_inputs import as_labels, random_classes, random_labels
from unet_tutorial.learning.losses.cross_entropy import UNLABELLED
from unet_tutorial.learning.losses.lovasz import lovasz_loss
from unet_tutorial.learning.losses.overlap import generalised_dice_loss
from unet_tutorial.learning.losses.targets import Loss, as_channels, mean_of_known, one_hot, per_batch, per_image


def test_classes_are_compared_with_the_softmax_and_labels_with_the_sigmoid() -> None:
    logits, target, weights = random_classes(known=0.5)
    parts = as_channels(logits, target, weights)
    torch.testing.assert_close(parts.predicted, logits.exp() / logits.exp().sum(1, keepdim=True))
    logits, target, weights = as_labels((logits, target, weights))
    found = as_channels(logits, target, weights)
    torch.testing.assert_close(found.predicted, 1 / (1 + (-logits).exp()))
    torch.testing.assert_close(found.true, parts.true)
    torch.testing.assert_close(found.weights, parts.weights)


def test_truth_and_weights_pixel_by_pixel() -> None:
    logits, target, weights = random_classes((3, 2), known=0.5)
    _, true, counted = as_channels(logits, target, weights)
    for n, y, x in torch.cartesian_prod(torch.arange(2), torch.arange(3), torch.arange(2)).tolist():
        label = int(target[n, y, x])
        assert true[n, :, y, x].tolist() == [float(k == label) for k in range(3)]
        weight = 0.0 if label == UNLABELLED else float(weights[n, y, x])
        assert counted[n, :, y, x].tolist() == [weight] * 3


def test_a_label_may_be_missing_in_one_channel_alone() -> None:
    logits, target, weights = random_labels()
    target[0, 1] = UNLABELLED
    counted = as_channels(logits, target, weights).weights
    assert torch.equal(counted[:, 0], weights)
    assert not counted[0, 1].any()
    assert torch.equal(counted[1, 1], weights[1])


def test_half_precision_sums_would_overflow() -> None:
    logits, target = torch.zeros(1, 1, 400, 400, dtype=torch.float16), torch.ones(1, 1, 400, 400)
    p, _, w = as_channels(logits, target, torch.ones(1, 400, 400))
    assert float((w * p).sum()) == 80_000
    assert logits.sigmoid().sum().isinf()


def test_one_hot_is_that_of_torch_and_refuses_other_classes() -> None:
    _, target, _ = random_classes()
    assert torch.equal(one_hot(target, 3).long(), torch.nn.functional.one_hot(target, 3).movedim(-1, 1))
    for bad in (target + 1, target - 2):
        with pytest.raises(ValueError, match=r"classes .* to .*3 channels"):
            one_hot(bad, 3)


@pytest.mark.parametrize("size", [(), (4,), (2, 3), (2, 3, 2)])
def test_groups_hold_the_pixels_of_one_image_or_of_the_batch(size: tuple[int, ...]) -> None:
    values = torch.rand(2, 3, *size)
    images, batch = per_image(values), per_batch(values)
    assert batch.shape == (1, 3, 2 * images.shape[2])
    for k in range(3):
        assert torch.equal(batch[0, k], torch.cat([values[0, k].flatten(), values[1, k].flatten()]))
        assert all(torch.equal(images[n, k], values[n, k].flatten()) for n in range(2))


def test_the_mean_of_known_values() -> None:
    values, known = torch.tensor([1.0, 5.0, torch.inf]), torch.tensor([True, True, False])
    assert mean_of_known(values, known) == 3
    assert mean_of_known(values, ~known).isinf()
    assert mean_of_known(values, known & False) == 0


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("loss", [lovasz_loss, generalised_dice_loss])
def test_weights_of_half_precision_give_the_sums_of_large_images(loss: Loss, dtype: torch.dtype) -> None:
    """1e5 pixels of weight 3 overflow float16, and its cumulative sums stop growing at 2048 pixels of weight 1."""
    torch.manual_seed(0)
    target = (torch.rand(1, 300, 350) > 0.7).long()
    logits, weights = torch.randn(1, 2, 300, 350).to(dtype), torch.full((1, 300, 350), 3.0)
    exact = loss(logits.double(), target, weights.double())
    assert float(loss(logits, target, weights.to(dtype))) == pytest.approx(float(exact), abs=1e-5)
