"""Exercises of lesson 08, overlap-tile: mirrored borders, step and starts of tiles, stitching, and eight views."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from unet_tutorial.nets.crop import mirrored
from unet_tutorial.plan.levels import pyramid
from unet_tutorial.plan.sizes import valid_sizes
from unet_tutorial.teaching.checking.exercise import Case, exercise

Predict = Callable[[Tensor], Tensor]


def _positions(seed: int) -> Iterator[Case]:
    yield from ((0, 1), (3, 1))
    for n in (6, 5 + 4 * seed, 2):
        yield from ((i, n) for i in (0, -1, -3, n, n + 1, -n, 2 * n - 1, -2 * n - 1, 3 * n + 2, 5 - 7 * n))


@exercise(
    _positions,
    (
        "max(2 * last, 1)",
        "(2 * n)",
        "2 * last - walked",
        "2 * n - 1 - walked",
        "the border pixel stands there twice; it is the mirror, so out and back is 2 · last, and not 2 · n",
    ),
    (
        "min(walked, 2 * last - walked)",
        "-i if i < 0 else min(i, 2 * last - i)",
        "one bounce at each end is not enough; a small image is mirrored again and again",
    ),
    (
        "min(walked, 2 * last - walked)",
        "-i - 1 if i < 0 else min(i, 2 * n - 1 - i)",
        "the border pixel stands there twice, and one bounce at each end is not enough",
    ),
    (
        "min(walked, 2 * last - walked)",
        "min(max(i, 0), last)",
        "you repeated the border pixel for ever; walk back into the image",
    ),
    (
        "min(walked, 2 * last - walked)",
        "i % n",
        "the image begins again at its other end; walk back from the border instead",
    ),
    ("return min", "return last - min", "the walk begins at the wrong end: position 0 is pixel 0"),
    (
        "min(walked, 2 * last - walked)",
        "min(walked, 2 * last - walked) if i < 0 else min(i, last)",
        "only what lies before the image is mirrored; what lies behind it, too",
    ),
)
def mirror_index(i: int, n: int) -> int:
    last = n - 1
    walked = i % max(2 * last, 1)  # out to the last pixel and back
    return min(walked, 2 * last - walked)


def _tiles(seed: int) -> Iterator[Case]:
    for depth in (4, 3, 1, 2, 5):
        (valid,) = valid_sizes(pyramid((1,) * (depth + 1), rank=1), padding="valid")
        yield from ((valid[k], depth) for k in (24 + seed, 9, 2 + seed, 1, 0))


@exercise(
    _tiles,
    (
        "answered - answered % grid",
        "answered",
        "that is all that a tile answers for; the poolings allow multiples of 2^depth only: round down",
    ),
    (
        "answered % grid",
        "answered % depth",
        "you divided by the number of poolings; each of them halves, so the grid is 2 to that power",
    ),
    (
        "answered - answered %",
        "tile - tile %",
        "you rounded the side of the tile; what counts is the part that it answers for",
    ),
    ("12 * grid + 8", "6 * grid + 4", "the margin is lost on both sides; you took it off once"),
    ("- answered %", "+ -answered %", "rounded up, the step leaves a gap between two tiles: round down"),
    ("answered % grid", "answered % (2 * grid)", "you counted the levels; there is one pooling less"),
    ("tile - 12 * grid + 8", "max(tile - 184, 0)", "184 holds for four poolings only"),
    ("answered % grid", "answered % 16", "16 is the grid of four poolings; each depth has its own"),
)
def largest_step(tile: int, depth: int) -> int:
    grid: int = 2**depth
    answered = tile - 12 * grid + 8
    return answered - answered % grid


def _lengths(seed: int) -> Iterator[Case]:
    for trusted, grid in ((388, 16), (36 + seed, 8), (50, 4), (48, 16)):
        step = trusted // grid * grid
        beyond = (3 * step + 5 + seed - trusted, 2 * step, 1 + seed, step + grid, 0, 7 + seed - trusted)
        yield from ((trusted + more, trusted, grid) for more in beyond)


@exercise(
    _lengths,
    (
        "[*range(0, last, step), last]",
        "[*range(0, n, trusted)]",
        "tiles so far apart lie off the grid of the poolings: round the step down to a multiple of it",
    ),
    (
        "-((trusted - n) // grid) * grid",
        "n - trusted",
        "the last tile lies flush with the end and off the grid; begin at the next multiple and run over",
    ),
    (", last]", "]", "the last tile is missing, and the end stays without an answer"),
    (
        ", last]",
        ", (n - trusted) // grid * grid]",
        "the last start is rounded down, so its tile stops before the end: round up",
    ),
    (
        "range(0, last, step), last",
        "range(0, last + step, step)",
        "the last tile lies a whole step on and shows much mirror; take the first multiple that reaches the end",
    ),
    (
        "    if n <= trusted:\n        return [0]\n",
        "",
        "range(0, last, step), last",
        "range(0, n, step)",
        "one tile too many: the one before it reaches the end already",
    ),
    ("[0]", "[0, 0]", ", last]", ", last, last]", "the last start stands there twice"),
    (
        "    if n <= trusted:\n        return [0]\n",
        "",
        "an image no longer than what a tile is trusted for needs one tile, and that at 0",
    ),
)
def tile_starts(n: int, trusted: int, grid: int) -> list[int]:
    if n <= trusted:
        return [0]
    step = trusted // grid * grid
    last = -((trusted - n) // grid) * grid  # the first multiple from which a tile reaches the end
    return [*range(0, last, step), last]


def _fields(seed: int) -> Iterator[Case]:
    yield from ((reach + seed, depth) for depth in (4, 2, 1, 3) for reach in (107, 18, 5, 64, 2**depth - seed))


@exercise(
    _fields,
    (
        "(reach + grid - 1) // grid * grid",
        "reach",
        "the halo must be a multiple of 2^depth, or the tile is read off the grid: round it up",
    ),
    ("reach + grid - 1", "reach", "rounded down, the halo lets the zeros of the padding be seen: round up"),
    (" + grid + halo", " + grid", "there is a halo on each of the two sides"),
    ("2**depth", "depth", "the grid is 2 to the number of poolings, and not that number"),
    (
        "reach + grid - 1",
        "2 * reach + grid - 1",
        "halo + grid + halo",
        "halo + grid",
        "round the halo of each side, and not their sum",
    ),
    ("+ grid + halo", "+ halo", "that tile is all halo: it must be trusted for one step of the grid"),
    ("+ grid +", "+ 1 +", "one pixel is trusted, and no step is so small: leave room for one step of the grid"),
    (
        "(reach + grid - 1) // grid * grid",
        "(reach // grid + 1) * grid",
        "what is a multiple of the grid already stays as it is",
    ),
)
def padded_tile(reach: int, depth: int) -> int:
    grid: int = 2**depth
    halo = (reach + grid - 1) // grid * grid
    return halo + grid + halo


@dataclass(frozen=True)
class _Net:
    """Convolution, pooling, convolution, upsampling, convolution: (N, 1, side, side) -> (N, 2, …)."""

    side: int
    grid: int
    padding: int
    seed: int

    def __call__(self, tiles: Tensor) -> Tensor:
        if tiles.ndim != 4 or tuple(tiles.shape[1:]) != (1, self.side, self.side):
            raise ValueError(f"expected tiles of shape (N, 1, {self.side}, {self.side}), got {tuple(tiles.shape)}")
        return self.anywhere(tiles)

    def anywhere(self, x: Tensor) -> Tensor:
        """The output for tiles of any valid size."""
        generator = torch.Generator().manual_seed(self.seed)  # the same weights at every call
        first, second, third = (torch.randn(2, c, 3, 3, generator=generator) for c in (1, 2, 2))
        low = F.max_pool2d(F.conv2d(x, first, padding=self.padding), self.grid)
        high = F.interpolate(F.conv2d(low, second, padding=self.padding).relu(), scale_factor=float(self.grid))
        return F.conv2d(high, third, padding=self.padding)


def _scenes(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    for padding, side, before, grid, size in (
        (0, 18, 6, 4, (13 + seed, 17)),
        (1, 44, 12, 4, (31, 22 + seed)),
        (0, 34, 10, 8, (19 + seed, 27)),
        (1, 44, 12, 4, (5, 9 + seed)),
    ):
        yield _Net(side, grid, padding, seed + 1), torch.randn(1, *size, generator=generator), side, before, grid


@exercise(
    _scenes,
    (
        "tile_starts(height, trusted, grid)",
        "range(0, height, trusted)",
        "tile_starts(width, trusted, grid)",
        "range(0, width, trusted)",
        "the tiles lie off the grid of the poolings: round the step down to a multiple of it",
    ),
    (
        "            tile =",
        "            row, column = min(row, max(height - trusted, 0)), min(column, max(width - trusted, 0))\n"
        "            tile =",
        "the last tile lies flush with the end and off the grid; begin at the next multiple and run over",
    ),
    (
        "tile_starts(height, trusted, grid)",
        "tile_starts(height, trusted, grid)[:-1] or [0]",
        "tile_starts(width, trusted, grid)",
        "tile_starts(width, trusted, grid)[:-1] or [0]",
        "the last tile is missing, and the end stays empty",
    ),
    (
        "(row - before, column - before)",
        "(row, column)",
        "the tile is read where its answer begins; read it that much earlier",
    ),
    (
        "mirrored(image, (row - before, column - before), (side, side))",
        "F.pad(image, [side] * 4)[:, row + side - before :, column + side - before :][:, :side, :side]",
        "zeros stand where the mirror should: the image goes on behind its border",
    ),
    (
        "(row - before, column - before)",
        "(column - before, row - before)",
        "rows and columns are swapped where the tile is read",
    ),
    (
        "row : row + trusted, column : column + trusted",
        "column : column + trusted, row : row + trusted",
        "rows and columns are swapped where the answer is written",
    ),
    (
        "(answer.shape[1] - trusted) // 2",
        "0",
        "you kept the corner of the answer; a padded net answers for its margin, too: keep the middle",
    ),
    ("] = middle", "] += middle", "where tiles overlap, their answers add up; each of them is right, so overwrite"),
)
def stitch(net: Predict, image: Tensor, side: int, before: int, grid: int) -> Tensor:
    _, height, width = image.shape
    trusted = side - 2 * before
    whole = image.new_zeros(2, height + trusted, width + trusted)  # with room for what reaches over
    for row in tile_starts(height, trusted, grid):
        for column in tile_starts(width, trusted, grid):
            tile = mirrored(image, (row - before, column - before), (side, side))
            answer = net(tile[None])[0]  # (2, h, w)
            first = (answer.shape[1] - trusted) // 2
            middle = answer[:, first : first + trusted, first : first + trusted]
            whole[:, row : row + trusted, column : column + trusted] = middle
    return whole[:, :height, :width]


def _lopsided(view: Tensor) -> Tensor:
    """Probabilities of two classes that depend on the orientation of the image: (3, H, W) -> (2, H, W)."""
    down, across = view.cumsum(1), view.cumsum(2) / 2
    return torch.stack((down[0] - view[1], across[2] + view[0])).softmax(0)


def _shaded(view: Tensor) -> Tensor:
    """One map, brighter towards its last row and column: (1, H, W) -> (1, H, W)."""
    ramp = torch.arange(1.0, 1.0 + view[0].numel()).reshape(view[0].shape)
    return ramp.log() + view.roll(1, 2)


def _images(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    yield _lopsided, torch.randn(3, 5, 5, generator=generator)
    yield _shaded, torch.randn(1, 6, 6, generator=generator)
    yield _lopsided, torch.randn(3, 4, 7, generator=generator)


def _square_or_misfit(answer: Callable[[Predict, Tensor], Tensor], case: Case) -> object:
    """The answer's output, or a sentence if the views of a non-square image have different shapes.

    A mistake that raises an error for non-square images only is then recognised by its outputs for square images.
    """
    try:
        return answer(*case)
    except RuntimeError:
        if case[1].shape[1] == case[1].shape[2]:
            raise
        return "a view that does not fit on the others"


@exercise(
    _images,
    (
        "(turned).rot90(-k, (1, 2))",
        "(turned)",
        ".flip(2)).flip(2).rot90(-k, (1, 2))",
        ".flip(2))",
        "the answers lie as the views do; turn each back before the mean",
    ),
    (
        "(turned).rot90(-k",
        "(turned).rot90(k",
        "flip(2).rot90(-k",
        "flip(2).rot90(k",
        "the answers are turned on, and not back: after k quarter turns, -k lead home",
    ),
    (".flip(2)).flip(2)", ".flip(2))", "the flip is not undone"),
    (
        ".flip(2).rot90(-k, (1, 2))",
        ".rot90(-k, (1, 2)).flip(2)",
        "what came last goes back first: undo the flip, and then the turn",
    ),
    (
        "        answers.append(predict(turned.flip(2)).flip(2).rot90(-k, (1, 2)))\n",
        "",
        "four views are missing: the flipped ones",
    ),
    (
        "range(4)",
        "(0, 2)",
        "only the quarter turns by 0° and 180° and their flips are there; an oblong image has eight views, too",
    ),
    ("stack(answers)", "stack(answers[1:])", "the image as it is was left out; it is one of the eight views"),
    ("mean(0)", "sum(0)", "that is the sum of the views; the mean is wanted"),
    ("torch.stack(answers).mean(0)", "answers[0]", "only the image as it is was predicted"),
    probe=_square_or_misfit,
)
def average_views(predict: Predict, image: Tensor) -> Tensor:
    answers = []
    for k in range(4):
        turned = image.rot90(k, (1, 2))
        answers.append(predict(turned).rot90(-k, (1, 2)))
        answers.append(predict(turned.flip(2)).flip(2).rot90(-k, (1, 2)))
    return torch.stack(answers).mean(0)


EXERCISES = (mirror_index, largest_step, tile_starts, padded_tile, stitch, average_views)
