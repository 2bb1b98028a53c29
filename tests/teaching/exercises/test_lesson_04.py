"""Solutions of lesson 04 beside the library's networks."""

from __future__ import annotations

from functools import reduce
from typing import Any

import pytest
from torch import nn

from unet_tutorial.nets.presets import paper_unet
from unet_tutorial.teaching.checking.check import hidden


def channel_plan(first: int, poolings: int) -> list[int]:
    return [first] if poolings == 0 else [first, *channel_plan(2 * first, poolings - 1)]


def count_convolutions(poolings: int) -> int:
    net = paper_unet(widths=(1,) * (poolings + 1))
    return sum(isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)) for layer in net.modules())


ORACLES = {
    "channel_plan": channel_plan,
    "count_convolutions": count_convolutions,
    "contracting_path": lambda in_channels: paper_unet(in_channels, widths=(4, 8, 16)).encoder,
    "head": lambda channels, classes: paper_unet(1, classes, widths=(channels, 1)).head,
    "expand": lambda features, step: reduce(step, features[-2::-1], features[-1]),
}


@pytest.mark.parametrize(("name", "oracle"), ORACLES.items())
def test_solutions_agree_with_the_library(name: str, oracle: Any) -> None:
    assert hidden(name, oracle).sentence == f"ok: {name}, hidden"
