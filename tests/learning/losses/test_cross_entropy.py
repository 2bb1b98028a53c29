"""The losses against torch's own cross-entropy, a loop over pixels and numerical gradients."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from unet_tutorial.learning.losses.cross_entropy import UNLABELLED, sparse_cross_entropy, weighted_cross_entropy

SPATIAL = [(5,), (4, 6), (2, 3, 4)]


def drawn(spatial: tuple[int, ...], classes: int = 3) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(len(spatial))
    logits = torch.randn((2, classes, *spatial), generator=generator, dtype=torch.float64)
    target = torch.randint(classes, (2, *spatial), generator=generator)
    weights = torch.rand((2, *spatial), generator=generator, dtype=torch.float64) * 10
    return logits, target, weights


@pytest.mark.parametrize("spatial", SPATIAL)
def test_uniform_weights_are_plain_cross_entropy(spatial: tuple[int, ...]) -> None:
    logits, target, weights = drawn(spatial)
    torch.testing.assert_close(
        weighted_cross_entropy(logits, target, torch.full_like(weights, 3)), 3 * F.cross_entropy(logits, target)
    )


@pytest.mark.parametrize("spatial", SPATIAL)
def test_weights_multiply_each_pixel_and_the_sum_is_divided_by_the_pixels(spatial: tuple[int, ...]) -> None:
    logits, target, weights = drawn(spatial)
    wanted = (weights * F.cross_entropy(logits, target, reduction="none")).sum() / target.numel()
    torch.testing.assert_close(weighted_cross_entropy(logits, target, weights), wanted)


def test_equals_the_softmax_spelled_by_hand() -> None:
    logits, target, weights = drawn((3, 4))
    total = 0.0
    for n in range(2):
        for y in range(3):
            for x in range(4):
                exps = [math.exp(float(a)) for a in logits[n, :, y, x]]
                total -= float(weights[n, y, x]) * math.log(exps[int(target[n, y, x])] / sum(exps))
    assert float(weighted_cross_entropy(logits, target, weights)) == pytest.approx(total / 24, rel=1e-12)


def test_scale_of_the_batch_does_not_matter() -> None:
    logits, target, weights = drawn((3, 4))
    once = weighted_cross_entropy(logits, target, weights)
    twice = weighted_cross_entropy(logits.repeat(2, 1, 2, 1), target.repeat(2, 2, 1), weights.repeat(2, 2, 1))
    torch.testing.assert_close(once, twice)


def test_finite_at_logits_of_a_hundred() -> None:
    logits = torch.tensor([[100.0], [-100.0]]).T.reshape(1, 2, 1, 1).requires_grad_()
    for wrong, cost in ((0, 0.0), (1, 200.0)):
        loss = weighted_cross_entropy(logits, torch.full((1, 1, 1), wrong), torch.ones(1, 1, 1))
        (gradient,) = torch.autograd.grad(loss, logits)
        assert float(loss.detach()) == pytest.approx(cost)
        assert gradient.isfinite().all()


def test_gradients_equal_finite_differences() -> None:
    logits, target, weights = drawn((2, 2))
    assert torch.autograd.gradcheck(lambda z: weighted_cross_entropy(z, target, weights), logits.requires_grad_())


def test_gradient_is_softmax_minus_one_hot() -> None:
    logits, target, weights = drawn((4, 6))
    (gradient,) = torch.autograd.grad(weighted_cross_entropy(logits.requires_grad_(), target, weights), logits)
    one_hot = F.one_hot(target, 3).movedim(-1, 1)
    wanted = weights[:, None] * (logits.detach().softmax(1) - one_hot) / target.numel()
    torch.testing.assert_close(gradient, wanted)


def test_a_pixel_of_weight_zero_has_no_gradient() -> None:
    logits, target, weights = drawn((4, 6))
    weights[0, 1, 2] = 0
    (gradient,) = torch.autograd.grad(weighted_cross_entropy(logits.requires_grad_(), target, weights), logits)
    assert (gradient[0, :, 1, 2] == 0).all()
    assert (gradient[0, :, 1, 3] != 0).all()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda z, t, w: (z, t[:, :3], w), r"target \(2, 3, 6\).*needed \(2, 4, 6\).*crop"),
        (lambda z, t, w: (z, t, w[:1]), r"weights \(1, 4, 6\).*needed \(2, 4, 6\)"),
        (lambda z, t, w: (z, t, w[:, None]), r"weights \(2, 1, 4, 6\).*needed"),
        (lambda z, t, w: (z, t.int(), w), r"int32.*long\(\)"),
        (lambda z, t, w: (z, t.double(), w), r"float64.*long\(\)"),
        (lambda z, t, w: (z.long(), t, w), "logits.*not floats"),
        (lambda z, t, w: (z[0, 0, 0], t, w), "logits"),
        (lambda z, t, w: (z, t, w.long()), r"weights are torch.int64.*float\(\)"),
        (lambda z, t, w: (z, t + 1, w), "classes 1 to 3.*3 channels.*0 to 2"),
        (lambda z, t, w: (z, t - 1, w), "classes -1 to 1"),
        (lambda z, t, w: (z[:0], t[:0], w[:0]), "no pixel"),
    ],
)
def test_bad_input_is_refused(change: object, says: str) -> None:
    assert callable(change)
    with pytest.raises(ValueError, match=says):
        weighted_cross_entropy(*change(*drawn((4, 6))))


def sparse(share: float) -> tuple[Tensor, Tensor, Tensor]:
    """Random logits, targets and weights, with about this share of the pixels labelled."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn((2, 3, 4, 5, 6), generator=generator, dtype=torch.float64).requires_grad_()
    target = torch.randint(3, (2, 4, 5, 6), generator=generator)
    weights = torch.rand((2, 4, 5, 6), generator=generator, dtype=torch.float64)
    return logits, target.where(torch.rand(target.shape, generator=generator) < share, UNLABELLED), weights


@pytest.mark.parametrize("share", [0.05, 0.6, 1.0])
def test_the_sparse_loss_is_torchs_with_an_ignored_index(share: float) -> None:
    logits, target, weights = sparse(share)
    ones = torch.ones_like(weights)
    wanted = F.cross_entropy(logits, target, ignore_index=UNLABELLED)
    torch.testing.assert_close(sparse_cross_entropy(logits, target, ones), wanted)
    each = weights * F.cross_entropy(logits, target, ignore_index=UNLABELLED, reduction="none")
    torch.testing.assert_close(sparse_cross_entropy(logits, target, weights), each.sum() / (target >= 0).sum())


def test_dense_labels_give_the_dense_loss_bit_for_bit_and_none_give_0() -> None:
    logits, target, weights = sparse(1.0)
    assert torch.equal(sparse_cross_entropy(logits, target, weights), weighted_cross_entropy(logits, target, weights))
    nothing = sparse_cross_entropy(logits, torch.full_like(target, UNLABELLED), weights)
    nothing.backward()
    assert nothing == 0
    assert logits.grad is not None
    assert not logits.grad.any()


def test_unlabelled_pixels_have_no_gradient_and_other_classes_are_refused() -> None:
    logits, target, weights = sparse(0.5)
    sparse_cross_entropy(logits, target, weights).backward()
    assert logits.grad is not None
    assert torch.equal(logits.grad.abs().sum(1) > 0, target >= 0)
    with pytest.raises(ValueError, match="target holds classes -2 to 2"):
        sparse_cross_entropy(logits, target.where(target != 0, -2), weights)
