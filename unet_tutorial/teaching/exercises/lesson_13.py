"""Exercises of lesson 13, V-Net and depthwise: shortcuts, slopes, Dice, the ratio of separable convolutions, rank 1."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from unet_tutorial.teaching.checking.exercise import Case, exercise
from unet_tutorial.teaching.checking.probes import UnfitError, outputs_and_gradients


def _layers(seed: int) -> Iterator[Case]:
    yield 64, 64, (3, 3, 3)
    yield 16, 32 + seed, (5, 5, 5)
    yield 3, 40, (3, 3)
    yield 12, 5, (1, 3, 5)
    yield 100, 24, (7,)
    yield 1, 2 + seed, (1, 3, 3)


@exercise(
    _layers,
    (
        "depthwise = in_channels * size",
        "depthwise = out_channels * size",
        "the depthwise part has one kernel per input channel, and not per output channel; the share is 1/out + 1/k³",
    ),
    ("(depthwise + pointwise)", "depthwise", "the pointwise part is missing: it has in · out weights"),
    ("(depthwise + pointwise)", "pointwise", "the depthwise part is missing: it has in · k³ weights"),
    ("prod(kernel)", "sum(kernel)", "the numbers of the kernel are multiplied: 3 · 3 · 3 weights, and not 3 + 3 + 3"),
    ("prod(kernel)", "kernel[-1] ** len(kernel)", "the kernel need not be a cube: multiply its numbers"),
    ("prod(kernel)", "kernel[0] ** len(kernel)", "the numbers of the kernel may differ: multiply all of them"),
    ("prod(kernel)", "kernel[-1]", "the whole kernel counts, and not one of its axes"),
    ("depthwise + pointwise", "depthwise * pointwise", "the two parts are added, and not multiplied"),
    (
        "(depthwise + pointwise) / (in_channels * out_channels * size)",
        "(in_channels * out_channels * size) / (depthwise + pointwise)",
        "that is the factor by which the weights become fewer; the share is 1 over it",
    ),
    (
        "return (depthwise",
        "return 1 - (depthwise",
        "that is the share that is saved; the share that remains is wanted",
    ),
    (
        "(in_channels * out_channels * size)",
        "1",
        "that is the number of weights; divide it by that of a convolution",
    ),
    (
        "(depthwise + pointwise) / (in_channels * out_channels * size)",
        "(depthwise + pointwise + out_channels) / (in_channels * out_channels * size + out_channels)",
        "the biases are counted; the share is that of the weights",
    ),
)
def separable_share(in_channels: int, out_channels: int, kernel: tuple[int, ...]) -> float:
    size = prod(kernel)
    depthwise = in_channels * size
    pointwise = in_channels * out_channels
    return (depthwise + pointwise) / (in_channels * out_channels * size)


def _sums(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    for out, given, size in (
        (4, 2, (3, 4)),
        (5, 1, (2, 3, 4)),
        (3, 3, (4,)),
        (7, 3 + seed % 3, (3, 2, 2)),
        (6, 4, (2, 2)),
    ):
        yield torch.randn(2, out, *size, generator=generator), torch.randn(2, given, *size, generator=generator)
    for out, given in ((2, 3), (1, 4)):
        yield torch.randn(1, out, 3, 3, generator=generator), torch.randn(1, given, 3, 3, generator=generator)


REFUSED, ACCEPTED = "refused by a ValueError", "not refused"


def _summed(answer: Callable[[Tensor, Tensor], Tensor], case: Case) -> dict[str, Any]:
    """The sum and its gradients; or whether an input with too many channels is refused by a ValueError."""
    body, x = case
    if x.shape[1] <= body.shape[1]:
        return {"too many channels": "-"} | outputs_and_gradients(answer, case)
    try:
        answer(body.clone(), x.clone())
    except ValueError:
        return {"too many channels": REFUSED}
    except Exception as error:
        return {"too many channels": f"refused by a {type(error).__name__}"}
    return {"too many channels": ACCEPTED}


@exercise(
    _sums,
    (
        '    if missing < 0:\n        raise ValueError("x has more channels than the body")\n',
        "",
        "x with more channels than the body must be refused by a ValueError; F.pad would drop channels of it",
    ),
    (
        "raise ValueError",
        "raise RuntimeError",
        "x with more channels than the body is refused, but not by a ValueError",
    ),
    ("(0, missing)", "(missing, 0)", "the zeros stand before the channels of x; they come after them"),
    (
        "F.pad(x, (0, 0) * (x.ndim - 2) + (0, missing))",
        "torch.cat([x] * body.shape[1], 1)[:, : body.shape[1]]",
        "the channels of x are repeated; the missing ones are zeros",
    ),
    (
        "F.pad(x, (0, 0) * (x.ndim - 2) + (0, missing))",
        "F.pad(x[:, :1].expand(-1, body.shape[1], *x.shape[2:]), (0, 0))",
        "the first channel of x is added to every channel; pad x by zeros",
    ),
    (
        "F.pad(x, (0, 0) * (x.ndim - 2) + (0, missing))",
        "F.pad(x.mean(1, keepdim=True), (0, 0)).expand_as(body)",
        "the mean of the channels of x is added to every channel; pad x by zeros",
    ),
    ("return body + padded", "return (body + padded)[:, : x.shape[1]]", "channels of the body are lost; keep them all"),
    ("return body + padded", "return padded", "that is the padded input alone; the body is added"),
    ("return body + padded", "return body", "that is the body alone; the padded input is added"),
    ("return body + padded", "return body - padded", "the input is subtracted; it is added"),
    ("return body + padded", "return (body + padded).relu()", "nothing follows the sum, no ReLU either"),
    ("return body + padded", "return body + padded.detach()", "x is detached; gradients must run through it"),
    (
        "return body + padded",
        "return torch.cat([body, x], 1)",
        "that is a concatenation, as in a skip; a shortcut is added",
    ),
    probe=_summed,
)
def padded_sum(body: Tensor, x: Tensor) -> Tensor:
    missing = body.shape[1] - x.shape[1]
    if missing < 0:
        raise ValueError("x has more channels than the body")
    padded = F.pad(x, (0, 0) * (x.ndim - 2) + (0, missing))  # F.pad begins with the last axis
    return body + padded


def _sloped(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    for channels, size in ((3, (4, 5)), (4, (2, 3, 2)), (2, (7,)), (4, (4, 4)), (1, (3, 3))):
        x = torch.randn(2, channels, *size, generator=generator)
        slopes = torch.linspace(-0.5, 1.5 + seed / 4, channels) if channels > 1 else torch.tensor([0.25])
        yield x, slopes


@exercise(
    _sloped,
    ("x.clamp(max=0)", "x", "the slope is applied to positive values, too; they stay as they are"),
    (
        "x.clamp(min=0) + per_channel * x.clamp(max=0)",
        "per_channel * x.clamp(min=0) + x.clamp(max=0)",
        "the slope is applied to the positive values; it belongs to the negative ones",
    ),
    (
        "x.clamp(min=0) + per_channel * x.clamp(max=0)",
        "torch.maximum(x, per_channel * x)",
        "the maximum of x and slope · x is right only for slopes of at most 1",
    ),
    (
        "slopes.reshape(-1, *[1] * (x.ndim - 2))",
        "slopes.mean()",
        "all channels have the same slope; each has its own",
    ),
    (
        "slopes.reshape(-1, *[1] * (x.ndim - 2))",
        "slopes[0]",
        "all channels have the slope of the first one; each has its own",
    ),
    (
        "per_channel * x.clamp(max=0)",
        "per_channel * x.abs()",
        "the absolute value is added; for a positive x nothing is added, and for a negative one slope · x",
    ),
    ("+ per_channel", "- per_channel", "the negative part is subtracted, so its sign is wrong; slope · x is added"),
    (
        "x.clamp(min=0) + per_channel * x.clamp(max=0)",
        "x.clamp(min=0)",
        "that is a ReLU; negative values are multiplied by the slope",
    ),
    (
        "per_channel * x.clamp(max=0)",
        "per_channel.detach() * x.clamp(max=0)",
        "the slopes are detached and would not be learnt",
    ),
    (
        "x.clamp(min=0) + per_channel * x.clamp(max=0)",
        "x.clamp(min=0) + per_channel * (x.clamp(max=0).exp() - 1)",
        "that is an ELU; a PReLU is a straight line for negative values",
    ),
    probe=outputs_and_gradients,
    forbidden=("torch.nn.functional.prelu", "torch.nn.functional.leaky_relu"),
)
def sloped(x: Tensor, slopes: Tensor) -> Tensor:
    per_channel = slopes.reshape(-1, *[1] * (x.ndim - 2))
    return x.clamp(min=0) + per_channel * x.clamp(max=0)


def _overlaps(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    for size in ((12,), (3, 4), (2, 3, 4)):
        p = torch.rand(size, generator=generator)
        yield p, (torch.rand(size, generator=generator) < 0.3 + seed / 20).float()
    yield torch.rand(5, generator=generator), torch.ones(5)
    yield torch.rand(4, 4, generator=generator), torch.zeros(4, 4)


@exercise(
    _overlaps,
    ("return 2 * (", "return (", "the factor 2 in front of the fraction is missing"),
    ("g * squares - 2 * p * both", "g * squares - p * both", "the derivative of p² is 2 p; a factor 2 is missing"),
    ("g * squares - 2 * p * both", "g * squares + 2 * p * both", "the second term of the quotient rule is subtracted"),
    (" / squares**2", " / squares", "the quotient rule divides by the square of the denominator"),
    (
        "p.square().sum() + g.square().sum()",
        "p.sum() + g.sum()",
        "the denominator of the V-Net has squares, p² and g²",
    ),
    (
        "return 2 * (g * squares - 2 * p * both) / squares**2",
        "return 2 * g / squares",
        "only the numerator was differentiated; the denominator depends on p, too",
    ),
    (
        "return 2 * (g * squares - 2 * p * both) / squares**2",
        "return -2 * (g * squares - 2 * p * both) / squares**2",
        "that is the gradient of the loss 1 - D; the gradient of D is wanted",
    ),
    (
        "return 2 * (g * squares - 2 * p * both) / squares**2",
        "return 2 * both / squares",
        "that is D itself; its derivative with respect to each p is wanted",
    ),
    (
        "return 2 * (g * squares - 2 * p * both) / squares**2",
        "return 2 * (g * squares - 2 * p * p * g) / squares**2",
        "Σ p·g runs over all voxels, and not over voxel j alone",
    ),
    (
        "return 2 * (g * squares - 2 * p * both) / squares**2",
        "return 2 * (g * squares - 2 * g * both) / squares**2",
        "the derivative of p² is 2 p, and not 2 g",
    ),
    forbidden=("torch.autograd.grad", "torch.Tensor.backward"),
)
def dice_gradient(p: Tensor, g: Tensor) -> Tensor:
    both = (p * g).sum()
    squares = p.square().sum() + g.square().sum()
    return 2 * (g * squares - 2 * p * both) / squares**2


def _kernels(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    for shape in ((6, 4, 3, 3), (4, 6, 3, 3, 3), (5, 2, 5), (3, 3 + seed, 1, 3, 3)):
        yield (torch.randn(shape, generator=generator),)
    pointwise, spatial = torch.randn(5, 3, 1, 1, generator=generator), torch.randn(3, 1, 3, 3, generator=generator)
    yield (pointwise * spatial.transpose(0, 1),)  # a separable one


def _composed(answer: Callable[[Tensor], Any], case: Case) -> dict[str, Any]:
    """The shapes of the two parts, and the kernel that they make together, which does not depend on their scales."""
    (weight,) = case
    made = answer(weight.clone())
    if not isinstance(made, (tuple, list)) or len(made) != 2 or not all(isinstance(part, Tensor) for part in made):
        raise UnfitError("expected two tensors, the depthwise and the pointwise weight")
    spatial, pointwise = (part.detach() for part in made)
    out, given, *kernel = weight.shape
    wanted = (given, 1, *kernel), (out, given, *[1] * len(kernel))
    found: dict[str, Any] = {"shapes": [list(spatial.shape), list(pointwise.shape)]}
    if (tuple(spatial.shape), tuple(pointwise.shape)) == wanted:
        found["kernel"] = pointwise * spatial.transpose(0, 1)
    return found


@exercise(
    _kernels,
    (
        "weight.transpose(0, 1).flatten(2)",
        "weight.flatten(2)",
        "(left[:, :, 0] * values[:, :1]).T",
        "(left[:, :, 0] * values[:, :1])[:, : weight.shape[1]].new_zeros(weight.shape[:2])",
        "right[:, 0].reshape(weight.shape[1], 1, *weight.shape[2:])",
        "weight[0][:, None]",
        "one table per input channel is decomposed, with a row for each output; yours has one per output channel",
    ),
    ("left[:, :, 0] * values[:, :1]", "left[:, :, 0]", "the singular value is missing"),
    ("* values[:, :1]", "* values[:, :1].square()", "the singular value is used twice"),
    (
        "left[:, :, 0] * values[:, :1]",
        "left[:, :, -1] * values[:, -1:]",
        "right[:, 0]",
        "right[:, -1]",
        "that is the smallest singular value; the largest gives the nearest table",
    ),
    (
        "left[:, :, 0] * values[:, :1]",
        "left[:, :, 1] * values[:, 1:2]",
        "right[:, 0]",
        "right[:, 1]",
        "that is the second singular value; the first is the largest",
    ),
    (
        "(left[:, :, 0] * values[:, :1]).T",
        "tables.mean(2).T",
        "right[:, 0]",
        "tables.mean(1)",
        "means over the rows and columns do not give the nearest table of rank 1; use the singular value decomposition",
    ),
    (
        "(left[:, :, 0] * values[:, :1]).T",
        "torch.ones(weight.shape[:2])",
        "right[:, 0]",
        "tables.mean(1)",
        "each input channel has the mean of its kernels, and all outputs the same one; the outputs need factors",
    ),
    (
        "(left[:, :, 0] * values[:, :1]).T",
        "(left[:, :, 0] * values[:1, :1]).T",
        "the singular value of the first input channel is used for all; each has its own",
    ),
    (
        "(left[:, :, 0] * values[:, :1]).T",
        "(left[:, :, 0] * values[:, :1]).T.abs()",
        "the signs of the pointwise weights are lost",
    ),
    probe=_composed,
    tolerance=1e-4,
)
def factorise(weight: Tensor) -> tuple[Tensor, Tensor]:
    tables = weight.transpose(0, 1).flatten(2)  # (in, out, kernel)
    left, values, right = torch.linalg.svd(tables, full_matrices=False)
    pointwise = (left[:, :, 0] * values[:, :1]).T  # (out, in)
    spatial = right[:, 0].reshape(weight.shape[1], 1, *weight.shape[2:])
    return spatial, pointwise.reshape(*pointwise.shape, *[1] * (weight.ndim - 2))


EXERCISES = (separable_share, padded_sum, sloped, dice_gradient, factorise)
