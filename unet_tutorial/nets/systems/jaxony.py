"""The U-Net of https://github.com/jaxony/unet-pytorch, with padding "same" and without norms.

Equivalent: layers, channels and numbers of parameters (31,031,875 for 3 channels and 3 classes).
Different: concatenation puts the skip first, an image size that is not valid raises an error, and up-convolutions are
initialised by ``xavier_`` too.
"""

from __future__ import annotations

from collections.abc import Sequence

from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.init import xavier_
from unet_tutorial.nets.merge import Concat, Merge
from unet_tutorial.nets.resample import MaxPool, Up, transposed
from unet_tutorial.nets.unet import UNet, unet
from unet_tutorial.plan.levels import pyramid


def jaxony_unet(
    in_channels: int = 3,
    out_channels: int = 2,
    widths: Sequence[int] = (64, 128, 256, 512, 1024),
    up: Up = transposed,
    merge: Merge = Concat,
) -> UNet:
    """The ``UNet`` of jaxony/unet-pytorch. For ``up_mode="upsample"`` pass ``up=resize_conv("linear", kernel=1)``."""
    block = conv_stack(ConvUnit())
    return xavier_(unet(in_channels, out_channels, pyramid(widths), block=block, down=MaxPool, up=up, merge=merge))
