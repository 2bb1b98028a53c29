"""The tests that other systems run on their networks, on ours: shapes, gradients, sizes and refusals."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import chain, combinations

import pytest
import torch
from torch import nn

from tests.oracles.thin_nets import without_gradient
from unet_tutorial.nets.attention import gated
from unet_tutorial.nets.blocks import ConvUnit
from unet_tutorial.nets.merge import Add, Concat, Merge
from unet_tutorial.nets.norms import batch_norm, group_norm
from unet_tutorial.nets.resample import Up, resize_conv, transposed
from unet_tutorial.nets.shuffle import PixelShuffle
from unet_tutorial.nets.systems.elektronn3 import elektronn3_unet
from unet_tutorial.nets.systems.jaxony import jaxony_unet
from unet_tutorial.nets.systems.johschmidt42 import johschmidt42_unet
from unet_tutorial.nets.unet import UNet
from unet_tutorial.plan.levels import pyramid
from unet_tutorial.plan.sizes import valid_sizes

NORMED, VALID = ConvUnit(norm=batch_norm), ConvUnit(padding="valid", norm=batch_norm)
LATE = ConvUnit(padding="valid", norm=batch_norm, order=("conv", "act", "norm"))
POINT, SOLID = resize_conv("linear", kernel=1), pyramid((32, 64, 128, 256), rank=3)
CASES = [(2, n, ()) for n in range(1, 5)] + [
    (3, n, planar)
    for n in range(1, 5)
    for planar in chain.from_iterable(combinations(range(n), k) for k in range(n + 1))
]


def elektronn3(rank: int, blocks: int, planar: tuple[int, ...] = (), unit: ConvUnit = NORMED) -> UNet:
    """Theirs, thin."""
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
    """Both lose 12 · 2^L - 8. Its pooling rounds up, so that it takes sizes in between, which ours refuses."""
    net, loss = elektronn3(2, poolings + 1, unit=VALID).to("meta"), 12 * 2**poolings - 8
    (legal, _) = valid_sizes(net.levels, padding="valid")
    for side in legal[:3]:
        assert net(torch.zeros(1, 1, side, side, device="meta")).shape == (1, 2, side - loss, side - loss)
        assert side > loss
    for odd in (loss + 1, legal[1] - 1):
        with pytest.raises(ValueError, match=rf"axis 0 = {odd} does not pass {poolings} poolings"):
            net(torch.zeros(1, 1, odd, odd, device="meta"))


def test_elektronn3s_planar_axis_loses_less() -> None:
    """24×60×60 gives 8×20×20: three blocks, the first of them planar."""
    net = elektronn3(3, 3, (0,), VALID).to("meta")
    assert net(torch.zeros(1, 1, 24, 60, 60, device="meta")).shape == (1, 2, 8, 20, 20)


@pytest.mark.parametrize("merge", [gated(Concat), Concat, Add])
@pytest.mark.parametrize("up", [transposed, resize_conv("nearest"), resize_conv("linear"), POINT, PixelShuffle])
def test_what_elektronn3s_tests_leave_out(up: Up, merge: Merge) -> None:
    """Attention in a planar net of one slice, which fails there; addition after resizing, which it refuses."""
    levels = pyramid((8, 16, 32), rank=3, planar=(0, 1, 2))
    torch.manual_seed(0)
    net = elektronn3_unet(levels=levels, up=up, merge=merge, unit=ConvUnit(norm=group_norm(8)))
    image = torch.randn(1, 1, 1, 12, 20)
    assert net(image).shape == (1, 2, 1, 12, 20)
    assert without_gradient(net, image) == []


@pytest.mark.parametrize(
    ("make", "image", "logits"),
    [
        (johschmidt42_unet, (256, 256), (256, 256)),
        (partial(johschmidt42_unet, levels=SOLID), (64,) * 3, (64,) * 3),
        (partial(johschmidt42_unet, levels=pyramid((32, 64, 128, 256, 512)), unit=LATE), (572, 572), (388, 388)),
        (partial(johschmidt42_unet, up=POINT), (256, 256), (256, 256)),
        (partial(johschmidt42_unet, up=resize_conv("nearest", kernel=1)), (256, 256), (256, 256)),
        (partial(johschmidt42_unet, levels=SOLID, up=POINT), (64,) * 3, (64,) * 3),
    ],
)
def test_johschmidt42s_six_shapes(make: Callable[[], UNet], image: tuple[int, ...], logits: tuple[int, ...]) -> None:
    """Bicubic, their fifth, is not among our ways up and is refused; nearest stands in for it."""
    with torch.device("meta"):
        assert make()(torch.zeros(1, 1, *image)).shape == (1, 2, *logits)
    with pytest.raises(ValueError, match="mode 'bicubic' is unknown"):
        resize_conv("bicubic")


@pytest.mark.parametrize("side", [60, 63, 100])
def test_what_johschmidt42_cuts_down_without_a_word_is_refused(side: int) -> None:
    with pytest.raises(ValueError, match=f"axis 0 = {side} does not pass 3 poolings"):
        johschmidt42_unet(levels=pyramid((2, 4, 8, 8)))(torch.zeros(1, 1, side, side))


def test_johschmidt42s_way_up_is_up_then_act_then_norm() -> None:
    net = johschmidt42_unet(levels=pyramid((4, 8)))
    ran: list[str] = []
    for module in net.decoder.steps[0].get_submodule("up").modules():
        module.register_forward_hook(lambda m, _x, _y: ran.append(type(m).__name__))
    net(torch.randn(1, 1, 8, 8))
    assert [name for name in ran if hasattr(nn, name) and name != "Identity"] == [
        "ConvTranspose2d",
        "ReLU",
        "BatchNorm2d",
    ]


@pytest.mark.parametrize(("up", "merge"), [(transposed, Concat), (transposed, Add), (POINT, Concat), (POINT, Add)])
def test_jaxonys_test_with_assertions(up: Up, merge: Merge) -> None:
    """3 channels to 3 at 320², forward and backward; "upsample" with "add" is a ValueError there."""
    torch.manual_seed(0)
    net = jaxony_unet(3, 3, (2, 4, 4, 8, 8), up=up, merge=merge)
    image = torch.randn(1, 3, 320, 320)
    assert net(image).shape == image.shape
    assert without_gradient(net, image) == []


@pytest.mark.parametrize("side", [60, 63])
def test_jaxonys_sizes_are_refused_with_their_neighbours(side: int) -> None:
    with pytest.raises(ValueError, match=f"axis 0 = {side} does not pass 4 poolings; the nearest sizes .* 48 and 64"):
        jaxony_unet(3, 3, (2, 2, 2, 2, 2))(torch.zeros(1, 3, side, side))
