"""The units of a block: the order in which they execute, and what is known of a whole block beforehand."""

from __future__ import annotations

from itertools import permutations

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from tests.oracles.thin_nets import stirred
from unet_tutorial.nets.blocks import Block, ConvUnit, conv_stack, doubling_stack
from unet_tutorial.nets.norms import batch_norm, instance_norm
from unet_tutorial.plan.levels import Level

ORDERS = list(permutations(("conv", "norm", "act")))
LEVEL = Level(6, (3, 3), (1, 1), convs=3)
KINDS = {nn.Conv2d: "conv", nn.BatchNorm2d: "norm", nn.ReLU: "act"}


def executed(part: nn.Module, x: Tensor) -> list[str]:
    """What really runs, by hooks."""
    ran: list[str] = []
    for module in part.modules():
        if type(module) in KINDS:
            module.register_forward_hook(lambda m, _x, _y: ran.append(KINDS[type(m)]))
    part(x)
    return ran


@pytest.mark.parametrize("order", ORDERS)
def test_each_of_the_six_orders_executes_as_it_is_stated(order: tuple[str, ...]) -> None:
    """The norm takes the channels of its place: those from before the convolution, or those from after it."""
    block = conv_stack(ConvUnit(norm=batch_norm, order=order))(2, 6, LEVEL)
    assert executed(block, torch.randn(2, 2, 5, 5)) == list(order) * 3
    first = block.get_submodule("units.0.norm")
    assert isinstance(first, nn.BatchNorm2d)
    assert first.num_features == (2 if order.index("norm") < order.index("conv") else 6)


@pytest.mark.parametrize("order", ORDERS)
def test_what_is_nothing_is_not_built(order: tuple[str, ...]) -> None:
    unit = ConvUnit(act=nn.Identity, order=order)(2, 6, (3, 3))
    assert [name for name, _ in unit.named_children()] == ["conv"]


def test_in_evaluation_a_norm_after_a_convolution_folds_into_it() -> None:
    unit = stirred(ConvUnit(norm=batch_norm)(2, 6, (3, 3))).eval()
    conv, norm = unit.get_submodule("conv"), unit.get_submodule("norm")
    assert isinstance(conv, nn.Conv2d)
    assert isinstance(norm, nn.BatchNorm2d)
    x, folded = torch.randn(2, 2, 8, 8), fuse_conv_bn_eval(conv, norm)
    assert torch.allclose(unit(x), folded(x).relu(), atol=1e-5)
    assert (folded(x) - conv(x)).abs().max() > 0.1  # the norm does something


def test_a_last_unit_may_be_another() -> None:
    """elektronn3's full_norm=False: no norm but the block's last."""
    block = conv_stack(ConvUnit(), ConvUnit(norm=batch_norm))
    ran = executed(block(2, 6, LEVEL), torch.randn(2, 2, 5, 5))
    assert ran == ["conv", "act", "conv", "act", "conv", "norm", "act"]
    alone = Level(6, (3, 3), (1, 1), convs=1)
    assert executed(block(2, 6, alone), torch.randn(2, 2, 5, 5)) == ["conv", "norm", "act"]


def widths(part: nn.Module) -> list[tuple[int, int]]:
    return [(m.in_channels, m.out_channels) for m in part.modules() if isinstance(m, nn.Conv2d)]


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (conv_stack(ConvUnit()), [(2, 6), (6, 6), (6, 6)]),
        (doubling_stack(ConvUnit()), [(2, 3), (3, 3), (3, 6)]),
    ],
)
def test_where_a_block_changes_its_channels(block: Block, expected: list[tuple[int, int]]) -> None:
    part = block(2, 6, LEVEL)
    assert widths(part) == expected
    assert part.out_channels == 6


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_a_block_equals_its_layers_one_after_another(rank: int) -> None:
    """The oracle is torch's own layers, called in a row by hand, unpadded so that each takes two pixels."""
    unit = ConvUnit(padding="valid", norm=instance_norm, act=nn.SiLU)
    block = conv_stack(unit)(2, 4, Level(4, (3,) * rank, (1,) * rank))
    weights = list(block.parameters())
    convolve = (nn.functional.conv1d, nn.functional.conv2d, nn.functional.conv3d)[rank - 1]
    x = torch.randn(2, 2, *(7, 8, 9)[:rank])
    expected = x
    for weight, bias in (weights[:2], weights[2:]):
        expected = nn.functional.silu(nn.functional.instance_norm(convolve(expected, weight, bias)))
    assert block(x).shape == (2, 4, *(3, 4, 5)[:rank])
    assert torch.allclose(block(x), expected, atol=1e-5)


def test_two_blocks_share_nothing() -> None:
    """One activation with a weight in two places would learn one slope for both."""
    block = conv_stack(ConvUnit(norm=batch_norm, act=nn.PReLU))
    parts = nn.ModuleList([block(2, 6, LEVEL), block(2, 6, LEVEL)])
    assert sum(isinstance(m, nn.PReLU) for m in parts.modules()) == 6
