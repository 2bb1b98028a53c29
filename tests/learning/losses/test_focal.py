"""Focal losses against cross-entropy (gamma 0), the formula in probabilities, published values and MONAI."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F

from tests.oracles.loss_inputs import as_labels, ones, probabilities, random_classes, random_labels
from unet_tutorial.learning.losses.binary_cross_entropy import binary_cross_entropy
from unet_tutorial.learning.losses.cross_entropy import sparse_cross_entropy
from unet_tutorial.learning.losses.focal import sigmoid_focal_loss, softmax_focal_loss

SPATIAL = [(5,), (4, 6), (2, 3, 4)]
KERAS = probabilities(p=[0.9, 0.2, 0.6, 0.4], t=[1, 0, 1, 0])


@pytest.mark.parametrize("spatial", SPATIAL)
def test_with_gamma_0_they_are_cross_entropy(spatial: tuple[int, ...]) -> None:
    inputs = random_classes(spatial, known=0.7)
    torch.testing.assert_close(softmax_focal_loss(*inputs, gamma=0), sparse_cross_entropy(*inputs))
    inputs = random_labels(spatial, known=0.7)
    labels: list[dict[str, Any]] = [{}, {"positive": 0.25, "negative": 0.75}]
    for weights in labels:
        torch.testing.assert_close(
            sigmoid_focal_loss(*inputs, gamma=0, **weights), binary_cross_entropy(*inputs, **weights)
        )
    logits, target, _ = random_labels(spatial)
    wanted = F.binary_cross_entropy_with_logits(logits, target)
    torch.testing.assert_close(sigmoid_focal_loss(logits, target, ones(target, logits), gamma=0), wanted)


@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0, 5.0])
def test_they_are_the_formula_in_probabilities(gamma: float) -> None:
    logits, target, weights = random_classes(known=0.7)
    p = logits.softmax(1).gather(1, target.clamp(min=0)[:, None])[:, 0]
    each = -weights * (1 - p) ** gamma * p.log()
    torch.testing.assert_close(softmax_focal_loss(logits, target, weights, gamma=gamma), each[target >= 0].mean())
    logits, target, weights = random_labels(known=0.7)
    p = logits.sigmoid().where(target == 1, 1 - logits.sigmoid())
    each = -weights[:, None] * p.log() * (1 - p) ** gamma
    torch.testing.assert_close(sigmoid_focal_loss(logits, target, weights, gamma=gamma), each[target >= 0].mean())


def test_values_of_the_keras_family() -> None:
    """There one file sums, and clips p to avoid log 0, which its first version had as NaN."""
    assert 4 * float(sigmoid_focal_loss(*KERAS, positive=0.25, negative=0.75)) == pytest.approx(0.088690, abs=1e-6)
    assert float(sigmoid_focal_loss(*KERAS, positive=0.99, negative=0.01)) == pytest.approx(0.020716, abs=1e-6)


def test_the_value_of_pytorch_3dunet_and_monai() -> None:
    logits = torch.tensor([[1.0, 1.0], [0.5, 0.0]], dtype=torch.float64).expand(1, 3, 2, 2)
    target = torch.tensor([[[0, 1], [2, 0]]])
    inputs = as_labels((logits, target, ones(target, logits)))
    assert float(sigmoid_focal_loss(*inputs)) == pytest.approx(0.34959, abs=5e-6)


def test_certain_predictions_have_the_gradients_of_the_limit() -> None:
    """(1 - p) ** 0.5 of p = 1 has an infinite slope."""
    logits = torch.tensor([[[200.0, -200.0]]], requires_grad=True)
    for target, wanted in (([1.0, 0.0], [0.0, 0.0]), ([0.0, 1.0], [0.5, -0.5])):
        loss = sigmoid_focal_loss(logits, torch.tensor([[target]]), torch.ones(1, 2), gamma=0.5)
        (gradient,) = torch.autograd.grad(loss, logits)
        torch.testing.assert_close(gradient, torch.tensor([[wanted]]))


@pytest.mark.parametrize("spatial", [(4, 6), (2, 3, 4)])
@pytest.mark.parametrize("gamma", [0.0, 1.0, 2.0])
def test_values_are_those_of_monai(gamma: float, spatial: tuple[int, ...]) -> None:
    """MONAI divides its softmax loss by the entries of all classes: it is a K-th of the mean over pixels."""
    monai: Any = pytest.importorskip("monai.losses", reason="MONAI is not installed")
    logits, target, _ = random_classes(spatial)
    plain = ones(target, logits)
    there = monai.FocalLoss(to_onehot_y=True, use_softmax=True, gamma=gamma)(logits, target[:, None])
    assert float(softmax_focal_loss(logits, target, plain, gamma=gamma)) == pytest.approx(3 * float(there), abs=1e-6)
    logits, target, _ = random_labels(spatial)
    there = monai.FocalLoss(gamma=gamma, alpha=0.25)(logits, target)
    here = sigmoid_focal_loss(logits, target, plain, gamma=gamma, positive=0.25, negative=0.75)
    assert float(here) == pytest.approx(float(there), abs=1e-6)


@pytest.mark.parametrize("gamma", [-1.0, float("nan"), float("inf")])
def test_a_gamma_that_rewards_errors_is_refused(gamma: float) -> None:
    with pytest.raises(ValueError, match=r"gamma is .*at least 0"):
        softmax_focal_loss(*random_classes(), gamma=gamma)
    with pytest.raises(ValueError, match=r"gamma is .*at least 0"):
        sigmoid_focal_loss(*random_labels(), gamma=gamma)
