"""Outlines: polygons are rasterised by brute force, pictures are compared pixel by pixel."""

from __future__ import annotations

import json
import sys
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from unet_tutorial.inference.instances import InstanceMap, class_instances, layer_instances
from unet_tutorial.inference.outlines import (
    COLOURS,
    class_colours,
    geojson,
    outlines,
    overlay,
    stretched,
    write_rois,
)

LABELS = hnp.arrays(np.int32, st.sampled_from([(1, 1), (5, 6), (7, 4)]), elements=st.integers(0, 2))
NAMES = ("background", "cell", "nucleus")


def inside(rings: list[Any], x: float, y: float) -> bool:
    """Whether a point is inside: the number of sides that a ray to the right crosses is odd."""
    crossed = 0
    for ring in rings:
        for (x0, y0), (x1, y1) in zip(ring, [*ring[1:], ring[0]], strict=True):
            crossed += (y0 > y) != (y1 > y) and x < x0 + (y - y0) * (x1 - x0) / (y1 - y0)
    return crossed % 2 == 1


def rasterised(rings: list[Any], size: tuple[int, ...]) -> NDArray[np.bool_]:
    """The pixels whose centre is inside."""
    return np.array([[inside(rings, c + 0.5, r + 0.5) for c in range(size[1])] for r in range(size[0])])


def twice_area(ring: NDArray[Any]) -> int:
    corners = ring.tolist()
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(corners, [*corners[1:], corners[0]], strict=True))


@settings(deadline=None, max_examples=60)
@given(LABELS)
def test_rasterised_polygons_are_the_instances(labels: NDArray[Any]) -> None:
    found = outlines(labels)
    assert [outline.number for outline in found] == sorted(set(labels.ravel().tolist()) - {0})
    for outline in found:
        rings = [ring.tolist() for polygon in outline.polygons for ring in (polygon.outer, *polygon.holes)]
        np.testing.assert_array_equal(rasterised(rings, labels.shape), labels == outline.number)
        for polygon in outline.polygons:
            assert twice_area(polygon.outer) > 0
            assert all(twice_area(hole) < 0 for hole in polygon.holes)


def test_corners_only_and_a_hole() -> None:
    ring = np.ones((3, 5), np.int32)
    ring[1, 1:4] = 0
    ((number, plane, (polygon,)),) = outlines(ring)
    assert (number, plane) == (1, 0)
    assert polygon.outer.tolist() == [[0, 0], [5, 0], [5, 3], [0, 3]]
    assert sorted(polygon.holes[0].tolist()) == [[1, 1], [1, 2], [4, 1], [4, 2]]


def test_pixels_that_touch_at_a_corner_are_two_polygons() -> None:
    (outline,) = outlines(np.array([[1, 0], [0, 1]]))
    assert [polygon.outer.tolist()[0] for polygon in outline.polygons] == [[0, 0], [1, 1]]


def test_geojson_has_closed_polygons_with_the_class_of_each_instance() -> None:
    labels = np.array([[1, 1, 1, 0], [1, 0, 1, 2], [1, 1, 1, 2]], np.uint16)
    found = InstanceMap(labels, np.array([2, 1]), 2)
    read = json.loads(geojson([found], NAMES))
    assert read["type"] == "FeatureCollection"
    one, two = read["features"]
    assert one["properties"] == {
        "objectType": "annotation",
        "name": "1",
        "classification": {"name": "nucleus", "color": [0x00, 0x9E, 0x73]},
    }
    assert two["properties"]["classification"]["name"] == "cell"
    assert one["geometry"]["type"] == "Polygon"
    for feature, number in ((one, 1), (two, 2)):
        rings = feature["geometry"]["coordinates"]
        assert all(ring[0] == ring[-1] for ring in rings)
        np.testing.assert_array_equal(rasterised([ring[:-1] for ring in rings], labels.shape), labels == number)
    several = json.loads(geojson([InstanceMap(np.array([[1, 0, 1]]), np.array([1]), 2)], NAMES))
    assert several["features"][0]["geometry"] == {
        "type": "MultiPolygon",
        "coordinates": [[[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]], [[[2, 0], [3, 0], [3, 1], [2, 1], [2, 0]]]],
    }


def test_layers_overlap_in_geojson_and_a_stack_is_refused() -> None:
    read = json.loads(geojson(layer_instances(np.ones((2, 2, 2), np.uint8)), ("a", "b")))
    assert [each["properties"]["classification"]["name"] for each in read["features"]] == ["a", "b"]
    with pytest.raises(ValueError, match="not of a stack; write ROIs, --outlines rois"):
        geojson([class_instances(np.ones((2, 2, 2), np.uint8))], NAMES)


