"""Narrow networks for brute force: one channel, positive weights, so that no dependence cancels."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.contracts import Part
from unet_tutorial.nets.merge import Concat
from unet_tutorial.nets.nd import Layers
from unet_tutorial.nets.resample import Down, MaxPool, transposed
from unet_tutorial.nets.unet import UNet, unet
from unet_tutorial.plan.levels import Level
from unet_tutorial.plan.sizes import Padding

AVG_POOL: Layers = (nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d)


class MeanPool(Part):
    """Average pooling, through which every input pixel shows; not a choice the library offers."""

    def __init__(self, in_channels: int, level: Level) -> None:
        super().__init__()
        self.pool = AVG_POOL[level.rank - 1](level.stride)
        self.out_channels = in_channels

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, *size) -> (N, C, *(size / stride))."""
        pooled: Tensor = self.pool(x)
        return pooled


def narrow(levels: Sequence[Level], padding: Padding, down: Down = MaxPool) -> UNet:
    """A net of this plan with positive weights."""
    block = conv_stack(ConvUnit(padding=padding, act=nn.Identity))
    net = unet(1, 1, levels, block=block, down=down, up=transposed, merge=Concat)
    for weight in net.parameters():
        nn.init.uniform_(weight, 0.1, 1.0)
    return net.eval()


def run(net: UNet, size: Sequence[int]) -> tuple[int, ...] | None:
    """The size that comes out, or None where a layer refuses. The net's own check, which is under test, is left out."""
    try:
        with torch.inference_mode():
            out = net.head(net.decoder(net.encoder(torch.zeros(1, 1, *size))))
    except (RuntimeError, ValueError):  # torch's, where a map is smaller than a kernel; ours, where a pooling is uneven
        return None
    return tuple(out.shape[2:])
