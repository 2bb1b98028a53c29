"""Prediction in series on synthetic images with known regions, against indexing by hand."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.oracles.thin_nets import NORMED, perturbed
from unet_tutorial.inference.cascade import above, predict_in_series
from unet_tutorial.inference.tiling import predict_tiled
from unet_tutorial.learning.losses.binary_cross_entropy import binary_cross_entropy
from unet_tutorial.learning.train import Batch, adam, fit
from unet_tutorial.nets.cascade import FineGrained, with_region
from unet_tutorial.nets.contracts import Network
from unet_tutorial.nets.heads import conv_head
from unet_tutorial.nets.merge import Concat
from unet_tutorial.nets.paths import Decoder, Encoder
from unet_tutorial.nets.presets import padded_unet
from unet_tutorial.nets.regions import Region, largest_regions, nearest
from unet_tutorial.nets.resample import MaxPool, transposed
from unet_tutorial.nets.supervision import ABSENT
from unet_tutorial.nets.systems.keras_backboned import fine_grained_unet
from unet_tutorial.plan.levels import Level, pyramid


class Affine(Network):
    """Logits factor · image + shift, one channel per factor; each pixel depends on itself only."""

    def __init__(self, factors: Sequence[float], shift: float, rank: int = 2) -> None:
        super().__init__()
        self.levels = (Level(1, (1,) * rank, (1,) * rank, convs=1),)
        self.in_channels, self.out_channels, self.shift = 1, len(factors), shift
        self.factors = torch.nn.Parameter(torch.tensor(factors).reshape(-1, *(1,) * rank))

    def forward(self, image: Tensor) -> Tensor:
        """One map per factor."""
        return image * self.factors + self.shift


WHOLE, REGION = Affine((10.0, -1.0), -5.0), Affine((2.0,), 3.0)  # the first channel is above 0 where the image is 1


def synthetic(*boxes: tuple[slice, ...], size: tuple[int, ...] = (16, 24)) -> Tensor:
    """Noise from 0 to 0.4, and 1 in the boxes."""
    torch.manual_seed(0)
    image = torch.rand(1, *size) * 0.4
    for box in boxes:
        image[0][box] = 1
    return image


def expected(image: Tensor, boxes: Sequence[tuple[slice, ...]]) -> Tensor:
    """The logits of the region network in the boxes, pixel by pixel."""
    found = torch.full_like(image, ABSENT)
    for box in boxes:
        found[0][box] = 2 * image[0][box] + 3
    return found


FIND = partial(largest_regions, margin=2)


def test_a_region_is_pasted_back_exactly() -> None:
    """A square of 4 pixels and a margin of 2 at each side, enlarged by 3 with nearest neighbours."""
    image = synthetic(np.s_[6:10, 9:13])
    found = predict_in_series(WHOLE, REGION, image, find=FIND, size=(24, 24), resize=nearest)
    assert found.boxes == [Region((4, 7), (8, 8))]
    assert torch.equal(found.whole, torch.cat((10 * image - 5, -image - 5)))
    assert torch.equal(found.regions, expected(image, [np.s_[4:12, 7:15]]))


def test_without_enlargement_linear_interpolation_is_exact_too() -> None:
    image = synthetic(np.s_[6:10, 9:13])
    found = predict_in_series(WHOLE, REGION, image, find=FIND, size=(8, 8))
    assert torch.equal(found.regions, expected(image, [np.s_[4:12, 7:15]]))


def test_a_region_that_touches_the_border_is_mirrored_and_pasted_inside() -> None:
    """In the source, its crop starts at a negative index and is empty."""
    image = synthetic(np.s_[0:3, 21:24])
    found = predict_in_series(WHOLE, REGION, image, find=FIND, size=(14, 14), resize=nearest)
    assert found.boxes == [Region((-2, 19), (7, 7))]
    assert torch.equal(found.regions, expected(image, [np.s_[0:5, 19:24]]))


def test_without_a_region_the_second_logits_are_absent_everywhere() -> None:
    """In the source, this raises an IndexError."""
    image = synthetic()
    found = predict_in_series(WHOLE, REGION, image)
    assert found.boxes == []
    assert (found.regions == ABSENT).all()
    assert not found.regions.sigmoid().any()
    assert torch.equal(found.whole, torch.cat((10 * image - 5, -image - 5)))


def test_many_regions_are_all_pasted_also_if_they_overlap() -> None:
    image = synthetic(np.s_[2:4, 2:4], np.s_[4:8, 8:12], np.s_[12:15, 18:21])
    find = partial(largest_regions, most=9, margin=2)
    found = predict_in_series(WHOLE, REGION, image, find=find, size=(56, 56), resize=nearest)  # a multiple of 8, 7
    assert [box.size for box in found.boxes] == [(8, 8), (7, 7), (6, 6)]
    areas = [np.s_[2:10, 6:14], np.s_[10:16, 16:23], np.s_[0:6, 0:6]]
    inside = expected(image, areas[:2])
    assert torch.equal(found.regions[:, :, 6:], inside[:, :, 6:])
    assert torch.equal(found.regions != ABSENT, expected(image, areas) != ABSENT)
    only = predict_in_series(WHOLE, REGION, image, find=FIND, size=(56, 56), resize=nearest)
    assert torch.equal(only.regions, expected(image, areas[:1]))


def test_volumes_have_cubes() -> None:
    image = synthetic(np.s_[2:4, 3:5, 4:6], size=(6, 8, 10))
    find = partial(largest_regions, margin=1)
    whole, region = Affine((10.0,), -5.0, rank=3), Affine((2.0,), 3.0, rank=3)
    found = predict_in_series(whole, region, image, find=find, size=(8, 8, 8), resize=nearest)
    assert found.boxes == [Region((1, 2, 3), (4, 4, 4))]
    assert torch.equal(found.regions, expected(image, [np.s_[1:5, 2:6, 3:7]]))


def test_the_network_of_the_source_predicts_with_both_heads() -> None:
    torch.manual_seed(0)
    net = perturbed(fine_grained_unet(widths=(2, 4, 6))).eval()
    image, box = torch.randn(1, 10, 14), Region((2, 3), (6, 6))
    found = predict_in_series(net.whole, net.region, image, find=lambda _: [box], size=(6, 6))
    assert torch.equal(found.whole, predict_tiled(net.whole, image))
    expected_inside = predict_tiled(net.region, image[:, 2:8, 3:9])
    assert torch.equal(found.regions[:, 2:8, 3:9], expected_inside)
    assert (found.regions != ABSENT).sum() == 36


def test_the_threshold_is_a_probability_of_one_channel() -> None:
    logits = torch.tensor([[-1.0, 0.0, 1.0], [1.0, -9.0, 9.0]])
    assert above(0.5)(logits).tolist() == [False, True, True]
    assert above(0.99, channel=1)(logits).tolist() == [False, False, True]
    with pytest.raises(ValueError, match=r"threshold = 1.5 is not between 0 and 1"):
        above(1.5)
    with pytest.raises(ValueError, match="channel 2 does not exist; the logits have 2 channels"):
        above(channel=2)(logits)


def sample(seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """An image (1, 24, 24) with a square of 8 pixels, the square as a label, and a spot of 2 pixels in it."""
    draw = torch.Generator().manual_seed(seed)
    top, left, row, column = (int(torch.randint(n, (), generator=draw)) for n in (16, 16, 6, 6))
    square, spot = torch.zeros(1, 24, 24), torch.zeros(1, 24, 24)
    square[:, top : top + 8, left : left + 8] = 1
    spot[:, top + row : top + row + 2, left + column : left + column + 2] = 1
    return square / 2 + spot + torch.rand(1, 24, 24, generator=draw) / 10, square, spot


def test_trained_in_parallel_it_finds_the_spot_in_series() -> None:
    torch.manual_seed(0)
    levels = pyramid((8, 8))
    decoder = Decoder(levels, (8,), NORMED, transposed, Concat)
    net = FineGrained(Encoder(1, levels, NORMED, MaxPool), decoder, conv_head(decoder, 1), conv_head(decoder, 1))
    find = partial(largest_regions, margin=2)

    def batch(step: int) -> Batch:
        drawn = [sample(4 * step + i) for i in range(4)]
        pairs = [with_region(image, square, spot, find(square[0] > 0)[0]) for image, square, spot in drawn]
        images, targets = (torch.stack(each) for each in zip(*pairs, strict=True))
        return Batch(images, targets, torch.ones(4, 24, 24))

    fit(adam(net), batch, lambda _: 0.02, loss=binary_cross_entropy, steps=40, save=lambda _: None)
    image, square, spot = sample(-1)
    found = predict_in_series(net.whole, net.region, image, find=find)
    assert overlap(found.whole > 0, square > 0) > 0.7
    assert overlap(above(0.3)(found.regions), spot[0] > 0) > 0.5


def overlap(one: Tensor, other: Tensor) -> float:
    """Intersection over union of two masks."""
    return float((one & other).sum() / (one | other).sum())


@pytest.mark.parametrize("size", [8, (8,), (0, 8)])
def test_a_size_that_is_none_is_refused(size: Any) -> None:
    net = padded_unet(widths=(2, 4))
    with pytest.raises(ValueError, match="each region is resized to 2 axes; pass a tuple"):
        predict_in_series(net, net, torch.zeros(1, 8, 8), size=size)
