"""Dice loss in which pixels count more, the farther their prediction is from the label."""

from __future__ import annotations

from torch import Tensor

from unet_tutorial.learning.losses.averages import Average, over_all
from unet_tutorial.learning.losses.overlap import SMOOTH, dice_of
from unet_tutorial.learning.losses.targets import Channels, Group, as_channels, per_image


def hardness_dice_loss(
    logits: Tensor,
    target: Tensor,
    weights: Tensor,
    *,
    hardness: float = 0.6,
    smooth: float = SMOOTH,
    group: Group = per_image,
    average: Average = over_all,
) -> Tensor:
    """``dice_loss`` with pixel weights multiplied by λ |p - t| + (1 - λ), where λ is ``hardness``, from 0 to 1.

    With λ = 0 it is ``dice_loss``. The gradient also passes through |p - t|. Other arguments are those of
    ``dice_loss``. Source: Wang et al., arXiv 1906.03906, section 2.3, with λ = 0.6.
    """
    if not 0 <= hardness <= 1:
        raise ValueError(f"hardness is {hardness} and must be in 0 to 1; the paper has 0.6, and 0 is plain Dice")
    p, t, w = as_channels(logits, target, weights)
    harder = w * (hardness * (p - t).abs() + (1 - hardness))
    return dice_of(Channels(p, t, harder), smooth=smooth, group=group, average=average)
