"""The pixel shuffle against torch's and against a loop over pixels; its initialisation against nearest neighbour."""

from __future__ import annotations

from itertools import product
from math import prod

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from unet_tutorial.nets.init import kaiming_, xavier_
from unet_tutorial.nets.nd import conv
from unet_tutorial.nets.shuffle import PixelShuffle, icnr_, pixel_shuffle
from unet_tutorial.plan.levels import Size

FACTORS = st.lists(st.integers(1, 3), min_size=1, max_size=3).map(tuple)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 4), st.integers(1, 3), st.integers(1, 5), st.integers(1, 5))
def test_in_two_axes_it_is_torchs(stride: int, channels: int, rows: int, columns: int) -> None:
    x = torch.randn(2, channels * stride**2, rows, columns)
    assert torch.equal(pixel_shuffle(x, (stride, stride)), torch.nn.PixelShuffle(stride)(x))


def by_loop(x: np.ndarray, stride: Size) -> np.ndarray:
    """Pixel p lies in block p // stride; p % stride is the index of its channel, the last axis fastest."""
    size = [n * s for n, s in zip(x.shape[2:], stride, strict=True)]
    out = np.empty((x.shape[0], x.shape[1] // prod(stride), *size), x.dtype)
    for image, channel, *pixel in product(*map(range, out.shape)):
        block = [p // s for p, s in zip(pixel, stride, strict=True)]
        within = int(np.ravel_multi_index(tuple(p % s for p, s in zip(pixel, stride, strict=True)), stride))
        out[image, channel, *pixel] = x[image, channel * prod(stride) + within, *block]
    return out


@settings(max_examples=40, deadline=None)
@given(FACTORS, st.integers(1, 2), st.integers(1, 3))
def test_at_any_rank_and_stride_it_is_a_loop_over_pixels(stride: Size, channels: int, side: int) -> None:
    size = [side + i for i in range(len(stride))]
    x = torch.arange(float(2 * channels * prod(stride) * prod(size))).reshape(2, channels * prod(stride), *size)
    assert np.array_equal(pixel_shuffle(x, stride).numpy(), by_loop(x.numpy(), stride))


def repeated(x: Tensor, stride: Size) -> Tensor:
    """Nearest-neighbour upsampling."""
    for axis, times in enumerate(stride, start=2):
        x = x.repeat_interleave(times, axis)
    return x


@settings(max_examples=40, deadline=None)
@given(FACTORS, st.integers(1, 3), st.integers(1, 3))
def test_it_starts_as_nearest_neighbour_bias_included(stride: Size, in_channels: int, out_channels: int) -> None:
    """After mixing the channels by the weights of each block's first pixel, as a product of matrices."""
    up = PixelShuffle(in_channels, out_channels, stride)
    x = torch.randn(2, in_channels, *(2, 3, 4)[: len(stride)])
    weight = up.get_parameter("conv.weight")[:: prod(stride)].flatten(1)  # (out, in)
    mixed = torch.einsum("oi,ni...->no...", weight, x)
    assert torch.allclose(up(x), repeated(mixed, stride), atol=1e-5)
    assert up.out_channels == out_channels


def test_a_networks_initialiser_leaves_the_start_alone() -> None:
    for initialise in (kaiming_, xavier_):
        up = initialise(PixelShuffle(3, 2, (2, 2)))
        x = torch.randn(1, 3, 4, 4)
        blocks = up(x).reshape(1, 2, 4, 2, 4, 2)
        assert torch.equal(blocks, blocks[:, :, :, :1, :, :1].expand_as(blocks))


@pytest.mark.parametrize("stride", [(2,), (2, 2), (1, 2, 2)])
def test_icnr_draws_with_the_papers_deviation(stride: Size) -> None:
    """√(2/N), with N the incoming channels of a 1×1 convolution."""
    torch.manual_seed(0)
    layer = conv(64, 200 * prod(stride), (1,) * len(stride))
    icnr_(layer, stride)
    assert float(layer.get_parameter("weight").detach().std()) == pytest.approx((2 / 64) ** 0.5, rel=0.03)
    assert not layer.get_parameter("bias").any()


def test_after_a_step_the_pixels_of_a_block_may_differ() -> None:
    up = PixelShuffle(3, 1, (2, 2))
    target = torch.randn(1, 1, 8, 8)
    (up(torch.randn(1, 3, 4, 4)) - target).square().sum().backward()
    gradient = up.get_parameter("conv.weight").grad
    assert gradient is not None
    assert not torch.allclose(gradient[0], gradient[1])
