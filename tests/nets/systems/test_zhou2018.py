"""UNet++: the numbers of parameters of its implementations, and the checks of every network."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import nn

from tests.oracles.family import check_network
from tests.oracles.thin_nets import count
from unet_tutorial.figures.arch.dense import dense_grid
from unet_tutorial.nets.nested import pruned
from unet_tutorial.nets.supervision import AveragedHeads
from unet_tutorial.nets.systems.zhou2018 import (
    KERAS_UNIT,
    keras_baseline,
    pytorch_unet_plus_plus,
    supervised_unet_plus_plus,
    unet_plus_plus,
)
from unet_tutorial.nets.unet import UNet
from unet_tutorial.plan.levels import Size

pytestmark = pytest.mark.slow

COUNTS: list[tuple[int, Callable[[], UNet]]] = [
    (24_000_032, pytorch_unet_plus_plus),
    (7_759_521, keras_baseline),
    (9_282_246, partial(keras_baseline, widths=(35, 70, 140, 280, 560))),
    (9_041_601, partial(unet_plus_plus, 1, 1, unit=KERAS_UNIT)),
    (9_041_700, partial(supervised_unet_plus_plus, 1, 1, unit=KERAS_UNIT)),
]


@pytest.mark.parametrize(("published", "make"), COUNTS)
def test_the_published_numbers_of_parameters(published: int, make: Callable[[], UNet]) -> None:
    with torch.device("meta"):
        assert count(make()) == published


SIZES: dict[int, tuple[list[Size], Size]] = {2: ([(8, 12), (16, 8)], (9, 13)), 3: ([(4, 8, 8), (8, 4, 4)], (5, 6, 7))}


@pytest.mark.parametrize(
    ("make", "rank"),
    [
        (unet_plus_plus, 2),
        (supervised_unet_plus_plus, 3),
        (pytorch_unet_plus_plus, 3),
    ],
)
def test_it_passes_the_checks_of_every_network_and_is_drawn_as_a_triangle(make: Callable[..., UNet], rank: int) -> None:
    sizes, odd = SIZES[rank]
    arch = check_network(
        partial(make, widths=(4, 6, 8), rank=rank),
        sizes,
        odd=odd,
        reason="its skips are merged with maps of other levels",
    )
    assert sorted(dense_grid(arch).values()) == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (2, 0)]


def test_the_keras_units_drop_half_after_every_relu() -> None:
    net = unet_plus_plus(1, 1, widths=(4, 6, 8), unit=KERAS_UNIT)
    dropouts = [module.p for module in net.modules() if isinstance(module, nn.Dropout)]
    assert dropouts == [0.5] * 12


def test_the_paper_prunes_at_every_column_and_averages() -> None:
    net, image = supervised_unet_plus_plus(widths=(4, 6, 8, 10), heads=AveragedHeads).eval(), torch.randn(1, 1, 16, 16)
    with torch.no_grad():
        net.head.train()
        logits = net(image)
        net.eval()
        assert torch.allclose(net(image), torch.stack(logits).mean(dim=0), atol=1e-6)
        assert torch.allclose(pruned(net, 2)(image), torch.stack(logits[1:]).mean(dim=0), atol=1e-6)
    numbers = [count(pruned(net, columns)) for columns in (1, 2, 3)]
    assert numbers[0] < numbers[1] < numbers[2] == count(net)
