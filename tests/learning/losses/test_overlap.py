"""Losses of overlap against sums over pixels, published values, and MONAI."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.oracles.loss_inputs import Inputs, ones, probabilities, random_classes, random_labels
from unet_tutorial.learning.losses.averages import over_classes
from unet_tutorial.learning.losses.overlap import (
    dice_loss,
    generalised_dice_loss,
    iou_loss,
    squared_dice_loss,
    tversky_loss,
)
from unet_tutorial.learning.losses.targets import Loss, as_channels, per_batch

KERAS = probabilities(p=[0.9, 0.2, 0.6, 0.4], t=[1, 0, 1, 0])
SIGMOID: Inputs = (  # a test of MONAI, also of pytorch-3dunet
    torch.tensor([[[[1.0, -1.0], [-1.0, 1.0]]]], dtype=torch.float64),
    torch.tensor([[[[1.0, 0.0], [1.0, 1.0]]]], dtype=torch.float64),
    torch.ones(1, 2, 2, dtype=torch.float64),
)
TINY = 1e-12  # a smoothing constant without effect
S = 1e-5


@pytest.mark.parametrize(
    ("loss", "inputs", "value"),
    [
        (partial(squared_dice_loss, smooth=1), KERAS, 1 - 0.915332),  # Keras family, loss.py
        (dice_loss, KERAS, 0.268292),  # the hardness-weighted Dice of arXiv 1906.03906 with λ = 0
        (partial(dice_loss, smooth=1e-6), SIGMOID, 0.307576),
        (partial(tversky_loss, smooth=1e-6), SIGMOID, 0.358867),  # printed as 0.3589 in the test of MONAI
    ],
)
def test_published_values(loss: Loss, inputs: Inputs, value: float) -> None:
    assert float(loss(*inputs)) == pytest.approx(value, abs=1e-6)


def test_the_dice_above_1_of_the_keras_family() -> None:
    """Its first files add 1 to the numerator alone: (2 · 1.5 + 1) / 4.1 in the example, 1.25 if all is right."""
    p, t, w = as_channels(*KERAS)
    assert float((2 * (w * p * t).sum() + 1) / (w * (p + t)).sum()) == pytest.approx(0.975610, abs=1e-6)
    perfect = (200 * KERAS[1] - 100, *KERAS[1:])
    p, t, w = as_channels(*perfect)
    assert float((2 * (w * p * t).sum() + 1) / (w * (p + t)).sum()) == pytest.approx(1.25)
    assert float(dice_loss(*perfect, smooth=1)) == pytest.approx(0, abs=1e-12)


Formula = Callable[[Tensor, Tensor, Tensor], Tensor]
FORMULAS: list[tuple[Loss, Formula]] = [
    (dice_loss, lambda w, p, t: (2 * (w * p * t).sum() + S) / ((w * p).sum() + (w * t).sum() + S)),
    (squared_dice_loss, lambda w, p, t: (2 * (w * p * t).sum() + S) / ((w * p * p).sum() + (w * t * t).sum() + S)),
    (iou_loss, lambda w, p, t: ((w * p * t).sum() + S) / ((w * (p + t - p * t)).sum() + S)),
    (
        partial(tversky_loss, alpha=0.2, beta=0.9),
        lambda w, p, t: (
            ((w * p * t).sum() + S)
            / ((w * p * t).sum() + 0.2 * (w * p * (1 - t)).sum() + 0.9 * (w * (1 - p) * t).sum() + S)
        ),
    ),
]


@pytest.mark.parametrize(("loss", "index"), FORMULAS)
@pytest.mark.parametrize("spatial", [(6,), (4, 5), (2, 3, 4)])
def test_they_are_their_formula_for_each_class_of_each_image(
    loss: Loss, index: Formula, spatial: tuple[int, ...]
) -> None:
    logits, target, weights = random_classes(spatial, known=0.7)
    wanted = [
        1 - index(weights[n][known], logits[n].softmax(0)[k][known], (target[n] == k).double()[known])
        for n in range(2)
        for known in [target[n] >= 0]
        for k in range(3)
    ]
    torch.testing.assert_close(loss(logits, target, weights), torch.stack(wanted).mean())
    logits, target, weights = random_labels(spatial, known=0.7)
    wanted = [
        1 - index(weights[n][known], logits[n, k].sigmoid()[known], target[n, k][known])
        for n in range(2)
        for k in range(3)
        for known in [target[n, k] >= 0]
    ]
    torch.testing.assert_close(loss(logits, target, weights), torch.stack(wanted).mean())


def test_tversky_contains_dice_and_intersection_over_union() -> None:
    inputs = random_labels(known=0.7)
    half = partial(tversky_loss, alpha=0.5, beta=0.5, smooth=S / 2)
    torch.testing.assert_close(half(*inputs), dice_loss(*inputs, smooth=S))
    dice, iou = (1 - loss(*probabilities([0.7, 0.2], [1, 0]), smooth=TINY) for loss in (dice_loss, iou_loss))
    torch.testing.assert_close(dice, 2 * iou / (1 + iou))


def test_a_batch_is_one_large_image() -> None:
    logits, target, weights = random_classes((4, 5))
    as_one = logits.movedim(0, 1).reshape(1, 3, 8, 5), target.reshape(1, 8, 5), weights.reshape(1, 8, 5)
    for loss in (dice_loss, squared_dice_loss, generalised_dice_loss, iou_loss, tversky_loss):
        torch.testing.assert_close(loss(logits, target, weights, group=per_batch), loss(*as_one))


def test_only_the_squared_form_is_smallest_at_a_soft_label() -> None:
    def slope(loss: Loss) -> float:
        logits, target, weights = probabilities([0.7, 0.3], [0.7, 0.3])
        (gradient,) = torch.autograd.grad(loss(logits.requires_grad_(), target, weights), logits)
        return float(gradient.abs().max())

    assert slope(squared_dice_loss) < 1e-12
    assert min(map(slope, (dice_loss, iou_loss, tversky_loss))) > 0.01


def test_generalised_dice_weighs_classes_by_their_volume() -> None:
    logits, target, weights = random_classes((5, 5))
    wanted = []
    for n in range(2):
        p, t = logits[n].softmax(0), torch.stack([(target[n] == k).double() for k in range(3)])
        v = 1 / (weights[n] * t).sum((1, 2)) ** 2
        both, either = (v * (weights[n] * each).sum((1, 2)) for each in (p * t, p + t))
        wanted.append(1 - 2 * both.sum() / either.sum())
    found = generalised_dice_loss(logits, target, weights, smooth=TINY)
    torch.testing.assert_close(found, torch.stack(wanted).mean())


def test_generalised_dice_of_a_large_image_is_not_smoothed_away() -> None:
    """1 / volume² of 10⁶ voxels times their sums is 10⁻⁶, below the constant 10⁻⁵."""
    logits, target = torch.zeros(1, 2, 1000, 1000), torch.arange(2).repeat_interleave(500_000).reshape(1, 1000, 1000)
    assert float(generalised_dice_loss(logits, target, torch.ones(1, 1000, 1000))) == pytest.approx(0.5, abs=1e-4)


def test_generalised_dice_of_an_absent_class_has_the_weight_of_the_smallest_present_one() -> None:
    logits, target, weights = probabilities([0.6, 0.3, 0.8, 0.2, 0.5], [1, 1, 0, 0, 0])
    both = torch.cat((logits, logits), dim=1), torch.cat((target, 0 * target), dim=1), weights
    p = float(logits.sigmoid().sum())
    wanted = 1 - 2 * 0.9 / (p + 2 + p)  # the class of two pixels and the absent one weigh the same
    assert float(generalised_dice_loss(*both, smooth=TINY)) == pytest.approx(wanted)
    assert float(generalised_dice_loss(logits, 0 * target, weights, smooth=TINY)) == pytest.approx(1)


@pytest.mark.parametrize("smooth", [0.0, -1.0, float("nan"), float("inf")])
@pytest.mark.parametrize("loss", [dice_loss, squared_dice_loss, generalised_dice_loss, iou_loss, tversky_loss])
def test_a_constant_that_leaves_empty_classes_undefined_is_refused(loss: Any, smooth: float) -> None:
    with pytest.raises(ValueError, match=r"smooth is .*above 0"):
        loss(*KERAS, smooth=smooth)


@pytest.mark.parametrize("bad", [(-0.1, 1.0), (0.0, 0.0), (1.0, float("nan"))])
def test_tversky_weights_that_have_no_index_are_refused(bad: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match=r"alpha .* and beta .* must be at least 0"):
        tversky_loss(*KERAS, alpha=bad[0], beta=bad[1])


MONAI: list[tuple[str, dict[str, Any], Loss]] = [
    ("DiceLoss", {}, dice_loss),
    ("DiceLoss", {"batch": True}, partial(dice_loss, group=per_batch)),
    ("DiceLoss", {"include_background": False}, partial(dice_loss, average=over_classes(0, 1, 1))),
    ("DiceLoss", {"squared_pred": True}, squared_dice_loss),
    ("DiceLoss", {"jaccard": True}, partial(iou_loss, smooth=S / 2)),
    ("DiceLoss", {"smooth_nr": 1, "smooth_dr": 1}, partial(dice_loss, smooth=1)),
    ("TverskyLoss", {}, partial(tversky_loss, alpha=0.5, beta=0.5)),
    ("TverskyLoss", {"alpha": 0.3, "beta": 0.7, "batch": True}, partial(tversky_loss, group=per_batch)),
    ("GeneralizedDiceLoss", {"smooth_nr": TINY, "smooth_dr": TINY}, partial(generalised_dice_loss, smooth=TINY)),
    (
        "GeneralizedDiceLoss",
        {"smooth_nr": TINY, "smooth_dr": TINY, "w_type": "simple", "batch": True},
        partial(generalised_dice_loss, smooth=TINY, power=1, group=per_batch),
    ),
]


@pytest.mark.parametrize(("name", "options", "here"), MONAI)
@pytest.mark.parametrize("spatial", [(4, 6), (3, 4, 5)])
def test_values_are_those_of_monai(name: str, options: dict[str, Any], here: Loss, spatial: tuple[int, ...]) -> None:
    monai: Any = pytest.importorskip("monai.losses", reason="MONAI is not installed")
    make = getattr(monai, name)
    logits, target, _ = random_classes(spatial)
    there = make(to_onehot_y=True, softmax=True, **options)(logits, target[:, None])
    assert float(here(logits, target, ones(target, logits))) == pytest.approx(float(there), abs=1e-6)
    logits, target, _ = random_labels(spatial)
    there = make(sigmoid=True, **options)(logits, target)
    assert float(here(logits, target, ones(target, logits))) == pytest.approx(float(there), abs=1e-6)
