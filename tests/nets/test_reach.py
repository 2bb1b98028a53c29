"""The computed reach against the one found with NaN: an output is NaN if it depends on a pixel that is NaN."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.norms import batch_norm, group_norm, layer_norm
from unet_tutorial.nets.paths import Encoder
from unet_tutorial.nets.reach import unplanned_reach
from unet_tutorial.nets.resample import MaxPool
from unet_tutorial.plan.levels import Level, pyramid

SIDE = 64


def by_nan(encode: Callable[[Tensor], Sequence[Tensor]], strides: Sequence[int], axis: int) -> int:
    """The pixels per side that the middle of any map depends on besides its own cell, along one axis."""
    size = [16, 16]
    size[axis] = SIDE
    images = torch.rand(SIDE, 1, *size)  # in image i, the pixels with the index i along the axis are NaN
    images.movedim(2 + axis, 1)[torch.arange(SIDE), torch.arange(SIDE)] = torch.nan
    farthest = 0
    with torch.no_grad():
        maps = encode(images)
    for x, stride in zip(maps, strides, strict=True):
        middle = x.shape[2 + axis] // 2
        seen = x.select(2 + axis, middle).flatten(1).isnan().any(dim=1).nonzero().flatten()
        first, last = int(seen[0]), int(seen[-1])
        assert 0 < first < last < SIDE - 1 or stride == 1
        farthest = max(farthest, middle * stride - first, last - (middle + 1) * stride + 1)
    return farthest


class Chain(nn.Module):
    """The maps after each of these modules, which divide the size by the given strides."""

    def __init__(self, *parts: nn.Module) -> None:
        super().__init__()
        self.parts = nn.ModuleList(parts)

    def forward(self, x: Tensor) -> list[Tensor]:
        maps = []
        for part in self.parts:
            x = part(x)
            maps.append(x)
        return maps


class Channelwise(nn.Module):
    """Convolution, then layer norm and linear layers with the channels last, added to the input, as in ConvNeXt."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(4, 4, 7, padding=3, groups=4), nn.LayerNorm(4)
        self.layers = nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.Linear(8, 4))

    def forward(self, x: Tensor) -> Tensor:
        y = self.layers(self.norm(self.conv(x).permute(0, 2, 3, 1)))
        return torch.as_tensor(x + y.permute(0, 3, 1, 2))


class PaddedBefore(nn.Module):
    """A strided convolution after a padding at one side only, as in TensorFlow."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 4, (3, 5), 2)

    def forward(self, x: Tensor) -> Tensor:
        return torch.as_tensor(self.conv(F.pad(x, (1, 2, 0, 1))))


class PaddedAtTheEnd(nn.Module):
    """A 3×3 convolution of 4 channels that reads the pixel itself and pixels after it."""

    def __init__(self, dilation: int) -> None:
        super().__init__()
        self.conv, self.pixels = nn.Conv2d(4, 4, 3, dilation=dilation), 2 * dilation

    def forward(self, x: Tensor) -> Tensor:
        return torch.as_tensor(self.conv(F.pad(x, (0, self.pixels, 0, self.pixels))))


class Shifted(nn.Module):
    """A map plus the same map, one pixel further."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.as_tensor(x + F.pad(x[:, :, 1:, 1:], (0, 1, 0, 1)))


