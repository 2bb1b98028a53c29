"""Regions of interest of an image: found in a mask, cropped and enlarged, and pasted back.

Both training and prediction of a cascade use them, see ``nets.cascade`` and ``inference.cascade``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor
from torch.nn import functional as F

from unet_tutorial.nets.crop import mirrored
from unet_tutorial.nets.nd import LINEAR
from unet_tutorial.plan.levels import Size, positive_int

Resize = Callable[[Tensor, Size], Tensor]  # (C, *any), size -> (C, *size)


@dataclass(frozen=True)
class Region:
    """A box of ``size`` pixels whose first pixel is ``origin``. It may extend beyond the image at each border.

    Raises ValueError unless both are tuples of whole numbers of equal length, and the size is at least 1 along each
    axis.
    """

    origin: Size
    size: Size

    def __post_init__(self) -> None:
        whole = all(isinstance(n, int) for n in (*self.origin, *self.size))
        if not whole or len(self.origin) != len(self.size) or min(self.size, default=0) < 1:
            raise ValueError(
                f"region of {self.size} pixels at {self.origin}: needed are two tuples of whole numbers with one per "
                "axis, and at least 1 pixel along each axis; leave out empty regions"
            )

    def inside(self, image: Sequence[int]) -> tuple[slice, ...]:
        """The slices of the box that are inside an image of this size; empty ones if it is outside."""
        if len(image) != len(self.size):
            raise ValueError(
                f"a region of {len(self.size)} axes in an image of {len(image)} axes {tuple(image)}; find it in a mask "
                "of the image, without the axis of channels"
            )
        return tuple(
            slice(min(max(first, 0), length), max(min(first + n, length), 0))
            for first, n, length in zip(self.origin, self.size, image, strict=True)
        )

    def own(self, image: Sequence[int]) -> tuple[slice, ...]:
        """The slices of ``inside``, counted from the origin of the box."""
        return tuple(
            slice(each.start - first, each.stop - first)
            for each, first in zip(self.inside(image), self.origin, strict=True)
        )


def square_around(first: Sequence[int], last: Sequence[int], margin: int) -> Region:
    """The square, or cube, around the pixels from ``first`` to ``last``, with ``margin`` pixels at both ends.

    Its side is the longest side of the pixels plus the two margins. Along shorter sides they are in the middle; of an
    odd number of further pixels, one more is at the end.

    >>> square_around((4, 10), (5, 15), margin=1)
    Region(origin=(1, 9), size=(8, 8))
    """
    lengths = [b - a + 1 for a, b in zip(first, last, strict=True)]
    side = max(lengths) + 2 * margin
    return Region(tuple(a - (side - n) // 2 for a, n in zip(first, lengths, strict=True)), (side,) * len(lengths))


def largest_regions(mask: Tensor, *, most: int = 1, margin: int = 20) -> list[Region]:
    """Squares around the ``most`` largest connected components of a mask (*size), the largest first.

    Pixels are connected if they touch, also at a corner. Of two components of equal size, the one whose first pixel
    comes first in the order of the axes is first. An empty mask has no regions, so the list is empty. ``margin`` is in
    pixels. Raises ValueError for ``most`` below 1, a negative margin, and a mask with other values than 0 and 1.
    """
    positive_int("most", most)
    if not ((mask == 0) | (mask == 1)).all():
        raise ValueError(
            f"the mask holds values from {float(mask.min())} to {float(mask.max())}, and needed are 0 and 1, or "
            "False and True; compare first, as in labels > 0 or probability > 0.5"
        )
    if margin < 0:
        raise ValueError(f"margin = {margin}: it is a number of pixels around the region; write 0 or more")
    labels, count = ndimage.label(mask.cpu().numpy(), np.ones((3,) * mask.ndim))
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    boxes = []
    for i in np.argsort(-sizes, kind="stable")[:most]:
        along = ndimage.find_objects(labels)[i]
        boxes.append(square_around([int(s.start) for s in along], [int(s.stop) - 1 for s in along], margin))
    return boxes


def linear(x: Tensor, size: Size) -> Tensor:
    """Linear interpolation along each axis: (C, *any) -> (C, *size). The same size gives the same values."""
    return F.interpolate(x[None], size=size, mode=LINEAR[len(size) - 1])[0]


def nearest(x: Tensor, size: Size) -> Tensor:
    """The nearest pixel, for labels: (C, *any) -> (C, *size)."""
    return F.interpolate(x[None], size=size, mode="nearest-exact")[0]


def cropped(x: Tensor, box: Region, size: Size, resize: Resize = linear) -> Tensor:
    """The pixels of a box, resized: (C, *any) -> (C, *size). Beyond its border the image is mirrored."""
    box.inside(x.shape[1:])  # refuses another number of axes
    return resize(mirrored(x, box.origin, box.size), size)


def paste_(whole: Tensor, part: Tensor, box: Region, resize: Resize = linear) -> None:
    """Resize ``part`` (K, *any) to the box, and write into ``whole`` (K, *size), in place, where it is larger.

    So boxes may overlap: the larger logit stays. Pixels of the box beyond the border of ``whole`` are not used.
    """
    size = tuple(whole.shape[1:])
    target = whole[(slice(None), *box.inside(size))]
    torch.maximum(target, resize(part, box.size)[(slice(None), *box.own(size))], out=target)
