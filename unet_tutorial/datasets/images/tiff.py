"""Decodes TIFF files: with tifffile, and with Pillow where tifffile would need another package."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from unet_tutorial.datasets.images.bitmaps import RGBA, picture, raw_mode_of, two_bytes, without_pixel_limit
from unet_tutorial.datasets.images.calibration import ome_channels, tiff_spacing
from unet_tutorial.datasets.images.decoded import (
    ContentError,
    Decoded,
    Unread,
    logged_errors,
    placeholder,
    require_plausible,
    turned,
)
from unet_tutorial.datasets.images.image import ALPHA, GREY, RGB, Array
from unet_tutorial.datasets.images.volumes import package
from unet_tutorial.disk import one_line

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile
    from tifffile import TiffFile, TiffPage, TiffPageSeries

# values of PhotometricInterpretation
WHITE_IS_ZERO, BLACK_IS_ZERO, COLOURED, PALETTE = 0, 1, 2, 3
UNCOMPRESSED = 1  # value of Compression
ALPHA_SAMPLES = (1, 2)  # values of ExtraSamples: associated and unassociated alpha
OTHER_COLOURS = (5, 6, 8, 9, 10)  # CMYK, YCbCr and CIELAB: Pillow converts them
JPEG = (6, 7, 33003, 33005, 34712, 34892)  # values of Compression: kinds of JPEG and JPEG 2000
ORIENTATION, NO_DATA = 274, 42113  # tags; the second is GDAL's
INVERSE_ORIENTATION = {6: 8, 8: 6}  # the other orientations are their own inverses


def read_tiff(path: Path) -> Decoded:
    """The image or stack in a TIFF file, with the axes, channels and spacing of its OME or ImageJ metadata.

    ContentError for images of different sizes.
    """
    from tifffile import TiffFile

    with logged_errors("tifffile") as errors, TiffFile(path) as file:
        series = _single_series(file)
        page = series.keyframe
        require_plausible(series.shape, series.dtype or np.uint8, lambda: path.stat().st_size)
        decoded = replace(
            _pixels(path, series),
            channels=ome_channels(file) if file.is_ome else (),
            spacing=tiff_spacing(file),
            lossy="JPEG" if page.compression in JPEG else "",
            inverted_display=file.is_imagej or (page.bitspersample == 1 and page.software.startswith("tifffile")),
        )
        if page.photometric == PALETTE and not (file.is_ome or file.is_imagej):  # there it only shows intensities
            decoded = replace(decoded, palette=_palette(page))
        if page.photometric == WHITE_IS_ZERO:
            decoded = _with_black(decoded, page.bitspersample)
        decoded = replace(decoded, remarks=(*decoded.remarks, *_missing(page, decoded.array)))
        _require_all_planes(file, series, errors)
        orientation = page.tags.valueof(ORIENTATION, default=1)
    return decoded.turned(orientation)


def open_tiff(path: Path) -> Unread:
    """The image or stack in a TIFF file, of which no pixel is read.

    Uncompressed pixels are mapped into memory; of a compressed file whole strips or tiles are read, which needs zarr.
    ContentError for pixels that `read_tiff` changes as a whole (0 is white, a palette, CMYK, an orientation), and for a
    compression that tifffile cannot read by itself.
    """
    from tifffile import TiffFile

    with logged_errors("tifffile") as errors:
        file = TiffFile(path)  # stays open as long as its pixels are read
        series = _single_series(file)
        page = series.keyframe
        turned_or_coloured = page.tags.valueof(ORIENTATION, default=1) != 1 or page.photometric in OTHER_COLOURS
        palette = page.photometric == PALETTE and not (file.is_ome or file.is_imagej)
        if page.photometric == WHITE_IS_ZERO or turned_or_coloured or palette:
            raise ContentError(
                "its values are not those of the image (0 is white, or it has a palette, CMYK colours or an "
                "orientation tag), so it cannot be read in parts; save it as grey or RGB first"
            )
        about = Decoded(
            placeholder(series.shape, series.dtype or np.uint8),
            series.axes,
            channels=ome_channels(file) if file.is_ome else (),
            samples=_sample_names(page, series.shape[series.axes.index("S")]) if "S" in series.axes else (),
            spacing=tiff_spacing(file),
        )
        _require_all_planes(file, series, errors)
        _require_all_strips(page)
        if series.dataoffset is not None:
            mapped = np.memmap(path, series.dtype.newbyteorder(file.byteorder), "r", series.dataoffset, series.shape)
            return Unread(mapped, about, (path,))
        pixels = package("zarr").open(series.aszarr(level=0), mode="r")
        try:
            pixels[(slice(1),) * pixels.ndim]
        except Exception as error:
            raise ContentError(
                f"its compression {page.compression!s} cannot be read in parts ({one_line(error)}); save it as an "
                "uncompressed TIFF or as zarr"
            ) from error
        several = (
            {Path(page.parent.filehandle.path) for page in series.pages if page} if series.is_multifile else {path}
        )
        return Unread(pixels, about, tuple(sorted(several)), tuple(pixels.chunks))


def _single_series(file: TiffFile) -> TiffPageSeries:
    """The images of the file as one array; thumbnails, masks and lower resolutions are left out."""
    first, *others = file.series
    others = [series for series in others if not (series.keyframe.is_reduced or series.keyframe.is_mask)]
    if others:
        raise ContentError(
            f"expected one image or stack, got {1 + len(others)} images of different sizes or types; "
            "save each as a file of its own"
        )
    return first


def _require_all_planes(file: TiffFile, series: TiffPageSeries, errors: Sequence[str]) -> None:
    """ValueError for planes that are missing: tifffile only logs an error, or gives zeros for them."""
    if errors:
        raise ValueError(errors[0])
    if file.is_ome and any(plane is None for plane in series.pages):
        raise ContentError(
            "its OME metadata say that some of its planes are in other files, which are not in its folder; "
            "put all files of the image into one folder, or save the image as one file"
        )


def _require_all_strips(page: TiffPage) -> None:
    """ValueError for a damaged page; to try each of its strips could take minutes."""
    found, needed = len(page.dataoffsets), prod(page.chunked)
    if page.compression != UNCOMPRESSED and found < needed:
        raise ValueError(f"{needed - found} of {needed} strips or tiles are missing")


def _pixels(path: Path, series: TiffPageSeries) -> Decoded:
    """The stored values with their axes and the names of their samples."""
    page = series.keyframe
    _require_all_strips(page)
    if page.photometric in OTHER_COLOURS:
        return _with_pillow(path, series)
    try:
        array = np.asarray(series.asarray())
    except Exception as error:
        if "imagecodecs" not in str(error) and not isinstance(error, ImportError):  # Zstandard needs Python 3.14
            raise
        return _with_pillow(path, series)
    axes = series.axes
    return Decoded(array, axes, samples=_samples(page, np.moveaxis(array, axes.index("S"), 0)) if "S" in axes else ())


def _samples(page: TiffPage, samples: Array) -> tuple[str, ...]:
    """The names of the samples of a pixel, whose values are (S, *size); () if they have no meaning.

    A fourth sample of RGB without a meaning is an alpha if it is opaque.
    """
    names = _sample_names(page, len(samples))
    if names == (*RGB, "") and samples.dtype.kind == "u" and (samples[3] == _most(samples)).all():
        return (*RGB, ALPHA)
    return names


def _sample_names(page: TiffPage, count: int) -> tuple[str, ...]:
    """The names of the samples of a pixel, from its colours and the tag ExtraSamples; () if they have no meaning."""
    colours = RGB if page.photometric == COLOURED else GREY
    kinds = [*page.extrasamples, *count * [0]][: count - len(colours)]
    extra = [ALPHA if kind in ALPHA_SAMPLES else "" for kind in kinds]
    return () if colours == GREY and "" in extra else (*colours, *extra)


def _most(array: Array) -> int:
    return int(np.iinfo(array.dtype).max)


def _missing(page: TiffPage, array: Array) -> tuple[str, ...]:
    """A sentence if some pixels have the value that GDAL's tag marks as missing."""
    text = str(page.tags.valueof(NO_DATA, default="")).strip("\0 ")
    try:
        found = bool(text) and bool((array == float(text)).any())
    except ValueError:
        return ()
    remark = f"some pixels have the value {text}, which its tag GDAL_NODATA marks as missing; they are read like others"
    return (remark,) if found else ()


