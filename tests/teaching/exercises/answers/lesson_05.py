"""Answers to the exercises of lesson 05 as students write them: wrong ones with words of the verdict, and right ones."""
# mypy: ignore-errors
# ruff: noqa

import functools
import math

import numpy as np
import torch
from torch import nn

from tests.oracles.answers import Answers

ANSWERS = Answers()
wrong, right = ANSWERS.wrong, ANSWERS.right


@wrong("initialise_", "2/N is the variance; the std is its square root")
def _(layer):
    n = layer.weight[0].numel()
    nn.init.normal_(layer.weight, 0, 2 / n)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


@wrong("initialise_", "that is √(1/N); the 2 that makes up for the ReLU is missing")
def _(layer):
    n = layer.weight[0].numel()
    with torch.no_grad():
        layer.weight.normal_(0, math.sqrt(1 / n))
        if layer.bias is not None:
            layer.bias.zero_()
    return layer


@wrong("initialise_", "N counts incoming nodes: take in_channels in place of out_channels")
def _(layer):
    n = layer.out_channels * math.prod(layer.kernel_size)
    nn.init.normal_(layer.weight, std=math.sqrt(2 / n))
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


@wrong("initialise_", "you squared one side of the kernel; its sides can differ, and there are")
def _(layer):
    n = layer.in_channels * layer.kernel_size[0] ** 2
    nn.init.normal_(layer.weight, std=math.sqrt(2 / n))
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


@wrong("initialise_", "a layer without biases has None as its bias: test `if layer.bias is not")
def _(layer):
    n = layer.weight[0].numel()
    nn.init.normal_(layer.weight, std=math.sqrt(2 / n))
    nn.init.zeros_(layer.bias)
    return layer


@wrong("initialise_", "the biases are not zero; set them to 0 too")
def _(layer):
    n = layer.weight[0].numel()
    nn.init.normal_(layer.weight, std=math.sqrt(2 / n))
    return layer


@wrong("initialise_", "two layers get the same weights, because you set a seed; leave the seed")
def _(layer):
    torch.manual_seed(0)
    n = layer.weight[0].numel()
    nn.init.normal_(layer.weight, std=math.sqrt(2 / n))
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


@wrong("initialise_", "the std is right, but the paper draws from a Gaussian, and these")
def _(layer):
    n = layer.weight[0].numel()
    b = math.sqrt(6 / n)
    nn.init.uniform_(layer.weight, -b, b)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


@wrong("initialise_", "it returned None; is a return missing?")
def _(layer):
    n = layer.weight[0].numel()
    nn.init.normal_(layer.weight, std=math.sqrt(2 / n))
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)


@wrong("initialise_", "this exercise forbids kaiming_normal_; do it without")
def _(layer):
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


@wrong("initialise_", "you took the last two sides of the kernel; in 3D it has three")
def _(layer):
    n = layer.in_channels * layer.kernel_size[-1] * layer.kernel_size[-2]
    nn.init.normal_(layer.weight, std=math.sqrt(2 / n))
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


@wrong("initialise_", "the biases are not zero; set them to 0 too")
def _(layer):
    n = layer.weight[0].numel()
    s = math.sqrt(2 / n)
    nn.init.normal_(layer.weight, std=s)
    if layer.bias is not None:
        nn.init.normal_(layer.bias, std=s)
    return layer


@wrong("initialise_", "you changed a copy; change the layer that was given, and return it")
def _(layer):
    n = layer.weight[0].numel()
    new = type(layer)(layer.in_channels, layer.out_channels, layer.kernel_size)
    nn.init.normal_(new.weight, std=math.sqrt(2 / n))
    nn.init.zeros_(new.bias)
    return new


@wrong("initialise_", "the kernel is missing in N: a neuron reads all pixels of the kernel in")
def _(layer):
    nn.init.normal_(layer.weight, std=math.sqrt(2 / layer.in_channels))
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


@wrong("initialise_", "change a parameter under torch.no_grad(): then .weight can be")
def _(layer):
    n = layer.weight[0].numel()
    layer.weight.normal_(0, math.sqrt(2 / n))
    return layer


