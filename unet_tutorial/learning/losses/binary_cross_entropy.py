"""Binary cross-entropy of labels that may overlap, with one weight for each of the two values of a label."""

from __future__ import annotations

import math

from torch import Tensor
from torch.nn.functional import logsigmoid

from unet_tutorial.learning.losses.cross_entropy import UNLABELLED
from unet_tutorial.learning.losses.targets import at_least_float32, check_multilabel, check_weights, mean_of_known


def binary_cross_entropy(
    logits: Tensor, target: Tensor, weights: Tensor, *, positive: float = 1.0, negative: float = 1.0
) -> Tensor:
    """Mean over all labelled entries of -weight · (positive · t · log p + negative · (1 - t) · log(1 - p)).

    ``logits`` (N, K, *spatial), of which p is the sigmoid; ``target`` of the same shape with floats from 0 to 1, and -1
    where there is no label; ``weights`` (N, *spatial). Returns a scalar tensor, 0 if nothing is labelled. ``positive``
    is the weight of label 1, torch's ``pos_weight``, and ``negative`` that of label 0. For rare labels use for example
    positive=0.99, negative=0.01.

    >>> import torch
    >>> round(float(binary_cross_entropy(torch.zeros(1, 1, 2), torch.tensor([[[1.0, 0.0]]]), torch.ones(1, 2))), 4)
    0.6931
    """
    check_label_weights(positive, negative)
    check_multilabel(logits, target, weights)
    check_weights(weights)
    z = at_least_float32(logits)
    cost = -positive * target * logsigmoid(z) - negative * (1 - target) * logsigmoid(-z)  # (N, K, *spatial)
    return mean_of_known(weights.unsqueeze(1) * cost, target != UNLABELLED)


def check_label_weights(positive: float, negative: float) -> None:
    """Raise ValueError unless the weights of label 1 and label 0 are finite, at least 0, and not both 0."""
    if not (0 <= positive < math.inf and 0 <= negative < math.inf and positive + negative > 0):
        raise ValueError(f"label weights {positive} and {negative} must be finite, at least 0, and not both 0")
