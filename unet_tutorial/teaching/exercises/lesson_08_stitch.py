"""Lesson 08: the stitching. The net handed in refuses all but tiles; one pass over the whole image is the judge."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from unet_tutorial.nets.crop import center_crop, mirrored
from unet_tutorial.teaching.checking.exercise import Case, Exercise
from unet_tutorial.teaching.exercises.lesson_08_starts import first_pixels, flush, without_last

Corner = tuple[int, int]


@dataclass(frozen=True)
class _Net:
    """Convolution, pooling, convolution, up again, convolution: (N, 1, side, side) -> (N, 2, …), on its grid."""

    side: int
    grid: int
    padding: int
    seed: int

    def __call__(self, tiles: Tensor) -> Tensor:
        if tiles.ndim != 4 or tuple(tiles.shape[1:]) != (1, self.side, self.side):
            raise ValueError(
                f"tiles of shape (N, 1, {self.side}, {self.side}) are needed, and {tuple(tiles.shape)} came"
            )
        return self.anywhere(tiles)

    def anywhere(self, x: Tensor) -> Tensor:
        """The same for any size that passes."""
        generator = torch.Generator().manual_seed(self.seed)  # the same weights at every call
        first, second, third = (torch.randn(2, c, 3, 3, generator=generator) for c in (1, 2, 2))
        low = F.max_pool2d(F.conv2d(x, first, padding=self.padding), self.grid)
        high = F.interpolate(F.conv2d(low, second, padding=self.padding).relu(), scale_factor=float(self.grid))
        return F.conv2d(high, third, padding=self.padding)


def _one_pass(net: _Net, image: Tensor, side: int, before: int, grid: int) -> Tensor:
    """What stitching must equal: the mirrored image at once."""
    pads = [(before, before + (side - n - 2 * before) % grid) for n in image.shape[1:]]
    logits = net.anywhere(torch.from_numpy(np.pad(image.numpy(), [(0, 0), *pads], "reflect"))[None])[0]
    cut = before if net.padding else 0
    return logits[:, cut : cut + image.shape[1], cut : cut + image.shape[2]]


def _scenes(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    for padding, side, before, grid, size in (
        (0, 18, 6, 4, (13 + seed, 17)),
        (1, 44, 12, 4, (31, 22 + seed)),
        (0, 34, 10, 8, (19 + seed, 27)),
        (1, 44, 12, 4, (5, 9 + seed)),
    ):
        yield _Net(side, grid, padding, seed + 1), torch.randn(1, *size, generator=generator), side, before, grid


def _read(image: Tensor, corner: Corner, before: int, side: int) -> Tensor:
    return mirrored(image, (corner[0] - before, corner[1] - before), (side, side))


def _framed(image: Tensor, corner: Corner, before: int, side: int) -> Tensor:
    """Zeros in place of the mirror."""
    return F.pad(image, [side] * 4)[:, corner[0] + side - before :, corner[1] + side - before :][:, :side, :side]


def _middle(logits: Tensor, keep: int) -> Tensor:
    return center_crop(logits, (keep, keep))


def _paste(canvas: Tensor, part: Tensor, corner: Corner) -> None:
    canvas[:, corner[0] : corner[0] + part.shape[1], corner[1] : corner[1] + part.shape[2]] = part


def _add(canvas: Tensor, part: Tensor, corner: Corner) -> None:
    canvas[:, corner[0] : corner[0] + part.shape[1], corner[1] : corner[1] + part.shape[2]] += part


def _stitching(
    *,
    starts: Callable[[int, int, int], list[int]] = first_pixels,
    read: Callable[[Tensor, Corner, int, int], Tensor] = _read,
    cut: Callable[[Tensor, int], Tensor] = _middle,
    paste: Callable[[Tensor, Tensor, Corner], None] = _paste,
) -> Callable[..., Tensor]:
    """Tile by tile, with what people change in it handed in."""

    def stitch(net: _Net, image: Tensor, side: int, before: int, grid: int) -> Tensor:
        height, width = image.shape[1:]
        keep = side - 2 * before
        canvas = image.new_zeros(2, height + keep, width + keep)
        for row, column in product(starts(height, keep, grid), starts(width, keep, grid)):
            tile = read(image, (row, column), before, side)
            paste(canvas, cut(net(tile[None]), keep)[0], (row, column))
        return canvas[:, :height, :width]

    return stitch


def _swapped(image: Tensor, corner: Corner, before: int, side: int) -> Tensor:
    return _read(image, corner[::-1], before, side)


stitch = Exercise(
    "stitch",
    _one_pass,
    _scenes,
    {
        "the tiles lie off the grid of the poolings: round the step down to a multiple of it": (
            _stitching(starts=lambda n, keep, _grid: [*range(0, n, keep)])
        ),
        "the last tile lies flush with the end and off the grid; begin at the next multiple and run over": (
            _stitching(starts=flush)
        ),
        "the last tile is missing, and the end stays empty": _stitching(starts=without_last),
        "the tile is read where its answer begins; read it that much earlier": (
            _stitching(read=lambda image, corner, _before, side: _read(image, corner, 0, side))
        ),
        "zeros stand where the mirror should: the image goes on behind its border": _stitching(read=_framed),
        "rows and columns are swapped where the tile is read": _stitching(read=_swapped),
        "rows and columns are swapped where the answer is written": (
            _stitching(paste=lambda canvas, part, corner: _paste(canvas, part, corner[::-1]))
        ),
        "you kept the corner of the answer; a padded net answers for its margin, too: keep the middle": (
            _stitching(cut=lambda logits, keep: logits[..., :keep, :keep])
        ),
        "where tiles overlap, their answers add up; each of them is right, so overwrite": _stitching(paste=_add),
    },
)

EXERCISES = (stitch,)
