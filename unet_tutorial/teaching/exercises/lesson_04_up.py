"""Lesson 04, the right side: the head, and the way up through a list of skips."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unet_tutorial.nets.crop import center_crop
from unet_tutorial.teaching.checking.exercise import Case, Exercise
from unet_tutorial.teaching.checking.probes import built, watched


def _maps(seed: int) -> Iterator[Case]:
    yield (torch.randn(2, 6, 9, 8, generator=torch.Generator().manual_seed(seed)),)


head = Exercise(
    "head",
    lambda channels, classes: nn.Conv2d(channels, classes, 1),
    _maps,
    {
        "that is a 3×3 kernel; the head maps each pixel by itself, 1×1": lambda a, b: nn.Conv2d(a, b, 3),
        "a padded 3×3 kernel looks at neighbours; the head is 1×1": lambda a, b: nn.Conv2d(a, b, 3, padding=1),
        "a ReLU on the logits cuts off every vote against a class": (
            lambda a, b: nn.Sequential(nn.Conv2d(a, b, 1), nn.ReLU())
        ),
        "softmax belongs to the loss; hand out logits": lambda a, b: nn.Sequential(nn.Conv2d(a, b, 1), nn.Softmax(1)),
        "a sigmoid belongs to the loss; hand out logits": lambda a, b: nn.Sequential(nn.Conv2d(a, b, 1), nn.Sigmoid()),
        "the bias is missing": lambda a, b: nn.Conv2d(a, b, 1, bias=False),
    },
    built(6, 3),
)

Step = Callable[[Tensor, Tensor], Tensor]


def _step(x: Tensor, skip: Tensor) -> Tensor:
    """A step up without weights: double, add the middle of the skip, shave two pixels off. Takes any skip."""
    up = F.interpolate(x, scale_factor=2.0)
    fits = skip.shape[2] >= up.shape[2]
    middle = center_crop(skip, up.shape[2:]) if fits else F.interpolate(skip, size=up.shape[2:])
    return (up + middle)[..., 2:-2, 2:-2]


def _features(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    sides = (40, 18, 9)
    yield tuple(torch.randn(1, 2, side, side, generator=generator) for side in sides)


def _expanding(choose: Callable[[list[Tensor]], Sequence[Tensor]]) -> Callable[..., Tensor]:
    def expand(features: list[Tensor], step: Step) -> Tensor:
        *skips, x = features
        for skip in choose(skips):
            x = step(x, skip)
        return x

    return expand


def _from_below(features: list[Tensor], step: Step) -> Tensor:
    *skips, x = features
    for skip in reversed(skips):
        x = step(x.detach(), skip)
    return x


def _expand(answer: Callable[..., Tensor], case: Case) -> object:
    return watched(lambda *features: answer(list(features), _step), case)


expand = Exercise(
    "expand",
    _expanding(lambda skips: skips[::-1]),
    _features,
    {
        "the skips come finest first, but the way up needs the coarsest first: take them from the back": (
            _expanding(lambda skips: skips)
        ),
        "the skips are all zeros": _expanding(lambda skips: [0 * s.detach() for s in skips[::-1]]),
        "the skips are detached: the encoder does not learn through them": (
            _expanding(lambda skips: [skip.detach() for skip in skips[::-1]])
        ),
        "one step is missing: there is one for each skip": _expanding(lambda skips: skips[:0:-1]),
        "what comes from below is detached: the bottom of the U does not learn": _from_below,
        "the way up was not gone at all: step once for each skip": lambda features, _step: features[-1],
    },
    _expand,
)

EXERCISES = (head, expand)
