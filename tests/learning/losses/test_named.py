"""Properties of every loss: gradients, extreme logits, missing labels, empty masks, refusals."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import Tensor

from tests.oracles.loss_inputs import Inputs, random_classes, random_labels
from unet_tutorial.learning.losses.averages import over_classes, over_present
from unet_tutorial.learning.losses.borders import boundary_weighted
from unet_tutorial.learning.losses.combine import combine, scaled
from unet_tutorial.learning.losses.cross_entropy import UNLABELLED
from unet_tutorial.learning.losses.focal import softmax_focal_loss
from unet_tutorial.learning.losses.lovasz import lovasz_loss
from unet_tutorial.learning.losses.named import LOSSES, loss_named
from unet_tutorial.learning.losses.overlap import dice_loss, generalised_dice_loss, tversky_loss
from unet_tutorial.learning.losses.targets import Loss, as_channels, per_batch

Draw = Callable[..., Inputs]
OF_CLASSES = {"cross_entropy", "focal"}  # with a target of classes only
OF_LABELS = {"binary_cross_entropy", "sigmoid_focal"}  # with a multi-label target only
MORE: dict[str, Loss] = {
    "gamma 0.5": partial(softmax_focal_loss, gamma=0.5),
    "whole batch": partial(dice_loss, group=per_batch),
    "present classes": partial(tversky_loss, average=over_present),
    "without background": partial(lovasz_loss, average=over_classes(0, 1, 1)),
    "simple volumes": partial(generalised_dice_loss, power=1),
    "weighted borders": boundary_weighted(LOSSES["dice"]),
    "sum": combine(dice=dice_loss, iou=scaled(0.5, LOSSES["iou"])),
}
NAMED = [name for name in LOSSES if name != "ms_ssim"]  # it needs larger images, see test_ms_ssim.py
TESTED: dict[str, Loss] = {name: LOSSES[name] for name in NAMED} | MORE
WITH_CLASSES = [name for name in TESTED if name not in OF_LABELS]
WITH_LABELS = [name for name in NAMED if name not in OF_CLASSES]
both_kinds = pytest.mark.parametrize(
    ("name", "draw"),
    [(name, random_classes) for name in WITH_CLASSES] + [(name, random_labels) for name in WITH_LABELS],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)


def value_and_gradient(loss: Loss, logits: Tensor, target: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """The loss and its gradient with respect to the logits."""
    logits = logits.detach().requires_grad_()
    value = loss(logits, target, weights)
    (gradient,) = torch.autograd.grad(value, logits)
    return value.detach(), gradient


@pytest.mark.slow
@pytest.mark.parametrize("size", [(6,), (2, 2, 3)])
@both_kinds
def test_gradients_equal_finite_differences(name: str, draw: Draw, size: tuple[int, ...]) -> None:
    loss, (logits, target, weights) = TESTED[name], draw(size, known=0.8)
    assert torch.autograd.gradcheck(lambda z: loss(z, target, weights), logits.requires_grad_(), fast_mode=True)


@pytest.mark.parametrize("extreme", [100.0, 1e4])
@both_kinds
def test_extreme_logits_have_finite_losses_and_gradients(name: str, draw: Draw, extreme: float) -> None:
    loss, (logits, target, weights) = TESTED[name], draw(known=0.8)
    for dtype in (torch.float32, torch.float64):
        z = (extreme * logits.sign()).to(dtype)
        value, gradient = value_and_gradient(loss, z, target, weights.to(dtype))
        assert value.isfinite()
        assert gradient.isfinite().all()
        assert value > 0


@both_kinds
def test_the_right_answer_has_almost_no_loss_and_the_wrong_one_much(name: str, draw: Draw) -> None:
    loss, (logits, target, weights) = TESTED[name], draw()
    right = 100 * (2 * as_channels(logits, target, weights).true - 1)
    assert float(loss(right, target, weights)) < 1e-4
    if name != "border_dice":  # the complement of a mask has the same borders
        assert float(loss(-right, target, weights)) > 0.4


@both_kinds
def test_without_labels_the_loss_is_0_with_zero_gradients(name: str, draw: Draw) -> None:
    loss, (logits, target, weights) = TESTED[name], draw()
    value, gradient = value_and_gradient(loss, logits, torch.full_like(target, UNLABELLED), weights)
    assert value == 0
    assert not gradient.any()


@both_kinds
def test_logits_without_a_label_or_of_weight_0_have_no_influence(name: str, draw: Draw) -> None:
    loss, (logits, target, weights) = TESTED[name], draw(known=0.6)
    weights[:, 1, 2] = 0
    value, gradient = value_and_gradient(loss, logits, target, weights)
    counts = as_channels(logits, target, weights).weights > 0
    assert not gradient[~counts].any()
    torch.testing.assert_close(loss(logits.where(counts, 7.0), target, weights), value)
    if name not in ("lovasz", "without background"):  # its sorted errors may have an increase of 0
        assert (gradient[counts] != 0).float().mean() > 0.5


@both_kinds
def test_a_class_that_is_absent_everywhere_is_defined(name: str, draw: Draw) -> None:
    loss, (logits, target, weights) = TESTED[name], draw()
    for value in (0, 1):
        cost, gradient = value_and_gradient(loss, logits, torch.full_like(target, value), weights)
        assert cost.isfinite()
        assert gradient.isfinite().all()


@pytest.mark.parametrize("name", WITH_LABELS)
def test_false_detections_on_empty_masks_are_punished(name: str) -> None:
    logits, target, weights = random_labels()
    empty = torch.zeros_like(target)
    few, many = (LOSSES[name](logits - shift, empty, weights) for shift in (30, -30))
    assert float(few) < 1e-4
    assert float(many) > 0.4 or name == "border_dice"  # a mask of ones has no border


@both_kinds
def test_half_precision_is_converted(name: str, draw: Draw) -> None:
    loss, (logits, target, weights) = TESTED[name], draw()
    half, truth = logits.half(), target.float() if target.is_floating_point() else target
    if name != "cross_entropy":  # whose logits ``fit`` converts
        found, wanted = (loss(z, truth, weights.float()) for z in (half, half.float()))
        torch.testing.assert_close(found, wanted, rtol=1e-6, atol=0)


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (lambda z, t, w: (z, t + 1, w), "classes 1 to 3.*3 channels.*0 to 2"),
        (lambda z, t, w: (z, t - 2, w), "classes -2 to 0"),
        (lambda z, t, w: (z, t[:, :3], w), r"target \(2, 3, 5\).*needed \(2, 4, 5\)"),
        (lambda z, t, w: (z, t, w[:, :3]), r"weights \(2, 3, 5\).*needed \(2, 4, 5\)"),
        (lambda z, t, w: (z, t.double(), w), r"float64.*long\(\)"),
        (lambda z, t, w: (z[:, :1], t * 0, w), "1 channel.*out_channels=2"),
        (lambda z, t, w: (z[:0], t[:0], w[:0]), "no pixel"),
    ],
)
@pytest.mark.parametrize("name", WITH_CLASSES)
def test_bad_targets_of_classes_are_refused(name: str, bad: object, says: str) -> None:
    loss, inputs = TESTED[name], random_classes()
    assert callable(bad)
    with pytest.raises(ValueError, match=says):
        loss(*bad(*inputs))


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (lambda z, t, w: (z, 255 * t, w), "values from 0.0 to 255.0.*by 255"),
        (lambda z, t, w: (z, t / 0, w), "NaN or values"),
        (lambda z, t, w: (z, t - 2, w), "values from -2.0"),
        (lambda z, t, w: (z, t[:, :1], w), r"target \(2, 1, 4, 5\).*target\[:, 0\].long\(\)"),
        (lambda z, t, w: (z, t.long(), w), r"int64; call .float\(\)"),
        (lambda z, t, w: (z, t, w[:, None]), r"weights \(2, 1, 4, 5\).*needed are floats of shape \(2, 4, 5\)"),
        (lambda z, t, w: (z, t, -w), "weights are below 0"),
        (lambda z, t, w: (z, t, w * torch.nan), "weights are below 0, infinite or NaN"),
        (lambda z, t, w: (z[..., :0], t[..., :0], w[..., :0]), "no pixel"),
    ],
)
@pytest.mark.parametrize("name", WITH_LABELS)
def test_bad_multilabel_targets_are_refused(name: str, bad: object, says: str) -> None:
    loss, inputs = TESTED[name], random_labels()
    assert callable(bad)
    with pytest.raises(ValueError, match=says):
        loss(*bad(*inputs))


@pytest.mark.parametrize("name", sorted(OF_CLASSES | OF_LABELS))
def test_the_other_kind_of_target_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="target"):
        LOSSES[name](*(random_labels() if name in OF_CLASSES else random_classes()))


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("dice", {"dice": 1}),
        (" iou ", {"iou": 1}),
        ("dice+0.5*focal", {"dice": 1, "focal": 0.5}),
        ("2 * cross_entropy + 1e-1*dice", {"cross_entropy": 2, "dice": 0.1}),
        ("1e+1*dice+ lovasz", {"dice": 10, "lovasz": 1}),
    ],
)
def test_a_sum_of_losses_by_name(text: str, terms: dict[str, float]) -> None:
    inputs = random_classes()
    wanted = sum(factor * LOSSES[name](*inputs) for name, factor in terms.items())
    torch.testing.assert_close(loss_named(text)(*inputs), wanted)


@pytest.mark.parametrize("name", NAMED)
def test_a_single_name_is_the_loss_itself(name: str) -> None:
    if name not in OF_LABELS:
        assert loss_named(name) is LOSSES[name]
    if name not in OF_CLASSES:
        assert loss_named(name, multilabel=True) is LOSSES[name]


def test_for_layers_names_mean_the_loss_of_layers() -> None:
    inputs = random_labels()
    found = loss_named("cross_entropy+0.5*focal+dice", multilabel=True)(*inputs)
    wanted = LOSSES["binary_cross_entropy"](*inputs) + 0.5 * LOSSES["sigmoid_focal"](*inputs) + dice_loss(*inputs)
    torch.testing.assert_close(found, wanted)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "'' is not the name of a loss; write one of cross_entropy, focal, dice, .*, or a sum such as"),
        ("dicee", "'dicee' is not the name of a loss"),
        ("Dice", "'Dice' is not the name"),
        ("dice+", "'' is not the name"),
        ("dice++iou", "'' is not the name"),
        ("dice*0.5", "'0.5' is not the name"),
        ("dice-iou", "'dice-iou' is not the name"),
        ("*dice", "'' is not a finite number above 0"),
        ("x*dice", "'x' is not a finite number above 0"),
        ("0*dice", "'0' is not a finite number above 0"),
        ("-1*dice", "'-1' is not a finite number"),
        ("nan*dice", "'nan' is not a finite number"),
        ("1e999*dice", "'1e999' is not a finite number"),
        ("1*2*dice", "'1\\*2' is not a finite number"),
        ("dice + 2*dice", "dice is given twice"),
        ("dice+sigmoid_focal", "'sigmoid_focal' is for layers, and these labels are classes; write one of"),
        ("binary_cross_entropy", "'binary_cross_entropy' is for layers"),
    ],
)
def test_other_texts_are_refused_with_the_right_names(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as refusal:
        loss_named(text)
    assert f"loss {text!r}: " in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_name_given_twice_for_layers_is_refused() -> None:
    with pytest.raises(ValueError, match="binary_cross_entropy is given twice"):
        loss_named("cross_entropy+binary_cross_entropy", multilabel=True)
