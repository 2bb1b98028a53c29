"""Answers to the exercises of lesson 14 as students write them: wrong ones with words of the verdict, and right ones."""
# mypy: ignore-errors
# ruff: noqa

from collections import OrderedDict
from functools import partial, reduce
from math import prod

import numpy as np
import torch
from torch.nn import functional as F

from tests.oracles.answers import Answers

ANSWERS = Answers()
wrong, right = ANSWERS.wrong, ANSWERS.right


@wrong("backbone_weights", "replace removes the prefix wherever")
def _(weights, prefix):
    out = {}
    for k in weights:
        if k.startswith(prefix):
            out[k.replace(prefix, "")] = weights[k]
    if len(out) == 0:
        raise ValueError("nothing")
    return out


@wrong("backbone_weights", "the weights whose names lack the prefix are still there")
def _(weights, prefix):
    if not any(k.startswith(prefix) for k in weights):
        raise ValueError(prefix)
    return {k.removeprefix(prefix): v for k, v in weights.items()}


@wrong("backbone_weights", "must be refused by a ValueError")
def _(weights, prefix):
    return {k[len(prefix) :]: v for k, v in weights.items() if k.startswith(prefix)}


@wrong("backbone_weights", "expected a ValueError, got a AssertionError")
def _(weights, prefix):
    out = {k[len(prefix) :]: v for k, v in weights.items() if k.startswith(prefix)}
    assert out, "no names"
    return out


@wrong("backbone_weights", "lstrip removes all of these letters")
def _(weights, prefix):
    out = {k.lstrip(prefix): v for k, v in weights.items() if k.startswith(prefix)}
    if not out:
        raise ValueError
    return out


@wrong("backbone_weights", "names that hold the prefix somewhere else are kept, and cut there")
def _(weights, prefix):
    out = {k.split(prefix)[1]: v for k, v in weights.items() if prefix in k}
    if not out:
        raise ValueError
    return out


@wrong("backbone_weights", "it changes its argument weights; work on a copy")
def _(weights, prefix):
    for k in list(weights):
        v = weights.pop(k)
        if k.startswith(prefix):
            weights[k[len(prefix) :]] = v
    if not weights:
        raise ValueError
    return weights


