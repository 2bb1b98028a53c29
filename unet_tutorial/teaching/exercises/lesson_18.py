"""Lesson 18: multiply-accumulates of an up-convolution, bytes that a block keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import prod

from torch import nn

from unet_tutorial.teaching.checking.exercise import Case, Exercise
from unet_tutorial.teaching.exercises.lesson_08 import whole

Numbers = Sequence[int]
Macs = Callable[[int, int, Numbers, Numbers, Numbers], int]  # in, out, kernel, stride, size
Bytes = Callable[[int, int, Numbers, int], int]


def _layers(seed: int) -> Iterator[Case]:
    yield 16, 8, (2, 2), (2, 2), (28, 28 + seed)
    yield 6 + seed, 4, (3, 3), (2, 2), (7, 5)
    yield 5, 3, (4, 4), (2, 2), (6, 7 + seed)
    yield 8, 4, (2, 2, 2), (2, 2, 2), (5, 5, 6)
    yield 8, 8, (1, 2, 2), (1, 2, 2), (4, 6 + seed, 6)
    yield 3, 2, (3,), (1,), (9,)


def _enlarged(kernel: Numbers, stride: Numbers, size: Numbers) -> int:
    """Pixels of the output."""
    return prod((n - 1) * s + k for k, s, n in zip(kernel, stride, size, strict=True))


def _up_macs(i: int, o: int, kernel: Numbers, _stride: Numbers, size: Numbers) -> int:
    return i * o * prod(kernel) * prod(size)


def with_layer(answer: Callable[[nn.Module, Numbers], object], case: Case) -> object:
    """The answer for a transposed convolution of these numbers, and the size of its input."""
    wide, made, kernel, stride, size = case
    kind = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)[len(size) - 1]
    return whole(answer, (kind(wide, made, kernel, stride, device="meta"), size))


def _of(formula: Macs) -> Callable[[nn.modules.conv._ConvTransposeNd, Numbers], int]:
    """A formula in the numbers of a layer."""
    return lambda layer, size: formula(layer.in_channels, layer.out_channels, layer.kernel_size, layer.stride, size)


MISTAKES: dict[str, Macs] = {
    "you multiplied by the pixels of the output; each number of the *input* paints one kernel, so count those": (
        lambda i, o, k, s, n: i * o * prod(k) * _enlarged(k, s, n)
    ),
    "you enlarged the input by the stride first; the stride says where a kernel is painted, and costs nothing": (
        lambda i, o, k, s, n: i * o * prod(k) * prod(s) * prod(n)
    ),
    "the biases are additions only; a MAC is a multiplication and its addition": (
        lambda i, o, k, s, n: _up_macs(i, o, k, s, n) + o * _enlarged(k, s, n)
    ),
    "those are FLOPs; a multiplication and its addition are one MAC": (
        lambda i, o, k, s, n: 2 * _up_macs(i, o, k, s, n)
    ),
    "each input channel paints into the output: multiply by the input channels, too": (
        lambda _i, o, k, _s, n: o * prod(k) * prod(n)
    ),
    "a number is painted into every output channel: multiply by them, too": (
        lambda i, _o, k, _s, n: i * prod(k) * prod(n)
    ),
    "the kernel has as many numbers as the product of its sides; the stride is something else": (
        lambda i, o, _k, s, n: i * o * prod(s) * prod(n)
    ),
    "that is one side of the kernel; it has the product of all of them": lambda i, o, k, _s, n: i * o * k[-1] * prod(n),
    "the sides of the kernel are multiplied, not added": lambda i, o, k, _s, n: i * o * sum(k) * prod(n),
    "the sides of a map may differ: multiply them all": lambda i, o, k, _s, n: i * o * prod(k) * n[0] ** len(n),
    "the sides of a kernel may differ: multiply them all": lambda i, o, k, _s, n: i * o * k[-1] ** len(k) * prod(n),
    "that is a separable convolution; here each pair of channels has a kernel of its own": (
        lambda i, o, k, _s, n: (i * prod(k) + i * o) * prod(n)
    ),
    "a bias is no weight: nothing is multiplied by it": lambda i, o, k, _s, n: (i * o * prod(k) + o) * prod(n),
}
up_macs = Exercise(
    "up_macs", _of(_up_macs), _layers, {words: _of(mistake) for words, mistake in MISTAKES.items()}, with_layer
)


def _blocks(seed: int) -> Iterator[Case]:
    yield 1, 8, (20, 24 + 2 * seed), 4
    yield 8, 16, (12 + 2 * seed, 16), 4
    yield 4, 6, (10, 14, 12 + 2 * seed), 4
    yield 4, 8, (16, 16 + 2 * seed), 2
    yield 3, 5, (18, 10), 8


def _kept(
    *, given: int = 1, convs: int = 0, last: int = 1, pooled: int = 1, index: int = 8, lost: tuple[int, int] = (2, 4)
) -> Bytes:
    """How often each is kept, the bytes of an index (0: those of a number), the pixels lost to either convolution."""

    def count(i: int, o: int, size: Numbers, each: int) -> int:
        first, second = (o * prod(n - cut for n in size) for cut in lost)
        small = second >> len(size)
        numbers = given * i * prod(size) + (1 + convs) * first + (last + convs) * second + pooled * small
        return each * numbers + (index or each) * small

    return count


block_bytes = Exercise(
    "block_bytes",
    _kept(),
    _blocks,
    {
        "ReLU works in place: what a convolution gave is overwritten, and kept once": _kept(convs=1),
        "pooling keeps its winners' places, too: 8 bytes for each number that it gives": lambda i, o, n, b: (
            _kept()(i, o, n, b) - 8 * (o * prod(k - 4 for k in n) >> len(n))
        ),
        "the places are 64-bit integers, whatever the maps are": _kept(index=0),
        "an index is an int64, 8 bytes; you counted 4": _kept(index=4),
        "the map given is the input of a convolution, so it is kept": _kept(given=0),
        "the pooled map is the input of the next convolution, so it is kept": _kept(pooled=0),
        "the second ReLU's output and the pooling's input are one and the same map; count it once": _kept(last=2),
        "the pooling's input is kept: the second ReLU's output": _kept(last=0),
        "each unpadded 3-wide convolution takes two pixels off every axis": _kept(lost=(0, 0)),
        "the second convolution takes two pixels more: four in all": _kept(lost=(2, 2)),
        "an unpadded convolution takes one pixel off at both ends of an axis": _kept(lost=(1, 2)),
        "these are numbers; multiply by the bytes of each, and add 8 for each index": lambda i, o, n, _b: (
            _kept()(i, o, n, 1) - 7 * (o * prod(k - 4 for k in n) >> len(n))
        ),
        "a number takes as many bytes as is said, and not always 4": lambda i, o, n, _b: _kept()(i, o, n, 4),
        "pooling halves every axis: divide by 2 for each of them": lambda i, o, n, b: (
            _kept()(i, o, n, b) + (b + 8) * ((o * prod(k - 4 for k in n) >> 1) - (o * prod(k - 4 for k in n) >> len(n)))
        ),
    },
    whole,
)

EXERCISES = (up_macs, block_bytes)
