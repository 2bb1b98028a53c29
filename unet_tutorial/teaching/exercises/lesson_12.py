"""Lesson 12: which levels to make planar, and the parameters of the 3D U-Net as its paper counts them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import floor, log2

import torch
from torch import nn

from unet_tutorial.nets.levels import plan_for
from unet_tutorial.nets.systems import unet3d_paper
from unet_tutorial.teaching.exercise import Case, Exercise
from unet_tutorial.teaching.exercises.lesson_08 import whole

Spacing = Sequence[float]


def _spacings(seed: int) -> Iterator[Case]:
    unit = (1.0, 0.25, 4.0, 16.0)[seed]  # µm or nm; powers of two, so that a ratio of 2 stays one
    for ratio, depth in ((3.0, 3), (5.0, 4), (2.0, 3), (1.75 + seed / 16, 3), (1.0, 2), (0.75, 3), (12.0, 5), (4.0, 5)):
        yield (ratio * unit, unit, unit), depth
    yield (16.0 * unit, unit, unit), 2
    for deep, high in ((4.5, 1.5), (7.0, 1.25), (2.25, 1.5), (3.25, 1.75)):
        yield (deep * unit, high * unit, unit), 4
        yield (deep * unit, unit, high * unit), 4


def _while(far: Callable[[float, int], bool]) -> Callable[[Spacing, int], list[int]]:
    """The levels for which that holds of the ratio and the level."""

    def levels(spacing: Spacing, depth: int) -> list[int]:
        return [i for i in range(depth) if far(spacing[0] / max(spacing[1:]), i)]

    return levels


planar_levels = Exercise(
    "planar_levels",
    lambda spacing, depth: list(plan_for(spacing, depth)),
    _spacings,
    {
        "pixels are pooled and grow; at level i a pixel is 2 to the power i times as wide": _while(
            lambda r, _i: r >= 2
        ),
        "exactly twice as far apart is far enough: >= and not >": _while(lambda r, i: r / 2**i > 2),
        "you stop when slices are nearer than pixels; stop when they are less than twice as far apart": (
            _while(lambda r, i: r / 2**i > 1)
        ),
        "you counted one pooling too many: level 0 sees the pixels as they are": _while(
            lambda r, i: r / 2 ** (i + 1) >= 2
        ),
        "pixels double from level to level; they do not grow by one pixel each": _while(lambda r, i: r / (i + 1) >= 2),
        "you rounded the number of doublings up or down to the nearest; count only whole ones": (
            _while(lambda r, i: i < round(log2(r)))
        ),
        "the ratio is upside down: slice distance over pixel size": _while(lambda r, i: 1 / r / 2**i >= 2),
        "of two unequal pixel sides the longer one counts, for both are pooled": (
            lambda s, depth: [i for i in range(depth) if s[0] / min(s[1:]) / 2**i >= 2]
        ),
        "of two unequal pixel sides the longer one counts, and not their mean": (
            lambda s, depth: [i for i in range(depth) if 2 * s[0] / sum(s[1:]) / 2**i >= 2]
        ),
        "there are only so many levels as depth says": (
            lambda s, _depth: list(range(max(0, floor(log2(s[0] / max(s[1:]))))))
        ),
        "that is how many levels; name them, finest first": lambda s, depth: len(plan_for(s, depth)),
        "slices are pooled too in your plan; in a planar level they keep their distance, and pixels grow": (
            _while(lambda r, i: 2**i * r >= 2)
        ),
    },
    whole,
)


def _counted(widths: Sequence[int], in_channels: int, out_channels: int) -> int:
    """From the network itself: without biases of up-convolutions, and with one of the three numbers per channel."""
    with torch.device("meta"):
        net = unet3d_paper(in_channels, out_channels, tuple(widths))
    left_out = [m for m in net.modules() if isinstance(m, nn.BatchNorm3d)]
    ups = [m for m in net.modules() if isinstance(m, nn.ConvTranspose3d)]
    norms = sum(weight.numel() for m in left_out for weight in m.parameters())
    biases = sum(m.get_parameter("bias").numel() for m in ups)
    return sum(weight.numel() for weight in net.parameters()) - norms - biases


def _by_hand(
    *,
    kernel: tuple[int, int] = (27, 8),
    added: tuple[int, int, int] = (1, 0, 1),
    half: int = 2,
    narrowed: bool = False,
    joined: bool = True,
) -> Callable[[Sequence[int], int, int], int]:
    """Weights of the two kernels; additive numbers per channel after a convolution, an up-convolution, the head."""

    def counted(widths: Sequence[int], in_channels: int, out_channels: int) -> int:
        total, below = 0, in_channels
        for width in widths:
            first = width // half
            total += (kernel[0] * below + added[0]) * first + (kernel[0] * first + added[0]) * width
            below = width
        for width in reversed(widths[:-1]):
            risen = width if narrowed else below
            total += (kernel[1] * below + added[1]) * risen
            total += (kernel[0] * (risen + width * joined) + added[0]) * width + (kernel[0] * width + added[0]) * width
            below = width
        return total + (below + added[2]) * out_channels

    return counted


def _widths(seed: int) -> Iterator[Case]:
    yield (64, 128, 256, 512), 3, 3
    yield (8, 16, 32), 1, 2 + seed
    yield (6, 10 + 2 * seed, 14), 2, 1
    yield (4, 12), 3, 5


paper_parameters = Exercise(
    "paper_parameters",
    _counted,
    _widths,
    {
        "that is all that torch counts; the paper has one additive number per channel, and none on the way up": (
            _by_hand(added=(3, 1, 1))
        ),
        "bias, scale and shift make three; the paper has one per channel after a 3 × 3 × 3 convolution": (
            _by_hand(added=(3, 0, 1))
        ),
        "the up-convolutions have no bias in the paper's count": _by_hand(added=(1, 1, 1)),
        "the additive numbers are missing: one per channel after each 3 × 3 × 3 convolution": _by_hand(added=(0, 0, 1)),
        "the 1 × 1 × 1 head has a bias, one per class": _by_hand(added=(1, 0, 0)),
        "on the way down the first convolution of a level gives half of its channels": _by_hand(half=1),
        "the up-convolution keeps its channels here; it does not halve them": _by_hand(narrowed=True),
        "after the concatenation a convolution reads the skip as well": _by_hand(joined=False),
        "a kernel of 3 × 3 × 3 has 27 weights, and not 9": _by_hand(kernel=(9, 8)),
        "an up-convolution of 2 × 2 × 2 has 8 weights, and not 27": _by_hand(kernel=(27, 27)),
        "an up-convolution of 2 × 2 × 2 has 8 weights, and not 4": _by_hand(kernel=(27, 4)),
    },
    whole,
)

EXERCISES = (planar_levels, paper_parameters)