def unit(before: int, after: int, kernel: int, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(before, after, kernel, stride, dilation * (kernel // 2), dilation)
    return nn.Sequential(convolution, nn.BatchNorm2d(after), nn.ReLU(inplace=True))


CHAINS: dict[str, tuple[Chain, tuple[int, ...]]] = {
    "a stem of a ResNet": (Chain(unit(1, 4, 7, 2), nn.Sequential(nn.MaxPool2d(3, 2, 1), unit(4, 4, 3))), (2, 4)),
    "strided and dilated": (Chain(unit(1, 4, 3, 2), unit(4, 4, 3, 1, 2), unit(4, 4, 5, 2)), (2, 2, 4)),
    "patches and a mean": (Chain(nn.Conv2d(1, 4, 4, 4), nn.Sequential(nn.AvgPool2d(2), unit(4, 4, 3))), (4, 8)),
    "channels last": (Chain(nn.Conv2d(1, 4, 4, 4), Channelwise()), (4, 4)),
    "layer norm": (Chain(nn.Conv2d(1, 4, 2, 2), nn.Sequential(layer_norm(4, 2), unit(4, 4, 3))), (2, 2)),
    "pixels into channels": (Chain(nn.PixelUnshuffle(2), unit(4, 4, 3)), (2, 2)),
    "channels of later pixels": (Chain(nn.PixelUnshuffle(2), PaddedAtTheEnd(1)), (2, 2)),
    "dilated, padded at the end": (Chain(nn.Conv2d(1, 4, 2, 2), PaddedAtTheEnd(2)), (2, 2)),
    "padded at one side": (Chain(PaddedBefore(), unit(4, 4, 1)), (2, 2)),
    "a shift": (Chain(nn.Conv2d(1, 4, 2, 2), Shifted()), (2, 2)),
}


def reach_of(chain: nn.Module, strides: Sequence[int]) -> tuple[int, ...] | None:
    """The computed reach; the plan states nothing but the cells of the maps."""
    ratios = [b // a for a, b in zip((1, *strides), strides, strict=False)]
    levels = [Level(1, (1, 1), (ratio, ratio)) for ratio in ratios]
    return unplanned_reach(deepcopy(chain).to("meta"), 1, levels)


@pytest.mark.parametrize("name", CHAINS)
def test_it_is_the_reach_found_with_nan(name: str) -> None:
    chain, strides = CHAINS[name]
    assert reach_of(chain.eval(), strides) == tuple(by_nan(chain, strides, axis) for axis in (0, 1))


def test_an_upsampling_is_not_underestimated() -> None:
    for mode in ("nearest", "bilinear"):
        up = nn.Sequential(unit(4, 4, 3, 2), nn.Upsample(scale_factor=2, mode=mode), unit(4, 4, 3))
        chain = Chain(nn.Conv2d(1, 4, 2, 2), up).eval()
        reach = reach_of(chain, (2, 2))
        assert reach is not None
        measured = by_nan(chain, (2, 2), 0)
        assert measured <= reach[0] <= measured + 8


class Excitation(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * x.mean((2, 3), keepdim=True).sigmoid()


class Attention(nn.Module):
    def __init__(self, tokens: int) -> None:
        super().__init__()
        self.inner, self.tokens = nn.MultiheadAttention(4, 2, batch_first=True), tokens

    def forward(self, x: Tensor) -> Tensor:
        tokens = x.flatten(2).transpose(1, 2)
        return torch.as_tensor(self.inner(tokens, tokens, tokens)[0].transpose(1, 2).reshape(x.shape))


class Mixer(nn.Module):
    """A linear layer over the pixels of each channel."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(37 * 41 * 4, 37 * 41 * 4, device="meta")

    def forward(self, x: Tensor) -> Tensor:
        return torch.as_tensor(self.layer(x.flatten(2)).reshape(x.shape))


@pytest.mark.parametrize(
    "part",
    [
        Excitation(),
        Attention(2),
        Mixer(),
        group_norm(2)(4, 2),
        nn.InstanceNorm2d(4),
        nn.AdaptiveAvgPool2d((4, 4)),
        nn.ConvTranspose2d(4, 4, 2, 2),
    ],
    ids=lambda part: type(part).__name__,
)
def test_the_whole_image(part: nn.Module) -> None:
    """Means over pixels, attention, and operations that are not known."""
    assert reach_of(Chain(nn.Conv2d(1, 4, 2, 2), nn.Sequential(part, nn.Conv2d(4, 4, 1))), (2, 4)[:2]) is None


def test_an_encoder_of_ours_reads_what_its_plan_states() -> None:
    levels = pyramid((4, 6, 8))
    encoder = Encoder(1, levels, conv_stack(ConvUnit(norm=batch_norm)), MaxPool)
    assert unplanned_reach(encoder.eval().to("meta"), 1, levels) == (0, 0)
