"""Evidence about the values of label files: how many places they lie in, how large, how shared between files.

Classes and numbers of cells are stored in the same way. They differ in where the values lie: a class usually lies in
several places of an image and has the same meaning in all images; the number of a cell lies in one place, and another
image uses it for another cell.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.datasets.annotations.scheme import MOST_CLASSES
from unet_tutorial.datasets.images.image import Array

Codes = NDArray[np.int64]

SMALLEST_PIECE = 0.25  # fraction of the largest piece with the same value; smaller pieces are taken for drawing errors
SMALLEST_SIZE = 4  # pixels; smaller pieces are those of smooth edges rather than of classes or cells
SLICES = 64  # examined of a stack, evenly spaced
SIDE = 4096  # pixels; of a larger slice its middle is examined
FEW, MANY = 10, 20  # values other than 0: at most FEW may be classes, at least MANY per image may be numbers of cells
PIECES = 2.5  # mean number of pieces per value and image, at least, if the values are classes
SPREAD, TOGETHER = 8, 0.75  # fewer pieces are those of a cell if as many of them lie nearest to each other
MORE_PIECES = 10  # pieces beyond one per value and image that show that values are classes
LEAST_NUMBERED = 6  # cells per image, if images with different counts are numbered 1 .. n
BACKGROUND_FACTOR = 3  # times the pixels of the largest cell, at least, in the background
ONE_PLACE = 0.9  # fraction of cells in one piece
RARELY_SHARED = 0.05  # fraction of values that are in more than one file, if values are rarely shared
ALIKE = 0.5  # agreement of the numbers of two files, or correlation of their sizes, above which numbers have a meaning


class Occurrence(NamedTuple):
    """A value in one slice.

    It has a number of ``pieces``, of ``piece_size`` pixels in the mean. ``at_edges`` is the fraction of its pixels at
    an edge, that is, with a lower value and a higher value among its eight neighbours. ``together`` is the fraction of
    its pieces whose nearest piece has the same value.
    """

    value: int
    pieces: int
    piece_size: float
    at_edges: float
    together: float


def occurrences(plane: Array) -> list[Occurrence]:
    """All values above 0 in a slice (H, W) of integers. Pieces are 8-connected, since drawn lines are thin."""
    from scipy.ndimage import maximum_filter, minimum_filter
    from skimage.measure import label

    values, codes = ranks(plane)
    if not (values > 0).any():
        return []
    regions = label(codes, background=int(np.searchsorted(values, 0)) if 0 in values else -1, connectivity=2)
    sizes = np.bincount(regions.ravel())[1:]
    code = np.zeros(len(sizes) + 1, np.int64)
    code[regions.ravel()] = codes.ravel()  # all pixels of a region have one value
    code = code[1:]
    largest = np.zeros(len(values), np.int64)
    np.maximum.at(largest, code, sizes)
    large = (sizes >= SMALLEST_PIECE * largest[code]) & (values[code] > 0)
    pieces = np.bincount(code[large], minlength=len(values))
    mean_size = np.bincount(code, sizes, len(values)) / np.maximum(np.bincount(code, minlength=len(values)), 1)
    between = (minimum_filter(codes, 3) < codes) & (codes < maximum_filter(codes, 3))
    at_edges = np.bincount(codes[between], minlength=len(values)) / np.bincount(codes.ravel())
    nearest = _nearest(_centres(regions)[large])
    same = np.bincount(code[large], code[large][nearest] == code[large], len(values)) / np.maximum(pieces, 1)
    columns = (values, pieces, mean_size, at_edges, same)
    found = zip(*(column.tolist() for column in columns), strict=True)
    return [Occurrence(*one) for one in found if one[0] > 0]


def _centres(regions: Codes) -> NDArray[np.float64]:
    """The mean row and column of each of the regions 1 .. n of a slice: (n, 2)."""
    numbers = regions.ravel()
    places = np.indices(regions.shape).reshape(2, -1)
    return np.stack([np.bincount(numbers, place)[1:] for place in places], 1) / np.bincount(numbers)[1:, None]


def _nearest(points: NDArray[np.float64]) -> Codes:
    """The position of the nearest other point of each point; of the point itself if there is no other."""
    from scipy.spatial import KDTree

    if len(points) < 2:
        return np.zeros(len(points), np.int64)
    return np.asarray(KDTree(points).query(points, 2)[1][:, 1])


def ranks(array: Array) -> tuple[Codes, Codes]:
    """The sorted values of an array of integers, and for each pixel the position of its value among them."""
    values, codes = np.unique(array, return_inverse=True)
    return values.astype(np.int64), codes.reshape(array.shape).astype(np.int64)


def _counts(array: Array) -> tuple[Codes, Codes]:
    """The sorted values of an array of integers, and the number of pixels of each."""
    if array.dtype in (np.uint8, np.uint16):  # several times faster than to sort
        counts = np.bincount(array.ravel())
        return np.flatnonzero(counts), counts[counts > 0]
    values, counts = np.unique(array, return_counts=True)
    return values.astype(np.int64), counts


@dataclass
class Evidence:
    """The places of the values in all files, which `add` takes one after another. Values are integers of at least 0.

    ``files`` has the pixel count of each value in each file.
    """

    names: list[str] = field(default_factory=list)
    files: list[dict[int, int]] = field(default_factory=list)
    found: list[Occurrence] = field(default_factory=list)
    agreements: list[float] = field(default_factory=list)
    _last: Array | None = None

    def add(self, name: str, array: Array, missing: NDArray[np.bool_]) -> None:
        """Add a file, an array (H, W) or (D, H, W), of which the ``missing`` pixels are unlabelled."""
        values, counts = _counts(array[~missing] if missing.any() else array)
        self.names.append(name)
        self.files.append(dict(zip(values.tolist(), counts.tolist(), strict=True)))
        planes = np.where(missing, 0, array).reshape(-1, *array.shape[-2:])
        rows, columns = (slice(max(0, side - SIDE) // 2, (side + SIDE) // 2) for side in planes.shape[1:])
        planes = planes[:: -(-len(planes) // SLICES), rows, columns]
        for plane in planes:
            self.found += occurrences(plane)
        if self._last is not None and self._last.shape == planes.shape:
            both = (self._last > 0) & (planes > 0)
            if both.any():
                self.agreements.append(float(np.mean(self._last[both] == planes[both])))
        self._last = planes

    @property
    def values(self) -> list[int]:
        """All values, sorted."""
        return sorted(set().union(*self.files))

    def holders(self, value: int) -> list[str]:
        """The names of the files that hold a value."""
        return [name for name, file in zip(self.names, self.files, strict=True) if value in file]

    def pixels(self, value: int) -> int:
        """The number of pixels of a value in all files."""
        return sum(file.get(value, 0) for file in self.files)

    def background(self) -> int | None:
        """The value of the background if that is not 0: no file holds 0, and in all it is by far the most frequent."""
        files = [file for file in self.files if file]
        most = {max(file, key=lambda value, file=file: file[value]) for file in files}  # type: ignore[misc]
        if len(most) != 1 or 0 in self.values:
            return None
        (value,) = most
        others = [max((count for other, count in file.items() if other != value), default=0) for file in files]
        frequent = all(file[value] >= BACKGROUND_FACTOR * count for file, count in zip(files, others, strict=True))
        return value if frequent else None

    def smooth_edges(self) -> bool:
        """Whether most values between the lowest and the highest lie at edges or in pieces of a few pixels."""
        inner = self._inner()
        size, at_edges = np.median([(one.piece_size, one.at_edges) for one in inner], axis=0) if inner else (99, 0)
        return bool(size < SMALLEST_SIZE or at_edges >= 0.5)

    def mostly_fragments(self) -> bool:
        """Whether most values lie at edges and in pieces of a few pixels, or nearly only at edges, unlike any labels.

        Values without gaps must be many for that, since a noisy map of a few classes also has small pieces.
        """
        inner, above = self._inner(), [value for value in self.values if value > 0]
        gaps = bool(above) and above[-1] > len(above)
        if len({one.value for one in inner}) < (2 if gaps else 32):
            return False
        size, at_edges = np.median([(one.piece_size, one.at_edges) for one in inner], axis=0)
        return bool(at_edges >= 0.9 or (size < SMALLEST_SIZE and at_edges >= 0.5))

    def scattered(self, value: int) -> bool:
        """Whether a value lies in several places in most slices that hold it."""
        pieces = [one.pieces for one in self.found if one.value == value]
        return bool(pieces) and bool(np.median(pieces) >= 2)

    def several_places(self) -> bool:
        """Whether most values lie in several places of a slice."""
        return bool(self.found) and bool(np.median([one.pieces for one in self.found]) >= 2)

    def in_pieces(self) -> float:
        """The share of values that lie in several places of a slice."""
        return float(np.mean([one.pieces >= 2 for one in self.found])) if self.found else 0.0

    def _inner(self) -> list[Occurrence]:
        values = self.values
        return [one for one in self.found if one.value < values[-1]]

    def like_classes(self) -> bool:
        """Whether the values are few and lie in several places per image."""
        numbers = [value for value in self.values if value > 0]
        pieces = np.array([one.pieces for one in self.found])
        if not 2 <= len(numbers) <= FEW or not len(pieces):
            return False
        value = np.array([one.value for one in self.found])
        several = [np.median(pieces[value == number]) >= 2 for number in numbers if (value == number).any()]
        if np.mean(several) < 1 / 3 or pieces.mean() < PIECES or np.sum(pieces - 1) < MORE_PIECES:
            return False
        together = np.average([one.together for one in self.found], weights=pieces)
        if pieces.mean() < SPREAD and together >= TOGETHER:
            return False
        return not self.smooth_edges() and bool(np.median([one.piece_size for one in self.found]) >= SMALLEST_SIZE)

    def like_cells(self) -> bool:
        """Whether the values are many, each in one place of an image, and mean nothing beyond one file."""
        pieces = np.array([one.pieces for one in self.found])
        sizes = np.array([one.piece_size for one in self.found])
        if not len(pieces) or np.mean(pieces == 1) < ONE_PLACE or np.median(sizes) < SMALLEST_SIZE:
            return False
        files = [sorted(value for value in file if value > 0) for file in self.files]
        files = [numbers for numbers in files if numbers]
        numbers = sorted(set().union(*files))
        counts = [len(each) for each in files]
        if len(numbers) > MOST_CLASSES:
            return True
        if len(files) == 1:
            return len(numbers) >= MANY and _from_one(numbers)
        shared = np.mean([sum(number in file for file in self.files) > 1 for number in numbers])
        if shared <= RARELY_SHARED and _from_one(numbers) and len(numbers) >= MANY:
            return True
        if np.median(self.agreements or [0]) >= ALIKE or self._sizes_alike():
            return False
        renumbered = all(map(_from_one, files)) and len(set(counts)) >= 3
        return bool(np.median(counts) >= (LEAST_NUMBERED if renumbered else MANY))

    def _sizes_alike(self) -> bool:
        """Whether a value has nearly the same rank among the sizes of every file, as that of an organ has."""
        from scipy.stats import rankdata

        found = []
        for first, second in pairwise(self.files):
            both = sorted((first.keys() & second.keys()) - {0})
            sizes = [rankdata([file[number] for number in both]) for file in (first, second)]
            if len(both) >= LEAST_NUMBERED and all(np.ptp(each) for each in sizes):
                found.append(np.corrcoef(sizes)[0, 1])
        return bool(found) and bool(np.mean(found) >= ALIKE)


def _from_one(numbers: list[int]) -> bool:
    """Whether sorted numbers are 1 .. n."""
    return numbers == list(range(1, len(numbers) + 1))
