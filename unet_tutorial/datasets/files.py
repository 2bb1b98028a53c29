"""Reads and writes grey images and stacks as PNG, JPEG and TIFF; each error is a ValueError that names the file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unet_tutorial.datasets.decode import TIFF, Array, Decoded, decode
from unet_tutorial.disk import complete_file, one_line

READABLE = (".png", ".jpg", ".jpeg", *TIFF)


def read_image(path: str | Path) -> Array:
    """The grey image in a PNG, JPEG or TIFF file: (H, W), or (D, H, W) from a TIFF of several pages.

    Values and dtype are those of the file (a 1-bit file becomes uint8 0/1). A file with colour channels is read only if
    they are equal and opaque, that is, if it is a grey image stored as RGB.

    ValueError for any other colour image, because the program cannot know which of its channels show the cells,
    and for a missing, empty, truncated or unreadable file.
    """
    path = Path(path)
    with explain_permission_error(path):
        _check_readable(path)
        content = decode(path)
    image = _single_channel(path, content)
    if image.ndim not in (2, 3) or image.size == 0 or image.dtype.kind not in "uif":
        raise ValueError(
            f"{path}: expected a grey image (H, W) or stack (D, H, W), got {_describe(image)}; "
            "save one channel of it as a grey image"
        )
    return image


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


def write_image(path: str | Path, array: ArrayLike) -> None:
    """Write a PNG (one 2D image of integers 0 .. 65535) or a TIFF (2D or a stack), chosen by the suffix.

    An existing file is replaced only when the new one is complete. ValueError for another suffix, an array that the
    format cannot hold, and a folder that cannot be written to.
    """
    path, image = Path(path), np.asarray(array)
    suffix = path.suffix.lower()
    if suffix not in (".png", *TIFF):
        raise ValueError(f"{path}: the suffix {path.suffix!r} is unknown; write to a .png, .tif or .tiff file")
    if image.ndim not in (2, 3) or image.size == 0 or image.dtype.kind not in "buif":
        raise ValueError(f"{path}: expected an image (H, W) or a stack (D, H, W), got {_describe(image)}")
    if suffix == ".png":
        image = _for_png(path, image)
    with complete_file(path) as part:
        _encode(part, image)


def standardise(image: ArrayLike) -> NDArray[np.float32]:
    """Grey levels with mean 0 and standard deviation 1 over the whole image, float32, of the same shape.

    A constant image becomes zeros. ValueError for NaN, infinity, or an empty image.

    >>> standardise([[1, 3], [1, 3]]).tolist()
    [[-1.0, 1.0], [-1.0, 1.0]]
    """
    values = np.asarray(image)
    if values.size == 0 or values.dtype.kind not in "buif":
        raise ValueError(f"expected an image of real numbers, got {_describe(values)}; read it with read_image")
    values = values.astype(np.float64)
    require_finite(values, "the image")
    if values.min() == values.max():  # not std() == 0: the standard deviation of a constant may round to 1e-17
        return np.zeros(values.shape, np.float32)
    standard: NDArray[np.float32] = ((values - values.mean()) / values.std()).astype(np.float32)
    return standard


def require_finite(image: Array, name: str) -> None:
    """ValueError if pixels are NaN or infinite; its message gives `name` and, for a stack, the first such slice."""
    for number, plane in enumerate(image if image.ndim == 3 else image[None]):
        bad = plane.size - np.count_nonzero(np.isfinite(plane))
        if bad:
            where = f"{name}, slice {number:02}" if image.ndim == 3 else name
            raise ValueError(f"{where}: {bad} of {plane.size} pixels are NaN or infinite; replace them")


def _check_readable(path: Path) -> None:
    if path.suffix.lower() not in READABLE:
        raise ValueError(f"{path}: the suffix {path.suffix!r} is unknown; use one of {', '.join(READABLE)}")
    if not path.is_file():
        raise ValueError(f"{path}: there is no such file; check the name and the folder")
    if path.stat().st_size == 0:
        raise ValueError(f"{path}: the file is empty (0 bytes); get it again")


def _single_channel(path: Path, decoded: Decoded) -> Array:
    """One channel of an image whose colour channels are equal, booleans as 0 and 1; ValueError if they differ."""
    array = decoded.array
    if decoded.coloured:
        colours, alpha = (array[..., :-1], array[..., -1:]) if array.shape[-1] in (2, 4) else (array, array[:0])
        if (colours != colours[..., :1]).any() or (alpha.size and (alpha != np.max(alpha)).any()):
            raise ValueError(
                f"{path}: expected a grey image, got a colour image; save it as grey first, from the channel "
                "or the mixture of channels that shows the cells (in Python: PIL.Image.open(path).convert('L'))"
            )
        array = colours[..., 0]
    return array.astype(np.uint8) if array.dtype == bool else array


def _for_png(path: Path, image: Array) -> Array:
    """The same values as uint8 or uint16, the two integer types of a grey PNG; ValueError if they do not fit."""
    least, most = (int(image.min()), int(image.max())) if image.dtype.kind in "bui" else (-1, -1)
    if image.ndim != 2 or least < 0 or most > 65535:
        raise ValueError(
            f"{path}: expected one (H, W) image of integers 0 .. 65535 for a PNG, got {_describe(image)}; "
            "write a .tif instead"
        )
    return image.astype(np.uint8 if most < 256 and image.dtype.itemsize != 2 else np.uint16)


def _encode(path: Path, image: Array) -> None:
    if path.suffix.lower() == ".png":
        from PIL import Image

        Image.fromarray(image).save(path)
    else:
        from tifffile import imwrite

        imwrite(path, image, compression="zlib", photometric="minisblack")


def _describe(array: Array) -> str:
    return f"an array of shape {array.shape} and type {array.dtype}"
