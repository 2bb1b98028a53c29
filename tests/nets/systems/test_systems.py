"""The networks of other systems: their numbers of parameters, their sizes, and where they differ from the paper."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import nn

from tests.oracles.thin_nets import count
from unet_tutorial.nets.attention import gated
from unet_tutorial.nets.blocks import ConvUnit
from unet_tutorial.nets.merge import Add, Concat
from unet_tutorial.nets.norms import batch_norm, group_norm, instance_norm
from unet_tutorial.nets.presets import paper_unet
from unet_tutorial.nets.resample import resize_conv
from unet_tutorial.nets.systems.caffe_release import released_unet
from unet_tutorial.nets.systems.cicek2016 import unet3d_paper
from unet_tutorial.nets.systems.elektronn3 import elektronn3_unet
from unet_tutorial.nets.systems.jaxony import jaxony_unet
from unet_tutorial.nets.systems.johschmidt42 import johschmidt42_unet
from unet_tutorial.nets.unet import UNet
from unet_tutorial.nets.wrappers import Dropped
from unet_tutorial.plan.levels import pyramid

FLAT, SOLID = pyramid((32, 64, 128)), pyramid((32, 64, 128, 256), rank=3)
NORMED, BARE = ConvUnit(norm=batch_norm), ConvUnit()
COUNTS: list[tuple[int, Callable[[], UNet]]] = [
    (31_030_658, paper_unet),
    (31_100_354, released_unet),
    (19_075_523, unet3d_paper),
    (31_031_875, partial(jaxony_unet, 3, 3)),
    (31_030_658, partial(jaxony_unet, 1, 2)),
    (1_356_866, elektronn3_unet),
    (1_355_394, partial(elektronn3_unet, unit=BARE)),
    (1_355_394, partial(elektronn3_unet, unit=ConvUnit(norm=instance_norm))),
    (1_356_866, partial(elektronn3_unet, unit=ConvUnit(norm=group_norm(8)))),
    (1_356_034, partial(elektronn3_unet, unit=BARE, last=NORMED)),
    (1_218_626, partial(elektronn3_unet, merge=Add)),
    (1_285_186, partial(elektronn3_unet, up=resize_conv("linear", kernel=1))),
    (1_356_878, partial(elektronn3_unet, unit=ConvUnit(norm=batch_norm, act=nn.PReLU))),
    (5_603_010, partial(elektronn3_unet, levels=SOLID)),
    (467_458, partial(elektronn3_unet, levels=FLAT)),
    (488_324, partial(elektronn3_unet, levels=FLAT, merge=gated(Concat))),
    (31_044_354, partial(elektronn3_unet, levels=pyramid((64, 128, 256, 512, 1024)))),
]


@pytest.mark.parametrize(("published", "make"), COUNTS)
def test_the_published_numbers_of_parameters(published: int, make: Callable[[], UNet]) -> None:
    with torch.device("meta"):
        assert count(make()) == published


@pytest.mark.parametrize(
    ("published", "make"),
    [
        (1_971_554, johschmidt42_unet),
        (5_646_242, partial(johschmidt42_unet, levels=SOLID)),
        (1_968_290, partial(johschmidt42_unet, unit=BARE)),
    ],
)
def test_johschmidt42_counts_a_pointwise_convolution_per_step_that_it_never_uses(
    published: int, make: Callable[[], UNet]
) -> None:
    unused = sum(2 * width * width + width for width in (128, 64, 32))  # 1×1, from twice the width, with bias
    assert unused == 43_232
    with torch.device("meta"):
        assert count(make()) == published - unused


def test_the_3d_unets_own_count_of_19069955() -> None:
    """One additive parameter per channel after each 3³ convolution, and no bias of an up-convolution."""
    with torch.device("meta"):
        net = unet3d_paper()
    wide = [m for m in net.modules() if isinstance(m, nn.Conv3d) and m.kernel_size == (3, 3, 3)]
    ups = [m for m in net.modules() if isinstance(m, nn.ConvTranspose3d)]
    channels = sum(m.out_channels for m in wide)
    assert (len(wide), channels, len(ups)) == (14, 2336, 3)
    bias_scale_shift, additive = 3 * channels, channels
    assert count(net) - bias_scale_shift + additive - sum(m.out_channels for m in ups) == 19_069_955


def test_the_3d_unet_takes_132_132_116_and_gives_44_44_28() -> None:
    """Printed as x, y, z; our axes are z, y, x. Channels double before each pooling, and up-convolutions keep them."""
    with torch.device("meta"):
        net = unet3d_paper()
        assert net(torch.zeros(1, 3, 116, 132, 132)).shape == (1, 3, 28, 44, 44)
    convs = [m for m in net.encoder.modules() if isinstance(m, nn.Conv3d)]
    assert [m.out_channels for m in convs] == [32, 64, 64, 128, 128, 256, 256, 512]
    ups = [m for m in net.modules() if isinstance(m, nn.ConvTranspose3d)]
    assert [(m.in_channels, m.out_channels) for m in ups] == [(512, 512), (256, 256), (128, 128)]


def test_where_the_release_differs_from_figure_1() -> None:
    """The last up-convolution has 128 channels: 64 more from 128 through 2×2, and 64 more into the next 3×3."""
    with torch.device("meta"):
        ours, figure = released_unet(), paper_unet()
        assert ours(torch.zeros(1, 1, 572, 572)).shape == (1, 2, 388, 388)
    pairs = zip(ours.named_parameters(), figure.parameters(), strict=True)
    other = {name: list(value.shape) for (name, value), theirs in pairs if value.shape != theirs.shape}
    assert other == {
        "decoder.steps.3.up.up.weight": [128, 128, 2, 2],
        "decoder.steps.3.up.up.bias": [128],
        "decoder.steps.3.block.units.0.conv.weight": [64, 192, 3, 3],
    }
    assert 31_100_354 - 31_030_658 == 64 * 128 * 4 + 64 + 64 * 64 * 9


@pytest.mark.parametrize("widths", [(2, 4, 8, 16), (8, 8, 8, 8)])
def test_the_release_drops_out_the_two_deepest_blocks_and_rectifies_each_way_up(widths: tuple[int, ...]) -> None:
    net = released_unet(widths=widths)
    dropped = {name: m.dropout.p for name, m in net.named_modules() if isinstance(m, Dropped)}
    assert dropped == {"encoder.stages.1.block": 0.5, "encoder.stages.2.block": 0.5}
    assert [type(step.get_submodule("up.act")) for step in net.decoder.steps] == [nn.ReLU] * 3
