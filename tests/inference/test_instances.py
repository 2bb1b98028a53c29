"""Instances against scikit-image, brute force, and one another under tiles of several sizes."""

from __future__ import annotations

import csv
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from skimage import measure

from tests.oracles.whole_image import thin_unet
from unet_tutorial.datasets.annotations.labels import connected_cells
from unet_tutorial.inference.instances import class_instances, instances, layer_instances, table, to_csv
from unet_tutorial.inference.tiling import predict_tiled

CLASSES = hnp.arrays(np.uint8, st.sampled_from([(1, 1), (6, 7), (9, 3), (3, 4, 5)]), elements=st.integers(0, 2))
NAMES = ("background", "cell", "nucleus, dark")


def flooded(classes: NDArray[Any]) -> list[tuple[int, list[tuple[int, ...]]]]:
    """The components as (class, pixels), by their first pixel; a flood fill in plain Python."""
    open_pixels = {index for index, value in np.ndenumerate(classes) if value}
    found = []
    for start in sorted(open_pixels):
        if start not in open_pixels:
            continue
        todo, pixels = [start], []
        open_pixels.remove(start)
        while todo:
            pixels.append(index := todo.pop())
            for axis, step in product(range(classes.ndim), (-1, 1)):
                near = (*index[:axis], index[axis] + step, *index[axis + 1 :])
                if near in open_pixels and classes[near] == classes[start]:
                    open_pixels.remove(near)
                    todo.append(near)
        found.append((int(classes[start]), sorted(pixels)))
    return found


@settings(deadline=None)
@given(CLASSES, st.integers(1, 4))
def test_instances_are_the_components_of_each_class_in_reading_order(classes: NDArray[Any], smallest: int) -> None:
    found = class_instances(classes, min_size=smallest)
    expected = [(kind, pixels) for kind, pixels in flooded(classes) if len(pixels) >= smallest]
    assert found.classes.tolist() == [kind for kind, _ in expected]
    got = [sorted(map(tuple, np.argwhere(found.labels == i + 1).tolist())) for i in range(len(expected))]
    assert got == [pixels for _, pixels in expected]
    assert found.labels.max() == len(expected)


@settings(deadline=None)
@given(CLASSES)
def test_of_one_class_they_are_those_that_training_counts(classes: NDArray[Any]) -> None:
    found = instances(classes / 2, 0.25, min_size=2)
    np.testing.assert_array_equal(found.labels, connected_cells(classes, smallest=2))
    assert set(found.classes.tolist()) <= {1}


def test_a_probability_equal_to_the_threshold_is_background() -> None:
    assert instances(np.array([0.25, 0.250001]), 0.25).labels.tolist() == [0, 1]


def test_slices_have_instances_of_their_own_numbered_through_the_stack() -> None:
    stack = np.ones((3, 2, 3), np.uint8)
    stack[1, :, 1] = 0
    found = class_instances(stack, rank=2)
    assert found.labels[:, 0].tolist() == [[1, 1, 1], [2, 0, 3], [4, 4, 4]]
    assert class_instances(stack).labels.max() == 1


def test_more_than_65535_instances_are_uint32() -> None:
    checkers = np.indices((364, 364)).sum(0) % 2
    for rows, kind in ((360, np.uint16), (364, np.uint32)):
        found = class_instances(checkers[:rows])
        assert found.labels.dtype == kind
        assert found.labels.max() == rows * 182 == len(found.classes)


def discs(size: tuple[int, ...], centres: list[tuple[int, ...]], radius: float, pixel: tuple[float, ...]) -> Any:
    """A mask of balls, in units of the last axis."""
    grid = np.indices(size).astype(float)
    away = [sum(((grid[a] - c[a]) * pixel[a]) ** 2 for a in range(len(size))) for c in centres]
    return (np.array(away) <= radius**2).any(0)


@pytest.mark.parametrize(
    ("size", "centres", "pixel"),
    [
        ((40, 60), [(20, 15), (20, 31), (20, 47)], (1.0, 1.0)),
        ((40, 40), [(12, 14), (25, 25)], (1.0, 1.0)),
        ((12, 24, 44), [(4, 11, 13), (7, 11, 28)], (3.0, 1.0, 1.0)),
    ],
)
def test_a_watershed_separates_touching_balls_at_their_centres(
    size: tuple[int, ...], centres: list[tuple[int, ...]], pixel: tuple[float, ...]
) -> None:
    mask = discs(size, centres, 9, pixel)
    assert class_instances(mask).labels.max() == 1
    spacing = tuple(0.2 * along for along in pixel)  # µm
    found = class_instances(mask, distance=10, spacing=spacing)
    assert found.labels.max() == len(centres)
    np.testing.assert_array_equal(found.labels > 0, mask)
    rows = table(found, np.ones((2, *size)), NAMES)
    for centre in centres:
        nearest = min(np.max(np.abs(np.subtract(row.centre, centre))) for row in rows)
        assert nearest < 1.5
    # a distance of two centres or more keeps them together
    assert class_instances(mask, distance=100, spacing=spacing).labels.max() == 1
    regions = measure.regionprops(found.labels)
    assert all(measure.label(region.image, connectivity=1).max() == 1 for region in regions)


