"""Weights of layers against torch's ``pos_weight`` and loops."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from tests.oracles.loss_inputs import random_classes, random_labels
from unet_tutorial.learning.losses.binary_cross_entropy import binary_cross_entropy
from unet_tutorial.learning.losses.layers import layer_weighted, layer_weights
from unet_tutorial.learning.losses.overlap import dice_loss


def targets() -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    found = [torch.rand((3, *size), generator=generator) < share for size, share in (((5, 6), 0.2), ((7, 4), 0.6))]
    labels = [each.float() for each in found]
    labels[0][:, :2] = -1
    labels[1][2] = labels[1][2].clamp(max=0)
    return labels


def test_balanced_weights_give_both_labels_the_same_total() -> None:
    weights = layer_weights("balanced", targets())
    for layer, pair in enumerate(weights.tolist()):
        pixels = [value for target in targets() for value in target[layer].flatten().tolist() if value >= 0]
        totals = [pair[label] * pixels.count(label) for label in (0, 1)]
        assert totals == pytest.approx([len(pixels) / 2] * 2)


def test_a_layer_that_is_empty_everywhere_has_no_positive_weight() -> None:
    assert layer_weights("balanced", [torch.zeros(1, 4, 4)]).tolist() == [[0.5, 0.0]]


def test_numbers_weigh_layers_and_none_is_the_loss_itself() -> None:
    assert layer_weights("1, 4,2", targets()).tolist() == [[1, 1], [4, 4], [2, 2]]
    assert layer_weighted(dice_loss, layer_weights("none", targets())) is dice_loss
    with pytest.raises(ValueError, match="2 numbers for 3 classes"):
        layer_weights("1,2", targets())


def test_it_is_torchs_pos_weight() -> None:
    logits, target, weights = random_labels()
    positive = torch.tensor([0.5, 2.0, 7.0])
    found = layer_weighted(binary_cross_entropy, torch.stack((torch.ones(3), positive), 1))(logits, target, weights)
    wanted = F.binary_cross_entropy_with_logits(
        logits, target, weights.unsqueeze(1), pos_weight=positive.double()[:, None, None]
    )
    torch.testing.assert_close(found, wanted)


def test_layers_are_weighted_and_unlabelled_entries_ignored() -> None:
    logits, target, weights = random_labels(known=0.6)
    factors = [3.0, 0.0, 1.0]
    loss = layer_weighted(binary_cross_entropy, torch.tensor(factors)[:, None].repeat(1, 2))
    each = [binary_cross_entropy(logits[:, i : i + 1], target[:, i : i + 1], weights) for i in range(3)]
    torch.testing.assert_close(
        loss(logits, target, weights), sum(f * e for f, e in zip(factors, each, strict=True)) / 3
    )
    balanced = layer_weighted(dice_loss, torch.tensor([[1.0, 5.0]] * 3))
    assert balanced(logits, target, weights) == balanced(logits.where(target >= 0, 5.0), target, weights)
    moved = logits.where(target >= 0, 5.0)
    torch.testing.assert_close(loss(moved, target, weights), loss(logits, target, weights))


def test_other_numbers_of_layers_and_classes_are_refused() -> None:
    loss = layer_weighted(binary_cross_entropy, torch.tensor([[1.0, 2.0]]))
    with pytest.raises(ValueError, match="weights of 1 layers for 3"):
        loss(*random_labels())
    with pytest.raises(ValueError, match="a target of classes has no channel axis"):
        loss(*random_classes())
