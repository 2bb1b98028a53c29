"""The two kinds of target, probabilities for each of them, and means that leave unlabelled pixels out.

- Classes that exclude each other: int64 (N, *spatial), compared with the softmax of the logits (N, K, *spatial).
- Labels that may overlap (multi-label): floats from 0 to 1, (N, K, *spatial), compared with the sigmoid of each logit.

In both, ``UNLABELLED`` (-1) marks entries that have no influence on the loss. A network with one output channel needs
the second kind: the softmax of a single channel is always 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from unet_tutorial.learning.losses.cross_entropy import UNLABELLED, check_classes, check_loss_inputs

Loss = Callable[[Tensor, Tensor, Tensor], Tensor]  # (logits, target, weights) -> scalar
Group = Callable[[Tensor], Tensor]  # (N, K, *spatial) -> (groups, K, pixels)


class Channels(NamedTuple):
    """Prediction, truth and weights of every class at every pixel, each (N, K, *spatial).

    ``predicted`` are probabilities, ``true`` is in 0 to 1, and ``weights`` are 0 where there is no label.
    """

    predicted: Tensor
    true: Tensor
    weights: Tensor


def as_channels(logits: Tensor, target: Tensor, weights: Tensor) -> Channels:
    """Probabilities (softmax or sigmoid, by the kind of target), one-hot truth and weights, each (N, K, *spatial).

    Half-precision logits and weights are converted to float32, because sums over an image overflow float16. Raises
    ValueError for shapes and dtypes that do not fit, labels that do not exist, and weights below 0.

    >>> classes = as_channels(torch.zeros(1, 2, 3), torch.tensor([[0, 1, -1]]), torch.ones(1, 3))
    >>> classes.true.tolist(), classes.weights.tolist()
    ([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]], [[[1.0, 1.0, 0.0], [1.0, 1.0, 0.0]]])
    """
    if is_multilabel(logits, target):
        check_multilabel(logits, target, weights)
        predicted = at_least_float32(logits).sigmoid()
    else:
        check_loss_inputs(logits, target, weights)
        target = one_hot(target, logits.shape[1]).to(at_least_float32(weights).dtype)
        predicted = at_least_float32(logits).softmax(dim=1)
    check_weights(weights)
    weights = at_least_float32(weights)
    known = target != UNLABELLED
    return Channels(predicted, target.where(known, 0), weights.unsqueeze(1) * known)


def is_multilabel(logits: Tensor, target: Tensor) -> bool:
    """Whether the target has a channel axis, so that it is multi-label."""
    return target.ndim == logits.ndim


def at_least_float32(values: Tensor) -> Tensor:
    """The values in float32 if their dtype is shorter, else unchanged."""
    return values.to(torch.promote_types(values.dtype, torch.float32))


def one_hot(target: Tensor, classes: int) -> Tensor:
    """Classes as a multi-label target: int64 (N, *spatial) -> float32 (N, K, *spatial), -1 for unlabelled pixels.

    It trains one sigmoid per class on labels that exclude each other. Raises ValueError for other classes than 0 to
    ``classes`` - 1.

    >>> one_hot(torch.tensor([[0, 2, -1]]), 3).tolist()
    [[[1.0, 0.0, -1.0], [0.0, 0.0, -1.0], [0.0, 1.0, -1.0]]]
    """
    known = target != UNLABELLED
    labels = target.where(known, 0)
    check_classes(labels, classes=classes)
    hot = torch.nn.functional.one_hot(labels, classes).movedim(-1, 1)  # (N, K, *spatial)
    return hot.float().where(known.unsqueeze(1), UNLABELLED)


def per_image(values: Tensor) -> Tensor:
    """Each image is a group of its own: (N, K, *spatial) -> (N, K, pixels)."""
    return values.reshape(*values.shape[:2], -1)


def per_batch(values: Tensor) -> Tensor:
    """The batch is one group, as if its images were one large image: (N, K, *spatial) -> (1, K, N · pixels)."""
    return values.transpose(0, 1).reshape(1, values.shape[1], -1)


def mean_of_known(values: Tensor, known: Tensor) -> Tensor:
    """Mean of the values where ``known`` is true, of the same shape; 0 with zero gradients if it is true nowhere."""
    return values.where(known, 0).sum() / known.sum().clamp(min=1)


def check_multilabel(logits: Tensor, target: Tensor, weights: Tensor) -> None:
    """Raise ValueError unless the target is multi-label and fits logits and weights."""
    if not logits.is_floating_point() or target.shape != logits.shape:
        raise ValueError(
            f"target {tuple(target.shape)} does not match logits {tuple(logits.shape)} of {logits.dtype}: a "
            "multi-label target has the shape of the logits, which are floats, and a target of classes has no channel "
            "axis; call target[:, 0].long() if its only channel holds classes"
        )
    if not target.is_floating_point():
        raise ValueError(f"a multi-label target is of floats from 0 to 1, this one is {target.dtype}; call .float()")
    wanted = (logits.shape[0], *logits.shape[2:])
    if tuple(weights.shape) != wanted or not weights.is_floating_point():
        raise ValueError(f"weights {tuple(weights.shape)} of {weights.dtype}: needed are floats of shape {wanted}")
    if not target.numel():
        raise ValueError(f"target {tuple(target.shape)} holds no pixel, so it has no mean; leave out empty tiles")
    if not ((target == UNLABELLED) | (target >= 0) & (target <= 1)).all():  # a comparison with NaN is False
        raise ValueError(
            f"a multi-label target holds NaN or values from {float(target.min())} to {float(target.max())}; needed "
            f"are 0 to 1, and {UNLABELLED} for entries without a label; divide a mask of 0 and 255 by 255"
        )


def check_weights(weights: Tensor) -> None:
    """Raise ValueError unless all weights are finite and at least 0; sums of others could be 0 or negative."""
    if not ((weights >= 0) & weights.isfinite()).all():
        raise ValueError("weights are below 0, infinite or NaN somewhere; use 0 for pixels that do not count")
