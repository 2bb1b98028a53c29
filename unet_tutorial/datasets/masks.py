"""Reads instance masks as numbered cells; rejects class maps and anti-aliased masks."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.datasets.decode import Array
from unet_tutorial.datasets.files import read_image, require_finite
from unet_tutorial.datasets.labels import Instances, connected_cells, separated

FOREGROUND = (1, 255, 65535)  # the values that may stand for "cell" in a mask of two values
SMALLEST_MEDIAN = 4  # pixels: if half of the numbers cover fewer, they are not the numbers of cells
SMALLEST_PIECE = 0.25  # of the largest piece of a number: smaller pieces are drawing errors and are not counted
SAMPLED = 100  # numbers examined per slice: a blurred 16-bit mask has thousands, each scattered over the image
UNLABELLED = -1  # the value of `read_cells` for pixels without a label


def read_cells(path: Path, rank: int = 2, *, unlabelled: int | None = None) -> Instances:
    """The cells in a mask file, numbered 1 .. n: int32, (H, W) or (D, H, W) as in the file; 0 is background.

    With ``rank`` 2 each slice of a stack is numbered separately, with 3 the stack is one volume. A mask of two values
    (0 and 1, 255 or 65535) is a map of classes: its connected components are the cells. Any other mask holds the number
    of a cell in each pixel; cells that touch are separated by a line of background. Pixels of the value ``unlabelled``
    become -1.

    ValueError for any file that `read_image` rejects, a JPEG, values that are not integers of at least 0, and numbers
    that are scattered over the image, as those of class maps and anti-aliased edges are.
    """
    mask, missing = _read_mask(path, unlabelled)
    planes = mask if mask.ndim == 3 else mask[None]  # (D, H, W)
    regions = planes if rank == 2 else mask[None]  # numbered separately
    if _is_binary(mask):
        # unlabelled pixels connect: no border is known between two pieces that only they separate
        gaps = missing.reshape(regions.shape)
        cells = np.stack([connected_cells((region > 0) | gap) for region, gap in zip(regions, gaps, strict=True)])
    else:
        _refuse_scattered(path, planes)
        # numbered again after `separated`, which may remove all pixels of a thin cell
        cells = np.stack([_numbered(separated(_numbered(region))) for region in regions])
    return np.where(missing, UNLABELLED, cells.reshape(mask.shape)).astype(np.int32)


def _read_mask(path: Path, unlabelled: int | None) -> tuple[Array, NDArray[np.bool_]]:
    """The mask as finite integers of at least 0, and True where pixels are unlabelled; there the mask is 0."""
    if path.suffix.lower() in (".jpg", ".jpeg"):
        raise ValueError(f"{path}: JPEG changes the values of a mask; export it again as PNG or TIFF")
    if unlabelled == 0:
        raise ValueError("0 is background in a mask; give unlabelled pixels another value, such as 255")
    mask = read_image(path)
    require_finite(mask, str(path))
    missing = np.zeros(mask.shape, bool) if unlabelled is None else np.asarray(mask == unlabelled)
    mask = np.where(missing, np.zeros((), mask.dtype), mask)
    if (mask.dtype.kind == "f" and (mask != np.rint(mask)).any()) or mask.min() < 0:
        raise ValueError(
            f"{path}: a mask holds whole numbers of at least 0, and {mask.min()} .. {mask.max()} came; "
            "export it again, or name the value of unlabelled pixels with --unlabelled"
        )
    return mask, missing


def _is_binary(mask: Array) -> bool:
    values = np.unique(mask)
    return bool(len(values) == 1 or (len(values) == 2 and values[0] == 0 and values[1] in FOREGROUND))


def _numbered(plane: Array) -> Instances:
    """The numbers above 0 replaced by 1 .. n in the same order."""
    values, ranks = np.unique(plane, return_inverse=True)
    ids: Instances = (ranks.reshape(plane.shape) + (values[0] != 0)).astype(np.int32)
    return ids


def _refuse_scattered(path: Path, planes: Array) -> None:
    """ValueError if most numbers lie in several places or cover very few pixels; those of cells do neither.

    Each slice is examined alone, since slices may be numbered separately.
    """
    found = [cell for plane in planes for cell in _pieces_and_sizes(_numbered(plane))]
    pieces, size = np.median(found, axis=0)
    if pieces >= 2 or size < SMALLEST_MEDIAN:
        raise ValueError(
            f"{path}: this looks like an anti-aliased mask or a map of classes, not numbered cells (half of its "
            f"{len(np.unique(planes[planes > 0]))} values lie in {pieces:g} or more places, half cover {size:g} px or "
            "fewer); threshold it to 0 and 255, or number the cells (scipy.ndimage.label)"
        )


def _pieces_and_sizes(ids: Instances) -> list[tuple[int, int]]:
    """The number of places and of pixels of each cell; of every k-th cell if there are more than `SAMPLED`."""
    from scipy.ndimage import find_objects, label

    found = []
    boxes = find_objects(ids)
    for number in range(0, len(boxes), -(-len(boxes) // SAMPLED) or 1):
        pieces, _ = label(ids[boxes[number]] == number + 1, np.ones((3, 3)))  # corners connect: drawn lines are thin
        sizes = np.bincount(pieces.ravel())[1:]
        found.append((int((sizes >= SMALLEST_PIECE * sizes.max()).sum()), int(sizes.sum())))
    return found
