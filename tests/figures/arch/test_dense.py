"""The nodes X(i, j) of UNet++, against their definition, and networks that are no UNet++."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from tests.oracles.hooked_nets import NETS, arch
from tests.oracles.u2net import U2Net
from tests.oracles.unet_plus_plus import UNet3Plus, UNetPlusPlus
from unet_tutorial.figures.arch.dense import Cell, dense_grid
from unet_tutorial.figures.arch.ir import ArchIR
from unet_tutorial.figures.tracing.trace import trace


def shapes(plain: ArchIR) -> dict[Cell, tuple[int, ...]]:
    """Channels and size of each node X(i, j)."""
    return {cell: plain.node(key).shape for key, cell in dense_grid(plain).items()}


def triangle(widths: tuple[int, ...], size: int, last: int | None = None) -> dict[Cell, tuple[int, ...]]:
    """X(i, j) has the width of its row and half the size of the row above; ``last`` are the channels of X(0, depth)."""
    depth = len(widths) - 1
    found: dict[Cell, tuple[int, ...]] = {
        (i, j): (widths[i], size >> i, size >> i) for i in range(depth + 1) for j in range(depth + 1 - i)
    }
    return found if last is None else found | {(0, depth): (last, size, size)}


@pytest.mark.parametrize("supervised", [False, True])
@pytest.mark.parametrize("widths", [(4, 6, 8), (4, 6, 8, 10, 12)])
def test_nodes_of_a_network_written_by_hand(widths: tuple[int, ...], *, supervised: bool) -> None:
    plain = trace(UNetPlusPlus(widths, supervised=supervised), torch.zeros(1, 1, 32, 32))
    assert shapes(plain) == triangle(widths, 32)
    assert len(plain.outputs) == (len(widths) - 1 if supervised else 1)


@pytest.mark.parametrize("supervised", [False, True])
def test_nodes_of_monais(*, supervised: bool) -> None:
    nets = pytest.importorskip("monai.networks.nets", reason="MONAI is not installed")
    net = nets.BasicUNetPlusPlus(2, 1, 2, features=(4, 6, 8, 10, 12, 3), deep_supervision=supervised)
    found = shapes(trace(net, torch.zeros(1, 1, 32, 32)))
    narrow = {(i, j): (4, 32, 32) for i in (0,) for j in (1, 2, 3)}
    assert found == triangle((4, 6, 8, 10, 12), 32, last=3) | narrow


@pytest.mark.parametrize("encoder", ["resnet18", "efficientnet-b0", "mobilenet_v2", "se_resnet50", "densenet121"])
def test_nodes_with_the_encoders_of_segmentation_models(encoder: str) -> None:
    """Column 0 are the feature maps that the encoder states, from the second on; the first is the image."""
    smp: Any = pytest.importorskip("segmentation_models_pytorch", reason="segmentation_models_pytorch is not installed")
    net = smp.UnetPlusPlus(encoder, encoder_weights=None)
    found = shapes(trace(net, torch.zeros(1, 3, 64, 64)))
    column = {cell: shape for cell, shape in found.items() if cell[1] == 0}
    sizes = [64 >> i for i in range(1, 6)]
    assert column == {(i, 0): (net.encoder.out_channels[i + 1], n, n) for i, n in enumerate(sizes)}
    assert sorted(found) == [(i, j) for i in range(5) for j in range(5 - i)]


OTHERS: dict[str, Callable[[], nn.Module]] = {
    "UNet 3+": lambda: UNet3Plus((4, 6, 8), each=4),
    "U2Net": lambda: U2Net(1),
}


@pytest.mark.parametrize("name", [*NETS, *OTHERS])
def test_no_other_network_has_such_a_grid(name: str) -> None:
    plain = arch(name) if name in NETS else trace(OTHERS[name](), torch.zeros(1, 1, 64, 64))
    assert bool(dense_grid(plain)) == (name == "nested")


def test_a_skip_from_row_2_to_row_0_is_not_one_of_unet_plus_plus() -> None:
    class Foreign(UNetPlusPlus):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            a = self.nodes["0_0"](x)
            b = self.nodes["1_0"](nn.functional.max_pool2d(a, 2))
            c = self.nodes["2_0"](nn.functional.max_pool2d(b, 2))
            up = [nn.functional.interpolate(each, scale_factor=2) for each in (b, c)]
            middle, low = self.nodes["0_1"](torch.cat([a, up[0]], 1)), self.nodes["1_1"](torch.cat([b, up[1]], 1))
            far = nn.functional.interpolate(c, scale_factor=4)[:, :6]
            last = nn.functional.interpolate(low, scale_factor=2)
            out: torch.Tensor = self.heads["2"](self.nodes["0_2"](torch.cat([a, middle, last + far], 1)))
            return out

    assert dense_grid(trace(Foreign((4, 6, 8)), torch.zeros(1, 1, 32, 32))) == {}
