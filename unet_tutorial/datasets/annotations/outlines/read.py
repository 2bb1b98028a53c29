"""Reads the outlines of one image from files of any format, and fills them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.datasets.annotations.class_tables import marks_unlabelled
from unet_tutorial.datasets.annotations.labels import Instances
from unet_tutorial.datasets.annotations.outlines.coco import is_coco, read_coco
from unet_tutorial.datasets.annotations.outlines.geojson import is_geojson, read_geojson
from unet_tutorial.datasets.annotations.outlines.imagej import read_imagej
from unet_tutorial.datasets.annotations.outlines.labelme import is_labelme, read_labelme
from unet_tutorial.datasets.annotations.outlines.outline import FileOutlines, left_out
from unet_tutorial.datasets.annotations.polygons import OutlineError, painted
from unet_tutorial.disk import one_line

SMALLEST = "each belongs to the smallest of them"
OUTLINES = (".json", ".geojson", ".roi", ".zip")  # suffixes


class Outlines(NamedTuple):
    """The outlines of an image, filled.

    ``instances`` (*size) int32 holds the numbers 1 .. n of the outlines, ``classes`` (*size) the class of each pixel, 0
    outside or 1 + its position in ``names``; "" is the name of outlines without one. ``remarks`` are sentences for the
    user.
    """

    instances: Instances
    classes: NDArray[np.int32]
    names: tuple[str, ...]
    remarks: tuple[str, ...]


def read_outlines(paths: Sequence[Path], size: tuple[int, ...], image_name: str) -> Outlines:
    """The outlines of an image (H, W), or a stack (D, H, W), in files of COCO, labelme, QuPath or ImageJ.

    A pixel belongs to an outline if its centre lies inside, and to the smallest one if there are several.

    ValueError, with the name of the file, for a file of another format or a damaged one, and for outlines that cannot
    be those of this image: its size or its name is another one, or an outline lies outside of it.
    """
    found = []
    for path in paths:
        try:
            found.append(_read(path, size, image_name))
        except PermissionError:
            raise
        except OutlineError as error:
            raise ValueError(f"{path}: {error}") from error
        except Exception as error:  # JSON of the right form may hold anything in any place
            raise ValueError(f"{path}: its outlines cannot be read ({one_line(error)}); export it again") from error
    outlines = [outline for each in found for outline in each.outlines]
    names = tuple(sorted({outline.label for outline in outlines}))
    instances, shared = painted([outline.region for outline in outlines], size)
    numbers = np.array([0, *(1 + names.index(outline.label) for outline in outlines)], np.int32)
    remarks = [remark for each in found for remark in each.remarks]
    remarks += left_out(
        sum(not outline.region.pixels for outline in outlines), "outlines without the centre of a pixel"
    )
    if shared:
        remarks.append(f"{shared} pixels lie in several outlines; {SMALLEST}")
    where = paths[0] if len(paths) == 1 else paths[0].parent
    told = [f"{where}, {image_name}: {each}" for each in remarks]
    told += [f"outlines of the class {name} mark pixels without a label" for name in names if marks_unlabelled(name)]
    return Outlines(instances, numbers[instances], names, tuple(told))


def _read(path: Path, size: tuple[int, ...], image_name: str) -> FileOutlines:
    if path.suffix.lower() in (".roi", ".zip"):
        return read_imagej(path, size)
    state = path.stat()
    content = _json(path, state.st_mtime_ns, state.st_size)
    if len(size) != 2:
        raise OutlineError(
            f"it has outlines for a single image, but the image is a stack of {size[0]} slices; save each slice"
        )
    height, width = size
    if is_coco(content):
        return read_coco(content, (height, width), image_name)
    if is_labelme(content):
        return read_labelme(content, (height, width))
    if is_geojson(content):
        return read_geojson(content, (height, width))
    raise OutlineError(
        "this JSON is not of COCO, labelme or QuPath (GeoJSON); export the outlines in one of these formats"
    )


@lru_cache(maxsize=1)  # COCO's file, which may be large, is read once for all its images
def _json(path: Path, modified: int, size: int) -> Any:  # noqa: ARG001 (they tell whether the file is still the same)
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise OutlineError(f"this is not a JSON file ({one_line(error)}); export it again") from error
