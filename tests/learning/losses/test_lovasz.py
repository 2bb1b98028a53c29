"""The Lovász loss against its definition, by brute force over all orders of the pixels."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.oracles.loss_inputs import ones, random_classes, random_labels
from unet_tutorial.learning.losses.averages import over_present
from unet_tutorial.learning.losses.lovasz import lovasz_loss
from unet_tutorial.learning.losses.targets import as_channels, per_batch


def set_loss(wrong: set[int], truth: set[int], weights: list[float]) -> float:
    """1 - IoU of the truth and the prediction in which the pixels ``wrong`` are wrong."""
    predicted = truth ^ wrong
    either, both = (sum(weights[i] for i in pixels) for pixels in (truth | predicted, truth & predicted))
    return 1 - both / either if either else 0.0


def extension(errors: list[float], truth: set[int], weights: list[float]) -> float:
    """The Lovász extension of a submodular function: the largest sum over all orders in which pixels become wrong."""
    sums = []
    for order in permutations(range(len(errors))):
        values = [set_loss(set(order[:n]), truth, weights) for n in range(len(order) + 1)]
        sums.append(sum(errors[i] * (b - a) for i, a, b in zip(order, values, values[1:], strict=False)))
    return max(sums)


def by_definition(logits: Tensor, target: Tensor, weights: Tensor) -> float:
    """Mean of the extension over images and classes."""
    p, t, w = (each.flatten(2).tolist() for each in as_channels(logits, target, weights))
    found = [
        extension([abs(a - b) for a, b in zip(p[n][k], t[n][k], strict=True)], truth, w[n][k])
        for n in range(len(p))
        for k in range(len(p[n]))
        for truth in [{i for i, label in enumerate(t[n][k]) if label}]
    ]
    return sum(found) / len(found)


@pytest.mark.parametrize("draw", [random_classes, random_labels])
@pytest.mark.parametrize("known", [1.0, 0.6])
def test_it_is_its_definition(draw: Any, known: float) -> None:
    inputs = draw((5,), known=known)
    assert float(lovasz_loss(*inputs)) == pytest.approx(by_definition(*inputs), abs=1e-12)


def test_of_binary_predictions_it_is_one_minus_iou() -> None:
    truth = torch.tensor([[[1.0, 1.0, 1.0, 0.0, 0.0, 0.0]]])
    for wrong, iou in (([], 1.0), ([0], 2 / 3), ([3], 3 / 4), ([0, 3], 2 / 4), (range(6), 0.0)):
        logits = 200 * truth - 100
        logits[..., list(wrong)] *= -1
        assert float(lovasz_loss(logits, truth, torch.ones(1, 6))) == pytest.approx(1 - iou)


def test_an_absent_class_costs_its_largest_probability() -> None:
    logits, target, weights = random_labels((7,), 1)
    wanted = logits.sigmoid().amax(-1).mean()
    torch.testing.assert_close(lovasz_loss(logits, 0 * target, weights), wanted)


def test_labels_between_0_and_1_are_refused() -> None:
    logits, target, weights = random_labels()
    with pytest.raises(ValueError, match=r"labels between 0 and 1.*round"):
        lovasz_loss(logits, target / 2, weights)


@pytest.mark.parametrize("classes", [3, 5])
def test_values_are_those_of_the_authors_code(classes: int) -> None:
    smp: Any = pytest.importorskip("segmentation_models_pytorch", reason="segmentation_models_pytorch is not installed")
    logits, target, _ = random_classes(classes=classes, known=0.8)
    target = target.where(target != 1, 0)  # class 1 is absent
    logits = logits.float()
    there = smp.losses.LovaszLoss("multiclass", ignore_index=-1, from_logits=True)(logits, target)
    here = lovasz_loss(logits, target, ones(target, logits), group=per_batch, average=over_present)
    assert float(here) == pytest.approx(float(there), abs=1e-6)
