"""Batches of randomly placed, augmented tiles.

Each batch depends only on the seed, the number of the step and the number of the process (rank), so a resumed training
run uses the same tiles.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from unet_tutorial.learning.augment.augmentation import Augmentation, augmentation
from unet_tutorial.learning.augment.sample import Sample, by_planes
from unet_tutorial.learning.train import Batch
from unet_tutorial.nets.crop import mirrored
from unet_tutorial.plan.levels import Size
from unet_tutorial.plan.sizes import Padding, Plan, nearest_valid, output_size, valid_sizes

STEPS_OF_A_SEED = 1_000_003  # larger than the number of steps of usual runs, so that two seeds have no batch in common
STEPS_OF_A_RANK = 2**22
OUTPUT_PIXELS = 12_544  # of the output of a default training tile: 112²

AUGMENTATION = augmentation()  # flips, rotations by 90°, gray shift


def tile_batches(
    samples: Sequence[Sample],
    levels: Plan,
    padding: Padding,
    *,
    tile: Size,
    seed: int,
    rank: int = 0,
    augmentation: Augmentation = AUGMENTATION,
) -> Callable[[int, int], Batch]:
    """Return a function (step, number of tiles) -> Batch.

    For each tile it chooses a random sample, augments it, and crops a tile at a random position. ``tile`` is the input
    size. Labels and weights have the size of the network's output, in the middle of the tile. If a tile extends beyond
    the image, the image is mirrored there. Each of several processes passes its ``rank``, and draws other tiles than
    the others. Raises ValueError for a tile size that is not valid for the network, and if there are no samples.
    """
    out = output_size(tile, levels, padding=padding)
    if not samples:
        raise ValueError("no samples to draw tiles from; pass at least one")

    def batch(step: int, tiles: int) -> Batch:
        generator = torch.Generator().manual_seed(seed_of(seed, step, rank))
        drawn = [_random_tile(samples, generator, tile, out, augmentation) for _ in range(tiles)]
        return Batch(*(torch.stack(tensors) for tensors in zip(*drawn, strict=True)))

    return batch


def seed_of(seed: int, step: int, rank: int = 0) -> int:
    """The seed of a random generator for a step of the process ``rank`` in a run.

    The processes of a run have no number in common, up to 1024 processes and 4 million steps. The offset is below 2³²,
    because torch's generator on the CPU ignores all higher bits of a seed.

    >>> seed_of(2, 5), seed_of(2, 5, rank=1)
    (2000011, 6194315)
    """
    return seed * STEPS_OF_A_SEED + step + rank * STEPS_OF_A_RANK


def _random_tile(
    samples: Sequence[Sample], generator: torch.Generator, tile: Size, out: Size, augmentation: Augmentation
) -> Batch:
    """One tile without the batch axis. The image is larger than the labels, because the network's output is smaller."""

    def random_int(below: int) -> int:
        return int(torch.randint(below, (), generator=generator))

    sample = augmentation(samples[random_int(len(samples))], generator)
    corner = tuple(random_int(max(n - o, 0) + 1) for n, o in zip(sample.size, out, strict=True))
    origin = tuple(c - (t - o) // 2 for c, t, o in zip(corner, tile, out, strict=True))
    labels, weights = (
        by_planes(lambda planes: mirrored(planes, corner, out), array, len(out))
        for array in (sample.labels, sample.weights)
    )
    return Batch(mirrored(sample.image, origin, tile), labels, weights)


def training_tile(levels: Plan, padding: Padding, size: Size = ()) -> Size:
    """The default training tile: its output has about ``OUTPUT_PIXELS`` pixels, and the same length along each axis.

    ``size`` is the size of the samples, if it is known. An axis of the tile is then not longer than needed to cover it.

    >>> from unet_tutorial.plan.levels import pyramid
    >>> training_tile(pyramid((16, 32, 64, 128)), "valid"), training_tile(pyramid((16, 32, 64, 128)), "same")
    ((204, 204), (112, 112))
    >>> training_tile(pyramid((16, 32, 64), rank=3), "same", size=(6, 90, 90))
    (8, 48, 48)
    """
    smallest = tuple(valid[0] for valid in valid_sizes(levels, padding=padding))
    outs = output_size(smallest, levels, padding=padding)
    sides = _output_sides(size or (OUTPUT_PIXELS,) * len(outs))
    wanted = tuple(max(side, out) + n - out for side, n, out in zip(sides, smallest, outs, strict=True))
    return tuple(near[-1] for near in nearest_valid(wanted, levels, padding=padding))


def _output_sides(longest: Size) -> list[int]:
    """The sides of a box of about ``OUTPUT_PIXELS`` pixels; side i is at most ``longest[i]``.

    Sides are chosen in ascending order of ``longest``. All sides are equal, except those limited by ``longest``.
    """
    sides, left = [0] * len(longest), float(OUTPUT_PIXELS)
    for done, (limit, axis) in enumerate(sorted((n, axis) for axis, n in enumerate(longest))):
        sides[axis] = min(limit, round(left ** (1 / (len(longest) - done))))
        left /= sides[axis]
    return sides
