"""GeoJSON as QuPath writes it: objects with outlines and classes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from unet_tutorial.datasets.annotations.outlines.outline import FileOutlines, Outline, left_out
from unet_tutorial.datasets.annotations.polygons import OutlineError, Region, filled, union

LINES = ("Point", "MultiPoint", "LineString", "MultiLineString")
REGIONS = ("annotation", "tma_core", "root")  # objects of QuPath that may surround cells


def is_geojson(content: Any) -> bool:
    """Whether a JSON file is GeoJSON."""
    if isinstance(content, list):
        return all(isinstance(item, dict) and item.get("type") == "Feature" for item in content)
    return isinstance(content, dict) and content.get("type") in ("FeatureCollection", "Feature", "GeometryCollection")


def read_geojson(content: Any, size: tuple[int, int]) -> FileOutlines:
    """The polygons of the features, with the names of their classifications.

    If there are detections or cells, the annotations, which only surround them, are left out. OutlineError for a
    geometry of an unknown type.
    """
    features = list(_features(content))
    kinds = [_kind(feature) for feature in features]
    inner = any(kind and kind not in REGIONS for kind in kinds)
    found: list[Outline] = []
    lines = around = 0
    for feature, kind in zip(features, kinds, strict=True):
        polygons = list(_polygons(feature.get("geometry")))
        if inner and kind in REGIONS:
            around += 1
        elif not polygons:
            lines += 1
        else:
            found.append(Outline(_region(polygons, size), _label(feature)))
    remarks = left_out(lines, "points and lines, which have no area")
    return FileOutlines(found, remarks + left_out(around, "annotations of QuPath around its detections or cells"))


def _features(content: Any) -> Iterator[dict[str, Any]]:
    if isinstance(content, list):
        yield from content
    elif content["type"] == "FeatureCollection":
        yield from content["features"]
    elif content["type"] == "Feature":
        yield content
    else:
        yield from ({"geometry": geometry} for geometry in content["geometries"])


def _kind(feature: dict[str, Any]) -> str:
    properties = feature.get("properties") or {}
    return str(properties.get("objectType") or properties.get("object_type") or "").lower()


def _label(feature: dict[str, Any]) -> str:
    """The name of the classification; "" if there is none."""
    classification = (feature.get("properties") or {}).get("classification") or ""
    if isinstance(classification, dict):
        name = classification.get("name") or classification.get("names") or ""
        return ": ".join(map(str, name)) if isinstance(name, list) else str(name)
    return str(classification)


def _polygons(geometry: Any) -> Iterator[list[Any]]:
    """The polygons of a geometry, each an outer ring followed by its holes."""
    if geometry is None:
        return
    kind = geometry["type"]
    if kind == "Polygon":
        yield geometry["coordinates"]
    elif kind == "MultiPolygon":
        yield from geometry["coordinates"]
    elif kind == "GeometryCollection":
        for part in geometry["geometries"]:
            yield from _polygons(part)
    elif kind not in LINES:
        raise OutlineError(f"the geometry {kind} is unknown; export polygons")


def _region(polygons: list[Any], size: tuple[int, int]) -> Region:
    return union([filled([[point[:2] for point in ring] for ring in rings], size) for rings in polygons])
