"""Random samples, and random deformations, for the tests of augmentation."""

from __future__ import annotations

import torch

from unet_tutorial.learning.augment.sample import Sample

SIZES = [(32, 32), (17, 40), (1, 9), (6, 12, 15)]


def drawn(size: tuple[int, ...], channels: int = 2) -> Sample:
    """An image of normal noise with labels 0, 7, .. 28 and weights that are 0 where the label is."""
    generator = torch.Generator().manual_seed(sum(size))
    image = torch.randn((channels, *size), generator=generator)
    labels = torch.randint(5, size, generator=generator) * 7
    return Sample(image, labels, torch.rand(size, generator=generator) * (labels > 0))


def pushes(size: tuple[int, ...], sd: float, seed: int = 0) -> torch.Tensor:
    """Displacements on a grid of 3 points along each axis: (rank, 3, …, 3), in pixels."""
    rank = len(size)
    return sd * torch.randn((rank, *(3,) * rank), generator=torch.Generator().manual_seed(seed))
