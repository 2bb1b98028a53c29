"""Lesson 05, the U: what comes in at an up-convolution, what merges do to an error, what doublings cost."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import torch
from torch.nn import functional as F

from unet_tutorial.teaching.checking.exercise import Case, Exercise


def _ups(seed: int) -> Iterator[Case]:
    """Shape of the weight, (in, out, *kernel), and stride; every kernel is a multiple of its stride."""
    yield (1024, 512, 2, 2), (2, 2)
    yield (128, 64, 2, 2, 2), (2, 2, 2)
    yield (20 + seed, 8, 6, 4), (2, 2)
    yield (7, 3 + seed, 1, 4, 4), (1, 2, 2)
    yield (5 + 2 * seed, 4, 6, 9, 4), (2, 3, 4)


def _counted(shape: tuple[int, ...], stride: tuple[int, ...]) -> int:
    """Every input channel paints ones; the middle of the map counts them."""
    paint = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[len(stride) - 1]
    ones = torch.ones(1, shape[0], *(5,) * len(stride))
    return int(paint(ones, torch.ones(shape[0], 1, *shape[2:]), stride=stride).max().item())


up_fan_in = Exercise(
    "up_fan_in",
    _counted,
    _ups,
    {
        "that is torch's count, what leaves one input channel; count what one output pixel reads": (
            lambda w, _s: math.prod(w[1:])
        ),
        "with a stride, an output pixel meets only a part of the kernel": lambda w, _s: w[0] * math.prod(w[2:]),
        "one parent pixel is right where blocks do not overlap; a kernel larger than its stride has more": (
            lambda w, _s: w[0]
        ),
        "the parents along one axis are counted; multiply those of all axes": lambda w, s: w[0] * w[2] // s[0],
        "the first axis was taken for all; kernel and stride can differ along each": (
            lambda w, s: w[0] * (w[2] // s[0]) ** len(s)
        ),
        "two axes are counted; in 3D there are three": lambda w, s: w[0] * (w[2] * w[3]) // (s[0] * s[1]),
        "the output channels come second in a transposed weight; a neuron reads those of the input, the first": (
            lambda w, s: math.prod(w[1:]) // math.prod(s)
        ),
        "the stride is not 2 along every axis": lambda w, s: w[0] * math.prod(w[2:]) // 2 ** len(s),
        "divide by the stride of every axis, and not by one of them": lambda w, s: w[0] * math.prod(w[2:]) // s[-1],
        "you counted the weights of all output channels; a neuron belongs to one": (
            lambda w, s: math.prod(w) // math.prod(s)
        ),
    },
)

Merge = Callable[[float, int, int, float], float]  # q below, channels of skip and up, factor -> q behind


def _ways_up(seed: int) -> Iterator[Case]:
    yield 2.0, [(512, 512), (256, 256), (128, 128), (64, 64)]
    yield 2.0, [(512, 512), (256, 256), (128, 128), (64, 128)]
    yield 0.5, [(48, 16), (24, 40 + seed)]
    yield 3.0 + seed, [(5, 3), (2, 7), (4, 1)]


def _mean(q: float, skip: int, up: int, factor: float) -> float:
    return (skip + up * factor * q) / (skip + up)


def _rising(merge: Merge = _mean) -> Callable[[float, Sequence[tuple[int, int]]], float]:
    def rise(factor: float, steps: Sequence[tuple[int, int]]) -> float:
        q = 1.0
        for skip, up in steps:
            q = merge(q, skip, up, factor)
        return q

    return rise


moment_at_top = Exercise(
    "moment_at_top",
    _rising(),
    _ways_up,
    {
        "without skips it would be a power; each skip brings a fresh 1": lambda f, steps: f ** len(steps),
        "skip and up have not as many channels each: weigh the two by their channels": (
            _rising(lambda q, _s, _u, f: (1 + f * q) / 2)
        ),
        "skip and up are swapped: the first number of a pair belongs to the skip": (
            _rising(lambda q, s, u, f: _mean(q, u, s, f))
        ),
        "you added the two; a concatenation has their mean": _rising(lambda q, _s, _u, f: 1 + f * q),
        "the up-convolution reads what the step below made, and not a fresh 1": (
            _rising(lambda _q, s, u, f: _mean(1, s, u, f))
        ),
        "the factor was applied behind the merge; it belongs to the up-convolution alone": (
            _rising(lambda q, s, u, f: f * _mean(q, s, u, 1))
        ),
        "the skips are silent in your sum; each has q = 1": _rising(lambda q, s, u, f: u * f * q / (s + u)),
        "the skips carry the q from below in your sum; they come from the encoder and have q = 1": (
            _rising(lambda q, s, u, f: q * _mean(1, s, u, f))
        ),
        "the factor multiplies q, a second moment; you squared it": _rising(lambda q, s, u, f: _mean(q, s, u, f * f)),
        "the steps are gone from the top; they come deepest first": lambda f, steps: _rising()(f, steps[::-1]),
        "that is what the last up-convolution makes; the merge with its skip is missing": (
            lambda f, steps: f * _rising()(f, steps[:-1])
        ),
        "that is the std; the second moment is wanted": lambda f, steps: math.sqrt(_rising()(f, steps)),
    },
)


def _channels(seed: int) -> Iterator[Case]:
    yield ([1, 64, 64, 128, 128, 256, 256, 512, 512, 1024, 1024],)
    yield ([3 + seed, 8, 8, 20],)
    yield ([16, 16, 4, 9],)
    yield ([48, 7 + seed],)


def _product(price: Callable[[int, int], float]) -> Callable[[Sequence[int]], float]:
    """The product, over the layers, of what one costs in second moment; as a std."""

    def ratio(channels: Sequence[int]) -> float:
        return math.sqrt(math.prod(map(price, channels, channels[1:])))

    return ratio


fan_out_price = Exercise(
    "fan_out_price",
    _product(lambda a, b: a / b),
    _channels,
    {
        "that is the ratio of the second moments; the std has its square root": lambda c: c[0] / c[-1],
        "upside down: with 2/M instead of 2/N a layer hands on N/M": _product(lambda a, b: b / a),
        "the first layer is missing; from 1 to 64 channels it costs most": lambda c: _product(lambda a, b: a / b)(
            c[1:]
        ),
        "only one layer was looked at; the factors of all layers multiply": lambda c: math.sqrt(c[-2] / c[-1]),
        "the kernel belongs to N and to M, and cancels": _product(lambda a, b: a / (9 * b)),
        "√½ for every layer is the price of a forgotten 2; here a layer costs N/M": _product(lambda _a, _b: 0.5),
        "that is Xavier's 2/(N + M) against 2/N; the question is 2/M": _product(lambda a, b: a / (a + b)),
        "layers with fewer channels out than in count too: there the std grows": _product(lambda a, b: min(1, a / b)),
    },
)

EXERCISES = (up_fan_in, moment_at_top, fan_out_price)
