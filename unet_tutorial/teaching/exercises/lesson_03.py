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


ROUND_DOWN = "if the difference is odd, the smaller half is removed at the start: round down"
NEGATIVE_END = "top:-top fails if the difference is 0 or odd; the end is top + height"


def _crop_cases(seed: int) -> Iterator[Case]:
    """Even, odd and zero differences; odd ones with an even side and an odd one inside, and the reverse; a square."""
    yield _grid(seed, 16, 20), 8, 10
    yield _grid(seed + 3, 16, 21), 9, 10
    yield _grid(seed, 7, 24), 2, 24
    yield _grid(seed + 1, 13, 9), 13, 4
    yield _grid(seed + 2, 12, 17), 6, 6


@exercise(
    _crop_cases,
    (
        "top : top + height, left : left + width",
        ":height, :width",
        "you cropped the corner instead of the middle; remove as much at the start as at the end",
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
        "you shrank the map by leaving out pixels in between; in a crop, neighbours stay neighbours",
        lambda x, height, width: F.interpolate(x, size=(height, width), mode="nearest"),
    ),
    ("left + width]", "left + width].flip(-1)", "the crop is mirrored; leave the order of the pixels as it is"),
    (
        "top : top + height, left : left + width",
        "top:-top, left:-left",
        NEGATIVE_END,
    ),
    (
        "top : top + height, left : left + width",
        "top : x.shape[2] - top, left : x.shape[3] - left",
        "if the difference is odd, a row or a column too many is left; the end is top + height",
    ),
    (
        "(x.shape[2] - height) // 2, (x.shape[3] - width) // 2",
        "(x.shape[2] - height + 1) // 2, (x.shape[3] - width + 1) // 2",
        ROUND_DOWN,
    ),
    (
        "(x.shape[2] - height) // 2, (x.shape[3] - width) // 2",
        "round((x.shape[2] - height) / 2), round((x.shape[3] - width) / 2)",
        "round takes a half to the nearest even number: 3.5 becomes 4; // rounds down",
    ),
    (
        "(x.shape[2] - height) // 2, (x.shape[3] - width) // 2",
        "x.shape[2] // 2 - height // 2, x.shape[3] // 2 - width // 2",
        "both halves were rounded before they were subtracted; take (large - small) // 2",
    ),
    (
        "top : top + height, left : left + width",
        "top:height, left:width",
        "a slice is first : end, not first : length; the end is top + height",
    ),
    (
        "top : top + height, left : left + width",
        "x.shape[2] - height :, x.shape[3] - width :",
        "you cropped the last rows and columns instead of the middle",
    ),
    (
        "top : top + height, left : left + width",
        "top : top + width, left : left + height",
        "height and width are exchanged; the height belongs to axis 2",
    ),
    (
        "x[:, :, top : top + height, left : left + width]",
        "x[top : top + height, left : left + width]",
        "the first two axes are images and channels; rows and columns are axes 2 and 3: x[:, :, …]",
    ),
    (
        ", left : left + width]",
        "]",
        "only the rows are cropped; the columns too",
    ),
    (
        "return x[:, :, top : top + height, left : left + width]",
        "top, left = x.shape[2] // 2, x.shape[3] // 2\n"
        "    return x[:, :, top - height // 2 : top + height // 2, left - width // 2 : left + width // 2]",
        "height // 2 on both sides of the centre is one row too few for an odd height",
    ),
    (
        "top : top + height, left : left + width",
        "top : top - (x.shape[2] - height), left : left - (x.shape[3] - width)",
        "where the difference is zero the end is -0, which is 0, and nothing is left; the end is top + height",
    ),
    (
        "return x[:, :, top : top + height, left : left + width]",
        "top, left = (x.shape[1] - height) // 2, (x.shape[2] - width) // 2\n"
        "    return x[:, top : top + height, left : left + width]",
        "axis 1 holds the channels; rows and columns are the axes 2 and 3 of (N, C, H, W)",
    ),
    (
        "(x.shape[2] - height) // 2, (x.shape[3] - width) // 2",
        "x.shape[2] - height // 2, x.shape[3] - width // 2",
        "// is computed before -; the crop begins at (large - small) // 2",
    ),
    (
        "top : top + height, left : left + width",
        "top : top + height - 1, left : left + width - 1",
        "a slice leaves its end out already; the end is top + height",
    ),
    (
        "top : top + height, left : left + width",
        "left : left + height, top : top + width",
        "top and left are exchanged; top belongs to the rows",
    ),
    (
        "(x.shape[2] - height) // 2, (x.shape[3] - width) // 2",
        "(x.shape[2] - width) // 2, (x.shape[3] - height) // 2",
        "top : top + height, left : left + width",
        "top : top + width, left : left + height",
        "height and width are exchanged; the height belongs to axis 2",
    ),
    (
        "left : left + width",
        "top : top + width",
        "the margin of the rows was used for the columns, too; the columns have their own",
    ),
    (
        "top : top + height",
        "left : left + height",
        "the margin of the columns was used for the rows, too; the rows have their own",
    ),
    (
        "(x.shape[2] - height) // 2, (x.shape[3] - width) // 2",
        "(x.shape[2] - height) // 2, x.shape[3] - width",
        "the margin of the columns is not halved: half of them are removed on the left",
    ),
    (
        "(x.shape[2] - height) // 2, (x.shape[3] - width) // 2",
        "x.shape[2] - height, (x.shape[3] - width) // 2",
        "the margin of the rows is not halved: half of them are removed at the top",
    ),
    (
        "return x[:, :, top : top + height, left : left + width]",
        "return F.adaptive_avg_pool2d(x, (height, width))",
        "the pixels were averaged; a crop keeps them as they are",
    ),
    ("x[:, :, top", "x[0, :, top", "only the first image is returned; crop all of them: x[:, :, …]"),
    ("top : top + height, left", ":, left", "only the columns are cropped; the rows too"),
)
def crop(x: Tensor, height: int, width: int) -> Tensor:
    top, left = (x.shape[2] - height) // 2, (x.shape[3] - width) // 2
    return x[:, :, top : top + height, left : left + width]


