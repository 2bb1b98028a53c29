"""The preset whose parts are named: the names are those of the parts, and the network is the one made of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch
from torch import nn

from unet_tutorial.nets.assembled import ACTS, MERGES, NORMS, UPSAMPLINGS, assembled_unet, named
from unet_tutorial.nets.presets import build, padded_unet
from unet_tutorial.nets.resample import ResizeConv
from unet_tutorial.nets.systems.elektronn3 import elektronn3_unet
from unet_tutorial.nets.systems.johschmidt42 import johschmidt42_unet
from unet_tutorial.plan.levels import pyramid

WIDTHS = (4, 8, 8)


@pytest.mark.parametrize(
    ("there", "arguments"),
    [
        (padded_unet(widths=WIDTHS), {"norm": "batch"}),
        (
            elektronn3_unet(levels=pyramid(WIDTHS, rank=3, planar=(0,))),
            {"rank": 3, "planar": [0], "norm": "batch", "up_norm": "batch", "up_act": "relu"},
        ),
        (
            johschmidt42_unet(levels=pyramid(WIDTHS)),
            {"norm": "batch", "order": ["conv", "act", "norm"], "up_norm": "batch", "up_act": "relu"},
        ),
    ],
)
def test_it_is_the_network_of_the_same_parts(there: nn.Module, arguments: dict[str, Any]) -> None:
    here = build("assembled", **json.loads(json.dumps({"widths": WIDTHS, **arguments}))).eval()
    here.load_state_dict(dict(zip(here.state_dict(), there.state_dict().values(), strict=True)))
    image = torch.randn(1, 1, *(8, 8, 8)[: arguments.get("rank", 2)])
    assert torch.equal(here(image), there.eval()(image))


def test_arguments_of_parts_reach_them() -> None:
    net: Any = assembled_unet(
        widths=WIDTHS,
        norm=["group", 2],
        first_norm="none",
        act=["leaky_relu", 0.3],
        up=["resize_conv", "linear", 1],
        merge=["grid_gated", "add"],
        padding="valid",
        bias=False,
    )
    units = net.encoder.stem.units
    assert [[type(layer).__name__ for layer in unit] for unit in units] == [
        ["Conv2d", "LeakyReLU"],
        ["Conv2d", "GroupNorm", "LeakyReLU"],
    ]
    assert units[1].norm.num_groups == 2
    assert units[1].act.negative_slope == 0.3
    assert units[0].conv.bias is None
    assert net.padding == "valid"
    assert {type(step.merge.merge).__name__ for step in net.decoder.steps} == {"Add"}
    assert {module.mode for module in net.modules() if isinstance(module, ResizeConv)} == {"bilinear"}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"norm": "layer"}, "norm 'layer' is unknown; write one of none, batch, instance, affine_instance, group"),
        (
            {"norm": "group"},
            r"norm 'group': .*missing 1 required .*; write its arguments after its name: \[\"group\", 8\]",
        ),
        ({"norm": ["group", 0]}, r"groups = 0 is not a whole number"),
        ({"act": ["leaky_relu", "much"]}, "could not convert"),
        ({"act": {"relu": 1}}, "act {'relu': 1} is unknown"),
        ({"act": []}, r"act \[\] is unknown"),
        ({"up": ["transposed", 2]}, "takes 0 positional arguments"),
        ({"merge": ["gated", "sum"]}, "merge 'sum' is unknown; write one of concat, add, gated, grid_gated"),
        ({"order": ["conv", "norm"]}, "must hold 'conv', 'norm' and 'act' once each"),
    ],
)
def test_unknown_parts_are_refused(arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        assembled_unet(widths=WIDTHS, **arguments)


def test_every_part_can_be_named() -> None:
    given: dict[str, Any] = {"group": ["group", 4]}
    for kind, makers in (("norm", NORMS), ("act", ACTS), ("up", UPSAMPLINGS), ("merge", MERGES)):
        for name in makers:
            assert callable(named(kind, makers, given.get(name, name)))
            net = assembled_unet(widths=WIDTHS, **{kind: given.get(name, name)})
            assert net(torch.zeros(1, 1, 8, 8)).shape == (1, 2, 8, 8)
