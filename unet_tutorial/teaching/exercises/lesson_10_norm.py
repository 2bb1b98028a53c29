"""Lesson 10: batch norm by hand, in training, and what it remembers for evaluation."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

from unet_tutorial.teaching.checking.exercise import Case, Exercise

BATCH = (0, 2, 3)


def _features(generator: torch.Generator, *shape: int) -> Tensor:
    """Channels of other means and spreads, images of other brightness."""
    spread = torch.arange(1.0, 1 + shape[1]).reshape(-1, 1, 1)
    bright = torch.arange(1.0, 1 + shape[0]).reshape(-1, 1, 1, 1)
    return spread * torch.randn(*shape, generator=generator) + 2 * spread + bright


def _layers(seed: int) -> Iterator[Case]:
    """Features (N, C, H, W), γ and β (C,), and ε."""
    generator = torch.Generator().manual_seed(seed)
    for shape, epsilon in (((3, 4, 2, 2 + seed), 0.3), ((2, 2, 3, 4), 1e-5), ((1, 3, 2, 3), 0.05)):
        pair = 1 + torch.rand(2, shape[1], generator=generator)
        yield _features(generator, *shape), pair[0], -pair[1], epsilon


def _channels(values: Tensor) -> Tensor:
    return values.reshape(-1, 1, 1)


def _batch_norm(x: Tensor, gamma: Tensor, beta: Tensor, epsilon: float) -> Tensor:
    return F.batch_norm(x, None, None, gamma, beta, training=True, eps=epsilon)


def _norm(
    axes: tuple[int, ...] = BATCH,
    spread: Callable[[Tensor, float], Tensor] = lambda variance, epsilon: (variance + epsilon).sqrt(),
    *,
    correction: int = 0,
) -> Callable[..., Tensor]:
    def normalised(x: Tensor, gamma: Tensor, beta: Tensor, epsilon: float) -> Tensor:
        variance, mean = torch.var_mean(x, axes, correction=correction, keepdim=True)
        return (x - mean) / spread(variance, epsilon) * _channels(gamma) + _channels(beta)

    return normalised


def _swapped(x: Tensor, gamma: Tensor, beta: Tensor, epsilon: float) -> Tensor:
    return _batch_norm(x, beta, gamma, epsilon)


def _bare(x: Tensor, gamma: Tensor, beta: Tensor, epsilon: float) -> Tensor:
    return _batch_norm(x, torch.ones_like(gamma), torch.zeros_like(beta), epsilon)


def _shift_first(x: Tensor, gamma: Tensor, beta: Tensor, epsilon: float) -> Tensor:
    return (_bare(x, gamma, beta, epsilon) + _channels(beta)) * _channels(gamma)


batch_normalised = Exercise(
    "batch_normalised",
    _batch_norm,
    _layers,
    {
        "each image has a mean of its own there, which is instance norm; take it over the batch, too": _norm((2, 3)),
        "one mean for all channels is layer norm; each channel has its own": _norm((1, 2, 3)),
        "the mean runs over everything; each channel has its own": _norm((0, 1, 2, 3)),
        "each pixel has a mean of its own there; take it over the pixels, too": _norm((0,)),
        "the variance divides by n, not by n - 1, while it normalises": _norm(correction=1),
        "that divides by the variance; its square root is wanted": _norm(spread=lambda v, e: v + e),
        "ε belongs under the root, beside the variance": _norm(spread=lambda v, e: v.sqrt() + e),
        "ε is missing": _norm(spread=lambda v, _e: v.sqrt()),
        "γ is the factor and β what is added; they are swapped": _swapped,
        "γ and β are missing": _bare,
        "first the factor γ, and then β is added": _shift_first,
    },
)


def _runs(seed: int) -> Iterator[Case]:
    """Batches of unlike sizes, and the share of a new one."""
    generator = torch.Generator().manual_seed(seed)
    for share, count in ((0.1, 3), (0.3, 2 + seed), (0.25, 1)):
        yield [_features(generator, 1 + i % 2, 3, 2, 2 + i) for i in range(count)], share


def _remembered(batches: list[Tensor], share: float) -> tuple[Tensor, Tensor]:
    mean, variance = torch.zeros(batches[0].shape[1]), torch.ones(batches[0].shape[1])
    for x in batches:
        F.batch_norm(x, mean, variance, training=True, momentum=share)
    return mean, variance


Moments = Callable[[Tensor], tuple[Tensor, Tensor]]
unbiased: Moments = lambda x: (x.mean(BATCH), x.var(BATCH))  # noqa: E731


def _running(
    moments: Moments = unbiased, start: tuple[float, float] = (0.0, 1.0), *, kept: bool = False, first: bool = False
) -> Callable[[list[Tensor], float], tuple[Tensor, Tensor]]:
    """``kept``: the share is that of the old value. ``first``: the first batch is the start."""

    def running(batches: list[Tensor], share: float) -> tuple[Tensor, Tensor]:
        new = 1 - share if kept else share
        begun = moments(batches[0])
        mean, variance = begun if first else (torch.full_like(begun[0], value) for value in start)
        for x in batches[1:] if first else batches:
            mean, variance = (old + new * (now - old) for old, now in zip((mean, variance), moments(x), strict=True))
        return mean, variance

    return running


def _plain(batches: list[Tensor], share: float) -> tuple[Tensor, Tensor]:  # noqa: ARG001
    means, variances = zip(*map(unbiased, batches), strict=True)
    return torch.stack(means).mean(0), torch.stack(variances).mean(0)


running_statistics = Exercise(
    "running_statistics",
    _remembered,
    _runs,
    {
        "the variance that is kept divides by n - 1": _running(lambda x: (x.mean(BATCH), x.var(BATCH, correction=0))),
        "the share is that of the new batch, and not of the old value": _running(kept=True),
        "the mean starts at 0 and the variance at 1: what stands there before any batch": _running(start=(0.0, 0.0)),
        "what is kept is the variance, and not its square root": _running(lambda x: (x.mean(BATCH), x.std(BATCH))),
        "the start does not vanish with the first batch; it keeps its share of 1 - share": _running(first=True),
        "that is the mean over all batches; a running one forgets the old ones": _plain,
        "mean and variance change places": lambda batches, share: _remembered(batches, share)[::-1],
        "only the last batch has left a trace": lambda batches, share: _remembered(batches[-1:], share),
        "the batches are taken in reverse": lambda batches, share: _remembered(batches[::-1], share),
    },
)

EXERCISES = (batch_normalised, running_statistics)
