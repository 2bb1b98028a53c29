"""Filled outlines against a test of every pixel."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from unet_tutorial.datasets.annotations.polygons import Region, ellipse, filled, painted, union, whole

SIZE = (11, 14)


def image(region: Region, size: tuple[int, ...] = SIZE) -> NDArray[np.bool_]:
    found = np.zeros(size, bool)
    found[region.where] = region.mask
    return found


def inside(rings: list[Any], x: float, y: float) -> bool:
    """The even-odd rule: a ray to the left crosses the outline an odd number of times."""
    crossings = 0
    for ring in rings:
        for (x0, y0), (x1, y1) in pairwise([*ring, ring[0]]):
            if (y0 <= y) != (y1 <= y):
                crossings += x0 + (y - y0) / (y1 - y0) * (x1 - x0) <= x
    return crossings % 2 == 1


def brute_force(rings: list[Any]) -> NDArray[np.bool_]:
    return np.array([[inside(rings, column + 0.5, row + 0.5) for column in range(SIZE[1])] for row in range(SIZE[0])])


@pytest.mark.parametrize("seed", range(20))
def test_polygons_and_holes_are_those_of_brute_force(seed: int) -> None:
    generator = np.random.default_rng(seed)
    rings = [generator.uniform(-3, 16, (generator.integers(3, 9), 2)).tolist() for _ in range(1 + seed % 3)]
    if seed % 2:
        rings = [[(round(2 * x) / 2, round(2 * y) / 2) for x, y in ring] for ring in rings]  # corners on pixel centres
    np.testing.assert_array_equal(image(filled(rings, SIZE)), brute_force(rings))


def test_a_rectangle_between_pixels_has_its_area() -> None:
    assert filled([[(2, 3), (7, 3), (7, 9), (2, 9)]], SIZE).pixels == 5 * 6


@pytest.mark.parametrize("seed", range(5))
def test_neighbours_neither_overlap_nor_leave_a_gap(seed: int) -> None:
    x, y = np.random.default_rng(seed).integers(1, 22, 2) / 2  # an inner corner, perhaps on a pixel centre
    corners = [(0, 0), (14, 0), (14, 11), (0, 11)]
    cover = sum(image(filled([[*edge, (x, y)]], SIZE)).astype(int) for edge in pairwise([*corners, corners[0]]))
    assert np.unique(cover).tolist() == [1]


def test_ellipses_are_those_of_brute_force() -> None:
    for box in ((2.0, 1.0, 9.0, 6.0), (-3.0, -2.0, 5.5, 6.0), (3.2, 4.1, 19.0, 10.0)):
        (cx, cy), (rx, ry) = (
            ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2),
            ((box[2] - box[0]) / 2, (box[3] - box[1]) / 2),
        )
        wanted = [[((c + 0.5 - cx) / rx) ** 2 + ((r + 0.5 - cy) / ry) ** 2 <= 1 for c in range(14)] for r in range(11)]
        np.testing.assert_array_equal(image(ellipse(box, SIZE)), wanted)


def test_a_union_has_the_pixels_of_all() -> None:
    first, second = filled([[(0, 0), (4, 0), (4, 4)]], SIZE), filled([[(3, 2), (9, 2), (9, 8), (3, 8)]], SIZE)
    np.testing.assert_array_equal(image(union([first, second])), image(first) | image(second))


def test_a_shared_pixel_belongs_to_the_smallest_region() -> None:
    big, small = np.ones((4, 4), bool), np.zeros((4, 4), bool)
    small[1, 1:3] = True
    for regions in ([big, small], [small, big]):
        found = painted([whole(region) for region in regions], (4, 4))
        assert found.shared == 2
        assert np.unique(found.instances[small]).tolist() == [1 + (regions[1] is small)]
        assert np.count_nonzero(found.instances) == 16


@pytest.mark.parametrize(
    "ring", [[(20, 1), (30, 1), (30, 5)], [(-9, 1), (-2, 1), (-2, 5)], [(1, 11), (4, 11), (4, 12)]]
)
def test_outlines_outside_the_image_are_refused(ring: list[tuple[float, float]]) -> None:
    with pytest.raises(ValueError, match="lies outside the image of 14 × 11 pixels"):
        filled([ring], SIZE)
    with pytest.raises(ValueError, match="lies outside the image"):
        ellipse((*ring[0], *ring[2]), SIZE)


def test_outlines_without_area_have_no_pixels() -> None:
    assert filled([[(1, 1), (9, 1)]], SIZE).pixels == 0
    assert filled([[(1.1, 1.1), (1.3, 1.1), (1.2, 1.3)]], SIZE).pixels == 0
    assert ellipse((1.1, 1.1, 1.3, 1.3), SIZE).pixels == 0
    with pytest.raises(ValueError, match="not finite"):
        filled([[(1, 1), (9, np.nan), (3, 3)]], SIZE)
