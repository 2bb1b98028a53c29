"""The Attention U-Net with deep supervision: numbers of parameters, places of the gates, and common checks."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import nn

from tests.oracles.family import check_network
from tests.oracles.thin_nets import count, perturbed
from tests.oracles.tiles import tile_gap
from unet_tutorial.nets.attention import AttentionGate, Gated, gate_maps
from unet_tutorial.nets.systems.oktay2018 import MixedGates, Signalled, oktay_unet
from unet_tutorial.plan.levels import Size

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("published", "gates"), [(6_214_151, 1), (6_473_322, 2)])
def test_the_numbers_of_parameters_of_the_authors_code(published: int, gates: int) -> None:
    with torch.device("meta"):
        assert count(oktay_unet(gates=gates)) == published


def test_gates_are_at_all_levels_but_the_finest_and_the_coarsest() -> None:
    """The coarsest gate has a gating signal. A gate has as many inner channels as its skip."""
    with torch.device("meta"):
        net = oktay_unet(gates=2)
    steps = list(net.decoder.get_submodule("decoder.steps").children())  # coarsest first
    assert [isinstance(step.merge, Gated) for step in steps] == [True, True, True, False]
    assert [any(isinstance(m, Signalled) for m in step.modules()) for step in steps] == [True, False, False, False]
    inner = [m.theta.get_parameter("weight").shape[:2] for m in net.modules() if isinstance(m, AttentionGate)]
    assert [tuple(shape) for shape in inner] == [(n, n) for n in (128, 128, 64, 64, 32, 32)]


SIZES: dict[int, tuple[list[Size], Size]] = {2: ([(8, 12), (16, 8)], (9, 13)), 3: ([(4, 8, 8), (8, 4, 4)], (5, 6, 7))}


@pytest.mark.parametrize(("rank", "gates"), [(2, 2), (3, 1)])
def test_it_passes_the_checks_of_every_network(rank: int, gates: int) -> None:
    sizes, odd = SIZES[rank]
    check_network(partial(oktay_unet, widths=(4, 6, 8), rank=rank, gates=gates), sizes, odd=odd, reason="")


def test_tiles_equal_one_pass() -> None:
    assert tile_gap(perturbed(oktay_unet(widths=(4, 6, 8), rank=2, gates=2)).double()) < 1e-12


def test_the_maps_of_all_gates_are_found() -> None:
    maps = gate_maps(oktay_unet(widths=(4, 6, 8, 10), rank=2, gates=2), torch.randn(1, 1, 16, 16))
    assert [tuple(each.shape) for each in maps] == [(1, 1, 2, 2)] * 2 + [(1, 1, 4, 4)] * 2


def test_mixed_gates_are_the_concatenation_of_gated_skips_then_mixed() -> None:
    part = MixedGates(4, 6, (2, 2), gates=2).eval()
    skip, below = torch.randn(2, 4, 8, 8), torch.randn(2, 6, 4, 4)
    one, two = part.gates
    expected = part.mix(torch.cat((one(skip, below), two(skip, below)), dim=1))
    assert torch.equal(part(skip, below), expected)
    assert [type(layer) for layer in part.mix] == [nn.Conv2d, nn.BatchNorm2d, nn.ReLU]


@pytest.mark.parametrize("widths", [(4,), (4, 6), (4, 6, 8)])
def test_without_levels_between_the_finest_and_the_coarsest_there_are_no_gates(widths: tuple[int, ...]) -> None:
    net = oktay_unet(widths=widths, rank=2)
    assert sum(isinstance(module, MixedGates) for module in net.modules()) == max(len(widths) - 2, 0)
    assert net(torch.randn(2, 1, 8, 12)).shape == (2, 4, 8, 12)


def test_fewer_than_one_gate_is_refused() -> None:
    with pytest.raises(ValueError, match="gates = 0 is not a whole number of at least 1"):
        oktay_unet(widths=(4, 6, 8), gates=0)
