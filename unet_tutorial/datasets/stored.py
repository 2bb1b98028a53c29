"""Images that are read part by part, because they may be larger than memory: zarr folders and TIFF files."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from unet_tutorial.datasets.images.channels import Arrangement, arrangement, native, without_alpha
from unet_tutorial.datasets.images.decode import TIFF
from unet_tutorial.datasets.images.decoded import ContentError, Unread
from unet_tutorial.datasets.images.files import explain_permission_error, split_path
from unet_tutorial.datasets.images.image import ALPHA, Array
from unet_tutorial.datasets.images.tiff import open_tiff
from unet_tutorial.datasets.images.volumes import open_zarr
from unet_tutorial.disk import one_line

PARTS, PART = 2**12, 2**18  # parts of the files that a fingerprint reads, and bytes of each: 1 GiB


@dataclass(frozen=True, eq=False)
class StoredImage:
    """An image (C, *size) in a file; `read` returns a part of it. ``path`` is that of the file, or leads into it."""

    path: str
    unread: Unread

    @cached_property
    def _stored(self) -> Arrangement:
        """The order of the stored axes, an alpha channel included."""
        return arrangement(self.unread.about)

    @cached_property
    def arrangement(self) -> Arrangement:
        """The order of the stored axes, and the names of the channels, without an alpha channel."""
        return self._stored._replace(channels=tuple(name for name in self._stored.channels if name != ALPHA))

    @property
    def size(self) -> tuple[int, ...]:
        """The number of pixels along each spatial axis."""
        return self._spatial(self.unread.about.array.shape)

    @property
    def chunks(self) -> tuple[int, ...]:
        """The number of pixels along each spatial axis that are read together; () if single pixels can be read."""
        return self._spatial(self.unread.chunks) if self.unread.chunks else ()

    @property
    def translation(self) -> tuple[float, ...]:
        """The position of the first pixel along each spatial axis in µm, or () if the file states none."""
        places, spatial = self.unread.translation, [axis for axis in self.arrangement.axes if axis not in "CS"]
        return tuple(places[axis] for axis in spatial) if places.keys() >= set(spatial) else ()

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The dtype of the pixels, in native byte order."""
        return native(self.unread.about.array[:0]).dtype

    def read(self, region: tuple[slice, ...], channels: Sequence[int] | None = None) -> Array:
        """A part of the image: (C, *region), all channels but alpha, or those with the numbers ``channels``.

        ValueError, with the path, for a damaged file, and for pixels that are transparent.
        """
        found = self._stored
        asked = tuple(range(len(self.arrangement.channels)) if channels is None else channels)
        spatial, start = dict(zip(found.axes[-len(region) :], region, strict=True)), 0
        if "C" in found.axes and "S" not in found.axes and ALPHA not in found.channels:  # colours are read together
            start = min(asked)
            spatial["C"] = slice(start, max(asked) + 1)
        kept = iter(found.kept)
        where = tuple(
            slice(None) if axis in found.dropped else spatial.get(next(kept), slice(None))
            for axis in range(self.unread.about.array.ndim)
        )
        try:
            part = native(found.ordered(np.asarray(self.unread.pixels[where])))
            return without_alpha(part, found.channels)[0][[number - start for number in asked]]
        except (OSError, MemoryError):
            raise
        except ContentError as error:
            raise ValueError(f"{self.path}: {error}") from error
        except Exception as error:  # a damaged chunk raises one of many types
            raise ValueError(
                f"{self.path}: the pixels {as_text(region)} cannot be read ({one_line(error)}); get the file again"
            ) from error

    def fingerprint(self) -> str:
        """SHA-256 of shape, type, names, spacing, and of the files with the pixels: names, sizes and bytes.

        Up to 1 GiB all bytes are read, of a larger image `PARTS` parts that are equally far apart. A change between
        these parts is found only if a file has another size then, as compressed chunks nearly always have. A copy of
        the files has the same fingerprint. ValueError for files that cannot be read.
        """
        found = self.arrangement
        missing = getattr(self.unread.pixels, "fill_value", None)  # the value of chunks that are not stored
        digest = hashlib.sha256(repr((self.size, str(self.dtype), found.channels, found.spacing, missing)).encode())
        with explain_permission_error(Path(self.path)):
            files = [each for path in self.unread.paths for each in _files(path)]
            sizes = [file.stat().st_size for _, file in files]
            for (name, _), size in zip(files, sizes, strict=True):
                digest.update(f"{name}:{size}\n".encode())
            for number, start in _starts(sizes):
                with files[number][1].open("rb") as file:
                    file.seek(start)
                    digest.update(file.read(PART))
        return digest.hexdigest()

    def _spatial(self, lengths: tuple[int, ...]) -> tuple[int, ...]:
        """The numbers of the spatial axes among those of all stored axes."""
        found = self.arrangement
        kept = [length for axis, length in enumerate(lengths) if axis not in found.dropped]
        return tuple(kept[found.kept.index(axis)] for axis in found.axes if axis not in "CS")


def as_text(region: tuple[slice, ...]) -> str:
    """A part of an image in words.

    >>> as_text((slice(0, 5), slice(20, 30)))
    '0:5 × 20:30'
    """
    return " × ".join(f"{part.start}:{part.stop}" for part in region)


def _files(path: Path) -> list[tuple[str, Path]]:
    """The files with pixels and their names: one without a name, or the chunks in the folder of a zarr array."""
    if not path.is_dir():
        return [("", path)]
    inside = [
        Path(folder, name)
        for folder, _, names in os.walk(path, followlinks=True)
        for name in names
        if not name.startswith(".") and name != "zarr.json"  # metadata, and files of the system, such as .DS_Store
    ]
    return sorted((file.relative_to(path).as_posix(), file) for file in inside)


def _starts(sizes: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The parts that a fingerprint reads: the number of the file, and the first byte in it."""
    if sum(sizes) <= PARTS * PART:
        yield from ((number, start) for number, size in enumerate(sizes) for start in range(0, size, PART))
        return
    ends = np.cumsum(sizes)
    for place in np.linspace(0, ends[-1] - PART, PARTS).astype(np.int64):
        number = int(np.searchsorted(ends, place, side="right"))
        yield number, int(place - ends[number] + sizes[number])


def open_stored(path: str | Path) -> StoredImage:
    """The image in a zarr folder (OME-Zarr or a plain array) or TIFF file; a path may lead into a folder (a.zarr/0).

    ValueError for any other file, and for one that cannot be read in parts.
    """
    file, inside = split_path(path)
    suffix = file.suffix.lower()
    if suffix not in (".zarr", *TIFF):
        raise ValueError(f"{path}: only .zarr and .tif can be read in parts; convert it to one of them first")
    if not (file.is_dir() if suffix == ".zarr" else file.is_file()):
        raise ValueError(f"{path}: there is no such {'folder' if suffix == '.zarr' else 'file'}; check the name")
    with explain_permission_error(file):
        try:
            found = StoredImage(str(path), open_zarr(file, inside) if suffix == ".zarr" else open_tiff(file))
            _ = found.arrangement
        except PermissionError:
            raise
        except ContentError as error:
            raise ValueError(f"{path}: {error}") from error
        except Exception as error:  # a damaged file raises one of many types
            raise ValueError(f"{path}: cannot be read as an image ({one_line(error)}); get it again") from error
    return found
