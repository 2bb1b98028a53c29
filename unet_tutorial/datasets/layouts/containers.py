"""HDF5 files and zarr folders that hold both an image and its labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from unet_tutorial.datasets.images.decode import HDF5
from unet_tutorial.datasets.images.decoded import ContentError
from unet_tutorial.datasets.images.files import stem
from unet_tutorial.datasets.images.volumes import hdf5_arrays, is_ome_image, package, zarr_nodes
from unet_tutorial.datasets.layouts.layout import Entry, Layout
from unet_tutorial.datasets.layouts.words import role
from unet_tutorial.disk import one_line


def containers(files: Sequence[Path]) -> Layout | None:
    """One image from each HDF5 file or zarr folder, with its labels; None if none of them holds both.

    They are found by the names of the arrays, such as raw and label; an OME-Zarr image has its labels in labels/NAME.
    ValueError for a file that does not hold exactly one image and one array of labels, if another file holds both.
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
        Entry(stem(file), (_inside(file, held["images"][0]),), (_inside(file, held["labels"][0]),))
        for file, held in found
    )
    return Layout("files that hold an image and its labels", entries)


def _inside(file: Path, name: str) -> Path:
    """The path of an array in a file, as `files.read` takes it."""
    return file if name == "/" else Path(f"{file}:{name}")


def _arrays(file: Path) -> dict[str, list[str]]:
    """The paths of the arrays in a file whose names say images or labels."""
    held: dict[str, list[str]] = {"images": [], "labels": []}
    for name in _hdf5_arrays(file) if file.suffix.lower() in HDF5 else _zarr_arrays(file):
        words = [role(part).holds for part in reversed(name.split("/"))]
        holds = "images" if name == "/" else next(filter(None, words), "")
        if holds:
            held[holds].append(name)
    return held


def _hdf5_arrays(file: Path) -> list[str]:
    """The paths of the arrays of at least two axes in an HDF5 file."""
    h5py = _package("h5py", file)
    try:
        with h5py.File(file) as content:
            return list(hdf5_arrays(content))
    except OSError as error:
        raise ValueError(f"{file}: cannot be read as HDF5 ({one_line(error)}); get the file again") from error


def _zarr_arrays(folder: Path) -> list[str]:
    """The paths of the arrays of at least two axes in a zarr folder; of an OME-Zarr image, that of its group."""
    zarr = _package("zarr", folder)
    try:
        nodes = zarr_nodes(folder)
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(f"{folder}: cannot be read as zarr ({one_line(error)}); get the folder again") from error
    images = [name for name, node in nodes.items() if is_ome_image(node)]
    arrays = [name for name, node in nodes.items() if isinstance(node, zarr.Array) and node.ndim >= 2]
    # the arrays directly in the group of an image are its resolutions
    return [*images, *(name for name in arrays if (name.rpartition("/")[0] or "/") not in images)]


def _package(name: str, file: Path) -> Any:
    """An optional package for a file format. ValueError, with the name of the file, if it is not installed."""
    try:
        return package(name)
    except ContentError as error:
        raise ValueError(f"{file}: {error}") from error
