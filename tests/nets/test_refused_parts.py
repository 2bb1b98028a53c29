"""Every wrong combination of parts is refused at construction, or at the first image, in words that help."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import nn

from tests.oracles.thin_nets import NORMED, thin
from unet_tutorial.nets.any_size import any_size
from unet_tutorial.nets.attention import AttentionGate, gate_maps
from unet_tutorial.nets.blocks import ConvUnit, conv_stack, doubling_stack
from unet_tutorial.nets.merge import Add
from unet_tutorial.nets.norms import group_norm
from unet_tutorial.nets.presets import attention_unet, padded_unet, paper_unet, residual_unet, unet3d
from unet_tutorial.nets.resample import resize_conv, then, transposed
from unet_tutorial.nets.shuffle import PixelShuffle
from unet_tutorial.nets.systems.caffe_release import released_unet
from unet_tutorial.nets.systems.cicek2016 import unet3d_paper
from unet_tutorial.nets.systems.elektronn3 import elektronn3_unet
from unet_tutorial.nets.systems.jaxony import jaxony_unet
from unet_tutorial.nets.systems.johschmidt42 import johschmidt42_unet
from unet_tutorial.nets.wrappers import dropped
from unet_tutorial.plan.levels import Level, plan_for, pyramid

NAN, INFINITY = float("nan"), float("inf")
NO_NORM = r"hand in no_norm, batch_norm, .* or a function \(channels, rank\) -> Module"
NO_ACT = "a factory is needed, which makes one for each place: write nn."
COARSE = "only the first axis may be the coarse one"
LENGTH = "each axis needs a length above 0"
WHOLE = "is not a whole number of at least 1"
NAMED: list[Callable[..., nn.Module]] = [
    *(paper_unet, padded_unet, residual_unet, attention_unet, unet3d, released_unet, unet3d_paper, jaxony_unet),
]
Case = tuple[Callable[[], Any], str]
unit: Any = ConvUnit  # with arguments that its types forbid
plan: Any = pyramid
resized: Any = resize_conv


def net_of(**options: Any) -> nn.Module:
    return thin(pyramid((4, 8)), **options)


def volume(*size: int) -> torch.Tensor:
    return torch.zeros(1, 1, *size)


PLANS: list[Case] = [
    (lambda: pyramid(()), "at least one level"),
    (lambda: plan("64"), "at least one level"),
    (lambda: plan(64), r"channels 64: .* as in \(64, 128, 256\)"),
    (lambda: plan((64.0, 128)), f"channels = 64.0 {WHOLE}"),
    (lambda: plan((64, None)), f"channels = None {WHOLE}"),
    (lambda: pyramid((4, 8), rank=0), f"rank = 0 {WHOLE}"),
    (lambda: padded_unet(widths=(4, 8), rank=4), "has 4 axes; torch has layers for 1, 2 and 3"),
    (lambda: pyramid((4, 8), 3, planar=(2,)), "planar level 2 does not exist; the levels are 0 to 1"),
    (lambda: pyramid((4, 8), 3, planar=(0, -1)), "planar level -1 does not exist"),
    (lambda: plan((4, 8), 3, planar=0), r"planar 0: name the levels in a tuple, as in \(0,\)"),
    (lambda: pyramid((4, 8), 2, planar=(0,)), "planar levels need three axes or more, and rank is 2"),
    (lambda: unet3d(widths=(4, 8), planar=(5,)), "planar level 5 does not exist"),
    (lambda: plan_for((), 3), LENGTH),
    (lambda: plan_for((0, 1, 1), 3), LENGTH),
    (lambda: plan_for((1, -1, 1), 3), LENGTH),
    (lambda: plan_for((1, NAN, 1), 3), LENGTH),
    (lambda: plan_for((NAN, 1, 1), 3), LENGTH),
    (lambda: plan_for((INFINITY, 1, 1), 3), LENGTH),
    (lambda: plan_for((1, 5, 1), 3), COARSE),
    (lambda: plan_for((1, 1, 5), 3), COARSE),
    (lambda: plan_for((1, 5, 5), 3), COARSE),
    (lambda: plan_for((5, 1, 1), 0), f"depth = 0 {WHOLE}"),
]
UNITS: list[Case] = [
    (lambda: unit()(1, 1, (3, 2)), r"kernel \(3, 2\) is even and has no middle under padding 'same'"),
    (lambda: unit(padding="reflect"), "padding 'reflect' is unknown; write 'same' or 'valid'"),
    (lambda: unit(act=nn.ReLU()), NO_ACT + "ReLU"),
    (lambda: unit(act=nn.PReLU()), NO_ACT + "PReLU"),
    (lambda: unit(act="relu"), "act is 'relu', and " + NO_ACT),
    (lambda: unit(act=None), "act is None, and " + NO_ACT),
    (lambda: unit(norm=nn.BatchNorm2d(4)), NO_NORM),
    (lambda: unit(norm=nn.InstanceNorm2d), "whose second argument is no rank; " + NO_NORM),
    (lambda: unit(norm=partial(nn.GroupNorm, 4)), "whose second argument is no rank; " + NO_NORM),
    (lambda: unit(norm="batch"), "norm is 'batch'; " + NO_NORM),
    (lambda: unit(norm=None), "norm is None; " + NO_NORM),
    (lambda: unit(order=("conv", "norm")), "'conv', 'norm' and 'act' once each"),
    (lambda: unit(order=("conv", "act", "act")), "'conv', 'norm' and 'act' once each"),
    (lambda: unit(order=("conv", "bn", "act")), "'conv', 'norm' and 'act' once each"),
    (lambda: unit(order="conv"), "'conv', 'norm' and 'act' once each"),
    (lambda: group_norm(0), f"groups = 0 {WHOLE}"),
    (
        lambda: net_of(block=conv_stack(unit(norm=group_norm(3)))),
        "3 groups do not .* group_norm of 1, 2, 4",
    ),
    (lambda: conv_stack(unit(), unit(padding="valid")), "are padded 'same' and 'valid'; give both one padding"),
    (lambda: doubling_stack(unit())(1, 7, Level(7, (3,), (1,))), "7 channels cannot be doubled from half of them"),
    (lambda: unet3d_paper(widths=(5, 8)), "5 channels cannot be doubled"),
    (lambda: net_of(block=dropped(NORMED, 1.5)), "between 0 and 1, but got 1.5"),
]
WAYS: list[Case] = [
    (lambda: resize_conv("bilinear"), "mode 'bilinear' is unknown; write 'nearest' or 'linear', which is bilinear"),
    (lambda: resize_conv("nearest", kernel=2), "kernel 2 is no odd number .* write 3 or 1"),
    (lambda: resize_conv("nearest", kernel=0), "kernel 0 is no odd number"),
    (lambda: resized("nearest", kernel=3.0), "kernel 3.0 is no odd number"),
    (lambda: then(transposed, nn.BatchNorm2d), NO_NORM),
    (lambda: then(transposed, act=nn.ReLU()), NO_ACT),
    (lambda: PixelShuffle(4, 4, (2,) * 4), "has 4 axes"),
    (lambda: AttentionGate(4, 4, (2,) * 4), "has 4 axes"),
    (lambda: Add(4, 8, 8, (2, 2)), "a skip of 4 channels and 8 from below cannot be added; .* or merge with Concat"),
    (lambda: net_of(merge=Add, up=lambda i, _o, s: transposed(i, i, s)), "4 channels and 8 from below"),
]
IMAGES: list[Case] = [
    (lambda: unet3d_paper()(torch.zeros(1, 3, 20, 132, 132)), "axis 0 = 20 does not pass 3 .* smallest size .* is 92"),
    (lambda: unet3d(widths=(4, 8, 8))(volume(2, 16, 16)), "axis 0 = 2 .* the smallest size that does is 4"),
    (lambda: unet3d(widths=(4, 8))(volume(8, 8)), r"4 axes, and this network needs 5: \(N, 1, and 3 of space\)"),
    (lambda: padded_unet(widths=(4, 8, 8))(volume(16, 5)), "axis 1 = 5 .* nearest sizes that do are 4 and 8"),
    (lambda: padded_unet(widths=(4, 8), rank=1)(volume(7)), "axis 0 = 7 .* nearest sizes that do are 6 and 8"),
    (lambda: any_size(paper_unet(widths=(4, 8))), "shrinks its images; predict them by predict_tiled"),
    (lambda: gate_maps(padded_unet(widths=(4, 8)), volume(8, 8)), r"no gates; build it with merge=gated\(Concat\)"),
]
TABLE = [*PLANS, *UNITS, *WAYS, *IMAGES]


@pytest.mark.parametrize(("make", "words"), TABLE, ids=[words for _, words in TABLE])
def test_what_is_wrong_is_refused_in_words(make: Callable[[], Any], words: str) -> None:
    with torch.device("meta"), pytest.raises(ValueError, match=words):
        make()


@pytest.mark.parametrize("make", NAMED)
@pytest.mark.parametrize(
    ("widths", "words"), [((), "at least one level"), ((4, 8.0), "8.0 " + WHOLE), (4, "channels 4")]
)
def test_every_named_network_refuses_such_widths(make: Callable[..., nn.Module], widths: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make(widths=widths)


@pytest.mark.parametrize("make", [elektronn3_unet, johschmidt42_unet])
def test_and_those_that_take_levels_refuse_none(make: Callable[..., nn.Module]) -> None:
    with pytest.raises(ValueError, match="at least one level"):
        make(levels=())


def test_the_right_ones_beside_them_are_built() -> None:
    """A refusal of everything would pass the table."""
    ConvUnit(act=partial(nn.LeakyReLU, 0.1), norm=lambda channels, _rank: nn.GroupNorm(2, channels))
    net_of(block=conv_stack(ConvUnit(norm=group_norm(4))), up=resize_conv("linear", kernel=5))
    assert plan_for((3, 1, 1.9), 3) == plan_for((5,), 3) == ()
    assert [plan_for((z, 1, 1), 4) for z in (0.6, 1, 1.9, 2, 4, 9)] == [(), (), (), (0,), (0, 1), (0, 1, 2)]
