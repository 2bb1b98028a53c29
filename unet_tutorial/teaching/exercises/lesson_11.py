"""Lesson 11: what a sum saves, channels laid out as pixels, and the patterns of period 2."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import prod

import torch
from torch import Tensor
from torch.nn import functional as F

from unet_tutorial.teaching.checking.exercise import Case, Exercise


def _plans(seed: int) -> Iterator[Case]:
    yield from (((64, 128, 256, 512, 1024), 2), ((8, 16, 32 + seed), 3), ((5 + seed, 7, 9, 4), 1), ((16, 24), 2))


def _saving(term: Callable[[int, int], int], first: int = 0, last: int | None = -1) -> Callable[..., int]:
    """The sum of a term of width and rank over the levels named."""
    return lambda widths, rank: sum(term(c, rank) for c in widths[first:last])


add_saving = Exercise(
    "add_saving",
    _saving(lambda c, rank: 3**rank * c * c),
    _plans,
    {
        "the coarsest level has no skip, and nothing is merged there": _saving(
            lambda c, rank: 3**rank * c * c, last=None
        ),
        "the finest level has a skip, too; only the coarsest has none": (
            _saving(lambda c, rank: 3**rank * c * c, first=1, last=None)
        ),
        "9 is the kernel of two axes; it has 3 to the power of the rank": _saving(lambda c, _rank: 9 * c * c),
        "a kernel of 3 pixels along each axis has 3 to the power of the rank, and not 3 times the rank": (
            _saving(lambda c, rank: 3 * rank * c * c)
        ),
        "the kernel is missing: each pair of channels has one weight per pixel of it": _saving(lambda c, _rank: c * c),
        "only the first convolution behind the merge reads more channels, not both": (
            _saving(lambda c, rank: 2 * 3**rank * c * c)
        ),
        "each of the c channels that are saved was read by c filters: c times c": _saving(lambda c, rank: 3**rank * c),
        "biases belong to the channels that come out, and these stay as many": (
            _saving(lambda c, rank: 3**rank * c * c + c)
        ),
        "2c channels become c: what is saved is the half, and not all that was read": (
            _saving(lambda c, rank: 3**rank * 4 * c * c)
        ),
        "that is what is left; what goes is as much again without the second convolution": (
            _saving(lambda c, rank: 3 * 3**rank * c * c)
        ),
    },
)


def _maps(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    for stride, channels, size in ((2, 2, (3, 4)), (3, 2, (2, 3)), (2, 1, (4, 2)), (2, 3 + seed, (2, 2))):
        yield torch.randn(2, channels * stride**2, *size, generator=generator), stride


def _laid(x: Tensor, stride: int, split: Sequence[int], order: Sequence[int]) -> Tensor:
    """Channels split into (C, stride, stride), or in another order; then the axes in the order named."""
    n, channels, height, width = x.shape
    sizes = [channels // stride**2, stride, stride]
    axes = x.reshape(n, *(sizes[i] for i in split), height, width).permute(0, *order)
    return axes.reshape(n, channels // stride**2, height * stride, width * stride)


pixels_from_channels = Exercise(
    "pixels_from_channels",
    F.pixel_shuffle,
    _maps,
    {
        "a reshape moves nothing: split the channels, permute, and only then join the axes": (
            lambda x, s: x.reshape(x.shape[0], -1, x.shape[2] * s, x.shape[3] * s)
        ),
        "rows and columns of each block are swapped": lambda x, s: _laid(x, s, (0, 1, 2), (1, 4, 3, 5, 2)),
        "the blocks' pixels are s² channels that lie side by side: split into (C, s, s), and not (s, s, C)": (
            lambda x, s: _laid(x, s, (1, 2, 0), (3, 4, 1, 5, 2))
        ),
        "the image is repeated s times along each axis: the block's axis must follow the pixel's, not lead it": (
            lambda x, s: _laid(x, s, (0, 1, 2), (1, 2, 4, 3, 5))
        ),
        "all pixels of a block are its first channel; each has a channel of its own": (
            lambda x, s: F.interpolate(x[:, :: s * s], scale_factor=float(s))
        ),
        "the channels of a block were averaged; each of them is one pixel": (
            lambda x, s: F.interpolate(x.unflatten(1, (-1, s * s)).mean(2), scale_factor=float(s))
        ),
        "the blocks are upside down: their first channel is the pixel above on the left": (
            lambda x, s: F.pixel_shuffle(x.unflatten(1, (-1, s * s)).flip(2).flatten(1, 2), s)
        ),
    },
)


def _images(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    yield from (
        (torch.randn(size, generator=generator) + 0.5,) for size in ((2, 2), (4, 6), (8, 4), (10, 2 + 2 * seed))
    )


def _signed(image: Tensor) -> Tensor:
    """Mean, columns, rows and checkerboard: means under signs that change with the pixel."""
    down, across = ((-1.0) ** torch.arange(n) for n in image.shape)
    rows, columns = image * down[:, None], image * across
    return torch.stack([image.mean(), columns.mean(), rows.mean(), (columns * down[:, None]).mean()])


patterns = Exercise(
    "patterns",
    _signed,
    _images,
    {
        "rows and columns are swapped: columns differ from left to right": lambda x: _signed(x)[[0, 2, 1, 3]],
        "the signs are gone: a pattern may be the other way round": lambda x: _signed(x).abs(),
        "those are sums over all pixels; means are wanted": lambda x: _signed(x) * prod(x.shape),
        "those are sums over the blocks; take their mean": lambda x: _signed(x) * (prod(x.shape) // 4),
        "that is the first block only; take the mean over all of them": lambda x: _signed(x[:2, :2]),
        "those are powers; the patterns themselves are wanted, before squaring": lambda x: _signed(x).square(),
        "the signs begin with minus; the pixel above on the left counts plus": (
            lambda x: _signed(x) * torch.tensor([1.0, -1.0, -1.0, -1.0])
        ),
        "those are sums of each block, over 2; a mean of four is their sum over 4": lambda x: 2 * _signed(x),
        "those are sums of the four; divide by 4": lambda x: 4 * _signed(x),
        "the checkerboard changes with the row and with the column: its sign is the product of both": (
            lambda x: torch.cat((_signed(x)[:3], (_signed(x)[1] + _signed(x)[2])[None] / 2))
        ),
    },
)

EXERCISES = (add_saving, pixels_from_channels, patterns)