def _merge_cases(seed: int) -> Iterator[Case]:
    for channels, (skip, height, width) in enumerate(_crop_cases(seed), start=2):
        up = torch.arange(2.0 * channels * height * width).reshape(2, channels, height, width)
        yield skip, -1 - up


def _margins(skip: Tensor, up: Tensor) -> tuple[int, int, int, int]:
    """The pixels that `up` lacks: left, right, top, bottom."""
    high, wide = (skip.shape[axis] - up.shape[axis] for axis in (2, 3))
    return wide // 2, wide - wide // 2, high // 2, high - high // 2


@exercise(
    _merge_cases,
    # a wrong crop is a wrong answer here too
    *[("crop(", f"crop.listed[{i}][1](", hint) for i, (hint, _) in enumerate(crop.listed)],
    (
        "crop(skip, *up.shape[2:]), up",
        "up, crop(skip, *up.shape[2:])",
        "the order is (up, skip); put the skip first, or the weights of this course will not fit",
    ),
    ("crop(skip", "crop(torch.zeros_like(skip)", "the skip is all zeros; pass its values on"),
    ("crop(skip", "crop(skip.detach()", "the skip is detached: no gradient reaches the encoder; leave detach() out"),
    (
        "torch.cat((crop(skip, *up.shape[2:]), up), dim=1)",
        "crop(skip, *up.shape[2:]) + up",
        "you added the two maps; concatenation keeps both, one after the other",
    ),
    (
        "crop(skip, *up.shape[2:]), up",
        "skip, F.interpolate(up, size=skip.shape[2:])",
        "up was enlarged to the size of the skip; crop the skip to the size of up",
    ),
    (
        "crop(skip, *up.shape[2:]), up",
        "skip, F.pad(up, _margins(skip, up))",
        "up was padded to the size of the skip; crop the skip to the size of up",
    ),
    (
        "crop(skip, *up.shape[2:]), up",
        "F.pad(skip, _margins(skip, up)), up",
        "the skip was padded; it is the larger one: crop it",
    ),
    ("crop(skip, *up.shape[2:])", "skip", "the skip is not cropped; cut it to the height and width of up"),
    ("dim=1", "dim=0", "dim=0 is the axis of the images; channels are joined along dim=1"),
    ("dim=1", "dim=-1", "dim=-1 is the axis of the columns; channels are axis 1"),
    ("dim=1", "dim=2", "dim=2 is the axis of the rows; channels are axis 1"),
    ("torch.cat", "torch.stack", "stack makes a new axis; cat joins the maps along the channels"),
    (
        "(crop(skip, *up.shape[2:]), up), dim=1",
        "crop(skip, *up.shape[2:]), up, 1",
        "torch.cat takes the maps as one tuple: torch.cat((a, b), dim=1)",
    ),
    ("(crop(skip, *up.shape[2:]), up)", "(crop(skip, *up.shape[2:]),)", "up is missing in the result"),
    (
        "*up.shape[2:]",
        "up.shape[2], up.shape[2]",
        "the height of up is taken for its width, too; the width is up.shape[3]",
    ),
    ("*up.shape[2:]), up", "*up.shape[2:]), skip", "the skip is in the result twice; put up after the cropped skip"),
    (
        "crop(skip, *up.shape[2:]), up",
        "crop(skip, *up.shape[2:]), crop(skip, *up.shape[2:])",
        "the cropped skip is there twice, and up is missing",
    ),
    (
        "crop(skip, *up.shape[2:]), up",
        "up, skip[..., : up.shape[2], : up.shape[3]]",
        "the order is (up, skip), and the corner was cropped; put the middle of the skip first",
    ),
    probe=outputs_and_gradients,
)
def crop_and_concat(skip: Tensor, up: Tensor) -> Tensor:
    return torch.cat((crop(skip, *up.shape[2:]), up), dim=1)


