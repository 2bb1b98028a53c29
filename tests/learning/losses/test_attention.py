"""The loss of attention maps against a loop over pooled pixels."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.oracles.loss_inputs import as_labels, ones, random_classes, random_labels
from unet_tutorial.learning.losses.attention import attended_loss, attention_loss
from unet_tutorial.learning.losses.cross_entropy import UNLABELLED, sparse_cross_entropy
from unet_tutorial.learning.losses.hardness import hardness_dice_loss
from unet_tutorial.learning.losses.overlap import dice_loss
from unet_tutorial.nets.spatial_attention import AttentionOutputs
from unet_tutorial.nets.systems.vs_seg import vs_seg


def by_hand(scores: Tensor, target: Tensor, weights: Tensor) -> float:
    """The Dice loss of one map: each of its pixels covers a block of the target."""
    blocks = [n // m for n, m in zip(target.shape[1:], scores.shape[2:], strict=True)]
    total = 0.0
    for n in range(len(scores)):
        both = either = 1e-5
        for place in itertools.product(*map(range, scores.shape[2:])):
            where = tuple(slice(i * side, (i + 1) * side) for i, side in zip(place, blocks, strict=True))
            block, p = target[n][where], float(scores[(n, 0, *place)].sigmoid())
            if (block > 0).any() or not (block == UNLABELLED).any():
                w = float(weights[n][where][block >= 0].max())
                t = float((block > 0).any())
                both, either = both + 2 * w * p * t, either + w * (p + t)
        total += 1 - both / either
    return total / len(scores)


def maps(size: tuple[int, ...], strides: list[tuple[int, ...]]) -> list[Tensor]:
    generator = torch.Generator().manual_seed(1)
    sizes = [tuple(n // s for n, s in zip(size, stride, strict=True)) for stride in strides]
    return [torch.randn((2, 1, *each), generator=generator, dtype=torch.float64) for each in sizes]


@pytest.mark.parametrize("known", [1.0, 0.7])
@pytest.mark.parametrize(
    ("size", "strides"),
    [((4, 8), [(1, 1), (2, 2), (4, 4)]), ((2, 4, 4), [(1, 1, 1), (1, 2, 2), (2, 4, 4)]), ((8,), [(2,)])],
)
def test_it_is_the_mean_over_maps_of_dice_with_the_pooled_truth(
    size: tuple[int, ...], strides: list[tuple[int, ...]], known: float
) -> None:
    _, target, weights = random_classes(size, known=known)
    target = target.where(
        torch.rand(target.shape, generator=torch.Generator().manual_seed(2)) < 0.3, target.clamp(max=0)
    )
    scores = maps(size, strides)
    wanted = sum(by_hand(each, target, weights) for each in scores) / len(scores)
    assert float(attention_loss(scores, target, weights)) == pytest.approx(wanted, rel=1e-9)


def test_classes_and_labels_of_all_classes_but_the_background_are_the_same() -> None:
    inputs = random_classes((4, 4), known=0.7)
    scores = maps((4, 4), [(1, 1), (2, 2)])
    labels = as_labels(inputs)[1][:, 1:]
    torch.testing.assert_close(attention_loss(scores, labels, inputs[2]), attention_loss(scores, *inputs[1:]))


def test_a_label_missing_in_one_channel_hides_the_absence_of_foreground_only() -> None:
    target = torch.tensor([[[1.0, 0.0, 0.0], [UNLABELLED, UNLABELLED, 0.0]]])
    scores = torch.tensor([[[0.3, 0.7, -0.2]]], requires_grad=True)
    loss = attention_loss([scores], target, torch.ones(1, 3))
    torch.testing.assert_close(loss, dice_loss(scores, torch.tensor([[[1.0, UNLABELLED, 0.0]]]), torch.ones(1, 3)))


def test_gradients_and_extreme_scores() -> None:
    _, target, weights = random_classes((4, 4), known=0.7)
    scores = [each.requires_grad_() for each in maps((4, 4), [(1, 1), (2, 2)])]
    assert torch.autograd.gradcheck(lambda *each: attention_loss(each, target, weights), tuple(scores))
    loss = attention_loss([1e4 * each for each in scores], target, weights)
    assert all(gradient.isfinite().all() for gradient in torch.autograd.grad(loss, scores))
    nothing = attention_loss(scores, torch.full_like(target, UNLABELLED), weights)
    assert nothing == 0
    assert not any(gradient.any() for gradient in torch.autograd.grad(nothing, scores))


def test_the_loss_of_logits_and_maps() -> None:
    logits, target, weights = random_classes((4, 4), known=0.7)
    scores = maps((4, 4), [(1, 1), (4, 4)])
    wanted = sparse_cross_entropy(logits, target, weights) + 0.5 * attention_loss(scores, target, weights)
    found = attended_loss(sparse_cross_entropy, share=0.5)([logits, *scores], target, weights)
    torch.testing.assert_close(found, wanted)
    bad: Any = logits
    with pytest.raises(ValueError, match="takes the list"):
        attended_loss(sparse_cross_entropy)(bad, target, weights)


def test_bad_input_is_refused() -> None:
    logits, target, weights = random_labels((4, 6))
    score = maps((4, 6), [(1, 1)])[0]
    for bad in (score[..., :4], score.expand(2, 2, 4, 6), torch.zeros(2, 1, 8, 6)):
        with pytest.raises(ValueError, match="needed is 1 channel and a size that divides"):
            attention_loss([bad], target, weights)
    with pytest.raises(ValueError, match="no attention maps"):
        attention_loss([], target, weights)
    with pytest.raises(ValueError, match=r"the target holds 0.0 to 255.0"):
        attention_loss([score], 255 * target, weights)
    with pytest.raises(ValueError, match="do not fit together"):
        attention_loss([score], target[..., :5], weights)
    with pytest.raises(ValueError, match="weights are below 0"):
        attention_loss([score], target, -ones(target, logits))


def test_it_trains_the_attention_of_a_network() -> None:
    net = AttentionOutputs(vs_seg(widths=(4, 6, 8), planar=(0,))).train()
    logits, *scores = outputs = net(torch.rand(2, 1, 8, 16, 16))
    target = torch.zeros(2, 8, 16, 16, dtype=torch.int64)
    target[:, 3:5, 4:9, 4:9] = 1
    loss = attended_loss(hardness_dice_loss)(outputs, target, ones(target, logits))
    loss.backward()
    assert len(scores) == 3
    assert all(weight.grad is not None and weight.grad.any() for weight in net.parameters() if weight.ndim > 1)
