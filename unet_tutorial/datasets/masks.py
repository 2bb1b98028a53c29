"""Reads instance masks as numbered cells; rejects class maps and anti-aliased masks."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.datasets.decode import Array
from unet_tutorial.datasets.files import read_image, require_finite
from unet_tutorial.datasets.labels import Instances, connected_cells, separated

FOREGROUND = (1, 255, 65535)  # values that may mean "cell" in a mask of two values
# A mask with more than two values is rejected if its values cannot be the numbers of cells (see `_refuse_scattered`).
SMALLEST_MEDIAN = 4  # pixels; if the median size of its values is smaller, they are not the numbers of cells
SMALLEST_PIECE = 0.25  # fraction of the largest piece with the same value; smaller pieces are ignored as drawing errors
SAMPLED = 100  # values examined per slice, because a blurred 16-bit mask has thousands of them
UNLABELLED = -1  # value of pixels without a label in the result of `read_cells`


def read_cells(path: Path, rank: int = 2, *, unlabelled: int | None = None) -> Instances:
    """The cells in a mask file, numbered 1 .. n: int32, (H, W) or (D, H, W) as in the file; 0 is background.

    With ``rank`` 2 each slice of a stack is numbered separately, with 3 the stack is one volume. A mask of two values
    (0 and 1, 255 or 65535) is a map of classes: its connected components are the cells. Any other mask holds the number
    of a cell in each pixel; cells that touch are separated by a line of background. Pixels of the value ``unlabelled``
    become -1.

    ValueError for any file that `read_image` rejects, a JPEG, values that are not integers of at least 0, and values
    that are scattered over the image, such as those of class maps and of anti-aliased edges.
    """
    mask, missing = _read_mask(path, unlabelled)
    planes = mask if mask.ndim == 3 else mask[None]  # (D, H, W)
    regions = planes if rank == 2 else mask[None]  # numbered separately
    if _is_binary(mask):
        # two pieces with only unlabelled pixels between them count as one cell, because no border between them is known
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
            f"{path}: expected a mask of integers of at least 0, got values from {mask.min()} to {mask.max()}; "
            "export it again, or give the value of unlabelled pixels with --unlabelled"
        )
    return mask, missing


def _is_binary(mask: Array) -> bool:
    values = np.unique(mask)
    return bool(len(values) == 1 or (len(values) == 2 and values[0] == 0 and values[1] in FOREGROUND))


def _numbered(plane: Array) -> Instances:
    """The values above 0 replaced by 1 .. n in the same order."""
    values, ranks = np.unique(plane, return_inverse=True)
    ids: Instances = (ranks.reshape(plane.shape) + (values[0] != 0)).astype(np.int32)
    return ids


def _refuse_scattered(path: Path, planes: Array) -> None:
    """ValueError if most values are scattered over several places or cover very few pixels, unlike those of cells.

    Each slice is examined alone, since slices may be numbered separately.
    """
    found = [cell for plane in planes for cell in _pieces_and_sizes(_numbered(plane))]
    pieces, size = np.median(found, axis=0)
    if pieces >= 2 or size < SMALLEST_MEDIAN:
        raise ValueError(
            f"{path}: this looks like an anti-aliased mask or a map of classes, not numbered cells: most of its "
            f"{len(np.unique(planes[planes > 0]))} values are scattered or very small (median: {pieces:g} pieces, "
            f"{size:g} px); threshold it to 0 and 255, or number the cells (scipy.ndimage.label)"
        )


def _pieces_and_sizes(ids: Instances) -> list[tuple[int, int]]:
    """The number of pieces and of pixels of each cell, or of about `SAMPLED` evenly spaced cells if there are more."""
    from scipy.ndimage import find_objects, label

    found = []
    boxes = find_objects(ids)
    for number in range(0, len(boxes), -(-len(boxes) // SAMPLED) or 1):
        pieces, _ = label(ids[boxes[number]] == number + 1, np.ones((3, 3)))  # 8-connected: drawn lines are thin
        sizes = np.bincount(pieces.ravel())[1:]
        found.append((int((sizes >= SMALLEST_PIECE * sizes.max()).sum()), int(sizes.sum())))
    return found
