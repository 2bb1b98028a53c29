"""Arrays and file writers of the folders in `own_folders`, none of which uses the project's own readers."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from skimage.measure import label as regions_of

Array = NDArray[Any]
SIZE, PLACE = (30, 48), 6  # pixels: size of an image, and side of the places of its rectangles


class Truth(NamedTuple):
    """The labels of an image as they must be read; ``known`` is None if all pixels are labelled."""

    labels: Array
    instances: Array
    known: Array | None = None


def grey(number: int, dtype: Any = np.uint8, size: tuple[int, ...] = SIZE) -> Array:
    """Noise over the whole range of an integer type."""
    info = np.iinfo(dtype)
    return np.random.default_rng(100 + number).integers(info.min, info.max, size, dtype, endpoint=True)


def colour(number: int, dtype: Any = np.uint8, channels: int = 3) -> Array:
    """Noise (H, W, channels)."""
    return grey(number, dtype, (*SIZE, channels))


def rectangles(number: int, values: Sequence[int], size: tuple[int, int] = SIZE) -> Array:
    """Rectangles of 3 to 5 pixels with these values on 0, in random places; none touches another, or the border."""
    generator = np.random.default_rng(number)
    rows, columns = (side // PLACE for side in size)
    found = np.zeros(size, np.int64)
    for place, value in zip(generator.permutation(rows * columns), values, strict=False):
        row, column = (PLACE * int(part) for part in divmod(int(place), columns))
        height, width = generator.integers(3, 6, 2)
        found[row : row + height, column : column + width] = value
    return found


def mask(number: int) -> Array:
    """Foreground (True) in 15 rectangles."""
    return np.asarray(rectangles(number, 15 * [1]) > 0)


def classes(number: int, top: int = 3) -> Array:
    """Rectangles of the classes 1 .. top, as many of each."""
    return rectangles(number, [1 + place % top for place in range(36)])


def cells(number: int) -> Array:
    """21, 24 or 27 cells, numbered from 1."""
    return rectangles(number, range(1, 22 + 3 * number))


def of_mask(found: Array) -> Truth:
    """A binary mask, whose connected regions are the cells."""
    return Truth((found > 0).astype(np.uint8), regions_of(found > 0, connectivity=1))


def of_classes(found: Array, known: Array | None = None) -> Truth:
    """A map of classes."""
    return Truth(found.astype(np.uint8), regions_of(found, background=0, connectivity=1), known)


def of_cells(found: Array, known: Array | None = None) -> Truth:
    """Cells that do not touch."""
    return Truth((found > 0).astype(np.uint8), found, known)


def of_layers(layers: Array) -> Truth:
    """Layers (L, H, W), which have no cells."""
    return Truth(layers.astype(np.uint8), np.zeros(layers.shape[1:], int))


def apart(found: Array) -> Array:
    """The cells without the pixels that have a pixel of another cell at one of their sides, found one by one."""
    kept = found.copy()
    for index in np.ndindex(*found.shape):
        for axis in range(found.ndim):
            for step in (-1, 1):
                other = list(index)
                other[axis] += step
                if 0 <= other[axis] < found.shape[axis]:
                    value = found[tuple(other)]
                    if value and found[index] and value != found[index]:
                        kept[index] = 0
    return kept


def save(path: Path, array: Array, mode: str | None = None, **options: Any) -> None:
    """Write with Pillow; the folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Pillow.fromarray(array)
    (image.convert(mode) if mode else image).save(path, **options)


def tiff(path: Path, array: Array, **options: Any) -> None:
    """Write with tifffile; the folder is made."""
    from tifffile import imwrite

    path.parent.mkdir(parents=True, exist_ok=True)
    imwrite(path, array, **options)


def palette(path: Path, indices: Array, colours: Sequence[tuple[int, int, int]], **options: Any) -> None:
    """A palette PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Pillow.fromarray(indices.astype(np.uint8), "P")
    image.putpalette([value for colour in colours for value in colour])
    image.save(path, **options)


def png16(path: Path, array: Array) -> None:
    """A PNG with 16-bit colours (H, W, 3), which Pillow cannot write, by hand."""
    height, width, _ = array.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in array)

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )


def hdf5(path: Path, **arrays: Array) -> None:
    """Arrays by name in an HDF5 file."""
    from h5py import File

    path.parent.mkdir(parents=True, exist_ok=True)
    with File(path, "w") as file:
        for name, array in arrays.items():
            file[name] = array


def nifti(path: Path, array: Array, spacing: Sequence[float] = (1, 1, 1)) -> None:
    """A volume (z, y, x) with voxels of this size in mm, along z, y and x."""
    import nibabel

    path.parent.mkdir(parents=True, exist_ok=True)
    image = nibabel.Nifti1Image(array.T, np.diag([*spacing[::-1], 1.0]))
    image.header.set_xyzt_units("mm")
    nibabel.save(image, path)


def zarr(path: Path, **arrays: Array) -> None:
    """Arrays by name in a zarr folder."""
    import zarr as package

    group = package.open_group(str(path), mode="w")
    for name, array in arrays.items():
        group.create_array(name, data=array)


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file; the folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf8")


def boxes(found: Array) -> list[tuple[int, int, int, int, int]]:
    """The value and the box (top, left, bottom, right) of each rectangle, the last two exclusive."""
    result = []
    for number in range(1, int((regions := regions_of(found, background=0, connectivity=1)).max()) + 1):
        rows, columns = np.nonzero(regions == number)
        value = int(found[rows[0], columns[0]])
        result.append((value, int(rows.min()), int(columns.min()), int(rows.max()) + 1, int(columns.max()) + 1))
    return result


def corners(box: tuple[int, int, int, int, int]) -> list[list[int]]:
    """The corners (x, y) of a rectangle, along its outer border."""
    _, top, left, bottom, right = box
    return [[left, top], [right, top], [right, bottom], [left, bottom]]


Writer = Callable[[Path, int], Any]