def _up_cases(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    for shapes in (((2, 3, 4, 5), (3, 2, 2, 2), (2,)), ((1, 4, 3, 2), (4, 5, 2, 2), (5,))):
        yield tuple(torch.randn(shape, generator=generator) for shape in shapes)


def _overlapping(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """The up-convolution with stride 1."""
    n, _, h, w = x.shape
    out = torch.zeros(n, weight.shape[1], h + 1, w + 1)
    for i in range(2):
        for j in range(2):
            out[:, :, i : i + h, j : j + w] += torch.einsum("nchw,cd->ndhw", x, weight[:, :, i, j])
    return out + bias.reshape(1, -1, 1, 1)


def _overlapping_in_full_size(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """The up-convolution with stride 1 in the size of the one with stride 2."""
    h, w = x.shape[2:]
    blank = torch.zeros_like(bias)
    return F.pad(_overlapping(x, weight, blank), (0, w - 1, 0, h - 1)) + bias.reshape(1, -1, 1, 1)


@exercise(
    _up_cases,
    (" + bias.reshape(1, -1, 1, 1)", "", "the bias is missing; add it to every pixel of its channel"),
    (
        "x, weight)",
        "x, weight.flip(2, 3))",
        "the kernel is upside down; a transposed convolution does not turn it",
    ),
    ("cdij", "cdji", "rows and columns of the kernel are swapped"),
    (
        "x, weight)",
        "x, weight[:, :, :1, :1].expand_as(weight))",
        "every pixel was copied four times; each of the four has a weight of its own",
    ),
    ("x, weight)", "x[:, :1], weight[:1])", "only the first input channel counts in your sum; add up all of them"),
    (
        "with stride 1 the blocks overlap; with stride 2 each pixel has a block of its own",
        _overlapping,
    ),
    (
        "ndhiwj",
        "ndhwij",
        "reshape joins neighbouring axes: rows and columns of a block belong beside h and w, (n, d, h, i, w, j)",
    ),
    (
        "ndhiwj",
        "ndihjw",
        "the axes are joined in the wrong order: each pixel's block has to stay together, h before i and w before j",
    ),
    (
        "x, weight)",
        "x[:, -1:], weight[-1:])",
        "each channel overwrites the one before, so only the last counts; add them up with +=",
    ),
    (
        "bias.reshape(1, -1, 1, 1)",
        "x.shape[1] * bias.reshape(1, -1, 1, 1)",
        "the bias is added once for each input channel; add it once",
    ),
    (
        "bias.reshape(1, -1, 1, 1)",
        "bias",
        "the bias was added along the last axis, the columns; reshape it to (1, D, 1, 1)",
    ),
    (
        "you enlarged the map and convolved it: the blocks of neighbours mix; each pixel times the kernel is its block",
        lambda x, weight, bias: F.conv2d(
            F.pad(x.repeat_interleave(2, 2).repeat_interleave(2, 3), (0, 1, 0, 1)), weight.transpose(0, 1), bias
        ),
    ),
    (
        "blocks.reshape(n, -1, 2 * h, 2 * w) + bias.reshape(1, -1, 1, 1)",
        "blocks + bias.reshape(1, -1, 1, 1, 1, 1)",
        "the blocks are right; join h with i and w with j: reshape to (N, D, 2H, 2W)",
    ),
    (
        "x, weight)",
        "x, weight.mean((2, 3), keepdim=True).expand_as(weight))",
        "the kernel was averaged; each of the four pixels of a block has a weight of its own",
    ),
    (
        "every block begins at (i, j), so that they overlap; the block of pixel (i, j) begins at (2i, 2j)",
        _overlapping_in_full_size,
    ),
    (
        " + bias.reshape(1, -1, 1, 1)",
        " - bias.reshape(1, -1, 1, 1)",
        "the bias is taken away; add it",
    ),
    (
        "x, weight)",
        "x, weight.sum((2, 3), keepdim=True).expand_as(weight))",
        "the kernel was added up; each of the four pixels of a block has a weight of its own",
    ),
    (
        "return blocks.reshape(n, -1, 2 * h, 2 * w)",
        "blocks[..., 1, :, :] = blocks[..., 1] = 0\n    return blocks.reshape(n, -1, 2 * h, 2 * w)",
        "only one pixel of each block is set; each of the four has a weight of its own",
    ),
    (
        "return blocks.reshape(n, -1, 2 * h, 2 * w) + bias.reshape(1, -1, 1, 1)",
        "blocks[..., 0, :, 0] += bias.reshape(1, -1, 1, 1)\n    return blocks.reshape(n, -1, 2 * h, 2 * w)",
        "the bias is added to one pixel of each block; add it to all four",
    ),
    forbidden=("torch.nn.functional.conv_transpose2d", "torch.convolution"),
)
def up_convolution(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    n, _, h, w = x.shape
    blocks = torch.einsum("nchw,cdij->ndhiwj", x, weight)  # (N, D, H, 2, W, 2)
    return blocks.reshape(n, -1, 2 * h, 2 * w) + bias.reshape(1, -1, 1, 1)


def _step_cases(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    for channels, size in ((3, (22, 20)), (2, (14, 15))):
        shapes = ((1, 2 * channels, 7, 6), (1, channels, *size))
        yield channels, *(torch.randn(shape, generator=generator) for shape in shapes)


@exercise(
    _step_cases,
    (
        "crop_and_concat(skip, up)",
        "torch.cat((up, crop(skip, *up.shape[2:])), dim=1)",
        "the skip comes second; put it first",
    ),
    (
        "crop_and_concat(skip, up)",
        "torch.cat((up, skip[..., : up.shape[2], : up.shape[3]]), dim=1)",
        "the skip comes second, and its corner was cropped; put its middle first",
    ),
    ("(skip, up)", "(skip[..., : up.shape[2], : up.shape[3]], up)", "you cropped the corner instead of the middle"),
    (
        "crop_and_concat(skip, up)",
        "torch.cat((skip, up), dim=1)",
        "the skip is larger than the map from below; crop it to that size",
    ),
    (
        "crop_and_concat(skip, up)",
        "torch.cat((skip, F.pad(up, _margins(skip, up))), dim=1)",
        "the map from below was padded to the size of the skip; crop the skip",
    ),
    (
        "crop_and_concat(skip, up)",
        "torch.cat((F.pad(skip, _margins(skip, up)), up), dim=1)",
        "the skip was padded, and it is the larger one; crop it",
    ),
    (
        "crop_and_concat(skip, up)",
        "crop.mistakes[ROUND_DOWN](skip, *up.shape[2:])\n        merged = torch.cat((merged, up), dim=1)",
        "if the difference is odd, remove the smaller half at the start; round down",
    ),
    (
        "crop_and_concat(skip, up)",
        "torch.cat((skip[:, :, 4:-4, 4:-4], up), dim=1)",
        "4 pixels per side are cut off every skip; it depends on the two sizes",
    ),
    (
        "crop_and_concat(skip, up)",
        "crop(skip, *up.shape[2:]) + up",
        "the merged map has too few channels: concatenate the skip and the map from below; do not add them",
    ),
    (
        "below: Tensor, skip: Tensor",
        "skip: Tensor, below: Tensor",
        "self.up got the skip; it takes the map from below, the first argument of forward",
    ),
    (
        "up = self.up(below)",
        "up = F.relu(self.up(below))",
        "a ReLU follows the up-convolution; only the two 3×3 convolutions have one",
    ),
    (
        "up = self.up(below)",
        "up = F.interpolate(below, scale_factor=2)",
        "the map was enlarged without self.up, so it has too many channels",
    ),
    (
        "self.second(F.relu(self.first(merged)))",
        "self.second(self.first(merged))",
        "the ReLU between the two is missing",
    ),
    (
        "F.relu(self.second(F.relu(self.first(merged))))",
        "self.second(self.first(merged))",
        "both ReLUs are missing; each 3×3 convolution is followed by one",
    ),
    (
        "F.relu(self.second(F.relu(self.first(merged))))",
        "F.relu(self.first(merged))",
        "the second convolution is missing",
    ),
    (
        "self.second(F.relu(self.first(merged)))",
        "self.first(F.relu(self.first(merged)))",
        "self.first is used twice; the second convolution is self.second",
    ),
    (
        "self.second(F.relu(self.first(merged)))",
        "self.second(merged)",
        "self.first takes the merged channels, before self.second",
    ),
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
    (
        "crop_and_concat(skip, up)",
        "crop.mistakes[NEGATIVE_END](skip, *up.shape[2:])\n        merged = torch.cat((merged, up), dim=1)",
        NEGATIVE_END,
    ),
    (
        "F.relu(self.second(F.relu(self.first(merged))))",
        "F.leaky_relu(self.second(F.leaky_relu(self.first(merged))))",
        "a leaky ReLU lets negative values through; use F.relu",
    ),
    (
        "crop_and_concat(skip, up)",
        "torch.cat((F.interpolate(skip, size=up.shape[2:]), up), dim=1)",
        "the skip was resized to fit; crop its middle",
    ),
    (
        "return F.relu(self.second(F.relu(self.first(merged))))",
        "return F.relu(self.second(F.relu(self.first(merged)))).mean()",
        "the map was averaged to one number; return the map",
    ),
    (
        "F.relu(self.second(F.relu(self.first(merged))))",
        "self.second(F.relu(self.first(F.relu(merged))))",
        "the ReLUs stand before the convolutions; each convolution is followed by one",
    ),
    (
        "crop_and_concat(skip, up)",
        "torch.cat((crop(skip, *up.shape[2:]), crop(skip, *up.shape[2:])), dim=1)",
        "the skip is there twice, and the map from below is missing",
    ),
    (
        "F.relu(self.second(F.relu(self.first(merged))))",
        "F.relu(self.second(F.relu(self.second(F.relu(self.first(merged))))))",
        "self.second is used twice; there are two 3×3 convolutions",
    ),
    (
        "F.relu(self.second(F.relu(self.first(merged))))",
        "torch.sigmoid(self.second(F.relu(self.first(merged))))",
        "a sigmoid follows the second convolution; a ReLU does",
    ),
    (
        "return F.relu(self.second(F.relu(self.first(merged))))",
        "y = F.relu(self.second(F.relu(self.first(merged))))\n        return y + crop(up, *y.shape[2:])",
        "the map from below is added at the end; the paper's step has no such shortcut",
    ),
    (
        "crop_and_concat(skip, up)",
        "torch.cat((crop(skip, *below.shape[2:]), up), dim=1)",
        "the skip is cropped to the size of `below`; crop it to that of the up-convolution's result",
    ),
    *[
        (
            "crop_and_concat(skip, up)",
            f"{merged}",
            "a ReLU is applied before the first 3×3 convolution; there is one behind each of the two, and no other",
        )
        for merged in ("F.relu(crop_and_concat(skip, up))", "crop_and_concat(F.relu(skip), up)")
    ],
    (
        "return F.relu(self.second(F.relu(self.first(merged))))",
        "return F.max_pool2d(F.relu(self.second(F.relu(self.first(merged)))), 2)",
        "the result is pooled; there is no pooling on the way up",
    ),
    probe=module_probe(1),
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
