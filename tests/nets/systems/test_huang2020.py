"""UNet 3+ and the UNet++ of its authors: their numbers of parameters, and the checks of every network."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import nn

from tests.oracles.family import check_network
from tests.oracles.thin_nets import count
from tests.oracles.unet_plus_plus import UNet3Plus
from unet_tutorial.figures.arch.stages import stages
from unet_tutorial.figures.tracing.trace import trace
from unet_tutorial.nets.any_size import any_size
from unet_tutorial.nets.supervision import GuidedHeads
from unet_tutorial.nets.systems.huang2020 import supervised_unet_3_plus, unet_3_plus, zju_unet_plus_plus
from unet_tutorial.nets.unet import UNet
from unet_tutorial.plan.levels import Size

pytestmark = pytest.mark.slow

SIDES = sum(9 * channels + 1 for channels in (320, 320, 320, 1024))  # the heads of the coarser levels
COUNTS: list[tuple[int, Callable[[], UNet]]] = [
    (26_970_625, partial(unet_3_plus, 1, 1)),
    (26_970_625 + SIDES, partial(supervised_unet_3_plus, 1, 1)),
    (26_970_625 + SIDES + 2 * 1024 + 2, partial(supervised_unet_3_plus, 1, 1, heads=GuidedHeads)),
    (47_174_980, zju_unet_plus_plus),
]


@pytest.mark.parametrize(("published", "make"), COUNTS)
def test_the_numbers_of_parameters_of_the_authors_code(published: int, make: Callable[[], UNet]) -> None:
    with torch.device("meta"):
        assert count(make()) == published


SIZES: dict[int, tuple[list[Size], Size]] = {2: ([(8, 12), (16, 8)], (9, 13)), 3: ([(4, 8, 8), (8, 4, 4)], (5, 6, 7))}


@pytest.mark.parametrize(
    ("make", "reason", "rank"),
    [
        (unet_3_plus, "its decoder merges maps of several levels", 2),
        (supervised_unet_3_plus, "its decoder merges maps of several levels", 3),
        (zju_unet_plus_plus, "its skips are merged with maps of other levels", 3),
    ],
)
def test_it_passes_the_checks_of_every_network(make: Callable[..., UNet], reason: str, rank: int) -> None:
    sizes, odd = SIZES[rank]
    arch = check_network(
        partial(make, widths=(3, 4, 5), rank=rank),
        sizes,
        odd=odd,
        reason=reason,
    )
    assert arch.rank == rank


@pytest.mark.parametrize("rank", SIZES)
def test_with_the_class_guided_module_every_parameter_learns(rank: int) -> None:
    """Training mode returns the scores of the classes too, so the common checks do not apply."""
    torch.manual_seed(0)
    net = supervised_unet_3_plus(widths=(3, 4, 5), rank=rank, heads=GuidedHeads)
    (size, _), odd = SIZES[rank]
    *logits, scores = net(torch.randn(2, 1, *size))
    assert [tuple(each.shape) for each in logits] == [(2, 2, *size)] * 3
    assert scores.shape == (2, 2)
    sum(each.square().sum() for each in (*logits, scores)).backward()
    assert all(weight.grad is not None and weight.grad.isfinite().all() for weight in net.parameters())
    assert any_size(net.eval())(torch.randn(1, 1, *odd)).shape == (1, 2, *odd)


def test_it_is_described_as_the_network_written_by_hand() -> None:
    """Stage by stage: level, channels, and the stages whose maps it uses, from which the grid is drawn."""
    ours = unet_3_plus(1, 1, widths=(4, 6, 8))
    theirs = UNet3Plus((4, 6, 8), each=4)

    def described(net: nn.Module) -> list[tuple[int, int, tuple[int, ...]]]:
        parts = stages(trace(net, torch.zeros(1, 1, 16, 16)))
        return [(part.level, part.end.channels, part.sources) for part in parts]

    assert described(ours) == described(theirs)
    assert [level for level, _, _ in described(ours)] == [0, 1, 2, 1, 0, 0]  # the last is the head
