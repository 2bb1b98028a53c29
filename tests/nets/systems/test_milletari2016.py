"""V-Net: the number of parameters of the authors' model file, and the receptive fields that the paper prints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import nn

from tests.oracles.family import check_network
from tests.oracles.thin_nets import count
from unet_tutorial.inference.tiling import predict_tiled
from unet_tutorial.nets.systems.milletari2016 import FIGURE_2, MODEL_FILE, vnet
from unet_tutorial.plan.levels import Level, Size

pytestmark = pytest.mark.slow

THIN = (4, 8, 8)


def test_the_number_of_parameters_of_the_authors_model_file() -> None:
    with torch.device("meta"):
        assert count(vnet()) == 61_982_682


def test_the_number_of_parameters_by_hand() -> None:
    """A bias per convolution, a slope per channel after each convolution or sum, and the two layers of the head."""
    widths, convs = (16, 32, 64, 128, 256), (1, 1, 2, 3, 3)

    def layer(before: int, after: int, kernel: int) -> int:
        return before * after * kernel + after + after  # weights, biases, slopes

    total = layer(1, 16, 125)
    total += sum(layer(a, b, 8) for a, b in pairwise(widths))
    total += sum(n * layer(w, w, 125) for w, n in zip(widths[1:], convs[1:], strict=True))
    below = (64, 128, 256, 256)  # channels of the map that is upsampled: those of a concatenation, and of the bottom
    total += sum(layer(b, w, 8) for b, w in zip(below, widths, strict=False))
    total += sum(n * layer(2 * w, 2 * w, 125) for w, n in zip(widths[:-1], convs[:-1], strict=True))
    assert total + layer(32, 2, 125) + 2 * 2 + 2 == 61_982_682


def test_figure_2_has_one_more_convolution_at_two_levels() -> None:
    """Two at 32 channels in the encoder and 64 in the decoder, and three at 64 and 128."""
    with torch.device("meta"):
        more = count(vnet(convs=FIGURE_2)) - count(vnet())
    assert more == sum(125 * c * c + 2 * c for c in (32, 64, 64, 128))


def stages(levels: Sequence[Level]) -> list[int]:
    """The receptive field at the end of each stage, down and up again: each kernel adds (kernel - 1) · stride.

    A strided convolution adds one finer pixel; for a transposed one the paper also counts one.
    """
    seen, stride, ends = 1, 1, []
    for level in levels:
        seen += (level.stride[0] - 1) * stride
        stride *= level.stride[0]
        seen += level.convs * (level.kernel[0] - 1) * stride
        ends.append(seen)
    for level, below in reversed([*pairwise(levels)]):
        stride //= below.stride[0]
        seen += stride + level.convs * (level.kernel[0] - 1) * stride
        ends.append(seen)
    return ends


def test_the_receptive_fields_of_table_1_are_those_of_figure_2() -> None:
    """The nine numbers that the paper prints; with the convolutions of the model file they would be smaller."""
    levels = [vnet(widths=(1,) * 5, convs=convs, rank=1).levels for convs in (FIGURE_2, MODEL_FILE)]
    assert stages(levels[0]) == [5, 22, 72, 172, 372, 476, 528, 546, 551]
    assert stages(levels[1])[-1] == 551 - 2 * (8 + 16)


@pytest.mark.parametrize(
    ("rank", "sizes", "odd"),
    [(1, [(8,), (12,)], (7,)), (3, [(8, 4, 8), (4, 8, 12)], (5, 7, 3))],
)
def test_a_thin_one_learns_pads_and_is_drawn_as_a_u(rank: int, sizes: list[Size], odd: Size) -> None:
    arch = check_network(partial(vnet, widths=THIN, convs=(1, 2, 2), rank=rank), sizes, odd=odd)
    assert len(arch.skips) == 2


def test_the_image_is_added_to_each_channel_of_the_first_block() -> None:
    net, image = vnet(widths=THIN, convs=(1, 1, 1), rank=2), torch.rand(1, 1, 8, 8)
    with torch.no_grad():
        for weight in net.encoder.get_submodule("stem.body").parameters():
            weight.zero_()
        assert torch.equal(net.encoder(image)[0], image.expand(1, 4, 8, 8))


def test_its_head_counts_for_the_halo_of_tiles() -> None:
    """Tiles equal one pass. The 5×5×5 convolution of the head reads two pixels more than the plan states."""
    torch.manual_seed(0)
    net = vnet(widths=(2, 4), convs=(1, 1), rank=1).double()
    image = torch.rand(1, 96, dtype=torch.float64)
    assert net.extra_reach == (2,)
    assert torch.allclose(predict_tiled(net, image, tile=(32,)), predict_tiled(net, image, tile=(160,)), atol=1e-12)


def test_slopes_are_one_per_channel() -> None:
    net = vnet(widths=THIN, convs=(1, 2, 2), rank=2)
    slopes = [module.num_parameters for module in net.modules() if isinstance(module, nn.PReLU)]
    assert sorted(set(slopes)) == [2, 4, 8, 16]


REFUSED: list[tuple[Callable[[], Any], str]] = [
    (lambda: vnet(convs=()), "the numbers of convolutions per level are empty; pass at least one"),
    (lambda: vnet(in_channels=5, widths=(4, 8), convs=(1, 1)), "cannot make 4 channels from 5"),
    (lambda: vnet(out_channels=0), "out_channels = 0"),
]


@pytest.mark.parametrize(("make", "words"), REFUSED, ids=[words for _, words in REFUSED])
def test_wrong_arguments_are_refused(make: Callable[[], Any], words: str) -> None:
    with torch.device("meta"), pytest.raises(ValueError, match=words):
        make()
