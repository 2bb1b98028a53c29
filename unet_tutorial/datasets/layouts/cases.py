"""A folder for each image, which holds the image and its labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from unet_tutorial.datasets.images.files import is_readable
from unet_tutorial.datasets.layouts.layout import Entry, Layout
from unet_tutorial.datasets.layouts.listing import all_files, bare_name, entries_of
from unet_tutorial.datasets.layouts.several import several
from unet_tutorial.datasets.layouts.words import normalized, role
from unet_tutorial.datasets.wording import listed


def cases(folders: Sequence[Path], kind: str = "") -> Layout | None:
    """One image from each folder, as in the Data Science Bowl 2018; None if no folder holds one image with labels.

    A folder holds images/ with one file and masks/ with any number, or two files such as image.png and mask.png.
    ``kind`` is as for `several`.

    ValueError if another folder has several images in its images/, because it seems to be a data set of its own.
    """
    images, labels = {}, {}
    crowded: list[Path] = []  # the images of a folder with several
    for folder in folders:
        held = _held(folder)
        if len(held["images"]) > 1 and held["labels"] and folder not in {file.parent for file in held["images"]}:
            crowded = crowded or held["images"]
        if len(held["images"]) == 1 and held["labels"]:
            name = normalized(folder.name)
            images[name], labels[name] = held["images"][0], held["labels"]
    if not images:
        return None
    if crowded:
        raise ValueError(
            f"{crowded[0].parent}: expected one image, as in the folder {next(iter(images))}/, got {len(crowded)} "
            f"({listed(file.name for file in crowded)}); give the folder of one data set, or keep one image here"
        )
    found = several(labels, kind)
    entries = tuple(Entry(name, (image,), found.files[name]) for name, image in images.items())
    per_cell = not found.layers and any(len(entry.labels) > 1 for entry in entries)
    return Layout("a folder for each image", entries, dict(enumerate(found.layers)), one_file_per_cell=per_cell)


def _held(folder: Path) -> dict[str, list[Path]]:
    """The images and the labels in a folder."""
    held: dict[str, list[Path]] = {"images": [], "labels": [], "": []}
    for path in entries_of(folder):
        files = [path] if is_readable(path) else list(filter(is_readable, all_files(path))) if path.is_dir() else []
        held[role(bare_name(path) if is_readable(path) else path.name).holds] += files
    return held
