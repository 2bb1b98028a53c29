"""Decodes NIfTI, NRRD, HDF5 and zarr files, each with an optional package."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import ceil, prod
from pathlib import Path
from typing import Any

import numpy as np

from unet_tutorial import packages
from unet_tutorial.datasets.images.calibration import known_lengths, micrometres
from unet_tutorial.datasets.images.decoded import (
    ContentError,
    Decoded,
    Unread,
    logged_errors,
    placeholder,
    require_plausible,
)
from unet_tutorial.datasets.images.image import ALPHA, RGB, Array

LETTERS = {"x": "X", "y": "Y", "z": "Z", "c": "C", "channel": "C", "channels": "C", "t": "T", "time": "T"}
NIFTI_UNITS = {"meter": "m", "mm": "mm", "micron": "µm"}
NRRD_COLOURS = {"RGB-color": RGB, "RGBA-color": (*RGB, ALPHA)}
NRRD_KINDS = {"domain": "space", "space": "space", "time": "T", **dict.fromkeys(NRRD_COLOURS, "S")}
NRRD_SPACES = {  # signs that turn the directions of a space into right, anterior and superior
    **dict.fromkeys(("right-anterior-superior", "ras"), (1, 1, 1)),
    **dict.fromkeys(("left-anterior-superior", "las"), (-1, 1, 1)),
    **dict.fromkeys(("left-posterior-superior", "lps"), (-1, -1, 1)),
}
LISTED = 10  # arrays that a message lists


def read_nifti(path: Path) -> Decoded:
    """The array of a NIfTI file in the order (z, y, x), the reverse of the file's.

    By definition the fourth axis of the file is time, but it often holds channels; its letter is Q. The fifth is C.
    """
    nibabel = package("nibabel")
    with nibabel.imageglobals.LoggingOutputSuppressor(), logged_errors("nibabel.global"):
        image = nibabel.load(path)
    if len(image.shape) > 5:
        raise ContentError(f"expected at most 5 axes (x, y, z, t, channel), got the shape {image.shape}")
    require_plausible(image.shape, image.get_data_dtype(), lambda: path.stat().st_size)
    array = np.asanyarray(image.dataobj).T
    sizes, unit = image.header.get_zooms(), image.header.get_xyzt_units()[0]
    lengths = {axis: micrometres(size, NIFTI_UNITS.get(unit, "")) for axis, size in zip("XYZ", sizes, strict=False)}
    remarks: tuple[str, ...] = ()
    if unit == "unknown" and any(size != 1 for size in sizes[:3]):
        remarks = ("its header names no unit of length, so the size of a voxel is left out",)
    return Decoded(array, "CQZYX"[5 - array.ndim :], spacing=known_lengths(lengths), remarks=remarks)


def read_nrrd(path: Path) -> Decoded:
    """The array of an NRRD file in the order (z, y, x), the reverse of the file's."""
    nrrd = package("nrrd")
    with path.open("rb") as file:
        header = nrrd.read_header(file)
        if "datafile" in header or "data file" in header:
            raise ContentError("its pixels are in another file; save both as one NRRD file, or as TIFF")
        shape = tuple(int(size) for size in header["sizes"][::-1])
        require_plausible(shape, np.uint8, lambda: path.stat().st_size)  # at least one byte per value
        array = nrrd.read_data(header, file, str(path), index_order="C")
    kinds = list(header.get("kinds", []))[::-1]
    axes = axis_letters([NRRD_KINDS.get(kind, "C") for kind in kinds] or len(shape) * [""])
    samples = next((NRRD_COLOURS[kind] for kind in kinds if kind in NRRD_COLOURS), ())
    lengths = [micrometres(*pair) for pair in _nrrd_lengths(header, len(shape))][::-1]
    return Decoded(array, axes, samples=samples, spacing=known_lengths(dict(zip(axes, lengths, strict=True))))


def _nrrd_lengths(header: Mapping[str, Any], rank: int) -> list[tuple[float, str]]:
    """The length of a voxel and its unit for each axis, in the order of the header."""
    if "space directions" in header:
        units = set(header.get("space units", []))
        unit = units.pop() if len(units) == 1 else ""
        rows = [[np.nan] if row is None else row for row in header["space directions"]]
        return [(float(np.linalg.norm(row)), unit) for row in rows]
    lengths, units = header.get("spacings", rank * [np.nan]), header.get("units", rank * [""])
    return [(float(length), str(unit)) for length, unit in zip(lengths, units, strict=True)]


