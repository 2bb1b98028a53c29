"""Sums of losses, with a weight for each, whose terms can be reported by name."""

from __future__ import annotations

import math
from collections.abc import Mapping

from torch import Tensor

from unet_tutorial.learning.losses.targets import Loss


def scaled(factor: float, loss: Loss) -> Loss:
    """The loss times a factor. Raises ValueError unless the factor is finite and above 0."""
    if not 0 < factor < math.inf:
        raise ValueError(f"a loss of weight {factor} is not minimised; pass a finite weight above 0")

    def product(logits: Tensor, target: Tensor, weights: Tensor) -> Tensor:
        return factor * loss(logits, target, weights)

    return product


class Combined:
    """A loss that is the sum of losses with names. ``terms`` returns the value of each."""

    def __init__(self, losses: Mapping[str, Loss]) -> None:
        if not losses:
            raise ValueError("no loss to combine; pass at least one, as in combine(dice=dice_loss)")
        for name, loss in losses.items():
            if not callable(loss):
                raise ValueError(
                    f"{name} is {loss!r}, not a loss; pass a function, as in {name}=scaled(0.5, dice_loss)"
                )
        self.losses = dict(losses)

    def terms(self, logits: Tensor, target: Tensor, weights: Tensor) -> dict[str, Tensor]:
        """Each term of the sum by its name, as a scalar tensor."""
        return {name: loss(logits, target, weights) for name, loss in self.losses.items()}

    def __call__(self, logits: Tensor, target: Tensor, weights: Tensor) -> Tensor:
        """The sum of the terms, a scalar tensor."""
        first, *others = self.terms(logits, target, weights).values()
        return sum(others, start=first)


def combine(**losses: Loss) -> Combined:
    """The sum of losses, each with a name: ``combine(dice=dice_loss, focal=scaled(0.5, softmax_focal_loss))``.

    >>> import torch
    >>> from unet_tutorial.learning.losses.cross_entropy import sparse_cross_entropy
    >>> from unet_tutorial.learning.losses.overlap import dice_loss
    >>> loss = combine(dice=dice_loss, entropy=scaled(0.5, sparse_cross_entropy))
    >>> batch = torch.zeros(1, 2, 4), torch.tensor([[0, 0, 1, 1]]), torch.ones(1, 4)
    >>> {name: round(float(value), 4) for name, value in loss.terms(*batch).items()}, round(float(loss(*batch)), 4)
    ({'dice': 0.5, 'entropy': 0.3466}, 0.8466)
    """
    return Combined(losses)
