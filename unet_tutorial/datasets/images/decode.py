"""Decodes image files strictly: damaged files that other programs read without an error are rejected."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from unet_tutorial.datasets.images.bitmaps import read_bitmap
from unet_tutorial.datasets.images.decoded import ContentError, Decoded
from unet_tutorial.datasets.images.tiff import read_tiff
from unet_tutorial.datasets.images.volumes import read_hdf5, read_nifti, read_nrrd, read_zarr
from unet_tutorial.disk import one_line

Array = NDArray[Any]

TIFF = (".tif", ".tiff")
BITMAPS = (".png", ".jpg", ".jpeg", ".bmp")
HDF5 = (".h5", ".hdf5", ".hdf")
TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # of TIFF and BigTIFF, in both byte orders


def decode(path: Path, suffix: str, inside: str = "") -> Decoded:
    """The pixels of an image file, or of the array ``inside`` an HDF5 file or zarr folder.

    ``suffix`` is one of `files.READABLE`. ValueError, with the file's name, for a damaged file and for content that
    cannot be used. PermissionError is not caught.
    """
    readers: dict[str, Callable[[], Decoded]] = {
        **dict.fromkeys((*TIFF, *BITMAPS), lambda: _read_picture(path)),
        **dict.fromkeys((".nii", ".nii.gz"), lambda: read_nifti(path)),
        **dict.fromkeys(HDF5, lambda: read_hdf5(path, inside)),
        ".nrrd": lambda: read_nrrd(path),
        ".zarr": lambda: read_zarr(path, inside),
    }
    try:
        return readers[suffix]()
    except PermissionError:
        raise
    except ContentError as error:
        raise ValueError(f"{path}: {error}") from error
    except Exception as error:  # a damaged file raises one of a dozen types, from SyntaxError to zlib.error
        raise ValueError(
            f"{path}: cannot be read as an image ({one_line(error)}); "
            "get the file again, or save it again as a PNG or an uncompressed TIFF"
        ) from error


def _read_picture(path: Path) -> Decoded:
    """A picture or TIFF, recognised by its first bytes, since files are often renamed."""
    with path.open("rb") as file:
        start = file.read(4)
    return read_tiff(path) if start in TIFF_STARTS else read_bitmap(path)
