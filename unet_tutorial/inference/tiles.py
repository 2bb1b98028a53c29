"""Positions and sizes of tiles: the overlap-tile strategy (U-Net, section 2 and figure 2) in whole numbers.

A tile is read with a margin; only the output pixels inside it, the trusted pixels, are used. Max-pooling divides its
input into blocks from the tile's corner on, so two tiles agree only if their origins differ by multiples of the grid,
the product of all strides.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from unet_tutorial.plan.levels import Size
from unet_tutorial.plan.receptive_field import seen_by
from unet_tutorial.plan.sizes import Padding, Plan, along, output_size, size_error, valid_sizes

MEMORY = 2**30  # bytes of memory that one forward pass may use by default
# feature maps in memory at one level besides the skips; channels of the full-size maps besides these: see pass_bytes
WORKING_MAPS, FULL_SIZE_CHANNELS = 7, 16


@dataclass(frozen=True)
class Margins:
    """Margins of a tile along one axis, in pixels.

    ``before`` pixels are read before the first trusted one, and ``lost`` pixels in all are not trusted. Tiles lie
    multiples of ``grid`` apart. ``smallest`` is the smallest tile.
    """

    before: int
    lost: int
    grid: int
    smallest: int

    def starts(self, n: int, tile: int) -> list[int]:
        """First trusted pixel of each tile that covers n pixels. Raises ValueError if the tile is too small to step."""
        trusted = tile - self.lost
        step = trusted - trusted % self.grid
        if n <= trusted:
            return [0]
        if not step:
            raise ValueError(
                f"tile {tile} has {trusted} trusted pixels, too few for steps of {self.grid}; "
                f"choose a tile of {tile + self.grid} or more"
            )
        last = -((trusted - n) // self.grid) * self.grid  # the first start on the grid that reaches the end
        return [*range(0, last, step), last]

    def tile_covering(self, n: int, tiles: int) -> int:
        """The smallest tile size with which so many tiles of equal steps cover n pixels."""
        trusted = n if tiles == 1 else _round_up(-(-n // tiles), self.grid)
        return self.smallest + max(0, _round_up(trusted + self.lost - self.smallest, self.grid))


def margins(levels: Plan, padding: Padding, extra_reach: Size = ()) -> tuple[Margins, ...]:
    """The margins along each axis.

    A padded network has margins too: output pixels whose receptive field reaches its zero padding are not trusted.
    ``extra_reach`` is that of the ``UNet``: pixels per side that its receptive field extends beyond that of the plan.
    """
    return tuple(
        _margins_along(along(axis, levels), padding, *extra_reach[axis : axis + 1]) for axis in range(levels[0].rank)
    )


def _margins_along(levels: Plan, padding: Padding, extra_reach: int = 0) -> Margins:
    (valid,) = valid_sizes(levels, padding=padding)
    (out,) = output_size((valid[0],), levels, padding=padding)
    shrinks, reach = valid[0] - out, 0
    if padding == "same":
        reach = plan_reach(levels, valid.step)
    halo = _round_up(reach + extra_reach, valid.step)
    smallest = valid[0] + _round_up(2 * halo, valid.step)
    return Margins(shrinks // 2 + halo, shrinks + 2 * halo, valid.step, smallest)


def plan_reach(levels: Plan, grid: int) -> int:
    """The largest distance along one axis from an output pixel of a padded network to an input pixel that it sees."""
    seen = [(p, seen_by(p, levels, padding="same")) for p in range(grid)]
    return max(max(p - first, last - p) for p, (first, last) in seen)


def _round_up(n: int, grid: int) -> int:
    return -(-n // grid) * grid


def check_tile(tile: Size, levels: Plan, padding: Padding, extra_reach: Size = ()) -> None:
    """Raise ValueError, naming possible sizes, for a tile that is not valid for the network or has no trusted pixel."""
    error = size_error(tile, levels, padding=padding)
    if error:
        raise ValueError(f"tile {tile}: {error}")
    for n, axis in zip(tile, margins(levels, padding, extra_reach), strict=True):
        if n < axis.smallest:
            raise ValueError(f"tile {tile}: {axis.lost} of {n} pixels see the padding; choose {axis.smallest} or more")


def pass_bytes(pixels: int, levels: Plan) -> float:
    """Upper bound, in bytes, of the memory of one float32 pass without gradients; ``pixels`` are those of all tiles.

    All encoder features stay in memory as skips. Besides them, at the level with the largest maps: the upsampled
    features, the concatenation, the outputs of two layers, and the buffers of a convolution; at full size, together
    at most 16 channels: the image, the logits and buffers. For a decoder as wide as its encoder, on one CPU thread, the
    measured peak above weights, image and logits was 50 % (in-place ReLU) to 95 % of this bound.
    """
    per_pixel, share = [], 1
    for level in levels:
        share *= prod(level.stride)
        per_pixel.append(level.channels / share)
    return 4 * pixels * (sum(per_pixel) + WORKING_MAPS * max(per_pixel) + FULL_SIZE_CHANNELS)


def default_tile(size: Size, levels: Plan, padding: Padding, batch: int = 1, extra_reach: Size = ()) -> Size:
    """The tile size that covers an image with the fewest tiles, ``batch`` of which use at most ``MEMORY`` bytes.

    The memory is that of ``pass_bytes``. If no tile is small enough, it is the smallest that can step.

    >>> from unet_tutorial.plan.levels import pyramid
    >>> paper = pyramid((64, 128, 256, 512, 1024))
    >>> default_tile((512, 512), paper, "valid"), default_tile((2048, 2048), paper, "valid")
    ((444, 700), (604, 700))
    """
    axes, tiles = margins(levels, padding, extra_reach), [1] * len(size)  # tiles along each axis
    while True:
        tile = tuple(axis.tile_covering(n, k) for axis, n, k in zip(axes, size, tiles, strict=True))
        divisible = [i for i, axis in enumerate(axes) if tiles[i] * axis.grid < size[i]]
        if pass_bytes(min(batch, prod(tiles)) * prod(tile), levels) <= MEMORY or not divisible:
            return tile
        tiles[max(divisible, key=lambda i: tile[i])] += 1
