"""The hardness-weighted Dice loss, against the paper's formula and hand-made values."""

from __future__ import annotations

import pytest
import torch

from tests.oracles.loss_inputs import probabilities, random_classes, random_labels
from unet_tutorial.learning.losses.hardness import hardness_dice_loss
from unet_tutorial.learning.losses.overlap import dice_loss

EXAMPLE = probabilities(p=[0.9, 0.2, 0.6, 0.4], t=[1, 0, 1, 0])


@pytest.mark.parametrize(("hardness", "value"), [(0.6, 0.293179), (0.0, 0.268292)])
def test_values_of_the_example(hardness: float, value: float) -> None:
    assert float(hardness_dice_loss(*EXAMPLE, hardness=hardness)) == pytest.approx(value, abs=1e-6)


def test_it_is_the_papers_formula_for_each_class() -> None:
    logits, target, weights = random_classes()
    total = 0.0
    for n in range(2):
        for k in range(3):
            p, g = logits[n].softmax(0)[k], (target[n] == k).double()
            w = weights[n] * (0.6 * abs(p - g) + 0.4)
            total += float(1 - (2 * (w * p * g).sum() + 1e-5) / ((w * (p + g)).sum() + 1e-5))
    assert float(hardness_dice_loss(logits, target, weights)) == pytest.approx(total / 6, rel=1e-12)


def test_without_hardness_it_is_dice() -> None:
    for inputs in (random_classes(known=0.7), random_labels(known=0.7)):
        torch.testing.assert_close(hardness_dice_loss(*inputs, hardness=0), dice_loss(*inputs))


@pytest.mark.parametrize("hardness", [-0.1, 1.1, float("nan")])
def test_a_hardness_outside_0_to_1_is_refused(hardness: float) -> None:
    with pytest.raises(ValueError, match=r"hardness is .*in 0 to 1"):
        hardness_dice_loss(*EXAMPLE, hardness=hardness)
