"""Exercises of lesson 00p: shapes, axes, a convolution over all channels, a gradient by hand, a step of training."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from unet_tutorial.teaching.checking.exercise import Case, exercise


def _chains(seed: int) -> Iterator[Case]:
    yield (2, 1, 20, 33), (4,)
    yield (3, 5, 60 + 4 * seed, 41 + 3 * seed), (8, 16)
    yield (1, 3, 85 + seed, 102 + seed), (6, 7, 9)


@exercise(
    _chains,
    ("(h - 2) // 2, (w - 2) // 2", "h // 2, w // 2", "the convolutions are missing; each takes 2 from both sides"),
    ("(h - 2) // 2, (w - 2) // 2", "h - 2, w - 2", "the poolings are missing; each halves both sides"),
    ("(h - 2) // 2, (w - 2) // 2", "h // 2 - 2, w // 2 - 2", "the convolution comes first, and then the pooling"),
    ("(h - 2) // 2, (w - 2) // 2", "(h - 3) // 2, (w - 3) // 2", "a 3 × 3 convolution takes 2 from a side, and not 3"),
    (
        "(h - 2) // 2, (w - 2) // 2",
        "(h - 1) // 2, (w - 1) // 2",
        "an odd side is rounded down: the last row has no partner, and pooling leaves it out",
    ),
    ("n, channels[-1], h, w", "n, shape[1], h, w", "a convolution sets the channels; the last of them counts"),
    ("n, channels[-1], h, w", "n, channels[-1], w, h", "rows and columns are exchanged; the order is (N, C, H, W)"),
    ("n, channels[-1], h, w", "channels[-1], n, h, w", "the images come first, and then the channels: (N, C, H, W)"),
    ("channels[-1], h, w", "channels[-1] * shape[1], h, w", "the input channels are added up, and do not multiply"),
    ("channels[-1]", "channels[0]", "these are the channels after the first convolution; the last one counts"),
    ("channels[-1]", "sum(channels)", "channels of different layers are not added; the last convolution sets them"),
    ("for _ in channels:", "for _ in channels[:1]:", "only the first convolution and pooling were counted"),
    (
        "every convolution is followed by its pooling; you took all convolutions first, and then all poolings",
        lambda shape, channels: (
            shape[0],
            channels[-1],
            *((side - 2 * len(channels)) // 2 ** len(channels) for side in shape[2:]),
        ),
    ),
    (
        "    for _ in channels:\n        h, w = (h - 2) // 2, (w - 2) // 2\n",
        "    h, w = ((side - 2 * len(channels)) // 2 for side in shape[2:])\n",
        "a single pooling is counted, after the last convolution; each convolution is followed by its own",
    ),
    (
        "    for _ in channels:\n        h, w = (h - 2) // 2, (w - 2) // 2\n",
        "    h, w = ((side - 2) // 2 ** len(channels) for side in shape[2:])\n",
        "a single convolution is counted, before all poolings; there is one before each pooling",
    ),
    (
        "h, w = (h - 2) // 2, (w - 2) // 2",
        "h = (h - 2) // 2",
        "only the rows went through; the columns do the same",
    ),
    ("channels[-1], h", "len(channels), h", "that is the number of convolutions; the last one sets the channels"),
)
def chain_shape(shape: tuple[int, int, int, int], channels: tuple[int, ...]) -> tuple[int, int, int, int]:
    n, _, h, w = shape
    for _ in channels:
        h, w = (h - 2) // 2, (w - 2) // 2
    return n, channels[-1], h, w


def _pictures(seed: int) -> Iterator[Case]:
    rng = np.random.default_rng(seed)
    for height, width in ((5, 7), (8, 6), (4, 4)):
        yield (rng.integers(0, 256, (height, width, 3)).astype(np.uint8),)


@exercise(
    _pictures,
    (
        ".permute(2, 0, 1)",
        ".reshape(3, *picture.shape[:2])",
        "reshape keeps the order of the numbers and mixes the channels; permute moves the axes",
    ),
    (".permute(2, 0, 1)", ".permute(2, 1, 0)", "rows and columns are exchanged; the axes are (C, H, W)"),
    (".permute(2, 0, 1)", "", "the channels are still the last axis; move them in front of the rows"),
    (" / 255", "", "the values still go up to 255; divide by 255"),
    ("/ 255", "/ 256", "255 must become 1; divide by 255"),
    ("[None]", "", "the axis of the images is missing; [None] adds it in front"),
    (".permute(2, 0, 1)", ".permute(2, 0, 1).flip(0)", "the channels are in reverse order; red comes first"),
    (".float()[None] / 255", "[None]", "these are still whole numbers up to 255; make floats, and divide by 255"),
    (
        "tensor.float()[None] / 255",
        "tensor.float()[None] / tensor.max()",
        "you divided by the largest number of this picture; divide by 255 in every picture",
    ),
    (
        "tensor.float()[None] / 255",
        "tensor.float()[None] / 127.5 - 1",
        "the values lie between -1 and 1; from 0 to 255 they become 0 to 1",
    ),
    ("[None]", "[..., None]", "the axis of the images is the last one; it is the first: [None]"),
)
def to_batch(picture: np.ndarray) -> Tensor:
    tensor = torch.from_numpy(picture).permute(2, 0, 1)
    return tensor.float()[None] / 255


def _batches(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    for shape in ((2, 3, 5, 6), (3, 2, 4, 4), (4, 4, 4, 4)):
        offset = 5 * torch.randn(*shape[:2], 1, 1, generator=generator)
        yield (torch.randn(shape, generator=generator) + offset,)


@exercise(
    _batches,
    ("dim=(2, 3), ", "dim=(0, 1, 2, 3), ", "one mean was taken of everything; each channel has its own"),
    ("dim=(2, 3), ", "dim=(0, 2, 3), ", "one mean was taken per channel, over all images; each image has its own"),
    ("dim=(2, 3), ", "dim=1, ", "the mean of the channels at each pixel was taken; average over rows and columns"),
    ("dim=(2, 3), ", "dim=3, ", "each row lost its own mean; average over rows and columns together"),
    ("dim=(2, 3), ", "dim=2, ", "each column lost its own mean; average over rows and columns together"),
    ("x - ", "x + ", "the means were added; subtract them"),
    ("return x - ", "return ", "these are the means; subtract them from x"),
    (
        "the numbers were also divided by their standard deviation; only subtract the mean",
        lambda x: (x - x.mean((2, 3), keepdim=True)) / x.std((2, 3), keepdim=True),
    ),
    ("dim=(2, 3), ", "dim=(1, 2, 3), ", "one mean was taken per image, over all channels; each channel has its own"),
    ("x.mean(dim=(2, 3), ", "x.amax(dim=(2, 3), ", "the largest number was subtracted; subtract the mean"),
    (
        ", keepdim=True",
        "",
        "mean takes the axes of rows and columns away, and (N, C) does not fit (N, C, H, W): write keepdim=True",
    ),
    (
        "x.mean(dim=(2, 3), keepdim=True)",
        "x.flatten(2).median(2).values[..., None, None]",
        "the median was subtracted; subtract the mean",
    ),
    (
        "return x - x.mean(dim=(2, 3), keepdim=True)",
        "return torch.cat((x[:1] - x[:1].mean(dim=(2, 3), keepdim=True), x[1:]))",
        "only the first image lost its means; subtract those of every image",
    ),
)
def without_means(x: Tensor) -> Tensor:
    return x - x.mean(dim=(2, 3), keepdim=True)


def _images(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    for channels, height, width in ((1, 6, 8), (3, 7, 5), (2, 9, 9)):
        image = torch.randn(channels, height, width, generator=generator)
        yield image, torch.randn(channels, 3, 3, generator=generator)


@exercise(
    _images,
    (
        "(window * kernel).sum()",
        "(window * kernel)[0].sum()",
        "only the first channel was used; add up the products of all channels",
    ),
    ("(window * kernel).sum()", "(window * kernel).mean()", "that is the mean of the products; take their sum"),
    (
        "(window * kernel).sum()",
        "(window * kernel).sum() / len(image)",
        "that is the mean over the channels; they are added",
    ),
    ("the kernel was turned by 180°; torch does not turn it", lambda x, k: F.conv2d(x[None], k.flip(1, 2)[None])[0, 0]),
    (
        "rows and columns of the kernel are exchanged",
        lambda x, k: F.conv2d(x[None], k.transpose(1, 2)[None])[0, 0],
    ),
    (
        "padding keeps the size; only windows that lie inside the image count",
        lambda x, k: F.conv2d(x[None], k[None], padding=1)[0, 0],
    ),
    (
        "the channels stay apart; one output pixel is the sum over the window and over all channels",
        lambda x, k: F.conv2d(x[None], k[:, None], groups=len(x))[0],
    ),
    ("there is one axis too many; the result is (H - 2, W - 2)", lambda x, k: F.conv2d(x[None], k[None])),
    ("negative numbers became 0; a convolution has no ReLU", lambda x, k: F.conv2d(x[None], k[None])[0, 0].relu()),
    (
        "the window moved by two pixels; it moves by one",
        lambda x, k: F.conv2d(x[None], k[None], stride=2)[0, 0],
    ),
    (
        "the channels were added up before the products; each channel has its own part of the kernel",
        lambda x, k: F.conv2d(x.sum(0)[None, None], k.sum(0)[None, None])[0, 0],
    ),
    (
        "torch.empty",
        "torch.zeros",
        "range(height)",
        "range(height - 1)",
        "range(width)",
        "range(width - 1)",
        "the last row and the last column stay empty: there are H - 2 windows below one another, range(H - 2)",
    ),
    (
        "(window * kernel).sum()",
        "(window * kernel)[-1].sum()",
        "each channel overwrites the one before, so only the last counts; add them up with +=",
    ),
    (
        "row + 3, column : column + 3",
        "row + 2, column : column + 2",
        "window * kernel",
        "window * kernel[:, :2, :2]",
        "the window has 2 × 2 pixels; a slice leaves its end out, so it is row : row + 3",
    ),
    ("window * kernel", "window @ kernel", "@ is the product of matrices; multiply pixel by pixel, with *"),
    (
        "image[:, row : row + 3, column : column + 3]",
        "F.pad(image, (0, 1))[:, row : row + 3, column + 1 : column + 4]",
        "the window lies one column to the right; the first one begins at column 0",
    ),
)
def convolve_channels(image: Tensor, kernel: Tensor) -> Tensor:
    height, width = image.shape[1] - 2, image.shape[2] - 2
    out = torch.empty(height, width)
    for row in range(height):
        for column in range(width):
            window = image[:, row : row + 3, column : column + 3]
            out[row, column] = (window * kernel).sum()
    return out


def _lines(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    for number, w in ((3, 2.0), (5, -1.5), (8, 0.25 + seed)):
        yield w, torch.randn(number, generator=generator) + 1, torch.randn(number, generator=generator)


@exercise(
    _lines,
    ("2 * ", "", "the factor 2 is missing; the derivative of e² is 2 · e"),
    (" * x)", ")", "the inner derivative is missing: w · x - y changes by x when w changes by 1"),
    ("w * x - y", "y - w * x", "the sign is wrong: the error is w · x - y, and its derivative is +x"),
    (".mean()", ".sum()", "the loss is a mean; you added up all samples and did not divide"),
    ("2 * ((w * x - y) * x)", "(w * x - y) ** 2", "that is the loss; its derivative is wanted"),
    ("(w * x - y) * x", "(w * x - y) * w", "that is the derivative with respect to x; w is the one that is learned"),
    ("(w * x - y) * x", "w * x * x", "y is missing; only the last factor x is the inner derivative"),
    ("(w * x - y) * x", "x", "the error w · x - y is missing; the derivative of e² is 2 · e times the derivative of e"),
    (
        "the mean of a product is not the product of the means; multiply sample by sample, and then take the mean",
        lambda w, x, y: 2 * float((w * x - y).mean() * x.mean()),
    ),
    ("2 * ((", "0.5 * ((", "you divided by 2; the derivative of e² is 2 · e"),
    ("2 * ((w * x - y)", "2 * ((w * x - y).abs()", "the error lost its sign; the derivative of e² is 2 · e"),
    (
        "2 * ((w * x - y) * x)",
        "2 * w * x**2 - y**2",
        "(a - b)² is not a² - b²: multiply (w · x - y)² out, or use the chain rule",
    ),
)
def slope_of_loss(w: float, x: Tensor, y: Tensor) -> float:
    return float((2 * ((w * x - y) * x)).mean())


def _steps(seed: int) -> Iterator[Case]:
    yield from ((*case, rate) for case, rate in zip(_lines(seed), (0.1, 0.03, 0.2), strict=True))


@exercise(
    _steps,
    ("w - rate", "w + rate", "the step goes uphill; subtract the gradient"),
    ("rate * ", "", "the rate is missing: the step is rate · gradient"),
    ("w - rate * slope", "-rate * slope", "that is the change; the new weight is w plus this change"),
    ("w - rate * slope", "w * (1 - rate * slope)", "the gradient is subtracted from w; it does not multiply w"),
    ("rate * slope", "rate * slope / 2", "half the gradient was used; the derivative of e² is 2 · e"),
    ("w - rate * slope", "w - rate", "the gradient is missing: the step is rate · gradient"),
    ("rate * slope", "rate * slope * len(x)", "the loss is a mean over the samples; its gradient is a mean, too"),
    ("return ", "w = ", " * slope", " * slope\n    return w - rate * slope_of_loss(w, x, y)", "you took two steps"),
    (
        "the loss was subtracted; subtract its gradient",
        lambda w, x, y, rate: w - rate * float(((w * x - y) ** 2).mean()),
    ),
    (
        "the inner derivative x is missing in the gradient",
        lambda w, x, y, rate: w - rate * float((2 * (w * x - y)).mean()),
    ),
    ("rate * slope", "slope / rate", "you divided by the rate; the step is rate · gradient"),
    ("w - rate * slope", "rate * (w - slope)", "the rate multiplies the gradient alone: w - rate · gradient"),
)
def training_step(w: float, x: Tensor, y: Tensor, rate: float) -> float:
    slope: float = slope_of_loss(w, x, y)
    return w - rate * slope


EXERCISES = (chain_shape, to_batch, without_means, convolve_channels, slope_of_loss, training_step)
