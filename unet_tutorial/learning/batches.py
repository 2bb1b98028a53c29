"""Batches of tiles, each a pure function of the step: cut where it falls, deformed, mirrored beyond the border."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from unet_tutorial.learning.augment.augment import augment
from unet_tutorial.learning.augment.sample import Sample
from unet_tutorial.learning.train import Batch
from unet_tutorial.nets.crop import mirrored
from unet_tutorial.plan.levels import Size
from unet_tutorial.plan.sizes import Padding, Plan, nearest_valid, output_size, valid_sizes

TRUSTED = 12_544  # pixels of output that a training tile has by default: 112²


def tile_batches(
    samples: Sequence[Sample], levels: Plan, padding: Padding, *, tile: Size, seed: int, sd: float
) -> Callable[[int, int], Batch]:
    """The function (step, tiles) -> Batch: each tile from a random place of a random sample, augmented as a whole.

    ``tile`` is the input size, of which the labels and weights show the part that the net gives logits for. ``sd`` is
    that of ``augment``, in pixels. ValueError for a tile that does not pass the net, and for no samples.
    """
    out = output_size(tile, levels, padding=padding)
    if not samples:
        raise ValueError("no samples to draw tiles from; hand in at least one")

    def draw(step: int, tiles: int) -> Batch:
        generator = torch.Generator().manual_seed(seed * 1_000_003 + step)  # a prime: runs of near seeds do not meet
        drawn = [_tile(samples, generator, tile, out, sd) for _ in range(tiles)]
        return Batch(*(torch.stack(tensors) for tensors in zip(*drawn, strict=True)))

    return draw


def _tile(samples: Sequence[Sample], generator: torch.Generator, tile: Size, out: Size, sd: float) -> Batch:
    """One tile, without the batch axis; the image reaches over its labels on both sides by what the net loses."""

    def draw(below: int) -> int:
        return int(torch.randint(below, (), generator=generator))

    sample = augment(samples[draw(len(samples))], generator, sd=sd)
    corner = tuple(draw(max(n - o, 0) + 1) for n, o in zip(sample.size, out, strict=True))
    origin = tuple(c - (t - o) // 2 for c, t, o in zip(corner, tile, out, strict=True))
    labels, weights = (mirrored(tensor[None], corner, out)[0] for tensor in (sample.labels, sample.weights))
    return Batch(mirrored(sample.image, origin, tile), labels, weights)


def training_tile(levels: Plan, padding: Padding, size: Size = ()) -> Size:
    """A training tile with about ``TRUSTED`` pixels of output, equally long along all axes, but no longer than it takes
    to cover samples of ``size``.

    >>> from unet_tutorial.plan.levels import pyramid
    >>> training_tile(pyramid((16, 32, 64, 128)), "valid"), training_tile(pyramid((16, 32, 64, 128)), "same")
    ((204, 204), (112, 112))
    >>> training_tile(pyramid((16, 32, 64), rank=3), "same", size=(6, 90, 90))
    (8, 48, 48)
    """
    smallest = tuple(valid[0] for valid in valid_sizes(levels, padding=padding))
    outs = output_size(smallest, levels, padding=padding)
    sides = _sides(size or (TRUSTED,) * len(outs))
    wanted = tuple(max(side, out) + n - out for side, n, out in zip(sides, smallest, outs, strict=True))
    return tuple(near[-1] for near in nearest_valid(wanted, levels, padding=padding))


def _sides(most: Size) -> list[int]:
    """Sides of a box of about ``TRUSTED`` pixels: the shortest axes first, and what they leave shared by the others."""
    sides, left = [0] * len(most), float(TRUSTED)
    for done, (longest, axis) in enumerate(sorted((n, axis) for axis, n in enumerate(most))):
        sides[axis] = min(longest, round(left ** (1 / (len(most) - done))))
        left /= sides[axis]
    return sides
