"""COCO: one JSON file with the outlines in all images of a folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from unet_tutorial.datasets.images.files import is_readable
from unet_tutorial.datasets.layouts.layout import Entry, FoundLayout, Layout
from unet_tutorial.datasets.layouts.listing import all_files, name_of
from unet_tutorial.datasets.layouts.nnunet import read_json
from unet_tutorial.datasets.layouts.words import normalized
from unet_tutorial.datasets.wording import listed


def coco_images(file: Path) -> list[str]:
    """The names of the images in a JSON file of COCO; [] for any other JSON file."""
    content: Any = read_json(file)
    if not isinstance(content, dict) or not {"images", "annotations"} <= content.keys():
        return []
    try:
        return [str(image["file_name"]) for image in content["images"]]
    except (KeyError, TypeError) as error:
        raise ValueError(f"{file}: its images have no file_name, which COCO demands; export it again") from error


def coco(file: Path, names: Sequence[str], folder: Path) -> FoundLayout:
    """The images that a JSON file of COCO names, in a folder or below it; other images there are left out.

    ValueError for an image that is missing.
    """
    images = list(filter(is_readable, all_files(folder)))
    found = {name: _find(name, images) for name in names}
    missing = [name for name, path in found.items() if path is None]
    if missing:
        raise ValueError(
            f"{file}: {len(missing)} of the {len(names)} images in it are not in {folder} ({listed(missing)}); "
            "copy them into the folder, or export the file again"
        )
    paths = sorted(path for path in found.values() if path is not None)
    unused = {path: f"not in {file.name}" for path in images if path not in paths}
    entries = tuple(Entry(name_of(path, folder), (path,), (file,)) for path in paths)
    return FoundLayout(Layout(f"{folder.name}/ and {file.name} (COCO)", entries), unused)


def _find(name: str, images: Sequence[Path]) -> Path | None:
    """The image of this name: the one whose path ends like it, or else the only one with the name of the file."""
    parts = PurePosixPath(normalized(name).replace("\\", "/")).parts
    for last in (len(parts), 1):
        found = [path for path in images if tuple(map(normalized, path.parts[-last:])) == parts[-last:]]
        if len(found) == 1:
            return found[0]
    return None
