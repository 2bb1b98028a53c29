"""The shares of the parts of a batch add up to its loss and gradient, for every named loss."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tests.oracles.loss_inputs import random_classes, random_labels
from unet_tutorial.learning.losses.cross_entropy import UNLABELLED
from unet_tutorial.learning.losses.layers import layer_terms, layer_weighted
from unet_tutorial.learning.losses.named import LOSSES, OF_LAYERS, loss_named, terms_named
from unet_tutorial.learning.losses.terms import Objective

SUM = "2*dice+0.5*cross_entropy"
LAYER_WEIGHTS = torch.tensor([[1.0, 3.0], [0.5, 2.0], [1.0, 0.0]])
CLASSES = [name for name in LOSSES if name not in OF_LAYERS.values()] + [SUM]
LAYERS = [name for name in LOSSES if name not in OF_LAYERS] + [SUM]


def classes(name: str) -> tuple[Objective, Tensor, Tensor, Tensor]:
    """An objective and five images, of which one has no label and one has only a few."""
    size = (177,) if name == "ms_ssim" else (6, 7)
    logits, target, weights = (torch.cat((each,) * 3)[:5] for each in random_classes(size, known=0.7))
    target[0], target[1, 1:] = UNLABELLED, UNLABELLED
    return Objective(loss_named(name), terms_named(name)), logits + torch.randn_like(logits), target, weights


def layers(name: str, *, weighted: bool) -> tuple[Objective, Tensor, Tensor, Tensor]:
    """The same for layers; one layer of an image has no label."""
    size = (177,) if name == "ms_ssim" else (6, 7)
    logits, target, weights = (torch.cat((each,) * 3)[:5] for each in random_labels(size, known=0.7))
    target[0], target[1, 1] = UNLABELLED, UNLABELLED
    of_layers = LAYER_WEIGHTS if weighted else torch.ones(3, 2)
    loss, terms = loss_named(name, multilabel=True), terms_named(name, multilabel=True)
    terms = [each for term in terms for each in layer_terms(term, of_layers)]
    assert len(terms) == (3 if weighted else 1) * (2 if name == SUM else 1)
    return Objective(layer_weighted(loss, of_layers), terms), logits + torch.randn_like(logits), target, weights


def check(objective: Objective, logits: Tensor, target: Tensor, weights: Tensor) -> None:
    """Compare the loss and gradient of the batch with the sums over parts, with and without deep supervision."""
    for shares in ((2, 3), (1, 1, 1, 1, 1), (5,)):
        parts = list(zip(*(each.split(shares) for each in (logits, target, weights)), strict=True))
        totals = torch.stack([objective.counts(t) for _, t, _ in parts]).sum(0)
        for listed in (False, True):
            z = logits.clone().requires_grad_()
            outputs = [z, 0.5 * z] if listed else z
            wanted = objective(outputs, target, weights)
            (gradient,) = torch.autograd.grad(wanted, z)
            found = []
            pieces = [piece.clone().requires_grad_() for piece, _, _ in parts]
            for piece, (_, t, w) in zip(pieces, parts, strict=True):
                found.append(objective.of_part([piece, 0.5 * piece] if listed else piece, t, w, totals))
            gradients = torch.autograd.grad(sum(found, start=torch.zeros(())), pieces)
            torch.testing.assert_close(torch.stack(found).sum(), wanted, rtol=1e-12, atol=1e-14)
            torch.testing.assert_close(torch.cat(gradients), gradient, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", CLASSES)
def test_shares_of_classes_add_up_to_the_loss_of_the_batch(name: str) -> None:
    torch.manual_seed(0)
    check(*classes(name))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", LAYERS)
def test_shares_of_layers_add_up_to_the_loss_of_the_batch(name: str, *, weighted: bool) -> None:
    torch.manual_seed(0)
    check(*layers(name, weighted=weighted))


def test_a_batch_without_labels_has_no_loss_and_no_gradient() -> None:
    objective = Objective(loss_named(SUM), terms_named(SUM))
    logits, target, weights = random_classes()
    target[:] = UNLABELLED
    share = objective.of_part(logits.requires_grad_(), target, weights, objective.counts(target))
    (gradient,) = torch.autograd.grad(share, logits)
    assert share == 0
    assert (gradient == 0).all()
