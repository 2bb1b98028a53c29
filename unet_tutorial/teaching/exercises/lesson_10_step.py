"""Lesson 10: whether a training step is possible, and which biases it leaves alone. Whole numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from math import prod
from typing import TypeAlias

from torch import nn

from unet_tutorial.nets.presets import padded_unet
from unet_tutorial.teaching.checking.exercise import Case, Exercise
from unet_tutorial.teaching.exercises.lesson_08 import whole

Sides: TypeAlias = tuple[int, ...]
Can = Callable[[int, Sides, int], bool]


def _steps(seed: int) -> Iterator[Case]:
    """Images in a batch, their sides, and poolings: those that pass and those that do not, for each depth."""
    for depth in (4, 2 + seed % 2, 1):
        step = 2**depth
        yield from ((1, (step, step), depth), (2, (step, step), depth), (1, (step, 2 * step), depth))
        yield from ((1, (2 * step, step), depth), (1, (2 * step, 2 * step), depth), (3 + seed, (step,) * 3, depth))
        yield from ((2, (step + step // 2, step), depth), (1, (step,) * 3, depth), (4, (step, 5 * step // 2), depth))
        yield 2, (2 * step, 2 * step), depth
        yield from ((1, (step // 2, 4 * step), depth), (1, (3 * step,), depth), (1, (step, 2 * step, step), depth))
    yield from ((2, (24, 24), 3), (2, (20, 20), 4), (1, (8, 8), 2), (1, (12, 4), 2))


def _passes(sides: Sides, step: int) -> bool:
    return all(n > 0 and n % step == 0 for n in sides)


def _can(batch: int, sides: Sides, depth: int) -> bool:
    return _passes(sides, 2**depth) and batch * prod(n // 2**depth for n in sides) > 1


def _truth(answer: Callable[..., object], case: Case) -> object:
    """A bool as it is; numpy's, and a tensor's, as one."""
    value = answer(*case)
    return value if isinstance(value, (bool, type(None))) else bool(value)


can_train = Exercise(
    "can_train",
    _can,
    _steps,
    {
        "a batch of one can train, as long as its coarsest map has more than one pixel": lambda n, sides, d: (
            _passes(sides, 2**d) and n > 1
        ),
        "the images of a batch count, too: two of one pixel are two values": lambda _n, sides, d: (
            _passes(sides, 2**d) and prod(k // 2**d for k in sides) > 1
        ),
        "one value has no variance: more than one is needed": lambda n, sides, d: (
            _passes(sides, 2**d) and n * prod(k // 2**d for k in sides) >= 1
        ),
        "the sizes must pass: each side a multiple of 2^depth": lambda n, sides, d: (
            n * prod(k // 2**d for k in sides) > 1
        ),
        "each pooling halves, so the step is 2 to the number of poolings, and not twice that number": (
            lambda n, sides, d: _passes(sides, 2 * d) and n * prod(k // (2 * d) for k in sides) > 1
        ),
        "one side of more than a pixel is enough; their product counts": lambda n, sides, d: (
            _passes(sides, 2**d) and (n > 1 or all(k > 2**d for k in sides))
        ),
        "you counted the levels; there is one pooling less": lambda n, sides, d: (
            _passes(sides, 2 ** (d + 1)) and n * prod(k // 2 ** (d + 1) for k in sides) > 1
        ),
        "16 is the step of four poolings; each depth has its own": lambda n, sides, _d: (
            _passes(sides, 16) and n * prod(k // 16 for k in sides) > 1
        ),
        "the first side was taken for all; multiply all of them": lambda n, sides, d: (
            _passes(sides, 2**d) and n * sides[0] // 2**d > 1
        ),
    },
    _truth,
)


def _widths(seed: int) -> Iterator[Case]:
    yield from (((64, 128, 256, 512, 1024),), ((16 + seed, 32, 64),), ((8, 20 + seed),), ((5, 7 + seed, 30, 11),))


def _counted(widths: Sides) -> int:
    """Read off the network itself: units in which a norm follows the convolution at once."""
    import torch

    with torch.device("meta"):
        net = padded_unet(widths=tuple(widths))
    units = [list(module) for module in net.modules() if isinstance(module, nn.Sequential)]
    pairs = [(one, two) for unit in units for one, two in pairwise(unit)]
    return sum(c.out_channels for c, norm in pairs if isinstance(c, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d))


dead_biases = Exercise(
    "dead_biases",
    _counted,
    _widths,
    {
        "the decoder's blocks are missing": lambda w: 2 * sum(w),
        "the encoder's blocks are missing, the coarsest with them": lambda w: 2 * sum(w[:-1]),
        "a block has two convolutions, each with its norm": lambda w: sum(w) + sum(w[:-1]),
        "the coarsest block belongs to the encoder and stands there once": lambda w: 4 * sum(w),
        "no norm follows the up-convolutions; their biases live": lambda w: 2 * sum(w) + 3 * sum(w[:-1]),
        "no norm follows the head; its two biases live": lambda w: 2 * sum(w) + 2 * sum(w[:-1]) + 2,
        "no norm follows the up-convolutions nor the head; their biases live": (
            lambda w: 2 * sum(w) + 3 * sum(w[:-1]) + 2
        ),
        "a decoder's block is as wide as its own level, and not as the one below": lambda w: (
            2 * sum(w) + 2 * sum(w[1:])
        ),
        "γ and β are two numbers a channel; a bias is one": lambda w: 4 * sum(w) + 4 * sum(w[:-1]),
        "the finest block of the decoder is missing": lambda w: 2 * sum(w) + 2 * sum(w[1:-1]),
    },
    whole,
)

EXERCISES = (can_train, dead_biases)
