"""The U-Net of the johschmidt42 tutorial (https://github.com/johschmidt42/PyTorch-2D-3D-UNet-Tutorial).

Equivalent: layers, channels and sizes; a norm follows each activation.
Different: concatenation puts the skip first. In each decoder step the tutorial also builds a 1×1 convolution that is
not used if the upsampling is a transposed convolution; it is not built here (43,232 parameters with the default
arguments). An image size that is not valid raises an error.
"""

from __future__ import annotations

from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.init import xavier_
from unet_tutorial.nets.merge import Concat
from unet_tutorial.nets.norms import batch_norm
from unet_tutorial.nets.resample import MaxPool, Up, then, transposed
from unet_tutorial.nets.unet import UNet, unet
from unet_tutorial.plan.levels import pyramid
from unet_tutorial.plan.sizes import Plan

NORMED_LAST = ConvUnit(norm=batch_norm, order=("conv", "act", "norm"))
FOUR_LEVELS = pyramid((32, 64, 128, 256))  # the default of the tutorial


def johschmidt42_unet(
    in_channels: int = 1,
    out_channels: int = 2,
    levels: Plan = FOUR_LEVELS,
    unit: ConvUnit = NORMED_LAST,
    up: Up = transposed,
) -> UNet:
    """The ``UNet`` of the tutorial: convolution, activation, norm.

    For its modes that upsample by interpolation, pass ``up=resize_conv(…, kernel=1)``.
    """
    block, up = conv_stack(unit), then(then(up, act=unit.act), unit.norm)
    return xavier_(unet(in_channels, out_channels, levels, block=block, down=MaxPool, up=up, merge=Concat))
