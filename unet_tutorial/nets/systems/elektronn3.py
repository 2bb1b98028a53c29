"""The U-Net of elektronn3 (https://github.com/ELEKTRONN/elektronn3), in 2D or 3D, with or without planar levels.

Equivalent: layers, channels and numbers of parameters, for each option listed in ``docs/coming_from.md``.
Different: concatenation puts the skip first. An image size that is not valid raises an error, where elektronn3 rounds
it. Attention gates keep their own initial weights.
"""

from __future__ import annotations

from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.init import xavier_
from unet_tutorial.nets.merge import Concat, Merge
from unet_tutorial.nets.norms import batch_norm
from unet_tutorial.nets.resample import MaxPool, Up, then, transposed
from unet_tutorial.nets.unet import UNet, unet
from unet_tutorial.plan.levels import pyramid
from unet_tutorial.plan.sizes import Plan

NORMED = ConvUnit(norm=batch_norm)
THREE_LEVELS = pyramid((32, 64, 128), rank=3)  # the default of elektronn3


def elektronn3_unet(
    in_channels: int = 1,
    out_channels: int = 2,
    levels: Plan = THREE_LEVELS,
    unit: ConvUnit = NORMED,
    last: ConvUnit | None = None,
    up: Up = transposed,
    merge: Merge = Concat,
) -> UNet:
    """The ``UNet`` class of elektronn3: convolution, norm, activation.

    For its option ``full_norm=False`` pass a ``unit`` without a norm and a ``last`` unit with a norm.
    """
    block, up = conv_stack(unit, last), then(up, unit.norm, unit.act)
    return xavier_(unet(in_channels, out_channels, levels, block=block, down=MaxPool, up=up, merge=merge))
