"""Smooth random fields have the correlation of blurred white noise; displacements have the given size."""

import numpy as np
import pytest

from unet_tutorial.datasets.generators.noise import smooth_field, warped_grid, warped_space


@pytest.mark.parametrize("scale", [2.0, 4.0])
def test_neighbours_correlate_as_blurred_white_noise_does(scale: float) -> None:
    # A Gaussian of std s convolved with itself has std s √2: pixels d apart correlate with exp(-d² / 4s²).
    field = smooth_field(np.random.default_rng(0), (400, 400), scale)
    for shift in (1, 2, 4, 8):
        along = np.mean(field[shift:] * field[:-shift])
        assert along == pytest.approx(np.exp(-(shift**2) / (4 * scale**2)), abs=0.06)


def test_each_axis_has_its_own_scale() -> None:
    field = smooth_field(np.random.default_rng(0), (300, 300), (6.0, 1.5))
    assert np.mean(field[2:] * field[:-2]) == pytest.approx(np.exp(-4 / 144), abs=0.05)
    assert np.mean(field[:, 2:] * field[:, :-2]) == pytest.approx(np.exp(-4 / 9), abs=0.05)


def test_displacements_have_the_given_std_in_the_unit_of_the_spacing() -> None:
    size, spacing = (12, 40, 50), (3.0, 1.0, 0.5)
    still = warped_space(np.random.default_rng(0), size, spacing, {})
    np.testing.assert_array_equal(still, np.indices(size) * np.reshape(spacing, (3, 1, 1, 1)))
    moved = warped_space(np.random.default_rng(0), size, spacing, {4.0: 2.5}) - still
    np.testing.assert_allclose(moved.std(axis=(1, 2, 3)), 2.5)
    np.testing.assert_allclose(moved.mean(axis=(1, 2, 3)), 0, atol=1e-9)


def test_displacements_vary_over_the_scale_in_the_unit_of_the_spacing() -> None:
    size, spacing = (40, 90, 180), (2.0, 1.0, 0.5)
    still = warped_space(np.random.default_rng(0), size, spacing, {})
    field = (warped_space(np.random.default_rng(0), size, spacing, {2.0: 1.0}) - still)[0]
    for axis, voxels in enumerate((1, 2, 4)):  # two units along each axis
        moved = np.moveaxis(field, axis, 0)
        correlation = np.mean(moved[voxels:] * moved[:-voxels])
        assert correlation == pytest.approx(np.exp(-(2**2) / (4 * 2**2)), abs=0.05)


def test_two_warps_are_added() -> None:
    grid = warped_grid(np.random.default_rng(3), 32, {8.0: 2.0, 2.0: 0.5})
    rng = np.random.default_rng(3)
    fields = [smooth_field(rng, (32, 32), (scale, scale)) for scale in (8.0, 8.0, 2.0, 2.0)]
    np.testing.assert_allclose(grid[0], np.indices((32, 32))[0] + 2.0 * fields[0] + 0.5 * fields[2])
    np.testing.assert_allclose(grid[1], np.indices((32, 32))[1] + 2.0 * fields[1] + 0.5 * fields[3])
