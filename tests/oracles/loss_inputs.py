"""Random and hand-made inputs for the tests of losses: (logits, target, weights)."""

from __future__ import annotations

import torch
from torch import Tensor

from unet_tutorial.learning.losses.cross_entropy import UNLABELLED
from unet_tutorial.learning.losses.targets import one_hot

Inputs = tuple[Tensor, Tensor, Tensor]


def random_classes(size: tuple[int, ...] = (4, 5), classes: int = 3, *, known: float = 1.0) -> Inputs:
    """Two images of random float64 logits with classes, of which about the share ``known`` is labelled."""
    generator = torch.Generator().manual_seed(len(size))
    logits = torch.randn((2, classes, *size), generator=generator, dtype=torch.float64)
    target = torch.randint(classes, (2, *size), generator=generator)
    labelled = torch.rand(target.shape, generator=generator) < known
    weights = torch.rand((2, *size), generator=generator, dtype=torch.float64) + 0.5
    return logits, target.where(labelled, UNLABELLED), weights


def random_labels(size: tuple[int, ...] = (4, 5), classes: int = 3, *, known: float = 1.0) -> Inputs:
    """As ``random_classes``, with labels 0 and 1 that may overlap; labels of single channels may be missing."""
    logits, _, weights = random_classes(size, classes)
    generator = torch.Generator().manual_seed(100 + len(size))
    target = torch.randint(2, logits.shape, generator=generator).double()
    return logits, target.where(torch.rand(logits.shape, generator=generator) < known, UNLABELLED), weights


def as_labels(inputs: Inputs) -> Inputs:
    """The same inputs with the classes as one label per class."""
    logits, target, weights = inputs
    return logits, one_hot(target, logits.shape[1]).to(logits.dtype), weights


def ones(target: Tensor, logits: Tensor) -> Tensor:
    """A weight of 1 for every pixel, in the dtype of the logits."""
    return torch.ones((logits.shape[0], *logits.shape[2:]), dtype=logits.dtype, device=target.device)


def probabilities(p: list[float], t: list[float]) -> Inputs:
    """Sigmoid probabilities and labels of one channel in 1D, in float64, with the logits of the probabilities."""
    logits = torch.tensor(p, dtype=torch.float64).logit().reshape(1, 1, -1)
    target = torch.tensor(t, dtype=torch.float64).reshape(1, 1, -1)
    return logits, target, ones(target, logits)