@wrong("initialise_", "N belongs to one neuron, and you counted the weights of all")
def _(layer):
    n = layer.weight.numel()
    nn.init.normal_(layer.weight, std=math.sqrt(2 / n))
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


@wrong("initialise_", "you replaced the parameter, and an optimiser keeps the old one;")
def _(layer):
    n = layer.weight.flatten(1).shape[1]
    layer.weight = nn.Parameter(torch.normal(0.0, (2 / n) ** 0.5, layer.weight.shape))
    if layer.bias is not None:
        layer.bias = nn.Parameter(torch.zeros_like(layer.bias))
    return layer


@wrong("forecast_std", "one ReLU too many: the std before the last ReLU is asked for")
def _(q, layers):
    for n, w, b in layers:
        q = (n * w**2 * q + b**2) / 2
    return math.sqrt(q)


@wrong("forecast_std", "the input has not passed a ReLU; q is its second moment as it is")
def _(q, layers):
    for n, w, b in layers:
        q = n * w**2 * q / 2 + b**2
    return math.sqrt(q)


@wrong("forecast_std", "that is the variance; the std is its square root")
def _(q, layers):
    for i, (n, w, b) in enumerate(layers):
        if i:
            q /= 2
        q = n * w**2 * q + b**2
    return q


@wrong("forecast_std", "the biases are missing; each adds its variance")
def _(q, layers):
    for i, (n, w, b) in enumerate(layers):
        if i:
            q /= 2
        q = n * w**2 * q
    return math.sqrt(q)


@wrong("forecast_std", "variances add, and stds do not: square the std of the biases")
def _(q, layers):
    for i, (n, w, b) in enumerate(layers):
        if i:
            q /= 2
        q = n * w**2 * q + b
    return math.sqrt(q)


@wrong("forecast_std", "Var(w) is the square of the std: square weight_std")
def _(q, layers):
    for i, (n, w, b) in enumerate(layers):
        if i:
            q /= 2
        q = n * w * q + b**2
    return math.sqrt(q)


@wrong("forecast_std", "q is a second moment already; you squared it")
def _(q, layers):
    q = q**2
    for i, (n, w, b) in enumerate(layers):
        if i:
            q /= 2
        q = n * w**2 * q + b**2
    return math.sqrt(q)


@wrong("forecast_std", "the ReLU is missing: it halves the second moment between two layers")
def _(q, layers):
    for n, w, b in layers:
        q = n * w**2 * q + b**2
    return math.sqrt(q)


@wrong("forecast_std", "the ReLU halves the sum with its bias: halve n·Var(w)·q + Var(b), and")
def _(q, layers):
    total = 0
    for i, (n, w, b) in enumerate(layers):
        q = n * w**2 * q
        if i < len(layers) - 1:
            q = q / 2
        q = q + b**2
    return math.sqrt(q)


@wrong("forecast_std", "ReLU halves the second moment; you halved the std")
def _(q, layers):
    s = math.sqrt(q)
    for i, (n, w, b) in enumerate(layers):
        if i:
            s /= 2
        s = math.sqrt(n * w**2 * s**2 + b**2)
    return s


@wrong("forecast_std", "a neuron has one bias, and not N")
def _(q, layers):
    for i, (n, w, b) in enumerate(layers):
        if i:
            q /= 2
        q = n * (w**2 * q + b**2)
    return math.sqrt(q)


@wrong("forecast_std", "(1 - 1/π)/2 belongs to the variance behind a ReLU; the next sum depends")
def _(q, layers):
    for i, (n, w, b) in enumerate(layers):
        if i:
            q *= 0.5 - 1 / (2 * math.pi)
        q = n * w**2 * q + b**2
    return math.sqrt(q)


@wrong("weight_std", "that is the variance of act(z); the next sum depends on the mean of its")
def _(act, n):
    z = torch.randn(1_000_000)
    return math.sqrt(1 / (n * act(z).var().item()))


@wrong("weight_std", "that is the variance of the weights; the std is its square root")
def _(act, n):
    z = torch.randn(1_000_000)
    return 1 / (n * act(z).square().mean().item())


@wrong("weight_std", "2/N is for ReLU, which keeps one half; measure what this activation")
def _(act, n):
    return math.sqrt(2 / n)


