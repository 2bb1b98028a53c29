"""The elastic deformation against torch's bicubic interpolation and scipy's ``map_coordinates``."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.ndimage import map_coordinates

from tests.oracles.random_samples import SIZES, drawn, pushes
from unet_tutorial.learning.augment.elastic import dense_field, elastic, sampling_grid
from unet_tutorial.learning.augment.sample import Sample


def values(labels: torch.Tensor) -> set[int]:
    return set(labels.flatten().tolist())


@pytest.mark.parametrize("size", [(32, 32), (17, 40), (512, 388), (2, 3)])
def test_field_is_the_bicubic_one_of_torch(size: tuple[int, int]) -> None:
    displacements = pushes(size, sd=10)
    wanted = F.interpolate(displacements.double()[None], size=size, mode="bicubic", align_corners=True)[0]
    torch.testing.assert_close(dense_field(displacements, size), wanted, rtol=0, atol=1e-12)


def test_field_in_3d_is_bicubic_slice_by_slice_and_along_the_depth() -> None:
    displacements = pushes((9, 12, 15), sd=4)
    field = dense_field(displacements, (9, 12, 15))
    planes = F.interpolate(displacements.double().flatten(0, 1)[None], (12, 15), mode="bicubic", align_corners=True)
    columns = planes.reshape(1, 3, 3, 12 * 15)  # (1, rank, depth of the grid, pixels)
    wanted = F.interpolate(columns, (9, 12 * 15), mode="bicubic", align_corners=True)
    torch.testing.assert_close(field, wanted.reshape(3, 9, 12, 15), rtol=0, atol=1e-12)


def test_field_has_the_given_values_on_the_grid() -> None:
    displacements = pushes((33, 65), sd=10).double()
    torch.testing.assert_close(dense_field(displacements, (33, 65))[:, ::16, ::32], displacements, rtol=0, atol=1e-12)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("sd", [0.7, 6.0, 60.0])
def test_warp_is_that_of_scipy(size: tuple[int, ...], sd: float) -> None:
    sample, displacements = drawn(size), pushes(size, sd)
    warped = elastic(sample, displacements)
    looks = np.indices(size) + dense_field(displacements, size).numpy()
    for channel, result in zip(sample.image.double().numpy(), warped.image.numpy(), strict=True):
        np.testing.assert_allclose(result, map_coordinates(channel, looks, order=1, mode="mirror"), atol=2e-6)
    for before, after in ((sample.labels, warped.labels), (sample.weights, warped.weights)):
        np.testing.assert_array_equal(after, map_coordinates(before.numpy(), looks, order=0, mode="mirror"))


@pytest.mark.parametrize("size", [*SIZES, (388, 572), (31, 33, 47)])
def test_zero_displacements_are_the_identity(size: tuple[int, ...]) -> None:
    sample = drawn(size)
    still = elastic(sample, torch.zeros(pushes(size, 1).shape))
    assert torch.equal(still.image, sample.image)  # bit for bit, as no pixel of it is exactly 0
    assert torch.equal(still.labels, sample.labels)
    assert torch.equal(still.weights, sample.weights)
    black = Sample(sample.image.clamp_min(0), sample.labels, sample.weights)
    torch.testing.assert_close(
        elastic(black, torch.zeros(pushes(size, 1).shape)).image, black.image, rtol=0, atol=1e-12
    )


@pytest.mark.parametrize("shift", [(3, 0), (0, -5), (-2, 4), (40, -40)])
def test_whole_pixels_of_shift_are_a_mirrored_roll(shift: tuple[int, int]) -> None:
    sample = drawn((20, 26))
    moved = elastic(sample, torch.tensor(shift)[:, None, None].expand(2, 3, 3))
    pad = [(50, 50), (50, 50)]
    window = tuple(slice(50 + s, 50 + s + n) for s, n in zip(shift, (20, 26), strict=True))
    np.testing.assert_array_equal(moved.labels, np.pad(sample.labels.numpy(), pad, mode="reflect")[window])
    np.testing.assert_array_equal(moved.weights, np.pad(sample.weights.numpy(), pad, mode="reflect")[window])
    mirrored = np.pad(sample.image.numpy(), [(0, 0), *pad], mode="reflect")[(slice(None), *window)]
    np.testing.assert_allclose(moved.image, mirrored, atol=1e-6)


def test_labels_and_weights_stay_pairs_that_existed() -> None:
    sample = drawn((40, 40))
    warped = elastic(sample, pushes((40, 40), sd=6))
    pairs = [{*map(tuple, torch.stack((s.labels, s.weights), -1).reshape(-1, 2).tolist())} for s in (warped, sample)]
    assert pairs[0] < pairs[1]
    assert not torch.equal(warped.labels, sample.labels)


def test_large_numbers_of_cells_survive() -> None:
    sample = drawn((16, 16))
    numbered = Sample(sample.image, sample.labels + 2**24 + 1, sample.weights)
    assert values(elastic(numbered, pushes((16, 16), 3)).labels) <= values(numbered.labels)


def test_sampling_grid_names_the_last_axis_first() -> None:
    grid = sampling_grid(torch.zeros(2, 3, 5, dtype=torch.float64))
    assert grid[0, 0].tolist() == [-1, -1]
    assert grid[0, 4].tolist() == [1, -1]
    assert grid[2, 2].tolist() == [0, 1]
