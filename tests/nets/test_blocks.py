"""Units and stacks of units against torch's layers called in a row; wrong units are refused."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import permutations
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from tests.oracles.thin_nets import perturbed, thin
from unet_tutorial.nets.blocks import Block, ConvUnit, conv_stack, doubling_stack
from unet_tutorial.nets.nd import conv
from unet_tutorial.nets.norms import batch_norm, instance_norm
from unet_tutorial.nets.wrappers import checkpointed, dropped, residual
from unet_tutorial.plan.levels import Level
from unet_tutorial.plan.sizes import Padding

ORDERS = list(permutations(("conv", "norm", "act")))
LEVEL = Level(6, (3, 3), (1, 1), convs=3)
KINDS = {nn.Conv2d: "conv", nn.BatchNorm2d: "norm", nn.ReLU: "act"}


@pytest.mark.parametrize("order", [("conv", "norm", "act"), ("conv", "act", "norm"), ("norm", "act", "conv")])
def test_a_unit_executes_in_the_order_it_states(order: tuple[str, ...]) -> None:
    unit = ConvUnit(norm=batch_norm, order=order)(2, 3, (3, 3))
    weight, bias = unit.get_parameter("conv.weight"), unit.get_parameter("conv.bias")

    def normed(y: Tensor) -> Tensor:
        mean, variance = y.mean((0, 2, 3), keepdim=True), y.var((0, 2, 3), correction=0, keepdim=True)
        return (y - mean) / (variance + 1e-5).sqrt()

    def convolved(y: Tensor) -> Tensor:
        return nn.functional.conv2d(y, weight, bias, padding=1)

    steps: dict[str, Callable[[Tensor], Tensor]] = {"conv": convolved, "norm": normed, "act": lambda y: y.clamp(min=0)}
    x = torch.randn(4, 2, 8, 8)
    expected = x
    for name in order:
        expected = steps[name](expected)
    assert torch.allclose(unit(x), expected, atol=1e-5)


def executed(part: nn.Module, x: Tensor) -> list[str]:
    """The kinds of layers that run, in their order, found by hooks."""
    ran: list[str] = []
    for module in part.modules():
        if type(module) in KINDS:
            module.register_forward_hook(lambda m, _x, _y: ran.append(KINDS[type(m)]))
    part(x)
    return ran


@pytest.mark.parametrize("order", ORDERS)
def test_each_of_the_six_orders_executes_as_it_is_stated(order: tuple[str, ...]) -> None:
    """The norm has the channels of its place, before or after the convolution."""
    block = conv_stack(ConvUnit(norm=batch_norm, order=order))(2, 6, LEVEL)
    assert executed(block, torch.randn(2, 2, 5, 5)) == list(order) * 3
    first = block.get_submodule("units.0.norm")
    assert isinstance(first, nn.BatchNorm2d)
    assert first.num_features == (2 if order.index("norm") < order.index("conv") else 6)


@pytest.mark.parametrize("order", ORDERS)
def test_identities_are_not_built(order: tuple[str, ...]) -> None:
    unit = ConvUnit(act=nn.Identity, order=order)(2, 6, (3, 3))
    assert [name for name, _ in unit.named_children()] == ["conv"]


def test_in_evaluation_a_norm_after_a_convolution_folds_into_it() -> None:
    unit = perturbed(ConvUnit(norm=batch_norm)(2, 6, (3, 3))).eval()
    conv, norm = unit.get_submodule("conv"), unit.get_submodule("norm")
    assert isinstance(conv, nn.Conv2d)
    assert isinstance(norm, nn.BatchNorm2d)
    x, folded = torch.randn(2, 2, 8, 8), fuse_conv_bn_eval(conv, norm)
    assert torch.allclose(unit(x), folded(x).relu(), atol=1e-5)
    assert (folded(x) - conv(x)).abs().max() > 0.1  # the norm does something


def test_a_last_unit_may_be_another() -> None:
    """As for elektronn3's full_norm=False, which has a norm in the last unit only."""
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


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_a_convolution_that_is_handed_in_is_made_with_channels_kernel_and_padding(padding: Padding) -> None:
    """The default is torch's convolution: the same weights from the same seed, under the same names."""
    torch.manual_seed(0)
    plain = ConvUnit(padding)(2, 4, (3, 3))
    torch.manual_seed(0)
    torchs = nn.Conv2d(2, 4, 3, padding=padding)
    assert list(plain.state_dict()) == ["conv.weight", "conv.bias"]
    assert all(torch.equal(a, b) for a, b in zip(plain.parameters(), torchs.parameters(), strict=True))
    bare = ConvUnit(padding, conv=partial(conv, bias=False))(2, 4, (3, 3))
    bare.load_state_dict({"conv.weight": torchs.weight})
    x = torch.randn(2, 2, 7, 8)
    assert torch.allclose(bare(x), (torchs(x) - torchs.get_parameter("bias").reshape(-1, 1, 1)).relu(), atol=1e-6)


def test_two_blocks_share_nothing() -> None:
    """One activation with a weight in two places would learn one slope for both."""
    block = conv_stack(ConvUnit(norm=batch_norm, act=nn.PReLU))
    parts = nn.ModuleList([block(2, 6, LEVEL), block(2, 6, LEVEL)])
    assert sum(isinstance(m, nn.PReLU) for m in parts.modules()) == 6


unit: Any = ConvUnit  # untyped, because the following cases break the types on purpose
bare: Any = ConvUnit()
ORDER = "'conv', 'norm' and 'act' once each"
REFUSED: list[tuple[Callable[[], Any], str]] = [
    (lambda: unit()(1, 1, (3, 2)), r"kernel \(3, 2\) is even and has no middle pixel; use 3 or 5, or padding 'valid'"),
    (lambda: unit(padding="reflect"), "padding 'reflect' is unknown; write 'same' or 'valid'"),
    (lambda: unit(order=("conv", "norm")), ORDER),
    (lambda: unit(order=("conv", "act", "act")), ORDER),
    (lambda: unit(order=("conv", "bn", "act")), ORDER),
    (lambda: unit(order="conv"), ORDER),
    (lambda: conv_stack(unit(), unit(padding="valid")), "have padding 'same' and 'valid'; use the same"),
    (lambda: doubling_stack(unit())(1, 7, Level(7, (3,), (1,))), "7 channels: .* so it must be even"),
]


@pytest.mark.parametrize(("make", "words"), REFUSED, ids=[words for _, words in REFUSED])
def test_a_wrong_unit_or_stack_is_refused(make: Callable[[], Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()


@pytest.mark.parametrize("stack", [conv_stack, doubling_stack])
@pytest.mark.parametrize("given", ["conv", ConvUnit, nn.Conv2d, nn.Conv2d(1, 1, 3), None])
def test_a_stack_refuses_anything_but_units(stack: Any, given: Any) -> None:
    with pytest.raises(ValueError, match=r"is not a unit of a block; write conv_stack\(ConvUnit\(\)\)"):
        stack(given)


@pytest.mark.parametrize("wrap", [lambda block: block, residual, dropped, checkpointed])
def test_a_unit_in_place_of_a_block_is_refused(wrap: Any) -> None:
    with pytest.raises(ValueError, match=r"ConvUnit\(.* is not a block; write conv_stack\(ConvUnit\(\)\)"):
        thin(block=wrap(bare))
