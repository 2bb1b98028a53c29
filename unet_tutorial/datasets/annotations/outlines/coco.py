"""COCO's JSON: the outlines in many images, as polygons or run-length encoded masks."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from unet_tutorial.datasets.annotations.class_tables import NO_CLASS
from unet_tutorial.datasets.annotations.outlines.outline import FileOutlines, Outline
from unet_tutorial.datasets.annotations.outlines.rle import mask_of, runs_of
from unet_tutorial.datasets.annotations.polygons import OutlineError, Region, filled, union


def is_coco(content: Any) -> bool:
    """Whether a JSON file is one of COCO."""
    return isinstance(content, dict) and {"images", "annotations"} <= content.keys()


def read_coco(content: dict[str, Any], size: tuple[int, int], image_name: str) -> FileOutlines:
    """The outlines in the image of this name, which may lack its suffix and its folders.

    Crowds, which COCO's scores ignore, have a class that marks pixels without a label.

    OutlineError for an image that is not in the file or has another size, and for an annotation without an outline.
    """
    image = _image(content["images"], image_name)
    stated = tuple(int(image[side]) for side in ("height", "width") if side in image)
    if stated and stated != size:
        raise OutlineError(
            f"it states {stated} (height, width) for the image {image_name}, which has {size}; use the same image"
        )
    names = {category["id"]: str(category["name"]) for category in content.get("categories", [])}
    found, crowds = [], 0
    for number, annotation in enumerate(content["annotations"]):
        if annotation["image_id"] != image["id"]:
            continue
        name = f"annotation {annotation.get('id', number)}"
        if annotation.get("iscrowd"):
            crowds += 1
            found.append(Outline(_region(annotation, size, name), NO_CLASS[0]))
            continue
        category = annotation.get("category_id")
        if category not in names and names:
            raise OutlineError(f"{name} has the category {category}, which is not among its categories; correct it")
        found.append(Outline(_region(annotation, size, name), names.get(category, "")))
    words = "object is a crowd" if crowds == 1 else "objects are crowds"
    remark = f"{crowds} {words} (iscrowd), with many cells in one outline: these pixels have no label"
    return FileOutlines(found, [remark] if crowds else [])


def _image(images: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """The image of this name: the one with the most folders in common."""
    wanted = PurePosixPath(name.replace("\\", "/")).parts
    best: list[dict[str, Any]] = []
    most = 0
    for image in images:
        parts = PurePosixPath(str(image["file_name"]).replace("\\", "/")).parts
        if not parts or not _same(parts[-1], wanted[-1]):
            continue
        common = 1
        while common < min(len(parts), len(wanted)) and parts[-1 - common] == wanted[-1 - common]:
            common += 1
        if common >= most:
            best, most = [*(best if common == most else []), image], common
    exact = [image for image in best if PurePosixPath(str(image["file_name"]).replace("\\", "/")).name == wanted[-1]]
    best = exact or best
    if len(best) != 1:
        files = ", ".join(str(image["file_name"]) for image in (best or images)[:3])
        raise OutlineError(
            f"it has {len(best) or 'no'} images of the name {name} (it has {files}{' …' if len(images) > 3 else ''}); "
            "rename the image to its name in the file"
        )
    return best[0]


def _same(file: str, name: str) -> bool:
    """Whether a file has this name, with or without its suffix, which may have two parts (.ome.tif)."""
    parts = file.split(".")
    return any(name == ".".join(parts[:count]) for count in range(max(1, len(parts) - 2), len(parts) + 1))


def _region(annotation: dict[str, Any], size: tuple[int, int], name: str) -> Region:
    outline = annotation.get("segmentation")
    if isinstance(outline, dict):
        counts, stated = outline["counts"], tuple(map(int, outline["size"]))
        if stated != size:
            raise OutlineError(
                f"{name} has a mask of {stated} (height, width), but the image has {size}; export it again"
            )
        try:
            mask = mask_of(runs_of(counts) if isinstance(counts, str) else counts, size)
        except (ValueError, IndexError) as error:
            raise OutlineError(f"{name} has a damaged mask ({error}); export it again") from error
        return Region((slice(0, size[0]), slice(0, size[1])), mask)
    polygons = [polygon for polygon in outline or [] if len(polygon) >= 6]
    if not polygons:
        raise OutlineError(f"{name} has a box but no outline (segmentation); export the outlines, or remove it")
    return union([filled([list(zip(polygon[::2], polygon[1::2], strict=True))], size) for polygon in polygons])
