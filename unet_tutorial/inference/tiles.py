"""Where the tiles of an image lie: the overlap-tile strategy (U-Net, section 2 and figure 2) in whole numbers.

A tile is read with a margin around the part that it is trusted for. It may lie anywhere but for one rule: max-pooling
lays a fixed grid over its input, so two tiles agree only if their origins differ by multiples of all strides' product.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from unet_tutorial.plan.levels import Size
from unet_tutorial.plan.receptive_field import seen_by
from unet_tutorial.plan.sizes import Padding, Plan, along, fault, output_size, valid_sizes

MEMORY = 2**30  # bytes that one forward pass may take by default
WORKING, ENDS = 7, 16  # maps alive at one level beside the skips, and at the two ends; measured, see pass_bytes


@dataclass(frozen=True)
class Margins:
    """What a plan does to any tile along one axis: ``before`` pixels are read before the first one trusted,
    ``lost`` in all are not trusted, and tiles lie multiples of ``grid`` apart. ``smallest`` is the smallest tile."""

    before: int
    lost: int
    grid: int
    smallest: int

    def starts(self, n: int, tile: int) -> list[int]:
        """The first trusted pixel of each tile over n pixels; ValueError where a tile is too small to step on."""
        trusted = tile - self.lost
        step = trusted - trusted % self.grid
        if n <= trusted:
            return [0]
        if not step:
            raise ValueError(
                f"tile {tile} is trusted for {trusted} pixels, and tiles lie multiples of {self.grid} apart; "
                f"choose a tile of {tile + self.grid} or more"
            )
        last = -((trusted - n) // self.grid) * self.grid  # the first legal start that reaches the end
        return [*range(0, last, step), last]

    def reaching(self, n: int, pieces: int) -> int:
        """The smallest tile of which so many cover n pixels."""
        need = n if pieces == 1 else _round_up(-(-n // pieces), self.grid)
        return self.smallest + max(0, _round_up(need + self.lost - self.smallest, self.grid))


def margins(levels: Plan, padding: Padding, extra_reach: Size = ()) -> tuple[Margins, ...]:
    """Axis by axis. A padded net is not trusted where it can see its own zero padding, so it has margins too.

    ``extra_reach`` is what a ``UNet`` states as its own: how much farther it sees than its plan says.
    """
    return tuple(
        _margins(along(axis, levels), padding, *extra_reach[axis : axis + 1]) for axis in range(levels[0].rank)
    )


def _margins(levels: Plan, padding: Padding, farther: int = 0) -> Margins:
    (valid,) = valid_sizes(levels, padding=padding)
    (out,) = output_size((valid[0],), levels, padding=padding)
    shrinks, sees = valid[0] - out, 0
    if padding == "same":
        sees = _reach(levels, valid.step)
    halo = _round_up(sees + farther, valid.step)
    smallest = valid[0] + _round_up(2 * halo, valid.step)
    return Margins(shrinks // 2 + halo, shrinks + 2 * halo, valid.step, smallest)


def _reach(levels: Plan, grid: int) -> int:
    """How far an output pixel of a padded net sees, at most, to either side."""
    fields = [(p, seen_by(p, levels, padding="same")) for p in range(grid)]
    return max(max(p - first, last - p) for p, (first, last) in fields)


def _round_up(n: int, grid: int) -> int:
    return -(-n // grid) * grid


def check_tile(tile: Size, levels: Plan, padding: Padding, extra_reach: Size = ()) -> None:
    """ValueError, naming the neighbours, for a tile that does not pass the net or is all margin."""
    sentence = fault(tile, levels, padding=padding)
    if sentence:
        raise ValueError(f"tile {tile}: {sentence}")
    for n, axis in zip(tile, margins(levels, padding, extra_reach), strict=True):
        if n < axis.smallest:
            raise ValueError(f"tile {tile}: {axis.lost} pixels of {n} see the padding; choose {axis.smallest} or more")


def pass_bytes(pixels: int, levels: Plan) -> float:
    """Bytes that one pass without gradients over so many pixels (of all tiles of a batch) takes at most, in float32.

    The encoder's features all live on as skips. At the level with the most numbers there are besides: the features
    from below, the concatenation, the outputs of two layers, and what a convolution packs; at the ends the image's
    channels, the classes and the packing of thin maps, for 16 of these together. For a decoder as wide as its encoder,
    on one thread of a CPU, the measured peak above weights, image and logits was 50 % (in-place ReLU) to 95 % of it.
    """
    per_pixel, share = [], 1
    for level in levels:
        share *= prod(level.stride)
        per_pixel.append(level.channels / share)
    return 4 * pixels * (sum(per_pixel) + WORKING * max(per_pixel) + ENDS)


def default_tile(size: Size, levels: Plan, padding: Padding, batch: int = 1, extra_reach: Size = ()) -> Size:
    """The tile that covers an image in the fewest equal pieces, ``batch`` of which take at most ``MEMORY`` bytes.

    The bytes are those of ``pass_bytes``. Where no tile is small enough, it is the smallest that steps.

    >>> from unet_tutorial.plan.levels import pyramid
    >>> paper = pyramid((64, 128, 256, 512, 1024))
    >>> default_tile((512, 512), paper, "valid"), default_tile((2048, 2048), paper, "valid")
    ((444, 700), (604, 700))
    """
    axes, pieces = margins(levels, padding, extra_reach), [1] * len(size)
    while True:
        tile = tuple(axis.reaching(n, k) for axis, n, k in zip(axes, size, pieces, strict=True))
        longer = [i for i, axis in enumerate(axes) if pieces[i] * axis.grid < size[i]]
        if pass_bytes(min(batch, prod(pieces)) * prod(tile), levels) <= MEMORY or not longer:
            return tile
        pieces[max(longer, key=lambda i: tile[i])] += 1