def orientation(path: Path) -> str:
    """The directions in which the axes x, y and z of a NIfTI or NRRD file grow: "RAS" for right, anterior, superior.

    It is "" if the header does not state them, and for files of other formats. The file must be one that can be read.
    """
    name = path.name.lower()
    if name.endswith((".nii", ".nii.gz")):
        nibabel = package("nibabel")
        with nibabel.imageglobals.LoggingOutputSuppressor(), logged_errors("nibabel.global"):
            image = nibabel.load(path)
        stated = image.header["sform_code"] or image.header["qform_code"]
        return _directions(image.affine[:3, :3].T) if stated else ""
    if name.endswith(".nrrd"):
        header = package("nrrd").read_header(str(path))
        signs = NRRD_SPACES.get(str(header.get("space", "")).lower())
        rows = [row for row in header.get("space directions", []) if row is not None and np.isfinite(row).all()]
        return _directions(np.array(rows) * signs) if signs and np.shape(rows) == (3, 3) else ""
    return ""


def _directions(axes: Array) -> str:
    """The letter of the main direction of each axis; the components are towards right, anterior and superior."""
    main = [int(np.argmax(np.abs(axis))) for axis in axes]
    return "".join("RAS"[place] if axis[place] > 0 else "LPI"[place] for axis, place in zip(axes, main, strict=True))


def read_hdf5(path: Path, inside: str) -> Decoded:
    """The array at the path ``inside`` an HDF5 file, which may be "" if the file holds one array.

    The names of its axes are read from the labels of its dimensions or from ilastik's attribute axistags, the size of a
    voxel from the attribute element_size_um of ilastik and Fiji.
    """
    h5py = package("h5py")
    with h5py.File(path, "r") as file:
        found = _chosen(hdf5_arrays(file), inside, path)
        require_plausible(found.shape, found.dtype, lambda: path.stat().st_size)
        names = [dimension.label for dimension in found.dims]
        if "axistags" in found.attrs:
            names = [str(axis["key"]) for axis in json.loads(found.attrs["axistags"])["axes"]]
        axes = axis_letters([LETTERS.get(name.lower(), "") for name in names])
        sizes = np.ravel(found.attrs.get("element_size_um", ()))
        spatial = [axis for axis in axes if axis in "ZYXQ"][-len(sizes) :] if len(sizes) else []
        lengths = {axis: micrometres(size, "µm") for axis, size in zip(spatial[::-1], sizes[::-1], strict=False)}
        return Decoded(np.asarray(found[()]), axes, spacing=known_lengths(lengths))


def hdf5_arrays(file: Any) -> dict[str, Any]:
    """The arrays of two or more axes in an open HDF5 file, by their paths."""
    h5py = package("h5py")
    arrays: dict[str, Any] = {}

    def collect(name: str, node: Any) -> None:
        if isinstance(node, h5py.Dataset) and node.ndim >= 2:
            arrays[f"/{name}"] = node

    file.visititems(collect)
    return arrays


def zarr_nodes(path: Path) -> dict[str, Any]:
    """The groups and arrays of a zarr folder by their paths; that of the folder itself is "/"."""
    zarr = package("zarr")
    with warnings.catch_warnings(action="ignore"):
        root = zarr.open(str(path), mode="r")
        inside = root.members(max_depth=None) if isinstance(root, zarr.Group) else ()
        return {"/": root, **{f"/{name}": node for name, node in inside}}


def read_zarr(path: Path, inside: str) -> Decoded:
    """An array of a zarr folder; the highest resolution where the folder is an OME-Zarr image.

    ``inside`` is the path of an array or image in the folder; it may be "" if there is only one.
    """
    found = open_zarr(path, inside)
    array = found.pixels
    require_plausible(array.shape, array.dtype, lambda: sum(file.stat().st_size for file in path.rglob("*")))
    return replace(found.about, array=np.asarray(array[...]))


def open_zarr(path: Path, inside: str) -> Unread:
    """The same array as `read_zarr`, of which no pixel is read."""
    zarr = package("zarr")
    nodes = zarr_nodes(path)
    with warnings.catch_warnings(action="ignore"):
        pictures = {name: node for name, node in nodes.items() if is_ome_image(node)}
        levels = tuple(name.rstrip("/") + "/" for name in pictures)
        arrays = {name: node for name, node in nodes.items() if isinstance(node, zarr.Array) and node.ndim >= 2}
        single = {name: node for name, node in arrays.items() if not name.startswith(levels)} if levels else arrays
        labels = {name for name in pictures if "/labels/" in name}
        offered = pictures | single
        if not inside and len(offered) > 1:
            offered = {name: node for name, node in offered.items() if name not in labels}
        node = _chosen(offered if not inside else pictures | arrays, inside, path)
        if isinstance(node, zarr.Array):
            return _unread(path, node, _dimension_names(node))
        return _ome_zarr(path, node)


