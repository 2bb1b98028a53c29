"""Fills outlines: the pixels whose centre lies inside a polygon or an ellipse.

Coordinates (x, y) are in pixels from the upper left corner of the image, so that the centre of the first pixel is
(0.5, 0.5). COCO, labelme, QuPath and ImageJ use these coordinates.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unet_tutorial.datasets.annotations.labels import Instances


class OutlineError(ValueError):
    """Outlines that can be read, but not be those of the image; the message says how to change that."""


class Region(NamedTuple):
    """The pixels of an object: True in ``mask``, which covers the box ``where`` of an image."""

    where: tuple[slice, ...]
    mask: NDArray[np.bool_]

    @property
    def pixels(self) -> int:
        """The number of pixels."""
        return int(np.count_nonzero(self.mask))


class Painted(NamedTuple):
    """Numbered regions (*size); ``shared`` is the number of pixels that belong to more than one region."""

    instances: Instances
    shared: int


def filled(rings: Sequence[ArrayLike], size: tuple[int, int]) -> Region:
    """The pixels inside closed rings of points (x, y) in an image (H, W); a ring inside another one is a hole.

    A pixel whose centre lies exactly on an outline belongs to the region on its right, or below it, so that regions
    with a common border neither overlap nor leave a gap. Points outside the image are allowed. OutlineError if all are.

    >>> filled([[(0, 0), (3, 0), (3, 2), (0, 2)]], (4, 4)).mask.tolist()
    [[True, True, True], [True, True, True]]
    """
    points = [np.asarray(ring, float).reshape(-1, 2) for ring in rings]
    start = np.concatenate(points or [np.zeros((0, 2))])
    end = np.concatenate([np.roll(ring, -1, axis=0) for ring in points] or [np.zeros((0, 2))])
    _refuse_outside(start, size)
    low, high = np.minimum(start[:, 1], end[:, 1]), np.maximum(start[:, 1], end[:, 1])
    # rows whose centre lies in low <= y < high, so that two edges that meet are crossed once
    first, stop = (np.clip(np.ceil(y - 0.5), 0, size[0]).astype(np.int64) for y in (low, high))
    edge = np.repeat(np.arange(len(start)), stop - first)
    if not len(edge):
        return Region((slice(0, 0), slice(0, 0)), np.zeros((0, 0), bool))
    rows = np.arange(len(edge)) - np.repeat(np.cumsum(stop - first) - (stop - first), stop - first) + first[edge]
    (x0, y0), (x1, y1) = start[edge].T, end[edge].T
    crossing = x0 + (rows + 0.5 - y0) / (y1 - y0) * (x1 - x0)
    # the first pixel whose centre is to the right
    columns = np.clip(np.ceil(crossing - 0.5), 0, size[1]).astype(np.int64)
    top, left = int(rows.min()), int(columns.min())
    crossings = np.zeros((int(rows.max()) + 1 - top, int(columns.max()) + 1 - left), np.int64)
    np.add.at(crossings, (rows - top, columns - left), 1)
    inside = (np.cumsum(crossings, axis=1) % 2 == 1)[:, :-1]
    return Region((slice(top, top + inside.shape[0]), slice(left, left + inside.shape[1])), inside)


def ellipse(box: tuple[float, float, float, float], size: tuple[int, int]) -> Region:
    """The pixels inside the ellipse in the box (left, top, right, bottom) of an image (H, W).

    OutlineError if the box lies outside the image.
    """
    left, top, right, bottom = box
    _refuse_outside(np.array([(left, top), (right, bottom)]), size)
    rows, columns = (
        np.arange(max(0, int(low)), max(0, min(most, int(np.ceil(high)))))
        for low, high, most in ((top, bottom, size[0]), (left, right, size[1]))
    )
    if not len(rows) or not len(columns) or right <= left or bottom <= top:
        return Region((slice(0, 0), slice(0, 0)), np.zeros((0, 0), bool))
    y = (rows + 0.5 - (top + bottom) / 2) / ((bottom - top) / 2)
    x = (columns + 0.5 - (left + right) / 2) / ((right - left) / 2)
    mask = y[:, None] ** 2 + x**2 <= 1
    return Region((slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)), mask)


def whole(mask: NDArray[np.bool_]) -> Region:
    """The region of a mask of the whole image."""
    return Region(tuple(slice(0, side) for side in mask.shape), mask)


def union(regions: Sequence[Region]) -> Region:
    """The pixels of any of the regions."""
    kept = [region for region in regions if region.mask.size]
    if len(kept) <= 1:
        return kept[0] if kept else regions[0]
    where = tuple(
        slice(min(each.start for each in axis), max(each.stop for each in axis))
        for axis in zip(*(region.where for region in kept), strict=True)
    )
    mask = np.zeros([each.stop - each.start for each in where], bool)
    for region in kept:
        inside = tuple(slice(a.start - b.start, a.stop - b.start) for a, b in zip(region.where, where, strict=True))
        mask[inside] |= region.mask
    return Region(where, mask)


def painted(regions: Sequence[Region], size: tuple[int, ...]) -> Painted:
    """The regions numbered 1 .. n in their order; a pixel of several regions belongs to the smallest of them."""
    instances, cover = np.zeros(size, np.int32), np.zeros(size, np.int32)
    areas = [region.pixels for region in regions]
    for number in sorted(range(len(regions)), key=lambda number: -areas[number]):
        where, mask = regions[number]
        instances[where][mask] = number + 1
        cover[where] += mask
    return Painted(instances, int(np.count_nonzero(cover > 1)))


def _refuse_outside(points: NDArray[np.float64], size: tuple[int, int]) -> None:
    """OutlineError if the box of the points (x, y) lies outside an image (H, W)."""
    if not np.isfinite(points).all():
        raise OutlineError("an outline has coordinates that are not finite; export it again")
    if len(points) and ((points.max(axis=0) <= 0).any() or (points.min(axis=0) >= size[::-1]).any()):
        (x, y), (height, width) = points.min(axis=0), size
        raise OutlineError(
            f"an outline at x = {x:g}, y = {y:g} lies outside the image of {width} × {height} pixels; "
            "use the image on which it was drawn, at its full size"
        )
