"""Gates computed from the map that they scale, in the spellings of their papers, and products that are no such gates.

All are modules that keep the shape (N, 16, H, W) of a map.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WIDTH = 16


def bottleneck() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(WIDTH, 4, 1), nn.ReLU(), nn.Conv2d(4, WIDTH, 1))


class Squeeze(nn.Module):
    """Squeeze-and-excitation (arXiv 1709.01507) with convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = bottleneck()

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.layers(F.adaptive_avg_pool2d(x, 1)))


class SqueezeLinear(nn.Module):
    """The same with linear layers, a hard sigmoid and ``expand_as``."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(WIDTH, 4), nn.ReLU(), nn.Linear(4, WIDTH), nn.Hardsigmoid())

    def forward(self, x: Tensor) -> Tensor:
        return torch.as_tensor(self.layers(x.mean((2, 3))).view(-1, WIDTH, 1, 1).expand_as(x) * x)


class SqueezeMobile(nn.Module):
    """The same with the hard sigmoid written out."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = bottleneck()

    def forward(self, x: Tensor) -> Tensor:
        return x * (F.relu6(self.layers(x.mean([2, 3], keepdim=True)) + 3) / 6)


class Efficient(nn.Module):
    """ECA (arXiv 1910.03151): a convolution along the channels."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(1, 1, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(F.adaptive_avg_pool2d(x, 1).squeeze(-1).transpose(-1, -2)).transpose(-1, -2).unsqueeze(-1)
        return torch.as_tensor(x * y.sigmoid().expand_as(x))


class SpatialSqueeze(nn.Module):
    """sSE (arXiv 1803.02579)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(WIDTH, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.as_tensor(x * self.conv(x).sigmoid())


class SpatialSqueezeRepeated(SpatialSqueeze):
    """The same with the mask concatenated to one channel for each of the map's."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.as_tensor(x * torch.cat([self.conv(x).sigmoid()] * WIDTH, 1))


class Both(nn.Module):
    """scSE (arXiv 1803.02579), with the sum or the maximum of both."""

    def __init__(self, join: Callable[[Tensor, Tensor], Tensor] = torch.add) -> None:
        super().__init__()
        self.channel, self.spatial, self.join = Squeeze(), SpatialSqueeze(), join

    def forward(self, x: Tensor) -> Tensor:
        return self.join(self.channel(x), self.spatial(x))


class Cbam(nn.Module):
    """CBAM (arXiv 1807.06521): a gate per channel, then one per pixel."""

    def __init__(self) -> None:
        super().__init__()
        self.layers, self.conv = bottleneck(), nn.Conv2d(2, 1, 7, padding=3)

    def forward(self, x: Tensor) -> Tensor:
        x = x * torch.sigmoid(self.layers(F.adaptive_avg_pool2d(x, 1)) + self.layers(F.adaptive_max_pool2d(x, 1)))
        return torch.as_tensor(
            x * self.conv(torch.cat([x.amax(1, keepdim=True), x.mean(1, keepdim=True)], 1)).sigmoid()
        )


class CbamRelease(Cbam):
    """CBAM with the calls of its release: pooling windows of the map's size."""

    def forward(self, x: Tensor) -> Tensor:
        size = x.shape[2:]
        pooled = F.avg_pool2d(x, size, stride=size), F.max_pool2d(x, size, stride=size)
        x = x * torch.sigmoid(self.layers(pooled[0]) + self.layers(pooled[1])).expand_as(x)
        return torch.as_tensor(
            x * self.conv(torch.cat([torch.max(x, 1)[0].unsqueeze(1), torch.mean(x, 1).unsqueeze(1)], 1)).sigmoid()
        )


class Coordinate(nn.Module):
    """Coordinate attention (arXiv 2103.02907): a gate per row and one per column."""

    def __init__(self) -> None:
        super().__init__()
        self.shared, self.rows, self.columns = nn.Conv2d(WIDTH, 8, 1), nn.Conv2d(8, WIDTH, 1), nn.Conv2d(8, WIDTH, 1)

    def forward(self, x: Tensor) -> Tensor:
        h, w = x.shape[2:]
        rows = F.adaptive_avg_pool2d(x, (h, 1))
        columns = F.adaptive_avg_pool2d(x, (1, w)).permute(0, 1, 3, 2)
        rows, columns = self.shared(torch.cat([rows, columns], 2)).relu().split([h, w], dim=2)
        return torch.as_tensor(x * self.columns(columns.permute(0, 1, 3, 2)).sigmoid() * self.rows(rows).sigmoid())


class Selective(nn.Module):
    """A softmax over channels of the pooled map: a gate, but no squeeze-and-excitation."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = bottleneck()

    def forward(self, x: Tensor) -> Tensor:
        return torch.as_tensor(x * self.layers(x.mean((2, 3), keepdim=True)).softmax(1))


class Wide(nn.Module):
    """A gate per pixel from a 3×3 convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(WIDTH, 1, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.tanh(self.conv(x))


class Product(nn.Module):
    """A product that is no gate of a whole channel or pixel."""

    def __init__(self, run: Callable[[Tensor, nn.Module], Tensor]) -> None:
        super().__init__()
        self.run, self.conv = run, nn.Conv2d(WIDTH, WIDTH, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.run(x, self.conv)


def masked_by_a_coarser_map(x: Tensor, conv: nn.Module) -> Tensor:
    """As a residual attention network: the mask comes from a branch with a coarser map."""
    mask = F.interpolate(conv(F.max_pool2d(x, 2)), scale_factor=2).mean(1, keepdim=True)
    return x * mask.sigmoid()


GATES: dict[str, tuple[Callable[[], nn.Module], str]] = {  # module, name of its block
    "squeeze": (Squeeze, "squeeze-and-excitation"),
    "squeeze, linear": (SqueezeLinear, "squeeze-and-excitation"),
    "squeeze, relu6": (SqueezeMobile, "squeeze-and-excitation"),
    "ECA": (Efficient, "efficient channel attention"),
    "sSE": (SpatialSqueeze, "spatial squeeze-and-excitation"),
    "sSE, repeated": (SpatialSqueezeRepeated, "spatial squeeze-and-excitation"),
    "scSE": (Both, "scSE"),
    "scSE, maximum": (lambda: Both(torch.max), "scSE"),
    "CBAM": (Cbam, "CBAM"),
    "CBAM, release": (CbamRelease, "CBAM"),
    "coordinate": (Coordinate, "coordinate attention"),
    "softmax": (Selective, "channel gate"),
    "3×3": (Wide, "spatial gate"),
}
PRODUCTS: dict[str, Callable[[], nn.Module]] = {
    "swish": lambda: Product(lambda x, _: x * x.sigmoid()),
    "gate per value": lambda: Product(lambda x, conv: x * conv(x).sigmoid()),
    "gated linear unit": lambda: Product(lambda x, conv: F.glu(torch.cat([conv(x), x], 1), dim=1)),
    "lower bound": lambda: Product(lambda x, conv: x * torch.clamp_min(conv(x.mean((2, 3), keepdim=True)), 0)),
    "division": lambda: Product(lambda x, conv: x / conv(x.mean((2, 3), keepdim=True)).sigmoid()),
    "norm": lambda: Product(lambda x, conv: conv(x) / (x.norm(dim=1, keepdim=True) + 1)),
    "normalised": lambda: Product(lambda x, conv: conv(F.normalize(x, dim=1))),
    "response norm": lambda: Product(lambda x, conv: conv(x * x.norm(dim=(2, 3), keepdim=True))),
    "coarser mask": lambda: Product(masked_by_a_coarser_map),
    "sum with a mean": lambda: Product(lambda x, conv: x + conv(x.mean((2, 3), keepdim=True))),
}