def _with_black(decoded: Decoded, bits: int) -> Decoded:
    """The same pixels with the value of black, where 0 is white."""
    kind = decoded.array.dtype.kind
    if kind == "f":
        remark = "its tag says that 0 is white, but its values are floats without a largest one: they are not inverted"
        return replace(decoded, remarks=(*decoded.remarks, remark))
    return replace(decoded, black=-1 if kind == "i" else 2**bits - 1)


def _palette(page: TiffPage) -> Array:
    """The colours of the values: (n, 3) uint8. Some programs write 8-bit colours into this 16-bit table."""
    colours: Array = np.asarray(page.colormap).T  # (n, 3)
    return (colours >> 8 if colours.max() > 255 else colours).astype(np.uint8)


def _with_pillow(path: Path, series: TiffPageSeries) -> Decoded:
    """The same values as tifffile's, for compressions and colours that tifffile leaves to the package imagecodecs."""
    from PIL import Image
    from PIL.TiffImagePlugin import COMPRESSION_INFO

    page = series.keyframe
    if page.compression not in COMPRESSION_INFO:
        raise _compressed(page, "images")
    with (
        without_pixel_limit(),
        warnings.catch_warnings(action="ignore"),
        logged_errors("PIL"),
        _silent_libtiff(),
        Image.open(path, formats=("TIFF",)) as file,
    ):
        planes = []
        for plane in series.pages:
            file.seek(plane.index)  # type: ignore[union-attr]
            planes.append(_plane(path, file, page, file.tell()))
    first = planes[0]
    leading = [(axis, size) for axis, size in zip(series.axes, series.shape, strict=True) if axis not in "YXS"]
    array = np.stack([plane.array for plane in planes]).reshape(*(size for _, size in leading), *first.array.shape)
    return replace(first, array=array, axes="".join(axis for axis, _ in leading) + first.axes)


