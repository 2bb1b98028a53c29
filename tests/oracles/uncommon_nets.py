"""Small networks that are not drawn like a plain U-Net."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unet_tutorial.nets.presets import padded_unet


class Nested(nn.Module):
    """U-Net++ with three levels, in one class."""

    def __init__(self) -> None:
        super().__init__()
        plan = {"00": (1, 4), "10": (4, 8), "20": (8, 16), "01": (12, 4), "11": (24, 8), "02": (16, 4)}
        self.at = nn.ModuleDict({key: nn.Conv2d(*ends, 3, padding=1) for key, ends in plan.items()})
        self.head = nn.Conv2d(4, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        def up(y: Tensor) -> Tensor:
            return F.interpolate(y, scale_factor=2.0)

        top = self.at["00"](x)
        middle = self.at["10"](F.max_pool2d(top, 2))
        low = self.at["20"](F.max_pool2d(middle, 2))
        first = self.at["01"](torch.cat((top, up(middle)), 1))
        second = self.at["11"](torch.cat((middle, up(low)), 1))
        out: Tensor = self.head(self.at["02"](torch.cat((top, first, up(second)), 1)))
        return out


class TwoInputs(nn.Module):
    """Two images, each through a convolution of its own, then one U."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.other = nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(2, 4, 3, padding=1)
        self.net = padded_unet(8, 2, widths=(8, 16))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        out: Tensor = self.net(torch.cat((self.one(x), self.other(y)), 1))
        return out


class Uneven(nn.Module):
    """Pads the upsampled map to the size of the skip."""

    def __init__(self) -> None:
        super().__init__()
        self.down, self.low = nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 8, 3, padding=1)
        self.up, self.head = nn.ConvTranspose2d(8, 4, 2, 2), nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        skip = self.down(x)
        below = self.up(self.low(F.max_pool2d(skip, 2)))
        lack = [n - m for n, m in zip(skip.shape[2:], below.shape[2:], strict=True)]
        out: Tensor = self.head(torch.cat((skip, F.pad(below, (0, lack[1], 0, lack[0]))), 1))
        return out


class Dense(nn.Module):
    """An autoencoder whose last convolution reads all maps of its level."""

    def __init__(self) -> None:
        super().__init__()
        self.down, self.up = nn.Conv2d(1, 4, 2, 2), nn.ConvTranspose2d(4, 4, 2, 2)
        self.first, self.second, self.head = (nn.Conv2d(n, 4, 3, padding=1) for n in (4, 4, 12))

    def forward(self, x: Tensor) -> Tensor:
        up = self.up(self.down(x))
        first = self.first(up)
        out: Tensor = self.head(torch.cat((up, first, self.second(first)), 1))
        return out


def classifier() -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(900, 10))


def without_skips() -> nn.Module:
    up = nn.ConvTranspose2d
    return nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.MaxPool2d(2), nn.Conv2d(4, 8, 3, padding=1), up(8, 4, 2, 2))
