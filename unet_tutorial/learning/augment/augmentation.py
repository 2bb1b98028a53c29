"""Augmentation with options: the strength of each random change."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from unet_tutorial.learning.augment.affine import affine_field
from unet_tutorial.learning.augment.augment import GAIN, OFFSET, flip_and_turn, gray_shift
from unet_tutorial.learning.augment.elastic import dense_field, elastic, resampled, sampling_grid
from unet_tutorial.learning.augment.gray import blurred, gamma_corrected, noisy
from unet_tutorial.learning.augment.sample import Sample

Augmentation = Callable[[Sample, torch.Generator], Sample]
# of each option: its largest value, and one to try
RANGES = {
    "elastic_sd": (math.inf, 10),
    "rotate": (180, 15),
    "scale": (1, 0.2),
    "brightness": (math.inf, 0.1),
    "contrast": (1, 0.1),
    "gamma": (4, 0.2),
    "noise": (math.inf, 0.1),
    "blur": (20, 1),
}


def augmentation(
    *,
    elastic_sd: float = 0.0,
    rotate: float = 0.0,
    scale: float = 0.0,
    brightness: float = OFFSET,
    contrast: float = GAIN,
    gamma: float = 0.0,
    noise: float = 0.0,
    blur: float = 0.0,
) -> Augmentation:
    """A function (sample, generator) -> sample. With the defaults it equals ``augment.augment`` bit for bit.

    All options are at least 0, and 0 leaves a change out. Labels and weights move with the image; beyond its border all
    of them are mirrored. Flips and rotations by 90° are always among the changes.

    - ``elastic_sd``: standard deviation of the elastic displacements, in pixels (see ``augment.augment``).
    - ``rotate``: largest rotation in degrees, in the plane of the last two axes.
    - ``scale``: largest change of size: 0.2 is a factor between 1 / 1.2 and 1.2, the same for all axes.
    - ``brightness``: largest offset, in units of the gray levels; a standardised image has standard deviation 1.
    - ``contrast``: largest change of the contrast: with 0.1, gray levels are multiplied by 0.9 to 1.1.
    - ``gamma``: largest change of the exponent of ``gray.gamma_corrected``: 0.2 is one between 1 / 1.2 and 1.2.
    - ``noise``: largest standard deviation of Gaussian noise, in units of the gray levels.
    - ``blur``: largest standard deviation of a Gaussian blur, in pixels.

    Elastic deformation, rotation and scale are one interpolation. Raises ValueError, with the name of the option, for a
    value out of its range.
    """
    given = locals()
    for name, (largest, usual) in RANGES.items():
        _check(name, given[name], largest, usual)

    def augmented(sample: Sample, generator: torch.Generator) -> Sample:
        def draw() -> float:  # from -1 to 1
            return 2 * torch.rand((), generator=generator).item() - 1

        rank = len(sample.size)
        # drawn also without deformation, so that flips and gray levels do not depend on elastic_sd
        displacements = elastic_sd * torch.randn((rank, *(3,) * rank), generator=generator)
        if rotate or scale:
            sample = _deformed(sample, displacements, rotate * draw(), (1 + scale) ** draw())
        elif elastic_sd:
            sample = elastic(sample, displacements)
        sample = flip_and_turn(sample, generator)
        gain, offset = (2 * torch.rand(2, generator=generator) - 1).tolist()
        sample = gray_shift(sample, 1 + contrast * gain, brightness * offset)
        if gamma:
            sample = gamma_corrected(sample, (1 + gamma) ** draw())
        if blur:
            sample = blurred(sample, blur * abs(draw()))
        return noisy(sample, noise * abs(draw()), generator) if noise else sample

    return augmented


def _deformed(sample: Sample, displacements: Tensor, degrees: float, factor: float) -> Sample:
    """Elastic deformation, rotation and scaling in one interpolation."""
    field = dense_field(displacements.to(sample.image.device), sample.size)
    return resampled(sample, sampling_grid(affine_field(field, degrees=degrees, factor=factor)))


def _check(name: str, value: object, largest: float, usual: float) -> None:
    if not isinstance(value, int | float) or not 0 <= value <= largest or math.isinf(value):
        bound = f"from 0 to {largest}" if math.isfinite(largest) else "of at least 0"
        raise ValueError(f"{name} {value}: expected a finite number {bound}; try {usual}, or 0 for none")
