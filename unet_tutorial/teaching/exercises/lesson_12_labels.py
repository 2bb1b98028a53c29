"""Lesson 12: the loss of a volume of which a few slices are labelled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from unet_tutorial.teaching.checking.exercise import Case, Exercise
from unet_tutorial.teaching.checking.probes import watched

Loss = Callable[[Tensor, Tensor], Tensor]


def _labelled(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    for classes, slices in ((2, ((1, 4), (0,))), (3, ((2,), (0, 3, 5))), (3, ((5,), ())), (2, ((), ()))):
        logits = 3 * torch.randn(2, classes, 6, 4, 5, generator=generator)
        target = torch.full((2, 6, 4, 5), -1)
        for volume, labelled in zip(target, slices, strict=True):
            for z in labelled:
                volume[z] = torch.randint(classes, (4, 5), generator=generator)
                volume[z, :2, 1 + z % 3 :] = -1  # a slice need not be labelled as a whole
        yield logits, target


def _each(logits: Tensor, target: Tensor) -> Tensor:
    """The loss of each voxel, 0 where it is open."""
    return F.cross_entropy(logits, target, ignore_index=-1, reduction="none")


def _known(target: Tensor) -> Tensor:
    return (target >= 0).float()


def _right(logits: Tensor, target: Tensor) -> Tensor:
    return _each(logits, target).sum() / _known(target).sum().clamp(min=1)


def _mean_of_means(logits: Tensor, target: Tensor) -> Tensor:
    """Volume by volume, then the mean of both."""
    return torch.stack([_right(*pair) for pair in zip(logits[:, None], target[:, None], strict=True)]).mean()


def _by_slices(logits: Tensor, target: Tensor) -> Tensor:
    """All voxels of a slice in which anything is labelled."""
    touched = (target >= 0).flatten(2).any(2)[..., None, None].expand_as(target)
    every = F.cross_entropy(logits, target.clamp(min=0), reduction="none")
    return (every * touched).sum() / touched.sum().clamp(min=1)


def _read_from_behind(logits: Tensor, target: Tensor) -> Tensor:
    """-1 as an index: the last class."""
    return F.cross_entropy(logits, target % logits.shape[1])


def _of_chosen(logits: Tensor, target: Tensor) -> Tensor:
    """The probability in place of its logarithm."""
    p = logits.softmax(1).gather(1, target.clamp(min=0)[:, None])[:, 0]
    return ((1 - p) * _known(target)).sum() / _known(target).sum().clamp(min=1)


def _cut_off(logits: Tensor, target: Tensor) -> Tensor:
    """Right in value, but a 0 out of nowhere where nothing is labelled."""
    return torch.tensor(0.0) if (target == -1).all() else _right(logits, target)


def _learning(answer: Loss, case: Case) -> dict[str, Any]:
    """What `watched` sees, and whether a training step could call backward() on it."""
    logits, target = case
    loss = answer(logits.clone().requires_grad_(), target)
    return watched(answer, case) | {"backward() can be called": getattr(loss, "requires_grad", False)}


labelled_loss = Exercise(
    "labelled_loss",
    _right,
    _labelled,
    {
        "the mean is taken over all voxels; divide by the number of those labelled": (
            lambda logits, target: _each(logits, target).mean()
        ),
        "open voxels were taken for class 0; they must not count at all": (
            lambda logits, target: F.cross_entropy(logits, target.clamp(min=0))
        ),
        "-1 as an index means the last class; open voxels must not count at all": _read_from_behind,
        "that is the sum; divide by the number of labelled voxels": (
            lambda logits, target: _each(logits, target).sum()
        ),
        "where nothing is labelled the mean of nothing is nan; the loss is 0 there": (
            lambda logits, target: F.cross_entropy(logits, target, ignore_index=-1)
        ),
        "where nothing is labelled your 0 does not hang on the logits, so backward() raises; take 0 * logits.sum()": (
            _cut_off
        ),
        "volumes with few labels count as much as others; take one mean over all labelled voxels": _mean_of_means,
        "a slice may be labelled in part: what is open in it counted as class 0": _by_slices,
        "open voxels have loss 0 in the sum and stand in the divisor with those of class 0 left out": (
            lambda logits, target: _each(logits, target).sum() / (target > 0).sum().clamp(min=1)
        ),
        "voxels of class 0 are labelled as well: open is -1 alone": (
            lambda logits, target: (_each(logits, target) * (target > 0)).sum() / (target > 0).sum().clamp(min=1)
        ),
        "the logarithm is missing: the loss of a voxel is -log p of its class": _of_chosen,
        "the sign is wrong: -log p is positive": lambda logits, target: -_right(logits, target),
    },
    _learning,
)

EXERCISES = (labelled_loss,)
