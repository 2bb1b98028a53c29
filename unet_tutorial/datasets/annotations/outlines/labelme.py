"""labelme's JSON: the shapes in one image."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np

from unet_tutorial.datasets.annotations.outlines.outline import FileOutlines, Outline, left_out
from unet_tutorial.datasets.annotations.polygons import OutlineError, Region, ellipse, filled, union

LINES = ("point", "points", "line", "linestrip")  # shapes without an area


def is_labelme(content: Any) -> bool:
    """Whether a JSON file is one of labelme."""
    return isinstance(content, dict) and "shapes" in content


def read_labelme(content: dict[str, Any], size: tuple[int, int]) -> FileOutlines:
    """The shapes of an image: polygons, rectangles, circles and masks. Shapes of one group are one cell.

    OutlineError for an image of another size, and for a shape of another type.
    """
    stated = content.get("imageHeight"), content.get("imageWidth")
    if None not in stated and stated != size:
        raise OutlineError(f"it states {stated} (height, width) for its image, which has {size}; use the same image")
    lines = 0
    groups: dict[tuple[str, Any], list[Region]] = {}
    for number, shape in enumerate(content["shapes"], start=1):
        kind = shape.get("shape_type") or "polygon"
        if kind in LINES:
            lines += 1
            continue
        # shapes without a group have keys of their own
        group = (str(shape["label"]), (number, "shape") if shape.get("group_id") is None else shape["group_id"])
        groups.setdefault(group, []).append(_region(kind, shape, size))
    found = [Outline(union(regions), label) for (label, _), regions in groups.items()]
    return FileOutlines(found, left_out(lines, "points and lines, which have no area"))


def _region(kind: str, shape: dict[str, Any], size: tuple[int, int]) -> Region:
    points = [(float(x), float(y)) for x, y in shape["points"]]
    if kind == "polygon":
        return filled([points], size)
    (x0, y0), (x1, y1) = points[:2]
    if kind == "rectangle":
        return filled([[(x0, y0), (x1, y0), (x1, y1), (x0, y1)]], size)
    if kind == "circle":
        radius = float(np.hypot(x1 - x0, y1 - y0))
        return ellipse((x0 - radius, y0 - radius, x0 + radius, y0 + radius), size)
    if kind == "mask":
        return _mask(shape["mask"], round(min(y0, y1)), round(min(x0, x1)), size)
    raise OutlineError(f"the shape type {kind} is unknown; draw polygons, rectangles or circles")


def _mask(text: str, top: int, left: int, size: tuple[int, int]) -> Region:
    """A mask as base64 of a PNG file, with its upper left pixel at row ``top`` and column ``left``."""
    from PIL import Image

    with Image.open(io.BytesIO(base64.b64decode(text))) as file:
        mask = np.array(file.convert("L")) > 0
    if min(top, left) < 0 or top + mask.shape[0] > size[0] or left + mask.shape[1] > size[1]:
        raise OutlineError("a mask lies partly outside the image; use the same image")
    return Region((slice(top, top + mask.shape[0]), slice(left, left + mask.shape[1])), mask)
