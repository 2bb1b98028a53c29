"""Strided units and Inception downsampling against torch's layers, and the pixels that they read."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.oracles.thin_nets import count, perturbed
from unet_tutorial.nets.blocks import ConvUnit
from unet_tutorial.nets.contracts import Part
from unet_tutorial.nets.norms import batch_norm
from unet_tutorial.nets.resample import Down
from unet_tutorial.nets.strided import inception, overlapping
from unet_tutorial.plan.levels import Level, Size

UNIT, BARE = ConvUnit(norm=batch_norm), ConvUnit(act=nn.Identity)
LEVEL = Level(8, (3, 3), (2, 2))


def test_a_strided_unit_is_a_3x3_convolution_of_every_second_pixel() -> None:
    part, x = overlapping(BARE)(4, LEVEL), torch.randn(2, 4, 6, 8)
    weight, bias = part.parameters()
    assert torch.allclose(part(x), F.conv2d(x, weight, bias, padding=1)[:, :, ::2, ::2], atol=1e-5)


def test_inception_is_its_three_ways_side_by_side() -> None:
    part, x = perturbed(inception(UNIT)(8, LEVEL)).eval(), torch.randn(2, 8, 6, 8)

    def unit(name: str, x: Tensor, stride: int = 1) -> Tensor:
        conv, norm = part.get_submodule(f"{name}.conv"), part.get_submodule(f"{name}.norm")
        weight = conv.get_parameter("weight")
        made = F.conv2d(x, weight, conv.get_parameter("bias"), stride, padding=weight.shape[-1] // 2)
        out: Tensor = norm(made).relu()
        return out

    long = unit("long.2", unit("long.1", unit("long.0", x)), 2)
    expected = torch.cat((F.max_pool2d(x, 3, 2, padding=1), unit("short", x, 2), long), dim=1)
    assert torch.allclose(part(x), expected, atol=1e-5)
    assert (part.out_channels, expected.shape[1]) == (16, 16)
    assert count(part) == (4 * 8 * 9 + 12) + (2 * 8 + 6) + (2 * 2 * 9 + 6) + (2 * 4 * 9 + 12)


@pytest.mark.parametrize("down", [overlapping(BARE), inception(BARE)])
@pytest.mark.parametrize("stride", [(2,), (3,), (1, 2), (2, 2, 2), (1, 2, 2)])
def test_sizes_are_divided_and_the_stated_reach_is_what_gradients_reach(down: Down, stride: Size) -> None:
    """Beyond the block of stride pixels, per side and axis."""
    rank = len(stride)
    part = down(4, Level(8, (3,) * rank, stride)).double()
    image = torch.rand(1, 4, *(12,) * rank, dtype=torch.float64, requires_grad=True)
    out = part(image)
    assert out.shape[2:] == tuple(12 // s for s in stride)
    middle = tuple(n // 2 for n in out.shape[2:])
    (gradient,) = torch.autograd.grad(out[(0, slice(None), *middle)].sum(), image)
    assert reach(gradient, middle, stride) == part.extra_reach


def reach(gradient: Tensor, middle: Size, stride: Size) -> Size:
    """The larger distance, of both sides, between the gradient and the block of pixels of the middle output."""
    found = []
    for axis, (m, s) in enumerate(zip(middle, stride, strict=True)):
        others = [i for i in range(gradient.ndim) if i != axis + 2]
        touched = gradient.abs().sum(dim=others).nonzero().flatten()
        found.append(max(m * s - int(touched[0]), int(touched[-1]) - (m * s + s - 1), 0))
    return tuple(found)


def test_parts_state_their_channels() -> None:
    parts: list[Part] = [overlapping(UNIT)(4, LEVEL), inception(UNIT)(4, LEVEL)]
    assert [part.out_channels for part in parts] == [8, 8]


def test_channels_that_are_no_multiple_of_4_are_refused() -> None:
    with pytest.raises(ValueError, match="6 channels: an Inception downsampling needs a multiple of 4"):
        inception(UNIT)(6, LEVEL)
