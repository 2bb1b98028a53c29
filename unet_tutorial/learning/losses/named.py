"""Losses by name, with their default options. They can be summed: ``combine(dice=LOSSES["dice"], …)``."""

from __future__ import annotations

from unet_tutorial.learning.losses.binary_cross_entropy import binary_cross_entropy
from unet_tutorial.learning.losses.borders import border_dice_loss
from unet_tutorial.learning.losses.cross_entropy import sparse_cross_entropy
from unet_tutorial.learning.losses.focal import sigmoid_focal_loss, softmax_focal_loss
from unet_tutorial.learning.losses.hardness import hardness_dice_loss
from unet_tutorial.learning.losses.lovasz import lovasz_loss
from unet_tutorial.learning.losses.ms_ssim import ms_ssim_loss
from unet_tutorial.learning.losses.overlap import (
    dice_loss,
    generalised_dice_loss,
    iou_loss,
    squared_dice_loss,
    tversky_loss,
)
from unet_tutorial.learning.losses.targets import Loss

# Only binary_cross_entropy and sigmoid_focal need a multi-label target, only cross_entropy and focal one of classes.
LOSSES: dict[str, Loss] = {
    "cross_entropy": sparse_cross_entropy,
    "binary_cross_entropy": binary_cross_entropy,
    "focal": softmax_focal_loss,
    "sigmoid_focal": sigmoid_focal_loss,
    "dice": dice_loss,
    "squared_dice": squared_dice_loss,
    "generalised_dice": generalised_dice_loss,
    "iou": iou_loss,
    "tversky": tversky_loss,
    "lovasz": lovasz_loss,
    "hardness_dice": hardness_dice_loss,
    "border_dice": border_dice_loss,
    "ms_ssim": ms_ssim_loss,
}
