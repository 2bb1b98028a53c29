"""PReLU with one slope per channel, and layers in sequence."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from unet_tutorial.nets.blocks import ConvUnit
from unet_tutorial.nets.channelwise import in_sequence, prelu
from unet_tutorial.nets.norms import batch_norm


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_each_channel_has_its_own_slope(rank: int) -> None:
    layer, x = prelu(3, rank), torch.randn(2, 3, *(4, 5, 6)[:rank])
    slopes = torch.tensor([0.1, 0.5, -0.2])
    layer.load_state_dict({"weight": slopes})
    expected = torch.where(x > 0, x, x * slopes.reshape(-1, *(1,) * rank))
    assert torch.equal(layer(x), expected)


def test_a_norm_then_prelu_in_a_unit() -> None:
    unit = ConvUnit(norm=in_sequence(batch_norm, prelu), act=nn.Identity)(2, 4, (3, 3))
    assert [type(layer) for layer in unit.modules()][1:] == [nn.Conv2d, nn.Sequential, nn.BatchNorm2d, nn.PReLU]
    assert unit.get_parameter("norm.1.weight").numel() == 4


def test_anything_but_factories_of_channels_and_rank_is_refused() -> None:
    wrong: Any = nn.PReLU()
    with pytest.raises(ValueError, match="this is a module, but a factory is needed"):
        in_sequence(batch_norm, wrong)
