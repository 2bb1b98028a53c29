"""The determinant of a deformation, and its folds, against loops, linear maps and triangles."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.oracles.random_samples import pushes
from unet_tutorial.learning.augment.elastic import dense_field, folds, jacobian


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
