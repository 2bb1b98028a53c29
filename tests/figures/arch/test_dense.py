"""The nodes X(i, j) of UNet++, against their definition, and networks that are no UNet++."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.oracles.hooked_nets import NETS, arch
from tests.oracles.u2net import arch as u2net
from tests.oracles.unet_plus_plus import UNet3Plus, UNetPlusPlus
from unet_tutorial.figures.arch.dense import Cell, dense_grid
from unet_tutorial.figures.arch.ir import ArchIR
from unet_tutorial.figures.tracing.trace import trace

pytestmark = pytest.mark.slow


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
def test_nodes_of_a_network_written_by_hand_form_the_triangle(widths: tuple[int, ...], *, supervised: bool) -> None:
    plain = trace(UNetPlusPlus(widths, supervised=supervised), torch.zeros(1, 1, 32, 32))
    assert shapes(plain) == triangle(widths, 32)
    assert len(plain.outputs) == (len(widths) - 1 if supervised else 1)


@pytest.mark.parametrize("supervised", [False, True])
def test_nodes_of_monais_network_form_the_triangle(*, supervised: bool) -> None:
    nets = pytest.importorskip("monai.networks.nets", reason="MONAI is not installed")
    net = nets.BasicUNetPlusPlus(2, 1, 2, features=(4, 6, 8, 10, 12, 3), deep_supervision=supervised)
    found = shapes(trace(net, torch.zeros(1, 1, 32, 32)))
    narrow = {(i, j): (4, 32, 32) for i in (0,) for j in (1, 2, 3)}
    assert found == triangle((4, 6, 8, 10, 12), 32, last=3) | narrow


@pytest.mark.parametrize("encoder", ["resnet18", "efficientnet-b0", "mobilenet_v2", "se_resnet50", "densenet121"])
def test_column_0_has_the_channels_that_an_encoder_of_smp_states(encoder: str) -> None:
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
}


def test_u2net_has_no_such_grid() -> None:
    assert not dense_grid(u2net())


@pytest.mark.parametrize("name", [*NETS, *OTHERS])
def test_no_other_network_has_such_a_grid(name: str) -> None:
    plain = arch(name) if name in NETS else trace(OTHERS[name](), torch.zeros(1, 1, 64, 64))
    assert bool(dense_grid(plain)) == (name == "nested")


class Variant(nn.Module):
    """Four rows; ``sources`` lists the nodes of its row that each X(0, j) joins, ``uses`` further nodes for an output.

    With ``far``, X(2, 0) is also upsampled to row 0.
    """

    def __init__(self, sources: dict[int, tuple[int, ...]], uses: tuple[Cell, ...] = (), *, far: bool = False) -> None:
        super().__init__()
        self.sources, self.uses, self.far = sources, uses, far
        cells = [(i, j) for i in range(4) for j in range(4 - i)]
        self.convs = nn.ModuleDict({f"{i}{j}": nn.LazyConv2d(4, 3, padding=1) for i, j in cells})
        self.head, self.other = nn.Conv2d(4, 1, 1), nn.Conv2d(4, 2, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        at: dict[Cell, Tensor] = {}
        for i in range(4):
            at[i, 0] = self.convs[f"{i}0"](F.max_pool2d(at[i - 1, 0], 2) if i else x)
        for j in range(1, 4):
            for i in range(4 - j):
                row = [at[i, k] for k in (self.sources[j] if i == 0 else range(j))]
                far = [F.interpolate(at[2, 0], scale_factor=4)] if self.far and (i, j) == (0, 2) else []
                at[i, j] = self.convs[f"{i}{j}"](
                    torch.cat([*row, F.interpolate(at[i + 1, j - 1], scale_factor=2), *far], 1)
                )
        return (self.head(at[0, 3]), *(self.other(at[cell]) for cell in self.uses))


def variant(*args: Any, **kwargs: Any) -> ArchIR:
    net, image = Variant(*args, **kwargs), torch.zeros(1, 1, 32, 32)
    net(image)
    return trace(net, image)


ALL = {1: (0,), 2: (0, 1), 3: (0, 1, 2)}
GRID = sorted((i, j) for i in range(4) for j in range(4 - i))


def test_a_node_keeps_its_column_without_some_of_the_long_skips() -> None:
    assert sorted(dense_grid(variant({1: (0,), 2: (1,), 3: (1, 2)})).values()) == GRID
    assert sorted(dense_grid(variant(ALL)).values()) == GRID


@pytest.mark.parametrize(("cell", "found"), [((3, 0), True), ((1, 2), True), ((1, 1), False), ((0, 1), True)])
def test_outputs_of_lower_rows_come_from_their_last_nodes(cell: Cell, *, found: bool) -> None:
    plain = variant(ALL, (cell,))
    assert len(plain.outputs) == 2
    assert sorted(dense_grid(plain).values()) == (GRID if found else [])


@pytest.mark.parametrize("sources", [{1: (0,), 2: (0,), 3: (0, 1, 2)}, {1: (0,), 2: (0, 1), 3: (0, 1)}])
def test_a_row_without_a_link_between_neighbours_is_none_of_unet_plus_plus(sources: dict[int, tuple[int, ...]]) -> None:
    assert dense_grid(variant(sources)) == {}


def test_a_skip_from_row_2_to_row_0_is_not_one_of_unet_plus_plus() -> None:
    assert dense_grid(variant(ALL, far=True)) == {}
