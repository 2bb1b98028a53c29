"""Borders of soft masks, a Dice loss of the borders, and larger weights on the borders of the ground truth."""

from __future__ import annotations

import math

from torch import Tensor

from unet_tutorial.learning.losses.averages import Average, over_all
from unet_tutorial.learning.losses.overlap import SMOOTH, dice_of
from unet_tutorial.learning.losses.targets import Channels, Group, Loss, as_channels, per_image
from unet_tutorial.nets.nd import MAX_POOL, rank_of
from unet_tutorial.plan.levels import Size


def borders(masks: Tensor, known: Tensor, kernel: int | Size = 3) -> Tensor:
    """Soft border of masks in 0 to 1: (largest mask value) × (largest value of 1 - mask) around each pixel.

    For a binary mask it is 1 where the window of ``kernel`` pixels contains both values, so with kernel 3 the border is
    two pixels wide. ``kernel`` is one odd number, or one per spatial axis: (1, 3, 3) for slices far apart. Pixels where
    ``known`` is 0 are left out of the window. ``masks`` and ``known`` (N, K, *spatial) -> (N, K, *spatial).

    >>> import torch
    >>> mask = torch.tensor([[[0.0, 0.0, 0.0, 1.0, 1.0, 1.0]]])
    >>> borders(mask, torch.ones_like(mask)).tolist()
    [[[0.0, 0.0, 1.0, 1.0, 0.0, 0.0]]]
    """
    rank = rank_of(masks.shape[2:])
    window = (kernel,) * rank if isinstance(kernel, int) else tuple(kernel)
    if len(window) != rank or not all(side > 0 and side % 2 for side in window):
        raise ValueError(f"kernel {kernel} for {rank} spatial axes: pass one odd number, or one for each axis")
    around = MAX_POOL[rank - 1](window, stride=1, padding=tuple(side // 2 for side in window))
    inside, outside = around(masks * known), around((1 - masks) * known)
    border: Tensor = inside * outside
    return border


def border_dice_loss(
    logits: Tensor,
    target: Tensor,
    weights: Tensor,
    *,
    kernel: int | Size = 3,
    smooth: float = SMOOTH,
    group: Group = per_image,
    average: Average = over_all,
) -> Tensor:
    """``dice_loss`` of the borders of prediction and truth (``borders``), instead of their areas.

    A mask and its complement have the same borders, so this loss alone does not tell object from background: add a
    loss of areas, as in ``combine(area=dice_loss, border=border_dice_loss)``. Pixels without a label, or of weight 0,
    have no influence on the borders around them. Other arguments are those of ``dice_loss``. In 1D, 2D and 3D.
    """
    p, t, w = as_channels(logits, target, weights)
    known = (w > 0).to(p.dtype)
    edges = Channels(borders(p, known, kernel), borders(t.to(p.dtype), known, kernel), w)
    return dice_of(edges, smooth=smooth, group=group, average=average)


def boundary_weighted(loss: Loss, *, extra: float = 5.0, kernel: int | Size = 3) -> Loss:
    """The loss with weights multiplied by 1 + ``extra`` at pixels on the border of any class of the ground truth.

    It needs no instances, unlike the weight map of the paper (``weight_maps.weight_map``), which is computed once per
    image. ``kernel`` is that of ``borders``. Raises ValueError if ``extra`` is below 0.
    """
    if not 0 <= extra < math.inf:
        raise ValueError(f"extra is {extra} and must be a finite number of at least 0; 0 changes nothing")

    def weighted(logits: Tensor, target: Tensor, weights: Tensor) -> Tensor:
        _, true, w = as_channels(logits, target, weights)
        border = borders(true, (w > 0).to(true.dtype), kernel).amax(dim=1)  # (N, *spatial)
        return loss(logits, target, weights * (1 + extra * border))

    return weighted