@wrong("weight_std", "that is the square of the mean; take the mean of the squares")
def _(act, n):
    z = torch.randn(1_000_000)
    return math.sqrt(1 / (n * act(z).mean().item() ** 2))


@wrong("weight_std", "z was uniform between 0 and 1, as rand gives it; a sum of many terms is")
def _(act, n):
    z = torch.rand(1_000_000)
    return math.sqrt(1 / (n * (act(z) ** 2).mean().item()))


@wrong("weight_std", "N is missing: the variances of N terms add")
def _(act, n):
    z = torch.randn(1_000_000)
    return math.sqrt(1 / (act(z) ** 2).mean().item())


@wrong("weight_std", "you multiplied by the second moment of act(z); divide by it")
def _(act, n):
    z = torch.randn(1_000_000)
    return math.sqrt((act(z) ** 2).mean().item() / n)


@wrong("weight_std", "leave out the 2: it is for ReLU, and the second moment that you")
def _(act, n):
    z = torch.randn(1_000_000)
    return math.sqrt(2 / (n * (act(z) ** 2).mean().item()))


@wrong("weight_std", "the same call gave another result the second time; are random numbers")
def _(act, n):
    z = torch.randn(n)
    return math.sqrt(1 / (n * (act(z) ** 2).mean().item()))


@wrong("weight_std", "a layer has to be called: layer(x)")
def _(act, n):
    s = sum(act(np.random.randn()) ** 2 for _ in range(10000)) / 10000
    return math.sqrt(1 / (n * s))


@wrong("weight_std", "z was squared before the activation; square act(z)")
def _(act, n):
    z = torch.randn(1_000_000)
    return math.sqrt(1 / (n * act(z**2).mean().item()))


@wrong("weight_std", "that is the sum of the squares; divide by the number of values: take")
def _(act, n):
    z = torch.randn(1_000_000)
    return math.sqrt(1 / (n * (act(z) ** 2).sum().item()))


@wrong("up_fan_in", "that is torch's fan-in, the weights that start at one input channel;")
def _(weight, stride):
    return math.prod(weight[1:])


@wrong("up_fan_in", "one input pixel is right where blocks do not overlap; with a kernel")
def _(weight, stride):
    return weight[0]


@wrong("up_fan_in", "an output pixel meets only a part of the kernel: divide each side by")
def _(weight, stride):
    return weight[0] * math.prod(weight[2:])


@wrong("up_fan_in", "a count is a whole number: use // in place of /")
def _(weight, stride):
    n = weight[0]
    for k, s in zip(weight[2:], stride):
        n *= k / s
    return n


@wrong("up_fan_in", "the output channels come second in a transposed weight; a neuron reads")
def _(weight, stride):
    n = weight[1]
    for k, s in zip(weight[2:], stride):
        n *= k // s
    return n


