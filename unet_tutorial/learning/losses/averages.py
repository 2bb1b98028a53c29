"""Averages of the losses of all classes: (groups, K) -> scalar. A group is an image or a batch (``targets.Group``).

``volumes`` (groups, K) is the weighted number of pixels of each class in the ground truth.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from torch import Tensor

Average = Callable[[Tensor, Tensor], Tensor]  # losses (groups, K), volumes (groups, K) -> scalar


def over_all(losses: Tensor, volumes: Tensor) -> Tensor:  # noqa: ARG001 - an Average has two arguments
    """The mean over all classes of all groups, including classes that a group does not contain."""
    return losses.mean()


def over_present(losses: Tensor, volumes: Tensor) -> Tensor:
    """The mean over the classes that occur in their group; 0 if none does.

    A false detection of an absent class then costs nothing in its own channel. With a softmax it still costs the true
    class probability; with sigmoids it is not punished at all.
    """
    present = volumes > 0
    return losses.where(present, 0).sum() / present.sum().clamp(min=1)


def over_classes(*weights: float) -> Average:
    """A mean with one weight per class: Σ weight · loss / Σ weight. ``over_classes(0, 1, 1)`` excludes the background.

    Raises ValueError unless the weights are finite, at least 0 and not all 0; and, at the first batch, unless there is
    one for each class.

    >>> import torch
    >>> losses = torch.tensor([[0.1, 0.5]])
    >>> round(float(over_classes(1, 3)(losses, torch.ones(1, 2))), 6)
    0.4
    """
    if not all(math.isfinite(weight) and weight >= 0 for weight in weights) or not sum(weights) > 0:
        raise ValueError(f"class weights {weights} are not finite numbers of at least 0, at least one of them above 0")

    def average(losses: Tensor, volumes: Tensor) -> Tensor:  # noqa: ARG001
        if losses.shape[1] != len(weights):
            raise ValueError(f"{len(weights)} class weights for {losses.shape[1]} classes; pass one per class")
        return (losses * losses.new_tensor(weights)).sum(dim=1).mean() / sum(weights)

    return average
