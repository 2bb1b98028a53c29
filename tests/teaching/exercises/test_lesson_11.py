"""Solutions of lesson 11 beside the library's networks, torch's layers and other spellings."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unet_tutorial.teaching.checking.check import hidden
from unet_tutorial.teaching.exercises import lesson_11


def patterns(image: Tensor) -> Tensor:
    """Mean, columns, rows and checkerboard: means under signs that change with the pixel."""
    down, across = ((-1.0) ** torch.arange(n) for n in image.shape)
    rows, columns = image * down[:, None], image * across
    return torch.stack([image.mean(), columns.mean(), rows.mean(), (columns * down[:, None]).mean()])


def pixels_from_channels(x: Tensor, stride: int) -> Tensor:
    """Overlap-add of columns: each channel of a block is one place in its kernel."""
    height, width = x.shape[2:]
    return F.fold(x.flatten(2), (height * stride, width * stride), stride, stride=stride)


ORACLES = {"pixels_from_channels": pixels_from_channels, "patterns": patterns}


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_pixels_from_channels_is_the_pixel_shuffle_of_torch(stride: int) -> None:
    x = torch.randn(2, 2 * stride**2, 3, 4)
    assert torch.equal(lesson_11.pixels_from_channels(x, stride), F.pixel_shuffle(x, stride))


@pytest.mark.parametrize(("name", "oracle"), ORACLES.items())
def test_solutions_agree_with_oracles(name: str, oracle: Any) -> None:
    assert hidden(name, oracle).sentence == f"ok: {name}, hidden"


def test_chain_equals_its_parts_one_after_the_other() -> None:
    made = lesson_11.chain([lambda n: nn.Conv2d(n, 4, 3), lambda n: nn.Conv2d(n, 2, 1)], 3)
    x = torch.rand(1, 3, 6, 5)
    assert made.out_channels == 2
    assert torch.equal(made(x), made[1](made[0](x)))


def test_chain_names_the_first_part_that_states_no_channels() -> None:
    with pytest.raises(ValueError, match="part 1, a ReLU, states out_channels = None"):
        lesson_11.chain([lambda n: nn.Conv2d(n, 4, 1), lambda _n: nn.ReLU(), lambda _n: nn.ReLU()], 3)
