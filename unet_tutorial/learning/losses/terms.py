"""Losses as sums of means, so that the parts of a batch can be computed by several processes, or one after the other.

The mean of a batch is not the mean of the means of its parts: a part with few labelled pixels must count less. Each
term of a loss is therefore known with the number of values of its mean. The share of a part is then
term · count of the part / count of the batch, and the shares of all parts add up to the loss of the batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from unet_tutorial.learning.losses.cross_entropy import UNLABELLED
from unet_tutorial.learning.losses.supervision import supervised_loss
from unet_tutorial.learning.losses.targets import Loss

Count = Callable[[Tensor], Tensor]  # target -> the number of values in the mean, a scalar


@dataclass(frozen=True)
class Term:
    """A loss that is a mean, and the number of values of this mean, which depends on the target alone."""

    loss: Loss
    count: Count


def labelled_count(target: Tensor) -> Tensor:
    """The number of labelled pixels of a target of classes, or of labelled entries of a multi-label target.

    >>> int(labelled_count(torch.tensor([[0, 1, -1]])))
    2
    """
    return (target != UNLABELLED).sum()


def image_count(target: Tensor) -> Tensor:
    """The number of images, (N, …) -> N."""
    return torch.tensor(len(target), device=target.device)


class Objective:
    """The loss of a network that returns logits, or a list of logits (deep supervision), and its terms.

    ``loss`` is the sum of the losses of ``terms``. A call returns the loss of a whole batch:
    ``objective(outputs, target, weights)``.
    """

    def __init__(self, loss: Loss, terms: Sequence[Term]) -> None:
        self.loss, self.terms = loss, list(terms)

    def __call__(self, outputs: Tensor | list[Tensor], target: Tensor, weights: Tensor) -> Tensor:
        """The loss of a whole batch."""
        return _of_outputs(self.loss, outputs, target, weights)

    def counts(self, target: Tensor) -> Tensor:
        """The number of values of each term in a target: (terms,) int64. Those of all parts of a batch are summed."""
        return torch.stack([term.count(target) for term in self.terms])

    def of_part(self, outputs: Tensor | list[Tensor], target: Tensor, weights: Tensor, totals: Tensor) -> Tensor:
        """The share of a part in the loss of a batch with the counts ``totals``; the shares of all parts add up to it.

        A term that has no value in the whole batch is 0, as in the loss itself.
        """
        losses = torch.stack([_of_outputs(term.loss, outputs, target, weights) for term in self.terms])
        shares = self.counts(target).to(losses.dtype) / totals.clamp(min=1)  # not float64, which MPS does not have
        return (losses * shares).sum()


def _of_outputs(loss: Loss, outputs: Tensor | list[Tensor], target: Tensor, weights: Tensor) -> Tensor:
    if isinstance(outputs, Tensor):
        return loss(outputs, target, weights)
    return supervised_loss(loss)(outputs, target, weights)
