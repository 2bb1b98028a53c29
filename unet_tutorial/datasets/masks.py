"""A mask file to numbered cells, and what is told apart from a mask by its looks: classes, and blurred edges."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.datasets.decode import Array
from unet_tutorial.datasets.files import read_image, require_finite
from unet_tutorial.datasets.labels import connected_cells, parted
from unet_tutorial.datasets.noise import Ids

WHITE = (1, 255, 65535)  # what "cell" is written as in a mask of two values
SPECK = 4  # px: a map whose cells are mostly smaller shows no cells
PIECE = 0.25  # of the largest piece of a number: what is smaller is a slip of the brush and not counted
LOOKED_AT = 100  # numbers per slice; in a blurred 16-bit mask there are thousands, each all over the image
UNLABELLED = -1  # what `read_cells` writes where nobody has labelled


def read_cells(path: Path, rank: int = 2, *, unlabelled: int | None = None) -> Ids:
    """The cells in a mask file, numbered 1 .. n: int32, (H, W) or (D, H, W) as the file is.

    With ``rank`` 2 a stack is numbered in every slice anew, with 3 as one volume. A mask of two values (0 and 1, 255 or
    65535) holds classes, and its connected pieces are the cells; a mask of other values holds the number of a cell in
    each pixel, and cells that touch are parted by a line of background. Where the mask has the value ``unlabelled``,
    nobody has looked, and -1 comes back.

    ValueError for what `read_image` refuses, a JPEG, values other than whole numbers of at least 0, and numbers that
    are scattered over the image, as classes and grey edges are.
    """
    mask, open_ = _read_mask(path, unlabelled)
    planes = mask if mask.ndim == 3 else mask[None]  # (D, H, W)
    wholes = planes if rank == 2 else mask[None]
    if _is_binary(mask):
        # pieces that may hang together where nobody has looked are one cell: no border is known between them
        holes = open_.reshape(wholes.shape)
        cells = np.stack([connected_cells((whole > 0) | hole) for whole, hole in zip(wholes, holes, strict=True)])
    else:
        _refuse_scattered(path, planes)
        cells = np.stack([_numbered(parted(_numbered(whole))) for whole in wholes])  # parting may use up a thin cell
    return np.where(open_, UNLABELLED, cells.reshape(mask.shape)).astype(np.int32)


def _read_mask(path: Path, unlabelled: int | None) -> tuple[Array, NDArray[np.bool_]]:
    """A mask as finite whole numbers of at least 0, and where nobody has labelled: there it is 0."""
    if path.suffix.lower() in (".jpg", ".jpeg"):
        raise ValueError(f"{path}: JPEG changes the values of a mask; export it again as PNG or TIFF")
    if unlabelled == 0:
        raise ValueError("0 is background in a mask; write what nobody has labelled as another value, such as 255")
    mask = read_image(path)
    require_finite(mask, str(path))
    open_ = np.zeros(mask.shape, bool) if unlabelled is None else np.asarray(mask == unlabelled)
    mask = np.where(open_, np.zeros((), mask.dtype), mask)
    if (mask.dtype.kind == "f" and (mask != np.rint(mask)).any()) or mask.min() < 0:
        raise ValueError(
            f"{path}: a mask holds whole numbers of at least 0, and {mask.min()} .. {mask.max()} came; export it anew, "
            "or say with --unlabelled which value stands for what nobody has labelled"
        )
    return mask, open_


def _is_binary(mask: Array) -> bool:
    values = np.unique(mask)
    return bool(len(values) == 1 or (len(values) == 2 and values[0] == 0 and values[1] in WHITE))


def _numbered(plane: Array) -> Ids:
    """The numbers above 0, however large, as 1 .. n in their order."""
    values, ranks = np.unique(plane, return_inverse=True)
    ids: Ids = (ranks.reshape(plane.shape) + (values[0] != 0)).astype(np.int32)
    return ids


def _refuse_scattered(path: Path, planes: Array) -> None:
    """ValueError where most numbers lie in several places or cover next to nothing: a cell does neither.

    Slices are looked at one by one, since the numbers of one need not be those of the next.
    """
    found = [cell for plane in planes for cell in _pieces_and_sizes(_numbered(plane))]
    pieces, size = np.median(found, axis=0)
    if pieces >= 2 or size < SPECK:
        raise ValueError(
            f"{path}: this looks like an anti-aliased mask or a map of classes, not numbered cells (half of its "
            f"{len(np.unique(planes[planes > 0]))} values lie in {pieces:g} places or more, half cover {size:g} px or "
            "fewer); threshold it to 0 and 255, or number the cells (scipy.ndimage.label)"
        )


def _pieces_and_sizes(ids: Ids) -> list[tuple[int, int]]:
    """How many places each number lies in, and its pixels; of many numbers, some at equal distances."""
    from scipy.ndimage import find_objects, label

    found = []
    boxes = find_objects(ids)
    for number in range(0, len(boxes), -(-len(boxes) // LOOKED_AT) or 1):
        pieces, _ = label(ids[boxes[number]] == number + 1, np.ones((3, 3)))  # corners connect: drawn lines are thin
        sizes = np.bincount(pieces.ravel())[1:]
        found.append((int((sizes >= PIECE * sizes.max()).sum()), int(sizes.sum())))
    return found
