"""Weights of milesial's U-Net give its output here, for networks in the layout that is documented there."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from tests.oracles.foreign_layouts import milesial
from tests.oracles.imported import assert_equal_outputs
from unet_tutorial.nets.systems.milesial import MILESIAL


@pytest.mark.parametrize(
    ("channels", "classes", "widths", "options"),
    [(3, 2, (4, 8, 16), {}), (1, 1, (2, 4, 8, 16, 32), {"bilinear": False, "n_classes": 1})],
)
def test_the_output_is_that_of_milesial(
    channels: int, classes: int, widths: tuple[int, ...], options: dict[str, Any]
) -> None:
    torch.manual_seed(0)
    assert_equal_outputs(MILESIAL, milesial(channels, classes, widths), options, (32, 48))
