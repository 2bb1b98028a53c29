"""Supervised attention: attention maps are trained to be the foreground, besides the loss of the logits."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from unet_tutorial.learning.losses.averages import over_all
from unet_tutorial.learning.losses.cross_entropy import UNLABELLED
from unet_tutorial.learning.losses.overlap import SMOOTH, dice_of
from unet_tutorial.learning.losses.supervision import ListLoss, check_list
from unet_tutorial.learning.losses.targets import Channels, Loss, check_weights, per_image
from unet_tutorial.nets.nd import max_pool


def attention_loss(scores: Sequence[Tensor], target: Tensor, weights: Tensor, *, smooth: float = SMOOTH) -> Tensor:
    """Mean over attention maps of the Dice loss of the map and the foreground, max-pooled to the size of the map.

    ``scores`` are the logits of the coefficients, (N, 1, *size of each level), from ``nets.spatial_attention``. The
    target is of classes, (N, *spatial) int64 where 0 is the background, or multi-label, (N, K, *spatial), where every
    channel is foreground. A pooled pixel without foreground that covers unlabelled pixels is ignored, because these may
    be foreground. Weights are max-pooled as well. Raises ValueError if the length of a map does not divide that of the
    target along each axis. Source: Wang et al., arXiv 1906.03906, section 2.3.
    """
    if not scores:
        raise ValueError("no attention maps; pass those that nets.spatial_attention.AttentionOutputs returns")
    truth, counted = foreground_target(target, weights)  # each (N, 1, *spatial)
    losses = []
    for each in scores:
        stride = tuple(n // m for n, m in zip(truth.shape[2:], each.shape[2:], strict=True))
        if each.shape[1] != 1 or tuple(m * s for m, s in zip(each.shape[2:], stride, strict=True)) != truth.shape[2:]:
            raise ValueError(
                f"attention map {tuple(each.shape)} for a target of size {tuple(truth.shape[2:])}: needed is 1 channel "
                "and a size that divides that of the target; use padding 'same' and tiles that the network divides"
            )
        pool = max_pool(stride)
        true, known = pool(truth * (counted > 0)), 1 - pool((counted == 0).to(truth.dtype))
        w = pool(counted) * ((true > 0) | (known > 0))
        parts = Channels(each.to(truth.dtype).sigmoid(), true, w)
        losses.append(dice_of(parts, smooth=smooth, group=per_image, average=over_all))
    return torch.stack(losses).mean()


def foreground_target(target: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Foreground in 0 to 1 and weights that are 0 where it is not known, each (N, 1, *spatial).

    Of several labels at a pixel, the largest counts. It is known if it is above 0, or if no label is missing.
    """
    labels = target.unsqueeze(1).clamp(max=1) if target.ndim == weights.ndim else target  # (N, 1 or K, *spatial)
    if labels.shape[:1] + labels.shape[2:] != weights.shape:
        raise ValueError(f"target {tuple(target.shape)} and weights {tuple(weights.shape)} do not fit together")
    known = labels != UNLABELLED
    if not (~known | (labels >= 0) & (labels <= 1)).all():
        raise ValueError(f"the target holds {float(labels.min())} to {float(labels.max())}; needed are 0 to 1, or -1")
    check_weights(weights)
    truth = labels.where(known, 0).amax(dim=1, keepdim=True).to(weights.dtype)
    return truth, weights.unsqueeze(1) * ((truth > 0) | known.all(dim=1, keepdim=True))


def attended_loss(loss: Loss, share: float = 1.0) -> ListLoss:
    """The loss of a network that returns attention maps: loss of the logits + share · ``attention_loss``.

    It takes the list [logits, scores of each attention map] of ``nets.spatial_attention.AttentionOutputs``. Raises
    ValueError for one tensor in place of a list, as the network returns it in evaluation mode.
    """

    def total(outputs: list[Tensor], target: Tensor, weights: Tensor) -> Tensor:
        check_list(outputs, "the list that nets.spatial_attention.AttentionOutputs returns")
        logits, *scores = outputs
        return loss(logits, target, weights) + share * attention_loss(scores, target, weights)

    return total
