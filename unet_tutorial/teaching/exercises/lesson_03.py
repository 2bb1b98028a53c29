"""Exercises of lesson 03: the crop, the concatenation, the up-convolution by hand, and a step of the decoder.

In the cases, each pixel of a skip holds its own coordinates, so that a wrong crop gives wrong values.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unet_tutorial.teaching.checking.exercise import Case, exercise
from unet_tutorial.teaching.checking.probes import module_probe, outputs_and_gradients


def _grid(seed: int, height: int, width: int) -> Tensor:
    """(2, 2, height, width): the row and column of each pixel, plus an offset that differs between the images."""
    rows = torch.arange(float(height))[:, None].expand(height, width)
    columns = torch.arange(float(width))[None].expand(height, width)
    return torch.stack((rows, 100 + columns))[None] + seed + torch.tensor([0.0, 50.0]).reshape(2, 1, 1, 1)


def _crop_cases(seed: int) -> Iterator[Case]:
    yield _grid(seed, 16, 20), 8, 10
    yield _grid(seed + 3, 13, 24), 7, 4


@exercise(
    _crop_cases,
    (
        "top : top + height, left : left + width",
        ":height, :width",
        "you cropped the corner instead of the middle; cut as much off before as behind",
    ),
    (
        "top : top + height, left : left + width",
        "top + 1 : top + 1 + height, left + 1 : left + 1 + width",
        "the crop lies one pixel off the middle; begin at (large - small) // 2",
    ),
    (
        "you resized the map instead of cropping it: its pixels no longer lie where they were",
        lambda x, height, width: F.interpolate(x, size=(height, width), mode="bilinear"),
    ),
    (
        "you shrank the map by taking every so-manyth pixel; a crop keeps neighbours neighbours",
        lambda x, height, width: F.interpolate(x, size=(height, width), mode="nearest"),
    ),
    ("left + width]", "left + width].flip(-1)", "the crop is mirrored; leave the order of the pixels as it is"),
)
def crop(x: Tensor, height: int, width: int) -> Tensor:
    top, left = (x.shape[2] - height) // 2, (x.shape[3] - width) // 2
    return x[:, :, top : top + height, left : left + width]


def _merge_cases(seed: int) -> Iterator[Case]:
    yield _grid(seed, 16, 20), torch.full((2, 2, 8, 10), -1.0)
    yield _grid(seed + 3, 14, 12), torch.full((2, 2, 8, 8), -2.0)


@exercise(
    _merge_cases,
    # a wrong crop is a wrong answer here too
    *[("crop(", f"crop.mistakes[{hint!r}](", hint) for hint in crop.mistakes],
    (
        "crop(skip, *up.shape[2:]), up",
        "up, crop(skip, *up.shape[2:])",
        "the order is (up, skip); lay the skip first, or weights from elsewhere will not fit",
    ),
    ("crop(skip", "crop(torch.zeros_like(skip)", "the skip is all zeros; hand its values on"),
    ("crop(skip", "crop(skip.detach()", "the skip is detached: no gradient reaches the encoder; leave detach() out"),
    (
        "torch.cat((crop(skip, *up.shape[2:]), up), dim=1)",
        "crop(skip, *up.shape[2:]) + up",
        "you added the two maps; concatenation lays them behind one another",
    ),
    (
        "crop(skip, *up.shape[2:]), up",
        "skip, F.interpolate(up, size=skip.shape[2:])",
        "the skip was padded to its old size, the map from below was not cropped to fit",
    ),
    probe=outputs_and_gradients,
)
def crop_and_concat(skip: Tensor, up: Tensor) -> Tensor:
    return torch.cat((crop(skip, *up.shape[2:]), up), dim=1)


def _up_cases(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    shapes = ((2, 3, 4, 5), (3, 2, 2, 2), (2,))
    yield tuple(torch.randn(shape, generator=generator) for shape in shapes)


@exercise(
    _up_cases,
    (" + bias.reshape(1, -1, 1, 1)", "", "the bias is missing; add it to every pixel of its channel"),
    (
        "x, weight)",
        "x, weight.flip(2, 3))",
        "the kernel is painted upside down; a transposed convolution does not turn it",
    ),
    ("cdij", "cdji", "rows and columns of the kernel are swapped"),
    (
        "x, weight)",
        "x, weight[:, :, :1, :1].expand_as(weight))",
        "every pixel was copied four times; each of the four has a weight of its own",
    ),
    ("x, weight)", "x[:, :1], weight[:1])", "only the first input channel was painted; add up all of them"),
    (
        "painted one pixel apart they overlap; with stride 2 each pixel has a block of its own",
        lambda x, weight, bias: F.conv_transpose2d(x, weight, bias, stride=1),
    ),
)
def up_convolution(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    n, _, h, w = x.shape
    blocks = torch.einsum("nchw,cdij->ndhiwj", x, weight)  # (N, D, H, 2, W, 2)
    return blocks.reshape(n, -1, 2 * h, 2 * w) + bias.reshape(1, -1, 1, 1)


def _step_cases(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    yield tuple(torch.randn(shape, generator=generator) for shape in ((1, 6, 7, 6), (1, 3, 22, 20)))


@exercise(
    _step_cases,
    (
        "crop_and_concat(skip, up)",
        "torch.cat((up, crop(skip, *up.shape[2:])), dim=1)",
        "the skip comes second; lay it first",
    ),
    ("(skip, up)", "(skip[..., : up.shape[2], : up.shape[3]], up)", "you cropped the corner instead of the middle"),
    ("(skip, up)", "(skip.detach(), up)", "the skip is detached: the encoder would not learn through it"),
    (
        "F.relu(self.second(F.relu(self.first(merged))))",
        "self.second(F.relu(self.first(merged)))",
        "the ReLU after the second convolution is missing",
    ),
    (
        "2 * channels, channels, 3",
        "2 * channels, channels, 3, padding=1",
        "(channels, channels, 3",
        "(channels, channels, 3, padding=1",
        "padding=1 keeps the size; the paper's convolutions are unpadded",
    ),
    ("(skip, up)", "(torch.zeros_like(skip), up)", "the skip is all zeros"),
    probe=module_probe(3),
    name="up_step",
)
class UpStep(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(2 * channels, channels, 2, stride=2)
        self.first = nn.Conv2d(2 * channels, channels, 3)
        self.second = nn.Conv2d(channels, channels, 3)

    def forward(self, below: Tensor, skip: Tensor) -> Tensor:
        up = self.up(below)
        merged = crop_and_concat(skip, up)
        return F.relu(self.second(F.relu(self.first(merged))))


EXERCISES = (crop, crop_and_concat, up_convolution, UpStep)
