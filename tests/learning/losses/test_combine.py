"""Sums of losses: values, gradients, names, and refusals."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from tests.oracles.loss_inputs import ones, probabilities, random_classes, random_labels
from unet_tutorial.learning.losses.binary_cross_entropy import binary_cross_entropy
from unet_tutorial.learning.losses.combine import combine, scaled
from unet_tutorial.learning.losses.cross_entropy import sparse_cross_entropy
from unet_tutorial.learning.losses.focal import sigmoid_focal_loss, softmax_focal_loss
from unet_tutorial.learning.losses.overlap import dice_loss
from unet_tutorial.learning.losses.supervision import supervised_loss


def test_value_and_gradient_are_the_weighted_sums() -> None:
    logits, target, weights = random_classes(known=0.7)
    logits.requires_grad_()
    loss = combine(dice=dice_loss, focal=scaled(0.5, softmax_focal_loss))
    wanted = dice_loss(logits, target, weights) + 0.5 * softmax_focal_loss(logits, target, weights)
    found = loss(logits, target, weights)
    assert found.shape == ()
    torch.testing.assert_close(found, wanted)
    (ours,), (theirs,) = (torch.autograd.grad(value, logits) for value in (found, wanted))
    torch.testing.assert_close(ours, theirs)


def test_terms_are_reported_by_name_with_their_weights() -> None:
    inputs = random_classes()
    terms = combine(dice=dice_loss, focal=scaled(0.5, softmax_focal_loss)).terms(*inputs)
    assert list(terms) == ["dice", "focal"]
    torch.testing.assert_close(terms["focal"], 0.5 * softmax_focal_loss(*inputs))


def test_the_sum_of_unet_plus_plus() -> None:
    """UNet++ minimises 0.5 · BCE - Dice, one less than this sum."""
    keras = probabilities(p=[0.9, 0.2, 0.6, 0.4], t=[1, 0, 1, 0])
    mix = combine(entropy=scaled(0.5, binary_cross_entropy), dice=dice_loss)
    assert float(mix(*keras)) - 1 == pytest.approx(0.5 * 0.337539 - 3 / 4.1, abs=2e-6)


def test_values_are_those_of_monai() -> None:
    monai: Any = pytest.importorskip("monai.losses", reason="MONAI is not installed")
    logits, target, _ = random_classes()
    plain = ones(target, logits)
    there = monai.DiceCELoss(to_onehot_y=True, softmax=True, lambda_ce=0.3)(logits, target[:, None])
    here = combine(dice=dice_loss, entropy=scaled(0.3, sparse_cross_entropy))(logits, target, plain)
    assert float(here) == pytest.approx(float(there), abs=1e-6)
    logits, target, _ = random_labels()
    there = monai.DiceFocalLoss(sigmoid=True, lambda_focal=0.6)(logits, target)
    here = combine(dice=dice_loss, focal=scaled(0.6, sigmoid_focal_loss))(logits, target, plain)
    assert float(here) == pytest.approx(float(there), abs=1e-6)


@pytest.mark.parametrize("factor", [0.0, -1.0, float("nan"), float("inf")])
def test_factors_that_do_not_minimise_are_refused(factor: float) -> None:
    with pytest.raises(ValueError, match=r"a loss of weight .* is not minimised"):
        scaled(factor, dice_loss)


def test_sums_of_nothing_and_of_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="no loss to combine"):
        combine()
    number: Any = 0.5
    with pytest.raises(ValueError, match=r"dice is 0.5, not a loss.*dice=scaled\(0.5"):
        combine(dice=number)


def test_losses_of_several_outputs_are_summed() -> None:
    logits, target, weights = random_classes()
    outputs: Any = [logits, 2 * logits]
    of_lists: dict[str, Any] = {"dice": supervised_loss(dice_loss), "entropy": supervised_loss(sparse_cross_entropy)}
    total = combine(**of_lists)
    single = combine(dice=dice_loss, entropy=sparse_cross_entropy)
    expected = sum(float(single(each, target, weights)) for each in outputs) / 2
    assert float(total(outputs, target, weights)) == pytest.approx(expected, rel=1e-6)
