"""The loss of a network with deep supervision: a weighted mean of the losses of its logits.

``nets.supervision`` has the networks, which return a list of logits in training mode.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor
from torch.nn import functional as F

from unet_tutorial.learning.losses.cross_entropy import UNLABELLED
from unet_tutorial.learning.losses.targets import Loss

Shares = Callable[[int], Sequence[float]]  # number of outputs -> the weight of each
ListLoss = Callable[[list[Tensor], Tensor, Tensor], Tensor]  # (list of logits, target, weights) -> scalar


def equal(outputs: int) -> list[float]:
    """The same weight for each output (UNet++, arXiv 1807.10165, section 3.2).

    >>> equal(4)
    [0.25, 0.25, 0.25, 0.25]
    """
    return [1 / outputs] * outputs


def halving(outputs: int) -> list[float]:
    """Half the weight for each next output; the sum is 1 (nnU-Net, arXiv 1904.08128).

    >>> [round(share, 3) for share in halving(3)]
    [0.571, 0.286, 0.143]
    """
    return [2**i / (2**outputs - 1) for i in reversed(range(outputs))]


def supervised_loss(loss: Loss, shares: Shares = equal) -> ListLoss:
    """A loss of a list of logits, each (N, K, *spatial): the sum of share · loss(logits, target, weights).

    ``shares`` gives the weight of each output, the final one first. Raises ValueError for one tensor in place of a
    list, as networks return it in evaluation mode, and if the number of shares is another than that of the logits.

    >>> import torch
    >>> from unet_tutorial.learning.losses.cross_entropy import sparse_cross_entropy
    >>> logits = [torch.zeros(1, 2, 4), torch.zeros(1, 4, 4)]
    >>> target, weights = torch.zeros(1, 4, dtype=torch.int64), torch.ones(1, 4)
    >>> round(float(supervised_loss(sparse_cross_entropy)(logits, target, weights)), 4)  # (log 2 + log 4) / 2
    1.0397
    """

    def weighted(logits: list[Tensor], target: Tensor, weights: Tensor) -> Tensor:
        check_list(logits, "the list of logits that a network with deep supervision returns")
        factors = shares(len(logits))
        if len(factors) != len(logits):
            raise ValueError(f"{len(factors)} shares for {len(logits)} outputs; return one for each")
        terms = [factor * loss(each, target, weights) for factor, each in zip(factors, logits, strict=True)]
        return sum(terms[1:], start=terms[0])

    return weighted


def check_list(outputs: list[Tensor], needed: str) -> None:
    """Raise ValueError for one tensor or an empty list; ``needed`` says which list this loss needs."""
    if isinstance(outputs, Tensor) or not outputs:
        raise ValueError(f"this loss takes {needed} in training mode; for one output use the loss itself")


def guided_loss(loss: Loss, shares: Shares = equal) -> ListLoss:
    """The loss of a network with a classification-guided module (``nets.supervision.GuidedHeads``).

    It is that of ``supervised_loss`` for the logits, plus ``presence_loss`` of the class scores, the last of the list.
    Raises ValueError for one tensor in place of a list. Source: UNet 3+, arXiv 2004.08790,
    section 2, "Classification-guided Module".
    """
    of_logits = supervised_loss(loss, shares)

    def total(outputs: list[Tensor], target: Tensor, weights: Tensor) -> Tensor:
        check_list(outputs, "the list of logits and class scores that a network with GuidedHeads returns")
        *logits, scores = outputs
        return of_logits(logits, target, weights) + presence_loss(scores, target)

    return total


def presence_loss(scores: Tensor, target: Tensor) -> Tensor:
    """Mean cross-entropy of the scores (N, 2) of the classes "no foreground" and "foreground" in an image.

    The target is (N, *spatial) with classes, where 0 is the background, or (N, K, *spatial) with one map per class.
    An image without a labelled foreground pixel that has unlabelled pixels (-1) is ignored, because its class is not
    known. If all are ignored, the loss is 0. Raises ValueError for scores of another shape.
    """
    if scores.shape != (len(target), 2):
        raise ValueError(
            f"scores {tuple(scores.shape)} for {len(target)} images: needed are ({len(target)}, 2), as GuidedHeads "
            "returns them; for a network without class scores use supervised_loss"
        )
    pixels = target.flatten(1)
    present = (pixels > 0).any(dim=1)
    unknown = ~present & (pixels == UNLABELLED).any(dim=1)
    classes = present.long().masked_fill(unknown, UNLABELLED)
    entropy = F.cross_entropy(scores, classes, ignore_index=UNLABELLED, reduction="sum")
    return entropy / (~unknown).sum().clamp(min=1)
