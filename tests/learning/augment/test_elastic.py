"""Elastic deformation against torch's bicubic interpolation and scipy's ``map_coordinates``; folds against loops."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.ndimage import map_coordinates

from tests.oracles.random_samples import SIZES, random_displacements, random_sample
from unet_tutorial.learning.augment.elastic import dense_field, elastic, folds, jacobian, sampling_grid
from unet_tutorial.learning.augment.sample import Sample


def values(labels: torch.Tensor) -> set[int]:
    return set(labels.flatten().tolist())


@pytest.mark.parametrize("size", [(32, 32), (17, 40), (512, 388), (2, 3)])
def test_field_is_the_bicubic_one_of_torch(size: tuple[int, int]) -> None:
    displacements = random_displacements(size, sd=10)
    wanted = F.interpolate(displacements.double()[None], size=size, mode="bicubic", align_corners=True)[0]
    torch.testing.assert_close(dense_field(displacements, size), wanted, rtol=0, atol=1e-12)


def test_field_in_3d_is_bicubic_slice_by_slice_and_along_the_depth() -> None:
    displacements = random_displacements((9, 12, 15), sd=4)
    field = dense_field(displacements, (9, 12, 15))
    planes = F.interpolate(displacements.double().flatten(0, 1)[None], (12, 15), mode="bicubic", align_corners=True)
    columns = planes.reshape(1, 3, 3, 12 * 15)  # (1, rank, depth of the grid, pixels)
    wanted = F.interpolate(columns, (9, 12 * 15), mode="bicubic", align_corners=True)
    torch.testing.assert_close(field, wanted.reshape(3, 9, 12, 15), rtol=0, atol=1e-12)


def test_field_has_the_given_values_on_the_grid() -> None:
    displacements = random_displacements((33, 65), sd=10).double()
    torch.testing.assert_close(dense_field(displacements, (33, 65))[:, ::16, ::32], displacements, rtol=0, atol=1e-12)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("sd", [0.7, 6.0, 60.0])
def test_warp_is_that_of_scipy(size: tuple[int, ...], sd: float) -> None:
    sample, displacements = random_sample(size), random_displacements(size, sd)
    warped = elastic(sample, displacements)
    places = np.indices(size) + dense_field(displacements, size).numpy()
    for channel, result in zip(sample.image.double().numpy(), warped.image.numpy(), strict=True):
        np.testing.assert_allclose(result, map_coordinates(channel, places, order=1, mode="mirror"), atol=2e-6)
    for before, after in ((sample.labels, warped.labels), (sample.weights, warped.weights)):
        np.testing.assert_array_equal(after, map_coordinates(before.numpy(), places, order=0, mode="mirror"))


@pytest.mark.parametrize("size", [*SIZES, (388, 572), (31, 33, 47)])
def test_zero_displacements_are_the_identity(size: tuple[int, ...]) -> None:
    sample = random_sample(size)
    still = elastic(sample, torch.zeros(random_displacements(size, 1).shape))
    assert torch.equal(still.image, sample.image)  # bit for bit, as no pixel of it is exactly 0
    assert torch.equal(still.labels, sample.labels)
    assert torch.equal(still.weights, sample.weights)
    black = Sample(sample.image.clamp_min(0), sample.labels, sample.weights)
    torch.testing.assert_close(
        elastic(black, torch.zeros(random_displacements(size, 1).shape)).image, black.image, rtol=0, atol=1e-12
    )


@pytest.mark.parametrize("shift", [(3, 0), (0, -5), (-2, 4), (40, -40)])
def test_shifts_by_whole_pixels_are_crops_of_the_mirrored_image(shift: tuple[int, int]) -> None:
    sample = random_sample((20, 26))
    moved = elastic(sample, torch.tensor(shift)[:, None, None].expand(2, 3, 3))
    pad = [(50, 50), (50, 50)]
    window = tuple(slice(50 + s, 50 + s + n) for s, n in zip(shift, (20, 26), strict=True))
    np.testing.assert_array_equal(moved.labels, np.pad(sample.labels.numpy(), pad, mode="reflect")[window])
    np.testing.assert_array_equal(moved.weights, np.pad(sample.weights.numpy(), pad, mode="reflect")[window])
    mirrored = np.pad(sample.image.numpy(), [(0, 0), *pad], mode="reflect")[(slice(None), *window)]
    np.testing.assert_allclose(moved.image, mirrored, atol=1e-6)


def test_labels_and_weights_stay_pairs_that_existed() -> None:
    sample = random_sample((40, 40))
    warped = elastic(sample, random_displacements((40, 40), sd=6))
    pairs = [{*map(tuple, torch.stack((s.labels, s.weights), -1).reshape(-1, 2).tolist())} for s in (warped, sample)]
    assert pairs[0] < pairs[1]
    assert not torch.equal(warped.labels, sample.labels)


def test_large_numbers_of_cells_survive() -> None:
    sample = random_sample((16, 16))
    numbered = Sample(sample.image, sample.labels + 2**24 + 1, sample.weights)
    assert values(elastic(numbered, random_displacements((16, 16), 3)).labels) <= values(numbered.labels)


def test_sampling_grid_names_the_last_axis_first() -> None:
    grid = sampling_grid(torch.zeros(2, 3, 5, dtype=torch.float64))
    assert grid[0, 0].tolist() == [-1, -1]
    assert grid[0, 4].tolist() == [1, -1]
    assert grid[2, 2].tolist() == [0, 1]


def test_displacements_and_ranks_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(3, 3, 3, 3\) do not fit size \(8, 8\); needed e.g. \(2, 3, 3\)"):
        elastic(random_sample((8, 8)), torch.zeros(3, 3, 3, 3))
    with pytest.raises(ValueError, match="NaN or infinity"):
        elastic(random_sample((8, 8)), torch.full((2, 3, 3), torch.inf))
    with pytest.raises(ValueError, match="2 or 3 axes"):
        elastic(random_sample((8,)), torch.zeros(1, 3))


def by_orientation(field: torch.Tensor) -> np.ndarray:
    """Whether each triangle of three neighbouring pixels keeps its orientation, in 2D, without derivatives."""
    places = np.indices(field.shape[1:]) + field.numpy()  # (2, H, W)
    down, right = places[:, 1:, :-1] - places[:, :-1, :-1], places[:, :-1, 1:] - places[:, :-1, :-1]
    return np.asarray(down[0] * right[1] - down[1] * right[0] > 0)


def by_loops(field: np.ndarray) -> np.ndarray:
    """The determinant pixel by pixel: one-sided differences at the ends of an axis, central ones elsewhere."""
    size = field.shape[1:]
    places = np.indices(size) + field
    found = np.zeros(size)
    for pixel in np.ndindex(size):
        matrix = np.zeros((len(size), len(size)))
        for axis, n in enumerate(size):
            ends = [[*pixel], [*pixel]]
            ends[0][axis], ends[1][axis] = max(pixel[axis] - 1, 0), min(pixel[axis] + 1, n - 1)
            before, after = (places[(slice(None), *end)] for end in ends)
            matrix[:, axis] = (after - before) / (ends[1][axis] - ends[0][axis])
        found[pixel] = np.linalg.det(matrix)
    return found


@pytest.mark.parametrize("size", [(9,), (2, 2), (12, 7), (4, 5, 6), (3, 2, 4, 3)])
def test_jacobian_is_that_of_loops(size: tuple[int, ...]) -> None:
    field = torch.randn((len(size), *size), generator=torch.Generator().manual_seed(len(size)), dtype=torch.float64)
    np.testing.assert_allclose(jacobian(field), by_loops(field.numpy()), rtol=0, atol=1e-10)
    assert folds(field) == bool((by_loops(field.numpy()) <= 0).any())


@pytest.mark.parametrize("size", [(7,), (8, 5), (4, 5, 6), (2, 3, 2, 3)])
def test_jacobian_of_linear_maps_is_their_determinant(size: tuple[int, ...]) -> None:
    rank = len(size)
    assert torch.equal(jacobian(torch.zeros(rank, *size)), torch.ones(size, dtype=torch.float64))
    here = torch.stack(torch.meshgrid(*(torch.arange(n).double() for n in size), indexing="ij"))
    for scale in (0.25, 1.5, 3.0):
        torch.testing.assert_close(jacobian((scale - 1) * here), torch.full(size, scale**rank, dtype=torch.float64))
    matrix = torch.randn((rank, rank), generator=torch.Generator().manual_seed(rank), dtype=torch.float64)
    field = torch.tensordot(matrix, here, dims=1) - here  # the map is x -> matrix @ x: shears and rotations too
    torch.testing.assert_close(jacobian(field), torch.linalg.det(matrix).expand(size), rtol=0, atol=1e-9)


def test_jacobian_of_a_wave_is_that_of_the_closed_form() -> None:
    size, row = (96, 120), torch.arange(96).double()
    wave = 40 * torch.sin(row / 8)  # slopes up to 5: folds, by the closed form 1 + 5 cos(row / 8)
    field = torch.stack((wave[:, None].expand(size), torch.zeros(size)))
    wanted = (1 + 5 * torch.cos(row / 8))[:, None].expand(size)
    torch.testing.assert_close(jacobian(field)[1:-1], wanted[1:-1], rtol=0, atol=5 * (1 / 8) ** 2 / 6 + 1e-3)
    assert folds(field)
    assert not folds(field / 41)


@pytest.mark.parametrize("sd", [2.0, 10.0])
def test_folds_are_triangles_turned_over(sd: float) -> None:
    turned = 0
    for seed in range(20):
        field = dense_field(random_displacements((60, 48), sd, seed), (60, 48))
        kept, determinant = by_orientation(field), jacobian(field)[:-1, :-1]
        sure = determinant.abs() > 0.25  # near a fold line the two differences may lie on opposite sides of it
        np.testing.assert_array_equal(kept[sure], (determinant > 0)[sure])
        turned += int((~kept[sure]).sum())
    assert (turned > 0) == (sd > 2)


def test_ten_pixels_fold_a_small_image_and_not_a_large_one() -> None:
    seeds = range(8)
    small = [folds(dense_field(random_displacements((40, 40), 10, seed), (40, 40))) for seed in seeds]
    large = [folds(dense_field(random_displacements((512, 512), 10, seed), (512, 512))) for seed in seeds]
    assert sum(small) >= 6
    assert not any(large)


def test_fields_without_a_slope_are_refused_and_nan_counts_as_a_fold() -> None:
    for shape in ((2, 8), (3, 8, 8), (2, 1, 8), (0,)):
        with pytest.raises(ValueError, match=r"is not \(rank, \*size\) with 2 pixels or more"):
            jacobian(torch.zeros(shape))
    assert folds(torch.full((2, 4, 4), torch.nan))
