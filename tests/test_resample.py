"""The way down refuses what it would drop."""

import pytest
import torch

from unet_tutorial.nets.levels import Level
from unet_tutorial.nets.resample import MaxPool


def test_pooling_refuses_to_drop_a_row() -> None:
    pool = MaxPool(1, Level(1, (3, 3), (2, 3)))
    assert pool(torch.zeros(1, 1, 4, 6)).shape == (1, 1, 2, 2)
    with pytest.raises(ValueError, match=r"axis 1 = 7 is not a multiple of the stride 3, .* drop 1"):
        pool(torch.zeros(1, 1, 4, 7))