@wrong("for_channels", "for one channel you took the mean")
def _(weight, channels):
    old = weight.shape[1]
    if channels == 1:
        return weight.mean(dim=1, keepdim=True)
    reps = -(-channels // old)
    return weight.repeat(1, reps, 1, 1)[:, :channels] * (old / channels)


@wrong("for_channels", "for one channel only the first kernel is used, multiplied")
def _(weight, channels):
    old = weight.shape[1]
    return torch.stack([weight[:, i % old] for i in range(channels)], 1) * old / channels


@wrong("for_channels", "the old number of channels need not be 3")
def _(weight, channels):
    if channels == 1:
        return weight.sum(1, keepdim=True)
    old = weight.shape[1]
    return torch.stack([weight[:, i % old] for i in range(channels)], 1) * 3 / channels


@wrong("for_channels", "each kernel is repeated before the next one follows")
def _(weight, channels):
    if channels == 1:
        return weight.sum(1, keepdim=True)
    old = weight.shape[1]
    return weight.repeat_interleave(-(-channels // old), dim=1)[:, :channels] * old / channels


@wrong("for_channels", "the axis of the channels is lost")
def _(weight, channels):
    if channels == 1:
        return weight.sum(1)
    old = weight.shape[1]
    return weight[:, [i % old for i in range(channels)]] * old / channels


@wrong("for_channels", "all channels have the same kernel")
def _(weight, channels):
    return (weight.sum(1, keepdim=True) / channels).repeat(1, channels, 1, 1)


@wrong("inflated", "the copies are not divided by their number")
def _(kernel, depth):
    return torch.stack([kernel] * depth, dim=2)


@wrong("inflated", "the new axis is the last one")
def _(kernel, depth):
    return torch.stack([kernel / depth] * depth, dim=-1)


@wrong("inflated", "only the middle slice has the kernel")
def _(kernel, depth):
    out = torch.zeros(*kernel.shape[:2], depth, *kernel.shape[2:])
    out[:, :, depth // 2] = kernel
    return out


@wrong("inflated", "the copies lie one below the other in the height")
def _(kernel, depth):
    return torch.cat([kernel / depth] * depth, dim=2)


@wrong("channels_from_pixels", "forbids pixel_unshuffle")
def _(x, stride):
    if stride[0] == stride[1]:
        return F.pixel_unshuffle(x, stride[0])
    n, c, h, w = x.shape
    a, b = stride
    return x.view(n, c, h // a, a, w // b, b).permute(0, 1, 3, 5, 2, 4).reshape(n, c * a * b, h // a, w // b)


@wrong("channels_from_pixels", "a reshape alone moves nothing")
def _(x, stride):
    n, c, h, w = x.shape
    a, b = stride
    return x.reshape(n, c * a * b, h // a, w // b)


@wrong("channels_from_pixels", "the channels lie behind the positions")
def _(x, stride):
    a, b = stride
    return torch.cat([x[:, :, i::a, j::b] for i in range(a) for j in range(b)], dim=1)


@wrong("channels_from_pixels", "rows and columns of the blocks are exchanged")
def _(x, stride):
    a, b = stride
    return torch.stack([x[:, :, i::a, j::b] for j in range(b) for i in range(a)], dim=2).flatten(1, 2)


@wrong("channels_from_pixels", "pixels that lie far apart are put into one block")
def _(x, stride):
    n, c, h, w = x.shape
    a, b = stride
    return x.reshape(n, c, a, h // a, b, w // b).permute(0, 1, 2, 4, 3, 5).reshape(n, c * a * b, h // a, w // b)


@wrong("icnr", "repeat copies the whole list")
def _(weight, bias, stride):
    k = prod(stride)
    return weight[::k].repeat(k, *[1] * (weight.dim() - 1)), bias[::k].repeat_interleave(k)


@wrong("icnr", "the bias still differs between the pixels of a block")
def _(weight, bias, stride):
    k = prod(stride)
    return weight[::k].repeat_interleave(k, 0), bias


@wrong("icnr", "you kept the first rows")
def _(weight, bias, stride):
    k = prod(stride)
    n = len(weight) // k
    return weight[:n].repeat_interleave(k, 0), bias[::k].repeat_interleave(k)


@wrong("icnr", "you kept the first rows of weights and biases")
def _(weight, bias, stride):
    k = prod(stride)
    n = len(weight) // k
    return weight[:n].repeat_interleave(k, 0), bias[:n].repeat_interleave(k)


@wrong("icnr", "the bias is 0")
def _(weight, bias, stride):
    k = prod(stride)
    out = torch.empty_like(weight)
    for i in range(k):
        out[i::k] = weight[::k]
    return out, torch.zeros(len(bias))


@wrong("rate_factors", "it is the decoder that has 1")
def _(stages, frozen, decay):
    return [0.0] * frozen + [decay ** (stages - 1 - i) for i in range(frozen, stages)] + [1.0]


@wrong("rate_factors", "the frozen stages are left out")
def _(stages, frozen, decay):
    return [decay**k for k in range(stages - frozen, -1, -1)]


@wrong("rate_factors", "the order is from the image to the decoder")
def _(stages, frozen, decay):
    return [1.0] + [decay**k if stages - k >= frozen else 0.0 for k in range(1, stages + 1)]


@wrong("rate_factors", "the frozen stages still have a rate")
def _(stages, frozen, decay):
    return [decay**k for k in reversed(range(stages + 1))]


@wrong("backbone_weights", "a file may hold other weights, too; refuse it only if no")
def _(weights, prefix):
    out = {}
    for k, v in weights.items():
        if k.startswith(prefix):
            out[k[len(prefix) :]] = v
        else:
            raise ValueError(k)
    return out


@wrong("backbone_weights", "strip removes all of these letters, at both ends;")
def _(weights, prefix):
    out = {k.strip(prefix): v for k, v in weights.items() if k.startswith(prefix)}
    if not out:
        raise ValueError
    return out


@wrong("backbone_weights", "expected a ValueError, got None")
def _(weights, prefix):
    out = {k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)}
    if not out:
        return None
    return out


@wrong("backbone_weights", "expected a ValueError, got a KeyError")
def _(weights, prefix):
    out = {k.split(".", 1)[1]: v for k, v in weights.items() if k.split(".")[0] + "." == prefix}
    if not out:
        raise KeyError(prefix)
    return out


@wrong("for_channels", "for one channel the sum is divided by 3; r·x + g·x + b·x is")
def _(weight, channels):
    if channels == 1:
        return weight.sum(1, keepdim=True) / 3
    o = weight.shape[1]
    return weight[:, [i % o for i in range(channels)]] * o / channels


@wrong("for_channels", "for one channel you summed over the output channels, axis")
def _(weight, channels):
    if channels == 1:
        return weight.sum(0, keepdim=True)
    o = weight.shape[1]
    return weight[:, [i % o for i in range(channels)]] * o / channels


@wrong("for_channels", "the factor is in / channels, without a root")
def _(weight, channels):
    if channels == 1:
        return weight.sum(1, keepdim=True)
    o = weight.shape[1]
    return weight[:, [i % o for i in range(channels)]] / (channels / o) ** 0.5


@wrong("for_channels", "channels // in copies are too few where it is no whole")
def _(weight, channels):
    if channels == 1:
        return weight.sum(1, keepdim=True)
    o = weight.shape[1]
    return weight.repeat(1, channels // o, 1, 1) * o / channels


@wrong("for_channels", "// rounds down; the factor is in / channels")
def _(weight, channels):
    if channels == 1:
        return weight.sum(1, keepdim=True)
    o = weight.shape[1]
    return weight[:, [i % o for i in range(channels)]] * (o // channels)


@wrong("inflated", "you divided by the height of the kernel; divide by the")
def _(kernel, depth):
    return kernel[:, :, None].repeat(1, 1, depth, 1, 1) / kernel.shape[2]


@wrong("inflated", "repeat puts the new axis in front of all others; first make")
def _(kernel, depth):
    return kernel.repeat(1, 1, depth, 1, 1) / depth


@wrong("inflated", "72 of 108 values are wrong, the first at (0, 0, 0, 0, 0):")
def _(kernel, depth):
    return torch.stack([kernel / (i + 1) for i in range(depth)], 2)


@wrong("inflated", "the new axis is the first one; it is axis 2, behind output")
def _(kernel, depth):
    return torch.stack([kernel] * depth, 0) / depth


@wrong("channels_from_pixels", "the first stride is used for both axes; the columns have")
def _(x, stride):
    s = stride[0]
    n, c, h, w_ = x.shape
    return x.reshape(n, c, h // s, s, w_ // s, s).permute(0, 1, 3, 5, 2, 4).reshape(n, c * s * s, h // s, w_ // s)


@wrong("channels_from_pixels", "expected shape (2, 12, 2, 3), got (2, 12, 3, 2)")
def _(x, stride):
    a, b = stride
    n, c, h, w_ = x.shape
    return x.reshape(n, c * a * b, h * w_ // (a * b), 1).reshape(n, c * a * b, w_ // b, h // a)


@wrong("channels_from_pixels", "you pooled each block to one number; all of its pixels are")
def _(x, stride):
    a, b = stride
    return F.max_pool2d(x, (a, b))


@wrong("channels_from_pixels", "that is the order of the other direction; split the height")
def _(x, stride):
    a, b = stride
    n, c, h, w_ = x.shape
    return x.reshape(n, c, a, b, h // a, w_ // b).permute(0, 1, 4, 2, 5, 3).reshape(n, c * a * b, h // a, w_ // b)


@wrong("icnr", "it changes its argument weight; work on a copy:")
def _(weight, bias, stride):
    k = prod(stride)
    weight[:] = weight[::k].repeat_interleave(k, 0)
    bias[:] = bias[::k].repeat_interleave(k)
    return weight, bias


@wrong("icnr", "the bias is missing; return both, the weight and the bias")
def _(weight, bias, stride):
    k = prod(stride)
    return weight[::k].repeat_interleave(k, 0)


@wrong("icnr", "all biases are the same mean; each block gets the bias of")
def _(weight, bias, stride):
    k = prod(stride)
    return weight[::k].repeat_interleave(k, 0), torch.full_like(bias, bias.mean())


@wrong("icnr", "all output channels have the same weights and bias; only")
def _(weight, bias, stride):
    k = prod(stride)
    return weight[:1].repeat(len(weight), *[1] * (weight.ndim - 1)), bias[:1].repeat(len(bias))


@wrong("icnr", "you averaged over the pixels of a block; the mean has a")
def _(weight, bias, stride):
    k = prod(stride)
    w2 = weight.reshape(-1, k, *weight.shape[1:]).mean(1).repeat_interleave(k, 0)
    return w2, bias.reshape(-1, k).mean(1).repeat_interleave(k)


@wrong("icnr", "the rows are repeated along axis 1, the input channels; the")
def _(weight, bias, stride):
    k = prod(stride)
    return weight[::k].repeat_interleave(k, 1), bias[::k].repeat_interleave(k)


@right("rate_factors")
def _(stages, frozen, decay):
    return [0.0 if i < frozen else decay ** (stages - i) for i in range(stages + 1)]


@wrong("rate_factors", "the factor of the decoder is missing; it is 1, at the end")
def _(stages, frozen, decay):
    f = [decay**k for k in range(stages, -1, -1)]
    for i in range(frozen):
        f[i] = 0.0
    return f[:-1]


@wrong("rate_factors", "the first stage has the index 0: freeze the indices 0 to")
def _(stages, frozen, decay):
    f = [decay**k for k in range(stages, 0, -1)] + [1.0]
    for i in range(1, frozen + 1):
        f[i] = 0.0
    return f


@wrong("rate_factors", "the last stage has the factor 1; it is the decoder that has")
def _(stages, frozen, decay):
    return [0.0] * frozen + [decay**k for k in range(stages - frozen)][::-1] + [1.0]


@wrong("rate_factors", "behind the frozen stages the factors become smaller; they")
def _(stages, frozen, decay):
    return [0.0] * frozen + [decay ** (stages - frozen - i) for i in range(stages - frozen)][::-1] + [1.0]


@wrong("rate_factors", "the factors are powers of decay, and not equal steps")
def _(stages, frozen, decay):
    return [0.0] * frozen + [decay * (i + 1) / stages for i in range(frozen, stages)] + [1.0]


@right("backbone_weights")
def _(weights, prefix):
    found = OrderedDict()
    for name, value in weights.items():
        head, middle, tail = name.partition(prefix)
        if middle and not head:
            found[tail] = value
    if found:
        return found
    raise ValueError(f"{prefix}: no such names, only {', '.join(weights)}")


@right("for_channels")
def _(weight, channels):
    if channels == 1:
        return torch.einsum("oihw->ohw", weight)[:, None]
    big = torch.cat([weight] * channels, dim=1)[:, :channels]
    return big.double() * (weight.size(1) / channels)


@right("inflated")
def _(kernel, depth):
    return torch.einsum("oihw,d->oidhw", kernel, torch.full((depth,), 1 / depth))


@right("inflated")
def _(kernel, depth):
    return kernel[:, :, None].repeat(1, 1, depth, 1, 1).div(depth)


@right("channels_from_pixels")
def _(x, stride):
    a, b = stride
    parts = [x[:, c, i::a, j::b] for c in range(x.shape[1]) for i in range(a) for j in range(b)]
    return torch.stack(parts, 1)


@right("channels_from_pixels")
def _(x, stride):
    a, b = stride
    n, c = x.shape[:2]
    kernel = torch.zeros(c * a * b, 1, a, b)
    for k in range(c * a * b):
        kernel[k, 0, k // b % a, k % b] = 1
    return F.conv2d(x, kernel, stride=stride, groups=c)


@right("icnr")
def _(weight, bias, stride):
    k = reduce(lambda a, b: a * b, stride, 1)
    rows = [i - i % k for i in range(len(weight))]
    return [weight[rows].double(), bias[rows]]


class Factors:
    def __call__(self, stages, frozen, decay):
        out = [1]
        for _ in range(stages):
            out.insert(0, out[0] * decay)
        return tuple(0.0 if i < frozen else float(value) for i, value in enumerate(out))


right("rate_factors")(Factors())


@right("rate_factors")
def _(stages, frozen, decay):
    powers = decay ** np.arange(stages, -1, -1.0)
    powers[:frozen] = 0
    return powers
