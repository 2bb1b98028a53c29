"""Borders against a loop over windows; the losses that use them."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.oracles.loss_inputs import ones, random_classes, random_labels
from unet_tutorial.learning.losses.borders import border_dice_loss, borders, boundary_weighted
from unet_tutorial.learning.losses.cross_entropy import UNLABELLED, sparse_cross_entropy
from unet_tutorial.learning.losses.overlap import dice_loss
from unet_tutorial.learning.losses.targets import as_channels


def by_hand(masks: Tensor, known: Tensor, reach: tuple[int, ...]) -> Tensor:
    """Largest mask value times largest 1 - mask, over the known pixels of each window."""
    found = torch.zeros_like(masks)
    for n, k, *place in itertools.product(*map(range, masks.shape)):
        around = [slice(max(i - r, 0), i + r + 1) for i, r in zip(place, reach, strict=True)]
        window: Any = (n, k, *around)
        seen = masks[window][known[window] > 0]
        if len(seen):
            found[(n, k, *place)] = seen.max() * (1 - seen).max()
    return found


@pytest.mark.parametrize(
    ("size", "kernel", "reach"),
    [((6,), 3, (1,)), ((4, 5), 3, (1, 1)), ((4, 5), (1, 5), (0, 2)), ((3, 4, 5), (1, 3, 3), (0, 1, 1))],
)
def test_borders_are_products_of_maxima(size: tuple[int, ...], kernel: int, reach: tuple[int, ...]) -> None:
    generator = torch.Generator().manual_seed(0)
    masks = torch.rand((2, 2, *size), generator=generator)
    known = (torch.rand(masks.shape, generator=generator) < 0.7).float()
    torch.testing.assert_close(borders(masks, known, kernel), by_hand(masks, known, reach))


def test_border_dice_is_dice_of_the_borders() -> None:
    logits, target, weights = random_labels((4, 5), 1)
    p, t, _ = as_channels(logits, target, weights)
    edges = [by_hand(each, torch.ones_like(each), (1, 1)) for each in (p, t)]
    found = border_dice_loss(logits, target, weights)
    torch.testing.assert_close(found, dice_loss(edges[0].logit(), edges[1], weights))


def test_a_mask_and_its_complement_have_the_same_border_loss() -> None:
    logits, target, weights = random_labels()
    torch.testing.assert_close(
        border_dice_loss(-logits, 1 - target, weights), border_dice_loss(logits, target, weights)
    )


def test_boundary_weights_multiply_the_pixels_beside_another_class() -> None:
    logits, _, _ = random_classes((2, 6))
    row = torch.tensor([0, 0, 0, 2, 2, UNLABELLED])
    target = row.expand(2, 2, 6)
    factors = torch.tensor([1.0, 1.0, 4.0, 4.0, 1.0, 9.0]).double().expand(2, 2, 6)  # the last has no label
    found = boundary_weighted(sparse_cross_entropy, extra=3)(logits, target, ones(target, logits))
    torch.testing.assert_close(found, sparse_cross_entropy(logits, target, factors))
    plain = boundary_weighted(sparse_cross_entropy, extra=0)(logits, target, factors)
    torch.testing.assert_close(plain, sparse_cross_entropy(logits, target, factors))


@pytest.mark.parametrize("kernel", [2, 0, -1, (3,), (3, 2)])
def test_kernels_that_have_no_centre_or_do_not_fit_are_refused(kernel: int | tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"kernel .* for 2 spatial axes: pass one odd number"):
        border_dice_loss(*random_labels(), kernel=kernel)


def test_other_ranks_and_factors_are_refused() -> None:
    with pytest.raises(ValueError, match="has 4 axes"):
        border_dice_loss(*random_labels((2, 2, 2, 2)))
    with pytest.raises(ValueError, match="extra is -1"):
        boundary_weighted(dice_loss, extra=-1)
