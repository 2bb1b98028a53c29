"""Binary cross-entropy against torch's, and the values of the Keras family."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from tests.oracles.loss_inputs import probabilities, random_labels
from unet_tutorial.learning.losses.binary_cross_entropy import binary_cross_entropy
from unet_tutorial.learning.losses.cross_entropy import UNLABELLED

SPATIAL = [(5,), (4, 6), (2, 3, 4)]
KERAS = probabilities(p=[0.9, 0.2, 0.6, 0.4], t=[1, 0, 1, 0])


@pytest.mark.parametrize("spatial", SPATIAL)
def test_it_is_torchs_with_weights_and_missing_labels(spatial: tuple[int, ...]) -> None:
    logits, target, weights = random_labels(spatial, known=0.7)
    known = target != UNLABELLED
    each = F.binary_cross_entropy_with_logits(
        logits, target.clamp(min=0), weights[:, None].expand_as(logits), reduction="none"
    )
    torch.testing.assert_close(binary_cross_entropy(logits, target, weights), each[known].mean())
    plain = F.binary_cross_entropy_with_logits(logits, target.clamp(min=0))
    torch.testing.assert_close(binary_cross_entropy(logits, target.clamp(min=0), torch.ones_like(weights)), plain)


def test_the_weight_of_label_1_is_torchs_pos_weight() -> None:
    logits, target, weights = random_labels()
    wanted = F.binary_cross_entropy_with_logits(logits, target, pos_weight=torch.tensor(3.5))
    torch.testing.assert_close(binary_cross_entropy(logits, target, torch.ones_like(weights), positive=3.5), wanted)


def test_soft_labels_are_those_of_torch() -> None:
    logits, target, weights = random_labels()
    soft = 0.8 * target + 0.1
    wanted = F.binary_cross_entropy_with_logits(logits, soft)
    torch.testing.assert_close(binary_cross_entropy(logits, soft, torch.ones_like(weights)), wanted)


@pytest.mark.parametrize(("alpha", "value"), [(None, 0.337539), (0.999, 0.154076), (0.99, 0.154341)])
def test_values_of_the_keras_family(alpha: float | None, value: float) -> None:
    labels: dict[str, Any] = {} if alpha is None else {"positive": alpha, "negative": 1 - alpha}
    assert float(binary_cross_entropy(*KERAS, **labels)) == pytest.approx(value, abs=1e-6)


def test_logits_of_a_hundred_cost_a_hundred() -> None:
    logits = torch.tensor([[[100.0, -100.0, 1e4]]], requires_grad=True)
    loss = binary_cross_entropy(logits, torch.tensor([[[0.0, 1.0, 0.0]]]), torch.ones(1, 3))
    (gradient,) = torch.autograd.grad(loss, logits)
    assert float(loss.detach()) == pytest.approx(10_200 / 3)
    torch.testing.assert_close(gradient, torch.tensor([[[1.0, -1.0, 1.0]]]) / 3)


@pytest.mark.parametrize("bad", [(0, 0), (-1, 1), (1, math.nan), (math.inf, 1)])
def test_weights_of_labels_that_cannot_be_minimised_are_refused(bad: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match=r"label weights .* must be finite"):
        binary_cross_entropy(*KERAS, positive=bad[0], negative=bad[1])
