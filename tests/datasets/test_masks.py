"""Mask files: cells are numbered 1 .. n; class maps and anti-aliased masks are rejected."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter

from tests.paths import SHARED
from unet_tutorial.datasets.decode import Array
from unet_tutorial.datasets.files import read_image, write_image
from unet_tutorial.datasets.labels import separated
from unet_tutorial.datasets.masks import read_cells
from unet_tutorial.datasets.synthetic import touching_cells

NUMBERED = sorted(SHARED.glob("ctc_dic_hela/*/s[et]*/*.png")) + sorted(SHARED.glob("ovules3d/*_label.tif"))
_, CELLS = touching_cells(3)  # 22 cells


def discs(count: int) -> "Image.Image":
    """White discs on black at four times the size of the mask that will be made of it."""
    image, generator = Image.new("L", (1024, 1024)), np.random.default_rng(0)
    for x, y, r in generator.integers((100, 100, 40), (900, 900, 100), (count, 3)).tolist():
        ImageDraw.Draw(image).ellipse((x - r, y - r, x + r, y + r), fill=255)
    return image


def small(image: "Image.Image", filter_: Image.Resampling) -> Array:
    return np.array(image.resize((256, 256), filter_))


def grid(values: Array, size: int = 6) -> NDArray[np.int64]:
    """Squares of the given values, apart by 2 px."""
    return np.kron(values.astype(np.int64), np.pad(np.ones((size, size), np.int64), 1)).astype(np.int64)


SCATTERED: dict[str, Array] = {
    "a disc, smooth edges": small(discs(1), Image.Resampling.LANCZOS),
    "three discs, smooth edges": small(discs(3), Image.Resampling.BOX),
    "discs made larger": np.array(discs(8).resize((64, 64)).resize((256, 256), Image.Resampling.BILINEAR)),
    "blurred a little": gaussian_filter((CELLS > 0) * np.uint8(255), 0.5),
    "blurred, 16 bit": np.rint(gaussian_filter((CELLS > 0) * 65535.0, 1.5)).astype(np.uint16),
    "classes 0, 1, 2": np.where(separated(CELLS) > 0, CELLS % 2 + 1, 0),
    "classes that touch": np.where(CELLS > 0, CELLS % 3 + 1, 0),
    "classes 1, 2 and no 0": 1 + (separated(CELLS) > 0),
    "two values, but not white": (separated(CELLS) > 0) * np.uint8(128),
    "a stack of classes": np.stack([grid(np.array([[1, 2, 1], [2, 2, 1]]))] * 3),
}


@pytest.mark.parametrize("kind", SCATTERED)
def test_classes_and_grey_edges_are_not_taken_for_cells(tmp_path: Path, kind: str) -> None:
    write_image(tmp_path / "a.tif", SCATTERED[kind])
    advice = r"a\.tif: this looks like an anti-aliased mask or a map of classes.*threshold it to 0 and 255, or number"
    with pytest.raises(ValueError, match=advice):
        read_cells(tmp_path / "a.tif")


def test_cells_in_pieces_with_slips_of_the_brush_are_cells(tmp_path: Path) -> None:
    mask = grid(np.array([[1, 2, 3], [1, 4, 5]]))  # the first is in two pieces
    mask[[0, 0, 0, 15, 15], [1, 9, 20, 5, 20]] = (5, 4, 3, 2, 5)  # single pixels, far from their cells
    write_image(tmp_path / "a.png", mask)
    np.testing.assert_array_equal(read_cells(tmp_path / "a.png"), separated(mask.astype(np.int32)))


def test_slices_may_each_number_their_cells_anew(tmp_path: Path) -> None:
    stack = np.stack([grid(np.array([[1, 0, 2, 3]])), grid(np.array([[3, 1, 0, 2]])), grid(np.array([[0, 9, 7, 0]]))])
    write_image(tmp_path / "a.tif", stack)
    wanted = np.stack([*stack[:2], grid(np.array([[0, 2, 1, 0]]))])
    np.testing.assert_array_equal(read_cells(tmp_path / "a.tif"), wanted)


@pytest.mark.parametrize("factor", [1, 7, 2**31, 10**12])
@pytest.mark.parametrize("dtype", [np.int64, np.uint64, np.float64])
def test_numbers_of_any_size_are_cells_1_to_n(tmp_path: Path, factor: int, dtype: type) -> None:
    mask = grid(np.arange(8).reshape(2, 4))
    write_image(tmp_path / "a.tif", (mask * factor).astype(dtype))
    found = read_cells(tmp_path / "a.tif")
    assert found.dtype == np.int32
    np.testing.assert_array_equal(found, mask)


def test_numbers_stay_consecutive_if_separating_removes_a_cell(tmp_path: Path) -> None:
    mask = np.repeat([[5, 5, 5, 5, 6, 7, 7, 7, 7]], 9, axis=0)
    write_image(tmp_path / "a.png", mask)
    np.testing.assert_array_equal(read_cells(tmp_path / "a.png"), np.repeat([[1, 1, 1, 0, 0, 0, 2, 2, 2]], 9, axis=0))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nan_and_infinity_in_a_mask_are_named(tmp_path: Path, bad: float) -> None:
    mask = np.repeat(grid(np.array([[1, 2]]))[None], 3, axis=0).astype(np.float32)
    mask[1, 2, 2:4] = bad
    write_image(tmp_path / "a.tif", mask)
    with pytest.raises(ValueError, match=r"a\.tif, slice 01: 2 of 128 pixels are NaN or infinite"):
        read_cells(tmp_path / "a.tif")


@pytest.mark.skipif(not NUMBERED, reason="the real masks are not here: they may not be shipped (data/README.md)")
@pytest.mark.slow
def test_real_numbered_cells_are_read() -> None:
    for file in NUMBERED[::3]:
        released, found = read_image(file), read_cells(file)
        planes = zip(released, found, strict=True) if released.ndim == 3 else [(released, found)]
        for theirs, ours in planes:
            pairs = np.unique(np.stack([theirs, ours]).reshape(2, -1)[:, (ours > 0).ravel()], axis=1)
            assert len(np.unique(pairs[0])) == len(np.unique(pairs[1])) == pairs.shape[1]  # one number for another
            assert np.count_nonzero(ours) > 0.75 * np.count_nonzero(theirs)
