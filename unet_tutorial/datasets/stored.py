"""Images that are read part by part, because they may be larger than memory: zarr folders and TIFF files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from unet_tutorial.datasets.images.channels import Arrangement, arrangement, native
from unet_tutorial.datasets.images.decode import TIFF
from unet_tutorial.datasets.images.decoded import ContentError, Unread
from unet_tutorial.datasets.images.files import explain_permission_error, split_path
from unet_tutorial.datasets.images.image import Array
from unet_tutorial.datasets.images.tiff import open_tiff
from unet_tutorial.datasets.images.volumes import open_zarr
from unet_tutorial.disk import one_line

SAMPLES, SAMPLE = 8, 16  # parts, and pixels of their sides, that a fingerprint holds


@dataclass(frozen=True, eq=False)
class StoredImage:
    """An image (C, *size) in a file; `read` returns a part of it. ``path`` is that of the file, or leads into it."""

    path: str
    unread: Unread

    @cached_property
    def arrangement(self) -> Arrangement:
        """The order of the stored axes, and the names of the channels."""
        return arrangement(self.unread.about)

    @property
    def size(self) -> tuple[int, ...]:
        """The number of pixels along each spatial axis."""
        return self._spatial(self.unread.about.array.shape)

    @property
    def chunks(self) -> tuple[int, ...]:
        """The number of pixels along each spatial axis that are read together; () if single pixels can be read."""
        return self._spatial(self.unread.chunks) if self.unread.chunks else ()

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The type of the pixels in the order of this machine's bytes."""
        return native(self.unread.about.array[:0]).dtype

    def read(self, region: tuple[slice, ...]) -> Array:
        """A part of the image: (C, *region). ValueError, with the path, for a damaged file."""
        found = self.arrangement
        spatial = dict(zip(found.axes[-len(region) :], region, strict=True))
        kept = iter(found.kept)
        where = tuple(
            slice(None) if axis in found.dropped else spatial.get(next(kept), slice(None))
            for axis in range(self.unread.about.array.ndim)
        )
        try:
            return native(found.ordered(np.asarray(self.unread.pixels[where])))
        except (OSError, MemoryError):
            raise
        except Exception as error:  # a damaged chunk raises one of many types
            pixels = " × ".join(f"{part.start}:{part.stop}" for part in region)
            raise ValueError(
                f"{self.path}: the pixels {pixels} cannot be read ({one_line(error)}); get the file again"
            ) from error

    def fingerprint(self) -> str:
        """A number (hexadecimal) for the shape, type, names and spacing of the image, and some of its pixels."""
        found = self.arrangement
        about = (self.size, str(self.dtype), found.channels, found.spacing)
        digest = hashlib.sha256(repr(about).encode())
        for k in range(SAMPLES):
            starts = [k * max(n - SAMPLE, 0) // (SAMPLES - 1) for n in self.size]
            part = self.read(tuple(slice(a, min(a + SAMPLE, n)) for a, n in zip(starts, self.size, strict=True)))
            digest.update(np.ascontiguousarray(part).tobytes())
        return digest.hexdigest()

    def _spatial(self, lengths: tuple[int, ...]) -> tuple[int, ...]:
        """The numbers of the spatial axes among those of all stored axes."""
        found = self.arrangement
        kept = [length for axis, length in enumerate(lengths) if axis not in found.dropped]
        return tuple(kept[found.kept.index(axis)] for axis in found.axes if axis not in "CS")


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
