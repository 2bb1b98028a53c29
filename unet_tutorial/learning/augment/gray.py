"""Changes of gray levels: gamma, Gaussian blur and noise. Labels and weights stay the same."""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from torch import Tensor

from unet_tutorial.learning.augment.sample import Sample
from unet_tutorial.nets.crop import mirrored

REACH = 4  # standard deviations of the Gaussian; the rest is cut off, as in scipy


def gamma_corrected(sample: Sample, exponent: float) -> Sample:
    """Raise the gray levels of each channel, rescaled to 0 to 1 between its extremes, to a power, and scale them back.

    A channel without contrast stays the same.

    >>> sample = Sample(torch.tensor([[-1.0, 0.0, 1.0]]), torch.zeros(3, dtype=torch.int64), torch.ones(3))
    >>> gamma_corrected(sample, 2.0).image.tolist()
    [[-1.0, -0.5, 1.0]]
    """
    axes = tuple(range(1, sample.image.ndim))
    low, high = (extreme(sample.image, dim=axes, keepdim=True) for extreme in (torch.amin, torch.amax))
    span = (high - low).where(high > low, 1)
    return replace(sample, image=((sample.image - low) / span).pow(exponent) * span + low)


def blurred(sample: Sample, sigma: float) -> Sample:
    """The image convolved with a Gaussian of standard deviation ``sigma`` pixels along its last two axes.

    Beyond its border the image is mirrored. A stack is blurred slice by slice, because its slices are usually further
    apart than the pixels of a slice.
    """
    radius = math.floor(REACH * sigma + 0.5)
    if radius == 0:
        return sample
    kernel = torch.exp(-((torch.arange(-radius, radius + 1, dtype=torch.float64) / sigma) ** 2) / 2)
    image, rank = sample.image, len(sample.size)
    for axis in range(max(rank - 2, 0), rank):
        image = _convolved(image, axis, (kernel / kernel.sum()).tolist())
    return replace(sample, image=image)


def _convolved(image: Tensor, axis: int, kernel: list[float]) -> Tensor:
    """Convolution along one spatial axis with a symmetric kernel of odd length."""
    size, radius = image.shape[1:], len(kernel) // 2
    origin = tuple(-radius if i == axis else 0 for i in range(len(size)))
    padded = mirrored(image, origin, tuple(n - 2 * first for n, first in zip(size, origin, strict=True)))
    terms = [weight * padded.narrow(axis + 1, i, size[axis]) for i, weight in enumerate(kernel)]
    return torch.stack(terms).sum(0)


def noisy(sample: Sample, sd: float, generator: torch.Generator) -> Sample:
    """Add Gaussian noise of standard deviation ``sd`` to the image, independent at each pixel of each channel."""
    return replace(sample, image=sample.image + sd * torch.randn(sample.image.shape, generator=generator))
