"""Losses of lists of logits against sums by hand, and the loss of the class-guided module against cases by hand."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from tests.oracles.thin_nets import NORMED
from unet_tutorial.learning.losses.cross_entropy import sparse_cross_entropy
from unet_tutorial.learning.losses.supervision import (
    Shares,
    equal,
    guided_loss,
    halving,
    presence_loss,
    supervised_loss,
)
from unet_tutorial.learning.train import Batch, adam, fit
from unet_tutorial.nets.full_scale import FullScaleDecoder
from unet_tutorial.nets.paths import Encoder
from unet_tutorial.nets.resample import MaxPool
from unet_tutorial.nets.supervision import GuidedHeads, SideHeads, supervised_unet
from unet_tutorial.nets.unet import UNet
from unet_tutorial.plan.levels import pyramid


def batch(*size: int) -> tuple[Tensor, Tensor]:
    """Labels of two classes, some of them missing, and weights."""
    torch.manual_seed(0)
    return torch.randint(-1, 2, size), torch.rand(size)


@pytest.mark.parametrize(
    ("shares", "weights"),
    [(equal, [1 / 3, 1 / 3, 1 / 3]), (halving, [4 / 7, 2 / 7, 1 / 7]), (lambda _: [1, 0, 2], [1, 0, 2])],
)
def test_the_loss_is_the_weighted_sum(shares: Shares, weights: list[float]) -> None:
    target, pixels = batch(2, 4, 5)
    logits = [torch.randn(2, 2, 4, 5, requires_grad=True) for _ in range(3)]
    terms = [sparse_cross_entropy(each, target, pixels) for each in logits]
    loss = supervised_loss(sparse_cross_entropy, shares)(logits, target, pixels)
    assert float(loss.detach()) == pytest.approx(
        sum(w * float(t.detach()) for w, t in zip(weights, terms, strict=True))
    )
    loss.backward()
    for each, weight, term in zip(logits, weights, terms, strict=True):
        (alone,) = torch.autograd.grad(term, each)
        assert each.grad is not None
        assert torch.allclose(each.grad, weight * alone)


@pytest.mark.parametrize("shares", [equal, halving])
@pytest.mark.parametrize("outputs", [1, 2, 5])
def test_shares_sum_to_1(shares: Shares, outputs: int) -> None:
    assert sum(shares(outputs)) == pytest.approx(1)
    assert len(shares(outputs)) == outputs


@pytest.mark.parametrize(
    ("logits", "shares", "words"),
    [
        (
            torch.zeros(1, 2, 4),
            equal,
            "takes the list of logits .* for one output use the loss itself",
        ),
        ([], equal, "takes the list of logits"),
        ([torch.zeros(1, 2, 4)] * 2, lambda _: [1.0], "1 shares for 2 outputs; return one for each"),
    ],
)
def test_anything_but_a_list_with_a_share_each_is_refused(logits: Any, shares: Shares, words: str) -> None:
    target, pixels = batch(1, 4)
    with pytest.raises(ValueError, match=words):
        supervised_loss(sparse_cross_entropy, shares)(logits, target, pixels)


@pytest.mark.parametrize("labels", [int, float])
def test_the_presence_of_foreground_in_each_image(labels: type) -> None:
    """Absent, present, present though partly unlabelled, and unknown: background and unlabelled pixels only."""
    rows = [[0, 0, 0], [0, 1, 0], [-1, 1, 0], [-1, 0, 0], [-1, -1, -1]]
    target, scores = torch.tensor(rows), torch.randn(5, 2, requires_grad=True)
    if labels is float:
        target = target[:, None].float()  # (N, 1, 3): multi-label, of one class
    expected = F.cross_entropy(scores[:3], torch.tensor([0, 1, 1]))
    loss = presence_loss(scores, target)
    assert torch.allclose(loss, expected)
    loss.backward()
    assert scores.grad is not None
    assert not scores.grad[3:].any()
    assert presence_loss(scores[3:], target[3:]) == 0


def test_the_guided_loss_is_the_sum_of_both() -> None:
    target, pixels = batch(2, 4, 5)
    logits, scores = [torch.randn(2, 2, 4, 5) for _ in range(2)], torch.randn(2, 2)
    together = guided_loss(sparse_cross_entropy, halving)([*logits, scores], target, pixels)
    apart = supervised_loss(sparse_cross_entropy, halving)(logits, target, pixels) + presence_loss(scores, target)
    assert torch.equal(together, apart)


def test_a_guided_loss_without_class_scores_is_refused() -> None:
    """The output in evaluation mode, and the list of a network without the module."""
    target, pixels = batch(3, 4, 5)
    loss: Any = guided_loss(sparse_cross_entropy)
    with pytest.raises(ValueError, match="takes the list of logits and class scores"):
        loss(torch.zeros(3, 2, 4, 5), target, pixels)
    with pytest.raises(ValueError, match=r"scores \(3, 2, 4, 5\) for 3 images: needed are \(3, 2\)"):
        loss([torch.zeros(3, 2, 4, 5)] * 2, target, pixels)


@pytest.mark.parametrize("guided", [False, True])
def test_fit_trains_a_network_with_deep_supervision(*, guided: bool) -> None:
    """Bright pixels are the foreground; half of the images are dark and have none."""
    levels = pyramid((4, 6))
    torch.manual_seed(0)
    encoder, decoder = Encoder(1, levels, NORMED, MaxPool), FullScaleDecoder(levels, 3, NORMED)
    net: UNet = supervised_unet(encoder, decoder, 2, heads=GuidedHeads if guided else SideHeads)

    def batches(step: int) -> Batch:
        torch.manual_seed(step)
        labels = (torch.rand(4, 8, 8) > 0.5).long() * torch.tensor([0, 1, 0, 1])[:, None, None]
        return Batch(labels[:, None] + 0.1 * torch.randn(4, 1, 8, 8), labels, torch.ones(4, 8, 8))

    training = adam(net)
    loss = (guided_loss if guided else supervised_loss)(sparse_cross_entropy)
    fit(training, batches, lambda _: 0.05, loss=loss, steps=30, save=lambda _: None)
    assert training.losses[-1] < 0.5 * training.losses[0]
    images, labels, _ = batches(1000)
    with torch.no_grad():
        predicted = net.eval()(images).argmax(dim=1)
    assert float((predicted == labels).float().mean()) > 0.95
    if guided:
        assert not predicted[::2].any()
