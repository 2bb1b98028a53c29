"""U-Nets inside networks: which modules are found, what they contain, and the network without them."""

from __future__ import annotations

from functools import cache

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.oracles.chains import StackedHourglass, in_one_class, w_net
from tests.oracles.hooked_nets import NETS
from tests.oracles.hooked_nets import arch as described
from tests.oracles.torch_counts import traced_and_counted
from tests.oracles.u2net import U2Net
from tests.oracles.u2net import arch as u2net
from tests.oracles.unet_plus_plus import UNetPlusPlus
from unet_tutorial.figures.arch.ir import ArchIR
from unet_tutorial.figures.arch.nested import NESTED, inner_unets, outer_network, reason_if_nested, without_inner_unets
from unet_tutorial.figures.tracing.trace import trace
from unet_tutorial.nets.presets import padded_unet

pytestmark = pytest.mark.slow


class Pooled(nn.Module):
    """Pools to grids of a fixed size and joins them, as PSPNet does; not a U-Net."""

    def __init__(self) -> None:
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(4, 4, 1) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        pooled = [conv(F.adaptive_avg_pool2d(x, n)) for conv, n in zip(self.convs, (2, 4), strict=True)]
        return torch.cat([x, *(F.interpolate(each, size=x.shape[2:]) for each in pooled)], 1)


def without_skips() -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 4, 3, 2, 1), nn.ConvTranspose2d(4, 1, 2, 2))


def with_head(body: nn.Module, channels: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), body, nn.Conv2d(channels, 1, 1), nn.Conv2d(1, 1, 3, 2, 1))


# Modules and the number of their levels.
STACKS = {f"stacks.{i}": 3 for i in range(2)}
RSU = {f"stages.{i}": 6 - i for i in range(4)} | {f"decoder.{i}": 2 + i for i in range(1, 5)}
TABLE: dict[str, tuple[nn.Module, tuple[int, ...], dict[str, int]]] = {
    "U2Net": (U2Net(), (1, 3, 64, 64), RSU),
    "W-Net": (w_net((4, 8, 8)), (1, 1, 32, 32), {"0": 3, "1": 3}),
    "hourglasses": (StackedHourglass(2, 2, 4), (1, 3, 64, 64), STACKS),
    "classifier of a U-Net's output": (with_head(padded_unet(4, 2, (4, 8)), 2), (1, 1, 16, 16), {"1": 2}),
    "pyramid pooling": (with_head(Pooled(), 12), (1, 1, 16, 16), {}),
    "autoencoders": (nn.Sequential(without_skips(), without_skips()), (1, 1, 16, 16), {}),
    "chain in one class": (in_one_class(), (1, 1, 16, 16), {}),
    "UNet++": (UNetPlusPlus((4, 6, 8)), (1, 1, 16, 16), {}),
}


@cache
def arch(name: str) -> ArchIR:
    net, size, _ = TABLE[name]
    if name == "U2Net":
        return u2net()
    return trace(net, torch.zeros(size))


@pytest.mark.parametrize("name", TABLE)
def test_modules_that_are_u_nets(name: str) -> None:
    found = inner_unets(arch(name).nodes, arch(name).outputs)
    assert {each.module: each.levels for each in found} == TABLE[name][2]


@pytest.mark.parametrize("name", [name for name in TABLE if TABLE[name][2]])
def test_the_maps_of_an_inner_u_net_go_down_and_up(name: str) -> None:
    plain = arch(name)
    net = TABLE[name][0]
    for each in inner_unets(plain.nodes, plain.outputs):
        nodes = [plain.node(key) for key in each.nodes]
        assert {node.path == each.module or node.path.startswith(f"{each.module}.") for node in nodes} == {True}
        assert sum(node.parameters for node in nodes) == sum(
            p.numel() for p in net.get_submodule(each.module).parameters()
        )
        down, up = ([plain.node(key).scale for key in keys] for keys in (each.down, each.up))
        assert down == sorted(set(down))
        assert up == sorted(set(up), reverse=True)
        assert down[-1] > up[0]
        assert plain.node(each.entry).scale == plain.node(each.end).scale == up[-1]
        assert set(each.down) | set(each.up) <= set(each.nodes)
        assert each.entry not in each.nodes


@pytest.mark.parametrize("name", TABLE)
def test_sums_stay_exact_without_the_inner_nodes(name: str) -> None:
    plain = arch(name)
    inner = inner_unets(plain.nodes, plain.outputs)
    nodes = without_inner_unets(plain.nodes, inner)
    for cost in ("parameters", "macs", "saved"):
        assert sum(getattr(node, cost) for node in nodes) == sum(getattr(node, cost) for node in plain.nodes)
    left = {node.id for node in nodes}
    assert all(set(node.inputs) <= left for node in nodes)
    assert set(plain.outputs) <= left
    assert len(nodes) == len(plain.nodes) - sum(len(each.nodes) - 1 for each in inner)
    for each in inner:
        kept = next(node for node in nodes if node.id == each.end)
        assert (kept.kind, kept.inputs, kept.shape) == (
            f"U-Net of {each.levels} levels",
            (each.entry,),
            plain.node(each.end).shape,
        )
        assert kept.field == plain.node(each.end).field


def test_u2net_is_counted_as_torch_counts_it_and_described_as_a_u_of_u_nets() -> None:
    """Seven outputs in the order returned: the fused one, then the side outputs from the finest level on."""
    net, size, _ = TABLE["U2Net"]
    plain = traced_and_counted(net, torch.zeros(size))
    assert plain.reason == NESTED
    assert [node.shape for node in map(plain.node, plain.outputs)] == [(1, 64, 64)] * 7
    levels = []
    for key in plain.outputs[1:]:
        head = plain.node(key)
        head = head if head.op == "conv" else plain.node(head.inputs[0])
        levels.append(head.level)
    assert levels == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("name", [name for name in TABLE if name != "U2Net"])
def test_only_a_u_of_u_nets_is_called_so(name: str) -> None:
    assert reason_if_nested(arch(name).nodes, arch(name).outputs) == ""
    assert NESTED not in arch(name).reason


@pytest.mark.parametrize("name", NETS)
def test_a_network_is_not_inside_itself(name: str) -> None:
    plain = described(name)
    assert all(len(each.nodes) < len(plain.nodes) - 1 for each in inner_unets(plain.nodes, plain.outputs))


def test_the_outer_network_has_the_levels_of_its_own_path() -> None:
    plain = arch("U2Net")
    outer = outer_network(plain, inner_unets(plain.nodes, plain.outputs))
    frames = [node.level for node in outer.nodes if node.kind.startswith("U-Net")]
    assert frames == [0, 1, 2, 3, 3, 2, 1, 0]
    assert outer.outputs == plain.outputs
