"""Exercises of lesson 11, a U-Net from parts: pixel shuffle, patterns of period 2, a chain that refuses a bad part."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import permutations
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unet_tutorial.nets import shuffle  # noqa: F401 - a forbidden function is found in its module
from unet_tutorial.teaching.checking.exercise import Case, Mistake, exercise
from unet_tutorial.teaching.checking.probes import UnfitError, as_module


def _maps(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    for stride, channels, size in ((2, 2, (3, 4)), (3, 2, (2, 3)), (2, 1, (4, 2)), (2, 3 + seed, (2, 2))):
        yield torch.randn(2, channels * stride**2, *size, generator=generator), stride


SPLIT, ORDER = "-1, stride, stride", "4, 2, 5, 3"
JOINED = "the last reshape joins neighbours: it needs (H, row in block, W, column in block)"
# The orders with a hint of their own: the right one, no permute, rows and columns of a block swapped, two with tiles.
OWN_HINT = ((4, 2, 5, 3), (2, 3, 4, 5), (4, 3, 5, 2), (2, 4, 3, 5), (3, 4, 2, 5))


def _with_stride_two(x: Tensor, stride: int) -> Tensor:  # noqa: ARG001
    pixels = x.new_zeros(len(x), x.shape[1] // 4, 2 * x.shape[2], 2 * x.shape[3])
    for i in range(4):
        pixels[:, :, i // 2 :: 2, i % 2 :: 2] = x[:, i::4]
    return pixels


def _other_orders() -> Iterator[Mistake]:
    """A mistake for each other order of the axes before the last reshape, for both ways to split the channels."""
    axes = {2: "row in block", 3: "column in block", 4: "H", 5: "W"}
    for order in permutations(axes):
        names = ", ".join(axes[axis] for axis in order)
        if order not in OWN_HINT:
            hint = f"before they are joined the axes stand in the order ({names}), but {JOINED}"
            yield ORDER, ", ".join(map(str, order)), hint
        if order not in OWN_HINT[:3]:
            moved = ", ".join(str(axis - 1 if axis < 4 else axis) for axis in order)  # of (stride, stride, C)
            split = "the channels are split into (stride, stride, C) in place of (C, stride, stride)"
            hint = f"{split}, and then joined in the order ({names}); {JOINED}"
            yield SPLIT, "stride, stride, -1", "1, 4, 2, 5, 3", f"3, {moved}", hint


@exercise(
    _maps,
    (
        "blocks.permute(0, 1, 4, 2, 5, 3)",
        "x",
        "a reshape alone leaves the values in their order: split the channels into (C, stride, stride), permute, and "
        "join the axes last",
    ),
    (ORDER, "4, 3, 5, 2", "rows and columns of each block are swapped: its channels follow one another row by row"),
    (
        SPLIT,
        "stride, stride, -1",
        "1, 4, 2, 5, 3",
        "3, 4, 1, 5, 2",
        "the channels of a block are stride² neighbours: split the channels into (C, stride, stride), and not into "
        "(stride, stride, C)",
    ),
    (
        SPLIT,
        "stride, stride, -1",
        "1, 4, 2, 5, 3",
        "3, 4, 2, 5, 1",
        "the channels are split into (stride, stride, C), and rows and columns of each block are swapped; split them "
        "into (C, stride, stride)",
    ),
    (
        ORDER,
        "2, 4, 3, 5",
        "each channel became a small image of its own; the pixels of a block lie side by side: along each axis H or W "
        "comes first, then the place in the block",
    ),
    (
        ORDER,
        "3, 4, 2, 5",
        "each channel became a small image of its own, and rows and columns are swapped; along each axis H or W comes "
        "first, then the place in the block",
    ),
    *_other_orders(),
    (
        "blocks.permute",
        "blocks[:, :, :1, :1].expand_as(blocks).permute",
        "all pixels of a block are its first channel; each has a channel of its own",
    ),
    (
        "blocks.permute",
        "blocks.mean((2, 3), keepdim=True).expand_as(blocks).permute",
        "the channels of a block were averaged; each of them is one pixel",
    ),
    (
        "blocks.permute",
        "blocks.flip(2, 3).permute",
        "the blocks are upside down: their first channel is the pixel above on the left",
    ),
    (
        "blocks.permute",
        "blocks.flip(2).permute",
        "the rows of each block are in reverse order: its first channel is the pixel above on the left",
    ),
    (
        "blocks.permute",
        "blocks.flip(3).permute",
        "the columns of each block are in reverse order: its first channel is the pixel above on the left",
    ),
    (
        ".reshape(n, -1, height * stride, width * stride)",
        "",
        "the axes are in the right order; join H with the rows of the block, and W with its columns, by a reshape to "
        "(N, C, H · stride, W · stride)",
    ),
    (
        "-1, height * stride, width * stride",
        "-1, width * stride, height * stride",
        "the height and the width of the result are exchanged",
    ),
    (
        SPLIT,
        "x.shape[1] // 4, 2, 2",
        "-1, height * stride, width * stride",
        "x.shape[1] // 4, height * 2, width * 2",
        "the stride is not always 2; use the argument",
    ),
    ("the stride is not always 2; use the argument", _with_stride_two),
    (SPLIT, "-1, 2, 2", "the block has 2 × 2 pixels in your reshape; the stride is not always 2"),
    (
        "n, _, height, width = x.shape",
        "n, _, width, height = x.shape",
        "the height and the width are exchanged where you read x.shape; it is (N, C, H, W)",
    ),
    (
        "-1, height * stride, width * stride",
        "x.shape[1] // stride**2, height * stride**2, width * stride**2",
        "each axis grows by the factor stride, and not by stride²",
    ),
    (
        SPLIT,
        "x.shape[1] // stride, stride, stride",
        "the number of channels is divided by stride; a block has stride² pixels, so it is divided by stride²",
    ),
    (
        "return blocks.permute(0, 1, 4, 2, 5, 3).reshape(n, -1, height * stride, width * stride)",
        "out = x.new_zeros(n, blocks.shape[1], height * stride, width * stride)\n"
        "    for i in range(stride):\n"
        "        for j in range(stride):\n"
        "            out[:, :, i::stride, j::stride] = x[:, i + j :: stride**2]\n"
        "    return out",
        "row i and column j of a block are its channel i · stride + j, and not i + j",
    ),
    (
        "return blocks.permute(0, 1, 4, 2, 5, 3).reshape(n, -1, height * stride, width * stride)",
        "out = x.new_zeros(n, blocks.shape[1], height * stride, width * stride)\n"
        "    for i in range(stride):\n"
        "        for j in range(stride):\n"
        "            out[:, :, i::stride, j::stride] = x[:, (i * stride + j) * stride**2 :][:, : blocks.shape[1]]\n"
        "    return out",
        "the channels of row i and column j begin at i · stride + j, and go on in steps of stride²",
    ),
    (
        "return blocks.permute(0, 1, 4, 2, 5, 3).reshape(n, -1, height * stride, width * stride)",
        "return nn.PixelUnshuffle(stride)(x)",
        "that is the opposite way, from pixels to channels",
    ),
    (
        "return blocks.permute(0, 1, 4, 2, 5, 3).reshape(n, -1, height * stride, width * stride)",
        "return x.repeat_interleave(stride, 2).repeat_interleave(stride, 3)",
        "every pixel is copied, and the channels are as many as before; each channel of a block is one of its pixels",
    ),
    (
        "return blocks.permute(0, 1, 4, 2, 5, 3).reshape(n, -1, height * stride, width * stride)",
        "out = x.new_zeros(n, blocks.shape[1], height * stride, width * stride)\n"
        "    out[:, :, ::stride, ::stride] = blocks[:, :, 0, 0]\n"
        "    return out",
        "only the first pixel of each block is written; the others are 0",
    ),
    (
        "return blocks.permute(0, 1, 4, 2, 5, 3).reshape(n, -1, height * stride, width * stride)",
        "return blocks[0].permute(0, 3, 1, 4, 2).reshape(-1, height * stride, width * stride)",
        "the axis of the images is lost; the result has four axes, (N, C, H · stride, W · stride)",
    ),
    forbidden=(
        "torch.nn.functional.pixel_shuffle",
        "unet_tutorial.nets.shuffle.pixel_shuffle",
    ),
)
def pixels_from_channels(x: Tensor, stride: int) -> Tensor:
    n, _, height, width = x.shape
    blocks = x.reshape(n, -1, stride, stride, height, width)  # (N, C, row in block, column in block, H, W)
    return blocks.permute(0, 1, 4, 2, 5, 3).reshape(n, -1, height * stride, width * stride)


def _images(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    yield from (
        (torch.randn(size, generator=generator) + 0.5,) for size in ((2, 2), (4, 6), (8, 4), (10, 2 + 2 * seed))
    )


def _signs() -> Tensor:
    """The four patterns of a block, divided by 4: (4, 1, 2, 2)."""
    down, across = torch.tensor([1.0, 1.0, -1.0, -1.0]).reshape(2, 2), torch.tensor([[1.0, -1.0], [1.0, -1.0]])
    return torch.stack([torch.ones(2, 2), across, down, across * down])[:, None] / 4


def _absolute(first: int, image: Tensor) -> Tensor:
    """The patterns from number ``first`` on with abs() of each block."""
    blocks = F.conv2d(image[None, None], _signs(), stride=2)[0].flatten(1)  # (4, number of blocks)
    return torch.cat([blocks[:first], blocks[first:].abs()]).mean(1)


def _fourier(image: Tensor, down: int, across: int) -> Tensor:
    """The mean, and the Fourier coefficients of one frequency: of columns, of rows, and of both: complex, (4,)."""
    found = torch.fft.fft2(image) / image.numel()
    return torch.stack([found[0, 0], found[0, across], found[down, 0], found[down, across]])


QUARTERS = "a, b = image[::2, ::2].mean(), image[::2, 1::2].mean()"
LOWER = "c, d = image[1::2, ::2].mean(), image[1::2, 1::2].mean()"


@exercise(
    _images,
    (
        "a - b + c - d, a + b - c - d",
        "a + b - c - d, a - b + c - d",
        "rows and columns are exchanged: the pattern of columns differs from left to right, a - b + c - d",
    ),
    ("sums / 4", "(sums / 4).abs()", "the signs are lost: a pattern may be negative; do not take the absolute value"),
    *(
        ("abs() is taken of each block before the mean; add the blocks with their signs", partial(_absolute, n))
        for n in (1, 0)
    ),
    ("sums / 4", "sums / 4 * image.numel()", "those are sums over all pixels; take means"),
    ("sums / 4", "sums / 4 * (image.numel() // 4)", "those are sums over the blocks; take their mean"),
    (
        QUARTERS,
        "a, b = image[0, 0], image[0, 1]",
        LOWER,
        "c, d = image[1, 0], image[1, 1]",
        "that is the first block only; take the mean over all blocks",
    ),
    (
        QUARTERS,
        "a, b = image[-2, -2], image[-2, -1]",
        LOWER,
        "c, d = image[-1, -2], image[-1, -1]",
        "that is the last block only; take the mean over all blocks",
    ),
    ("sums / 4", "(sums / 4).square()", "those are powers; return the patterns themselves, without a square"),
    (
        "sums / 4",
        "sums / 4 * torch.tensor([1.0, -1.0, -1.0, -1.0])",
        "the signs begin with minus; the pixel above on the left counts plus",
    ),
    ("sums / 4", "sums / 2", "the sum of the four pixels is divided by 2; divide it by 4"),
    (
        "sums / 4",
        "sums / torch.tensor([4.0, 2.0, 2.0, 2.0])",
        "the mean is right, and the patterns are twice as large: you subtract the means of two halves; divide by 2",
    ),
    ("sums / 4", "sums", "those are sums of the four pixels of a block; divide by 4"),
    ("sums / 4", "sums / torch.tensor([4.0, 1.0, 1.0, 1.0])", "only the mean is divided by 4; divide all four"),
    ("sums / 4", "sums / torch.tensor([1.0, 4.0, 4.0, 4.0])", "the first number is not divided by 4"),
    ("sums / 4", "sums / 16", "divided by 4 twice: the mean over the block is a division by 4 already"),
    (
        "sums / 4",
        "sums / 4 / image.numel()",
        "the means are divided by the number of pixels once more; a mean contains this division",
    ),
    (
        "sums / 4",
        "sums / image.numel()",
        "the means are divided by the number of pixels; divide the sum of four means by 4",
    ),
    (
        "a - b - c + d",
        "a - d",
        "the checkerboard changes with the row and with the column: its sign is the product of both",
    ),
    ("a - b - c + d", "b + c - a - d", "the checkerboard has the opposite sign; it is a - b - c + d"),
    ("a - b - c + d", "a - b - c - d", "in the checkerboard d counts plus: a - b - c + d"),
    ("a - b + c - d", "b - a + d - c", "the pattern of columns has the opposite sign; it is a - b + c - d"),
    ("a + b - c - d", "c + d - a - b", "the pattern of rows has the opposite sign; it is a + b - c - d"),
    (", a + b - c - d", ", a - b + c - d", "the pattern of columns is there twice, and that of rows is missing"),
    (", a - b + c - d", ", a + b - c - d", "the pattern of rows is there twice, and that of columns is missing"),
    ("a + b + c + d, ", "", "three numbers are returned; the first of the four is the mean, (a + b + c + d) / 4"),
    (
        "return sums / 4",
        "return sums.reshape(2, 2) / 4",
        "the four numbers are right; return them as a tensor with one axis, of shape (4,)",
    ),
    (
        "return sums / 4",
        "return (sums / 4)[None]",
        "the four numbers are right; return them as a tensor with one axis, of shape (4,), and not (1, 4)",
    ),
    ("return sums / 4", "return sums // 4", "// rounds down to whole numbers; use /"),
    (
        "a - b + c - d, a + b - c - d",
        "2 * (a - b), 2 * (a - c)",
        "columns and rows are computed from the upper row and the left column of each block alone; use all four pixels",
    ),
    (
        "a - b + c - d, a + b - c - d, a - b - c + d",
        "a - b, a - c, a - d",
        "the patterns are differences of two pixels; each one has all four pixels, with two plus and two minus signs",
    ),
    (
        "all neighbours are compared, also those of two blocks; the blocks begin at every second row and column",
        lambda image: torch.stack(
            [
                image.mean(),
                -image.diff(dim=1).mean() / 2,
                -image.diff(dim=0).mean() / 2,
                image.diff(dim=0).diff(dim=1).mean() / 4,
            ]
        ),
    ),
    (
        "return sums / 4",
        "return (sums / 4)[:, None]",
        "the four numbers are right; return them as a tensor with one axis of four, and not as a column",
    ),
    (
        QUARTERS,
        "a, b = image[::2, ::2], image[::2, 1::2]",
        LOWER,
        "c, d = image[1::2, ::2], image[1::2, 1::2]",
        "those are the patterns of each block; take the mean over all blocks",
    ),
    (
        QUARTERS,
        "h, w = image.shape[0] // 2, image.shape[1] // 2\n    a, b = image[:h, :w].mean(), image[:h, w:].mean()",
        LOWER,
        "c, d = image[h:, :w].mean(), image[h:, w:].mean()",
        "the image is cut into four quarters; a, b, c and d are every second pixel: image[::2, ::2] and so on",
    ),
    (
        "the blocks overlap in your answer; they begin at every second row and column",
        lambda image: F.conv2d(image[None, None], _signs()).mean((0, 2, 3)),
    ),
    (
        QUARTERS,
        "a, b = image[::2, ::2].mean(0), image[::2, 1::2].mean(0)",
        LOWER,
        "c, d = image[1::2, ::2].mean(0), image[1::2, 1::2].mean(0)",
        "only the mean over the rows is taken; take the mean over both axes",
    ),
    (
        QUARTERS,
        "a, b = image[::2, ::2].mean(1), image[::2, 1::2].mean(1)",
        LOWER,
        "c, d = image[1::2, ::2].mean(1), image[1::2, 1::2].mean(1)",
        "only the mean over the columns is taken; take the mean over both axes",
    ),
    (
        QUARTERS,
        "a, b = image[::2, ::2].max(), image[::2, 1::2].max()",
        LOWER,
        "c, d = image[1::2, ::2].max(), image[1::2, 1::2].max()",
        "the largest values are taken; take the means",
    ),
    (
        QUARTERS,
        "a, b = image[::2, ::2].median(), image[::2, 1::2].median()",
        LOWER,
        "c, d = image[1::2, ::2].median(), image[1::2, 1::2].median()",
        "the medians are taken; take the means",
    ),
    (
        "a + b + c + d, a - b + c - d, a + b - c - d, a - b - c + d",
        "a + b + c + d / 4, a - b + c - d / 4, a + b - c - d / 4, a - b - c + d / 4",
        "return sums / 4",
        "return sums",
        "only d is divided by 4; the sum needs parentheses: (a + b + c + d) / 4",
    ),
    (
        "    sums = torch.stack",
        "    image = image.reshape(image.shape[0] // 2, image.shape[1] // 2, 2, 2)\n"
        "    a, b, c, d = image.mean((0, 1)).flatten()\n"
        "    sums = torch.stack",
        "a reshape to (H / 2, W / 2, 2, 2) does not give the blocks, because it leaves the values in their order; use "
        "(H / 2, 2, W / 2, 2), or image[::2, ::2] and so on",
    ),
    (
        "the Fourier transform gives complex numbers; take the real part",
        lambda image: _fourier(image, *(side // 2 for side in image.shape)),
    ),
    (
        "those are the lowest frequencies; period 2 is the frequency H / 2 or W / 2",
        lambda image: _fourier(image, 1, 1).real,
    ),
    (
        "return sums / 4",
        "return (sums / 4).round()",
        "the results are rounded; leave them as they are",
    ),
)
def patterns(image: Tensor) -> Tensor:
    a, b = image[::2, ::2].mean(), image[::2, 1::2].mean()
    c, d = image[1::2, ::2].mean(), image[1::2, 1::2].mean()
    sums = torch.stack([a + b + c + d, a - b + c - d, a + b - c - d, a - b - c + d])
    return sums / 4


Factory = Callable[[int], nn.Module]
SILENT = "says nothing"


class _Step(nn.Module):
    """Ten times the first channel plus ``mark``, in ``width`` equal channels; its ``out_channels`` is ``states``."""

    def __init__(self, width: int, states: object, mark: int) -> None:
        super().__init__()
        self.width, self.mark = width, nn.Parameter(torch.tensor(float(mark)))
        if states != SILENT:
            self.out_channels = states

    def forward(self, x: Tensor) -> Tensor:
        return (10 * x[:, :1] + self.mark).expand(-1, self.width, -1, -1)


@dataclass
class _Recording:
    """A factory that records each number of channels with which it is called."""

    states: object
    mark: int
    given: list[int]

    def __call__(self, in_channels: int) -> nn.Module:
        self.given.append(in_channels)
        width = self.states if isinstance(self.states, int) else in_channels
        return _Step(max(int(width), 1), self.states, self.mark)


def _statements(seed: int) -> Iterator[Case]:
    """The ``out_channels`` that each part states, and the number of channels of the input."""
    yield (4, 8 + seed, 2), 3
    yield (5, 7, SILENT, 6, SILENT), 1 + seed
    yield (SILENT, 4), 2
    yield (8, 6.0, 3), 4
    yield (8 + seed, 4, 9, True, 2), 1
    yield (3, 5, 0, 7), 6
    yield (2, 3, 4, 5, 6, "8"), 7
    yield (4, -3, 2), 5
    yield (3, 2 + seed, SILENT), 4
    yield (1, 5), 2 + seed


def _built(answer: Callable[[Sequence[Factory], int], nn.Module], case: Case) -> dict[str, Any]:
    """The channels that each factory received, and facts about the chain or about the exception."""
    states, in_channels = case
    given: list[int] = []
    factories = [_Recording(each, mark, given) for mark, each in enumerate(states, start=1)]
    bad = next((i for i, each in enumerate(states) if not _whole(each)), None)
    if bad is not None:
        return _refusal(answer, factories, in_channels, bad)
    try:
        made = as_module(answer(factories, in_channels))
    except ValueError as error:
        raise UnfitError(f"it refuses good modules, whose out_channels are {states}: {error}") from error
    return {
        "channels that the factories get": list(given),
        "out_channels of the chain": str(getattr(made, "out_channels", None)),
        "parameters of the chain": sum(1 for _ in made.parameters()),
        "output of the chain": made(torch.zeros(1, in_channels, 1, 1)).mean().item(),
    }


def _refusal(
    answer: Callable[[Sequence[Factory], int], nn.Module], factories: Sequence[_Recording], in_channels: int, bad: int
) -> dict[str, Any]:
    """What follows from a bad module."""
    states = factories[bad].states
    which = "a module without out_channels" if states == SILENT else f"a module with out_channels = {states!r}"
    named = ""
    try:
        made = answer(factories, in_channels)
    except Exception as error:
        kind = "a ValueError" if isinstance(error, ValueError) else f"the exception {type(error).__name__}"
        late = len(factories[bad].given) > bad + 1
        found = f"{kind} {'after' if late else 'before'} the next module is built"
        named = _named(str(error), bad)
    else:
        found = "None is returned" if made is None else "no exception"
    return {
        which: found,
        "channels that the factories get": list(factories[bad].given),
        "number in the text of the exception": named,
    }


def _named(sentence: str, bad: int) -> str:
    """Whether the text of an exception names the bad module, or the one after it."""
    found = {int(n) for n in re.findall(r"\d+", sentence)}
    return "that of the bad module" if bad in found else "one too large" if bad + 1 in found else "none or another"


def _whole(channels: object) -> bool:
    """Whether the value is a valid number of channels: an integer of at least 1."""
    return isinstance(channels, int) and not isinstance(channels, bool) and channels >= 1


FIT = "type(channels) is not int or channels < 1"
READ = 'getattr(parts[i], "out_channels", None)'


@exercise(
    _statements,
    (
        "factory(channels)",
        "factory(in_channels)",
        "every module was built from in_channels; build each from the out_channels of the one before",
    ),
    (
        "    for i, factory in enumerate(factories):\n        parts.append(factory(channels))\n",
        "    parts = nn.Sequential(*(factory(in_channels) for factory in factories))\n"
        "    for i in range(len(parts)):\n",
        "all modules were built from in_channels, and before any was checked; build each from the out_channels of the "
        "one before, and check it at once",
    ),
    (
        "factory(channels)",
        "factory(channels if i < 2 else parts[0].out_channels)",
        "from the third module on, each was built from the out_channels of the first; take those of the one before",
    ),
    ("    parts.out_channels = channels\n", "", "the chain does not state its own out_channels; set them"),
    (
        "parts.out_channels = channels",
        "parts.out_channels = in_channels",
        "the chain states the channels of its input; its out_channels are those of the last module",
    ),
    (
        "parts.out_channels = channels",
        "parts.out_channels = parts[0].out_channels",
        "the chain states the out_channels of its first module; they are those of the last one",
    ),
    (
        "parts.out_channels = channels",
        "parts.out_channels = [part.out_channels for part in parts]",
        "the chain states a list; its out_channels are one number, that of the last module",
    ),
    (
        "parts.out_channels = channels",
        "parts.out_channels = len(parts)",
        "the chain states the number of its modules; its out_channels are those of the last one",
    ),
    (
        "    parts.out_channels = channels\n",
        "    class Loose(nn.Module):\n"
        "        def forward(self, x):\n"
        "            return parts(x)\n\n"
        "    loose = Loose()\n"
        "    loose.out_channels = channels\n",
        "return parts\n",
        "return loose\n",
        "the modules are not registered; use nn.Sequential or nn.ModuleList",
    ),
    (
        FIT,
        "False",
        "no module is refused; check its out_channels before the next one is built",
    ),
    (
        READ,
        "parts[i].out_channels",
        FIT,
        "False",
        "no out_channels are checked; read them by getattr(…, None), and refuse all but whole numbers of at least 1",
    ),
    (
        FIT,
        "channels is None",
        "only a module that states nothing is refused; 0, 6.0, True and '8' are no numbers of channels either",
    ),
    (
        FIT,
        "not channels",
        "None and 0 are refused, but 6.0, True, -3 and '8' pass; test the type and the sign, too",
    ),
    (
        "        channels = getattr",
        '        channels = getattr(parts[i], "out_channels", channels)\n'
        "    for i in range(len(parts)):\n"
        "        channels = getattr",
        "the check comes after all modules are built; refuse the first bad one before you build the next",
    ),
    (
        "        if type(channels)",
        "        if i + 1 < len(factories) and (type(channels)",
        "channels < 1:",
        "channels < 1):",
        "the last module is not checked; it has to state its out_channels, too",
    ),
    (
        "        if type(channels)",
        "        if i > 0 and (type(channels)",
        "channels < 1:",
        "channels < 1):",
        "the first module is not checked; it has to state its out_channels, too",
    ),
    ("raise ValueError", "raise TypeError", "a TypeError is raised; raise a ValueError"),
    (
        "raise ValueError",
        "raise (ValueError if type(channels) is int else TypeError)",
        "a TypeError is raised; raise a ValueError",
    ),
    ("raise ValueError", "raise AssertionError", "an AssertionError comes; in place of assert, raise a ValueError"),
    ("raise ValueError", "raise RuntimeError", "a RuntimeError is raised; raise a ValueError"),
    (
        "raise ValueError",
        "raise AttributeError",
        "an AttributeError is raised for every bad module; raise a ValueError",
    ),
    ("raise ValueError", "raise Exception", "an exception of the general type Exception is raised; raise a ValueError"),
    (
        READ,
        "parts[i].out_channels",
        "a module without out_channels leads to an AttributeError; read them by getattr(…, None), raise a ValueError",
    ),
    ("part {i}", "part {i + 1}", "the modules are counted from 1; the first one is number 0"),
    ("part {i}, a", "a", "the text of the ValueError does not hold the number of the module"),
    (
        "        parts.append(factory(channels))\n",
        "        before = channels\n        parts.append(factory(channels))\n",
        "part {i}, a {type(parts[i]).__name__}, states out_channels = {channels!r}; set a number",
        "a module with {before} input channels",
        "the text of the ValueError does not hold the number of the module",
    ),
    (
        "part {i}, a",
        "part {len(factories)}, a",
        "the text holds the number of all modules; it needs that of the bad one",
    ),
    ("type(channels) is not int", "type(channels) not in (int, float)", "a float passed; channels are whole numbers"),
    (
        FIT,
        "isinstance(channels, bool) or not isinstance(channels, (int, str)) or int(channels) < 1",
        "the string '8' passed; channels are whole numbers",
    ),
    (
        "type(channels) is not int",
        "not isinstance(channels, int)",
        "True passed, because Python counts it as an int; refuse it",
    ),
    (
        FIT,
        "not isinstance(channels, int)",
        "True, 0 and -3 passed: True is an int for Python, and a number of channels is at least 1",
    ),
    (FIT, "type(channels) is not int", "0 and -3 passed; a number of channels is at least 1"),
    ("channels < 1", "channels < 0", "0 passed; a number of channels is at least 1"),
    ("channels < 1", "channels == 0", "a negative number passed; a number of channels is at least 1"),
    (
        FIT,
        "not isinstance(channels, int) or channels < 0",
        "True and 0 passed: True is an int for Python, and a number of channels is at least 1",
    ),
    (FIT, "not isinstance(channels, (int, float)) or channels < 1", "True and 6.0 passed; channels are whole numbers"),
    (
        "            raise ValueError",
        "            break\n            raise ValueError",
        "the loop ends at a bad module without an exception; raise a ValueError",
    ),
    (
        "channels < 1",
        "channels <= 1",
        "a module with one channel is refused, and 1 is allowed",
    ),
    (
        "            raise ValueError",
        "            return None\n            raise ValueError",
        "None is returned for a bad module; raise a ValueError",
    ),
    (
        "        if type(channels)",
        "        channels = int(channels) if channels is not None else 0\n        if type(channels)",
        "int(…) turns 6.0, True and '8' into whole numbers; refuse them",
    ),
    (
        "        if type(channels)",
        "        channels = 0 if channels is None or channels is True else int(channels)\n        if type(channels)",
        "int(…) turns 6.0 and '8' into whole numbers; refuse them",
    ),
    (
        "        if type(channels) is not int or channels < 1",
        "        channels = None if channels is None else int(channels)\n        if channels is None",
        "int(…) turns 6.0, True and '8' into whole numbers, and 0 and -3 pass; refuse them",
    ),
    (
        "        parts.append(factory(channels))\n        channels = getattr(parts[i]",
        "        parts.append(factory(channels))\n        channels = getattr(factory(channels)",
        "each factory is called twice; call it once and keep the module",
    ),
    (
        "    parts.out_channels",
        "    parts = parts[::-1]\n    parts.out_channels",
        "the modules run from the last to the first",
    ),
    (
        "    parts.out_channels = channels\n",
        "    class Whole(nn.Sequential):\n"
        "        def forward(self, x):\n"
        "            return self[-1](x)\n\n"
        "    parts = Whole(*parts)\n"
        "    parts.out_channels = channels\n",
        "every module gets the input of the chain, and the output of the last one is returned; each has to get the "
        "output of the module before",
    ),
    (
        "    parts.out_channels = channels\n",
        "    class Whole(nn.Sequential):\n"
        "        def forward(self, x):\n"
        "            return self[0](x)\n\n"
        "    parts = Whole(*parts)\n"
        "    parts.out_channels = channels\n",
        "forward returns the output of the first module; is the return inside the loop?",
    ),
    (
        "    parts.out_channels",
        "    parts = parts[:-1]\n    parts.out_channels",
        "the last module is missing in the chain",
    ),
    (
        "    parts.out_channels",
        "    parts = parts[1:]\n    parts.out_channels",
        "the first module is missing in the chain",
    ),
    (
        "    parts.out_channels",
        "    parts = parts[-1:]\n    parts.out_channels",
        "only the last module is returned; return one that runs them all",
    ),
    (
        "    parts.out_channels",
        "    parts = parts[:1]\n    parts.out_channels",
        "only the first module is returned; return one that runs them all",
    ),
    (
        '"out_channels", None)',
        '"out_channels", channels)',
        "a module that states nothing was taken to keep its channels; refuse it",
    ),
    (
        "return parts\n",
        "return list(parts)\n",
        "a list is returned; return one module, such as nn.Sequential(*modules)",
    ),
    probe=_built,
)
def chain(factories: Sequence[Factory], in_channels: int) -> nn.Module:
    parts = nn.Sequential()
    channels: Any = in_channels
    for i, factory in enumerate(factories):
        parts.append(factory(channels))
        channels = getattr(parts[i], "out_channels", None)
        if type(channels) is not int or channels < 1:
            raise ValueError(f"part {i}, a {type(parts[i]).__name__}, states out_channels = {channels!r}; set a number")
    parts.out_channels = channels
    return parts


EXERCISES = (pixels_from_channels, patterns, chain)
