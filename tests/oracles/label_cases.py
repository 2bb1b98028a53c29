"""Label files that users have, made by hand, so that the right meaning of each is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, zoom

from unet_tutorial.datasets.annotations.label_values import RawLabels

Array = NDArray[Any]
BLACK, RED = (0, 0, 0), (255, 0, 0)
SIZE, CELL = 96, 12  # pixels: side of an image, and of the places of its squares


def squares(seed: int, values: Sequence[int]) -> Array:
    """Rectangles of 5 to 9 pixels, which do not touch, in random places, with these values on 0."""
    generator = np.random.default_rng(seed)
    image = np.zeros((SIZE, SIZE), np.int64)
    for place, value in zip(generator.permutation((SIZE // CELL) ** 2), values, strict=False):
        row, column = (CELL * int(part) + 1 for part in divmod(int(place), SIZE // CELL))
        height, width = generator.integers(5, 10, 2)
        image[row : row + height, column : column + width] = value
    return image


def files_of(counts: Sequence[int], values: Callable[[int, int], Sequence[int]]) -> list[Array]:
    """A file for each count, with squares of the values that ``values(file, count)`` gives."""
    return [squares(file, values(file, count)) for file, count in enumerate(counts)]


def classes(files: int, top: int, each: int = 6) -> list[Array]:
    """Files with ``each`` squares of every class 1 .. top."""
    return files_of([each * top] * files, lambda _, count: [1 + number % top for number in range(count)])


def cells(*counts: int) -> list[Array]:
    """Files with cells numbered 1 .. n."""
    return files_of(counts, lambda _, count: range(1, count + 1))


def chosen(files: int, count: int, values: Sequence[int]) -> list[Array]:
    """Files with ``count`` squares of different values, each drawn from ``values``."""
    draw = [np.random.default_rng(file).choice(values, count, replace=False).tolist() for file in range(files)]
    return files_of([count] * files, lambda file, _: draw[file])


def numbered_through(*counts: int) -> list[Array]:
    """Files with cells, numbered through all files."""
    ends = np.cumsum(counts).tolist()
    return files_of(counts, lambda file, count: range(ends[file] - count + 1, ends[file] + 1))


def recoded(files: Sequence[Array], codes: Sequence[int]) -> list[Array]:
    """The values 0, 1, 2 .. replaced by these."""
    return [np.array(codes)[file] for file in files]


def blurred(sigma: float = 1.0) -> list[Array]:
    """Masks of 0 and 255 with smooth edges."""
    return [np.rint(gaussian_filter(255.0 * (mask > 0), sigma)).astype(np.uint8) for mask in classes(3, 1, 20)]


def shrunk(factor: int) -> list[Array]:
    """Masks of 0 and 255, made smaller with linear interpolation, so that their edges have a few values between."""
    masks = (255.0 * (mask > 0) for mask in classes(3, 1, 20))
    small = (zoom(mask, 1 / factor, order=1, prefilter=False, grid_mode=True, mode="nearest") for mask in masks)
    return [np.rint(mask).astype(np.uint8) for mask in small]


def photographs() -> list[Array]:
    """Grey images, taken for labels by mistake."""
    noise = (np.random.default_rng(seed).normal(size=(SIZE, SIZE)) for seed in range(3))
    return [(gaussian_filter(each, 2) * 300 + 128).clip(0, 255).astype(np.uint8) for each in noise]


def distance_maps() -> list[Array]:
    """The distance of each pixel of a cell to its border."""
    from scipy.ndimage import distance_transform_cdt

    return [distance_transform_cdt(np.kron(file[::4, ::4] > 0, np.ones((4, 4), bool))) for file in classes(3, 1, 40)]


def rings(width: int) -> list[Array]:
    """Squares of class 2 in a rim of class 1, which is ``width`` pixels wide."""
    found = []
    for seed in range(3):
        mask = np.kron(squares(seed, [1] * 12)[::2, ::2] > 0, np.ones((4, 4), np.int64))
        inner = mask.copy()
        for _ in range(width):
            inner[1:-1, 1:-1] &= inner[:-2, 1:-1] & inner[2:, 1:-1] & inner[1:-1, :-2] & inner[1:-1, 2:]
        found.append(mask + inner)
    return found


def painted_with(files: Sequence[Array], colours: Sequence[tuple[int, int, int]]) -> list[Array]:
    """The values 0, 1, 2 .. as colours: (H, W, 3) uint8."""
    return [np.array(colours, np.uint8)[file] for file in files]


def raw(files: Sequence[Array], **fields: Any) -> list[RawLabels]:
    """Arrays as the content of files a.png, b.png and so on."""
    return [RawLabels(f"{chr(97 + number)}.png", np.asarray(file), **fields) for number, file in enumerate(files)]
