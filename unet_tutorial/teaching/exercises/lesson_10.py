"""Exercises of lesson 10: padding an image to a valid size, batch norm in both modes, unused biases, a folded norm."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor
from torch.nn import functional as F

from unet_tutorial.nets.crop import mirrored
from unet_tutorial.teaching.checking.exercise import Case, exercise

NORMS = (
    "torch.nn.functional.batch_norm",
    "torch.native_batch_norm",
    "torch.nn.functional.instance_norm",
    "torch.nn.functional.layer_norm",
    "torch.nn.functional.group_norm",
)


@dataclass(frozen=True)
class _Net:
    """Two padded convolutions with a pooling in between: (1, H, W) -> (2, H, W), H and W multiples of ``step``."""

    step: int
    seed: int

    def __call__(self, image: Tensor) -> Tensor:
        if image.ndim != 3 or image.shape[0] != 1 or any(n % self.step or not n for n in image.shape[1:]):
            raise ValueError(
                f"expected an image (1, H, W) with H and W multiples of {self.step}, got {tuple(image.shape)}"
            )
        generator = torch.Generator().manual_seed(self.seed)  # the same weights at every call
        first, second = (torch.randn(2, c, 3, 3, generator=generator) for c in (1, 2))
        low = F.max_pool2d(F.conv2d(image, first, padding=1), self.step)
        return F.conv2d(F.interpolate(low[None], scale_factor=float(self.step))[0], second, padding=1)


def _images(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    for depth, size in (
        (3, (21 + seed, 34)),
        (2, (13, 19 + 4 * seed)),
        (1, (9, 12)),
        (3, (16, 24)),
        (3, (3, 18 + seed)),
    ):
        yield _Net(2**depth, seed + 1), torch.randn(1, *size, generator=generator), depth


@exercise(
    _images,
    (
        "top : top + size[0], left : left + size[1]",
        ": size[0], : size[1]",
        "the first rows and columns of the output are returned; a part of the mirror lies before the image: skip it",
    ),
    (
        "(-top, -left)",
        "(top, left)",
        "the window has to begin before the image: the origin is minus the number of pixels before it",
    ),
    ("(-top, -left)", "(-left, -top)", "the origin is (x, y); it has to be (y, x), as in the shape"),
    (
        "top : top + size[0], left : left + size[1]",
        "left : left + size[0], top : top + size[1]",
        "rows and columns are exchanged where the output is cut",
    ),
    (
        "(-top, -left)",
        "(0, 0)",
        "the origin is (0, 0), so the whole mirror lies behind the image; half of it belongs before",
    ),
    (
        "mirrored(image, (-top, -left), larger)",
        "F.pad(image, (left, missing[1] - left, top, missing[0] - top))",
        "the image is padded with zeros; mirror it",
    ),
    (
        "    answer = net(mirrored(image, (-top, -left), larger))",
        "    import numpy as np\n"
        "    pads = [(0, 0), (top, missing[0] - top), (left, missing[1] - left)]\n"
        '    answer = net(torch.from_numpy(np.pad(image, pads, "symmetric")))',
        "the border pixel is there twice; the mirror lies on it, so it is not repeated",
    ),
    (
        "mirrored(image, (-top, -left), larger)",
        'F.pad(image, (left, missing[1] - left, top, missing[0] - top), "replicate")',
        "the border pixel is repeated; mirror the image instead",
    ),
    (
        "(m // 2 for m in missing)",
        "(0, 0)",
        "all missing pixels are added behind the image; add half of them before it",
    ),
    ("m // 2", "(m + 1) // 2", "of an odd number the smaller half goes before the image: round down"),
    (
        "-n % 2**depth",
        "2**depth - n % 2**depth",
        "a side that is a multiple already needs no padding; 2**depth - n % 2**depth is a whole step there",
    ),
    (
        "-n % 2**depth",
        "max(size) + -max(size) % 2**depth - n",
        "the image is made square; each side is padded to its own next multiple",
    ),
    (
        "mirrored(image, (-top, -left), larger)",
        "F.interpolate(image[None], larger)[0]",
        "answer[:, top : top + size[0], left : left + size[1]]",
        "F.interpolate(answer[None], size)[0]",
        "the image is resized; pad it, so that its pixels stay as they are",
    ),
    (
        "[:, top : top + size[0], left : left + size[1]]",
        "",
        "the output is as large as the padded image; cut it to the size of the image",
    ),
    (
        "top : top + size[0], left : left + size[1]",
        "top:-top, left:-left",
        "top:-top keeps nothing where top is 0, and a row too many of an odd number; the end is top + height",
    ),
    (
        "top : top + size[0], left : left + size[1]",
        "top : larger[0] - top, left : larger[1] - left",
        "of an odd number a row or a column too many is left; the end is top + height",
    ),
    (
        "top : top + size[0], left : left + size[1]",
        "top : top - missing[0], left : left - missing[1]",
        "where nothing is missing, the end is -0, which is 0, and nothing is left; the end is top + height",
    ),
    (
        "top : top + size[0], left : left + size[1]",
        "top : size[0], left : size[1]",
        "a slice is first : end, not first : length; the end is top + height",
    ),
    (
        "top : top + size[0], left : left + size[1]",
        "missing[0] - top : missing[0] - top + size[0], missing[1] - left : missing[1] - left + size[1]",
        "the output is cut as if the larger half were before the image; begin at the number of pixels before it",
    ),
    ("% 2**depth", "% (2 * depth)", "each pooling halves, so sides have to be multiples of 2**depth, not of 2 * depth"),
    ("% 2**depth", "% (16)", "16 is the step of four poolings; compute it from depth: 2**depth"),
    ("% 2**depth", "% (2 ** (depth + 1))", "the step is twice too large: it is 2^depth, for depth poolings"),
    ("% 2**depth", "% (2 ** (depth - 1))", "the step is half as large as it has to be: it is 2^depth"),
    ("% 2**depth", "% (depth)", "the sides have to be multiples of 2**depth, not of depth"),
    (
        "mirrored(image, (-top, -left), larger)",
        "F.interpolate(image[None], larger, mode='bilinear')[0]",
        "answer[:, top : top + size[0], left : left + size[1]]",
        "F.interpolate(answer[None], size, mode='bilinear')[0]",
        "the image is resized; pad it, so that its pixels stay as they are",
    ),
    (
        "-n % 2**depth",
        "-(n % 2**depth)",
        "(-top, -left), larger",
        "(0, 0), larger",
        "[:, top : top + size[0], left : left + size[1]]",
        "",
        "the image is cropped to a smaller multiple, so predictions are missing; pad it to the next larger one",
    ),
    (
        "-n % 2**depth",
        "-(n % 2**depth)",
        "[:, top : top + size[0], left : left + size[1]]",
        "",
        "the image is cropped to a smaller multiple, so predictions are missing; pad it to the next larger one",
    ),
    (
        "mirrored(image, (-top, -left), larger)",
        "image",
        "the net gets a window of the size of the image; its sides have to be the next multiples of 2^depth",
    ),
    (
        "net(mirrored(image, (-top, -left), larger))",
        "net(mirrored(image, (-top, -left), larger)[None])[0]",
        "this net takes (1, h, w), without an axis for the batch",
    ),
    (
        "mirrored(image, (-top, -left), larger)",
        'F.pad(image, (left, missing[1] - left, top, missing[0] - top), "reflect")',
        "the reflect mode of torch mirrors only once, which is too little for a small image; take `mirrored`",
    ),
    (
        "mirrored(image, (-top, -left), larger)",
        'F.pad(image, (left, missing[1] - left, top, missing[0] - top), "circular")',
        "behind its border the image begins again; mirror it instead",
    ),
    (
        "(m // 2 for m in missing)",
        "missing",
        "all missing pixels are added before the image; add half of them behind it",
    ),
    ("larger))\n", "larger[::-1]))\n", "height and width of the padded image are exchanged"),
    (
        "-n % 2**depth",
        "round(n / 2**depth) * 2**depth - n",
        "you rounded to the nearest multiple, which can be smaller than the image; take the next larger one",
    ),
    (
        "-n % 2**depth",
        "max(2 ** (n - 1).bit_length(), 2**depth) - n",
        "the sides are padded to powers of two; the next multiple of 2^depth is enough",
    ),
    ("larger = tuple(", "missing[0] = top = 0\n    larger = tuple(", "only the width is padded; the height, too"),
    ("larger = tuple(", "missing[1] = left = 0\n    larger = tuple(", "only the height is padded; the width, too"),
    (
        "(-top, -left)",
        "(-missing[0], -missing[1])",
        "the window begins too early: only half of the missing pixels lie before the image",
    ),
    (
        "return answer[:, top : top + size[0], left : left + size[1]]",
        "return answer[:, top : top + size[0], left : left + size[1]].softmax(0)",
        "return the output of the net as it is, without a softmax",
    ),
    (
        "return answer[:, top : top + size[0], left : left + size[1]]",
        "return answer[:, top : top + size[0], left : left + size[1]].argmax(0)",
        "return the output of the net as it is, without argmax",
    ),
    (
        "return answer[:, top : top + size[0], left : left + size[1]]",
        "return answer[:1, top : top + size[0], left : left + size[1]]",
        "return both channels of the output: (2, H, W)",
    ),
)
def pad_and_cut(net: Callable[[Tensor], Tensor], image: Tensor, depth: int) -> Tensor:
    size = image.shape[1:]
    missing = [-n % 2**depth for n in size]
    top, left = (m // 2 for m in missing)
    larger = tuple(n + m for n, m in zip(size, missing, strict=True))
    answer = net(mirrored(image, (-top, -left), larger))
    return answer[:, top : top + size[0], left : left + size[1]]


def _features(generator: torch.Generator, *shape: int) -> Tensor:
    """Features with a different mean and spread for each channel, and a different brightness for each image."""
    spread = torch.arange(1.0, 1 + shape[1]).reshape(-1, 1, 1)
    bright = torch.arange(1.0, 1 + shape[0]).reshape(-1, 1, 1, 1)
    return spread * torch.randn(*shape, generator=generator) + 2 * spread + bright


def _norms(seed: int) -> Iterator[Case]:
    """Features (N, C, H, W), γ and β (C,), and ε."""
    generator = torch.Generator().manual_seed(seed)
    for shape, epsilon in (((3, 4, 2, 2 + seed), 0.3), ((2, 2, 3, 4), 1e-5), ((1, 3, 2, 3), 0.05)):
        pair = 1 + torch.rand(2, shape[1], generator=generator)
        yield _features(generator, *shape), pair[0], -pair[1], epsilon


@exercise(
    _norms,
    (
        "axes = (0, 2, 3)",
        "axes = (2, 3)",
        "each image has its own mean, which is instance norm; average over the batch, too: axes 0, 2 and 3",
    ),
    (
        "axes = (0, 2, 3)",
        "axes = (1, 2, 3)",
        "each image has one mean for all channels, which is layer norm; average over the axes 0, 2 and 3",
    ),
    (
        "axes = (0, 2, 3)",
        "axes = (0, 1, 2, 3)",
        "there is one mean for everything; each channel has its own: average over the axes 0, 2 and 3",
    ),
    ("axes = (0, 2, 3)", "axes = (0,)", "each pixel has its own mean; average over the pixels, too: axes 0, 2 and 3"),
    (
        "correction=0",
        "correction=1",
        "the variance divides by n - 1 here; in training, batch norm divides by n: correction=0",
    ),
    ("(variance + epsilon).sqrt()", "(variance + epsilon)", "you divided by the variance; divide by its square root"),
    (
        "(variance + epsilon).sqrt()",
        "(variance.sqrt() + epsilon)",
        "ε is added behind the root; it belongs under the root: (variance + ε).sqrt()",
    ),
    ("variance + epsilon", "variance", "ε is missing"),
    (
        "gamma.reshape(-1, 1, 1) + beta.reshape(-1, 1, 1)",
        "beta.reshape(-1, 1, 1) + gamma.reshape(-1, 1, 1)",
        "γ and β are exchanged: multiply by γ and add β",
    ),
    (" * gamma.reshape(-1, 1, 1) + beta.reshape(-1, 1, 1)", "", "γ and β are missing"),
    (
        "normal * gamma.reshape(-1, 1, 1) + beta.reshape(-1, 1, 1)",
        "(normal + beta.reshape(-1, 1, 1)) * gamma.reshape(-1, 1, 1)",
        "β is multiplied by γ; multiply first, and then add β",
    ),
    (
        "gamma.reshape(-1, 1, 1) + beta.reshape(-1, 1, 1)",
        "gamma + beta",
        "γ and β are multiplied along the last axis, the columns; reshape them to (C, 1, 1)",
    ),
    (
        "x.mean(axes, keepdim=True)",
        "x.mean(axes)",
        "x.var(axes, correction=0, keepdim=True)",
        "x.var(axes, correction=0)",
        "the mean is subtracted along the last axis, the columns; use keepdim=True, or reshape it to (C, 1, 1)",
    ),
    (
        "x.mean(axes, keepdim=True)",
        "x.mean(axes)",
        "x.var(axes, correction=0, keepdim=True)",
        "x.var(axes, correction=0)",
        "gamma.reshape(-1, 1, 1) + beta.reshape(-1, 1, 1)",
        "gamma + beta",
        "the mean is subtracted along the last axis, the columns; use keepdim=True, or reshape it to (C, 1, 1)",
    ),
    (" + beta.reshape(-1, 1, 1)", "", "β is missing"),
    (" * gamma.reshape(-1, 1, 1)", "", "γ is missing"),
    ("+ beta", "- beta", "β is subtracted; add it"),
    (
        "correction=0",
        "correction=1",
        "(variance + epsilon).sqrt()",
        "(variance.sqrt() + epsilon)",
        "the deviation divides by n - 1, and ε is added behind the root; divide by n, and add ε to the variance",
    ),
    (
        "correction=0",
        "correction=1",
        "variance + epsilon",
        "variance",
        "the variance divides by n - 1, and ε is missing",
    ),
    ("(x - mean)", "x", "the mean is not subtracted"),
    (" / (variance + epsilon).sqrt()", "", "the features are not divided by their deviation"),
    ("(x - mean) / (variance", "(x - mean) * (variance", "you multiplied by the deviation; divide by it"),
    (
        "x.var(axes, correction=0, keepdim=True)",
        "x.square().mean(axes, keepdim=True)",
        "that is the mean of the squares; the variance is the mean of (x - mean)²",
    ),
    (
        "x.var(axes, correction=0, keepdim=True)",
        "(x.square().mean(axes, keepdim=True) - mean)",
        "square the mean: the variance is the mean of x² minus the square of the mean",
    ),
    (
        "x.var(axes, correction=0, keepdim=True)",
        "(x - mean).abs().mean(axes, keepdim=True).square()",
        "that is the mean absolute deviation; the variance is the mean of (x - mean)²",
    ),
    ("axes = (0, 2, 3)", "axes = (0, 2)", "each column has its own mean; average over the axes 0, 2 and 3"),
    ("axes = (0, 2, 3)", "axes = (0, 3)", "each row has its own mean; average over the axes 0, 2 and 3"),
    ("axes = (0, 2, 3)", "axes = (0, 1)", "channels are mixed; average over the axes 0, 2 and 3"),
    (
        "axes = (0, 2, 3)",
        "axes = (1,)",
        "the mean runs over the channels; each channel has its own: average over the axes 0, 2 and 3",
    ),
    (
        "(x - mean) / (variance + epsilon).sqrt()",
        "x / (1 + epsilon) ** 0.5",
        "that is evaluation before any training, with mean 0 and variance 1; use the mean and variance of x",
    ),
    (
        "return normal",
        "return (x - mean) / (x.amax(axes, keepdim=True) - x.amin(axes, keepdim=True))\n    return normal",
        "you divided by the range of the values; divide by the square root of the variance plus ε",
    ),
    (
        "(variance + epsilon).sqrt()",
        "variance.sqrt() + epsilon",
        "parentheses are missing: ε is added to the quotient; it belongs under the root",
    ),
    (
        "(x - mean) / (variance + epsilon).sqrt()",
        "x - mean / (variance + epsilon).sqrt()",
        "parentheses are missing: only the mean is divided; it is (x - mean) / …",
    ),
    (
        "gamma.reshape(-1, 1, 1) + beta.reshape(-1, 1, 1)",
        "gamma.reshape(-1, 1, 1, 1) + beta.reshape(-1, 1, 1, 1)",
        "γ and β are multiplied along the axis of the images; reshape them to (C, 1, 1)",
    ),
    ("- mean) / (variance", "+ mean) / (variance", "the mean is added; subtract it"),
    ("variance + epsilon", "variance - epsilon", "ε is subtracted; add it"),
    (
        "variance + epsilon",
        "variance",
        "+ beta",
        "+ epsilon + beta",
        "ε is added to the result; it belongs under the root: (variance + ε).sqrt()",
    ),
    forbidden=NORMS,
)
def batch_normalised(x: Tensor, gamma: Tensor, beta: Tensor, epsilon: float) -> Tensor:
    axes = (0, 2, 3)
    mean = x.mean(axes, keepdim=True)  # (1, C, 1, 1)
    variance = x.var(axes, correction=0, keepdim=True)
    normal = (x - mean) / (variance + epsilon).sqrt()
    return normal * gamma.reshape(-1, 1, 1) + beta.reshape(-1, 1, 1)


def _runs(seed: int) -> Iterator[Case]:
    """Batches of different sizes, and the weight of a new batch in the running statistics."""
    generator = torch.Generator().manual_seed(seed)
    for share, count in ((0.1, 3), (0.3, 2 + seed), (0.25, 1)):
        yield [_features(generator, 1 + i % 2, 3, 2, 2 + i) for i in range(count)], share


@exercise(
    _runs,
    (
        "for x in batches",
        "for x in [torch.cat([each.transpose(0, 1).flatten(1) for each in batches], 1)[None, :, :, None]]",
        "all batches are joined, and there is one update; make an update for each batch, one after the other",
    ),
    ("x.var((0, 2, 3))", "x.var((0, 2, 3), correction=0)", "the running variance divides by n - 1; yours divides by n"),
    (
        "    for x",
        "    share = 1 - share\n    for x",
        "the share belongs to the new batch, and 1 - share to the old value",
    ),
    ("torch.ones", "torch.zeros", "the running variance starts at 1, not at 0"),
    ("x.var", "x.std", "the running variance is updated with the variance, not with its square root"),
    (
        "torch.zeros(channels), torch.ones(channels)",
        "batches[0].mean((0, 2, 3)), batches[0].var((0, 2, 3))",
        "in batches",
        "in batches[1:]",
        "you start with the first batch; start with mean 0 and variance 1, of which 1 - share remains",
    ),
    (
        "for x in batches:",
        "for i, x in enumerate(batches):\n        share = 1 / (i + 1)",
        "that is the mean over all batches; in running statistics, each new batch has the weight `share`",
    ),
    ("return mean, variance", "return variance, mean", "mean and variance are exchanged; return (mean, variance)"),
    ("in batches", "in batches[-1:]", "only the last batch is used"),
    ("in batches", "in batches[::-1]", "the batches are used in reverse order"),
    (
        "    for x in batches:\n",
        "    batches = [torch.cat(batches)]\n    share = 1.0\n    for x in batches:\n",
        "the batches are taken as one large batch; update the statistics after each batch",
    ),
    (
        "return mean, variance",
        "return mean, variance.sqrt()",
        "that is the square root of the running variance; return the variance",
    ),
    (
        "return mean, variance",
        "return mean.reshape(1, -1, 1, 1), variance.reshape(1, -1, 1, 1)",
        "the values are right, but their shape is (1, C, 1, 1); return (C,)",
    ),
    (
        "(1 - share) * mean",
        "mean",
        "(1 - share) * variance",
        "variance",
        "the old values are not multiplied by 1 - share",
    ),
    ("(1 - share) * variance", "variance", "the old variance is not multiplied by 1 - share"),
    ("(1 - share) * mean", "mean", "the old mean is not multiplied by 1 - share"),
    (
        "share * x.mean",
        "x.mean",
        "share * x.var",
        "x.var",
        "the values of the new batch are not multiplied by the share",
    ),
    (
        "share * x.var((0, 2, 3))",
        "share * (x - mean.reshape(-1, 1, 1)).square().sum((0, 2, 3)) / (x.numel() // channels - 1)",
        "the variance is taken around the running mean; take it around the mean of the batch: x.var",
    ),
    (
        "share * x.var((0, 2, 3))",
        "share * (x - mean.reshape(-1, 1, 1)).square().mean((0, 2, 3))",
        "the variance is taken around the running mean; take it around the mean of the batch: x.var",
    ),
    (
        "for x in batches:",
        "for x in [image[None] for x in batches for image in x]:",
        "the statistics are updated after each image; a batch is one update",
    ),
    (
        "x.mean((0, 2, 3))",
        "x.mean((2, 3))",
        "x.var((0, 2, 3))",
        "x.var((2, 3))",
        "each image has its own mean; average over the batch, too: axes 0, 2 and 3",
    ),
    (
        "x.mean((0, 2, 3))",
        "x.mean((2, 3)).mean(0)",
        "x.var((0, 2, 3))",
        "x.var((2, 3)).mean(0)",
        "the variances of the images are averaged; take the variance over the whole batch, axes 0, 2 and 3",
    ),
    (
        "x.mean((0, 2, 3))",
        "x.mean()",
        "x.var((0, 2, 3))",
        "x.var()",
        "there is one mean for all channels; each channel has its own",
    ),
    (
        "        variance = (1 - share) * variance + share * x.var((0, 2, 3))\n",
        "",
        "the running variance is not updated",
    ),
    ("        mean = (1 - share) * mean + share * x.mean((0, 2, 3))\n", "", "the running mean is not updated"),
    ("torch.zeros", "torch.ones", "the running mean starts at 0, not at 1"),
    ("in batches", "in batches[:1]", "only the first batch is used: does the return stand inside the loop?"),
    ("in batches", "in batches[1:]", "the first batch is left out"),
    (
        "    return mean, variance",
        "    return mean, variance - mean.square()",
        "the square of the mean is subtracted; the running variance is a variance already",
    ),
    (
        "    return mean, variance",
        "    scale = 1 - (1 - share) ** len(batches)\n    return mean / scale, variance / scale",
        "the start is divided out; torch makes no such correction",
    ),
    (
        "    return mean, variance",
        "    return torch.stack([x.mean((0, 2, 3)) for x in batches]).mean(0), "
        "torch.stack([x.var((0, 2, 3)) for x in batches]).mean(0)",
        "that is the mean over all batches; in running statistics, each new batch has the weight `share`",
    ),
    (
        "    for x in batches:\n",
        "    first = share\n    for x in batches:\n        share = first * len(x)\n",
        "the share is multiplied by the number of images; each batch has the weight `share`",
    ),
    (
        "variance = (1 - share) * variance + share * x.var((0, 2, 3))",
        "variance = x.var((0, 2, 3))",
        "that is the variance of the last batch; mix it with the old value, as you mix the mean",
    ),
    (
        "mean = (1 - share) * mean + share * x.mean((0, 2, 3))",
        "mean = x.mean((0, 2, 3))",
        "that is the mean of the last batch; mix it with the old value, as you mix the variance",
    ),
    (
        "    return mean, variance",
        "    return torch.zeros(channels), torch.ones(channels)",
        "the statistics are still 0 and 1: update them with each batch, and keep the result",
    ),
    (
        "    for x in batches:\n",
        "    share = 0.1\n    for x in batches:\n",
        "the share is always 0.1, the default of torch; use `share`",
    ),
    (
        "torch.zeros(channels), torch.ones(channels)",
        "torch.zeros(batches[0].shape[3]), torch.ones(batches[0].shape[3])",
        "x.mean((0, 2, 3))",
        "x.mean((0, 1, 2))",
        "x.var((0, 2, 3))",
        "x.var((0, 1, 2))",
        "the statistics belong to the columns; the channels are axis 1, so average over the axes 0, 2 and 3",
    ),
    (
        "torch.zeros(channels), torch.ones(channels)",
        "0.0, 1.0",
        "x.mean((0, 2, 3))",
        "float(x.mean())",
        "x.var((0, 2, 3))",
        "float(x.var())",
        "there is one number for all channels; each channel has its own",
    ),
    (
        "    for x in batches:\n",
        "    states = []\n    for x in batches:\n        states.append((mean, variance))\n",
        "return mean, variance",
        "return [*states[1:], (mean, variance)]",
        "these are the statistics after each batch; return those at the end",
    ),
    forbidden=NORMS,
)
def running_statistics(batches: list[Tensor], share: float) -> tuple[Tensor, Tensor]:
    channels = batches[0].shape[1]
    mean, variance = torch.zeros(channels), torch.ones(channels)
    for x in batches:
        mean = (1 - share) * mean + share * x.mean((0, 2, 3))
        variance = (1 - share) * variance + share * x.var((0, 2, 3))
    return mean, variance


def _steps(seed: int) -> Iterator[Case]:
    """Number of images in a batch, their size, and the number of poolings; valid and invalid ones for each depth."""
    for depth in (4, 2 + seed % 2, 1):
        step = 2**depth
        yield from ((1, (step, step), depth), (2, (step, step), depth), (1, (step, 2 * step), depth))
        yield from ((1, (2 * step, step), depth), (1, (2 * step, 2 * step), depth), (3 + seed, (step,) * 3, depth))
        yield from ((2, (step + step // 2, step), depth), (1, (step,) * 3, depth), (4, (step, 5 * step // 2), depth))
        yield from ((2, (2 * step, 2 * step), depth), (1, (step,), depth), (2, (step,), depth))
        half = step // 2  # sides that are no multiples, though their sum is, and often their product
        yield from ((2, (step + half, step + half), depth), (2, (half, half, step), depth), (3, (half, step), depth))
        yield from ((2, (step + 1, step + 1), depth), (4, (step, step + half, step), depth))
        yield from ((1, (step // 2, 4 * step), depth), (1, (3 * step,), depth), (1, (step, 2 * step, step), depth))
    yield from ((2, (24, 24), 3), (2, (20, 20), 4), (1, (8, 8), 2), (1, (12, 4), 2))


@exercise(
    _steps,
    ("values > 1", "batch > 1", "a batch of one image can train if its coarsest map has more than one pixel"),
    ("batch * prod", "prod", "multiply by the number of images, too: two images of one pixel are two values"),
    (
        "values > 1",
        "values >= 1",
        "one value per channel at the bottom is refused by batch norm, the second reason: more than one is needed",
    ),
    ("all(n % step == 0 for n in sides) and ", "", "each side has to be a multiple of 2^depth"),
    (
        "2**depth",
        "2 * depth",
        "each pooling halves, so the step is 2**depth, not 2 * depth",
    ),
    (
        "values > 1",
        "(batch > 1 or all(n > step for n in sides))",
        "one side of more than a pixel is enough; multiply the sides",
    ),
    (
        "n % step == 0",
        "n % (2 * depth) == 0",
        "each pooling halves, so the step is 2**depth, not 2 * depth",
    ),
    ("2**depth", "2 ** (depth + 1)", "the step is twice too large: it is 2^depth, for depth poolings"),
    ("2**depth", "16", "16 is the step of four poolings; compute it from depth"),
    (
        "prod(n // step for n in sides)",
        "(sides[0] // step)",
        "only the first side is used for the coarsest map; multiply all sides",
    ),
    (
        "all(n % step == 0 for n in sides)",
        "any(n % step == 0 for n in sides)",
        "one side that is a multiple is not enough; all sides have to be (all, not any)",
    ),
    (
        "return all(n % step == 0 for n in sides) and values > 1",
        "return sides[0] % step == 0 and batch * (sides[0] // step) > 1",
        "only the first side is used; all sides count",
    ),
    (
        "all(n % step == 0 for n in sides)",
        "sides[0] % step == 0",
        "only the first side is tested; all of them have to be multiples",
    ),
    (
        "all(n % step == 0 for n in sides)",
        "sides[0] % step == sides[-1] % step == 0",
        "only the first and the last side are tested; of three sides the middle one counts, too",
    ),
    (
        "all(n % step == 0 for n in sides)",
        "sides[-1] % step == 0",
        "only the last side is tested; all of them have to be multiples",
    ),
    (
        "values > 1",
        "all(n > step for n in sides)",
        "one side of more than a pixel is enough, and so are two images: multiply all of them",
    ),
    (
        "all(n % step == 0 for n in sides) and values > 1",
        "all(n >= step for n in sides) and batch > 1",
        "a side has to be a multiple of 2^depth, and one image can be enough",
    ),
    (
        "all(n % step == 0 for n in sides) and values > 1",
        "batch > 1",
        "the sides count, too: each has to be a multiple of 2^depth",
    ),
    (
        "all(n % step == 0 for n in sides) and values > 1",
        "all(n % step == 0 for n in sides) or values > 1",
        "both conditions have to hold: and, not or",
    ),
    (
        "all(n % step == 0 for n in sides) and values > 1",
        "not (all(n % step == 0 for n in sides) and values > 1)",
        "that is the opposite: return True if the step goes through",
    ),
    (
        "all(n % step == 0 for n in sides) and values > 1",
        "True",
        "the result is always True; there are two reasons why a step can fail",
    ),
    ("all(n % step == 0 for n in sides) and values > 1", "False", "the result is always False; most steps go through"),
    ("values > 1", "values > 2", "two values per channel are enough"),
    (
        "prod(n // step for n in sides)",
        "sum(n // step for n in sides)",
        "the pixels of the coarsest map are the product of its sides, not the sum",
    ),
    (
        "all(n % step == 0 for n in sides)",
        "prod(sides) % step == 0",
        "test each side on its own; a product can be a multiple when a side is not",
    ),
    (
        "prod(n // step for n in sides)",
        "prod(sides) // step ** len(sides)",
        "all(n % step == 0 for n in sides)",
        "prod(sides) % step ** len(sides) == 0",
        "test each side on its own; a product can be a multiple when a side is not",
    ),
    (
        "all(n % step == 0 for n in sides)",
        "sum(sides) % step == 0",
        "test each side on its own; a sum can be a multiple when a side is not",
    ),
    (
        "all(n % step == 0 for n in sides)",
        "all(n % 2 == 0 for n in sides)",
        "even sides are not enough; each of the depth poolings halves them",
    ),
    ("2**depth", "2 ** (depth - 1)", "the step is half as large as it has to be: it is 2^depth"),
    (
        "all(n % step == 0 for n in sides) and values > 1",
        "int(all(n % step == 0 for n in sides) and values > 1)",
        "return True or False, not 1 or 0",
    ),
    (
        "    step = 2**depth\n",
        "    height, width = sides\n    step = 2**depth\n",
        "there can be one, two or three sides; do not unpack them into two names",
    ),
)
def can_train(batch: int, sides: tuple[int, ...], depth: int) -> bool:
    step = 2**depth
    values = batch * prod(n // step for n in sides)  # of each channel of the coarsest map
    return all(n % step == 0 for n in sides) and values > 1


def _widths(seed: int) -> Iterator[Case]:
    yield from (((64, 128, 256, 512, 1024),), ((16 + seed, 32, 64),), ((8, 20 + seed),), ((5, 7 + seed, 30, 11),))


@exercise(
    _widths,
    ("(encoder + decoder)", "encoder", "the blocks of the decoder are missing"),
    ("(encoder + decoder)", "decoder", "the blocks of the encoder are missing, with the coarsest one"),
    ("2 * ", "", "each block has two convolutions, and each of them has a norm"),
    ("[:-1]", "", "the coarsest block is counted twice; the decoder has no block there"),
    (
        "2 * (encoder + decoder)",
        "2 * encoder + 3 * decoder",
        "no norm follows the up-convolutions; do not count their biases",
    ),
    ("decoder)", "decoder) + 2", "no norm follows the head; do not count its biases"),
    (
        "2 * (encoder + decoder)",
        "2 * encoder + 3 * decoder + 2",
        "no norm follows the up-convolutions and the head; do not count their biases",
    ),
    ("[:-1]", "[1:]", "a block of the decoder is as wide as its own level, not as the level below"),
    ("2 * ", "4 * ", "that is twice the number; γ and β are no biases of a convolution"),
    ("[:-1]", "[1:-1]", "the finest block of the decoder is missing"),
    (
        "2 * (encoder + decoder)",
        "2 * (2 * len(widths) - 1)",
        "that is the number of convolutions; each has one bias per output channel, so add the widths",
    ),
    ("2 * (encoder + decoder)", "4 * decoder", "the coarsest block is missing"),
    ("2 * (encoder + decoder)", "2 * encoder + decoder", "a block of the decoder has two convolutions, too"),
    ("2 * (encoder + decoder)", "encoder + 2 * decoder", "a block of the encoder has two convolutions, too"),
    (
        "2 * (encoder + decoder)",
        "decoder",
        "these are the biases of the up-convolutions; they have no norm behind them",
    ),
    (
        "2 * (encoder + decoder)",
        "encoder",
        "that is one convolution per level; each block has two, and the decoder has blocks, too",
    ),
    ("2 * (encoder + decoder)", "2 * (encoder + decoder) + 1", "no norm follows the head; do not count its biases"),
    ("2 * (encoder + decoder)", "4 * encoder + 2", "the coarsest block is counted twice, and no norm follows the head"),
    (
        "2 * (encoder + decoder)",
        "9 * sum(a * b for a, b in zip(widths, widths[1:]))",
        "these are weights; a convolution has one bias for each output channel",
    ),
    (
        "2 * (encoder + decoder)",
        "18 * (encoder + decoder)",
        "the kernel does not count: a convolution has one bias for each output channel",
    ),
    (
        "2 * (encoder + decoder)",
        "9 * (encoder + decoder)",
        "the kernel does not count: a convolution has one bias for each output channel",
    ),
    (
        "2 * (encoder + decoder)",
        "2 * encoder + sum(a + b for a, b in zip(widths, widths[1:]))",
        "the concatenation makes more input channels; a bias belongs to an output channel",
    ),
    (
        "2 * (encoder + decoder)",
        "2 * encoder + 3 * decoder - widths[0]",
        "no norm follows the up-convolutions; do not count their biases",
    ),
    ("2 * (encoder + decoder)", "4 * len(widths) * max(widths)", "the blocks have different widths; add them up"),
    ("2 * (encoder + decoder)", "(4 * len(widths) - 2) * widths[0]", "the blocks have different widths; add them up"),
    (
        "2 * (encoder + decoder)",
        "2 * encoder + 4 * decoder",
        "the concatenation makes more input channels; a bias belongs to an output channel",
    ),
    ("[:-1]", "[:-2]", "the decoder has one block per level but the coarsest; yours lacks one more"),
    ("decoder)", "decoder) - 2", "the biases of the head are subtracted, but they are not in your sum"),
    ("2 * (encoder + decoder)", "encoder * decoder", "add the widths; do not multiply them"),
)
def dead_biases(widths: tuple[int, ...]) -> int:
    encoder, decoder = sum(widths), sum(widths[:-1])
    return 2 * (encoder + decoder)


MISFIT = "factors whose shape does not fit that of the weights; they belong to the first axis, the output channels"


def _convolutions(seed: int) -> Iterator[Case]:
    """Weights (out, in, kernel, kernel), five vectors (out,), and ε."""
    generator = torch.Generator().manual_seed(seed)
    for shape, epsilon in (((3, 3, 3, 3), 0.2), ((4, 2 + seed, 3, 3), 1e-5), ((5, 1, 1, 1), 0.05), ((2, 2, 2, 3), 0.1)):
        weight, vectors = torch.randn(shape, generator=generator), torch.randn(5, shape[0], generator=generator)
        bias, mean, beta, gamma, variance = vectors
        yield weight, bias, mean, variance.square() + 0.2, gamma, beta, epsilon


def _or_misfit(answer: Callable[..., object], case: Case) -> object:
    """The answer's output, or MISFIT if shapes differ: factors along a wrong axis fit only some of the weights."""
    try:
        return answer(*case)
    except RuntimeError as error:
        if "must match the size" in str(error) or "broadcast" in str(error):
            return MISFIT
        raise


