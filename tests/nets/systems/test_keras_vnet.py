"""The V-Nets of the Keras repository: trainable and total counts, slopes per pixel, and the depthwise networks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import prod
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.oracles.family import check_network
from tests.oracles.thin_nets import count
from unet_tutorial.nets.resample import transposed
from unet_tutorial.nets.systems.keras_vnet import (
    depthwise_vnet_without_pointwise,
    keras_3d_vnet,
    keras_vnet,
    vnet_depthwise,
)
from unet_tutorial.nets.unet import UNet
from unet_tutorial.plan.levels import Size

pytestmark = pytest.mark.slow

THIN = (4, 8, 16)
COUNTS: list[tuple[Callable[[], UNet], int, int]] = [  # trainable, and total of Keras; both printed there
    (keras_vnet, 13_282_225, 13_289_137),
    (keras_3d_vnet, 14_318_769, 14_324_241),
    (partial(keras_3d_vnet, up=transposed), 14_698_673, 14_704_145),
    (partial(keras_3d_vnet, up=transposed, kernel=5), 65_177_297, 65_182_769),
    (depthwise_vnet_without_pointwise, 482_353, 487_601),
]


def running(net: nn.Module) -> int:
    """The number of running means and variances, which Keras counts as parameters that are not trainable."""
    return sum(value.numel() for name, value in net.named_buffers() if name.endswith(("mean", "var")))


@pytest.mark.parametrize(("make", "trainable", "total"), COUNTS)
def test_trainable_and_total_numbers_of_parameters(make: Callable[[], UNet], trainable: int, total: int) -> None:
    with torch.device("meta"):
        net = make()
    assert (count(net), count(net) + running(net)) == (trainable, total)


@pytest.mark.parametrize(("side", "total"), [(128, 16_529_713), (256, 26_261_809)])
def test_one_slope_per_pixel_makes_the_count_depend_on_the_size_of_the_image(side: int, total: int) -> None:
    """Keras gives each value of a feature map a slope of its own, unless ``shared_axes`` are the spatial ones."""
    slopes = {"per channel": 0, "per pixel": 0}

    def add(module: nn.Module, _: Any, out: Tensor) -> None:
        slopes["per channel"] += module.get_parameter("weight").numel()
        slopes["per pixel"] += prod(out.shape[1:])

    with torch.device("meta"):
        net = keras_vnet()
        for module in net.modules():
            if isinstance(module, nn.PReLU):
                module.register_forward_hook(add)
        net(torch.zeros(1, 1, side, side))
    assert slopes == {"per channel": 3456, "per pixel": 198 * side**2}
    assert count(net) + running(net) - slopes["per channel"] + slopes["per pixel"] == total


SIZES: dict[int, tuple[list[Size], Size]] = {
    2: ([(8, 12), (16, 8)], (9, 7)),
    3: ([(8, 4, 8), (4, 8, 12)], (5, 7, 3)),
}


@pytest.mark.parametrize(
    ("make", "rank"),
    [(keras_vnet, 2), (keras_3d_vnet, 3), (vnet_depthwise, 2), (depthwise_vnet_without_pointwise, 3)],
)
def test_thin_ones_learn_pad_and_are_drawn_as_a_u(make: Callable[..., UNet], rank: int) -> None:
    sizes, odd = SIZES[rank]
    arch = check_network(partial(make, in_channels=2, widths=THIN, rank=rank), sizes, odd=odd)
    assert len(arch.skips) == 2


def resampling(net: UNet) -> int:
    """The parameters of downsampling and upsampling."""
    return sum(weight.numel() for name, weight in net.named_parameters() if ".down." in name or ".up." in name)


def test_why_the_ratio_without_pointwise_convolutions_misleads() -> None:
    """All three resample alike. In the blocks, it divides the number of parameters by 176; separable ones do by 23.

    27 · in · out / (27 · in + in · out) is below 27 for every number of channels.
    """
    with torch.device("meta"):
        nets = keras_3d_vnet(), vnet_depthwise(), depthwise_vnet_without_pointwise()
    assert [resampling(net) for net in nets] == [403_152] * 3
    plain, separable, without = (count(net) - 403_152 - 33 for net in nets)  # 33: the head
    ratios = [plain / separable, plain / without, count(nets[0]) / count(nets[1]), count(nets[0]) / count(nets[2])]
    assert [round(ratio, 1) for ratio in ratios] == [23.3, 175.8, 14.3, 29.7]


@pytest.mark.parametrize(
    ("make", "mixed"),
    [(depthwise_vnet_without_pointwise, [3]), (vnet_depthwise, list(range(16)))],
)
def test_without_pointwise_convolutions_a_block_does_not_mix_its_channels(
    make: Callable[..., UNet], mixed: list[int]
) -> None:
    """The input channels that output channel 3 of the coarsest block depends on."""
    block = make(widths=THIN, rank=2).encoder.get_submodule("stages.1.block").eval()
    x = torch.randn(1, 16, 4, 4, requires_grad=True)
    (gradient,) = torch.autograd.grad(block(x)[:, 3].sum(), x)
    assert gradient.abs().sum(dim=(0, 2, 3)).nonzero().flatten().tolist() == mixed


def test_the_slope_of_the_leaky_relu_is_that_of_keras() -> None:
    net = keras_3d_vnet(widths=THIN)
    assert {module.negative_slope for module in net.modules() if isinstance(module, nn.LeakyReLU)} == {0.3}


def test_an_image_with_more_channels_than_the_first_width_is_refused() -> None:
    with pytest.raises(ValueError, match="this shortcut cannot make 4 channels from 5"):
        keras_vnet(in_channels=5, widths=THIN)
