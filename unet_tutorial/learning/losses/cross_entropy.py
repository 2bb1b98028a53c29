"""The loss of the paper: pixel-wise softmax and cross-entropy, with one weight per pixel (equation 1)."""

from __future__ import annotations

import torch
from torch import Tensor, int64

UNLABELLED = -1  # class of the pixels without a label


def weighted_cross_entropy(logits: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """Mean over all pixels of weight × cross-entropy. It is 0 if the true class of every pixel has probability 1.

    ``logits`` (N, K, *spatial) are the raw scores of K classes, ``target`` (N, *spatial) holds int64 classes
    0 to K-1, ``weights`` (N, *spatial) are floats, usually a crop of a ``weight_map``. Any number of
    spatial axes. Returns a scalar tensor.

    The paper prints a sum over pixels and no minus sign: E = Σ w(x) log p_l(x)(x). The minus is added here, since E
    is minimised and log p ≤ 0. The sum is divided by the number of pixels (not by the sum of the weights), so that a
    learning rate stays valid when the tile size or the batch size changes.

    Raises ValueError if shapes or dtypes do not fit, and if the target holds a class outside 0 to K-1.
    Source: arXiv 1505.04597, section 3, equation 1.

    >>> import torch
    >>> logits = torch.zeros(1, 2, 3, 3)                     # both classes have probability 0.5
    >>> target, weights = torch.ones(1, 3, 3, dtype=torch.int64), torch.ones(1, 3, 3)
    >>> round(float(weighted_cross_entropy(logits, target, weights)), 4)       # log 2
    0.6931
    """
    check_loss_inputs(logits, target, weights)
    check_classes(target, classes=logits.shape[1])
    log_p = logits.log_softmax(dim=1)  # (N, K, *spatial)
    log_p_true = log_p.gather(1, target.unsqueeze(1)).squeeze(1)  # (N, *spatial)
    return -(weights * log_p_true).mean()


def sparse_cross_entropy(logits: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """``weighted_cross_entropy`` over the labelled pixels only. Pixels of class ``UNLABELLED`` (-1) are ignored.

    The mean is over the labelled pixels, for example those of a few labelled slices of a volume, so the loss does not
    depend on the number of unlabelled pixels. If no pixel is labelled, it is 0.
    Source: Çiçek et al., arXiv 1606.06650, section 2, "setting the weights of unlabeled pixels to zero".

    >>> import torch
    >>> logits, weights = torch.zeros(1, 2, 4), torch.ones(1, 4)
    >>> round(float(sparse_cross_entropy(logits, torch.tensor([[1, -1, -1, 0]]), weights)), 4)       # log 2
    0.6931
    """
    check_loss_inputs(logits, target, weights)
    known = target != UNLABELLED
    share = known.sum().clamp(min=1).to(torch.promote_types(weights.dtype, torch.float32)) / max(known.numel(), 1)
    return weighted_cross_entropy(logits, target.where(known, 0), weights * known) / share


def check_loss_inputs(logits: Tensor, target: Tensor, weights: Tensor) -> None:
    """Raise ValueError unless shapes and dtypes of logits, target and weights fit together."""
    for name, value in (("logits", logits), ("target", target), ("weights", weights)):
        if not isinstance(value, Tensor):
            raise ValueError(
                f"{name} is a {type(value).__name__}, not a tensor; for the list of logits of a network with deep "
                "supervision use losses.supervision.supervised_loss(loss)"
            )
    if logits.ndim < 2 or not logits.is_floating_point():
        raise ValueError(
            f"logits {tuple(logits.shape)} of {logits.dtype} are not floats of shape (N, K, *spatial); "
            "pass the output of the network unchanged"
        )
    wanted = (logits.shape[0], *logits.shape[2:])
    for name, tensor in (("target", target), ("weights", weights)):
        if tuple(tensor.shape) != wanted:
            raise ValueError(
                f"{name} {tuple(tensor.shape)} does not match logits {tuple(logits.shape)}: needed {wanted}; "
                "after a net with valid padding, crop it to the output's size"
            )
    if target.dtype != int64:
        raise ValueError(f"target is {target.dtype} and classes are int64; call target.long()")
    if logits.shape[1] == 1:
        raise ValueError(
            "the logits have 1 channel, whose softmax is always 1; build the network with out_channels=2, or use a "
            "sigmoid loss with a target of floats that has the shape of the logits"
        )
    if not weights.is_floating_point():
        raise ValueError(f"weights are {weights.dtype} and must be floats; call weights.float()")


def check_classes(target: Tensor, *, classes: int) -> None:
    """Raise ValueError unless the target holds at least one pixel, and classes from 0 to ``classes`` - 1 only."""
    if not target.numel():
        raise ValueError(f"target {tuple(target.shape)} holds no pixel, so it has no mean; leave out empty tiles")
    low, high = (int(extreme) for extreme in target.aminmax())
    if low < 0 or high >= classes:
        raise ValueError(
            f"target holds classes {low} to {high}, the logits have {classes} channels for classes 0 to {classes - 1}; "
            "build the network with more out_channels, or renumber the labels"
        )
