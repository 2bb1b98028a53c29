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
    yield 8, 6 + seed, (3, 5, 2)


SHARE = "(depthwise + pointwise) / (in_channels * out_channels * size)"


@exercise(
    _layers,
    (
        "depthwise = in_channels * size",
        "depthwise = out_channels * size",
        "the depthwise part has one kernel per input channel, and not per output channel: in · size weights",
    ),
    (
        "depthwise = in_channels * size",
        "depthwise = in_channels * in_channels * size",
        "the depthwise part has one kernel per input channel, and each kernel reads one channel: in · size weights",
    ),
    (
        "depthwise = in_channels * size",
        "depthwise = size",
        "the depthwise part has a kernel for each input channel: in · size weights",
    ),
    (
        "depthwise = in_channels * size",
        "depthwise = in_channels * out_channels * size",
        "the depthwise part has one kernel per input channel, and does not depend on out_channels: in · size weights",
    ),
    (
        "depthwise = in_channels * size",
        "depthwise = in_channels",
        "the depthwise part has a whole kernel per input channel: in · size weights",
    ),
    (
        "pointwise = in_channels * out_channels",
        "pointwise = in_channels * out_channels * size",
        "the kernel of the pointwise part is 1×1, so it has in · out weights",
    ),
    (
        "pointwise = in_channels * out_channels",
        "pointwise = out_channels * out_channels",
        "the pointwise part reads the in channels of the depthwise part: in · out weights",
    ),
    (
        "pointwise = in_channels * out_channels",
        "pointwise = out_channels",
        "the pointwise part has one weight for each pair of channels: in · out weights",
    ),
    (
        "pointwise = in_channels * out_channels",
        "pointwise = in_channels + out_channels",
        "the pointwise part has one weight for each pair of channels: in · out, and not in + out",
    ),
    ("(depthwise + pointwise)", "depthwise", "the pointwise part is missing: it has in · out weights"),
    ("(depthwise + pointwise)", "pointwise", "the depthwise part is missing: it has in · size weights"),
    (
        SHARE,
        "sum(in_channels * out_channels * k for k in kernel) / (in_channels * out_channels * size)",
        "one kernel per axis is another kind of separable convolution; here it is one kernel per channel, and then 1×1",
    ),
    ("prod(kernel)", "sum(kernel)", "the numbers of the kernel are multiplied: 3 · 3 · 3 weights, and not 3 + 3 + 3"),
    ("prod(kernel)", "len(kernel)", "len(kernel) is the number of axes; the kernel has the product of its numbers"),
    (
        "prod(kernel)",
        "kernel[-1] ** len(kernel)",
        "the numbers of the kernel may differ, and you took the last one for all: multiply them",
    ),
    (
        "prod(kernel)",
        "kernel[0] ** len(kernel)",
        "the numbers of the kernel may differ, and you took the first one for all: multiply them",
    ),
    (
        "prod(kernel)",
        "max(kernel) ** len(kernel)",
        "the numbers of the kernel may differ, and you took the largest one for all: multiply them",
    ),
    (
        "prod(kernel)",
        "kernel[0] ** 2",
        "a kernel may have one, two or three axes, with different numbers: multiply them",
    ),
    ("prod(kernel)", "kernel[0] ** 3", "a kernel need not have three equal axes: multiply its numbers"),
    ("prod(kernel)", "kernel[-1]", "the whole kernel counts, and not its last axis alone"),
    ("prod(kernel)", "kernel[0]", "the whole kernel counts, and not its first axis alone"),
    ("prod(kernel)", "kernel[0] * kernel[1]", "a kernel may have one, two or three axes: multiply all its numbers"),
    (SHARE, "1 / (out_channels + size)", "the share is a sum of two fractions, 1 / out + 1 / size"),
    (
        "pointwise = in_channels * out_channels",
        "pointwise = out_channels * size",
        "the pointwise part has a 1×1 kernel for each pair of channels: in · out weights",
    ),
    (
        SHARE,
        "1 / out_channels + 1 / kernel[0] * kernel[-1]",
        "1 / a * b is (1 / a) * b; divide by the product of all numbers of the kernel",
    ),
    ("depthwise + pointwise", "depthwise * pointwise", "the two parts are added, and not multiplied"),
    (
        SHARE,
        "1 / out_channels * 1 / size",
        "the two parts are added, and not multiplied: 1 / out + 1 / size",
    ),
    (
        SHARE,
        "(in_channels * out_channels * size) / (depthwise + pointwise)",
        "the quotient is upside down: that is the factor by which the weights become fewer",
    ),
    (
        "return (depthwise",
        "return 1 - (depthwise",
        "that is the share that is saved; return the share that remains",
    ),
    (
        SHARE,
        "(in_channels * out_channels * size) - (depthwise + pointwise)",
        "that is the number of weights that are saved; divide the separable one by the full one",
    ),
    (
        "(in_channels * out_channels * size)",
        "1",
        "that is the number of weights; divide it by that of a full convolution",
    ),
    (
        "(in_channels * out_channels * size)",
        "(in_channels * out_channels)",
        "the full convolution has in · out · size weights",
    ),
    (
        "(in_channels * out_channels * size)",
        "(out_channels * size)",
        "the full convolution has in · out · size weights, not out · size",
    ),
    (
        SHARE,
        "(depthwise + pointwise + out_channels) / (in_channels * out_channels * size + out_channels)",
        "the biases are counted; the share is that of the weights",
    ),
    (
        SHARE,
        "(depthwise + in_channels + pointwise + out_channels) / (in_channels * out_channels * size + out_channels)",
        "the biases are counted, those of the depthwise part, too; the share is that of the weights",
    ),
    (
        SHARE,
        "(depthwise + pointwise) / in_channels * out_channels * size",
        "the parentheses are missing: a / b * c is (a / b) * c; write a / (b * c)",
    ),
    (
        SHARE,
        "depthwise + pointwise / (in_channels * out_channels * size)",
        "the parentheses are missing: / is computed before +; write (depthwise + pointwise) / …",
    ),
    (SHARE, "(depthwise + pointwise) // (in_channels * out_channels * size)", "// leaves only the whole part; use /"),
    ("return " + SHARE, "return round(" + SHARE + ", 2)", "the result is rounded; return it as it is"),
    ("return " + SHARE, "return round(" + SHARE + ", 3)", "the result is rounded to three places; return it as it is"),
    ("return " + SHARE, "return 100 * " + SHARE, "that is in per cent; return the quotient itself"),
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
        return outputs_and_gradients(answer, case)
    which = f"x with {x.shape[1]} channels, and body with {body.shape[1]}"
    try:
        made = answer(body.clone(), x.clone())
    except ValueError:
        return {which: REFUSED}
    except Exception as error:
        return {which: f"refused by the exception {type(error).__name__}"}
    if made is None:
        return {which: "None is returned"}
    return {which: ACCEPTED if isinstance(made, Tensor) else "an exception is returned, and not raised"}


BEYOND = '    if missing < 0:\n        raise ValueError("x has more channels than the body")\n'
PADDED = "F.pad(x, (0, 0) * (x.ndim - 2) + (0, missing))"


@exercise(
    _sums,
    (
        BEYOND,
        "",
        "x with more channels than the body must be refused by a ValueError; its last channels are dropped here",
    ),
    (
        BEYOND,
        "",
        PADDED,
        "torch.cat((x, torch.zeros(len(x), missing, *x.shape[2:])), 1)",
        "a RuntimeError comes for x with more channels, perhaps one of torch; raise a ValueError before",
    ),
    ("raise ValueError", "raise TypeError", "a TypeError is raised; raise a ValueError"),
    ("raise ValueError", "raise AssertionError", "an AssertionError comes; in place of assert, raise a ValueError"),
    ("raise ValueError", "raise Exception", "an exception of the general type Exception is raised; raise a ValueError"),
    ("raise ValueError", "return ValueError", "the ValueError is returned; raise it"),
    (
        "        raise ValueError",
        "        return None\n        raise ValueError",
        "None is returned for x with more channels; raise a ValueError",
    ),
    ("missing < 0", "missing <= 0", "x with as many channels as the body is refused; only more channels are an error"),
    ("missing < 0", "missing > 0", "x with fewer channels is refused; only more channels are an error"),
    ("missing < 0", "missing != 0", "x with fewer channels is refused, too; pad it by zeros"),
    ("(0, missing)", "(missing, 0)", "the zeros stand before the channels of x; they come after them"),
    (
        "(0, missing)",
        "(missing // 2, missing - missing // 2)",
        "the zeros stand on both sides of the channels of x; all of them come after it",
    ),
    (
        PADDED,
        "x if x.shape[1] == 1 else F.pad(x, (0, 0) * (x.ndim - 2) + (0, missing))",
        "x with a single channel is added to every channel, because torch repeats it; pad it by zeros, too",
    ),
    (
        PADDED,
        "x",
        "x is not padded; add zeros for the missing channels",
    ),
    (
        PADDED,
        "F.pad(x, (0, missing))",
        "F.pad begins with the last axis, so the zeros are columns; the channels are axis 1",
    ),
    (
        PADDED,
        "F.pad(x, (0, 0, 0, missing))",
        "F.pad begins with the last axis: the second pair belongs to the axis before it, and not to the channels",
    ),
    (
        PADDED,
        "F.pad(x, (0, 0, 0, 0, 0, missing))",
        "that is right for images only: size has one, two or three axes, each with a pair (0, 0)",
    ),
    (
        PADDED,
        "F.pad(x, (0, 0, 0, 0, 0, 0, 0, missing))",
        "that is right for volumes only: size has one, two or three axes, each with a pair (0, 0)",
    ),
    (
        PADDED,
        "F.pad(x, (0, 0) * x.ndim + (0, missing))",
        "there are too many pairs in F.pad: one for each axis of size, and then that of the channels",
    ),
    (
        PADDED,
        "torch.cat((x, torch.zeros(len(x), missing, *x.shape[2:])), -1)",
        "the zeros are laid behind x along the last axis; the channels are axis 1",
    ),
    (
        PADDED,
        "torch.cat((x, torch.zeros(len(x), missing, *x.shape[2:])))",
        "the zeros are laid behind x along the axis of the images; the channels are axis 1",
    ),
    (
        PADDED,
        "torch.cat((x, torch.zeros_like(x)), 1)",
        "as many zeros as x has channels are laid behind it; the number of missing channels differs from case to case",
    ),
    (
        PADDED,
        "torch.cat((x, torch.zeros(missing, *x.shape[2:])), 1)",
        "the zeros have no axis of images; their shape is (N, missing, *size)",
    ),
    (
        PADDED,
        "torch.cat((x, torch.ones(len(x), missing, *x.shape[2:])), 1)",
        "the missing channels are filled with ones; fill them with zeros",
    ),
    (
        PADDED,
        "torch.cat((x, x[:, -1:].expand(-1, missing, *x.shape[2:])), 1)",
        "the last channel of x is repeated; the missing ones are zeros",
    ),
    (
        PADDED,
        "torch.cat([x] * body.shape[1], 1)[:, : body.shape[1]]",
        "the channels of x are repeated; the missing ones are zeros",
    ),
    (
        PADDED,
        "x.repeat_interleave(-(-body.shape[1] // x.shape[1]), 1)[:, : body.shape[1]]",
        "each channel of x is repeated; the missing ones are zeros",
    ),
    (
        PADDED,
        "x[:, :1].expand_as(body)",
        "the first channel of x is added to every channel; pad x by zeros",
    ),
    (
        PADDED,
        "x.mean(1, keepdim=True)",
        "the mean of the channels of x is added to every channel; pad x by zeros",
    ),
    (
        PADDED,
        "x.sum(1, keepdim=True)",
        "the sum of the channels of x is added to every channel; pad x by zeros",
    ),
    (
        PADDED,
        "F.interpolate(x.flatten(2).transpose(1, 2), body.shape[1]).transpose(1, 2).reshape(body.shape)",
        "the channels of x are interpolated; the missing ones are zeros",
    ),
    (
        "return body + padded",
        "return torch.cat([body[:, : x.shape[1]] + x, torch.zeros_like(body[:, x.shape[1] :])], 1)",
        "the last channels of the body are replaced by zeros; zeros are added to them, so they stay as they are",
    ),
    ("return body + padded", "return 2 * body + padded", "the body is added twice"),
    ("return body + padded", "return body + 2 * padded", "x is added twice"),
    (
        BEYOND,
        "",
        PADDED,
        "x",
        "return body + padded",
        "return body[:, : x.shape[1]] + x[:, : body.shape[1]]",
        "both are cut to the smaller number of channels; pad x, and raise a ValueError if it has more channels",
    ),
    (
        "return body + padded",
        "return body[:, : x.shape[1]] + x",
        "channels of the body are lost; keep them all",
    ),
    ("return body + padded", "return padded", "that is the padded input alone; the body is added"),
    ("return body + padded", "return body", "that is the body alone; the padded input is added"),
    ("return body + padded", "return body - padded", "the input is subtracted; it is added"),
    ("return body + padded", "return padded - body", "the body is subtracted; it is added"),
    ("return body + padded", "return body * padded", "the two are multiplied; add them"),
    ("return body + padded", "return (body + padded) / 2", "that is the mean of the two; return their sum"),
    (
        "return body + padded",
        "return (body + padded).sum()",
        "all values are added up to one number; add the two tensors",
    ),
    ("return body + padded", "return (body + padded).relu()", "nothing follows the sum, no ReLU either"),
    ("return body + padded", "return body + padded.detach()", "x is detached; gradients must run through it"),
    ("return body + padded", "return body.detach() + padded", "the body is detached; gradients must run through it"),
    (
        "return body + padded",
        "return (body + padded).detach()",
        "the result is detached; gradients must run through both",
    ),
    (
        "return body + padded",
        "return torch.cat([body, x], 1)",
        "that is a concatenation, as in a skip; a shortcut is added",
    ),
    (
        "return body + padded",
        "return torch.cat([body, padded], 1)",
        "the padded input is laid behind the body; add the two",
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


POSITIVE, NEGATIVE, PER_CHANNEL = "x.clamp(min=0)", "x.clamp(max=0)", "slopes.reshape(-1, *[1] * (x.ndim - 2))"
WHOLE = "x.clamp(min=0) + per_channel * x.clamp(max=0)"


@exercise(
    _sloped,
    (NEGATIVE, "x", "slope · x is added to positive values, too; they stay as they are"),
    (WHOLE, "per_channel * x", "positive values are multiplied by the slope, too; they stay as they are"),
    (
        WHOLE,
        "x + per_channel * x.clamp(max=0)",
        "negative values stay and get slope · x on top; slope · x takes their place",
    ),
    (NEGATIVE, "x.clamp(max=1)", "values between 0 and 1 get slope · x, too; clamp at max=0"),
    (
        WHOLE,
        "per_channel * x.clamp(min=0) + x.clamp(max=0)",
        "the slope is applied to the positive values; it belongs to the negative ones",
    ),
    (
        WHOLE,
        "torch.maximum(x, per_channel * x)",
        "the maximum of x and slope · x is right only for slopes of at most 1",
    ),
    (WHOLE, "torch.minimum(x, per_channel * x)", "the minimum of x and slope · x is right only for slopes above 1"),
    (PER_CHANNEL, "slopes.mean()", "all channels have the same slope, the mean; each has its own"),
    (PER_CHANNEL, "slopes.sum()", "all channels have the same slope, the sum; each has its own"),
    (PER_CHANNEL, "slopes[0]", "all channels have the slope of the first one; each has its own"),
    (PER_CHANNEL, "slopes[-1]", "all channels have the slope of the last one; each has its own"),
    (
        PER_CHANNEL,
        "slopes.flip(0).reshape(-1, *[1] * (x.ndim - 2))",
        "the slopes are in reverse order",
    ),
    (
        PER_CHANNEL,
        "slopes",
        "the slopes fall on the last axis; reshape them to (C, 1, 1) for images, with one 1 per axis of size",
    ),
    (
        PER_CHANNEL,
        "slopes.reshape(1, -1, 1, 1)",
        "that is right for images only: size has one, two or three axes, so the slopes need as many ones behind C",
    ),
    (
        PER_CHANNEL,
        "slopes.reshape(-1, 1, 1)",
        "(C, 1, 1) is right for images only: size has one, two or three axes, so the slopes need as many ones behind C",
    ),
    (
        PER_CHANNEL,
        "slopes.reshape(1, -1, 1, 1, 1)",
        "that is right for volumes only: size has one, two or three axes, so the slopes need as many ones behind C",
    ),
    (
        PER_CHANNEL,
        "slopes.reshape(-1, 1)",
        "the slopes fall on the last axis but one; reshape them to (C, 1, 1) for images, with one 1 per axis of size",
    ),
    (
        PER_CHANNEL,
        "slopes.reshape(-1, *[1] * (x.ndim - 1))",
        "the slopes fall on the axis of the images; one 1 too many stands behind C",
    ),
    (
        PER_CHANNEL,
        "slopes.reshape(-1, *[1] * x.ndim)",
        "the slopes have too many axes: C, and one 1 per axis of size",
    ),
    (
        "per_channel * x.clamp(max=0)",
        "per_channel * x.abs()",
        "the absolute value is added; for a positive x nothing is added, and for a negative one slope · x",
    ),
    ("+ per_channel", "- per_channel", "the negative part has the wrong sign: it is slope · x"),
    (WHOLE, "x.clamp(min=0)", "that is a ReLU; negative values are multiplied by the slope"),
    (WHOLE, "per_channel * x.clamp(max=0)", "positive values are 0; they stay as they are"),
    (WHOLE, "torch.where(x > 0, x, per_channel)", "negative values are replaced by the slope; multiply them by it"),
    (WHOLE, "torch.where(x > 0, x, x + per_channel)", "the slope is added to negative values; multiply them by it"),
    (
        WHOLE,
        "torch.where(x > 0, x, x - per_channel)",
        "the slope is subtracted from negative values; multiply them by it",
    ),
    (WHOLE, "torch.where(x > 0, x, x / per_channel)", "negative values are divided by the slope; multiply them by it"),
    (
        WHOLE,
        "x.clamp(min=0) + per_channel * x.clamp(min=0)",
        "the slope is applied to positive values, and the negative ones are lost",
    ),
    (
        WHOLE,
        "x.clamp(min=0) - per_channel * x.clamp(max=0).square()",
        "negative values are squared; slope · x has no square",
    ),
    (
        "return " + WHOLE,
        "return torch.stack([torch.where(each > 0, each, slopes[i] * each) for i, each in enumerate(x)])",
        "the first axis of x is that of the images, so each image got a slope; channels are axis 1",
    ),
    (
        "return " + WHOLE,
        "out = torch.zeros_like(x)\n"
        "    for i in range(len(slopes)):\n"
        "        out[i] = torch.where(x[i] > 0, x[i], slopes[i] * x[i])\n"
        "    return out",
        "x[i] is an image; channel i of all images is x[:, i]",
    ),
    (WHOLE, "torch.where(x > 1, x, per_channel * x)", "values between 0 and 1 are multiplied by the slope; they stay"),
    (
        WHOLE,
        "torch.where(x > per_channel, x, per_channel * x)",
        "x is compared with the slope; compare it with 0",
    ),
    (
        PER_CHANNEL,
        "slopes.abs().reshape(-1, *[1] * (x.ndim - 2))",
        "a slope may be negative; do not take its absolute value",
    ),
    (
        PER_CHANNEL,
        "slopes.clamp(0, 1).reshape(-1, *[1] * (x.ndim - 2))",
        "the slopes are limited to 0 … 1; a slope may be any number",
    ),
    (
        PER_CHANNEL,
        "slopes.clamp(min=0).reshape(-1, *[1] * (x.ndim - 2))",
        "negative slopes are set to 0; a slope may be any number",
    ),
    (
        PER_CHANNEL,
        "slopes.clamp(max=1).reshape(-1, *[1] * (x.ndim - 2))",
        "slopes above 1 are set to 1; a slope may be any number",
    ),
    (PER_CHANNEL, "0.25", "0.25 is the usual start; the slopes are given"),
    (PER_CHANNEL, "0.01", "0.01 is the usual slope of a leaky ReLU; here the slopes are given"),
    (
        PER_CHANNEL,
        "slopes.sigmoid().reshape(-1, *[1] * (x.ndim - 2))",
        "the slopes went through a sigmoid; use them as they are",
    ),
    (
        "per_channel * x.clamp(max=0)",
        "per_channel.detach() * x.clamp(max=0)",
        "the slopes are detached and would not be learnt",
    ),
    (
        WHOLE,
        "x.detach().clamp(min=0) + per_channel * x.detach().clamp(max=0)",
        "x is detached; gradients must run through it",
    ),
    (
        WHOLE,
        "x.clamp(min=0) + per_channel * x.detach().clamp(max=0)",
        "the negative values of x are detached; gradients must run through them",
    ),
    (
        "return " + WHOLE,
        "return (" + WHOLE + ").detach()",
        "the result is detached; gradients must run to x and to the slopes",
    ),
    (
        WHOLE,
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


GRADIENT = "2 * (g * squares - 2 * p * both) / squares**2"
BOTH, SQUARES = "both = (p * g).sum()", "squares = p.square().sum() + g.square().sum()"
AXES = "axes = tuple(range(1, p.ndim)) or 0\n    "


@exercise(
    _overlaps,
    ("return 2 * (", "return (", "the factor 2 in front of the fraction is missing"),
    ("return 2 * (", "return 4 * (", "there is a factor 2 too much: 2 · [g (Σp² + Σg²) - 2 p Σpg] / (Σp² + Σg²)²"),
    ("g * squares - 2 * p * both", "g * squares - p * both", "the derivative of p² is 2 p; a factor 2 is missing"),
    ("g * squares - 2 * p * both", "g * squares - 4 * p * both", "the second term has a factor 2 too much"),
    (GRADIENT, "(g * squares - 4 * p * both) / squares**2", "the first term is 2 g (Σp² + Σg²); a factor 2 is missing"),
    ("g * squares - 2 * p * both", "g * squares + 2 * p * both", "the second term of the quotient rule is subtracted"),
    (" / squares**2", " / squares", "the quotient rule divides by the square of the denominator"),
    (GRADIENT, "2 * (g * squares - 2 * p * both)", "the division by the square of the denominator is missing"),
    (GRADIENT, "2 * (g * squares - 2 * p * both) / squares / 2", "the denominator is squared, and not doubled"),
    (GRADIENT, "2 * g * squares - 4 * p * both / squares**2", "the parentheses are missing: / is computed before -"),
    (
        "p.square().sum() + g.square().sum()",
        "p.sum() + g.sum()",
        "the denominator of the V-Net has squares, p² and g²",
    ),
    (
        "p.square().sum() + g.square().sum()",
        "p.sum() + g.sum()",
        GRADIENT,
        "2 * (g * squares - both) / squares**2",
        "that is the gradient of the Dice with plain sums, Σ p + Σ g; that of the V-Net has squares, Σ p² + Σ g²",
    ),
    (
        "p.square().sum() + g.square().sum()",
        "p.sum().square() + g.sum().square()",
        "the squares are summed; you squared the sums",
    ),
    (
        "p.square().sum() + g.square().sum()",
        "(p + g).square().sum()",
        "p² and g² are added; you squared p + g",
    ),
    (
        "p.square().sum() + g.square().sum()",
        "p.square().sum() * g.square().sum()",
        "the two sums in the denominator are added, and not multiplied",
    ),
    ("p.square().sum() + g.square().sum()", "p.square().sum()", "Σ g² is missing in the denominator"),
    ("p.square().sum() + g.square().sum()", "g.square().sum()", "Σ p² is missing in the denominator"),
    (
        "p.square().sum() + g.square().sum()",
        "p.square().sum().sqrt() + g.square().sum().sqrt()",
        "the denominator holds the sums of squares, without square roots",
    ),
    (
        "p.square().sum() + g.square().sum()",
        "p.square().sum() + g.square().sum() - both",
        "that is the denominator of an intersection over union; that of Dice is Σ p² + Σ g²",
    ),
    (
        BOTH,
        "both = (p * g).mean()",
        SQUARES,
        "squares = p.square().mean() + g.square().mean()",
        "means stand in place of the sums, which changes the scale of the gradient; take sums",
    ),
    (
        BOTH,
        AXES + "both = (p * g).sum(axes, keepdim=True)",
        SQUARES,
        "squares = (p.square() + g.square()).sum(axes, keepdim=True)",
        "the sums run over all voxels; yours leave out the first axis",
    ),
    (
        BOTH,
        "both = (p * g).sum(-1, keepdim=True)",
        SQUARES,
        "squares = (p.square() + g.square()).sum(-1, keepdim=True)",
        "the sums run over all voxels; yours run over the last axis only",
    ),
    (
        BOTH,
        "both = (p * g).sum(0)",
        SQUARES,
        "squares = (p.square() + g.square()).sum(0)",
        "the sums run over all voxels; yours run over the first axis only",
    ),
    (
        BOTH,
        "both = p * g",
        SQUARES,
        "squares = p.square() + g.square()",
        "nothing is summed; the sums run over all voxels",
    ),
    (BOTH, "both = p * g", "Σ p·g runs over all voxels, and not over voxel j alone"),
    (
        SQUARES,
        "squares = p.square() + g.square()",
        "the denominator is a sum over all voxels, and not of voxel j alone",
    ),
    (BOTH, "both = p.sum() * g.sum()", "Σ p·g is the sum of the products, and not the product of the sums"),
    (BOTH, "both = (p + g).sum()", "Σ p·g has products, and not sums"),
    (
        GRADIENT,
        "2 * g / squares",
        "only the numerator was differentiated; the denominator depends on p, too",
    ),
    (
        GRADIENT,
        "-4 * p * both / squares**2",
        "only the denominator was differentiated; the numerator depends on p, too",
    ),
    (
        GRADIENT,
        "2 * g / (2 * p)",
        "the derivative of a fraction is not the fraction of the derivatives; use the quotient rule",
    ),
    (
        GRADIENT,
        "-2 * (g * squares - 2 * p * both) / squares**2",
        "that is the gradient of the loss 1 - D; the gradient of D is wanted",
    ),
    (
        GRADIENT,
        "2 * both / squares",
        "that is D itself; its derivative with respect to each p is wanted",
    ),
    (
        GRADIENT,
        "(2 * (g * squares - 2 * p * both) / squares**2).sum()",
        "the gradient has one number per voxel; do not add them up",
    ),
    (
        GRADIENT,
        "(2 * (g * squares - 2 * p * both) / squares**2).mean()",
        "the gradient has one number per voxel; do not average them",
    ),
    (
        "p.square().sum() + g.square().sum()",
        "p.square().sum() + g.square().sum() - both",
        GRADIENT,
        "(g * squares - both * (2 * p - g)) / squares**2",
        "that is the gradient of the intersection over union; D is 2 Σ p·g / (Σ p² + Σ g²)",
    ),
    (
        GRADIENT,
        "2 * (g * squares - both * (2 * p + 2 * g)) / squares**2",
        "g is a constant: the derivative of the denominator is 2 p, and not 2 p + 2 g",
    ),
    (GRADIENT, "2 * (g - p) / squares", "D stands in front of p: the gradient is 2 (g - D p) / (Σ p² + Σ g²)"),
    (GRADIENT, "g / both - 2 * p / squares", "that is the gradient of log D; multiply it by D"),
    (GRADIENT, "2 * (g * squares - 2 * p * both) / squares**3", "the denominator has the power 2, and not 3"),
    (
        GRADIENT,
        "(2 * (g * squares - 2 * p * both) / squares**2).flatten()",
        "the gradient has the shape of p; yours has a single axis",
    ),
    (
        "p.square().sum() + g.square().sum()",
        "p.sum().square() + g.sum().square()",
        GRADIENT,
        "2 * (g * squares - 2 * p.sum() * both) / squares**2",
        "that is the gradient for squared sums, (Σ p)² + (Σ g)²; here the squares are summed, Σ p² + Σ g²",
    ),
    (
        "p.square().sum() + g.square().sum()",
        "p.square().sum() + g.square().sum() + 1",
        GRADIENT,
        "2 * (g * squares - (2 * both + 1) * p) / squares**2",
        "a constant is added above and below the fraction, as in many loss functions; leave it out",
    ),
    (
        BOTH,
        "p = (p > 0.5).float()\n    both = (p * g).sum()",
        "p is rounded to 0 or 1; leave the probabilities as they are",
    ),
    (
        GRADIENT,
        "2 * (p * squares - 2 * g * both) / squares**2",
        "that is the gradient with respect to g; p and g are exchanged",
    ),
    (GRADIENT, "2 * (g * squares - 2 * g * both) / squares**2", "the derivative of p² is 2 p, and not 2 g"),
    (
        GRADIENT,
        "2 * (p * squares - 2 * p * both) / squares**2",
        "the derivative of p·g with respect to p is g, and not p",
    ),
    (
        GRADIENT,
        "2 * (squares - 2 * p * both) / squares**2",
        "the derivative of p·g with respect to p is g; the g is missing",
    ),
    (GRADIENT, "2 * (g * squares - 2 * both) / squares**2", "the derivative of p² is 2 p; the p is missing"),
    (
        GRADIENT,
        "2 * (g * squares - 2 * p.sum() * both) / squares**2",
        "the p in front of Σ p·g is that of the voxel, without a sum",
    ),
    (
        GRADIENT,
        "2 * (g.sum() * squares - 2 * p * both) / squares**2",
        "the g in front of the denominator is that of the voxel, without a sum",
    ),
    (
        "p.square().sum() + g.square().sum()",
        "p.square().sum() + g.square().sum() + 1",
        "a constant is added to the denominator; leave it out",
    ),
    forbidden=(
        "torch.autograd.grad",
        "torch.Tensor.backward",
        "torch.autograd.functional.jacobian",
        "torch.func.grad",
        "torch.func.jvp",
        "torch.func.vjp",
        "torch.func.jacfwd",
        "torch.func.jacrev",
    ),
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


def _composed(answer: Callable[[Tensor], Any], case: Case) -> dict[str, Tensor]:
    """The directions of the depthwise kernels, and the kernel of both tensors; neither depends on their scales."""
    (weight,) = case
    made = answer(weight.clone())
    if not isinstance(made, (tuple, list)) or len(made) != 2 or not all(isinstance(part, Tensor) for part in made):
        if made is None:
            raise UnfitError("it returned None; is a return missing?")
        if isinstance(made, Tensor) and made.shape == weight.shape:
            raise UnfitError("one kernel is returned; return two tensors, the depthwise and the pointwise weight")
        raise UnfitError("expected two torch tensors, the depthwise and the pointwise weight")
    depthwise, pointwise = (part.detach() for part in made)
    out, given, *kernel = weight.shape
    wanted = (given, 1, *kernel), (out, given, *[1] * len(kernel))
    shapes = tuple(depthwise.shape), tuple(pointwise.shape)
    if shapes == wanted[::-1]:
        raise UnfitError("the pointwise weight comes first; return the depthwise one first")
    for name, form, shape, right in zip(
        ("depthwise", "pointwise"), ("(in, 1, *kernel)", "(out, in, 1, …, 1)"), shapes, wanted, strict=True
    ):
        if shape != right:
            raise UnfitError(f"the {name} weight has the shape {shape}, and {form} is {right}")
    rows = F.normalize(depthwise.flatten(1), dim=1)  # (in, kernel)
    largest = rows.gather(1, rows.abs().argmax(1, keepdim=True))
    return {
        "the depthwise kernels, scaled to length 1": rows * largest.sign(),
        "pointwise · depthwise": pointwise * depthwise.transpose(0, 1),
    }


TABLES = "tables = weight.transpose(0, 1).flatten(2)"
POINTWISE, DEPTHWISE = "(left[:, :, 0] * values[:, :1]).T", "right[:, 0].reshape(weight.shape[1], 1, *weight.shape[2:])"


def _fitted(kernels: str) -> str:
    """The source of the factors that are best for given kernels (in, kernel): (out, in)."""
    return f"torch.einsum('iok,ik->oi', tables, {kernels}) / {kernels}.square().sum(1)"


@exercise(
    _kernels,
    ("left[:, :, 0] * values[:, :1]", "left[:, :, 0]", "the singular value is missing"),
    ("* values[:, :1]", "* values[:, :1].square()", "the singular value is used twice"),
    (
        "* values[:, :1]",
        "* values[:, :1].sqrt()",
        "the root of the singular value belongs to both tensors, or the whole to one",
    ),
    ("* values[:, :1]", "/ values[:, :1]", "the table is divided by the singular value; multiply by it"),
    (
        "* values[:, :1]",
        "* values.sum(1, keepdim=True)",
        "the singular values are added up; only the first one belongs to the nearest table",
    ),
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
    ("left[:, :, 0]", "left[:, 0]", "that is the first row of the left matrix; its vectors are columns: left[:, :, 0]"),
    (
        "full_matrices=False",
        "full_matrices=True",
        "right[:, 0]",
        "right[:, :, 0]",
        "that is a column of the right matrix; torch returns it transposed, so its vectors are rows: right[..., 0, :]",
    ),
    (
        "right[:, 0]",
        "right[:, :, 0]",
        "the vectors of the right matrix stand along its other axis: torch.linalg.svd gives them as rows, torch.svd as "
        "columns",
    ),
    (
        POINTWISE,
        "(left[:, :, 0] * values[:, 0]).T",
        "values[:, 0] falls on the axis of the outputs; values[:, :1] belongs to the input channels",
    ),
    (
        POINTWISE,
        "(left[:, :, 0] * values[:1, :1]).T",
        "the singular value of the first input channel is used for all; each has its own",
    ),
    (
        POINTWISE,
        "(left[:, :, 0] * values[:, :1]).reshape(weight.shape[:2])",
        "a reshape does not exchange the axes (in, out); transpose them: .T",
    ),
    (POINTWISE, "(left[:, :, 0] * values[:, :1]).T.abs()", "the signs of the pointwise weights are lost"),
    (
        TABLES,
        "tables = weight.reshape(weight.shape[1], weight.shape[0], -1)",
        "a reshape does not exchange the axes (out, in); use weight.transpose(0, 1)",
    ),
    (
        TABLES,
        "joint = weight.flatten(2).flatten(0, 1)",
        "left, values, right = torch.linalg.svd(tables, full_matrices=False)",
        "left, values, right = torch.linalg.svd(joint, full_matrices=False)",
        POINTWISE,
        "(left[:, 0] * values[0]).reshape(weight.shape[:2])",
        DEPTHWISE,
        "right[0].expand(weight.shape[1], -1).reshape(weight.shape[1], 1, *weight.shape[2:])",
        "all input channels share one kernel; decompose one table per input channel",
    ),
    (
        TABLES,
        "joint = weight.flatten(1)",
        "left, values, right = torch.linalg.svd(tables, full_matrices=False)",
        "left, values, right = torch.linalg.svd(joint, full_matrices=False)",
        POINTWISE,
        "(left[:, :1] * values[0]).expand(weight.shape[:2])",
        DEPTHWISE,
        "right[0].reshape(weight.shape[1], 1, *weight.shape[2:])",
        "all input channels are in one table; decompose one table per input channel",
    ),
    (
        TABLES,
        "tables = weight.flatten(2)",
        POINTWISE,
        "left[:, :, 0] * values[:, :1]",
        DEPTHWISE,
        "right[:, 0].mean(0).expand(weight.shape[1], -1).reshape(weight.shape[1], 1, *weight.shape[2:])",
        "there is one table per output channel, and their kernels are averaged; decompose one table per input channel",
    ),
    (
        TABLES,
        "tables = weight.flatten(2)",
        POINTWISE,
        "left[:, :, 0] * values[:, :1]",
        DEPTHWISE,
        "right[0, 0].expand(weight.shape[1], -1).reshape(weight.shape[1], 1, *weight.shape[2:])",
        "there is one table per output channel, and the kernel of the first is used; make one per input channel",
    ),
    (
        POINTWISE,
        "tables.mean(2).T",
        "right[:, 0]",
        "tables.mean(1)",
        "means over the rows and columns do not give the nearest table of rank 1; use the singular value decomposition",
    ),
    (
        POINTWISE,
        "tables.sum(2).T",
        "right[:, 0]",
        "tables.sum(1)",
        "sums over the rows and columns do not give the nearest table of rank 1; use the singular value decomposition",
    ),
    (
        POINTWISE,
        "tables.norm(dim=2).T",
        "right[:, 0]",
        "F.normalize(tables.mean(1), dim=1)",
        "the lengths of the rows and their mean direction do not give the nearest table; use the singular value "
        "decomposition",
    ),
    (
        POINTWISE,
        "torch.ones(weight.shape[:2])",
        "right[:, 0]",
        "tables.mean(1)",
        "each input channel has the mean of its kernels, and all outputs the same one; the outputs need factors",
    ),
    (
        POINTWISE,
        "torch.ones(weight.shape[:2])",
        "right[:, 0]",
        "tables.sum(1)",
        "each input channel has the sum of its kernels, and all outputs the same one; the outputs need factors",
    ),
    (
        POINTWISE,
        "torch.ones(weight.shape[:2])",
        "right[:, 0]",
        "tables[:, 0]",
        "the kernels of the first output are taken for all; the outputs need factors",
    ),
    (
        POINTWISE,
        _fitted("tables.mean(1)"),
        "right[:, 0]",
        "tables.mean(1)",
        "the factors fit the mean kernel, but another kernel is nearer to all rows: right[:, 0] of the decomposition",
    ),
    (
        POINTWISE,
        _fitted("tables[:, 0]"),
        "right[:, 0]",
        "tables[:, 0]",
        "the factors fit the kernel of the first output, but another one is nearer to all rows: right[:, 0]",
    ),
    (
        POINTWISE,
        "weight[(slice(None), slice(None), *(side // 2 for side in weight.shape[2:]))]",
        "right[:, 0]",
        "tables.mean(1)",
        "the middle weights and the mean kernels do not give the nearest table; use the singular value decomposition",
    ),
    (
        POINTWISE,
        _fitted("tables.mean((0, 1)).expand_as(tables[:, 0])"),
        "right[:, 0]",
        "tables.mean((0, 1)).expand_as(tables[:, 0])",
        "the mean over all input channels is taken as the kernel of each; decompose one table per input channel",
    ),
    (
        DEPTHWISE,
        DEPTHWISE + ".transpose(-1, -2 if weight.ndim > 3 else -1)",
        "rows and columns of the kernels are exchanged",
    ),
    (
        POINTWISE,
        "right[:, 0]",
        DEPTHWISE,
        "(left[:, :, 0] * values[:, :1]).T.reshape(weight.shape[1], 1, *weight.shape[2:])",
        "left and right are exchanged: the vectors of left belong to the outputs, and those of right are the kernels",
    ),
    (DEPTHWISE, DEPTHWISE + ".abs()", "the signs of the depthwise weights are lost"),
    (
        "return spatial, pointwise",
        "return torch.zeros_like(spatial), pointwise",
        "the depthwise weight is all zeros",
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
