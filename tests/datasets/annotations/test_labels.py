"""Label images against SciPy, scikit-image and brute force."""

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from skimage import measure

from unet_tutorial.datasets.annotations.labels import connected_cells, separated

label: Callable[..., Any] = measure.label  # skimage is untyped
SHAPES = st.sampled_from([(1, 1), (6, 7), (9, 3), (3, 4, 5)])


@settings(deadline=None)
@given(hnp.arrays(bool, SHAPES), st.integers(1, 4))
def test_connected_cells_are_those_of_scikit_image(cells: NDArray[Any], smallest: int) -> None:
    theirs = label(cells, connectivity=1)
    large = [number for number in range(1, theirs.max() + 1) if (theirs == number).sum() >= smallest]
    expected = sum((rank * (theirs == number) for rank, number in enumerate(large, start=1)), 0 * theirs)
    result = connected_cells(cells, smallest)
    assert result.dtype == np.int32
    np.testing.assert_array_equal(result, expected)


def neighbours(index: tuple[int, ...], shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The pixels of an image of `shape` that share a side with `index`."""
    moved = [(*index[:axis], index[axis] + step, *index[axis + 1 :]) for axis in range(len(shape)) for step in (-1, 1)]
    return [index for index in moved if all(0 <= at < size for at, size in zip(index, shape, strict=True))]


@settings(deadline=None)
@given(hnp.arrays(np.int32, SHAPES, elements=st.integers(0, 3)))
def test_separated_cells_lose_exactly_the_pixels_that_touch(instances: NDArray[np.int32]) -> None:
    result = separated(instances)
    for index, value in np.ndenumerate(instances):
        touches = any(instances[other] not in (0, value) for other in neighbours(index, instances.shape))
        assert result[index] == (0 if touches else value)
