"""Outlines of instances: drawn on the image, as GeoJSON polygons, and as ROIs of ImageJ.

Polygons follow the edges of pixels: the pixel in row r and column c covers the square from (x, y) = (c, r) to
(c + 1, r + 1). So the pixels whose centre is inside a polygon are exactly those of the instance.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.inference.instances import InstanceMap

# Colours of Okabe & Ito, which colour-blind readers can tell apart
SKY_BLUE, ORANGE, GREEN, PURPLE = "#56b4e9", "#e69f00", "#009e73", "#cc79a7"
YELLOW, BLUE, VERMILION = "#f0e442", "#0072b2", "#d55e00"
COLOURS = (SKY_BLUE, ORANGE, GREEN, PURPLE, YELLOW, BLUE, VERMILION)
STRETCH = (0.5, 99.5)  # percentiles of the image that become black and white
LARGEST_INTEGER = 60535  # ImageJ stores larger coordinates as floats
STEPS = np.array([(0, 1), (1, 0), (0, -1), (-1, 0)])  # along the upper, right, lower, left side of a pixel, clockwise
STARTS = np.array([(0, 0), (0, 1), (1, 1), (1, 0)])  # corner at which each of these sides starts
MOVE_TO, LINE_TO, CLOSE = 0, 1, 4  # parts of a path in ImageJ's ROIs

Ring = NDArray[np.int64]  # corners (n, 2) as x, y; the last one is not repeated


class Polygon(NamedTuple):
    """A connected region: its outline, and the outlines of its holes."""

    outer: Ring
    holes: list[Ring]


class Outline(NamedTuple):
    """The polygons of one instance in one slice; an image is slice 0."""

    number: int
    plane: int
    polygons: list[Polygon]


def class_colours(count: int) -> tuple[str, ...]:
    """A colour "#rrggbb" for each class. After seven classes the colours repeat."""
    return tuple(COLOURS[kind % len(COLOURS)] for kind in range(count))


def outlines(labels: NDArray[Any]) -> list[Outline]:
    """The outlines of the instances in a label image (H, W) or stack (D, H, W), by slice and number."""
    planes = labels.reshape(-1, *labels.shape[-2:])
    return [outline for plane, image in enumerate(planes) for outline in _of_plane(image, plane)]


def _of_plane(labels: NDArray[Any], plane: int) -> list[Outline]:
    from skimage.measure import label

    components = label(labels, background=0, connectivity=1)
    number_of = np.zeros(components.max() + 1, np.int64)
    number_of[components] = labels
    polygons: dict[int, Polygon] = {}
    # the outline of a component comes before those of its holes, because its first side is the first in reading order
    for component, ring in _rings(components):
        if component in polygons:
            polygons[component].holes.append(ring)
        else:
            polygons[component] = Polygon(ring, [])
    found: dict[int, list[Polygon]] = {}
    for component, polygon in polygons.items():
        found.setdefault(int(number_of[component]), []).append(polygon)
    return [Outline(number, plane, found[number]) for number in sorted(found)]


def _rings(components: NDArray[Any]) -> Iterator[tuple[int, Ring]]:
    """The closed lines around components (positive area) and around their holes (negative), with their component.

    A line follows the sides of pixels, with its component on the right. Where two pixels of a component touch only at a
    corner, the line does not cross from one to the other.
    """
    grid = np.pad(components, 1)
    # a side of a pixel is part of a line if the pixel beyond it belongs to another component
    per_side = [np.argwhere((grid > 0) & (grid != np.roll(grid, STEPS[side - 3], (0, 1)))) for side in range(4)]
    pixels = np.concatenate(per_side)  # (sides, 2)
    side = np.repeat(np.arange(4), [len(part) for part in per_side])
    own, ahead, beyond = (
        grid[tuple(at.T)] for at in (pixels, pixels + STEPS[side], pixels + STEPS[side] + STEPS[side - 1])
    )
    left, right = (ahead == own) & (beyond == own), ahead != own  # turns at the end of the side
    turn = np.where(right, 1, np.where(left, -1, 0))
    to = pixels + np.where(right, 0, 1)[:, None] * STEPS[side] + np.where(left, 1, 0)[:, None] * STEPS[side - 1]
    key, next_key = pixels @ (4 * grid.shape[1], 4) + side, to @ (4 * grid.shape[1], 4) + (side + turn) % 4
    order = np.argsort(key)
    following = order[np.searchsorted(key, next_key, sorter=order)]
    is_corner = np.zeros(len(pixels), bool)  # of the start of the side
    is_corner[following] = turn != 0
    corners = (pixels + STARTS[side] - 1)[:, ::-1]
    yield from ((int(own[line[0]]), corners[line]) for line in _cycles(order.tolist(), following.tolist(), is_corner))


def _cycles(order: list[int], following: list[int], kept: NDArray[np.bool_]) -> Iterator[list[int]]:
    """The cycles of a permutation, by their first element in ``order``; only the elements that are ``kept``."""
    is_kept, new = kept.tolist(), [True] * len(following)
    for at in order:
        cycle = []
        while new[at]:
            new[at] = False
            if is_kept[at]:
                cycle.append(at)
            at = following[at]
        if cycle:
            yield cycle


def geojson(maps: Sequence[InstanceMap], names: Sequence[str], colours: Sequence[str] = ()) -> str:
    """The instances as a GeoJSON FeatureCollection, which QuPath opens as annotations.

    ``maps`` are the instances of an image (H, W), or of each of its layers; ``names`` and ``colours`` are those of
    all classes. The coordinates are x, y in pixels. Raises ValueError for a stack, because GeoJSON has no slices.
    """
    if any(found.labels.ndim != 2 for found in maps):
        raise ValueError("GeoJSON holds the outlines of one image, not of a stack; write ROIs, --outlines rois")
    shades = colours or class_colours(len(names))
    features = [
        {
            "type": "Feature",
            "geometry": _geometry(outline.polygons),
            "properties": {
                "objectType": "annotation",
                "name": str(outline.number),
                "classification": {"name": names[kind], "color": list(bytes.fromhex(shades[kind][1:]))},
            },
        }
        for found in maps
        for outline in outlines(found.labels)
        for kind in [found.classes[outline.number - 1]]
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}) + "\n"


def _geometry(polygons: list[Polygon]) -> dict[str, Any]:
    closed = [[[*ring.tolist(), ring[0].tolist()] for ring in (each.outer, *each.holes)] for each in polygons]
    if len(closed) == 1:
        return {"type": "Polygon", "coordinates": closed[0]}
    return {"type": "MultiPolygon", "coordinates": closed}


def write_rois(path: Path, maps: Sequence[InstanceMap], names: Sequence[str]) -> None:
    """Write the instances as a ZIP file of ROIs, which the ROI Manager of ImageJ opens; one ROI per slice.

    ``maps`` and ``names`` are those of ``geojson``; images may be stacks. The group of a ROI is the number of its
    class, from 1, if there are several. Raises ValueError if the package roifile is missing.
    """
    require_roifile()
    layered, one_class = len(maps) > 1, len(maps) == 1 and len(names) <= 2
    with ZipFile(path, "w") as archive:
        for found in maps:
            for outline in outlines(found.labels):
                kind = int(found.classes[outline.number - 1])
                name = f"{outline.number:04d} {names[kind]}".replace("/", "-")
                if found.labels.ndim == 3:
                    name += f" slice {outline.plane + 1:04d}"
                archive.writestr(
                    f"{name}.roi", _roi(outline, name, 0 if one_class else kind + layered, found.labels.ndim)
                )


def require_roifile() -> None:
    """Raise ValueError if the package roifile is missing."""
    try:
        import roifile  # noqa: F401
    except ImportError as error:
        raise ValueError(
            "ROIs need the package roifile, which is missing; "
            "install it: pip install -c constraints.txt -r requirements-formats.txt"
        ) from error


def _roi(outline: Outline, name: str, group: int, ndim: int) -> bytes:
    from roifile import ROI_TYPE, ImagejRoi

    rings = [ring for polygon in outline.polygons for ring in (polygon.outer, *polygon.holes)]
    points = np.concatenate(rings)
    kind = np.int32 if points.max() <= LARGEST_INTEGER else np.float32
    roi = ImagejRoi.frompoints(points.astype(kind), name=name)
    roi.roitype = ROI_TYPE.TRACED if kind is np.int32 else ROI_TYPE.FREEHAND
    roi.right, roi.bottom = points.max(axis=0).tolist()
    if len(rings) > 1:  # a composite of several lines
        roi.roitype = ROI_TYPE.RECT
        roi.multi_coordinates = np.concatenate([_path(ring) for ring in rings])
        roi.shape_roi_size = len(roi.multi_coordinates)
    roi.group = group
    roi.position = outline.plane + 1 if ndim == 3 else 0
    return bytes(roi.tobytes())


def _path(ring: Ring) -> NDArray[np.float32]:
    """A closed line as ImageJ stores it: numbers for move to x y, line to x y, …, close."""
    steps = [(MOVE_TO if i == 0 else LINE_TO, x, y) for i, (x, y) in enumerate(ring.tolist())]
    return np.array([*np.ravel(steps), CLOSE], np.float32)


def overlay(image: NDArray[Any], maps: Sequence[InstanceMap], colours: Sequence[str]) -> NDArray[np.uint8]:
    """The image in grey or colour with the outlines of its instances: (C, *size) -> (*size, 3), 0 .. 255.

    Three channels are shown as red, green and blue, and any other number as their mean, in grey. ``colours`` holds
    one "#rrggbb" per class. An outline is one pixel wide: the pixels of an instance at the border of the image or with
    a neighbour, in the same slice, that belongs to no or to another instance.
    """
    picture = stretched(image)
    for found in maps:
        numbers = np.pad(found.labels, [(0, 0)] * (found.labels.ndim - 2) + [(1, 1)] * 2)
        inner = numbers[..., 1:-1, 1:-1]
        near = (numbers[..., :-2, 1:-1], numbers[..., 2:, 1:-1], numbers[..., 1:-1, :-2], numbers[..., 1:-1, 2:])
        edge = (inner > 0) & np.any([inner != other for other in near], axis=0)
        shades = np.array([list(bytes.fromhex(colour[1:])) for colour in colours], np.uint8)
        picture[edge] = shades[found.classes[inner[edge].astype(np.int64) - 1]]
    return picture


def stretched(image: NDArray[Any]) -> NDArray[np.uint8]:
    """The image as RGB of 8 bits, with the percentiles ``STRETCH`` as black and white: (C, *size) -> (*size, 3)."""
    channels = image if len(image) in (1, 3) else image.mean(axis=0, keepdims=True)
    low, high = np.percentile(channels, STRETCH)
    if low == high:
        low, high = float(channels.min()), float(channels.max())
    share = (channels.astype(np.float32) - np.float32(low)) / np.float32(high - low or 1)
    levels = (255 * share.clip(0, 1)).round().astype(np.uint8)
    return np.moveaxis(np.broadcast_to(levels, (3, *levels.shape[1:])), 0, -1).copy()
