"""The Lovász loss: intersection over union of sets of wrong pixels, extended from sets to probabilities."""

from __future__ import annotations

import torch
from torch import Tensor

from unet_tutorial.learning.losses.averages import Average, over_all
from unet_tutorial.learning.losses.targets import Group, as_channels, per_image


def lovasz_loss(
    logits: Tensor,
    target: Tensor,
    weights: Tensor,
    *,
    group: Group = per_image,
    average: Average = over_all,
) -> Tensor:
    """Lovász extension of the loss 1 - IoU, at the errors |t - p| of each class; softmax or sigmoid by the target.

    If a set M of pixels is wrong and G is the truth, 1 - IoU is |M| / |G ∪ M|. The extension sorts the errors in
    descending order and sums error × increase of this ratio when the pixel is added to M. Pixels count with their
    weight. Logits (N, K, *spatial), a target of either kind with labels of 0 and 1 only, weights (N, *spatial). Returns
    a scalar tensor; 0 with zero gradients if nothing is labelled. The loss of a class that is absent is its largest
    probability. The authors' code averages over present classes of the whole batch: ``group=per_batch,
    average=over_present``.
    Source: Berman et al., arXiv 1705.08790, section 3; their Algorithm 1.

    >>> logits, target = torch.tensor([[[9.0, 9.0, -9.0]]]), torch.tensor([[[1.0, 0.0, 0.0]]])
    >>> round(float(lovasz_loss(logits, target, torch.ones(1, 3))), 3)                    # IoU is 1 / 2
    0.5
    """
    p, t, w = map(group, as_channels(logits, target, weights))  # (groups, K, pixels)
    if not ((t == 0) | (t == 1)).all():
        raise ValueError("the target has labels between 0 and 1, but the Lovász loss is one of sets; round the labels")
    errors, order = (t - p).abs().sort(dim=-1, descending=True)
    t, w = t.gather(-1, order), w.gather(-1, order)
    wrong = w.cumsum(-1)  # |M|
    union = (w * t).sum(-1, keepdim=True) + (w * (1 - t)).cumsum(-1)  # |G ∪ M|
    ratio = wrong / union.clamp(min=torch.finfo(union.dtype).tiny)  # 0 where nothing is labelled
    increase = ratio.diff(dim=-1, prepend=torch.zeros_like(ratio[..., :1]))
    return average((errors * increase).sum(-1), (w * t).sum(-1))
