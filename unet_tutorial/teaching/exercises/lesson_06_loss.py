"""Lesson 06, the loss: that of each pixel, finite for any logits, and the one number that comes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from unet_tutorial.teaching.checking.exercise import Case, Exercise
from unet_tutorial.teaching.checking.probes import watched

Loss = Callable[[Tensor, Tensor], Tensor]


def _scores(seed: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Logits and targets: calm ones, then ones of ±1000, among them pixels where all logits are alike."""
    generator = torch.Generator().manual_seed(seed)
    yield 2 * torch.randn(2, 3, 4, 5, generator=generator), torch.randint(3, (2, 4, 5), generator=generator)
    far = 1000.0 * torch.randint(-1, 2, (1, 3, 3, 7), generator=generator)
    far[0, :, 0, :4] = torch.tensor([[-1000.0, 1000, 1000, 3], [-1000, 1000, -1000, 2], [-1000, 1000, -1000, 1]])
    target = torch.randint(3, (1, 3, 7), generator=generator)
    target[0, 0, 2] = 1
    yield far, target


def _at_logits(answer: Any, case: Case) -> object:
    """What comes out, and the gradient at the logits alone."""
    return watched(lambda logits: answer(logits, *case[1:]), case[:1])


def _with(log_p: Callable[[Tensor], Tensor]) -> Loss:
    return lambda logits, target: -log_p(logits).gather(1, target[:, None])[:, 0]


def _losses(logits: Tensor, target: Tensor) -> Tensor:
    return F.cross_entropy(logits, target, reduction="none")


def _less_the_largest(logits: Tensor) -> Tensor:
    shifted = logits - logits.max()
    return shifted - shifted.exp().sum(1, keepdim=True).log()


def _shifted_once(logits: Tensor) -> Tensor:
    return logits - (logits - logits.amax(1, keepdim=True)).exp().sum(1, keepdim=True).log()


pixel_loss = Exercise(
    "pixel_loss",
    _losses,
    _scores,
    {
        "p became 0 and its logarithm infinite; never form p: log p = a - log-sum-exp": _with(
            lambda a: a.softmax(1).log()
        ),
        "exp overflows above 88; take each pixel's largest logit out, and the logarithm on paper": _with(
            lambda a: (a.exp() / a.exp().sum(1, keepdim=True)).log()
        ),
        "a small number keeps p from 0: the worst pixels get a capped loss and no gradient; use log-sum-exp": _with(
            lambda a: (a.softmax(1) + 1e-8).log()
        ),
        "you took out the largest logit of the whole batch; each pixel has its own": _with(_less_the_largest),
        "the largest logit was taken out of the sum only; take it out of a as well": _with(_shifted_once),
        "the softmax runs along the rows of the image; it runs over the channels": _with(lambda a: a.log_softmax(-1)),
        "the softmax runs over the batch; it runs over the channels": _with(lambda a: a.log_softmax(0)),
        "the log-sum-exp of the logits is missing: a logit alone is no log p": _with(lambda a: a),
        "softmax twice: cross_entropy expects logits, and got probabilities": lambda a, t: _losses(a.softmax(1), t),
        "a sigmoid looks at one logit alone; the softmax compares all K": _with(F.logsigmoid),
        "the minus is missing: log p is never positive, and a loss never negative": lambda a, t: -_losses(a, t),
        "that is the loss of the likeliest class; the true class counts": lambda a, _t: _losses(a, a.argmax(1)),
        "the loss is detached: no gradient reaches the logits": lambda a, t: _losses(a, t).detach(),
        "you averaged; each pixel keeps its own loss here: (N, H, W)": lambda a, t: _losses(a, t).mean(),
    },
    _at_logits,
    tolerance=1e-4,  # log-sum-exp near 1000 is a float32 too
)


def _weighed(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(100 + seed)
    for logits, target in _scores(seed):
        weights = 0.5 + 6 * torch.rand(target.shape, generator=generator)
        weights[:, 1, 1:3] = 0  # pixels that nobody labelled
        yield logits, target, weights


def _summed(divisor: Callable[[Tensor, Tensor], Tensor | int]) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    """The sum of the weighted losses, divided by something of logits and weights."""
    return lambda logits, target, w: (w * _losses(logits, target)).sum() / divisor(logits, w)


weighted_loss = Exercise(
    "weighted_loss",
    _summed(lambda _a, w: w.numel()),
    _weighed,
    {
        "divided by the sum of the weights, tiles full of borders pull no more than calm ones; divide by the pixels": (
            _summed(lambda _a, w: w.sum())
        ),
        "that is the sum; a tile four times as large would pull four times as hard: divide by the pixels": (
            _summed(lambda _a, _w: 1)
        ),
        "you summed over each image and averaged over the batch; divide by all pixels": _summed(lambda _a, w: len(w)),
        "you divided by the pixels of one image; divide by those of the batch": _summed(lambda _a, w: w[0].numel()),
        "you divided by the number of logits; a pixel counts once, and not once per class": (
            _summed(lambda a, _w: a.numel())
        ),
        "a pixel of weight 0 is a pixel too; divide by all of them": _summed(lambda _a, w: (w > 0).sum()),
        "the minus is missing: training would make this loss as large as it can": _summed(lambda _a, w: -w.numel()),
        "the loss is detached: the net does not learn": lambda a, t, w: (w * _losses(a, t)).mean().detach(),
        "the weights are missing": lambda a, t, _w: _losses(a, t).mean(),
        "you multiplied the mean loss by the mean weight; each pixel meets its own weight first": (
            lambda a, t, w: _losses(a, t).mean() * w.mean()
        ),
        "the weights belong on the losses, and not on the logits": lambda a, t, w: _losses(w[:, None] * a, t).mean(),
        "the class axis stayed, and every loss met the weights of every image; squeeze it first": (
            lambda a, t, w: (w * _losses(a, t)[:, None]).mean()
        ),
        "exp or log left float32; take the loss of each pixel by log-sum-exp": (
            lambda a, t, w: (w * _with(lambda x: x.softmax(1).log())(a, t)).mean()
        ),
    },
    _at_logits,
    tolerance=1e-4,
)

EXERCISES = (pixel_loss, weighted_loss)
