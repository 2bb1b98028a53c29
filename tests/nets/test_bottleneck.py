"""Bottlenecks, stacks of blocks, and fewer convolutions on one side of a U."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from tests.oracles.thin_nets import count
from unet_tutorial.nets.attention import gated
from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.bottleneck import Stacked, bottleneck, stacked, with_convs
from unet_tutorial.nets.contracts import Part
from unet_tutorial.nets.merge import Concat
from unet_tutorial.nets.norms import batch_norm
from unet_tutorial.plan.levels import Level, pyramid

UNIT, LAST = ConvUnit(norm=batch_norm), ConvUnit(act=nn.Identity)
BLOCK = bottleneck(UNIT, LAST)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_a_bottleneck_is_1_kernel_1_at_a_quarter_of_the_channels(rank: int) -> None:
    part = BLOCK(3, 8, Level(8, (3,) * rank, (1,) * rank))
    weights = [weight for weight in part.parameters() if weight.ndim > 1]
    ones, threes = (1,) * rank, (3,) * rank
    assert [tuple(w.shape) for w in weights] == [(2, 3, *ones), (2, 2, *threes), (8, 2, *ones)]
    x = torch.randn(2, 3, *(6, 5, 4)[:rank])
    assert part(x).shape == (2, 8, *(6, 5, 4)[:rank])
    assert part(x).min() < 0  # nothing follows the last convolution


def test_a_stack_has_one_block_per_convolution_of_the_level() -> None:
    level = Level(8, (3, 3), (1, 1), convs=3)
    part, x = stacked(BLOCK)(3, 8, level), torch.randn(2, 3, 6, 5)
    one = Level(8, (3, 3), (1, 1), convs=1)
    expected = x
    for block in part.get_submodule("blocks").children():
        expected = block(expected)
    assert torch.equal(part(x), expected)
    assert count(part) == count(BLOCK(3, 8, one)) + 2 * count(BLOCK(8, 8, one))


def test_a_stack_adds_the_reach_of_its_blocks() -> None:
    gates: list[Part] = [gated(Concat)(4, 4, 4, (2, 2)) for _ in range(2)]
    assert Stacked(gates).extra_reach == (4, 4)
    assert Stacked([BLOCK(4, 4, Level(4, (3,), (1,)))]).extra_reach == ()


def test_fewer_convolutions_at_each_level() -> None:
    levels = pyramid((4, 4, 4))
    fewer = with_convs(conv_stack(UNIT), levels, (1, 2, 1))
    convolutions = [sum(isinstance(m, nn.Conv2d) for m in fewer(4, 4, level).modules()) for level in levels]
    assert convolutions == [1, 2, 1]


LEVELS = pyramid((4, 4))
VALID = conv_stack(ConvUnit(padding="valid"))
REFUSED: list[tuple[Callable[[], Any], str]] = [
    (lambda: with_convs(VALID, LEVELS, (1, 1))(4, 4, LEVELS[0]), "the sizes of the plan would be wrong"),
    (lambda: with_convs(BLOCK, LEVELS, (1, 3))(4, 4, LEVELS[1]), "3 convolutions at level 1, and its plan states 2"),
    (lambda: with_convs(BLOCK, LEVELS, ())(4, 4, LEVELS[1]), "the numbers of convolutions per level are empty"),
    (lambda: BLOCK(8, 6, LEVELS[0]), "6 channels: a bottleneck has a quarter of them; pass a multiple of 4"),
]


@pytest.mark.parametrize(("make", "words"), REFUSED, ids=[words for _, words in REFUSED])
def test_what_the_plan_does_not_allow_is_refused(make: Callable[[], Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()