def _plane(path: Path, file: ImageFile, page: TiffPage, index: int) -> Decoded:
    """One page, as it is stored: Pillow inverts, scales and turns it as it is to be shown, and this is undone."""
    raw_mode, orientation = raw_mode_of(file), file.tag_v2.get(ORIENTATION, 1)  # type: ignore[attr-defined]
    wide = raw_mode in ("RGB;16N", "RGBA;16N")
    shown = _sixteen_bits(path, page, index, raw_mode) if wide else picture(file)
    if page.photometric in OTHER_COLOURS:
        array = shown.array
    else:
        samples = shown.array.shape[2] if "S" in shown.axes else 1
        if samples != page.samplesperpixel or (samples > 1 and shown.array.dtype != page.dtype):
            raise _compressed(page, f"{page.samplesperpixel} samples of type {page.dtype}")
        array = _stored(shown.array, page)
    inverse = INVERSE_ORIENTATION.get(orientation, orientation)
    return replace(shown, array=turned(array, shown.axes, inverse), palette=None)


def _sixteen_bits(path: Path, page: TiffPage, index: int, raw_mode: str) -> Decoded:
    """A page (H, W, samples) of 16-bit colours."""
    from PIL import Image

    if page.planarconfig != 1:
        raise _compressed(page, "16-bit colours in planes of their own")

    def open_page() -> ImageFile:
        opened = Image.open(path, formats=("TIFF",))
        opened.seek(index)
        return opened

    raw_modes = [raw_mode.replace("16N", name) for name in ("16L", "16B")]  # libtiff gives the machine's byte order
    high, low = raw_modes if sys.byteorder == "little" else raw_modes[::-1]
    return Decoded(two_bytes(open_page, (high, low)), "YXS", samples=RGB if raw_mode == "RGB;16N" else RGBA)


def _compressed(page: TiffPage, kind: str) -> ContentError:
    name = getattr(page.compression, "name", page.compression)
    return ContentError(
        f"with its compression ({name}), {kind} cannot be read; install imagecodecs (pip install imagecodecs), or save "
        "it as an uncompressed TIFF"
    )


def _stored(shown: Array, page: TiffPage) -> Array:
    """The values in the file: Pillow inverts those where 0 is white, and scales those of 2 or 4 bits to 0 .. 255."""
    bits = page.bitspersample
    if page.photometric == WHITE_IS_ZERO and bits <= 8:
        shown = ~shown
    if bits in (2, 4) and page.photometric != PALETTE:
        shown = shown // (255 // (2**bits - 1))
    return shown.astype(page.dtype)


@contextmanager
def _silent_libtiff() -> Iterator[None]:
    """Discards the lines that the C library writes to the error stream of the process; Pillow also raises an error."""
    with Path(os.devnull).open("wb") as nowhere:
        kept = os.dup(2)
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
