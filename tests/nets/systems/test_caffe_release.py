"""The authors' release: its number of parameters, its layers beyond figure 1, and its valid sizes."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tests.oracles.thin_nets import count
from unet_tutorial.nets.presets import paper_unet
from unet_tutorial.nets.systems.caffe_release import released_unet
from unet_tutorial.nets.wrappers import Dropped

pytestmark = pytest.mark.slow


def test_the_published_number_of_parameters() -> None:
    with torch.device("meta"):
        assert count(released_unet()) == 31_100_354


def test_where_the_release_differs_from_figure_1() -> None:
    """The last up-convolution has 128 channels: 64 more in its 2×2 kernels, and 64 more in the next 3×3 kernels."""
    with torch.device("meta"):
        ours, figure = released_unet(), paper_unet()
        assert ours(torch.zeros(1, 1, 572, 572)).shape == (1, 2, 388, 388)
    pairs = zip(ours.named_parameters(), figure.parameters(), strict=True)
    other = {name: list(value.shape) for (name, value), theirs in pairs if value.shape != theirs.shape}
    assert other == {
        "decoder.steps.3.up.up.weight": [128, 128, 2, 2],
        "decoder.steps.3.up.up.bias": [128],
        "decoder.steps.3.block.units.0.conv.weight": [64, 192, 3, 3],
    }
    assert 31_100_354 - 31_030_658 == 64 * 128 * 4 + 64 + 64 * 64 * 9


@pytest.mark.parametrize("widths", [(2, 4, 8, 16), (8, 8, 8, 8)])
def test_the_release_has_dropout_after_the_two_deepest_blocks_and_a_relu_after_each_up_convolution(
    widths: tuple[int, ...],
) -> None:
    net = released_unet(widths=widths)
    dropped = {name: m.dropout.p for name, m in net.named_modules() if isinstance(m, Dropped)}
    assert dropped == {"encoder.stages.1.block": 0.5, "encoder.stages.2.block": 0.5}
    assert [type(step.get_submodule("up.act")) for step in net.decoder.get_submodule("steps").children()] == [
        nn.ReLU
    ] * 3