@wrong("up_fan_in", "the pixels along the first axis were squared; kernel and stride can")
def _(weight, stride):
    return weight[0] * (weight[2] // stride[0]) ** 2


@wrong("up_fan_in", "the first axis was taken for all; kernel and stride can differ along")
def _(weight, stride):
    return weight[0] * (weight[2] // stride[0]) ** len(stride)


@wrong("up_fan_in", "the pixels along the axes were added; multiply them")
def _(weight, stride):
    return weight[0] * sum(k // s for k, s in zip(weight[2:], stride))


@wrong("up_fan_in", "a kernel can have three sides: write in_channels, out_channels, *kernel")
def _(weight, stride):
    c, d, kh, kw = weight
    return c * (kh // stride[0]) * (kw // stride[1])


@wrong("up_fan_in", "the product is divided by the first stride; divide by the stride of")
def _(weight, stride):
    return weight[0] * math.prod(weight[2:]) // stride[0]


@wrong("up_fan_in", "the kernel begins at weight[2]; weight[1] is the number of output")
def _(weight, stride):
    return weight[0] * math.prod(k // s for k, s in zip(weight[1:], stride))


@wrong("up_fan_in", "k - s + 1 is for a shift by single pixels; an output pixel meets k / s")
def _(weight, stride):
    return weight[0] * math.prod(k - s + 1 for k, s in zip(weight[2:], stride))


@wrong("moment_at_top", "skip and up can have different numbers of channels: weight both by")
def _(factor, steps):
    q = 1.0
    for skip, up in steps:
        q = (1 + factor * q) / 2
    return q


@wrong("moment_at_top", "skip and up are swapped: the first number of a pair belongs to the skip")
def _(factor, steps):
    q = 1.0
    for up, skip in steps:
        q = (skip + up * factor * q) / (skip + up)
    return q


@wrong("moment_at_top", "that is the result without skips; each skip has channels with q = 1")
def _(factor, steps):
    return factor ** len(steps)


@wrong("moment_at_top", "the sum is not divided: q is a mean over skip + up channels")
def _(factor, steps):
    q = 1.0
    for skip, up in steps:
        q = skip + up * factor * q
    return q


@wrong("moment_at_top", "the up-convolution reads q of the block below; you took 1 at each step")
def _(factor, steps):
    q = 1.0
    for skip, up in steps:
        q = (skip + up * factor) / (skip + up)
    return q


@wrong("moment_at_top", "the steps are in reverse order; the deepest comes first")
def _(factor, steps):
    q = 1.0
    for skip, up in reversed(steps):
        q = (skip + up * factor * q) / (skip + up)
    return q


@wrong("moment_at_top", "the factor multiplies q, a second moment; you squared it")
def _(factor, steps):
    q = 1.0
    for skip, up in steps:
        q = (skip + up * factor**2 * q) / (skip + up)
    return q


@wrong("moment_at_top", "only the first step is computed; is the return inside the loop?")
def _(factor, steps):
    q = 1.0
    for skip, up in steps:
        q = (skip + up * factor * q) / (skip + up)
        return q


@wrong("moment_at_top", "the factor was applied behind the merge; it belongs to the")
def _(factor, steps):
    q = 1.0
    for skip, up in steps:
        q = factor * (skip + up * q) / (skip + up)
    return q


@wrong("moment_at_top", "q is 1 at the bottom; the factor comes with the first up-convolution")
def _(factor, steps):
    q = factor
    for skip, up in steps:
        q = (skip + up * factor * q) / (skip + up)
    return q


@wrong("moment_at_top", "the skips have the q from below in your sum; they come from the encoder")
def _(factor, steps):
    q = 1.0
    for skip, up in steps:
        q = (skip * q + up * factor * q) / (skip + up)
    return q


@wrong("fan_out_price", "that is the ratio of the second moments; the std has its square root")
def _(channels):
    return channels[0] / channels[-1]


@wrong("fan_out_price", "upside down: with 2/M instead of 2/N each layer multiplies the second")
def _(channels):
    return math.sqrt(channels[-1] / channels[0])


@wrong("fan_out_price", "the last convolution is missing; its own sum is asked for")
def _(channels):
    p = 1.0
    for a, b in zip(channels[:-2], channels[1:-1]):
        p *= a / b
    return math.sqrt(p)


@wrong("fan_out_price", "the ReLU halves the second moment with 2/N as well, so the half cancels")
def _(channels):
    p = 1.0
    for a, b in zip(channels[:-1], channels[1:]):
        p *= a / b / 2
    return math.sqrt(p)


@wrong("fan_out_price", "the first convolution is missing; it reads the channels of the image")
def _(channels):
    return math.sqrt(channels[1] / channels[-1])


@wrong("fan_out_price", "// rounds down to a whole number; use /")
def _(channels):
    p = 1
    for a, b in zip(channels[:-1], channels[1:]):
        p *= a // b
    return math.sqrt(p)


@wrong("fan_out_price", "the factors of the layers were added; they multiply")
def _(channels):
    return math.sqrt(sum(a / b for a, b in zip(channels, channels[1:])))


@wrong("fan_out_price", "the kernel belongs to N and to M, and cancels")
def _(channels):
    p = 1.0
    for a, b in zip(channels, channels[1:]):
        p *= a / (9 * b)
    return math.sqrt(p)


@wrong("fan_out_price", "n items have the indices 0 to n - 1")
def _(channels):
    p = 1.0
    for i in range(len(channels)):
        p *= channels[i] / channels[i + 1]
    return math.sqrt(p)


@wrong("fan_out_price", "only the last layer is computed; the factors of all layers multiply")
def _(channels):
    return math.sqrt(channels[-2] / channels[-1])


@wrong("fan_out_price", "that is the variance 2/M; divide it by 2/N")
def _(channels):
    p = 1.0
    for m in channels[1:]:
        p *= 2 / m
    return math.sqrt(p)


@right("initialise_")
def _(layer):
    w = layer.weight
    n = w.numel() // w.shape[0]
    layer.weight.data = torch.empty_like(w).normal_() * np.sqrt(2 / n)
    layer.bias is None or layer.bias.data.fill_(0)
    return layer


@right("initialise_")
def _(layer):
    with torch.no_grad():
        g = math.prod(layer.kernel_size) * layer.in_channels
        layer.weight.copy_(
            torch.from_numpy(
                np.random.default_rng(int(torch.randint(1000, ()))).normal(0, (2 / g) ** 0.5, layer.weight.shape)
            )
        )
        for name, p in layer.named_parameters():
            if name == "bias":
                p *= 0
    return layer


@right("forecast_std")
def _(q, layers):
    *front, (n, w, b) = layers
    before = q

    def sq(rest, q):
        if not rest:
            return q
        (n, w, b), *others = rest
        return sq(others, (n * w * w * q + b * b) / 2)

    return float(np.hypot(np.sqrt(n * sq(front, q)) * w, b))


@right("forecast_std")
def _(q, layers):
    v = functools.reduce(
        lambda v, l: l[0] * l[1] ** 2 * v / 2 + l[2] ** 2, layers, torch.tensor(2 * q, dtype=torch.float64)
    )
    return v.sqrt()


@right("weight_std")
class _:
    def __new__(cls, act, n):
        z = torch.randn(2000, 1000)
        return (1 / n / torch.mean(torch.pow(act(z), 2))) ** 0.5


@right("weight_std")
def _(act, n):
    z = torch.linspace(-8, 8, 100001, dtype=torch.float64)
    p = torch.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    return 1 / math.sqrt(n * torch.trapezoid(p * act(z) ** 2, z).item())


@right("weight_std")
def _(act, n):
    z = torch.randn(1000, 1000)
    a = act(z)
    return ((a.var() + a.mean() ** 2) * n) ** -0.5


@right("up_fan_in")
def _(weight, stride):
    return int(weight[0] * np.prod(np.array(weight[2:]) / np.array(stride)))


@right("up_fan_in")
def _(weight, stride):
    ups = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}
    up = ups[len(stride)](weight[0], 1, weight[2:], stride=stride, bias=False)
    nn.init.ones_(up.weight)
    return int(up(torch.ones(1, weight[0], *[4] * len(stride))).max())


@right("moment_at_top")
def _(factor, steps):
    if not steps:
        return 1.0
    *below, (s, u) = steps
    return np.average([1, factor * averaged(factor, below)], weights=[s, u])


def averaged(factor, steps):
    if not steps:
        return 1.0
    *below, (s, u) = steps
    return np.average([1, factor * averaged(factor, below)], weights=[s, u])


@right("moment_at_top")
def _(factor, steps):
    q = torch.ones((), dtype=torch.float64)
    for s, u in steps:
        q = torch.cat([torch.ones(s), torch.full((u,), float(factor * q))]).double().mean()
    return q


right("fan_out_price")(lambda channels: (channels[0] / channels[-1]) ** 0.5)


@right("fan_out_price")
def _(channels):
    c = np.array(channels, float)
    return np.exp(0.5 * (np.log(c[:-1]) - np.log(c[1:])).sum())


def bias0(layer):
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


@wrong("initialise_", "the std is right, but the paper draws from a Gaussian, and these")
def _(layer):
    nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
    return bias0(layer)


@wrong("initialise_", "overwrite the values of .weight in place, under torch.no_grad()")
def _(layer):
    n = layer.weight[0].numel()
    layer.weight = torch.randn(layer.weight.shape) * math.sqrt(2 / n)
    return bias0(layer)


@wrong("initialise_", "change a parameter under torch.no_grad(): then .bias can be overwritten")
def _(layer):
    n = layer.weight[0].numel()
    nn.init.normal_(layer.weight, std=math.sqrt(2 / n))
    if layer.bias is not None:
        layer.bias.zero_()
    return layer


@wrong("initialise_", "this condition has one truth value for each entry: use .any() or")
def _(layer):
    n = layer.weight[0].numel()
    nn.init.normal_(layer.weight, std=math.sqrt(2 / n))
    if layer.bias:
        nn.init.zeros_(layer.bias)
    return layer


@wrong("initialise_", "torch.sqrt takes a tensor")
def _(layer):
    n = layer.weight[0].numel()
    nn.init.normal_(layer.weight, std=torch.sqrt(2 / n))
    return bias0(layer)


@wrong("initialise_", "all weights are equal; draw them from a Gaussian with this std")
def _(layer):
    n = layer.weight[0].numel()
    nn.init.constant_(layer.weight, math.sqrt(2 / n))
    return bias0(layer)


@wrong("initialise_", "you took the mean of fan-in and fan-out; N is the fan-in alone")
def _(layer):
    i, o = nn.init._calculate_fan_in_and_fan_out(layer.weight)
    nn.init.normal_(layer.weight, std=math.sqrt(2 / ((i + o) / 2)))
    return bias0(layer)


@wrong("initialise_", "** or pow() works on numbers and arrays, and not on types tuple and int")
def _(layer):
    n = layer.in_channels * layer.kernel_size**2
    nn.init.normal_(layer.weight, std=math.sqrt(2 / n))
    return bias0(layer)


@wrong("initialise_", "you multiplied the weights that torch had drawn; draw new ones")
def _(layer):
    n = layer.weight[0].numel()
    with torch.no_grad():
        layer.weight *= math.sqrt(2 / n)
    return bias0(layer)


@wrong("forecast_std", "on the left there are 4 names")
def _(q, layers):
    for i, n, w, b in enumerate(layers):
        q = n * w**2 * q + b**2
    return math.sqrt(q)


@wrong("forecast_std", "all halves were taken at the end, and one is too many; halve q between")
def _(q, layers):
    for n, w, b in layers:
        q = n * w**2 * q + b**2
    return math.sqrt(q / 2 ** len(layers))


@wrong("forecast_std", "there is a square root too many")
def _(q, layers):
    for i, (n, w, b) in enumerate(layers):
        if i:
            q = q / 2
        q = math.sqrt(n * w**2 * q + b**2)
    return q


@wrong("forecast_std", "expected a number, got a list")
def _(q, layers):
    out = []
    for i, (n, w, b) in enumerate(layers):
        if i:
            q = q / 2
        q = n * w**2 * q + b**2
        out.append(math.sqrt(q))
    return out


@wrong("forecast_std", "variances add, and stds do not: square the std of the biases")
def _(q, layers):
    v = q
    for i, (n, w, b) in enumerate(layers):
        v = n * w**2 * v
        if i:
            v /= 2
        v += b
    return math.sqrt(v)


@wrong("weight_std", "you multiplied by N; divide by it")
def _(act, n):
    z = torch.randn(1000000)
    return math.sqrt(n) / act(z).square().mean().sqrt().item()


@wrong("weight_std", "divide by the root of the second moment, and by that of N")
def _(act, n):
    z = torch.randn(1000000)
    return act(z).square().mean().sqrt().item() / n


@wrong("weight_std", "a ReLU was applied to act(z) too; the nodes are act(z)")
def _(act, n):
    z = torch.randn(1000000)
    return math.sqrt(1 / (n * act(z).relu().square().mean().item()))


@wrong("weight_std", "a layer has to be called: layer(x)")
def _(act, n):
    z = np.random.randn(1000000)
    return math.sqrt(1 / (n * (act(z) ** 2).mean()))


@wrong("weight_std", "z was divided by √n; its std is 1")
def _(act, n):
    z = torch.randn(1000000) / math.sqrt(n)
    return math.sqrt(1 / (n * act(z).square().mean().item()))


@wrong("up_fan_in", "that is input times output channels; a neuron reads the input channels")
def _(weight, stride):
    return weight[0] * weight[1]


@wrong("up_fan_in", "you divided by each stride twice; divide each side of the kernel by its")
def _(weight, stride):
    return weight[0] * math.prod(weight[2:]) // math.prod(stride) ** 2


@wrong("up_fan_in", "// works on numbers and arrays, and not on types tuple and tuple")
def _(weight, stride):
    return weight[0] * math.prod(weight[2:] // stride)


@wrong("up_fan_in", "the result is 0 in every call; does a product begin with 0, or does a")
def _(weight, stride):
    n = 0
    for k, s in zip(weight[2:], stride):
        n *= k // s
    return weight[0] * n


@wrong("up_fan_in", "that is torch's fan-in, the weights that start at one input channel;")
def _(weight, stride):
    return weight[1] * math.prod(weight[2:])


@wrong("up_fan_in", "you add where the right formula multiplies")
def _(weight, stride):
    return weight[0] + math.prod(k // s for k, s in zip(weight[2:], stride))


@wrong("moment_at_top", "expected a number, got a list")
def _(factor, steps):
    q = 1
    qs = []
    for s, u in steps:
        q = (s + u * factor * q) / (s + u)
        qs.append(q)
    return qs


@wrong("moment_at_top", "the result is rounded; return it as it is")
def _(factor, steps):
    q = 1
    for s, u in steps:
        q = (s + u * factor * q) / (s + u)
    return round(q)


@wrong("moment_at_top", "a factor is missing")
def _(factor, steps):
    q = 1
    for s, u in steps:
        q = (s + factor * q) / (s + u)
    return q


@wrong("moment_at_top", "brackets are missing: * and / are computed before + and -, and from")
def _(factor, steps):
    q = 1
    for s, u in steps:
        q = s + u * factor * q / (s + u)
    return q


@wrong("moment_at_top", "there is a square root too many")
def _(factor, steps):
    q = 1
    for s, u in steps:
        q = (s + u * math.sqrt(factor) * q) / (s + u)
    return q


@wrong("fan_out_price", "that is the mean of the factors; they multiply")
def _(channels):
    r = [a / b for a, b in zip(channels, channels[1:])]
    return math.sqrt(sum(r) / len(r))


@wrong("fan_out_price", "there is a square too many")
def _(channels):
    p = 1
    for a, b in zip(channels, channels[1:]):
        p *= math.sqrt(a) / b
    return p


@wrong("fan_out_price", "the result is 0.03125 in every call; it has to depend on the arguments")
def _(channels):
    return 1 / 32


@wrong("fan_out_price", "only the first layer is computed; the factors of all layers multiply")
def _(channels):
    p = 1
    for a, b in zip(channels, channels[1:]):
        p *= a / b
        return math.sqrt(p)


@wrong("fan_out_price", "every result is the square root of the right one")
def _(channels):
    p = 1
    for a, b in zip(channels, channels[1:]):
        p *= math.sqrt(a / b)
    return math.sqrt(p)


@right("initialise_")
def _(layer):
    torch.nn.init.trunc_normal_(layer.weight, 0.0, (2 / layer.weight[0].numel()) ** 0.5, -9, 9)
    if hasattr(layer, "bias") and layer.bias is not None:
        layer.bias.data *= 0.0
    return layer


right("forecast_std")(
    lambda q, layers: functools.reduce(lambda v, l: (l[0] * l[1] ** 2 * v + l[2] ** 2) / 2, layers, q) ** 0.5 * 2**0.5
)


@right("weight_std")
class W:
    def __call__(self, act, n):
        z = torch.randn(10**6, dtype=torch.float64)
        return np.float64(1 / (n * (act(z) ** 2).mean())) ** 0.5


ANSWERS.right_ones[-1] = ("weight_std", W())


@wrong("initialise_", "you took one side of the kernel; multiply all sides. Another call is")
def _(layer):
    n = layer.weight.shape[1] * layer.weight.shape[2] + layer.weight.shape[3]
    nn.init.normal_(layer.weight, std=math.sqrt(2 / n))
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


@wrong("initialise_", "the biases are not zero; set them to 0 too")
def _(layer):
    nn.init.normal_(layer.weight, 0, math.sqrt(2 / layer.weight[0].numel()))
    if layer.bias is not None:
        nn.init.ones_(layer.bias)
    return layer


@wrong("initialise_", "it returned None in this call; is a return missing in one of its")
def _(layer):
    nn.init.normal_(layer.weight, 0, math.sqrt(2 / layer.weight[0].numel()))
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
        return layer


@wrong("forecast_std", "a bias adds its variance, bias_std squared, and once for a neuron")
def _(q, layers):
    for i, (n, w, b) in enumerate(layers):
        if i > 0:
            q = q / 2
        q = n * w * w * q + n * b
    return q**0.5


@wrong("forecast_std", "the numbers of the first layer are used for all; each layer has its own")
def _(q, layers):
    n, w, b = layers[0]
    for i in range(len(layers)):
        if i:
            q /= 2
        q = n * w**2 * q + b**2
    return math.sqrt(q)


@wrong("weight_std", "that is the std of act(z); take the mean of the squares. There is a")
def _(act, n):
    z = torch.randn(1000000)
    return 1 / (n * act(z).std().item())


@wrong("weight_std", "that is the mean of act(z); take the mean of the squares")
def _(act, n):
    z = torch.randn(1000000)
    return math.sqrt(1 / (n * act(z).mean().item()))


@wrong("up_fan_in", "you counted the weights of all output channels; a neuron belongs to one")
def _(weight, stride):
    return math.prod(weight) // math.prod(stride)


@wrong("up_fan_in", "the input pixels along one axis are counted; multiply those of all")
def _(weight, stride):
    return weight[0] * max(k // s for k, s in zip(weight[2:], stride))


@wrong("up_fan_in", "you multiplied the strides; divide each side of the kernel by its stride")
def _(weight, stride):
    return weight[0] * math.prod(stride)


@wrong("moment_at_top", "skip and up are swapped: the first number of a pair belongs to the skip")
def _(factor, steps):
    q = 1
    for s, u in steps:
        q = (u + s * factor * q) / (s + u)
    return q


@wrong("moment_at_top", "you added to the old q; the new one takes its place")
def _(factor, steps):
    q = 1
    for s, u in steps:
        q += (s + u * factor * q) / (s + u)
    return q


@wrong("fan_out_price", "upside down: with 2/M instead of 2/N each layer multiplies the second")
def _(channels):
    c = channels[::-1]
    return math.sqrt(c[0] / c[-1])


@wrong("fan_out_price", "the 2 stands in 2/N and in 2/M, so it cancels. There is a second")
def _(channels):
    p = 1
    for a, b in zip(channels, channels[1:]):
        p *= 2 / b * a
    return p


@wrong("initialise_", "9 is the size of a 3×3 kernel")
def _(layer):
    nn.init.normal_(layer.weight, std=math.sqrt(2 / (9 * layer.in_channels)))
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


@wrong("initialise_", "you squared one side of the kernel; its sides can differ, and there are")
def _(layer):
    nn.init.normal_(layer.weight, std=math.sqrt(2 / (layer.weight.shape[1] * layer.weight.shape[2] ** 2)))
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


@wrong("initialise_", "the weights are orthogonal; the paper draws each from a Gaussian with std")
def _(layer):
    nn.init.orthogonal_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


@wrong("initialise_", "the Gaussian is cut off near its middle, which makes the std smaller; draw")
def _(layer):
    s = math.sqrt(2 / layer.weight[0].numel())
    nn.init.trunc_normal_(layer.weight, std=s, a=-s, b=s)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


@wrong("initialise_", "the biases are not zero; set them to 0 too")
def _(layer):
    nn.init.normal_(layer.weight, std=math.sqrt(2 / layer.weight[0].numel()))
    if layer.bias is not None:
        nn.init.constant_(layer.bias, 0.1)
    return layer


@wrong("forecast_std", "your results fit this mistake: there is a factor of 2 too much")
def _(q, layers):
    for i, (n, w, b) in enumerate(layers):
        v = n * w**2 * q + 2 * b**2
        q = v / 2
    return math.sqrt(v)


@wrong("forecast_std", "that is the mean of the stds of all layers; the std of the last layer's sum")
def _(q, layers):
    vs = []
    for n, w, b in layers:
        v = n * w**2 * q + b**2
        q = v / 2
        vs.append(math.sqrt(v))
    return sum(vs) / len(vs)


@wrong("fan_out_price", "that is the ratio of the second moments; the std has its square root. There")
def _(channels):
    p = 1
    for a, b in zip(channels, channels[1:]):
        p *= (a / b) ** 2
    return p
