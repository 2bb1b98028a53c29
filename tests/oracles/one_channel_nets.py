"""Networks of one channel for brute force, with positive weights, so that no two dependences cancel."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.contracts import Part
from unet_tutorial.nets.merge import Concat
from unet_tutorial.nets.nd import Layers
from unet_tutorial.nets.resample import Down, MaxPool, Up, transposed
from unet_tutorial.nets.unet import UNet, unet
from unet_tutorial.plan.levels import Level
from unet_tutorial.plan.sizes import Padding

AVG_POOL: Layers = (nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d)


class MeanPool(Part):
    """Average pooling, whose gradient reaches every input pixel; the library does not offer it."""

    def __init__(self, in_channels: int, level: Level) -> None:
        super().__init__()
        self.pool = AVG_POOL[level.rank - 1](level.stride)
        self.out_channels = in_channels

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, *size) -> (N, C, *(size / stride))."""
        pooled: Tensor = self.pool(x)
        return pooled


def narrow(levels: Sequence[Level], padding: Padding, down: Down = MaxPool, up: Up = transposed) -> UNet:
    """A network of this plan with positive weights."""
    block = conv_stack(ConvUnit(padding=padding, act=nn.Identity))
    net = unet(1, 1, levels, block=block, down=down, up=up, merge=Concat)
    for weight in net.parameters():
        nn.init.uniform_(weight, 0.1, 1.0)
    return net.eval()


def run(net: UNet, size: Sequence[int]) -> tuple[int, ...] | None:
    """The output size, or None if a layer raises an error; without the network's own check, which is under test."""
    try:
        with torch.inference_mode():
            out = net.head(net.decoder(net.encoder(torch.zeros(1, 1, *size))))
    except (RuntimeError, ValueError):  # torch's for maps smaller than a kernel, ours for odd sizes before a pooling
        return None
    return tuple(out.shape[2:])