def _ome_zarr(path: Path, group: Any) -> Unread:
    """The first, that is the largest, array of an OME-Zarr image (versions 0.1 to 0.5)."""
    attributes = _ome_attributes(group)
    image = attributes["multiscales"][0]
    level = image["datasets"][0]
    array = group[level["path"]]
    axes = [axis if isinstance(axis, Mapping) else {"name": axis} for axis in image.get("axes", "tczyx"[-array.ndim :])]
    kinds = {"space": "space", "channel": "C", "time": "T"}
    names = [LETTERS.get(str(axis["name"]).lower(), kinds.get(axis.get("type", ""), "")) for axis in axes]
    transforms = [*level.get("coordinateTransformations", []), *image.get("coordinateTransformations", [])]
    scale, translation = np.ones(array.ndim), np.zeros(array.ndim)
    for transform in transforms:
        factor = np.asarray(transform.get("scale", 1.0), float)
        scale, translation = scale * factor, translation * factor + np.asarray(transform.get("translation", 0.0), float)
    units = [str(axis.get("unit", "")) for axis in axes]
    lengths = [micrometres(size, unit) for size, unit in zip(scale, units, strict=True)]
    channels = tuple(str(channel.get("label", "")) for channel in attributes.get("omero", {}).get("channels", []))
    found = _unread(path, array, names)
    letters = found.about.axes
    spacing = known_lengths({axis: length for axis, length in zip(letters, lengths, strict=True) if axis in "ZYX"})
    moved = zip(letters, translation.tolist(), units, strict=True)
    places = {axis: place * (micrometres(1, unit) or 0) for axis, place, unit in moved if axis in spacing}
    about = replace(found.about, channels=channels, spacing=spacing)
    return replace(found, about=about, translation=places if any(places.values()) else {})


def _ome_attributes(node: Any) -> Mapping[str, Any]:
    """The OME metadata of a group: under "ome" since version 0.5."""
    attributes: Mapping[str, Any] = dict(node.attrs)
    return attributes.get("ome", attributes)  # type: ignore[no-any-return]


def is_ome_image(node: Any) -> bool:
    """Whether a node of a zarr folder is the group of an OME-Zarr image."""
    return hasattr(node, "members") and "multiscales" in _ome_attributes(node)


def _dimension_names(array: Any) -> list[str]:
    """The letters of the axes of a zarr array (version 3, or version 2 as xarray writes it), "" where unnamed."""
    names = getattr(array.metadata, "dimension_names", None) or array.attrs.get("_ARRAY_DIMENSIONS", array.ndim * [""])
    return [LETTERS.get(str(name).lower(), "") for name in names]


def _unread(path: Path, array: Any, names: Sequence[str]) -> Unread:
    count, stored = array.nchunks, array.nchunks_initialized
    name = "shards" if array.shards else "chunks"
    if array.shards:
        # A shard is a file of several chunks; of one at the border, zarr also counts the chunks outside the image.
        count = prod(ceil(n / shard) for n, shard in zip(array.shape, array.shards, strict=True))
        stored //= prod(shard // chunk for shard, chunk in zip(array.shards, array.chunks, strict=True))
    remark = f"{count - stored} of its {count} {name} are not in the folder; they are read as {array.fill_value}"
    remarks = (remark,) if stored < count else ()
    about = Decoded(placeholder(array.shape, array.dtype), axis_letters(names), remarks=remarks)
    return Unread(array, about, (path / array.path,), tuple(array.chunks))


def axis_letters(names: Sequence[str]) -> str:
    """One letter per axis, as in `Decoded`.

    Each name is such a letter, "space" for one of the spatial axes, whose last is X, or "" if unknown. If all are
    unknown, the last two are Y and X.

    >>> axis_letters(["C", "space", "space"]), axis_letters(["", "", ""])
    ('CYX', 'QYX')
    """
    if not any(names):
        return "".join("Q" for _ in names[2:]) + "YX"[-len(names) :]
    spatial = [index for index, name in enumerate(names) if name == "space"][::-1]
    given = dict(zip(spatial, "XYZ", strict=False))
    return "".join(given.get(index, "Q" if name in ("", "space") else name) for index, name in enumerate(names))


def _chosen(arrays: Mapping[str, Any], inside: str, path: Path) -> Any:
    """The array at the path ``inside`` the file, or the only one if that is ""."""
    wanted = "/" + inside.strip("/")
    if inside and wanted in arrays:
        return arrays[wanted]
    if not inside and len(arrays) == 1:
        return next(iter(arrays.values()))
    if not arrays:
        raise ContentError("it holds no array of two or more axes; save the image as TIFF")
    listed = ", ".join(f"{name} {_described(node)}" for name, node in sorted(arrays.items())[:LISTED])
    more = f" and {len(arrays) - LISTED} more" if len(arrays) > LISTED else ""
    problem = f"there is no array {wanted} in it" if inside else f"it holds {len(arrays)} arrays"
    raise ContentError(f"{problem}; choose one of {listed}{more}, for example {path.name}:{min(arrays)}")


def _described(node: Any) -> str:
    shape = getattr(node, "shape", None)
    return "(an OME-Zarr image)" if shape is None else f"({' × '.join(map(str, shape))}, {node.dtype})"


def package(name: str) -> Any:
    """An optional package for a file format. ContentError if it is not installed."""
    try:
        return packages.package(name, "formats")
    except ValueError as error:
        raise ContentError(str(error)) from error
