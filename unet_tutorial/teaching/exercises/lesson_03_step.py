"""Lesson 03, the step: the up-convolution by hand, and up, crop, concatenate, convolve in one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unet_tutorial.teaching.checking.exercise import Case, Exercise
from unet_tutorial.teaching.checking.probes import built
from unet_tutorial.teaching.exercises.lesson_03_merge import corner, merging, middle, up_first


def _painted(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return F.conv_transpose2d(x, weight, bias, stride=2)


def _up_cases(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    shapes = ((2, 3, 4, 5), (3, 2, 2, 2), (2,))
    yield tuple(torch.randn(shape, generator=generator) for shape in shapes)


up_convolution = Exercise(
    "up_convolution",
    _painted,
    _up_cases,
    {
        "the bias is missing; add it to every pixel of its channel": lambda x, w, b: _painted(
            x, w, torch.zeros_like(b)
        ),
        "the kernel is painted upside down; a transposed convolution does not turn it": (
            lambda x, w, b: _painted(x, w.flip(2, 3), b)
        ),
        "rows and columns of the kernel are swapped": lambda x, w, b: _painted(x, w.transpose(2, 3), b),
        "every pixel was copied four times; each of the four has a weight of its own": (
            lambda x, w, b: _painted(x, w[:, :, :1, :1].expand_as(w), b)
        ),
        "only the first input channel was painted; add up all of them": (lambda x, w, b: _painted(x[:, :1], w[:1], b)),
        "painted one pixel apart they overlap; with stride 2 each pixel has a block of its own": (
            lambda x, w, b: F.conv_transpose2d(x, w, b, stride=1)
        ),
    },
)


class _Step(nn.Module):
    """The step of lesson 03, with what people change in it handed in."""

    def __init__(self, channels: int, merge: Callable[[Tensor, Tensor], Tensor], *rest: nn.Module) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(2 * channels, channels, 2, stride=2)
        self.convs = nn.Sequential(*rest)
        self.merge = merge

    def forward(self, below: Tensor, skip: Tensor) -> Tensor:
        """Up, merge, convolve."""
        out: Tensor = self.convs(self.merge(skip, self.up(below)))
        return out


def _convs(c: int, act: Callable[[], nn.Module] = nn.ReLU, padding: int = 0) -> list[nn.Module]:
    first, second = nn.Conv2d(2 * c, c, 3, padding=padding), nn.Conv2d(c, c, 3, padding=padding)
    return [first, act(), second, act()]


def _step_cases(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    yield tuple(torch.randn(shape, generator=generator) for shape in ((1, 6, 7, 6), (1, 3, 22, 20)))


up_step = Exercise(
    "up_step",
    lambda c: _Step(c, merging(middle), *_convs(c)),
    _step_cases,
    {
        "the skip comes second; lay it first": lambda c: _Step(c, up_first, *_convs(c)),
        "you cropped the corner instead of the middle": lambda c: _Step(c, merging(corner), *_convs(c)),
        "the skip is detached: the encoder would not learn through it": (
            lambda c: _Step(c, merging(middle, Tensor.detach), *_convs(c))
        ),
        "the ReLU after the second convolution is missing": lambda c: _Step(c, merging(middle), *_convs(c)[:-1]),
        "padding=1 keeps the size; the paper's convolutions are unpadded": (
            lambda c: _Step(c, merging(middle), *_convs(c, padding=1))
        ),
        "the skip is all zeros": lambda c: _Step(c, merging(middle, torch.zeros_like), *_convs(c)),
    },
    built(3),
)

EXERCISES = (up_convolution, up_step)
