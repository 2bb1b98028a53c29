"""Exercises of lesson 08, overlap-tile: mirrored borders, step and starts of tiles, stitching, and eight views."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from unet_tutorial.nets.crop import mirrored
from unet_tutorial.plan.levels import pyramid
from unet_tutorial.plan.sizes import valid_sizes
from unet_tutorial.teaching.checking.exercise import Case, Mistake, exercise

Predict = Callable[[Tensor], Tensor]


def _positions(seed: int) -> Iterator[Case]:
    yield from ((0, 1), (3, 1))
    for n in (6, 5 + 4 * seed, 2):
        yield from ((i, n) for i in (0, n - 1, -1, -3, n, n + 1, -n, 2 * n - 1, -2 * n - 1, 3 * n + 2, 5 - 7 * n))


@exercise(
    _positions,
    (
        "max(2 * last, 1)",
        "(2 * n)",
        "2 * last - walked",
        "2 * n - 1 - walked",
        "the border pixel is repeated; the mirror lies on the border pixel, so the period is 2 * (n - 1) and not 2 * n",
    ),
    (
        "min(walked, 2 * last - walked)",
        "-i if i < 0 else min(i, 2 * last - i)",
        "the row is mirrored once at each end; far positions need the mirror again and again",
    ),
    (
        "min(walked, 2 * last - walked)",
        "-i - 1 if i < 0 else min(i, 2 * n - 1 - i)",
        "the border pixel is repeated, and the row is mirrored only once at each end",
    ),
    (
        "min(walked, 2 * last - walked)",
        "min(max(i, 0), last)",
        "the border pixel is repeated for ever; go back into the row instead",
    ),
    (
        "min(walked, 2 * last - walked)",
        "i % n",
        "the row begins again at its other end; it has to be mirrored at the border",
    ),
    (
        "min(walked, 2 * last - walked)",
        "abs(i) % n",
        "behind the end the row begins again with pixel 0; it has to be mirrored there, too",
    ),
    ("return min", "return last - min", "you count from the wrong end: position 0 is pixel 0"),
    (
        "min(walked, 2 * last - walked)",
        "min(walked, 2 * last - walked) if i < 0 else min(i, last)",
        "only positions before the row are mirrored; mirror those behind it, too",
    ),
    (
        "min(walked, 2 * last - walked)",
        "abs(i)",
        "only positions before the row are mirrored; mirror those behind it, too",
    ),
    (
        "min(walked, 2 * last - walked)",
        "max(i, 0) if i <= last else min(walked, 2 * last - walked)",
        "only positions behind the row are mirrored; mirror those before it, too",
    ),
    (
        "min(walked, 2 * last - walked)",
        "i if i <= last else min(walked, 2 * last - walked)",
        "only positions behind the row are mirrored; mirror those before it, too",
    ),
    (
        "max(2 * last, 1)",
        "(2 * last)",
        "for a single pixel the period 2 * (n - 1) is 0; treat n = 1 on its own",
    ),
    (
        "    walked = i % max(2 * last, 1)  # out to the last pixel and back\n",
        "    walked = i // (2 * last)\n    walked = i - walked * 2 * last\n",
        "for a single pixel the period 2 * (n - 1) is 0; treat n = 1 on its own",
    ),
    (
        "    walked",
        "    if n == 1:\n        return i\n    walked",
        "a single pixel is repeated everywhere: for n = 1 the answer is always 0",
    ),
    (
        "max(2 * last, 1)",
        "(2 * n - 1)",
        "2 * last - walked",
        "2 * n - 1 - walked",
        "the period is not 2 * n - 1: no border pixel is repeated, so it is 2 * (n - 1)",
    ),
    (
        "max(2 * last, 1)",
        "max(2 * n - 1, 1)",
        "the period is not 2 * n - 1: no border pixel is repeated, so it is 2 * (n - 1)",
    ),
    (
        "max(2 * last, 1)",
        "max(2 * n, 1)",
        "the period is not 2 * n: no border pixel is repeated, so it is 2 * (n - 1)",
    ),
    (
        "max(2 * last, 1)",
        "max(last, 1)",
        "the period is not n - 1: the way back takes as many steps as the way out, so it is 2 * (n - 1)",
    ),
    (
        "2 * last - walked)",
        "2 * last - 1 - walked) if walked > last else walked",
        "behind the last pixel you are one pixel too far back: position n is pixel n - 2",
    ),
    (
        "min(walked, 2 * last - walked)",
        "walked if walked <= last else max(2 * last, 1) - walked - 1",
        "behind the last pixel you are one pixel too far back: position n is pixel n - 2",
    ),
    (
        "i % max(2 * last, 1)",
        "abs(i) % max(2 * last, 1)",
        "2 * last - walked)",
        "2 * last - 1 - walked) if walked > last else walked",
        "behind the last pixel you are one pixel too far back: position n is pixel n - 2",
    ),
    (
        "    walked = i % max(2 * last, 1)  # out to the last pixel and back\n",
        "    walked = abs(i) % max(2 * last, 1) * (1 if i >= 0 else -1)\n",
        "negative positions give negative pixels; use Python's %, which is never negative, or abs(i)",
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
        "that is the whole output of a tile; only multiples of 2^depth are exact: round it down",
    ),
    (
        "answered % grid",
        "answered % depth",
        "you divided by the number of poolings; each of them halves, so the grid is 2^depth",
    ),
    (
        "answered % grid",
        "answered % (2 * depth)",
        "the grid is not 2 * depth: each pooling halves, so it is 2**depth",
    ),
    (
        "answered - answered %",
        "tile - tile %",
        "you rounded the side of the tile; round the side of its output",
    ),
    (
        "12 * grid - 8",
        "6 * grid - 4",
        "you subtracted half of the margin; the output loses it on both sides, on the way down and on the way up",
    ),
    ("- answered %", "+ -answered %", "you rounded up, so pixels are missing between two tiles: round down"),
    (
        "answered - answered % grid",
        "round(answered / grid) * grid",
        "you rounded to the nearest multiple, so pixels are missing between some tiles: round down",
    ),
    ("answered % grid", "answered % (2 * grid)", "the grid is twice too large: it is 2^depth, for depth poolings"),
    ("answered % grid", "answered % (grid // 2)", "the grid is half as large as it has to be: it is 2^depth"),
    (
        "tile - (12 * grid - 8)",
        "max(tile - 184, 0)",
        "the margin 184 holds for four poolings only; compute it from depth",
    ),
    ("tile - (12 * grid - 8)", "tile - 184", "the margin 184 holds for four poolings only; compute it from depth"),
    ("answered % grid", "answered % 16", "16 is the grid of four poolings; compute it from depth"),
    (
        "answered - answered % grid",
        "answered - grid",
        "you subtracted the grid from the output; round the output down to a multiple of the grid",
    ),
    (
        "answered - answered % grid",
        "max(answered - grid, 0)",
        "you subtracted the grid from the output; round the output down to a multiple of the grid",
    ),
    ("answered - answered % grid", "answered // grid", "that is the number of grid steps; multiply it by the grid"),
    ("answered - answered % grid", "answered % grid", "that is the rest; subtract it from the side of the output"),
    (
        "answered - answered % grid",
        "max(answered - answered % grid, grid)",
        "where the output is smaller than the grid, no step is exact: return 0",
    ),
    ("12 * grid - 8", "8 * grid - 8", "the two convolutions at the bottom are missing in the margin"),
    ("12 * grid - 8", "8 * grid - 4", "the convolutions of the first or the last block are missing in the margin"),
    ("12 * grid - 8", "24 * grid - 8", "the margin is that of one pooling more: there are depth poolings"),
    ("12 * grid - 8", "6 * grid - 8", "the margin is that of one pooling less: there are depth poolings"),
    (
        "answered = tile - (12 * grid - 8)",
        "answered = (tile + 4) // grid - 8",
        "that comes from the side of the map at the bottom; take the side of the network's output",
    ),
    (
        "answered = tile - (12 * grid - 8)",
        "answered = tile - 8 * grid + 4 - 4 * depth",
        "on the way up the margin doubles at each level, too; go through the levels one by one",
    ),
    (
        "return answered - answered % grid",
        "return tile - (answered - answered % grid)",
        "that is how far two neighbouring tiles overlap; return the distance between them",
    ),
    (
        "return answered - answered % grid",
        "return (tile - answered) // grid * grid",
        "you rounded the margin; round the side of the output",
    ),
    (
        "return answered - answered % grid",
        "return tile",
        "tiles a whole side apart leave gaps: the output is smaller than the tile",
    ),
    (
        "return answered - answered % grid",
        "return tile - grid",
        "subtract the margin of the network from the tile, and round down to the grid",
    ),
    (
        "return answered - answered % grid",
        "return grid",
        "that is the smallest exact step; the largest multiple of it in the output is asked for",
    ),
    (
        "return answered - answered % grid",
        "return answered // 2",
        "half of the output is not exact in general; round the output down to a multiple of 2^depth",
    ),
    (
        "return answered - answered % grid",
        "return answered // 2 // grid * grid",
        "the whole output of a tile can be used, not half of it",
    ),
    (
        "return answered - answered % grid",
        "return max(range(0, max(answered, 1), grid))",
        "an output that is a multiple of the grid is itself the step; range leaves its end out",
    ),
    (
        "answered = tile - (12 * grid - 8)",
        "answered = max(tile - 4 * (2 * depth + 1), 0)",
        "a pixel of a deeper level is worth 2, 4, 8 … pixels of the tile; go through the levels one by one",
    ),
    (
        "answered = tile - (12 * grid - 8)",
        "answered = max(tile - 4 * depth, 0)",
        "a pixel of a deeper level is worth 2, 4, 8 … pixels of the tile; go through the levels one by one",
    ),
)
def largest_step(tile: int, depth: int) -> int:
    grid: int = 2**depth
    answered = tile - (12 * grid - 8)  # the output side of lesson 01
    return answered - answered % grid


def _lengths(seed: int) -> Iterator[Case]:
    for trusted, grid in ((388, 16), (36 + seed, 8), (50, 4), (48, 16)):
        step = trusted // grid * grid
        beyond = (3 * step + 5 + seed - trusted, 2 * step, 1 + seed, step + grid, 0, 7 + seed - trusted)
        yield from ((trusted + more, trusted, grid) for more in beyond)


def _one_by_one(n: int, trusted: int, step: int, last: int) -> list[int]:
    """Starts one step apart until a tile reaches the end; none beyond ``last``."""
    starts = [0]
    while starts[-1] + trusted < n and (len(starts) < 2 or starts[-1] > starts[-2]):
        starts.append(min(starts[-1] + step, last))
    return starts


def _rounded_down_last(n: int, trusted: int, grid: int) -> list[int]:
    step, last = trusted // grid * grid, max((n - trusted) // grid * grid, 0)
    return [*range(0, last, step), last]


@exercise(
    _lengths,
    (
        "[*range(0, last, step), last]",
        "[*range(0, n, trusted)]",
        "tiles so far apart lie off the grid of the poolings: round the step down to a multiple of grid",
    ),
    (
        "trusted // grid * grid",
        "trusted",
        "tiles so far apart lie off the grid of the poolings: round the step down to a multiple of grid",
    ),
    (
        "tiles so far apart lie off the grid of the poolings: round the step down to a multiple of grid",
        lambda n, trusted, _grid: _one_by_one(n, trusted, trusted, max(n - trusted, 0)),
    ),
    (
        "trusted // grid * grid",
        "-(-trusted // grid) * grid",
        "the step is rounded up, so pixels are missing between two tiles: round it down",
    ),
    (
        "-((trusted - n) // grid) * grid",
        "n - trusted",
        "the last tile ends with the image, but lies off the grid; begin at the next multiple of grid",
    ),
    (
        ", last]",
        ", n - trusted]",
        "the last tile ends with the image, but lies off the grid; begin at the next multiple of grid",
    ),
    (", last]", "]", "the last tile is missing, so nothing is predicted at the end"),
    (
        "    if n <= trusted:\n        return [0]\n",
        "",
        ", last]",
        "]",
        "the last tile is missing, so nothing is predicted at the end",
    ),
    (
        "range(0, last, step), last",
        "range(0, n - trusted + 1, step)",
        "the last tile is missing, so nothing is predicted at the end",
    ),
    (
        ", last]",
        ", (n - trusted) // grid * grid]",
        "the last start is rounded down, so its tile stops before the end: round up",
    ),
    ("the last start is rounded down, so its tile stops before the end: round up", _rounded_down_last),
    (
        "-((trusted - n) // grid) * grid",
        "(n - trusted) // grid * grid",
        "the last start is rounded down, so its tile stops before the end: round up",
    ),
    (
        "-((trusted - n) // grid) * grid",
        "((n - trusted) // grid + 1) * grid",
        "where n - trusted is a multiple of grid, the last tile begins one grid too late: round up, but keep multiples",
    ),
    (
        "    if n <= trusted:",
        "    if n < trusted:",
        "-((trusted - n) // grid) * grid",
        "((n - trusted) // grid + 1) * grid",
        "where n - trusted is a multiple of grid, the last tile begins one grid too late: round up, but keep multiples",
    ),
    (
        "    if n <= trusted:\n        return [0]\n",
        "",
        "-((trusted - n) // grid) * grid",
        "max(((n - trusted) // grid + 1) * grid, 0)",
        "where n - trusted is a multiple of grid, the last tile begins one grid too late: round up, but keep multiples",
    ),
    (
        "range(0, last, step), last",
        "range(0, last + step, step)",
        "the last tile lies a whole step on; take the first multiple of grid from which a tile reaches the end",
    ),
    (
        "    if n <= trusted:\n        return [0]\n",
        "",
        "range(0, last, step), last",
        "range(0, n, step)",
        "one tile begins at each step before the end; stop with the first tile that reaches the end, and move it back",
    ),
    (
        "range(0, last, step), last",
        "range(0, n, step)",
        "one tile begins at each step before the end; stop with the first tile that reaches the end, and move it back",
    ),
    (
        "[*range(0, last, step), last]",
        "[min(start, last) for start in range(0, n, step)]",
        "the last start is there twice in some calls; stop with the first tile that reaches the end",
    ),
    (
        "    if n <= trusted:\n        return [0]\n",
        "",
        "[*range(0, last, step), last]",
        "[max(min(start, last), 0) for start in range(0, n, step)]",
        "the last start is there twice in some calls; stop with the first tile that reaches the end",
    ),
    (
        "range(0, last, step), last",
        "range(0, last + 1, step), last",
        "the last start is there twice where it is a multiple of the step: stop the range before it",
    ),
    ("[0]", "[0, 0]", ", last]", ", last, last]", "the last start stands there twice"),
    (
        "    if n <= trusted:\n        return [0]\n",
        "",
        "an image that is not longer than `trusted` needs one tile, and it begins at 0",
    ),
    (
        "[0]",
        "[]",
        "an image that is not longer than `trusted` needs one tile, and it begins at 0",
    ),
    (
        "    if n <= trusted:\n        return [0]\n",
        "",
        "[*range(0, last, step), last]",
        "[*range(0, n - trusted, step), n - trusted]",
        "the first start has to be 0 and the last one a multiple of grid; n - trusted can be negative",
    ),
    (
        "range(0, last, step), last",
        "range(0, last, grid), last",
        "the tiles lie one grid apart; go as far as possible: the largest multiple of grid in `trusted`",
    ),
    (
        "// grid) * grid",
        "// grid)",
        "the last start is counted in grid steps; multiply it by grid",
    ),
    (
        "trusted // grid * grid",
        "trusted // grid",
        "the step is counted in grid steps; multiply it by grid",
    ),
    (
        "-((trusted - n) // grid) * grid",
        "-((step - n) // grid) * grid",
        "a tile reaches `trusted` pixels far, not one step: the last start can be earlier",
    ),
    (
        "[*range(0, last, step), last]",
        "[(start, start + trusted) for start in (*range(0, last, step), last)]",
        "return the starts only, as one list of whole numbers",
    ),
    (
        "[*range(0, last, step), last]",
        "[round(last * k / -(-last // step)) for k in range(-(-last // step) + 1)]",
        "the starts are spread evenly; they have to be one step apart, but for the last one",
    ),
    (
        "    last = -((trusted - n) // grid) * grid  # the first multiple from which a tile reaches the end\n"
        "    return [*range(0, last, step), last]",
        "    return [k * step for k in range(-(-n // trusted))]",
        "you computed n / trusted tiles, but a step is shorter than `trusted`; go on until a tile reaches the end",
    ),
    (
        "    last = -((trusted - n) // grid) * grid  # the first multiple from which a tile reaches the end\n"
        "    return [*range(0, last, step), last]",
        "    last = -((trusted - n) // grid) * grid\n"
        "    return [k * step for k in range(-(-n // trusted) - 1)] + [last]",
        "you computed n / trusted tiles, but a step is shorter than `trusted`; go on until a tile reaches the end",
    ),
    (
        "return [*range(0, last, step), last]",
        "return [0, *range(last, 0, -step)[::-1]]",
        "you go from the end to the beginning; begin at 0, so that only the last distance is shorter",
    ),
    ("[*range(0, last, step), last]", "[last, *range(0, last, step)[::-1]]", "the starts have to ascend from 0"),
    ("[*range(0, last, step), last]", "[*range(0, last, step), last][1:]", "the first start, 0, is missing"),
    ("[*range(0, last, step), last]", "[*range(step, last, step), last]", "the first start, 0, is missing"),
    (
        "[*range(0, last, step), last]",
        "len([*range(0, last, step), last])",
        "that is the number of tiles; return the list of their starts",
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
        "the halo has to be a multiple of 2^depth, or the tile lies off the grid: round it up",
    ),
    ("reach + grid - 1", "reach", "the halo is rounded down, so the padding changes pixels in the middle: round up"),
    (
        "(reach + grid - 1) // grid * grid",
        "round(reach / grid) * grid",
        "the halo is rounded to the nearest multiple, so it is too short in some calls: round up",
    ),
    (" + grid + halo", " + grid", "there is a halo on each of the two sides"),
    ("2**depth", "depth", "the grid is 2^depth, and not the number of poolings"),
    ("2**depth", "2 * depth", "the grid is not 2 * depth: each pooling halves, so it is 2**depth"),
    ("2**depth", "2 ** (depth + 1)", "the grid is twice too large: it is 2^depth, for depth poolings"),
    ("2**depth", "2 ** (depth - 1)", "the grid is half as large as it has to be: it is 2^depth"),
    ("2**depth", "16", "16 is the grid of four poolings; compute it from depth"),
    (
        "reach + grid - 1",
        "2 * reach + grid - 1",
        "halo + grid + halo",
        "halo + grid",
        "round the halo of each side, and not their sum",
    ),
    (
        "halo + grid + halo",
        "-(-(2 * reach + 1) // grid) * grid",
        "you rounded the whole tile; round the halo of each side, and add one grid for the middle",
    ),
    ("+ grid + halo", "+ halo", "that tile has no middle: add one grid, on which the prediction is trusted"),
    ("+ grid +", "+ 1 +", "one pixel in the middle is too short: the smallest step is one grid"),
    (
        "(reach + grid - 1) // grid * grid",
        "reach",
        "halo + grid + halo",
        "2 * halo + 1",
        "that is the receptive field; round each halo up to the grid, and add one grid for the middle",
    ),
    (
        "(reach + grid - 1) // grid * grid",
        "(reach // grid + 1) * grid",
        "a reach that is a multiple of the grid stays as it is; do not add another grid",
    ),
    ("+ grid +", "+ 2 * grid +", "the middle is two grids long; one is enough for a step"),
    ("halo + grid + halo", "halo", "that is the halo of one side; return the length of the whole tile"),
    ("halo + grid + halo", "grid", "that is the trusted middle; return the length of the whole tile"),
    ("// grid * grid", "// grid", "the halo is counted in grid steps; multiply it by the grid"),
    ("halo + grid + halo", "halo + grid + reach", "the halo behind has to be rounded up, too"),
    (
        "halo + grid + halo",
        "1 << (halo + grid + halo - 1).bit_length()",
        "you rounded up to a power of two; a multiple of 2^depth is enough",
    ),
    ("halo + grid + halo", "3 * halo", "the middle has to be as long as one grid, not as long as the halo"),
    ("halo + grid + halo", "2 * halo + grid - 1", "the middle is one pixel too short: it is one grid long"),
    ("halo + grid + halo", "2 * halo + grid + 1", "the middle is one pixel too long: it is one grid long"),
    (
        "halo + grid + halo",
        "-(-(2 * reach + 1 + grid) // grid) * grid",
        "you rounded the whole tile; round the halo of each side, and add one grid for the middle",
    ),
    (
        "halo + grid + halo",
        "-(-2 * reach // grid) * grid",
        "you rounded the whole tile; round the halo of each side, and add one grid for the middle",
    ),
    (
        "(reach + grid - 1) // grid * grid",
        "-(-reach // (2 * grid)) * grid",
        "`reach` is that of one side already; do not halve it",
    ),
    (
        "(reach + grid - 1) // grid * grid",
        "-(-(reach // 2) // grid) * grid",
        "`reach` is that of one side already; do not halve it",
    ),
    ("halo + grid + halo", "2 * halo + depth", "the middle has to be as long as one grid, 2^depth"),
    (
        "halo + grid + halo",
        "max(2 * halo, grid)",
        "that tile has no middle: add one grid, on which the prediction is trusted",
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
        (0, 18, 6, 4, (23 + seed, 17)),
        (1, 44, 12, 4, (31, 22 + seed)),
        (0, 34, 10, 8, (19 + seed, 27)),
        (1, 44, 12, 4, (5, 9 + seed)),
        (0, 38, 14, 4, (21, 26 + seed)),  # without padding, and with more context than it needs
    ):
        yield _Net(side, grid, padding, seed + 1), torch.randn(1, *size, generator=generator), side, before, grid


OFF_THE_GRID = "the tiles lie off the grid of the poolings: round the step down to a multiple of grid"
MIDDLE = "cut the trusted middle out of the answer: as much before it as behind, (h - trusted) // 2, and that can be 0"


@exercise(
    _scenes,
    (
        "tile_starts(height, trusted, grid)",
        "range(0, height, trusted)",
        "tile_starts(width, trusted, grid)",
        "range(0, width, trusted)",
        OFF_THE_GRID,
    ),
    (
        "tile_starts(height, trusted, grid)",
        "tile_starts(height, trusted, 1)",
        "tile_starts(width, trusted, grid)",
        "tile_starts(width, trusted, 1)",
        OFF_THE_GRID,
    ),
    (
        "            tile =",
        "            row, column = min(row, max(height - trusted, 0)), min(column, max(width - trusted, 0))\n"
        "            tile =",
        "the last tile ends with the image, but lies off the grid; begin at the next multiple of grid",
    ),
    (
        "tile_starts(height, trusted, grid)",
        "tile_starts(height, trusted, grid)[:-1] or [0]",
        "tile_starts(width, trusted, grid)",
        "tile_starts(width, trusted, grid)[:-1] or [0]",
        "the last tile is missing, so nothing is predicted at the end",
    ),
    (
        "tile_starts(height, trusted, grid)",
        "range(0, height - trusted + 1, trusted // grid * grid)",
        "tile_starts(width, trusted, grid)",
        "range(0, width - trusted + 1, trusted // grid * grid)",
        "the last tile is missing, so nothing is predicted at the end",
    ),
    (
        "tile_starts(height, trusted, grid)",
        "range(0, height, side)",
        "tile_starts(width, trusted, grid)",
        "range(0, width, side)",
        "the tiles lie a whole side apart; only the trusted middle of each is used, so take smaller steps",
    ),
    (
        "tile_starts(height, trusted, grid)",
        "tile_starts(height, side, grid)",
        "tile_starts(width, trusted, grid)",
        "tile_starts(width, side, grid)",
        "the tiles lie a whole side apart; only the trusted middle of each is used, so take smaller steps",
    ),
    (
        "tile_starts(width",
        "tile_starts(height",
        "the starts of the rows are used for the columns, too; they come from the width",
    ),
    (
        "tile_starts(height",
        "tile_starts(width",
        "the starts of the columns are used for the rows, too; they come from the height",
    ),
    (
        "(row - before, column - before)",
        "(row, column)",
        "the tile is read where its trusted middle begins; read it `before` pixels earlier",
    ),
    (
        "(row - before, column - before)",
        "(row + before, column + before)",
        "the tile is read too late; read it `before` pixels before its trusted middle, with a minus",
    ),
    (
        "mirrored(image, (row - before, column - before), (side, side))",
        "F.pad(image, [side] * 4)[:, row + side - before :, column + side - before :][:, :side, :side]",
        "zeros stand beyond the border; the image has to be mirrored there",
    ),
    (
        "mirrored(image, (row - before, column - before), (side, side))",
        "F.pad(image, [side] * 4, mode='replicate')"
        "[:, row + side - before :, column + side - before :][:, :side, :side]",
        "the border pixel is repeated beyond the border; the image has to be mirrored there",
    ),
    (
        "mirrored(image, (row - before, column - before), (side, side))",
        "torch.roll(image.repeat(1, 20, 20), (before - row, before - column), (1, 2))[:, :side, :side]",
        "beyond its border the image begins again; it has to be mirrored there",
    ),
    (
        "mirrored(image, (row - before, column - before), (side, side))",
        "F.pad(image, [before, side, before, side], mode='reflect')[:, row : row + side, column : column + side]",
        "the reflect mode of torch mirrors only once, which is too little for a small image; take `mirrored`",
    ),
    (
        "(row - before, column - before)",
        "(column - before, row - before)",
        "rows and columns are exchanged where the tile is read",
    ),
    (
        "row : row + trusted, column : column + trusted",
        "column : column + trusted, row : row + trusted",
        "rows and columns are exchanged where the answer is written",
    ),
    (
        "_, height, width = image.shape",
        "_, width, height = image.shape",
        "height and width are exchanged; the shape of an image is (1, H, W)",
    ),
    (
        "side - 2 * before",
        "side - before",
        "the context is read on both sides of the middle: side - 2 * before pixels are trusted",
    ),
    (
        "side - 2 * before",
        "side",
        "not all of a tile is trusted: side - 2 * before pixels are",
    ),
    (
        "(answer.shape[1] - trusted) // 2",
        "0",
        "the first pixels of the answer are used; cut out its middle: a padded net predicts the context, too",
    ),
    (
        "(answer.shape[1] - trusted) // 2",
        "answer.shape[1] - trusted",
        "the last pixels of the answer are used; cut out its middle",
    ),
    ("(answer.shape[1] - trusted) // 2", "before", MIDDLE),
    (
        "first : first + trusted, first : first + trusted",
        "before:-before, before:-before",
        MIDDLE,
    ),
    (
        "            first =",
        "            answer = answer[:, before:-before, before:-before] if answer.shape[1] == side else answer\n"
        "            first =",
        "(answer.shape[1] - trusted) // 2",
        "0",
        MIDDLE,
    ),
    (
        "] = middle",
        "] += middle",
        "the answers of overlapping tiles are added up; each of them is right, so overwrite",
    ),
    (
        "] = middle",
        "] = middle\n            return whole[:, :height, :width]",
        "only the first tile is predicted: the return stands inside the loop",
    ),
    (
        "            tile =",
        "            whole = torch.zeros_like(whole)\n            tile =",
        "only the last tile is in the result: make the empty result once, before the loops",
    ),
    (
        "whole[:, :height, :width]",
        "whole",
        "the result is larger than the image: cut it to the image's height and width",
    ),
    (
        "height + trusted, width + trusted",
        "height, width",
        "the last tile reaches beyond the image: make the result larger and cut it at the end, or cut the last tile",
    ),
    ("net(tile[None])[0]", "net(tile)", "the net takes a batch of tiles: net(tile[None])[0]"),
    (
        "    for row in",
        "    return net(image[None])[0]\n    for row in",
        "the net takes tiles of side × side pixels only; go through the image tile by tile",
    ),
    (
        "    for row in",
        "    return net(mirrored(image, (-before, -before), (height + 2 * before, width + 2 * before))[None])[0]\n"
        "    for row in",
        "the net takes tiles of side × side pixels only; go through the image tile by tile",
    ),
    (
        "    for row in tile_starts(height, trusted, grid):\n"
        "        for column in tile_starts(width, trusted, grid):\n",
        "    starts = zip(tile_starts(height, trusted, grid), tile_starts(width, trusted, grid))\n"
        "    for row, column in starts:\n        if True:\n",
        "only tiles on the diagonal are predicted: zip pairs the starts; go through all pairs with two loops",
    ),
    (
        "row : row + trusted, column : column + trusted",
        "row + before : row + before + trusted, column + before : column + before + trusted",
        "+ trusted, width",
        "+ side, width",
        "width + trusted)",
        "width + side)",
        "the answer is written `before` pixels too late: the middle of a tile belongs to (row, column)",
    ),
    (
        "new_zeros(2,",
        "new_zeros(1,",
        "= middle",
        "= middle[:1]",
        "the result needs both channels of the answers: (2, H, W)",
    ),
    (
        "] = middle",
        "] = middle.softmax(0)",
        "return the answers of the net as they are, without a softmax",
    ),
    (
        "return whole[:, :height, :width]",
        "return whole[:, :height, :width].argmax(0)",
        "return the answers of the net as they are, without argmax",
    ),
    (
        "return whole[:, :height, :width]",
        "return whole[None, :, :height, :width]",
        "the result has an axis too many; it is (2, H, W)",
    ),
    (
        "return whole[:, :height, :width]",
        "return whole[:, trusted:, trusted:]",
        "the result begins at pixel 0: cut off its end, not its beginning",
    ),
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


def _mean_of_views(view: Callable[[Tensor, int, bool], Tensor], back: Callable[[Tensor, int, bool], Tensor]) -> Any:
    """Another answer: the mean of all eight views, made by `view` and turned back by `back`."""

    def answer(predict: Predict, image: Tensor) -> Tensor:
        views = [(k, flipped) for flipped in (False, True) for k in range(4)]
        return torch.stack([back(predict(view(image, *each)), *each) for each in views]).mean(0)

    return answer


def _turned(x: Tensor, k: int) -> Tensor:
    return x.rot90(k, (1, 2))


def _flipped_first(axis: int) -> Callable[[Tensor, int, bool], Tensor]:
    """The view that is flipped first and turned then."""
    return lambda x, k, flipped: _turned(x.flip(axis) if flipped else x, k)


def _turned_first(axis: int) -> Callable[[Tensor, int, bool], Tensor]:
    """The view that is turned first and flipped then."""
    return lambda x, k, flipped: _turned(x, k).flip(axis) if flipped else _turned(x, k)


def _by_axis(hint: str, view: Any, back: Callable[[Tensor, int, tuple[int, ...]], Tensor]) -> list[Mistake]:
    """A mistake with the flip along the columns and along the rows; `back` gets the axes to flip, () for none."""

    def turned_back(axis: int) -> Callable[[Tensor, int, bool], Tensor]:
        return lambda y, k, flipped: back(y, k, (axis,) if flipped else ())

    return [(hint, _mean_of_views(view(axis), turned_back(axis))) for axis in (2, 1)]


@exercise(
    _images,
    (
        "(turned).rot90(-k, (1, 2))",
        "(turned)",
        ".flip(2)).flip(2).rot90(-k, (1, 2))",
        ".flip(2))",
        "the answers are not turned back; turn and flip each of them back before the mean",
    ),
    *_by_axis(
        "the answers are turned once more instead of back: the inverse of rot90(k) is rot90(-k)",
        _turned_first,
        lambda y, k, axes: _turned(y.flip(axes), k),
    ),
    *_by_axis(
        "the answers are turned once more instead of back: the inverse of rot90(k) is rot90(-k)",
        _flipped_first,
        lambda y, k, axes: _turned(y, k).flip(axes),
    ),
    *_by_axis("the flip is not undone", _turned_first, lambda y, k, _: _turned(y, -k)),
    *_by_axis("the flip is not undone", _flipped_first, lambda y, k, _: _turned(y, -k)),
    *_by_axis("the quarter turns are not undone", _turned_first, lambda y, _, axes: y.flip(axes)),
    *_by_axis("the quarter turns are not undone", _flipped_first, lambda y, _, axes: y.flip(axes)),
    *_by_axis(
        "undo the steps in reverse order: the last one first",
        _turned_first,
        lambda y, k, axes: _turned(y, -k).flip(axes),
    ),
    *_by_axis(
        "undo the steps in reverse order: the last one first",
        _flipped_first,
        lambda y, k, axes: _turned(y.flip(axes), -k),
    ),
    (
        "the flip is along axis 0, the channels; rows and columns are the axes 1 and 2",
        _mean_of_views(_flipped_first(0), lambda y, k, flipped: _turned(y, -k).flip(0) if flipped else _turned(y, -k)),
    ),
    (
        "the flip is along axis 0, the channels; rows and columns are the axes 1 and 2",
        _mean_of_views(_flipped_first(0), lambda y, k, _: _turned(y, -k)),
    ),
    (
        "rot90 turns the axes 0 and 1 by default; rows and columns are the axes 1 and 2: rot90(k, (1, 2))",
        _mean_of_views(
            lambda x, k, flipped: (x.flip(2) if flipped else x).rot90(k),
            lambda y, k, flipped: y.rot90(-k).flip(2) if flipped else y.rot90(-k),
        ),
    ),
    (
        "rot90 turns the axes 0 and 1 by default; rows and columns are the axes 1 and 2: rot90(k, (1, 2))",
        _mean_of_views(
            lambda x, k, flipped: x.rot90(k).flip(2) if flipped else x.rot90(k),
            lambda y, k, flipped: (y.flip(2) if flipped else y).rot90(-k),
        ),
    ),
    (
        "        answers.append(predict(turned.flip(2)).flip(2).rot90(-k, (1, 2)))\n",
        "",
        "four views are missing, those of the mirror image: flip one axis (two flips are a half turn)",
    ),
    (
        "        answers.append(predict(turned).rot90(-k, (1, 2)))\n",
        "",
        "four views are missing, those of the image that is not flipped",
    ),
    (
        "range(4)",
        "(0, 2)",
        "the turns by 90° and 270° are missing; an image that is not square has eight views, too",
    ),
    ("range(4)", "range(1)", "only the image and its mirror image are there; the quarter turns of both are missing"),
    ("range(4)", "range(1, 4)", "the image that is not turned is missing: range(4) gives 0, 1, 2, 3"),
    ("range(4)", "range(3)", "the last quarter turn is missing: range(4) gives 0, 1, 2, 3"),
    ("range(4)", "range(5)", "the turn by 360° is the image itself, which is counted twice: range(4)"),
    ("stack(answers)", "stack(answers[1:])", "the image as it is was left out; it is one of the eight views"),
    ("mean(0)", "sum(0)", "that is the sum of the views; return their mean"),
    ("torch.stack(answers).mean(0)", "torch.stack(answers).sum(0) / 4", "there are eight views; you divided by four"),
    ("mean(0)", "amax(0)", "that is the maximum of the views; return their mean"),
    ("mean(0)", "median(0).values", "that is the median of the views; return their mean"),
    ("mean(0)", "mean()", "the mean is over all pixels; take it over the views only: torch.stack(answers).mean(0)"),
    ("mean(0)", "mean(1)", "the mean is over the channels; take it over the views: torch.stack(answers).mean(0)"),
    ("torch.stack(answers).mean(0)", "answers[0]", "only the image as it is was predicted"),
    ("torch.stack(answers).mean(0)", "answers[-1]", "only the last view is returned; return the mean of all views"),
    (
        "torch.stack(answers).mean(0)",
        "predict((image + image.flip(2)) / 2)",
        "the images are averaged; predict each view, and average the answers",
    ),
    (
        "torch.stack(answers).mean(0)",
        "predict(torch.stack([x.rot90(-k, (1, 2)) for x in (image, image.flip(2)) for k in range(4)]).mean(0))",
        "the images are averaged; predict each view, and average the answers",
    ),
    *_by_axis(
        "the answer is flipped back along the other axis; undo a flip with the same flip",
        _turned_first,
        lambda y, k, axes: _turned(y.flip([3 - axis for axis in axes]), -k),
    ),
    *_by_axis(
        "the answer is flipped back along the other axis; undo a flip with the same flip",
        _flipped_first,
        lambda y, k, axes: _turned(y, -k).flip([3 - axis for axis in axes]),
    ),
    *_by_axis(
        "a transpose does not undo a quarter turn: take rot90(-k, (1, 2))",
        _turned_first,
        lambda y, k, axes: y.flip(axes).transpose(1, 2) if k % 2 else y.flip(axes),
    ),
    *_by_axis(
        "a transpose does not undo a quarter turn: take rot90(-k, (1, 2))",
        _flipped_first,
        lambda y, k, axes: (y.transpose(1, 2) if k % 2 else y).flip(axes),
    ),
    (
        "        turned = image.rot90(k, (1, 2))",
        "        image = turned = image.rot90(k, (1, 2))",
        "the image is turned by k quarter turns from its last position; turn the image as it was given",
    ),
    (
        "the image is turned by k quarter turns from its last position; turn the image as it was given",
        _mean_of_views(
            lambda x, k, flipped: _turned(x.flip(2) if flipped else x, k * (k + 1) // 2),
            lambda y, k, flipped: _turned(y, -k).flip(2) if flipped else _turned(y, -k),
        ),
    ),
    ("torch.stack(answers).mean(0)", "torch.stack(answers)", "these are the eight answers; return their mean"),
    ("torch.stack(answers).mean(0)", "answers", "these are the eight answers in a list; return their mean"),
    (
        "        answers.append(predict(turned.flip(2)).flip(2).rot90(-k, (1, 2)))\n",
        "",
        "torch.stack(answers).mean(0)",
        "answers",
        "these are four answers in a list; return the mean of all eight",
    ),
    (
        "torch.stack(answers).mean(0)",
        "torch.cat(answers).mean(0)",
        "cat joins the channels of all answers; stack gives the views an axis of their own",
    ),
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
