"""The loss of the paper: cross-entropy of a pixel-wise softmax, each pixel with its own weight (equation 1)."""

from __future__ import annotations

from torch import Tensor, int64

UNLABELLED = -1  # the class of a pixel that nobody has labelled


def weighted_cross_entropy(logits: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """Mean over all pixels of weight × cross-entropy: a scalar that is 0 for a sure and right answer.

    ``logits`` (N, K, *spatial) are the net's raw scores of K classes, ``target`` (N, *spatial) holds int64 classes
    0 to K-1, ``weights`` (N, *spatial) are floats, usually cut from a ``weight_map``. Any rank.

    The paper prints a sum over pixels and no minus sign: E = Σ w(x) log p_l(x)(x). The minus is put back here, since
    E is to be minimised and log p ≤ 0. The sum is divided by the number of pixels (not by the sum of the weights), so
    that the learning rate keeps its meaning when the tile size or the batch changes.

    Raises ValueError if shapes or dtypes do not fit or the target holds a class that has no logit.
    Source: arXiv 1505.04597, section 3, equation 1.

    >>> import torch
    >>> logits = torch.zeros(1, 2, 3, 3)                     # both classes equally likely everywhere
    >>> target, weights = torch.ones(1, 3, 3, dtype=torch.int64), torch.ones(1, 3, 3)
    >>> round(float(weighted_cross_entropy(logits, target, weights)), 4)       # log 2
    0.6931
    """
    _refuse_shapes(logits, target, weights)
    _refuse_classes(target, classes=logits.shape[1])
    log_p = logits.log_softmax(dim=1)  # (N, K, *spatial)
    log_p_true = log_p.gather(1, target.unsqueeze(1)).squeeze(1)  # (N, *spatial)
    return -(weights * log_p_true).mean()


def sparse_cross_entropy(logits: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """``weighted_cross_entropy`` over the labelled pixels alone; those of class ``UNLABELLED`` (-1) do not count.

    With a few slices of a volume labelled, the mean is taken over these: the same labels give the same loss however
    much of the volume is left open. Where all pixels are labelled it is ``weighted_cross_entropy``, and where none is,
    0. Source: Çiçek et al., arXiv 1606.06650, section 2, "setting the weights of unlabeled pixels to zero".

    >>> import torch
    >>> logits, weights = torch.zeros(1, 2, 4), torch.ones(1, 4)
    >>> round(float(sparse_cross_entropy(logits, torch.tensor([[1, -1, -1, 0]]), weights)), 4)       # log 2
    0.6931
    """
    _refuse_shapes(logits, target, weights)
    known = target != UNLABELLED
    share = known.sum().clamp(min=1) / max(known.numel(), 1)
    return weighted_cross_entropy(logits, target.where(known, 0), weights * known) / share


def _refuse_shapes(logits: Tensor, target: Tensor, weights: Tensor) -> None:
    if logits.ndim < 2 or not logits.is_floating_point():
        raise ValueError(
            f"logits {tuple(logits.shape)} of {logits.dtype} are not floats of shape (N, K, *spatial); "
            "hand over the net's output as it comes"
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
    if not weights.is_floating_point():
        raise ValueError(f"weights are {weights.dtype} and must be floats; call weights.float()")


def _refuse_classes(target: Tensor, *, classes: int) -> None:
    if not target.numel():
        raise ValueError(f"target {tuple(target.shape)} holds no pixel, so it has no mean; leave empty tiles out")
    low, high = (int(extreme) for extreme in target.aminmax())
    if low < 0 or high >= classes:
        raise ValueError(
            f"target holds classes {low} to {high}, the logits have {classes} channels for classes 0 to {classes - 1}; "
            "build the net with more out_channels or renumber the labels"
        )
