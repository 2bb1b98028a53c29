"""The description made from a plan against the trace of the same network, field by field."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import partial
from typing import Any

import pytest
import torch
from torch import nn

from unet_tutorial.figures.arch.from_plan import arch_from_plan
from unet_tutorial.figures.arch.ir import ArchIR
from unet_tutorial.figures.tracing.trace import trace
from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.merge import Concat
from unet_tutorial.nets.presets import paper_unet
from unet_tutorial.nets.resample import MaxPool, transposed
from unet_tutorial.nets.unet import unet
from unet_tutorial.plan.levels import Level, Size, pyramid
from unet_tutorial.plan.sizes import Padding, valid_sizes

pytestmark = pytest.mark.slow

PAPER = pyramid((64, 128, 256, 512, 1024))
UNEVEN = (Level(6, (3, 5), (1, 1), 3), Level(7, (4, 1), (2, 3), 1), Level(9, (2, 3), (3, 1), 2))  # odd crops


def traced(size: Size, levels: tuple[Level, ...], ins: int, outs: int, padding: Padding) -> ArchIR:
    block = conv_stack(ConvUnit(padding=padding, act=partial(nn.ReLU, inplace=True)))
    with torch.device("meta"):
        net = unet(ins, outs, levels, block=block, down=MaxPool, up=transposed, merge=Concat)
        return trace(net, torch.empty(1, ins, *size))


def comparable(arch: ArchIR) -> dict[str, Any]:
    """Nodes and other fields of an architecture, by name."""
    nodes = {f"{i}": node for i, node in enumerate(arch.nodes)}
    return {**nodes, **{field.name: getattr(arch, field.name) for field in fields(arch) if field.name != "nodes"}}


def differences(one: ArchIR, other: ArchIR) -> list[str]:
    ours, theirs = comparable(one), comparable(other)
    return [f"{k}: {ours.get(k)} and {theirs.get(k)}" for k in ours | theirs if ours.get(k) != theirs.get(k)]


@pytest.mark.parametrize(
    ("size", "levels", "channels", "padding"),
    [
        ((572, 572), PAPER, (1, 2), "valid"),
        ((188, 236), PAPER, (3, 1), "valid"),
        ((64, 96), PAPER, (1, 2), "same"),
        ((16, 24), pyramid((5, 4, 3, 2)), (2, 7), "same"),
        ((92, 100, 108), pyramid((4, 8, 16, 32), rank=3), (1, 2), "valid"),
        ((16, 8, 24), pyramid((4, 8, 16, 32), rank=3), (2, 3), "same"),
        ((20, 44, 60), pyramid((4, 5, 7), rank=3, planar=(0,)), (1, 2), "valid"),
        ((5, 12, 8), pyramid((4, 5, 7), rank=3, planar=(0, 1)), (1, 2), "same"),
    ],
)
def test_the_plan_equals_the_trace(
    size: Size, levels: tuple[Level, ...], channels: tuple[int, int], padding: Padding
) -> None:
    assert (
        differences(arch_from_plan(size, levels, *channels, padding=padding), traced(size, levels, *channels, padding))
        == []
    )


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("rank", [2, 3])
@pytest.mark.parametrize("depth", range(6))
def test_the_plan_equals_the_trace_at_every_depth(depth: int, rank: int, padding: Padding) -> None:
    levels = pyramid([3 + i for i in range(depth + 1)], rank)
    (valid, *_) = valid_sizes(levels, padding=padding)
    place = (depth + rank + (padding == "valid")) % 3  # so that each depth has each of the three
    size = (valid[place], *[valid[0]] * (rank - 1))
    assert differences(arch_from_plan(size, levels, 2, 3, padding=padding), traced(size, levels, 2, 3, padding)) == []


@pytest.mark.parametrize("place", range(6))
def test_uneven_kernels_strides_and_numbers_of_convolutions(place: int) -> None:
    size = tuple(valid[place] for valid in valid_sizes(UNEVEN, padding="valid"))
    assert differences(arch_from_plan(size, UNEVEN, 2, 3, padding="valid"), traced(size, UNEVEN, 2, 3, "valid")) == []


def test_the_paper_s_network_is_this_plan() -> None:
    ours = arch_from_plan((572, 572), PAPER, padding="valid")
    with torch.device("meta"):
        theirs = trace(paper_unet(), torch.empty(1, 1, 572, 572))
    assert differences(ours, theirs) == []
    assert [ours.totals[key] for key in ("parameters", "macs", "saved", "peak")] == [
        31_030_658,
        150_428_424_448,
        727_380_032,
        200_605_696,
    ]
    assert [node.crop for node in ours.nodes if node.op == "crop"] == [((n, n),) * 2 for n in (4, 16, 40, 88)]


def test_the_comparison_finds_a_changed_number() -> None:
    ours, theirs = (
        arch_from_plan((20, 20), pyramid((4, 8)), padding="same"),
        traced((20, 20), pyramid((4, 8)), 1, 2, "same"),
    )
    wrong = [replace(node, macs=node.macs + 1) if node.op == "up" else node for node in ours.nodes]
    assert len(differences(replace(ours, nodes=tuple(wrong)), theirs)) == 1
    assert len(differences(replace(ours, totals=ours.totals | {"peak": 1}), theirs)) == 1


def test_invalid_sizes_and_channels_are_refused() -> None:
    with pytest.raises(ValueError, match="nearest sizes that do are 556 and 572"):
        arch_from_plan((570, 572), PAPER, padding="valid")
    with pytest.raises(ValueError, match="in_channels = 0"):
        arch_from_plan((572, 572), PAPER, 0, padding="valid")
    with pytest.raises(ValueError, match="out_channels = 0"):
        arch_from_plan((572, 572), PAPER, 1, 0, padding="valid")
