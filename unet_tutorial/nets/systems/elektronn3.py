"""The U-Net of elektronn3 (https://github.com/ELEKTRONN/elektronn3), in 2D or 3D, with or without planar levels.

Equivalent: layers, channels and numbers of parameters, for each option listed in ``docs/coming_from.md``.
Different: concatenation puts the skip first. An image size that is not valid raises an error, where elektronn3 rounds
it. Attention gates keep their own initial weights. Those of ``grid_gated(Concat)`` have the layers of elektronn3's;
those of ``gated(Concat)`` have the stride of their level.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from unet_tutorial.nets.attention import AttentionGate, gated
from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.init import xavier_
from unet_tutorial.nets.merge import Concat, Merge
from unet_tutorial.nets.norms import batch_norm
from unet_tutorial.nets.resample import MaxPool, Up, then, transposed
from unet_tutorial.nets.unet import UNet, unet
from unet_tutorial.plan.levels import Size, pyramid
from unet_tutorial.plan.sizes import Plan

NORMED = ConvUnit(norm=batch_norm)
THREE_LEVELS = pyramid((32, 64, 128), rank=3)  # the default of elektronn3


class GridGate(AttentionGate):
    """The gate of elektronn3: its coefficients are on a grid that is coarser by 2 along every axis.

    It differs from ``AttentionGate`` at a planar level, whose stride is 1 across slices. There the map of the coarser
    level is interpolated to the grid of the coefficients. If no level strides along an axis, a prediction in tiles is
    exact only for tiles that start at even pixels along it, because the plan of the network does not contain this grid.
    Raises ValueError for a skip of fewer than 2 pixels along an axis.
    """

    def __init__(self, skip_channels: int, below_channels: int, stride: Size) -> None:
        super().__init__(skip_channels, below_channels, (2,) * len(stride))

    def coefficients(self, skip: Tensor, below: Tensor) -> Tensor:
        """The coefficient of each pixel: (N, 1, *size)."""
        if min(skip.shape[2:]) < 2:
            raise ValueError(
                f"skip {tuple(skip.shape)}: this gate needs at least 2 pixels along every axis; pass gated(Concat), "
                "whose gates stride as their level does"
            )
        coarse = self.theta(skip)  # (N, C / 2, *(size / 2))
        below = F.interpolate(self.phi(below), size=coarse.shape[2:], mode=self.mode)
        return F.interpolate(self.psi(coarse + below), size=skip.shape[2:], mode=self.mode)


def grid_gated(merge: Merge) -> Merge:
    """Return the merge with a ``GridGate`` on its skip."""
    return gated(merge, gate=GridGate)


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
