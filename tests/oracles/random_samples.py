"""Random samples and random displacements for the tests of training and augmentation."""

from __future__ import annotations

import torch

from unet_tutorial.learning.augment.sample import Sample

SIZES = [(32, 32), (17, 40), (1, 9), (6, 12, 15)]


def random_sample(size: tuple[int, ...], channels: int = 2) -> Sample:
    """An image of normal noise, labels 0, 7, …, 28, and random weights that are 0 where the label is 0."""
    generator = torch.Generator().manual_seed(sum(size))
    image = torch.randn((channels, *size), generator=generator)
    labels = torch.randint(5, size, generator=generator) * 7
    return Sample(image, labels, torch.rand(size, generator=generator) * (labels > 0))


def matching_sample(seed: int, size: tuple[int, int] = (40, 40)) -> Sample:
    """Random labels 0 and 1, an image equal to the labels, and weights twice the labels.

    After a transform of all three, they must still match in this way.
    """
    labels = torch.randint(2, size, generator=torch.Generator().manual_seed(seed))
    return Sample(labels[None].float(), labels, 2.0 * labels)


def random_displacements(size: tuple[int, ...], sd: float, seed: int = 0) -> torch.Tensor:
    """Displacements on a grid of 3 points along each axis: (rank, 3, …, 3), in pixels."""
    rank = len(size)
    return sd * torch.randn((rank, *(3,) * rank), generator=torch.Generator().manual_seed(seed))
