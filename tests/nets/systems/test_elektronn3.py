"""elektronn3's own tests and its published numbers of parameters, on our network."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import chain, combinations

import pytest
import torch
from torch import nn

from tests.oracles.thin_nets import count, without_gradient
from unet_tutorial.nets.attention import AttentionGate, gated
from unet_tutorial.nets.blocks import ConvUnit
from unet_tutorial.nets.merge import Add, Concat, Merge
from unet_tutorial.nets.norms import batch_norm, group_norm, instance_norm
from unet_tutorial.nets.resample import Up, resize_conv, transposed
from unet_tutorial.nets.shuffle import PixelShuffle
from unet_tutorial.nets.systems.elektronn3 import GridGate, elektronn3_unet
from unet_tutorial.nets.unet import UNet
from unet_tutorial.plan.levels import pyramid
from unet_tutorial.plan.sizes import valid_sizes

pytestmark = pytest.mark.slow

FLAT, SOLID = pyramid((32, 64, 128)), pyramid((32, 64, 128, 256), rank=3)
NORMED, VALID, BARE = ConvUnit(norm=batch_norm), ConvUnit(padding="valid", norm=batch_norm), ConvUnit()
CASES = [(2, n, ()) for n in range(1, 5)] + [
    (3, n, planar)
    for n in range(1, 5)
    for planar in chain.from_iterable(combinations(range(n), k) for k in range(n + 1))
]
COUNTS: list[tuple[int, Callable[[], UNet]]] = [
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


def elektronn3(rank: int, blocks: int, planar: tuple[int, ...] = (), unit: ConvUnit = NORMED) -> UNet:
    """A thin network of one of their cases."""
    torch.manual_seed(blocks)
    return elektronn3_unet(levels=pyramid([4 * 2**i for i in range(blocks)], rank, planar), unit=unit)


def test_elektronn3_has_34_cases() -> None:
    assert len(CASES) == len(set(CASES)) == 34


@pytest.mark.parametrize(("rank", "blocks", "planar"), CASES)
def test_elektronn3s_cases_keep_their_size_and_give_each_parameter_a_gradient(
    rank: int, blocks: int, planar: tuple[int, ...]
) -> None:
    net, side = elektronn3(rank, blocks, planar), 2**blocks
    size = (side // 2 ** len(planar), side, side)[3 - rank :]
    image = torch.randn(1, 1, *size)
    assert net(image).shape == (1, 2, *size)
    assert without_gradient(net, image) == []


@pytest.mark.parametrize("poolings", range(1, 5))
def test_elektronn3s_valid_sizes_where_ours_are_legal(poolings: int) -> None:
    """Both lose 12 · 2^L - 8. Their pooling rounds up, so they accept sizes in between, which ours refuses."""
    net, loss = elektronn3(2, poolings + 1, unit=VALID).to("meta"), 12 * 2**poolings - 8
    (legal, _) = valid_sizes(net.levels, padding="valid")
    for side in legal[:3]:
        assert net(torch.zeros(1, 1, side, side, device="meta")).shape == (1, 2, side - loss, side - loss)
        assert side > loss
    for odd in (loss + 1, legal[1] - 1):
        with pytest.raises(
            ValueError, match=rf"axis 0 = {odd} does not pass {poolings} pooling{'s' * (poolings > 1)};"
        ):
            net(torch.zeros(1, 1, odd, odd, device="meta"))


def test_elektronn3s_planar_axis_loses_less() -> None:
    """24×60×60 gives 8×20×20: three blocks, the first of them planar."""
    net = elektronn3(3, 3, (0,), VALID).to("meta")
    assert net(torch.zeros(1, 1, 24, 60, 60, device="meta")).shape == (1, 2, 8, 20, 20)


def test_its_gates_stride_by_2_along_every_axis() -> None:
    """Also at a planar level, where ``gated`` strides by 1×2×2; at other levels both are the same."""
    torch.manual_seed(0)
    planar, solid = GridGate(4, 6, (1, 2, 2)), GridGate(4, 6, (2, 2, 2))
    skip, below, coarser = torch.randn(1, 4, 4, 8, 8), torch.randn(1, 6, 4, 4, 4), torch.randn(1, 6, 2, 4, 4)
    assert planar.theta.get_parameter("weight").shape[2:] == (2, 2, 2)
    assert planar(skip, below).shape == skip.shape
    usual = AttentionGate(4, 6, (2, 2, 2))
    usual.load_state_dict(solid.state_dict())
    assert torch.equal(usual(skip, coarser), solid(skip, coarser))
    with pytest.raises(ValueError, match=r"at least 2 pixels along every axis; pass gated\(Concat\)"):
        planar(skip[:, :, :1], below[:, :, :1])


POINT = resize_conv("linear", kernel=1)


@pytest.mark.parametrize("merge", [gated(Concat), Concat, Add])
@pytest.mark.parametrize("up", [transposed, resize_conv("nearest"), resize_conv("linear"), POINT, PixelShuffle])
def test_combinations_that_elektronn3_does_not_test(up: Up, merge: Merge) -> None:
    """Attention in a planar network of one slice fails there; addition after resizing is refused there."""
    levels = pyramid((8, 16, 32), rank=3, planar=(0, 1, 2))
    torch.manual_seed(0)
    net = elektronn3_unet(levels=levels, up=up, merge=merge, unit=ConvUnit(norm=group_norm(8)))
    image = torch.randn(1, 1, 1, 12, 20)
    assert net(image).shape == (1, 2, 1, 12, 20)
    assert without_gradient(net, image) == []
