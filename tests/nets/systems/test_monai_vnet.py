"""MONAI's V-Net: its numbers of parameters, and where it is installed, its output with its weights."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.oracles.coming_from import PAGE, names, sections
from tests.oracles.family import check_network
from tests.oracles.thin_nets import count, perturbed
from unet_tutorial.nets.channelwise import prelu
from unet_tutorial.nets.systems.monai_vnet import elu, monai_vnet
from unet_tutorial.nets.unet import UNet
from unet_tutorial.plan.levels import Size

pytestmark = pytest.mark.slow

COUNTS: list[tuple[Callable[[], UNet], int]] = [
    (monai_vnet, 45_593_892),
    (partial(monai_vnet, rank=2), 9_357_924),
    (partial(monai_vnet, out_channels=2, act=prelu), 45_601_516),
]


@pytest.mark.parametrize(("make", "published"), COUNTS)
def test_the_numbers_of_parameters(make: Callable[[], UNet], published: int) -> None:
    with torch.device("meta"):
        assert count(make()) == published


@pytest.mark.parametrize(
    ("rank", "sizes", "odd", "act"),
    [(2, [(8, 12), (16, 8)], (9, 7), prelu), (3, [(8, 4, 8), (4, 8, 12)], (5, 7, 3), elu)],
)
def test_a_thin_one_learns_pads_and_is_drawn_as_a_u(rank: int, sizes: list[Size], odd: Size, act: Any) -> None:
    make = partial(monai_vnet, 2, 3, (4, 8, 8), (1, 1, 2), (1, 1), act, rank)
    arch = check_network(make, sizes, odd=odd)
    assert len(arch.skips) == 2


@pytest.mark.slow
def test_with_its_weights_the_output_is_that_of_monai() -> None:
    """The channels are reordered by the code of the page."""
    nets = pytest.importorskip("monai.networks.nets", reason="MONAI is not installed")
    page = dict(sections(PAGE.read_text(encoding="utf8")))
    theirs, ours = perturbed(nets.VNet(2, 1, 3)).double().eval(), monai_vnet(1, 3, rank=2).double().eval()
    both = zip(ours.state_dict(), theirs.state_dict().values(), strict=True)
    ours.load_state_dict(dict(both))
    image = torch.randn(1, 1, 32, 48, dtype=torch.float64)
    with torch.no_grad():
        expected: Tensor = theirs(image)
        assert not torch.allclose(ours(image), expected)
        names(page["MONAI VNet"])["skip_first_in_sums"](ours)
        assert torch.allclose(ours(image), expected, rtol=1e-8)