@exercise(
    _convolutions,
    (
        "(bias - mean) * factor",
        "bias - mean * factor",
        "the old bias is not multiplied by the factor; the norm scales it, too",
    ),
    (
        "(bias - mean) * factor",
        "bias * factor - mean",
        "the mean is not multiplied by the factor; the norm subtracts it first, and scales then",
    ),
    ("(bias - mean)", "bias", "the mean is missing"),
    ("bias - mean", "bias + mean", "the mean is added; subtract it"),
    ("(bias - mean)", "-mean", "the old bias is missing"),
    (" + beta", "", "β is missing"),
    (
        "(bias - mean) * factor + beta",
        "(bias - mean + beta) * factor",
        "β is multiplied by the factor; add it afterwards",
    ),
    (
        "(-1, 1, 1, 1)",
        "(1, -1, 1, 1)",
        "the factor belongs to the output channels, the first axis of the weights; you gave it to the second",
    ),
    (
        ".reshape(-1, 1, 1, 1)",
        "",
        "the factor is multiplied along the last axis, the columns of the kernel; reshape it to (out, 1, 1, 1)",
    ),
    (
        "weight * factor.reshape(-1, 1, 1, 1)",
        "weight.clone()",
        "the weights are unchanged; multiply them by the factor, too",
    ),
    ("(variance + epsilon).sqrt()", "(variance + epsilon)", "you divided by the variance; divide by its square root"),
    (
        "(variance + epsilon).sqrt()",
        "(variance.sqrt() + epsilon)",
        "ε is added behind the root; it belongs under the root: (variance + ε).sqrt()",
    ),
    ("variance + epsilon", "variance", "ε is missing"),
    ("gamma /", "1 /", "γ is missing"),
    ("gamma / (variance", "gamma * (variance", "you multiplied by the deviation; divide by it"),
    (
        "weight * factor.reshape(-1, 1, 1, 1)",
        "(weight - mean.reshape(-1, 1, 1, 1)) * factor.reshape(-1, 1, 1, 1)",
        "the mean is subtracted from the weights; it is subtracted from the bias only",
    ),
    (
        "weight * factor.reshape(-1, 1, 1, 1)",
        "weight * factor.reshape(-1, 1, 1, 1) + beta.reshape(-1, 1, 1, 1)",
        "β is added to the weights; it belongs to the bias only",
    ),
    ("gamma /", "beta /", "+ beta", "+ gamma", "γ and β are exchanged: multiply by γ and add β"),
    ("weight * factor.reshape", "weight / (variance + epsilon).sqrt().reshape", "γ is missing in the weights"),
    ("(bias - mean) * factor", "(bias - mean) / (variance + epsilon).sqrt()", "γ is missing in the bias"),
    (
        "(bias - mean) * factor + beta",
        "bias - mean + beta",
        "the bias is not multiplied by the factor γ / √(variance + ε)",
    ),
    ("(bias - mean) * factor + beta", "bias.clone()", "the bias is unchanged; it goes through the norm, too"),
    (
        "(bias - mean) * factor + beta",
        "beta.clone()",
        "the new bias is β only; the old bias and the mean go through the norm, too",
    ),
    ("(bias - mean) * factor + beta", "bias * factor", "the mean and β are missing in the bias"),
    (
        "(bias - mean) * factor + beta",
        "bias + beta",
        "the bias is not multiplied by the factor, and the mean is missing",
    ),
    (
        "return weight * factor.reshape(-1, 1, 1, 1), (bias - mean) * factor + beta",
        "return (bias - mean) * factor + beta, weight * factor.reshape(-1, 1, 1, 1)",
        "the order is (weights, bias)",
    ),
    (
        "return weight * factor.reshape(-1, 1, 1, 1), (bias - mean) * factor + beta",
        "return weight * factor.reshape(-1, 1, 1, 1)",
        "the bias is missing; return (weights, bias)",
    ),
    ("+ beta", "- beta", "β is subtracted; add it"),
    ("(bias - mean)", "(mean - bias)", "the sign is wrong: the mean is subtracted from the bias"),
    (
        "(variance + epsilon).sqrt()",
        "(variance + epsilon) ** 2",
        "you divided by the square of the variance; divide by its square root",
    ),
    ("gamma / (variance + epsilon).sqrt()", "gamma", "the factor is γ only; divide it by √(variance + ε)"),
    (
        "factor.reshape(-1, 1, 1, 1), (bias",
        "factor.mean(), (bias",
        "one factor is used for all output channels; each has its own",
    ),
    (
        "weight * factor.reshape",
        "weight * (gamma / variance.sqrt()).reshape",
        "ε is missing in the factor of the weights",
    ),
    ("(bias - mean) * factor", "(bias - mean) * gamma / variance.sqrt()", "ε is missing in the factor of the bias"),
    (
        "weight * factor.reshape(-1, 1, 1, 1)",
        "(weight.reshape(-1, weight.shape[0]) * factor).reshape(weight.shape)",
        "the first axis of the weights, the output channels, has to be multiplied: factor.reshape(-1, 1, 1, 1)",
    ),
    ("(bias - mean) * factor", "bias * factor - mean / (variance + epsilon).sqrt()", "the mean is not multiplied by γ"),
    (
        "weight * factor.reshape(-1, 1, 1, 1)",
        "weight.flatten(1) * factor.reshape(-1, 1)",
        "the new weights have to have the shape of the old ones",
    ),
    ("gamma /", "(1 + gamma) /", "the factor is γ, not 1 + γ"),
    ("gamma /", "gamma.abs() /", "the factor is γ with its sign"),
    probe=_or_misfit,
    forbidden=("torch.nn.utils.fusion.fuse_conv_bn_weights",),
)
def fold_norm(
    weight: Tensor, bias: Tensor, mean: Tensor, variance: Tensor, gamma: Tensor, beta: Tensor, epsilon: float
) -> tuple[Tensor, Tensor]:
    factor = gamma / (variance + epsilon).sqrt()  # (out,)
    return weight * factor.reshape(-1, 1, 1, 1), (bias - mean) * factor + beta


EXERCISES = (pad_and_cut, batch_normalised, running_statistics, can_train, dead_biases, fold_norm)
