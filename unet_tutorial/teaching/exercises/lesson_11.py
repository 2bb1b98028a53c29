"""Exercises of lesson 11, a U-Net from parts: pixel shuffle, patterns of period 2, a chain that refuses a bad part."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from unet_tutorial.teaching.checking.exercise import Case, exercise
from unet_tutorial.teaching.checking.probes import as_module


def _maps(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    for stride, channels, size in ((2, 2, (3, 4)), (3, 2, (2, 3)), (2, 1, (4, 2)), (2, 3 + seed, (2, 2))):
        yield torch.randn(2, channels * stride**2, *size, generator=generator), stride


@exercise(
    _maps,
    (
        "blocks.permute(0, 1, 4, 2, 5, 3)",
        "x",
        "a reshape moves nothing: split the channels, permute, and only then join the axes",
    ),
    ("4, 2, 5, 3", "4, 3, 5, 2", "rows and columns of each block are swapped"),
    (
        "-1, stride, stride",
        "stride, stride, -1",
        "1, 4, 2, 5, 3",
        "3, 4, 1, 5, 2",
        "the blocks' pixels are s² channels that lie side by side: split into (C, s, s), and not (s, s, C)",
    ),
    (
        "4, 2, 5, 3",
        "2, 4, 3, 5",
        "the image is repeated s times along each axis: the block's axis must follow the pixel's, not lead it",
    ),
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


@exercise(
    _images,
    (
        "a - b + c - d, a + b - c - d",
        "a + b - c - d, a - b + c - d",
        "rows and columns are swapped: columns differ from left to right",
    ),
    ("sums / 4", "(sums / 4).abs()", "the signs are gone: a pattern may be the other way round"),
    ("sums / 4", "sums / 4 * image.numel()", "those are sums over all pixels; means are wanted"),
    ("sums / 4", "sums / 4 * (image.numel() // 4)", "those are sums over the blocks; take their mean"),
    ("    a, b", "    image = image[:2, :2]\n    a, b", "that is the first block only; take the mean over all of them"),
    ("sums / 4", "(sums / 4).square()", "those are powers; the patterns themselves are wanted, before squaring"),
    (
        "sums / 4",
        "sums / 4 * torch.tensor([1.0, -1.0, -1.0, -1.0])",
        "the signs begin with minus; the pixel above on the left counts plus",
    ),
    ("sums / 4", "sums / 2", "those are sums of each block, over 2; a mean of four is their sum over 4"),
    ("sums / 4", "sums", "those are sums of the four; divide by 4"),
    (
        "a - b - c + d",
        "a - d",
        "the checkerboard changes with the row and with the column: its sign is the product of both",
    ),
)
def patterns(image: Tensor) -> Tensor:
    a, b = image[::2, ::2].mean(), image[::2, 1::2].mean()
    c, d = image[1::2, ::2].mean(), image[1::2, 1::2].mean()
    sums = torch.stack([a + b + c + d, a - b + c - d, a + b - c - d, a - b - c + d])
    return sums / 4


Factory = Callable[[int], nn.Module]
SILENT = "says nothing"
IN_TIME, TOO_LATE = "refused before the next one was built", "not refused before the next one was built"


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


def _built(answer: Callable[[Sequence[Factory], int], nn.Module], case: Case) -> dict[str, Any]:
    """The channels that each factory received; and facts about the chain, or the error and the part that it names."""
    states, in_channels = case
    given: list[int] = []
    factories = [_Recording(each, mark, given) for mark, each in enumerate(states, start=1)]
    try:
        made = answer(factories, in_channels)
    except (ValueError, TypeError, AttributeError, RuntimeError, AssertionError) as error:
        if all(map(_whole, states)) and not isinstance(error, ValueError):
            raise
        return _seen(states, given) | {"raised": type(error).__name__, "which": _named(str(error), states)}
    as_module(made)
    out = {"states": str(getattr(made, "out_channels", None)), "parameters": sum(1 for _ in made.parameters())}
    return _seen(states, given) | out | {"output": made(torch.zeros(1, in_channels, 1, 1)).mean().item()}


def _seen(states: Sequence[object], given: Sequence[int]) -> dict[str, Any]:
    """The channels that the factories received; the other entries are defaults."""
    bad = next((i for i, each in enumerate(states) if not _whole(each)), len(states))
    first = {"the bad module": IN_TIME if len(given) <= bad + 1 else TOO_LATE, "built from": list(given)}
    return first | {"raised": "nothing", "which": "", "states": "", "parameters": 0, "output": 0}


def _named(sentence: str, states: Sequence[object]) -> str:
    """Whether an error message names the first bad part, or the one after it."""
    bad = next((i for i, each in enumerate(states) if not _whole(each)), -1)
    found = {int(n) for n in re.findall(r"\d+", sentence)}
    return "the bad one" if bad in found else "another" if bad + 1 in found else "none"


def _whole(channels: object) -> bool:
    """Whether the value is a valid number of channels: an integer of at least 1."""
    return isinstance(channels, int) and not isinstance(channels, bool) and channels >= 1


@exercise(
    _statements,
    (
        "factory(channels)",
        "factory(in_channels)",
        "every part was built from in_channels; build each from what the one before states",
    ),
    ("    parts.out_channels = channels\n", "", "the chain does not state its own out_channels; it is a part, too"),
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
        "type(channels) is not int or channels < 1",
        "False",
        "a bad module was not refused before the next one was built",
    ),
    (
        "        channels = getattr",
        '        channels = getattr(parts[i], "out_channels", channels)\n'
        "    for i in range(len(parts)):\n"
        "        channels = getattr",
        "the check comes after all parts are built; refuse the first bad one before you build the next",
    ),
    ("raise ValueError", "raise TypeError", "a ValueError is wanted"),
    (
        'getattr(parts[i], "out_channels", None)',
        "parts[i].out_channels",
        "a ValueError is wanted, and an AttributeError came: ask a module that may say nothing by getattr(…, None)",
    ),
    ("part {i}", "part {i + 1}", "the first part is number 0, and you count from 1"),
    ("part {i}, a", "a", "the sentence does not say which part; put its number in"),
    ("type(channels) is not int", "type(channels) not in (int, float)", "a float passed; channels are whole numbers"),
    (
        "type(channels) is not int",
        "not isinstance(channels, int)",
        "True passed, which Python counts as an int; refuse it",
    ),
    (" or channels < 1", "", "0 channels passed; one is the least"),
    (
        "    parts.out_channels",
        "    parts = parts[::-1]\n    parts.out_channels",
        "the parts run from the last to the first",
    ),
    (
        '"out_channels", None)',
        '"out_channels", channels)',
        "a part that says nothing was taken to keep its channels; refuse it",
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
