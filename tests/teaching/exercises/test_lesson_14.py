"""Solutions of lesson 14 beside torch's shuffle, the library's parts, a convolution of equal slices, and the lesson."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unet_tutorial.nets.shuffle import PixelShuffle, icnr_, pixel_shuffle
from unet_tutorial.teaching.checking.check import hidden
from unet_tutorial.teaching.exercises import lesson_14


def backbone_weights(weights: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Name by name."""
    found = {}
    for name in weights:
        if name[: len(prefix)] == prefix:
            found[name[len(prefix) :]] = weights[name]
    if not found:
        raise ValueError("none")
    return found


def for_channels(weight: Tensor, channels: int) -> Tensor:
    """Channel by channel, into an empty tensor."""
    out = weight.new_zeros(len(weight), channels, *weight.shape[2:])
    for i in range(max(channels, weight.shape[1] if channels == 1 else 0)):
        out[:, i % channels] += weight[:, i % weight.shape[1]] * (1 if channels == 1 else weight.shape[1] / channels)
    return out


def inflated(kernel: Tensor, depth: int) -> Tensor:
    """Slice by slice."""
    return torch.stack([kernel / depth for _ in range(depth)], dim=2)


def channels_from_pixels(x: Tensor, stride: tuple[int, int]) -> Tensor:
    """The windows that a convolution with this kernel and stride would read."""
    columns = F.unfold(x, stride, stride=stride)
    return columns.reshape(len(x), -1, x.shape[2] // stride[0], x.shape[3] // stride[1])


def icnr(weight: Tensor, bias: Tensor, stride: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Row by row."""
    count = int(torch.tensor(stride).prod())
    rows = [row // count * count for row in range(len(weight))]
    return torch.stack([weight[row] for row in rows]), torch.stack([bias[row] for row in rows])


def rate_factors(stages: int, frozen: int, decay: float) -> list[float]:
    """From the decoder back to the image."""
    factors = [1.0]
    for _ in range(stages):
        factors.insert(0, factors[0] * decay)
    return [0.0] * frozen + factors[frozen:]


ORACLES = {
    "backbone_weights": backbone_weights,
    "for_channels": for_channels,
    "inflated": inflated,
    "icnr": icnr,
    "rate_factors": rate_factors,
}


@pytest.mark.parametrize(("name", "oracle"), ORACLES.items())
def test_solutions_agree_with_oracles(name: str, oracle: Any) -> None:
    assert hidden(name, oracle).sentence == f"ok: {name}, hidden"


@pytest.mark.parametrize("stride", [(2, 2), (2, 3), (1, 4)])
def test_the_library_s_shuffle_is_the_inverse(stride: tuple[int, int]) -> None:
    x = torch.randn(2, 3, 4 * stride[0], 2 * stride[1])
    found = lesson_14.channels_from_pixels(x, stride)
    assert torch.equal(found, channels_from_pixels(x, stride))
    assert torch.equal(pixel_shuffle(found, stride), x)
    if stride == (2, 2):
        assert torch.equal(found, nn.PixelUnshuffle(2)(x))


def test_equal_slices_give_the_output_of_one() -> None:
    kernel, image = torch.randn(4, 3, 3, 3), torch.randn(2, 3, 8, 8)
    volume = image[:, :, None].expand(-1, -1, 5, -1, -1)
    by_volume = F.conv3d(volume, lesson_14.inflated(kernel, 5))[:, :, 0]
    assert torch.allclose(by_volume, F.conv2d(image, kernel), atol=1e-5)


@pytest.mark.parametrize("channels", [1, 3, 6])
def test_equal_channels_give_the_output_of_equal_colours(channels: int) -> None:
    kernel, image = torch.randn(4, 3, 3, 3), torch.randn(2, 1, 8, 8)
    found = F.conv2d(image.expand(-1, channels, -1, -1), lesson_14.for_channels(kernel, channels))
    assert torch.allclose(found, F.conv2d(image.expand(-1, 3, -1, -1), kernel), atol=1e-5)


def test_the_library_s_icnr_is_a_fixed_point() -> None:
    part = PixelShuffle(5, 3, (2, 2))
    icnr_(part.conv, (2, 2))
    weight, bias = part.conv.get_parameter("weight"), part.conv.get_parameter("bias")
    found = lesson_14.icnr(weight, bias, (2, 2))
    assert torch.equal(found[0], weight)
    assert torch.equal(found[1], bias)
