"""The U-Net of elektronn3 (https://github.com/ELEKTRONN/elektronn3), a 2D and 3D network with planar blocks.

Equivalent: layers, channels and numbers of parameters, option by option (see ``docs/coming_from.md``).
Different: concatenation puts the skip first, sizes that do not fit are refused instead of rounded, and attention gates
keep their own initialisation.
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
THREE_LEVELS = pyramid((32, 64, 128), rank=3)  # its default


def elektronn3_unet(
    in_channels: int = 1,
    out_channels: int = 2,
    levels: Plan = THREE_LEVELS,
    unit: ConvUnit = NORMED,
    last: ConvUnit | None = None,
    up: Up = transposed,
    merge: Merge = Concat,
) -> UNet:
    """elektronn3's UNet: conv, norm, act. For ``full_norm=False`` give a ``unit`` without and a ``last`` with norm."""
    block, up = conv_stack(unit, last), then(up, unit.norm, unit.act)
    return xavier_(unet(in_channels, out_channels, levels, block=block, down=MaxPool, up=up, merge=merge))
