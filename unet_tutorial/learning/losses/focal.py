"""The focal loss: cross-entropy times (1 - probability of the truth)^gamma, so that easy pixels count less.

The power is computed as exp(gamma · log(1 - p)), with log(1 - p) from the logits. The usual (1 - p) ** gamma of a
probability that rounds to 0 or 1 has a NaN as logarithm, or as gradient for gamma below 1.
Source: Lin et al., arXiv 1708.02002, section 3.
"""

from __future__ import annotations

import math

from torch import Tensor
from torch.nn.functional import logsigmoid

from unet_tutorial.learning.losses.binary_cross_entropy import check_label_weights
from unet_tutorial.learning.losses.cross_entropy import UNLABELLED, check_classes, check_loss_inputs
from unet_tutorial.learning.losses.targets import at_least_float32, check_multilabel, check_weights, mean_of_known


def sigmoid_focal_loss(
    logits: Tensor,
    target: Tensor,
    weights: Tensor,
    *,
    gamma: float = 2.0,
    positive: float = 1.0,
    negative: float = 1.0,
) -> Tensor:
    """Focal loss of labels that may overlap; ``binary_cross_entropy`` if gamma is 0.

    Mean over all labelled entries of -weight · (positive · t · (1 - p)^gamma · log p + negative · (1 - t) · p^gamma ·
    log(1 - p)). The paper's alpha is ``positive`` = alpha, ``negative`` = 1 - alpha. Other arguments, the result and
    its value without labels are those of ``binary_cross_entropy``.

    >>> import torch
    >>> logits, target, ones = torch.zeros(1, 1, 2), torch.tensor([[[1.0, 0.0]]]), torch.ones(1, 2)
    >>> round(float(sigmoid_focal_loss(logits, target, ones)), 4)                                   # log 2 / 4
    0.1733
    """
    check_gamma(gamma)
    check_label_weights(positive, negative)
    check_multilabel(logits, target, weights)
    check_weights(weights)
    z = at_least_float32(logits)
    log_p, log_not_p = logsigmoid(z), logsigmoid(-z)
    cost = -positive * target * (gamma * log_not_p).exp() * log_p  # (N, K, *spatial)
    cost = cost - negative * (1 - target) * (gamma * log_p).exp() * log_not_p
    return mean_of_known(weights.unsqueeze(1) * cost, target != UNLABELLED)


def softmax_focal_loss(logits: Tensor, target: Tensor, weights: Tensor, *, gamma: float = 2.0) -> Tensor:
    """Focal loss of classes that exclude each other; ``sparse_cross_entropy`` if gamma is 0.

    Mean over all labelled pixels of -weight · (1 - p)^gamma · log p, where p is the softmax at the true class.
    ``logits`` (N, K, *spatial), ``target`` (N, *spatial) int64 with -1 where there is no label, ``weights``
    (N, *spatial). Returns a scalar tensor, 0 if no pixel is labelled.

    >>> import torch
    >>> round(float(softmax_focal_loss(torch.zeros(1, 2, 3), torch.tensor([[0, 1, -1]]), torch.ones(1, 3))), 4)
    0.1733
    """
    check_gamma(gamma)
    check_loss_inputs(logits, target, weights)
    check_weights(weights)
    known = target != UNLABELLED
    classes = target.where(known, 0)
    check_classes(classes, classes=logits.shape[1])
    true = classes.unsqueeze(1)  # (N, 1, *spatial)
    z = at_least_float32(logits)
    log_all = z.logsumexp(dim=1)  # (N, *spatial)
    log_p = z.gather(1, true).squeeze(1) - log_all
    log_not_p = z.scatter(1, true, -math.inf).logsumexp(dim=1) - log_all  # without the true class
    return mean_of_known(-weights * (gamma * log_not_p).exp() * log_p, known)


def check_gamma(gamma: float) -> None:
    """Raise ValueError unless gamma is finite and at least 0."""
    if not 0 <= gamma < math.inf:
        raise ValueError(f"gamma is {gamma} and must be a finite number of at least 0; 0 is cross-entropy, 2 is usual")
