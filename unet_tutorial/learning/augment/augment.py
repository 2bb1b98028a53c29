"""Augmentation of image, labels and weights together: flips, rotations by 90°, elastic deformation, gray shifts.

Each function takes a ``Sample`` and returns a new one. Only ``augment`` and ``flip_and_turn`` draw random numbers.
"""

from __future__ import annotations

from dataclasses import replace

import torch

from unet_tutorial.learning.augment.elastic import elastic
from unet_tutorial.learning.augment.sample import Sample

GAIN = 0.1  # contrast changes by up to 10 %
OFFSET = 0.1  # brightness changes by up to 0.1; a standardised image has standard deviation 1


def flip(sample: Sample, axis: int) -> Sample:
    """Mirror the sample along a spatial axis. Axis 0 is the first axis after the channels."""
    from_end = _from_end(sample, axis)
    return sample.apply(lambda array: array.flip(from_end))


def quarter_turns(sample: Sample, turns: int, axes: tuple[int, int]) -> Sample:
    """Rotate the sample by ``turns`` × 90° in the plane of two spatial axes, from the first towards the second."""
    plane = [_from_end(sample, axis) for axis in axes]
    return sample.apply(lambda array: array.rot90(turns, plane))


def gray_shift(sample: Sample, gain: float, offset: float) -> Sample:
    """Replace the image by image × gain + offset; labels and weights stay the same."""
    return replace(sample, image=sample.image * gain + offset)


def flip_and_turn(sample: Sample, generator: torch.Generator) -> Sample:
    """Random flips of all axes, then a random rotation by a multiple of 90° in the last two, if they are equally long.

    The rotation uses no other axes, because the voxels of a stack are seldom cubes.
    """
    rank = len(sample.size)
    for axis in range(rank):
        if torch.rand((), generator=generator) < 0.5:
            sample = flip(sample, axis)
    if sample.size[-1] == sample.size[-2]:
        sample = quarter_turns(sample, int(torch.randint(4, (), generator=generator)), (rank - 2, rank - 1))
    return sample


def augment(sample: Sample, generator: torch.Generator, *, sd: float = 10.0) -> Sample:
    """Random augmentation: elastic deformation, flips, rotations by 90° and a gray shift, drawn from the generator.

    ``sd`` is the standard deviation, in pixels, of the displacements on the elastic grid of 3 points per axis. The
    default is right for images of about 512 px. Use a smaller one for smaller images, or the deformation folds (see
    ``elastic.folds``). Flips and rotations are those of ``flip_and_turn``.

    >>> sample = Sample(torch.rand(1, 8, 8), torch.ones(8, 8, dtype=torch.int64), torch.ones(8, 8))
    >>> one, two = (augment(sample, torch.Generator().manual_seed(0), sd=0.5) for _ in range(2))
    >>> torch.equal(one.image, two.image)
    True
    """
    rank = len(sample.size)
    # drawn also for sd=0, so that the random numbers below do not depend on sd
    displacements = sd * torch.randn((rank, *(3,) * rank), generator=generator)
    sample = elastic(sample, displacements) if sd else sample
    sample = flip_and_turn(sample, generator)
    gain, offset = (2 * torch.rand(2, generator=generator) - 1).tolist()
    return gray_shift(sample, 1 + GAIN * gain, OFFSET * offset)


def _from_end(sample: Sample, axis: int) -> int:
    rank = len(sample.size)
    if axis not in range(rank):
        raise ValueError(f"axis {axis} is not a spatial axis of a sample of size {sample.size}; pass 0 to {rank - 1}")
    return axis - rank