def test_a_watershed_keeps_classes_and_components_apart() -> None:
    classes = np.zeros((12, 40), np.uint8)
    classes[1:11, 1:11], classes[1:11, 11:21], classes[1:11, 22:32] = 1, 2, 2
    found = class_instances(classes, distance=1000)
    assert found.classes.tolist() == [1, 2, 2]
    np.testing.assert_array_equal(found.labels, class_instances(classes).labels)
    full = class_instances(np.ones((9, 9), np.uint8), distance=4)
    assert (full.labels == 1).all()


def test_a_negative_distance_is_refused() -> None:
    for wrong in (-1.0, float("nan")):
        with pytest.raises(ValueError, match="write a number of pixels, or 0 for no watershed"):
            class_instances(np.ones((2, 2)), distance=wrong)
    with pytest.raises(ValueError, match="probability: NaN or values outside 0 to 1"):
        instances(np.array([0.5, np.nan]))


def test_layers_may_overlap_and_have_label_images_of_their_own() -> None:
    layers = np.array([[[1, 1, 0, 1]], [[0, 1, 1, 0]]], np.uint8)
    first, second = layer_instances(layers)
    assert (first.labels.tolist(), first.classes.tolist()) == ([[1, 1, 0, 2]], [0, 0])
    assert (second.labels.tolist(), second.classes.tolist()) == ([[0, 1, 1, 0]], [1])


@pytest.mark.parametrize("size", [(30, 41), (6, 13, 17)])
def test_the_table_is_that_of_regionprops(size: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet((1, 1, 1), size).transpose(-1, *range(len(size))).astype(np.float32)  # (3, *size)
    found = class_instances(probabilities.argmax(0), min_size=3)
    spacing = (0.5, 0.2, 0.1)[-len(size) :]
    rows = table(found, probabilities, NAMES, spacing=spacing)
    regions = measure.regionprops(found.labels, np.moveaxis(probabilities, 0, -1))
    assert len(rows) == len(regions) == len(found.classes) > 20
    for row, region in zip(rows, regions, strict=True):
        kind = found.classes[row.number - 1]
        assert (row.number, row.pixels, row.name) == (region.label, region.area, NAMES[kind])
        assert row.size == pytest.approx(region.area * np.prod(spacing))
        assert row.centre == pytest.approx(region.centroid)
        assert [end for along in zip(*row.box, strict=True) for end in along] == list(region.bbox)
        assert row.probability == pytest.approx(region.intensity_mean[kind], rel=1e-5)


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines()))


def test_the_csv_names_its_units() -> None:
    found = class_instances(np.array([[0, 2, 2], [1, 0, 0]]))
    probabilities = np.array([[[0.9, 0.1, 0.1], [0.1, 0.9, 0.9]]] * 2 + [[[0, 0.8, 0.4], [0, 0, 0]]])
    first, second = read(to_csv(table(found, probabilities, NAMES, spacing=(0.5, 0.1)), found))
    assert first == {
        "id": "1",
        "class": "nucleus, dark",
        "pixels": "2",
        "area_um2": "0.1",
        "centre_y": "0.00",
        "centre_x": "1.50",
        "y_start": "0",
        "y_stop": "1",
        "x_start": "1",
        "x_stop": "3",
        "mean_probability": "0.6000",
    }
    assert (second["id"], second["class"], second["mean_probability"]) == ("2", "cell", "0.1000")
    first, second = read(to_csv(table(found, probabilities, NAMES), found))
    assert list(first)[:4] == ["id", "class", "pixels", "centre_y"]
    assert (first["centre_y"], second["centre_y"]) == ("0.00", "1.00")


def test_slices_have_areas_and_volumes_have_volumes() -> None:
    stack, chance = np.ones((2, 1, 3), np.uint8), np.ones((2, 2, 1, 3))
    for rank, unit, sizes in ((2, "area_um2", ["0.03", "0.03"]), (3, "volume_um3", ["0.12"])):
        found = class_instances(stack, rank=rank)
        rows = read(to_csv(table(found, chance, NAMES, spacing=(2, 0.1, 0.1)), found))
        assert [row[unit] for row in rows] == sizes
        assert [row["centre_z"] for row in rows] == (["0.00", "1.00"] if rank == 2 else ["0.50"])


def test_an_image_without_instances_has_a_table_of_its_header() -> None:
    found = class_instances(np.zeros((3, 4), np.uint8), distance=5)
    assert to_csv(table(found, np.zeros((2, 3, 4)), NAMES), found).count("\n") == 1
    assert found.labels.dtype == np.uint16


@pytest.mark.parametrize("rank", [2, 3])
def test_numbers_do_not_depend_on_the_tiles(rank: int) -> None:
    torch.manual_seed(rank)
    net = thin_unet(rank, 1, "same")
    size = (61, 74) if rank == 2 else (7, 14, 13)
    image = torch.randn(1, *size, generator=torch.Generator().manual_seed(0))

    chances = [
        predict_tiled(net, image, tile=(tile,) * rank if tile else None).softmax(0)[1].numpy() for tile in (0, 24, 28)
    ]
    ordered = np.sort(chances[0], axis=None)
    low, high = ordered[ordered.size // 2 :][:2]  # a threshold in a gap, so that rounding moves no pixel across
    assert high - low > 2e-6
    whole, *tiled = (instances(p, float(low + high) / 2, distance=4, min_size=2).labels for p in chances)
    assert whole.max() > 5
    for other in tiled:
        np.testing.assert_array_equal(other, whole)
