"""Networks of other systems, written from descriptions of their layers and not from their code.

Their layers are registered in the order in which ours are, so that weights carry over in the order of the state.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unet_tutorial.plan.levels import Size


def twice(before: int, after: int, kernel: Size, norm: Callable[[], nn.Module]) -> nn.Sequential:
    """Two padded convolutions, each followed by a norm and a leaky ReLU of slope 0.1."""
    conv: Any = (nn.Conv2d, nn.Conv3d)[len(kernel) - 2]
    ends = ((before, after), (after, after))
    layers = [[conv(a, b, kernel, padding="same"), norm(), nn.LeakyReLU(0.1)] for a, b in ends]
    return nn.Sequential(*layers[0], *layers[1])


class GridAttention(nn.Module):
    """elektronn3's gate: a convolution of 2×2×2 with stride 2 of the skip, plus a 1×1×1 of the decoder's map.

    The decoder's map, before upsampling, is interpolated to the grid of the skip's; then ReLU, 1×1×1, sigmoid,
    interpolation to the skip, the product, a 1×1×1 convolution and batch norm. Half as many channels inside.
    """

    def __init__(self, channels: int, below: int) -> None:
        super().__init__()
        self.theta = nn.Conv3d(channels, channels // 2, 2, 2, bias=False)
        self.phi, self.psi = nn.Conv3d(below, channels // 2, 1), nn.Conv3d(channels // 2, 1, 1)
        self.mix = nn.Sequential(nn.Conv3d(channels, channels, 1), nn.BatchNorm3d(channels))

    def forward(self, skip: Tensor, below: Tensor) -> Tensor:
        theta = self.theta(skip)
        phi = F.interpolate(self.phi(below), theta.shape[2:], mode="trilinear")
        mask = F.interpolate(torch.sigmoid(self.psi(F.relu(theta + phi))), skip.shape[2:], mode="trilinear")
        gated: Tensor = self.mix(mask * skip)
        return gated


class Elektronn3(nn.Module):
    """elektronn3's 3D U-Net with activation "leaky" (0.1), normalization "group8" and attention.

    Channels double; kernels, poolings and up-convolutions are 1 across slices at planar blocks. Up-convolution, norm,
    activation, concatenation [up, skip]; two convolutions, each with norm and activation; a 1×1×1 head.
    """

    def __init__(self, blocks: int, start: int, planar: tuple[int, ...]) -> None:
        super().__init__()
        widths = [start * 2**i for i in range(blocks)]
        kernels = [(1, 3, 3) if i in planar else (3, 3, 3) for i in range(blocks)]
        self.strides = [(1, 2, 2) if i in planar else (2, 2, 2) for i in range(blocks - 1)]
        ends = zip([1, *widths], widths, kernels, strict=False)
        self.down = nn.ModuleList(twice(a, b, kernel, partial(nn.GroupNorm, 8, b)) for a, b, kernel in ends)
        self.up = nn.ModuleList()
        for i in reversed(range(blocks - 1)):
            wide, narrow = widths[i + 1], widths[i]
            up = nn.ConvTranspose3d(wide, narrow, self.strides[i], self.strides[i])
            norm = partial(nn.GroupNorm, 8, narrow)
            after, block = nn.Sequential(norm(), nn.LeakyReLU(0.1)), twice(2 * narrow, narrow, kernels[i], norm)
            self.up.append(nn.ModuleList([up, after, GridAttention(narrow, wide), block]))
        self.head = nn.Conv3d(start, 2, 1)

    def forward(self, image: Tensor) -> Tensor:
        skips, x = [], image
        for i, block in enumerate(self.down):
            x = block(x)
            skips.append(x)
            x = F.max_pool3d(x, self.strides[i]) if i < len(self.strides) else x
        below = skips.pop()
        for step in self.up:
            up, after, gate, block = step.children()
            below = block(torch.cat((after(up(below)), gate(skips.pop(), below)), dim=1))
        logits: Tensor = self.head(below)
        return logits


class BasicUNet(nn.Module):
    """MONAI's 2D BasicUNet: two convolutions, each with instance norm (scale and shift) and leaky ReLU (0.1).

    Max-pooling; up-convolutions of 2×2 that halve the channels, except the last one; concatenation [skip, up]; a 1×1
    head.
    """

    def __init__(self, widths: tuple[int, ...]) -> None:
        super().__init__()
        norm = partial(nn.InstanceNorm2d, affine=True)
        self.down = nn.ModuleList(twice(a, b, (3, 3), partial(norm, b)) for a, b in pairwise((1, *widths)))
        self.up = nn.ModuleList()
        for i in reversed(range(len(widths) - 1)):
            narrow, wide = widths[i : i + 2]
            risen = wide // 2 if i else wide
            block = twice(narrow + risen, narrow, (3, 3), partial(norm, narrow))
            self.up.append(nn.ModuleList([nn.ConvTranspose2d(wide, risen, 2, 2), block]))
        self.head = nn.Conv2d(widths[0], 2, 1)

    def forward(self, image: Tensor) -> Tensor:
        skips, x = [], image
        for i, block in enumerate(self.down):
            skips.append(x := block(x if i == 0 else F.max_pool2d(x, 2)))
        skips.pop()
        for step in self.up:
            up, block = step.children()
            x = block(torch.cat((skips.pop(), up(x)), dim=1))
        logits: Tensor = self.head(x)
        return logits
