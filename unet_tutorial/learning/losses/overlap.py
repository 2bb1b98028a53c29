"""Losses of overlap, 1 - index: Dice, its squared and generalised forms, intersection over union, and Tversky.

Each index is computed from sums over the pixels of a class in an image, weighted by the pixel weights. ``group`` and
``average`` choose which pixels are summed (``targets.per_image`` or ``per_batch``) and how the losses of the classes
are averaged (``averages``). ``smooth`` is added to numerator and denominator. So the index is never above 1, a class
that is neither predicted nor true has index 1, and a group without labelled pixels has loss 0 and zero gradients.
A constant in the numerator alone gives a "Dice" above 1, and one for empty masks that is infinite.

With soft labels, only ``squared_dice_loss`` is smallest where the prediction equals the label; the others prefer
predictions of 0 and 1.
"""

from __future__ import annotations

import math

from torch import Tensor

from unet_tutorial.learning.losses.averages import Average, over_all
from unet_tutorial.learning.losses.targets import Channels, Group, as_channels, per_image

SMOOTH = 1e-5  # pixels


def dice_loss(
    logits: Tensor,
    target: Tensor,
    weights: Tensor,
    *,
    smooth: float = SMOOTH,
    group: Group = per_image,
    average: Average = over_all,
) -> Tensor:
    """Soft Dice loss, 1 - (2 Σ p·t + smooth) / (Σ p + Σ t + smooth) for each class.

    Logits (N, K, *spatial), a target of either kind (see ``targets``), weights (N, *spatial). Returns a scalar tensor
    in 0 to 1. ``smooth`` is in pixels; it must be above 0.
    Source: Drozdzal et al., arXiv 1608.04117, section 2.3.

    >>> import torch
    >>> logits, target = torch.tensor([[[[1.0, -1.0], [-1.0, 1.0]]]]), torch.tensor([[[[1.0, 0.0], [1.0, 1.0]]]])
    >>> round(float(dice_loss(logits, target, torch.ones(1, 2, 2))), 4)
    0.3076
    """
    return dice_of(as_channels(logits, target, weights), smooth=smooth, group=group, average=average)


def dice_of(parts: Channels, *, smooth: float, group: Group, average: Average) -> Tensor:
    """``dice_loss`` of maps in 0 to 1, for example of probabilities or of borders."""
    check_smooth(smooth)
    p, t, w = map(group, parts)  # (groups, K, pixels)
    index = (2 * (w * p * t).sum(-1) + smooth) / ((w * (p + t)).sum(-1) + smooth)  # (groups, K)
    return average(1 - index, (w * t).sum(-1))


def squared_dice_loss(
    logits: Tensor,
    target: Tensor,
    weights: Tensor,
    *,
    smooth: float = SMOOTH,
    group: Group = per_image,
    average: Average = over_all,
) -> Tensor:
    """Dice loss with squares in the denominator, 1 - (2 Σ p·t + smooth) / (Σ p² + Σ t² + smooth) for each class.

    Arguments are those of ``dice_loss``. Source: Milletari et al., arXiv 1606.04797 (V-Net), section 3.
    """
    check_smooth(smooth)
    p, t, w = map(group, as_channels(logits, target, weights))
    index = (2 * (w * p * t).sum(-1) + smooth) / ((w * (p.square() + t.square())).sum(-1) + smooth)
    return average(1 - index, (w * t).sum(-1))


def generalised_dice_loss(
    logits: Tensor,
    target: Tensor,
    weights: Tensor,
    *,
    power: float = 2.0,
    smooth: float = SMOOTH,
    group: Group = per_image,
) -> Tensor:
    """Dice loss of all classes together, 1 - 2 Σ_k v Σ p·t / Σ_k v Σ (p + t); class k has the weight v = volume^-power.

    Small classes count more, so there is no average over classes. ``power`` 2 is the paper's; 0 weights all equally. A
    class that is absent from a group has the weight of its smallest present class; if all are absent, all weigh 1. The
    weights are divided by the largest of them: without this division, ``smooth`` would exceed both sums in
    images of 10⁵ pixels or more, and the loss would be almost 0 for any prediction.
    Other arguments are those of ``dice_loss``. Source: Sudre et al., arXiv 1707.03237, section 2.1.
    """
    check_smooth(smooth)
    p, t, w = map(group, as_channels(logits, target, weights))
    volumes = (w * t).sum(-1)  # (groups, K)
    smallest = volumes.where(volumes > 0, math.inf).amin(dim=1, keepdim=True)
    v = (smallest / volumes.where(volumes > 0, smallest)).pow(power).where(smallest.isfinite(), 1)
    numerator = 2 * (v * (w * p * t).sum(-1)).sum(dim=1) + smooth  # (groups,)
    denominator = (v * (w * (p + t)).sum(-1)).sum(dim=1) + smooth
    return (1 - numerator / denominator).mean()


def iou_loss(
    logits: Tensor,
    target: Tensor,
    weights: Tensor,
    *,
    smooth: float = SMOOTH,
    group: Group = per_image,
    average: Average = over_all,
) -> Tensor:
    """Loss of the soft intersection over union (Jaccard index): 1 - (I + smooth) / (Σ p + Σ t - I + smooth), I = Σ p·t.

    Arguments are those of ``dice_loss``. Source: Rahman & Wang, doi 10.1007/978-3-319-50835-1_22.
    """
    return tversky_loss(logits, target, weights, alpha=1.0, beta=1.0, smooth=smooth, group=group, average=average)


def tversky_loss(
    logits: Tensor,
    target: Tensor,
    weights: Tensor,
    *,
    alpha: float = 0.3,
    beta: float = 0.7,
    smooth: float = SMOOTH,
    group: Group = per_image,
    average: Average = over_all,
) -> Tensor:
    """Loss of the Tversky index, TP / (TP + alpha · FP + beta · FN) with smooth, for each class.

    TP = Σ p·t, FP = Σ p·(1 - t) and FN = Σ (1 - p)·t. ``alpha`` weighs false positives, ``beta`` false negatives: both
    0.5 is Dice with 2 · smooth, both 1 is intersection over union. Other arguments are those of ``dice_loss``.
    Source: Salehi et al., arXiv 1706.05721, section 2.2.
    """
    check_smooth(smooth)
    if not (0 <= alpha < math.inf and 0 <= beta < math.inf and alpha + beta > 0):
        raise ValueError(f"alpha {alpha} and beta {beta} must be at least 0, and one of them above 0; try 0.3 and 0.7")
    p, t, w = map(group, as_channels(logits, target, weights))
    both, false, missed = (w * p * t).sum(-1), (w * p * (1 - t)).sum(-1), (w * (1 - p) * t).sum(-1)  # (groups, K)
    index = (both + smooth) / (both + alpha * false + beta * missed + smooth)
    return average(1 - index, (w * t).sum(-1))


def check_smooth(smooth: float) -> None:
    """Raise ValueError unless the constant is above 0 and finite; with 0, the index of an empty class is 0 / 0."""
    if not 0 < smooth < math.inf:
        raise ValueError(f"smooth is {smooth} pixels and must be above 0, so that empty classes are defined; try 1e-5")
