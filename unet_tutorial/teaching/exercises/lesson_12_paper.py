"""Lesson 12: the parameters of the 3D U-Net as its paper counts them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import nn

from unet_tutorial.nets.systems.cicek2016 import unet3d_paper
from unet_tutorial.teaching.checking.exercise import Case, Exercise
from unet_tutorial.teaching.exercises.lesson_08 import whole


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

EXERCISES = (paper_parameters,)
