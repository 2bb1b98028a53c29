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
        "you kept the corner of the answer; some of the mirror stands before the image: cut where the image is",
    ),
    ("(-top, -left)", "(top, left)", "the window begins before the image: the origin is minus what goes before"),
    ("(-top, -left)", "(-left, -top)", "(x, y) went in as the origin; y comes first, as in the shape"),
    (
        "top : top + size[0], left : left + size[1]",
        "left : left + size[0], top : top + size[1]",
        "(x, y) was taken for the corner of the cut; y comes first",
    ),
    (
        "(-top, -left)",
        "(0, 0)",
        "the origin was (0, 0), so all of the mirror stands behind the image; it is minus what goes before",
    ),
    (
        "mirrored(image, (-top, -left), larger)",
        "F.pad(image, (left, missing[1] - left, top, missing[0] - top))",
        "zeros stand around the image; mirror it",
    ),
    (
        "    answer = net(mirrored(image, (-top, -left), larger))",
        "    import numpy as np\n"
        "    pads = [(0, 0), (top, missing[0] - top), (left, missing[1] - left)]\n"
        '    answer = net(torch.from_numpy(np.pad(image, pads, "symmetric")))',
        "the border pixel stands there twice; the mirror is the pixel itself",
    ),
    (
        "mirrored(image, (-top, -left), larger)",
        'F.pad(image, (left, missing[1] - left, top, missing[0] - top), "replicate")',
        "the border pixel is repeated; walk back into the image instead",
    ),
    ("(m // 2 for m in missing)", "(0, 0)", "all that was added stands behind the image; share it between both sides"),
    ("m // 2", "(m + 1) // 2", "of an odd number the smaller half goes before the image"),
    (
        "-n % 2**depth",
        "2**depth - n % 2**depth",
        "a side that passes already needs nothing: step - n % step is a whole step there",
    ),
    (
        "-n % 2**depth",
        "max(size) + -max(size) % 2**depth - n",
        "you made the image square; each side goes up to its own next multiple",
    ),
    (
        "mirrored(image, (-top, -left), larger)",
        "F.interpolate(image[None], larger)[0]",
        "answer[:, top : top + size[0], left : left + size[1]]",
        "F.interpolate(answer[None], size)[0]",
        "you stretched the image; its pixels must stay what they are",
    ),
    (
        "[:, top : top + size[0], left : left + size[1]]",
        "",
        "the answer is still as large as what the net was given; cut it back to the image",
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
        "each image has a mean of its own there, which is instance norm; take it over the batch, too",
    ),
    ("axes = (0, 2, 3)", "axes = (1, 2, 3)", "one mean for all channels is layer norm; each channel has its own"),
    ("axes = (0, 2, 3)", "axes = (0, 1, 2, 3)", "the mean runs over everything; each channel has its own"),
    ("axes = (0, 2, 3)", "axes = (0,)", "each pixel has a mean of its own there; take it over the pixels, too"),
    ("correction=0", "correction=1", "the variance divides by n, not by n - 1, while it normalises"),
    ("(variance + epsilon).sqrt()", "(variance + epsilon)", "that divides by the variance; its square root is wanted"),
    ("(variance + epsilon).sqrt()", "(variance.sqrt() + epsilon)", "ε belongs under the root, beside the variance"),
    ("variance + epsilon", "variance", "ε is missing"),
    (
        "gamma.reshape(-1, 1, 1) + beta.reshape(-1, 1, 1)",
        "beta.reshape(-1, 1, 1) + gamma.reshape(-1, 1, 1)",
        "γ is the factor and β what is added; they are swapped",
    ),
    (" * gamma.reshape(-1, 1, 1) + beta.reshape(-1, 1, 1)", "", "γ and β are missing"),
    (
        "normal * gamma.reshape(-1, 1, 1) + beta.reshape(-1, 1, 1)",
        "(normal + beta.reshape(-1, 1, 1)) * gamma.reshape(-1, 1, 1)",
        "first the factor γ, and then β is added",
    ),
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
    ("x.var((0, 2, 3))", "x.var((0, 2, 3), correction=0)", "the variance that is kept divides by n - 1"),
    ("    for x", "    share = 1 - share\n    for x", "the share is that of the new batch, and not of the old value"),
    ("torch.ones", "torch.zeros", "the mean starts at 0 and the variance at 1: what stands there before any batch"),
    ("x.var", "x.std", "what is kept is the variance, and not its square root"),
    (
        "torch.zeros(channels), torch.ones(channels)",
        "batches[0].mean((0, 2, 3)), batches[0].var((0, 2, 3))",
        "in batches",
        "in batches[1:]",
        "the start does not vanish with the first batch; it keeps its share of 1 - share",
    ),
    (
        "for x in batches:",
        "for i, x in enumerate(batches):\n        share = 1 / (i + 1)",
        "that is the mean over all batches; a running one forgets the old ones",
    ),
    ("return mean, variance", "return variance, mean", "mean and variance change places"),
    ("in batches", "in batches[-1:]", "only the last batch has left a trace"),
    ("in batches", "in batches[::-1]", "the batches are taken in reverse"),
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
        yield 2, (2 * step, 2 * step), depth
        yield from ((1, (step // 2, 4 * step), depth), (1, (3 * step,), depth), (1, (step, 2 * step, step), depth))
    yield from ((2, (24, 24), 3), (2, (20, 20), 4), (1, (8, 8), 2), (1, (12, 4), 2))


def _truth(answer: Callable[..., object], case: Case) -> object:
    """The answer's result as a bool, also if it is a NumPy bool or a tensor; None stays None."""
    value = answer(*case)
    return value if isinstance(value, (bool, type(None))) else bool(value)


@exercise(
    _steps,
    ("values > 1", "batch > 1", "a batch of one can train, as long as its coarsest map has more than one pixel"),
    ("batch * prod", "prod", "the images of a batch count, too: two of one pixel are two values"),
    ("values > 1", "values >= 1", "one value has no variance: more than one is needed"),
    ("all(n % step == 0 for n in sides) and ", "", "the sizes must pass: each side a multiple of 2^depth"),
    (
        "2**depth",
        "2 * depth",
        "each pooling halves, so the step is 2 to the number of poolings, and not twice that number",
    ),
    (
        "values > 1",
        "(batch > 1 or all(n > step for n in sides))",
        "one side of more than a pixel is enough; their product counts",
    ),
    ("2**depth", "2 ** (depth + 1)", "you counted the levels; there is one pooling less"),
    ("2**depth", "16", "16 is the step of four poolings; each depth has its own"),
    ("prod(n // step for n in sides)", "(sides[0] // step)", "the first side was taken for all; multiply all of them"),
    probe=_truth,
)
def can_train(batch: int, sides: tuple[int, ...], depth: int) -> bool:
    step = 2**depth
    values = batch * prod(n // step for n in sides)  # of each channel of the coarsest map
    return all(n % step == 0 for n in sides) and values > 1


def _widths(seed: int) -> Iterator[Case]:
    yield from (((64, 128, 256, 512, 1024),), ((16 + seed, 32, 64),), ((8, 20 + seed),), ((5, 7 + seed, 30, 11),))


@exercise(
    _widths,
    ("(encoder + decoder)", "encoder", "the decoder's blocks are missing"),
    ("(encoder + decoder)", "decoder", "the encoder's blocks are missing, the coarsest with them"),
    ("2 * ", "", "a block has two convolutions, each with its norm"),
    ("[:-1]", "", "the coarsest block belongs to the encoder and stands there once"),
    ("2 * (encoder + decoder)", "2 * encoder + 3 * decoder", "no norm follows the up-convolutions; their biases live"),
    ("decoder)", "decoder) + 2", "no norm follows the head; its two biases live"),
    (
        "2 * (encoder + decoder)",
        "2 * encoder + 3 * decoder + 2",
        "no norm follows the up-convolutions nor the head; their biases live",
    ),
    ("[:-1]", "[1:]", "a decoder's block is as wide as its own level, and not as the one below"),
    ("2 * ", "4 * ", "γ and β are two numbers a channel; a bias is one"),
    ("[:-1]", "[1:-1]", "the finest block of the decoder is missing"),
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
    ("(bias - mean) * factor", "bias - mean * factor", "the old bias goes through the norm, too: scale it"),
    (
        "(bias - mean) * factor",
        "bias * factor - mean",
        "the mean is to be scaled with the bias: the norm takes it off first",
    ),
    ("(bias - mean)", "bias", "the mean is missing"),
    ("bias - mean", "bias + mean", "the mean is taken off, and not added"),
    ("(bias - mean)", "-mean", "the old bias is missing"),
    (" + beta", "", "β is missing"),
    (
        "(bias - mean) * factor + beta",
        "(bias - mean + beta) * factor",
        "β is added behind the factor, and not scaled by it",
    ),
    (
        "(-1, 1, 1, 1)",
        "(1, -1, 1, 1)",
        "the factor belongs to the output channels, the first axis of the weights; you gave it to the second",
    ),
    (
        ".reshape(-1, 1, 1, 1)",
        "",
        "the factor fell on the last axis, the kernel's columns; reshape it to (out, 1, 1, 1)",
    ),
    (
        "weight * factor.reshape(-1, 1, 1, 1)",
        "weight.clone()",
        "the weights are as they were; they take the factor, too",
    ),
    ("(variance + epsilon).sqrt()", "(variance + epsilon)", "that divides by the variance; its square root is wanted"),
    ("(variance + epsilon).sqrt()", "(variance.sqrt() + epsilon)", "ε belongs under the root, beside the variance"),
    ("variance + epsilon", "variance", "ε is missing"),
    ("gamma /", "1 /", "γ is missing"),
    probe=_or_misfit,
)
def fold_norm(
    weight: Tensor, bias: Tensor, mean: Tensor, variance: Tensor, gamma: Tensor, beta: Tensor, epsilon: float
) -> tuple[Tensor, Tensor]:
    factor = gamma / (variance + epsilon).sqrt()  # (out,)
    return weight * factor.reshape(-1, 1, 1, 1), (bias - mean) * factor + beta


EXERCISES = (pad_and_cut, batch_normalised, running_statistics, can_train, dead_biases, fold_norm)
