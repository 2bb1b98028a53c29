"""The elastic deformation against torch's bicubic interpolation and scipy's ``map_coordinates``."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.ndimage import map_coordinates

from tests.drawn import SIZES, drawn
from unet_tutorial.learning.elastic import dense_field, elastic, folds, jacobian, sampling_grid
from unet_tutorial.learning.samples import Sample


def pushes(size: tuple[int, ...], sd: float, seed: int = 0) -> torch.Tensor:
    rank = len(size)
    return sd * torch.randn((rank, *(3,) * rank), generator=torch.Generator().manual_seed(seed))


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


def by_orientation(field: torch.Tensor) -> np.ndarray:
    """Whether each triangle of three neighbouring pixels keeps its sense of rotation, in 2D, without derivatives."""
    looks = np.indices(field.shape[1:]) + field.numpy()  # (2, H, W)
    down, right = looks[:, 1:, :-1] - looks[:, :-1, :-1], looks[:, :-1, 1:] - looks[:, :-1, :-1]
    return np.asarray(down[0] * right[1] - down[1] * right[0] > 0)


def by_loops(field: np.ndarray) -> np.ndarray:
    """The determinant pixel by pixel: one-sided differences at the ends of an axis, central ones elsewhere."""
    size = field.shape[1:]
    looks = np.indices(size) + field
    found = np.zeros(size)
    for pixel in np.ndindex(size):
        matrix = np.zeros((len(size), len(size)))
        for axis, n in enumerate(size):
            ends = [[*pixel], [*pixel]]
            ends[0][axis], ends[1][axis] = max(pixel[axis] - 1, 0), min(pixel[axis] + 1, n - 1)
            before, after = (looks[(slice(None), *end)] for end in ends)
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
    field = torch.tensordot(matrix, here, dims=1) - here  # the map is the matrix: shears and turns too
    torch.testing.assert_close(jacobian(field), torch.linalg.det(matrix).expand(size), rtol=0, atol=1e-9)


def test_jacobian_of_a_dense_field_is_the_slope_of_what_it_shows() -> None:
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
        field = dense_field(pushes((60, 48), sd, seed), (60, 48))
        kept, determinant = by_orientation(field), jacobian(field)[:-1, :-1]
        sure = determinant.abs() > 0.25  # beside the line where it folds, the two differences may see either side
        np.testing.assert_array_equal(kept[sure], (determinant > 0)[sure])
        turned += int((~kept[sure]).sum())
    assert (turned > 0) == (sd > 2)


def test_ten_pixels_fold_a_small_image_and_not_a_large_one() -> None:
    seeds = range(20)
    small = [folds(dense_field(pushes((40, 40), 10, seed), (40, 40))) for seed in seeds]
    large = [folds(dense_field(pushes((512, 512), 10, seed), (512, 512))) for seed in seeds]
    assert sum(small) >= 15
    assert not any(large)


def test_fields_without_a_slope_are_refused_and_nan_counts_as_a_fold() -> None:
    for shape in ((2, 8), (3, 8, 8), (2, 1, 8), (0,)):
        with pytest.raises(ValueError, match=r"is not \(rank, \*size\) with 2 pixels or more"):
            jacobian(torch.zeros(shape))
    assert folds(torch.full((2, 4, 4), torch.nan))
