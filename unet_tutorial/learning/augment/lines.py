"""Training on thin lines: soft targets around them, and augmentation by shifts and flips.

A line of one or two pixels is a hard target: a prediction beside it counts as a full error. Around a softened line the
target falls off like a Gaussian. Lines are labels that may overlap (multi-label): one channel for each, and none for
the background.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from unet_tutorial.learning.augment.augment import flip
from unet_tutorial.learning.augment.sample import Sample, by_planes
from unet_tutorial.learning.losses.cross_entropy import UNLABELLED
from unet_tutorial.learning.losses.targets import Loss, one_hot
from unet_tutorial.nets.crop import mirrored

REACH = 4  # standard deviations; beyond it the target is 0, and below exp(-8) = 0.0003


def soften(masks: Tensor, sigmas: Sequence[float]) -> Tensor:
    """Around each line a target exp(-d² / 2σ²), where d is the distance to its nearest pixel: 1 on the line itself.

    ``masks`` (N, K, *spatial) are floats in 0 to 1, one channel per line; entries of -1 (``UNLABELLED``) stay, and
    count as no line for the pixels around them. ``sigmas`` has one standard deviation per spatial axis, in pixels; 0
    leaves an axis as it is. Returns (N, K, *spatial).

    OpenCV's Gaussian kernels of 3, 7 and 15 pixels, which AmberzzZZ/unet_vnet_keras uses, have σ = 0.8, 1.4 and 2.6. A
    blur with them lowers a thin line itself, to 0.52, 0.29 and 0.15. Here the largest of all Gaussians is taken, not
    their sum.

    >>> line = torch.tensor([[[0.0, 0.0, 1.0, 0.0, 0.0]]])
    >>> [round(value, 3) for value in soften(line, (0.8,)).flatten().tolist()]
    [0.044, 0.458, 1.0, 0.458, 0.044]
    """
    if len(sigmas) != masks.ndim - 2 or not all(0 <= sigma < math.inf for sigma in sigmas):
        raise ValueError(
            f"sigmas {tuple(sigmas)} for masks {tuple(masks.shape)}: pass one finite number of at least 0 for each of "
            f"the {masks.ndim - 2} spatial axes"
        )
    known = masks != UNLABELLED
    soft = masks.where(known, 0)
    for axis, sigma in enumerate(sigmas, start=2):  # the Gaussian is a product over the axes
        soft = _spread(soft, axis, sigma)
    return soft.where(known, UNLABELLED)


def _spread(masks: Tensor, axis: int, sigma: float) -> Tensor:
    """The largest product of mask and Gaussian along one axis, at each pixel."""
    soft, length = masks.clone(), masks.shape[axis]
    for distance in range(1, min(math.ceil(REACH * sigma) + 1, length)):
        faded, rest = masks * math.exp(-((distance / sigma) ** 2) / 2), length - distance
        for here, there in ((0, distance), (distance, 0)):
            pixels = soft.narrow(axis, here, rest)
            pixels.copy_(torch.maximum(pixels, faded.narrow(axis, there, rest)))
    return soft


def softened(loss: Loss, sigmas: Sequence[float]) -> Loss:
    """A multi-label loss of softened lines. Its target holds line numbers, as a ``Sample`` does.

    The target is int64 (N, *spatial): 0 is no line, k is line k of K, and -1 is unlabelled. The logits (N, K, *spatial)
    have one channel per line and none for the background. ``sigmas`` are those of ``soften``.
    """

    def of_lines(logits: Tensor, target: Tensor, weights: Tensor) -> Tensor:
        lines = one_hot(target, logits.shape[1] + 1)[:, 1:]  # (N, K, *spatial)
        return loss(logits, soften(lines, sigmas), weights)

    return of_lines


def shifted_sample(sample: Sample, offsets: Sequence[int]) -> Sample:
    """Move the sample by whole pixels, one offset per spatial axis; the gap is filled with the mirror image.

    >>> numbers = torch.arange(4)
    >>> shifted_sample(Sample(numbers[None].float(), numbers, numbers.float()), (1,)).labels.tolist()
    [1, 0, 1, 2]
    """
    if len(offsets) != len(sample.size):
        raise ValueError(f"offsets {tuple(offsets)} for a sample of size {sample.size}: pass one for each axis")
    origin = tuple(-offset for offset in offsets)
    rank = len(sample.size)
    return sample.apply(lambda array: by_planes(lambda planes: mirrored(planes, origin, sample.size), array, rank))


def shift_and_flip(
    sample: Sample, generator: torch.Generator, *, shares: Sequence[float], flips: Sequence[int] = ()
) -> Sample:
    """Random shift by at most ``shares`` of the length of each axis, then a flip of each axis in ``flips`` or none.

    Each flip has probability 0.5. For lines at similar heights in all images, shares=(0.15, 0.0) moves them up or down
    by at most 15 % of the height. Flip only axes along which a line keeps its number: if line 1 is the upper one,
    flips=(1,) is right in 2D, and flips=(0,) is not. Raises ValueError unless there is one share, from 0 to 1, for each
    axis, and for flips that are no spatial axis.
    """
    if len(shares) != len(sample.size) or not all(0 <= share <= 1 for share in shares):
        raise ValueError(f"shares {tuple(shares)} for a sample of size {sample.size}: pass one in 0 to 1 for each axis")
    if not all(axis in range(len(shares)) for axis in flips):
        raise ValueError(f"flips {tuple(flips)} are not spatial axes of a sample of size {sample.size}")
    random = 2 * torch.rand(len(shares), generator=generator) - 1
    drawn = zip(random.tolist(), shares, sample.size, strict=True)
    sample = shifted_sample(sample, [round(value * share * length) for value, share, length in drawn])
    for axis in flips:
        if torch.rand((), generator=generator) < 0.5:
            sample = flip(sample, axis)
    return sample
