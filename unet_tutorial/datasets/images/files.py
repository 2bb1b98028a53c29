"""Reads and writes images, stacks and labels; each error is a ValueError that names the file."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unet_tutorial.datasets.images.calibration import tiff_metadata
from unet_tutorial.datasets.images.channels import arrange, describe, order, without_alpha
from unet_tutorial.datasets.images.decode import BITMAPS, HDF5, TIFF, Array, decode
from unet_tutorial.datasets.images.decoded import ContentError, Decoded
from unet_tutorial.datasets.images.image import RGB, Image
from unet_tutorial.disk import complete_file, one_line

FOLDERS, CONTAINERS = (".zarr",), (*HDF5, ".zarr")
READABLE = (*BITMAPS, *TIFF, ".nii", ".nii.gz", ".nrrd", *CONTAINERS)
ENDINGS = sorted([*READABLE, ".ome.tif", ".ome.tiff", ".ome.zarr"], key=len, reverse=True)
CLASSIC_TIFF = 4_000_000_000  # bytes; a larger image needs BigTIFF
FIJI = "open it in Fiji and save it as TIFF"
CONVERSIONS = {
    **dict.fromkeys((".czi", ".nd2", ".lif", ".lsm", ".oib", ".oif", ".vsi", ".ims", ".dv", ".stk"), FIJI),
    **dict.fromkeys(
        (".svs", ".ndpi", ".mrxs", ".scn", ".bif", ".qptiff"), "export regions of it from QuPath as OME-TIFF"
    ),
    **dict.fromkeys(
        (".dcm", ".dicom", ".ima"), "convert its folder with dcm2niix -z y FOLDER, and use the .nii.gz files"
    ),
    **dict.fromkeys(
        (".mha", ".mhd", ".nhdr", ".hdr", ".img", ".mgz"),
        "convert it with SimpleITK: WriteImage(ReadImage('a.mha'), 'a.nii.gz')",
    ),
    **dict.fromkeys((".npy", ".npz"), "save each array as TIFF: tifffile.imwrite('a.tif', numpy.load('a.npy'))"),
    **dict.fromkeys(
        (".pkl", ".pickle", ".pt", ".pth"), "a pickle may run any code when it is read; save the array as TIFF"
    ),
    ".mat": "save the array as TIFF: tifffile.imwrite('a.tif', scipy.io.loadmat('a.mat')['name'])",
    **dict.fromkeys((".gif", ".webp", ".jp2", ".heic", ".avif", ".jxl", ".svg", ".pdf"), "save it as PNG"),
}


class Values(NamedTuple):
    """The values of a label file as they are stored, before their meaning is known.

    ``array`` is (*size); (*size, 3) uint8 if the file is ``coloured``; or (L, *size) if it is ``layered``, one
    layer per channel. ``palette`` (n, 3) uint8 holds the colour of each value in a palette image. ``names`` are those
    of the layers. ``spacing`` is the size of a pixel in µm per spatial axis, or ().
    """

    array: Array
    coloured: bool = False
    palette: NDArray[np.uint8] | None = None
    layered: bool = False
    names: tuple[str, ...] = ()
    spacing: tuple[float, ...] = ()


def read(path: str | Path, channels: str = "") -> Image:
    """The image in a file, channels first: (C, H, W), or (C, D, H, W) for a stack or volume.

    Reads the formats of `READABLE`; the package for NIfTI, NRRD, HDF5 or zarr must be installed. A path may lead into
    an HDF5 file or zarr folder (file.h5:/raw). Values and dtype are those of the file, but a 1-bit file becomes uint8,
    palettes and CMYK become RGB, an image where 0 is white is inverted, and an orientation tag is applied. ``channels``
    picks by name or number ("red,green", "0,2"). Equal colour channels become one grey channel.

    ValueError for a missing, damaged or unsupported file, an unknown channel, and transparency.
    """
    decoded = _decoded(path)
    with _named(path):
        return arrange(decoded, channels)


def read_image(path: str | Path) -> Array:
    """The grey image in a file: (H, W), or (D, H, W) for a stack, as `read` reads it.

    ValueError for a colour image or several channels, because the program cannot know which of them show the cells.
    """
    image = read(path)
    if len(image.channels) == 1:
        grey: Array = image.array[0]
        return grey
    if image.channels == RGB:
        raise ValueError(
            f"{path}: expected a grey image, got a colour image; save it as grey first, from the channel "
            "or the mixture of channels that shows the cells (in Python: PIL.Image.open(path).convert('L'))"
        )
    raise ValueError(
        f"{path}: expected one channel, got {len(image.channels)} ({', '.join(image.channels)}); "
        "save one channel as a grey TIFF"
    )


def read_values(path: str | Path) -> Values:
    """The values of a label file as stored: colours are never mixed to grey.

    ValueError for a file that cannot be read, compression that changes values (JPEG), transparency, and a TIFF where 0
    is white, because programs do not agree about its values (except if ImageJ wrote it, or tifffile from bool).
    """
    if Path(path).suffix.lower() in (".jpg", ".jpeg"):
        raise ValueError(f"{path}: JPEG changes the values of a mask; export it again as PNG or TIFF")
    decoded = _decoded(path)
    with _named(path):
        if decoded.lossy:
            raise ContentError(f"{decoded.lossy} changes the values of a mask; export it again as PNG or TIFF")
        if decoded.black is not None and not decoded.inverted_display:
            raise ContentError(
                "its tag says that 0 is white, so that programs do not agree about its values; save it again as PNG"
            )
        return _values(decoded)


def _values(decoded: Decoded) -> Values:
    ordered = order(decoded)
    try:
        array, names = without_alpha(ordered.array, ordered.channels)
    except ContentError as error:
        raise ContentError(
            "it is transparent in places, so the values of the mask are not certain; save the mask as a grey or RGB "
            "image without transparency"
        ) from error
    palette = None if decoded.palette is None else decoded.palette[:, :3]
    if names == RGB:
        if array.dtype != np.uint8:
            raise ContentError(
                f"expected the colours of a mask as 8-bit values, got {array.dtype}; save it as 8-bit RGB"
            )
        return Values(np.ascontiguousarray(np.moveaxis(array, 0, -1)), coloured=True, spacing=ordered.spacing)
    if len(array) == 1:
        return Values(array[0], palette=palette, spacing=ordered.spacing)
    return Values(array, layered=True, names=names, spacing=ordered.spacing)


def stem(path: str | Path) -> str:
    """The name of a file without its folder, its suffix, and the path inside it.

    >>> stem("a/b.nii.gz"), stem("b.ome.tif"), stem("b.h5:/raw"), stem("b.c.png")
    ('b', 'b', 'b', 'b.c')
    """
    name = split_path(path)[0].name
    ending = next((ending for ending in ENDINGS if name.lower().endswith(ending)), Path(name).suffix)
    return name[: len(name) - len(ending)]


def is_readable(path: str | Path) -> bool:
    """Whether the name of a file has a suffix of `READABLE`; hidden files, such as macOS's ._a.tif, are left out.

    >>> is_readable("a.NII.gz"), is_readable("a.txt"), is_readable("._a.tif")
    (True, False, False)
    """
    name = split_path(path)[0].name
    return not name.startswith(".") and bool(_suffix(Path(name)))


def split_path(path: str | Path) -> tuple[Path, str]:
    """The file, and the path inside it after a colon; inside a zarr folder also after a slash.

    >>> split_path("a/b.h5:/raw")[1], split_path("a/b.zarr/0")[1], split_path("a/b.tif")[1]
    ('raw', '0', '')
    """
    text = Path(path).as_posix()
    found = re.fullmatch(r"(.*?\.(?:h5|hdf5|hdf|zarr)):/*(.*)|(.*?\.zarr)/(.*)", text, re.IGNORECASE | re.DOTALL)
    if not found:
        return Path(path), ""
    return Path(found[1] or found[3]), (found[2] if found[1] else found[4]).strip("/")


def _decoded(path: str | Path) -> Decoded:
    file, inside = split_path(path)
    with explain_permission_error(file):
        _check_readable(file)
        return decode(file, _suffix(file), inside)


def _suffix(path: Path) -> str:
    """The suffix among `READABLE`, in lower case, or ""."""
    matching = [suffix for suffix in READABLE if path.name.lower().endswith(suffix)]
    return max(matching, key=len, default="")


@contextmanager
def _named(path: str | Path) -> Iterator[None]:
    """Puts the name of the file before the message of a ContentError."""
    try:
        yield
    except ContentError as error:
        raise ValueError(f"{path}: {error}") from error


@contextmanager
def explain_permission_error(path: Path) -> Iterator[None]:
    """Turn a PermissionError raised in the `with` block into a ValueError that names the file or folder.

    The name is that of the error; if the error has none, it is `path`.
    """
    try:
        yield
    except PermissionError as error:
        raise ValueError(
            f"{error.filename or path}: you are not permitted to read it ({one_line(error)}); "
            "change its permissions (chmod u+rX), or ask its owner for a copy"
        ) from error


def write_image(
    path: str | Path, array: ArrayLike, spacing: Sequence[float] = (), channels: Sequence[str] = ()
) -> None:
    """Write a PNG (one 2D image of integers 0 .. 65535) or a TIFF (2D or a stack), chosen by the suffix.

    ``spacing`` is the size of a pixel in µm along each spatial axis; a TIFF holds it as OME and as ImageJ metadata, a
    PNG cannot. With the names of its ``channels``, the array is (C, *size), and a TIFF holds them as OME metadata. An
    existing file is replaced only when the new one is complete. ValueError for another suffix, an array that the format
    cannot hold, a spacing or names of another length, and a folder that cannot be written to.
    """
    path, image = Path(path), np.asarray(array)
    suffix, ndim = path.suffix.lower(), image.ndim - len(channels[:1])
    if suffix not in (".png", *TIFF):
        raise ValueError(f"{path}: the suffix {path.suffix!r} is unknown; write to a .png, .tif or .tiff file")
    if ndim not in (2, 3) or image.size == 0 or image.dtype.kind not in "buif":
        raise ValueError(f"{path}: expected an image (H, W) or a stack (D, H, W), got {describe(image)}")
    if len(channels) not in (0, len(image)):
        raise ValueError(f"{path}: expected a name for each of {len(image)} channels, got {', '.join(channels)}")
    if len(spacing) not in (0, ndim) or not all(0 < size < np.inf for size in spacing):
        raise ValueError(f"{path}: expected a positive pixel size for each of {ndim} axes, got {tuple(spacing)}")
    if suffix == ".png":
        image = _for_png(path, image)
    with complete_file(path) as part:
        _encode(part, image, spacing, channels)


def standardise(image: ArrayLike) -> NDArray[np.float32]:
    """Grey levels with mean 0 and standard deviation 1 over the whole image, float32, of the same shape.

    A constant image becomes zeros. ValueError for NaN, infinity, or an empty image.

    >>> standardise([[1, 3], [1, 3]]).tolist()
    [[-1.0, 1.0], [-1.0, 1.0]]
    """
    values = np.asarray(image)
    require_real(values)
    values = values.astype(np.float64)
    if values.min() == values.max():  # not std() == 0: the standard deviation of a constant may round to 1e-17
        return np.zeros(values.shape, np.float32)
    standard: NDArray[np.float32] = ((values - values.mean()) / values.std()).astype(np.float32)
    return standard


def require_real(image: Array) -> None:
    """ValueError for an image without pixels, one that is not of real numbers, and one with NaN or infinity."""
    if image.size == 0 or image.dtype.kind not in "buif":
        raise ValueError(f"expected an image of real numbers, got {describe(image)}; read it with read_image")
    require_finite(image, "the image")


def require_finite(image: Array, name: str) -> None:
    """ValueError if pixels are NaN or infinite; its message gives `name` and, for a stack, the first such slice."""
    for number, plane in enumerate(image if image.ndim == 3 else image[None]):
        bad = plane.size - np.count_nonzero(np.isfinite(plane))
        if bad:
            where = f"{name}, slice {number:02}" if image.ndim == 3 else name
            raise ValueError(f"{where}: {bad} of {plane.size} pixels are NaN or infinite; replace them")


def _check_readable(path: Path) -> None:
    suffix = _suffix(path)
    if not suffix:
        conversion = CONVERSIONS.get(path.suffix.lower(), f"use one of {', '.join(READABLE)}")
        known = "cannot be read" if path.suffix.lower() in CONVERSIONS else "is unknown"
        raise ValueError(f"{path}: the suffix {path.suffix!r} {known}; {conversion}")
    if not (path.is_dir() if suffix in FOLDERS else path.is_file()):
        kind = "folder" if suffix in FOLDERS else "file"
        raise ValueError(f"{path}: there is no such {kind}; check the name and the folder")
    if path.is_file() and path.stat().st_size == 0:
        raise ValueError(f"{path}: the file is empty (0 bytes); get it again")


def _for_png(path: Path, image: Array) -> Array:
    """The same values as uint8 or uint16, the two integer types of a grey PNG; ValueError if they do not fit."""
    least, most = (int(image.min()), int(image.max())) if image.dtype.kind in "bui" else (-1, -1)
    if image.ndim != 2 or least < 0 or most > 65535:
        raise ValueError(
            f"{path}: expected one (H, W) image of integers 0 .. 65535 for a PNG, got {describe(image)}; "
            "write a .tif instead"
        )
    return image.astype(np.uint8 if most < 256 and image.dtype.itemsize != 2 else np.uint16)


def _encode(path: Path, image: Array, spacing: Sequence[float], channels: Sequence[str]) -> None:
    if path.suffix.lower() == ".png":
        from PIL import Image

        Image.fromarray(image).save(path)
    elif not (spacing or channels):
        from tifffile import imwrite

        imwrite(path, image, compression="zlib", photometric="minisblack", bigtiff=image.nbytes > CLASSIC_TIFF)
    else:
        _encode_described(path, np.moveaxis(image, 0, -3) if channels else image, spacing, channels)


def _encode_described(path: Path, image: Array, spacing: Sequence[float], channels: Sequence[str]) -> None:
    """A TIFF with two descriptions: OME's, which OME readers expect first, and ImageJ's, which ImageJ takes last."""
    from tifffile import TiffFile, imwrite

    ome, imagej = tiff_metadata(image.shape, image.dtype, spacing, channels)
    resolution = (1 / spacing[-1], 1 / spacing[-2]) if spacing else None
    imwrite(
        path,
        image,
        compression="zlib",
        photometric="minisblack",
        bigtiff=image.nbytes > CLASSIC_TIFF,
        description=ome or imagej,
        metadata={} if ome else None,  # tifffile's own description, which is then replaced by ImageJ's
        resolution=resolution,
        resolutionunit="NONE",
    )
    if ome:
        with TiffFile(path, mode="r+") as file:
            (file.pages.first.tags.getall(270) or [])[1].overwrite(imagej)
