"""HDF5 files that hold both an image and its labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from unet_tutorial.datasets.files import stem
from unet_tutorial.datasets.layouts.layout import Entry, Layout
from unet_tutorial.datasets.layouts.words import role
from unet_tutorial.disk import one_line


def containers(files: Sequence[Path]) -> Layout | None:
    """One image from each HDF5 file, with labels; None if the files do not hold both.

    They are found by the names of the arrays, such as raw and label. ValueError for a file with an image but without
    labels or with several arrays of labels, if another file holds both.
    """
    found = [(file, _arrays(file)) for file in files]
    if not any(held["images"] and held["labels"] for _, held in found):
        return None
    for file, held in found:
        for kind, names in (("an image", held["images"]), ("labels", held["labels"])):
            if len(names) != 1:
                raise ValueError(
                    f"{file}: expected one array with {kind} in it, got {', '.join(names) or 'none'}; "
                    "name them raw and label, and remove the others"
                )
    entries = tuple(
        Entry(stem(file), (Path(f"{file}:{held['images'][0]}"),), (Path(f"{file}:{held['labels'][0]}"),))
        for file, held in found
    )
    return Layout("HDF5 files", entries)


def _arrays(file: Path) -> dict[str, list[str]]:
    """The paths of the arrays (of at least two axes) in a file whose names say images or labels."""
    try:
        import h5py
    except ImportError as error:
        raise ValueError(
            f"{file}: HDF5 files need h5py; pip install -c constraints.txt -r requirements-formats.txt"
        ) from error
    held: dict[str, list[str]] = {"images": [], "labels": []}

    def note(name: str, item: Any) -> None:
        words = [role(part).holds for part in reversed(name.split("/"))]
        holds = next(filter(None, words), "")
        if isinstance(item, h5py.Dataset) and item.ndim >= 2 and holds:
            held[holds].append(f"/{name}")

    try:
        with h5py.File(file) as content:
            content.visititems(note)
    except OSError as error:
        raise ValueError(f"{file}: cannot be read as HDF5 ({one_line(error)}); get the file again") from error
    return held