def test_rois_are_the_instances_of_each_slice(tmp_path: Path) -> None:
    roifile = pytest.importorskip("roifile")
    stack = np.zeros((3, 6, 8), np.uint8)
    stack[0, 1:5, 1:6] = 1
    stack[0, 2, 3] = 0  # a hole
    stack[1, :, 2:4] = 1
    stack[1, 4:, 6:] = 2
    found = class_instances(stack)
    write_rois(tmp_path / "rois.zip", [found], NAMES)
    rois = roifile.roiread(tmp_path / "rois.zip")
    assert [(roi.name, roi.position, roi.group) for roi in rois] == [
        ("0001 cell slice 0001", 1, 1),
        ("0001 cell slice 0002", 2, 1),
        ("0002 nucleus slice 0002", 2, 2),
    ]
    for roi, (plane, number) in zip(rois, [(0, 1), (1, 1), (1, 2)], strict=True):
        lines = roi.coordinates(multi=True)
        expected = found.labels[plane] == number
        rings = [line.tolist() for line in (lines if isinstance(lines, list) else [lines])]
        np.testing.assert_array_equal(rasterised(rings, expected.shape), expected)
        rows, columns = np.nonzero(expected)
        box = (rows.min(), columns.min(), rows.max() + 1, columns.max() + 1)
        assert (roi.top, roi.left, roi.bottom, roi.right) == box


def test_an_image_has_rois_without_a_slice_and_none_give_an_empty_file(tmp_path: Path) -> None:
    roifile = pytest.importorskip("roifile")
    write_rois(tmp_path / "one.zip", [class_instances(np.ones((2, 2)))], ("background", "a/b"))
    (roi,) = roifile.roiread(tmp_path / "one.zip")
    assert (roi.name, roi.position, roi.group) == ("0001 a-b", 0, 0)
    write_rois(tmp_path / "layers.zip", layer_instances(np.ones((2, 2, 2), np.uint8)), ("a", "b"))
    assert [roi.group for roi in roifile.roiread(tmp_path / "layers.zip")] == [1, 2]
    write_rois(tmp_path / "none.zip", [class_instances(np.zeros((2, 2)))], NAMES)
    assert roifile.roiread(tmp_path / "none.zip") == []


def test_without_roifile_rois_are_refused_with_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "roifile", None)
    with pytest.raises(ValueError, match="need the package roifile, which is missing; install it: pip install"):
        write_rois(tmp_path / "a.zip", [class_instances(np.ones((2, 2)))], NAMES)


@settings(deadline=None, max_examples=50)
@given(hnp.arrays(np.uint16, st.sampled_from([(4, 5), (2, 4, 3)]), elements=st.integers(0, 2)))
def test_an_outline_is_the_pixels_of_an_instance_with_another_neighbour(labels: NDArray[Any]) -> None:
    found = InstanceMap(labels, np.array([2, 1]), 2)
    picture = overlay(np.zeros((1, *labels.shape)), [found], ("#000000", "#0000ff", "#ff0000"))
    for index, number in np.ndenumerate(labels):
        near = [
            (*index[:axis], index[axis] + step, *index[axis + 1 :])
            for axis, step in product((labels.ndim - 2, labels.ndim - 1), (-1, 1))
        ]
        within = [all(0 <= i < n for i, n in zip(at, labels.shape, strict=True)) for at in near]
        edge = number and not all(ok and labels[at] == number for at, ok in zip(near, within, strict=True))
        expected = [0, 0, 0] if not edge else [255, 0, 0] if number == 1 else [0, 0, 255]
        assert picture[index].tolist() == expected


def test_the_image_is_stretched_to_8_bits() -> None:
    ramp = np.linspace(200, 4200, 1001)[None, None]
    grey = stretched(ramp)
    assert grey.shape == (1, 1001, 3)
    assert (grey[0, 0].tolist(), grey[0, 500].tolist(), grey[0, -1].tolist()) == ([0] * 3, [128] * 3, [255] * 3)
    rgb = np.stack([ramp[0], ramp[0] / 2, 0 * ramp[0]])
    assert np.all(np.diff(stretched(rgb)[0, -1].astype(int)) < 0)  # red > green > blue
    np.testing.assert_array_equal(stretched(np.concatenate([ramp, ramp])), grey)
    assert (stretched(np.full((1, 2, 2), 7)) == 0).all()
    rare = np.zeros((1, 100, 100), np.uint16)
    rare[0, 0, 0] = 9  # fewer pixels than the percentiles leave out
    assert stretched(rare)[0, 0].tolist() == [255] * 3


def test_classes_have_colours_that_repeat_after_seven() -> None:
    assert class_colours(9) == (*COLOURS, *COLOURS[:2])
    assert len(set(COLOURS)) == 7
