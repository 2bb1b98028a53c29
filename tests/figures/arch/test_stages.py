"""Stages: which maps belong together, and the map that represents each stage."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.oracles.chains import StackedHourglass, w_net
from tests.oracles.foreign_hard import Call, deeplab
from tests.oracles.foreign_unets import conv
from tests.oracles.hooked_nets import NETS, arch
from tests.oracles.u2net import arch as u2net
from tests.oracles.unet_plus_plus import UNet3Plus, UNetPlusPlus
from unet_tutorial.figures.arch.ir import ArchIR
from unet_tutorial.figures.arch.stages import Stage, stages
from unet_tutorial.figures.tracing.trace import trace


class Shortcut(nn.Module):
    """A residual block with stride 2 in both branches, as a ResNet has it."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.long = nn.Sequential(conv(before, after, 2), nn.Conv2d(after, after, 3, padding=1))
        self.short = nn.Conv2d(before, after, 1, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.long(x) + self.short(x))


def pyramid() -> nn.Module:
    """Lateral convolutions, sums from the top down, and a head that joins all levels."""

    def run(layers: nn.ModuleList, x: Tensor) -> Tensor:
        a = layers[0](x)
        b = layers[1](a)
        c = layers[2](b)
        top = layers[3](c)
        middle = layers[4](b) + F.interpolate(top, scale_factor=2)
        fine = layers[6](layers[5](a) + F.interpolate(middle, scale_factor=2))
        wide = F.interpolate(layers[6](F.interpolate(layers[6](top), scale_factor=2)), scale_factor=2)
        return F.interpolate(layers[7](fine + wide + F.interpolate(middle, scale_factor=2)), scale_factor=2)

    laterals = [nn.Conv2d(n, 4, 1) for n in (16, 8, 6)]
    layers = [conv(1, 6, 2), Shortcut(6, 8), Shortcut(8, 16), *laterals, nn.Conv2d(4, 4, 3, padding=1)]
    return Call(run, *layers, nn.Conv2d(4, 1, 1))


# Channels and side of the map that represents each stage, and the stages that it uses.
Expected = list[tuple[int, int, tuple[int, ...]]]
UNET3PLUS: Expected = [
    (4, 32, ()),
    (6, 16, (0,)),
    (8, 8, (1,)),
    (12, 16, (0, 1, 2)),
    (12, 32, (0, 2, 3)),
    (1, 32, (4,)),
]
PYRAMID: Expected = [
    (1, 32, ()),
    (6, 16, (0,)),
    (8, 8, (1,)),
    (4, 4, (2,)),
    (4, 8, (2, 3)),
    (4, 16, (1, 4)),
    (4, 16, (3, 4, 5)),
]
PYRAMID += [(1, 32, (6,))]
TABLE: dict[str, tuple[Callable[[], nn.Module], Expected]] = {
    "UNet 3+": (lambda: UNet3Plus((4, 6, 8), each=4), UNET3PLUS),
    "feature pyramid": (pyramid, PYRAMID),
    "DeepLab": (deeplab, [(1, 32, ()), (4, 16, (0,)), (4, 8, (1,)), (4, 4, (2,)), (1, 32, (3,))]),
    "classifier": (
        lambda: nn.Sequential(conv(1, 4, 2), Shortcut(4, 8), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 10)),
        [(1, 32, ()), (4, 16, (0,)), (8, 8, (1,)), (10, 0, (2,))],
    ),
}


@cache
def described(name: str) -> ArchIR:
    with torch.device("meta"):
        return trace(TABLE[name][0](), torch.empty(1, 1, 32, 32))


def texts(found: list[Stage]) -> Expected:
    return [(each.end.channels, (*each.end.size, 0)[0], each.sources) for each in found]


@pytest.mark.parametrize("name", TABLE)
def test_each_stage_is_represented_by_its_last_whole_map(name: str) -> None:
    assert texts(stages(described(name))) == TABLE[name][1]


NESTED: dict[str, Callable[[], ArchIR]] = {
    "UNet++": lambda: trace(UNetPlusPlus((4, 6, 8), supervised=True), torch.zeros(1, 1, 32, 32)),
    "U2Net": u2net,
    "W-Net": lambda: trace(w_net((4, 8)), torch.zeros(1, 1, 16, 16)),
    "hourglasses": lambda: trace(StackedHourglass(2, 2, 4), torch.zeros(1, 3, 64, 64)),
}


@pytest.mark.parametrize("name", [*NETS, *NESTED])
def test_every_node_is_in_one_stage_and_other_stages_use_only_maps_behind_its_end(name: str) -> None:
    plain = NESTED[name]() if name in NESTED else arch(name)
    found = stages(plain)
    assert sorted(node.id for stage in found for node in stage.nodes) == sorted(plain.index)
    for stage in found:
        inside = {node.id for node in stage.nodes}
        behind = {stage.end.id}
        for node in stage.nodes:
            behind |= {node.id} if behind & set(node.inputs) else set()
        used = {key for node in plain.nodes if node.id not in inside for key in node.inputs} & inside
        assert used <= behind
        outside = {key for node in stage.nodes for key in node.inputs} - inside
        assert {i for i, other in enumerate(found) if outside & {n.id for n in other.nodes}} == set(stage.sources)


def test_an_expansion_before_a_strided_convolution_stands_for_no_stage() -> None:
    """Inverted residual blocks, as in MobileNetV2: 4 channels, expanded to 16, strided, then 6 channels."""
    wide = nn.Conv2d(4, 16, 1), nn.Conv2d(16, 16, 3, 2, 1, groups=16), nn.Conv2d(16, 6, 1)
    net = nn.Sequential(conv(1, 4, 2), *wide, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 3))
    ends = [stage.end.channels for stage in stages(trace(net, torch.zeros(1, 1, 32, 32)))]
    assert ends == [1, 4, 6, 3]


def test_a_transformer_block_belongs_to_its_stage_whatever_the_size_of_its_keys() -> None:
    """As in SegFormer, keys and values are those of a smaller map."""

    class Reduced(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.patches, self.smaller = nn.Conv2d(1, 8, 2, 2), nn.Conv2d(8, 8, 4, 4)
            self.attention, self.after = nn.MultiheadAttention(8, 2, batch_first=True), nn.Conv2d(8, 6, 2, 2)

        def forward(self, x: Tensor) -> Tensor:
            x = self.patches(x)
            tokens, keys = (each.flatten(2).transpose(1, 2) for each in (x, self.smaller(x)))
            x = x + self.attention(tokens, keys, keys)[0].transpose(1, 2).view(x.shape)
            out: Tensor = self.after(x).mean((2, 3))
            return out

    plain = trace(Reduced(), torch.zeros(1, 1, 32, 32))
    assert len(plain.blocks) == 1
    assert [stage.end.shape for stage in stages(plain)] == [(1, 32, 32), (8, 16, 16), (6, 8, 8), (6,)]


def test_a_head_is_a_stage_of_its_own() -> None:
    """The convolution before the output and the resize after it do not belong to the last decoder stage."""
    *_, decoder, head = stages(described("feature pyramid"))
    assert [node.op for node in head.nodes] == ["conv", "resize"]
    assert decoder.end.op in ("add", "conv")
