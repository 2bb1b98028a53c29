"""Lesson 02: the block, its parameters, and pooling."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unet_tutorial.teaching.checking.exercise import Case, Exercise
from unet_tutorial.teaching.checking.probes import built


def _images(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    yield (torch.randn(2, 3, 12, 10, generator=generator),)
    yield (torch.randn(1, 3, 8, 14, generator=generator),)


def _block(*, act: Callable[[], nn.Module] = nn.ReLU, last: bool = True, padding: int = 0, bias: bool = True) -> object:
    def make(in_channels: int, out_channels: int) -> nn.Sequential:
        first = nn.Conv2d(in_channels, out_channels, 3, padding=padding, bias=bias)
        second = nn.Conv2d(out_channels, out_channels, 3, padding=padding, bias=bias)
        return nn.Sequential(first, act(), second, *([act()] if last else []))

    return make


def _narrow(in_channels: int, out_channels: int) -> nn.Sequential:
    first, second = nn.Conv2d(in_channels, in_channels, 3), nn.Conv2d(in_channels, out_channels, 3)
    return nn.Sequential(first, nn.ReLU(), second, nn.ReLU())


double_conv = Exercise(
    "double_conv",
    _block(),
    _images,
    {
        "the ReLU after the second convolution is missing; each of the two is followed by one": _block(last=False),
        "padding=1 keeps the size; the paper's convolutions are unpadded and take 2 pixels each": _block(padding=1),
        "the biases are missing; leave bias at its default": _block(bias=False),
        "a Sigmoid squashes where a ReLU should cut; use nn.ReLU": _block(act=nn.Sigmoid),
        "no activation at all: two convolutions in a row are only one wider convolution": _block(act=nn.Identity),
        "the channels change at the second convolution; the first one changes them": _narrow,
    },
    built(3, 5),
)


def _channels(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    yield (1, 64)
    yield from (tuple(torch.randint(1, 300, (2,), generator=generator).tolist()) for _ in range(4))


count_parameters = Exercise(
    "count_parameters",
    lambda a, b: 9 * a * b + b + 9 * b * b + b,
    _channels,
    {
        "the biases are missing: one for each output channel of each convolution": lambda a, b: 9 * a * b + 9 * b * b,
        "one convolution is missing; the block has two": lambda a, b: 9 * a * b + b,
        "the second convolution reads the output of the first, and so b channels": lambda a, b: 2 * (9 * a * b + b),
        "a 3×3 kernel has 9 weights, and not 3": lambda a, b: 3 * a * b + b + 3 * b * b + b,
        "a bias belongs to an output channel; you counted one for each input channel": (
            lambda a, b: 9 * a * b + a + 9 * b * b + b
        ),
        "a kernel reads all input channels at once: 9·a·b weights, and not 9·b": lambda _a, b: 18 * b + 2 * b,
    },
)


def _tiles(x: Tensor) -> Tensor:
    n, c, h, w = x.shape
    return x.reshape(n, c, h // 2, 2, w // 2, 2)


def _reshaped(x: Tensor) -> Tensor:
    n, c, h, w = x.shape
    return x.reshape(n, c, 2, h // 2, 2, w // 2).amax((2, 4))


pool_by_reshape = Exercise(
    "pool_by_reshape",
    lambda x: _tiles(x).amax((3, 5)),
    _images,
    {
        "that is the average of each block; max-pooling keeps the largest": lambda x: F.avg_pool2d(x, 2),
        "you took the first pixel of each block, and not the largest": lambda x: x[..., ::2, ::2],
        "the axes are split the other way: pixels far apart meet, and neighbours do not": _reshaped,
        "the window slides by one pixel; pooling steps by two": lambda x: F.max_pool2d(x, 2, stride=1),
        "that is the smallest of each block": lambda x: -F.max_pool2d(-x, 2),
        "only the rows are pooled; the columns too": lambda x: F.max_pool2d(x, (2, 1)),
    },
)


def _sides(seed: int) -> Iterator[Case]:
    yield from ((n,) for n in (568, 283, 2, 1, 140 + 2 * seed, 67 + 2 * seed))


def _refusing(answer: Callable[[int], int], case: Case) -> object:
    try:
        return answer(*case)
    except ValueError:
        return "ValueError"


def _half(n: int) -> int:
    if n % 2:
        raise ValueError(f"{n} is odd, and 2×2 pooling needs even sides; take {n - 1} or {n + 1}")
    return n // 2


def _half_of_odd(n: int) -> int:
    if n % 2 == 0:
        raise ValueError("even")
    return n // 2


pooled_side = Exercise(
    "pooled_side",
    _half,
    _sides,
    {
        "an odd side is rounded down, and a row is lost without a word; raise a ValueError": lambda n: n // 2,
        "an odd side is rounded up; there is no pixel to pool it with: raise a ValueError": lambda n: -(-n // 2),
        "half a pixel is no size; raise a ValueError for odd sides, and return whole numbers": lambda n: n / 2,
        "it is odd sides that do not pass, and not even ones": _half_of_odd,
        "pooling takes the side to a half; you took one pixel away": lambda n: n - 1,
    },
    _refusing,
)

EXERCISES = (double_conv, count_parameters, pool_by_reshape, pooled_side)
