"""Depthwise convolutions against one convolution per channel, and in a unit handed in as ``conv``."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from tests.oracles.family import check_network
from tests.oracles.thin_nets import count
from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.depthwise import depthwise, depthwise_separable
from unet_tutorial.nets.merge import Concat
from unet_tutorial.nets.norms import batch_norm
from unet_tutorial.nets.resample import MaxPool, transposed
from unet_tutorial.nets.unet import unet
from unet_tutorial.plan.levels import pyramid
from unet_tutorial.plan.sizes import Padding

CONVOLVE: list[Callable[..., Tensor]] = [F.conv1d, F.conv2d, F.conv3d]


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_each_channel_is_convolved_alone_then_channels_are_mixed(rank: int, padding: Padding) -> None:
    layer, x = depthwise_separable(3, 5, (3,) * rank, padding), torch.randn(2, 3, *(6, 7, 8)[:rank])
    kernels, mix, bias = layer.parameters()
    alone = [CONVOLVE[rank - 1](x[:, i : i + 1], kernels[i : i + 1], padding=padding) for i in range(3)]
    mixed = torch.einsum("oi,ni...->no...", mix.flatten(1), torch.cat(alone, dim=1))
    assert torch.allclose(layer(x), mixed + bias.reshape(-1, *(1,) * rank), atol=1e-5)


def test_a_depthwise_convolution_has_a_bias_and_may_multiply_its_channels() -> None:
    layer, x = depthwise(2, 6, (3, 3)), torch.randn(1, 2, 5, 5)
    kernels, bias = layer.parameters()
    expected = [F.conv2d(x[:, i // 3 : i // 3 + 1], kernels[i : i + 1], bias[i : i + 1], padding=1) for i in range(6)]
    assert torch.allclose(layer(x), torch.cat(expected, dim=1), atol=1e-5)


@pytest.mark.parametrize("kernel", [3, 5])
def test_weights_by_formula(kernel: int) -> None:
    cube = kernel**3
    assert count(depthwise_separable(8, 16, (kernel,) * 3)) == 8 * cube + 8 * 16 + 16
    assert count(depthwise(8, 8, (kernel,) * 3)) == 8 * cube + 8


@pytest.mark.parametrize("rank", [2, 3])
def test_a_network_of_separable_units(rank: int) -> None:
    block = conv_stack(ConvUnit(norm=batch_norm, conv=depthwise_separable))
    size, odd = (8, 4, 12)[3 - rank :], (7, 5, 9)[3 - rank :]

    levels = pyramid((4, 8, 8), rank)
    make = partial(unet, 1, 2, levels, block=block, down=MaxPool, up=transposed, merge=Concat)
    check_network(make, [size, size[::-1]], odd=odd)


REFUSED: list[tuple[Callable[[], Any], str]] = [
    (lambda: depthwise(4, 6, (3, 3)), "each of its 4 channels, so it cannot make 6; use depthwise_separable"),
    (lambda: depthwise(4, 2, (3, 3)), "each of its 4 channels, so it cannot make 2; use depthwise_separable"),
    (lambda: ConvUnit(conv=depthwise)(1, 4, (2, 2)), "kernel .* is even"),
]


@pytest.mark.parametrize(("make", "words"), REFUSED, ids=[words for _, words in REFUSED])
def test_channels_that_do_not_divide_are_refused(make: Callable[[], Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()
