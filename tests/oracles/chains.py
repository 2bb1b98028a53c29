"""Chains of U-Nets: W-Net (Xia and Kulis 2017, arXiv 1711.08506) and stacked hourglasses (arXiv 1603.06937)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.oracles.unet_plus_plus import double
from unet_tutorial.nets.presets import padded_unet


def w_net(widths: tuple[int, ...] = (8, 16, 32)) -> nn.Sequential:
    """Two U-Nets, one after the other."""
    return nn.Sequential(padded_unet(1, 4, widths), padded_unet(4, 1, widths))


class Hourglass(nn.Module):
    """A U with sums as skips, defined by recursion."""

    def __init__(self, depth: int, width: int) -> None:
        super().__init__()
        self.skip, self.before, self.after = (double(width, width) for _ in range(3))
        self.inner = Hourglass(depth - 1, width) if depth > 1 else double(width, width)

    def forward(self, x: Tensor) -> Tensor:
        low = self.after(self.inner(self.before(F.max_pool2d(x, 2))))
        out: Tensor = self.skip(x) + F.interpolate(low, scale_factor=2)
        return out


class StackedHourglass(nn.Module):
    """Hourglasses with an output each, which is fed into the next one; the image is first made four times smaller."""

    def __init__(self, stacks: int = 4, depth: int = 3, width: int = 16, out_channels: int = 2) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, width, 7, 2, 3), nn.ReLU(), nn.MaxPool2d(2), double(width, width))
        self.stacks = nn.ModuleList(Hourglass(depth, width) for _ in range(stacks))
        self.features = nn.ModuleList(double(width, width) for _ in range(stacks))
        self.heads = nn.ModuleList(nn.Conv2d(width, out_channels, 1) for _ in range(stacks))
        self.back = nn.ModuleList(nn.Conv2d(out_channels, width, 1) for _ in range(stacks - 1))

    def forward(self, x: Tensor) -> list[Tensor]:
        x, outputs = self.stem(x), []
        for i, (stack, feature, head) in enumerate(zip(self.stacks, self.features, self.heads, strict=True)):
            y = feature(stack(x))
            outputs.append(head(y))
            if i < len(self.back):
                x = x + y + self.back[i](outputs[-1])
        return outputs


def in_one_class(widths: tuple[int, int] = (8, 16)) -> nn.Module:
    """Two U-Nets of one pooling, written into one forward, so that no module holds one of them."""

    class Both(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            plan = {"a": (1, widths[0]), "b": widths, "c": (sum(widths), widths[0])}
            plan |= {"d": (widths[0], widths[0]), "e": widths, "f": (sum(widths), widths[0])}
            self.at = nn.ModuleDict({key: nn.Conv2d(*ends, 3, padding=1) for key, ends in plan.items()})

        def forward(self, x: Tensor) -> Tensor:
            for first, low, last in ("abc", "def"):
                x = self.at[first](x)
                up = F.interpolate(self.at[low](F.max_pool2d(x, 2)), scale_factor=2)
                x = self.at[last](torch.cat((x, up), 1))
            return x

    return Both()
