"""Rotation and scaling against scipy's ``affine_transform``, quarter turns, and elastic deformation alone."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.ndimage import affine_transform

from tests.oracles.random_samples import matching_sample, random_displacements, random_sample
from unet_tutorial.learning.augment.affine import affine_field
from unet_tutorial.learning.augment.augment import quarter_turns
from unet_tutorial.learning.augment.elastic import dense_field, elastic, resampled, sampling_grid
from unet_tutorial.learning.augment.sample import Sample


def moved(sample: Sample, degrees: float, factor: float) -> Sample:
    field = affine_field(torch.zeros(len(sample.size), *sample.size), degrees=degrees, factor=factor)
    return resampled(sample, sampling_grid(field))


@pytest.mark.parametrize("size", [(32, 32), (17, 40), (6, 12, 15)])
@pytest.mark.parametrize(("degrees", "factor"), [(17.0, 1.0), (-160.0, 1.3), (0.0, 0.6)])
def test_it_is_scipys_affine_transform(size: tuple[int, ...], degrees: float, factor: float) -> None:
    sample, rank = random_sample(size), len(size)
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    matrix = np.eye(rank)
    matrix[-2:, -2:] = [[cos, sin], [-sin, cos]]
    matrix /= factor
    centre = (np.array(size) - 1) / 2
    options = {"matrix": matrix, "offset": centre - matrix @ centre, "mode": "mirror"}
    result = moved(sample, degrees, factor)
    for channel, found in zip(sample.image.double().numpy(), result.image, strict=True):
        np.testing.assert_allclose(found, affine_transform(channel, order=1, **options), atol=2e-6)
    for before, after in ((sample.labels, result.labels), (sample.weights, result.weights)):
        np.testing.assert_array_equal(after, affine_transform(before.numpy(), order=0, **options))


@pytest.mark.parametrize("turns", [1, 2, 3])
@pytest.mark.parametrize("size", [(12, 12), (3, 9, 9)])
def test_90_degrees_are_a_quarter_turn(turns: int, size: tuple[int, ...]) -> None:
    sample, rank = random_sample(size), len(size)
    found, wanted = moved(sample, 90.0 * turns, 1), quarter_turns(sample, turns, (rank - 2, rank - 1))
    torch.testing.assert_close(found.image, wanted.image, rtol=0, atol=1e-6)
    assert torch.equal(found.labels, wanted.labels)
    assert torch.equal(found.weights, wanted.weights)


def test_a_factor_of_2_enlarges_objects() -> None:
    labels = torch.zeros(41, 41, dtype=torch.int64)
    labels[15:26, 15:26] = 1
    found = moved(Sample(labels[None].float(), labels, labels.float()), 0, 2).labels
    assert found.sum() == pytest.approx(4 * 121, rel=0.1)


def test_with_elastic_displacements_the_position_is_deformed_first() -> None:
    displacements = random_displacements((20, 24), 2)
    sample, shifts = random_sample((20, 24)), dense_field(displacements, (20, 24))
    still = resampled(sample, sampling_grid(affine_field(shifts, degrees=0, factor=1)))
    assert torch.equal(still.labels, elastic(sample, displacements).labels)
    places = np.indices((20, 24)) + shifts.numpy()  # then the position is turned about the centre
    centre = np.array([9.5, 11.5])[:, None, None]
    turned = np.array([[0.0, 1.0], [-1.0, 0.0]]) @ (places - centre).reshape(2, -1) / 1.5
    wanted = turned.reshape(2, 20, 24) + centre - np.indices((20, 24))
    np.testing.assert_allclose(affine_field(shifts, degrees=90, factor=1.5), wanted, atol=1e-12)


@pytest.mark.parametrize(("degrees", "factor"), [(31.0, 1.0), (77.0, 0.7), (-12.0, 1.9)])
def test_labels_follow_the_image_up_to_the_pixels_at_their_edges(degrees: float, factor: float) -> None:
    y, x = torch.meshgrid(torch.arange(60), torch.arange(70), indexing="ij")
    discs = ((y - 20) ** 2 + (x - 25) ** 2 < 100) | ((y - 40) ** 2 + (x - 52) ** 2 < 60)
    labels = discs.long()
    found = moved(Sample(labels[None].float(), labels, labels.float()), degrees, factor)
    wrong = (found.image[0] > 0.5) != (found.labels == 1)
    around = torch.nn.functional.max_pool2d(torch.stack((found.labels, 1 - found.labels)).double(), 3, 1, 1)
    assert not (wrong & (around.sum(0) < 2)).any()  # nowhere but at an edge
    assert wrong.float().mean() < 0.01
    assert torch.equal(found.weights, found.labels.float())


def test_nothing_is_invented_beyond_the_border() -> None:
    sample = matching_sample(2)
    unlabelled = Sample(sample.image, sample.labels - 1, sample.weights)  # classes -1 and 0
    assert set(moved(unlabelled, 45, 0.5).labels.unique().tolist()) == {-1, 0}
