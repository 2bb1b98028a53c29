"""GeoJSON of QuPath."""

from typing import Any

import numpy as np
import pytest

from unet_tutorial.datasets.annotations.outlines.geojson import is_geojson, read_geojson
from unet_tutorial.datasets.annotations.outlines.outline import Outline

SIZE = (6, 8)
OUTER, HOLE = [[1, 1], [6, 1], [6, 5], [1, 5], [1, 1]], [[2, 2], [4, 2], [4, 4], [2, 4], [2, 2]]
OTHER = [[7, 0], [8, 0], [8, 1], [7, 1], [7, 0]]


def feature(kind: str, coordinates: Any, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": {"type": kind, "coordinates": coordinates}, "properties": properties}


def area(outline: Outline) -> int:
    return outline.region.pixels


def test_polygons_with_holes_and_in_pieces() -> None:
    features = [
        feature("Polygon", [OUTER], classification={"name": "Tumor", "color": [200, 0, 0]}),
        feature("Polygon", [OUTER, HOLE], classification="Stroma"),
        feature("MultiPolygon", [[OUTER, HOLE], [OTHER]], classification={"names": ["Tumor", "Positive"]}),
        feature("Polygon", [[[x, y, 0.0] for x, y in OTHER]]),
        {**feature("Polygon", [OUTER]), "properties": None},
    ]
    for content in (features, {"type": "FeatureCollection", "features": features}):
        found = read_geojson(content, SIZE)
        assert [outline.label for outline in found.outlines] == ["Tumor", "Stroma", "Tumor: Positive", "", ""]
        assert list(map(area, found.outlines)) == [20, 16, 17, 1, 20]
    (single,) = read_geojson(features[1], SIZE).outlines
    image = np.zeros(SIZE, bool)
    image[single.region.where] = single.region.mask
    assert not image[2:4, 2:4].any()


def test_collections_of_geometries() -> None:
    geometries = [{"type": "Polygon", "coordinates": [OUTER]}, {"type": "Polygon", "coordinates": [OTHER]}]
    content = {"type": "GeometryCollection", "geometries": geometries}
    assert list(map(area, read_geojson(content, SIZE).outlines)) == [20, 1]
    assert list(map(area, read_geojson({"type": "Feature", "geometry": content}, SIZE).outlines)) == [21]


def test_points_and_annotations_around_cells_are_left_out_with_sentences() -> None:
    features = [
        feature("Point", [1, 1]),
        feature("Polygon", [OUTER], objectType="annotation"),
        feature("Polygon", [HOLE], objectType="detection"),
        feature("Polygon", [OTHER], objectType="cell"),
    ]
    found = read_geojson(features, SIZE)
    assert list(map(area, found.outlines)) == [4, 1]
    assert len(found.remarks) == 2
    assert list(map(area, read_geojson(features[:2], SIZE).outlines)) == [20]


def test_unknown_geometries_and_outlines_outside_are_refused() -> None:
    with pytest.raises(ValueError, match="the geometry Circle is unknown"):
        read_geojson([feature("Circle", [1, 1])], SIZE)
    with pytest.raises(ValueError, match="lies outside the image"):
        read_geojson([feature("Polygon", [[[90, 90], [95, 90], [95, 95], [90, 90]]])], SIZE)


def test_other_json_is_not_geojson() -> None:
    assert is_geojson([])
    assert is_geojson([feature("Polygon", [OUTER])])
    assert not any(map(is_geojson, [{}, [1], {"type": "Topology"}, 3]))
