"""Class maps and numbered cells of label files against scikit-image and arrays made by hand."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import measure

from tests.oracles.label_cases import BLACK, RED, cells, classes, painted_with
from tests.paths import SHARED
from unet_tutorial.datasets.annotations.encoding import encode
from unet_tutorial.datasets.annotations.label_values import RawLabels
from unet_tutorial.datasets.annotations.labels import separated
from unet_tutorial.datasets.annotations.scheme import LabelScheme
from unet_tutorial.datasets.generators.synthetic import touching_cells
from unet_tutorial.datasets.images.files import read_image

label: Callable[..., Any] = measure.label  # skimage is untyped
BINARY = LabelScheme("classes", values=(0, 255))
CELLS = LabelScheme()
NUMBERED = sorted(SHARED.glob("ctc_dic_hela/*/s[et]*/*.png")) + sorted(SHARED.glob("ovules3d/*_label.tif"))


def one(array: NDArray[Any], **fields: Any) -> RawLabels:
    return RawLabels("a.png", array, **fields)


@pytest.mark.parametrize("rank", [2, 3])
def test_regions_of_a_binary_mask_are_its_cells(rank: int) -> None:
    mask = np.random.default_rng(0).random((4, 12, 15)) > 0.6
    found = encode(BINARY, one(mask * np.uint8(255)), rank)
    wanted = label(mask, connectivity=1) if rank == 3 else np.stack([label(plane, connectivity=1) for plane in mask])
    np.testing.assert_array_equal(found.instances, wanted)
    np.testing.assert_array_equal(found.labels, mask)
    assert found.known.all()
    assert [array.dtype.name for array in found] == ["uint8", "int32", "bool"]


def test_regions_of_several_classes_touch_without_a_line_between_them() -> None:
    mask = np.array([[0, 1, 1, 5, 5], [0, 1, 1, 0, 5], [5, 0, 0, 1, 0]])
    found = encode(LabelScheme("classes", ("background", "a", "b"), (0, 1, 5)), one(mask))
    assert found.labels.tolist() == [[0, 1, 1, 2, 2], [0, 1, 1, 0, 2], [2, 0, 0, 1, 0]]
    assert found.instances.tolist() == [[0, 1, 1, 3, 3], [0, 1, 1, 0, 3], [4, 0, 0, 2, 0]]


def test_classes_are_in_the_order_of_the_scheme() -> None:
    found = encode(
        LabelScheme("classes", ("background", "a", "b"), (7, 200, 0)), one(np.array([[0, 7, 200]], np.uint8))
    )
    assert found.labels.tolist() == [[2, 0, 1]]


def test_regions_with_only_unlabelled_pixels_between_them_are_one() -> None:
    scheme = LabelScheme("classes", values=(0, 1), unlabelled=9)
    found = encode(scheme, one(np.array([[1, 9, 1, 0, 1, 9, 0]])))
    assert found.labels.tolist() == [[1, 0, 1, 0, 1, 0, 0]]
    assert found.instances.tolist() == [[1, 0, 1, 0, 2, 0, 0]]
    assert found.known.tolist() == [[True, False, True, True, True, False, True]]


def test_cells_that_touch_are_separated() -> None:
    _, truth = touching_cells(3)
    found = encode(CELLS, one(truth))
    np.testing.assert_array_equal(found.instances, separated(truth))
    np.testing.assert_array_equal(found.labels, separated(truth) > 0)
    assert label(found.labels, connectivity=1).max() == 22


def test_numbers_stay_consecutive_if_separating_removes_a_cell() -> None:
    found = encode(CELLS, one(np.repeat([[5, 5, 5, 5, 6, 7, 7, 7, 7]], 9, axis=0)))
    np.testing.assert_array_equal(found.instances, np.repeat([[1, 1, 1, 0, 0, 0, 2, 2, 2]], 9, axis=0))


@pytest.mark.parametrize("factor", [1, 7, 2**31, 10**12])
@pytest.mark.parametrize("dtype", [np.int64, np.uint64, np.float64])
def test_numbers_of_any_size_become_1_to_n(factor: int, dtype: type) -> None:
    (truth,) = cells(8)
    np.testing.assert_array_equal(encode(CELLS, one((truth * factor).astype(dtype))).instances, truth)


def test_slices_are_numbered_separately_with_rank_2() -> None:
    stack = np.stack([[[3, 0, 8]], [[0, 0, 8]], [[0, 0, 0]], [[8, 0, 0]]])
    assert encode(CELLS, one(stack), 2).instances.tolist() == [[[1, 0, 2]], [[0, 0, 1]], [[0, 0, 0]], [[1, 0, 0]]]
    assert encode(CELLS, one(stack), 3).instances.tolist() == [[[1, 0, 2]], [[0, 0, 2]], [[0, 0, 0]], [[2, 0, 0]]]


def test_slips_of_the_brush_belong_to_their_cells() -> None:
    (mask,) = cells(8)
    mask[[0, 0, 0, 95, 95], [1, 9, 20, 5, 20]] = (5, 4, 3, 2, 5)  # single pixels, far from their cells
    np.testing.assert_array_equal(encode(CELLS, one(mask)).instances, separated(mask.astype(np.int32)))


@pytest.mark.skipif(not NUMBERED, reason="the real masks are not here: they may not be shipped (data/README.md)")
@pytest.mark.slow
def test_real_numbered_cells_are_read() -> None:
    for file in NUMBERED[::3]:
        released = read_image(file)
        found = encode(CELLS, one(released)).instances
        planes = zip(released, found, strict=True) if released.ndim == 3 else [(released, found)]
        for theirs, ours in planes:
            pairs = np.unique(np.stack([theirs, ours]).reshape(2, -1)[:, (ours > 0).ravel()], axis=1)
            assert len(np.unique(pairs[0])) == len(np.unique(pairs[1])) == pairs.shape[1]  # one number for another
            assert np.count_nonzero(ours) > 0.75 * np.count_nonzero(theirs)


def test_cells_in_several_pieces_keep_one_number() -> None:
    assert encode(CELLS, one(np.array([[4, 0, 4, 0, 2]]))).instances.tolist() == [[2, 0, 2, 0, 1]]


def test_colours_are_classes_and_a_grey_file_is_one_of_them() -> None:
    scheme = LabelScheme("classes", ("background", "cell"), (), ("#000000", "#ff0000"), unlabelled=0xFFFFFF)
    (truth,) = classes(1, 1)
    (painted,) = painted_with([truth], [BLACK, RED])
    np.testing.assert_array_equal(encode(scheme, one(painted, coloured=True)).labels, truth)
    found = encode(scheme, one(np.array([[0, 255]], np.uint8)))  # black and white only, so saved as grey
    assert found.labels.tolist() == [[0, 0]]
    assert found.known.tolist() == [[True, False]]


def test_layers_overlap() -> None:
    scheme = LabelScheme("layers", ("a", "b"), unlabelled=3)
    found = encode(scheme, one(np.array([[[0, 1, 1]], [[255, 255, 3]]]), layered=True))
    assert found.labels.tolist() == [[[0, 1, 0]], [[1, 1, 0]]]
    assert found.known.tolist() == [[True, True, False]]
    assert not found.instances.any()


def test_a_layer_per_cell_gives_a_shared_pixel_to_the_smaller_cell() -> None:
    found = encode(CELLS, one(np.array([[[1, 1, 1, 1, 1, 0]], [[0, 0, 0, 0, 1, 1]]]), layered=True))
    assert found.labels.tolist() == [[1, 1, 1, 0, 0, 1]]
    assert found.instances.tolist() == [[1, 1, 1, 0, 0, 2]]


@pytest.mark.parametrize("kind", ["instances", "classes"])
def test_outlines_may_mark_pixels_without_a_label(kind: str) -> None:
    numbers = np.array([[1, 1, 0, 2, 2, 0]], np.int32)
    found = encode(LabelScheme(kind, ("background", "a")), one(numbers, instances=numbers, names=("a", "Ignore*")))
    assert found.labels.tolist() == found.instances.tolist() == [[1, 1, 0, 0, 0, 0]]
    assert found.known.tolist() == [[True, True, True, False, False, True]]


def test_outlines_have_numbers_and_classes() -> None:
    numbers = np.array([[1, 1, 0, 2, 2, 0, 3, 3]], np.int32)
    file = one(np.array([[1, 1, 0, 2, 2, 0, 3, 3]]), instances=numbers, names=("background", "b", "a"))
    found = encode(LabelScheme("instances", ("background", "a", "b")), file)
    assert found.labels.tolist() == [[0, 0, 0, 2, 2, 0, 1, 1]]
    assert found.instances.tolist() == [[0, 0, 0, 1, 1, 0, 2, 2]]
    touching = one(np.array([[1, 1, 2, 2]]), instances=np.array([[1, 1, 2, 2]], np.int32), names=("a", "b"))
    assert encode(LabelScheme("instances", ("background", "a", "b")), touching).labels.tolist() == [[1, 0, 0, 2]]
    assert encode(LabelScheme("classes", ("background", "a", "b")), touching).labels.tolist() == [[1, 1, 2, 2]]


@pytest.mark.parametrize(
    ("scheme", "file", "message"),
    [
        (
            BINARY,
            one(np.array([[0, 255, 3, 3]])),
            r"a\.png: 2 pixels have the value 3, which is not among .*\(0, 255\)",
        ),
        (BINARY, one(np.array([[0, 254]])), r"a\.png: 1 pixels have the value 254"),
        (BINARY, one(np.array([[BLACK, RED]], np.uint8), coloured=True), "coloured, but the others are grey"),
        (
            LabelScheme("classes", colours=("#000000", "#ff0000")),
            one(np.array([[BLACK, (0, 9, 0)]], np.uint8), coloured=True),
            "1 pixels have the colour #000900",
        ),
        (
            LabelScheme("layers", ("a", "b")),
            one(np.zeros((3, 1, 1), int), layered=True),
            "expected the 2 layers a, b, got 3",
        ),
        (CELLS, one(np.array([[0, -1]])), "of at least 0"),
        (CELLS, one(np.array([[0, 0.5]])), "with fractions"),
        (
            LabelScheme("instances", ("background", "a", "b")),
            one(np.array([[1]]), instances=np.array([[1]], np.int32), names=("c",)),
            "outlines of the class c, which is not among",
        ),
    ],
)
def test_files_that_do_not_fit_the_scheme_are_refused(scheme: LabelScheme, file: RawLabels, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        encode(scheme, file)


def test_files_of_a_data_set_that_hold_few_of_its_classes() -> None:
    scheme = LabelScheme("classes", ("background", "a", "b"), (0, 1, 2))
    for value in range(3):
        assert encode(scheme, one(np.full((2, 2), value))).labels.tolist() == [[value] * 2] * 2
