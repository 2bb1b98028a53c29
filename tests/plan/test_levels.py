"""Plans that mean nothing are refused where they are written."""

from typing import Any, cast

import pytest

from tests.oracles.random_plans import PAPER
from unet_tutorial.plan.levels import Level, pyramid
from unet_tutorial.plan.sizes import Padding, valid_sizes


def test_bad_plans_are_refused() -> None:
    bad: list[Any] = [(), (8, 0), (8, 2.5), (8, True), "8", (8, -16)]
    for channels in bad:
        with pytest.raises(ValueError, match=r"needs|whole number"):
            pyramid(channels)
    with pytest.raises(ValueError, match="whole number"):
        pyramid((8,), rank=0)
    with pytest.raises(ValueError, match="levels are 0 to 1"):
        pyramid((8, 16), rank=3, planar=(2,))
    with pytest.raises(ValueError, match="three axes"):
        pyramid((8, 16), rank=2, planar=(0,))
    with pytest.raises(ValueError, match="one number per spatial axis"):
        Level(8, (3, 3), (2,))
    with pytest.raises(ValueError, match="'same' or 'valid'"):
        valid_sizes(PAPER, padding=cast("Padding", "full"))
