"""Positions and sizes of tiles: the overlap-tile strategy (U-Net, section 2 and figure 2) in whole numbers.

A network with padding "valid" has no output near the border of a tile, and a network with padding "same" reads zeros
beyond it. So the prediction is right only for pixels in the middle of a tile. These are called trusted, and the others
lost. Tiles overlap, so that each pixel of the image is trusted in at least one tile.

Max-pooling divides its input into blocks that begin at the corner of the tile. So two tiles give the same prediction
only if the distance of their corners is a multiple of the grid, which is the product of all strides.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from unet_tutorial.plan.levels import Size
from unet_tutorial.plan.receptive_field import plan_reach
from unet_tutorial.plan.sizes import Padding, Plan, along, output_size, size_error, valid_sizes

MEMORY = 2**30  # bytes of memory that one forward pass may use by default
# constants of the memory bound, see pass_bytes
WORKING_MAPS, FULL_SIZE_CHANNELS = 7, 16


@dataclass(frozen=True)
class Margins:
    """The margins of a tile along one axis, in pixels.

    ``before`` is the number of lost pixels before the first trusted one, and ``lost`` the number of all lost pixels.
    The distance of two tiles is a multiple of ``grid``. ``smallest`` is the smallest valid tile with trusted pixels.
    """

    before: int
    lost: int
    grid: int
    smallest: int

    def step(self, tile: int) -> int:
        """The largest distance of two tiles without a gap: the trusted pixels, down to a multiple of ``grid``."""
        trusted = tile - self.lost
        return trusted - trusted % self.grid

    def starts(self, n: int, tile: int) -> list[int]:
        """The first trusted pixel of each tile, so that the trusted pixels of all tiles cover n pixels.

        Raises ValueError if a tile has fewer trusted pixels than ``grid``, the smallest distance of two tiles.
        """
        trusted, step = tile - self.lost, self.step(tile)
        if n <= trusted:
            return [0]
        if not step:
            raise ValueError(
                f"tile {tile}: only {trusted} of its output pixels are usable, and at least {self.grid} are needed; "
                f"choose a tile of {tile + self.grid} or more"
            )
        last = -((trusted - n) // self.grid) * self.grid  # first multiple of the grid that reaches the end
        return [*range(0, last, step), last]

    def tile_covering(self, n: int, tiles: int) -> int:
        """The smallest tile size for which the trusted pixels of ``tiles`` equally spaced tiles cover n pixels."""
        trusted = n if tiles == 1 else _round_up(-(-n // tiles), self.grid)
        return self.smallest + max(0, _round_up(trusted + self.lost - self.smallest, self.grid))


def margins(levels: Plan, padding: Padding, extra_reach: Size = ()) -> tuple[Margins, ...]:
    """The margins along each axis.

    With padding "same", the lost pixels are those whose receptive field reaches the zero padding. ``extra_reach`` is
    that of the ``UNet``: for each axis, the number of pixels per side by which its receptive field may be larger than
    that computed from its levels.
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


def _round_up(n: int, grid: int) -> int:
    return -(-n // grid) * grid


def check_tile(tile: Size, levels: Plan, padding: Padding, extra_reach: Size = ()) -> None:
    """Raise ValueError, with possible sizes, for a tile that is not valid for the network or has no trusted pixel."""
    error = size_error(tile, levels, padding=padding)
    if error:
        raise ValueError(f"tile {tile}: {error}")
    for n, axis in zip(tile, margins(levels, padding, extra_reach), strict=True):
        if n < axis.smallest:
            raise ValueError(
                f"tile {tile}: {n} pixels are too few, because up to {axis.lost} depend on the zero padding; "
                f"choose {axis.smallest} or more"
            )


def pass_bytes(pixels: int, levels: Plan) -> float:
    """Upper bound, in bytes, of the memory of one float32 forward pass without gradients.

    ``pixels`` is the number of input pixels of all tiles in the pass. Three terms are added:

    - the encoder features of all levels, which are kept as skips;
    - the largest of them times ``WORKING_MAPS``, for the upsampled features, the concatenation, the outputs of two
      layers and the buffers of a convolution at this level;
    - ``FULL_SIZE_CHANNELS`` channels of the full size, for the image, the logits and buffers.

    The bound is for decoders with the widths of their encoder. Measured on one CPU thread, without the weights, the
    image and the logits, the peak was 50 % (in-place ReLU) to 95 % of it. Freed memory that the C library keeps for
    later use comes on top.
    """
    per_pixel, share = [], 1
    for level in levels:
        share *= prod(level.stride)
        per_pixel.append(level.channels / share)
    return 4 * pixels * (sum(per_pixel) + WORKING_MAPS * max(per_pixel) + FULL_SIZE_CHANNELS)


def check_pass(tile: Size, batch: int, levels: Plan, memory: float) -> None:
    """Raise ValueError if a pass over ``batch`` tiles needs more than ``memory`` bytes (see ``pass_bytes``)."""
    needed = pass_bytes(batch * prod(tile), levels)
    if needed > memory:
        raise ValueError(
            f"tile {tile}, batch {batch}: a pass needs about {needed / 2**30:.3g} GiB, and this device has "
            f"{memory / 2**30:.3g} GiB; choose a smaller tile or batch, or leave them out"
        )


def default_tile(size: Size, levels: Plan, padding: Padding, batch: int = 1, extra_reach: Size = ()) -> Size:
    """The tile size that covers an image with the fewest tiles, if one forward pass may use ``MEMORY`` bytes.

    A pass holds ``batch`` tiles, and its memory is that of ``pass_bytes``. If all tile sizes need more memory, the
    smallest usable one is returned.

    >>> from unet_tutorial.plan.levels import pyramid
    >>> paper = pyramid((64, 128, 256, 512, 1024))
    >>> default_tile((512, 512), paper, "valid"), default_tile((2048, 2048), paper, "valid")
    ((444, 700), (604, 700))
    """
    axes, tiles = margins(levels, padding, extra_reach), [1] * len(size)  # number of tiles along each axis
    while True:
        tile = tuple(axis.tile_covering(n, k) for axis, n, k in zip(axes, size, tiles, strict=True))
        divisible = [i for i, axis in enumerate(axes) if tiles[i] * axis.grid < size[i]]
        if pass_bytes(min(batch, prod(tiles)) * prod(tile), levels) <= MEMORY or not divisible:
            return tile
        tiles[max(divisible, key=lambda i: tile[i])] += 1
