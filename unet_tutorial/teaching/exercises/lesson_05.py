"""Exercises of lesson 05: initial weights, and the second moment after layers, activations and merges."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unet_tutorial.teaching.checking.exercise import Case, exercise

Layer = nn.Conv2d | nn.Conv3d


def _layers(seed: int) -> Iterator[Case]:
    """Input and output channels, kernel, whether there is a bias, and a seed; each layer has about 25,000 weights."""
    yield 64, 44, (3, 3), True, seed
    yield 40 + 2 * seed, 42, (3, 5), False, seed
    yield 50, 12 + seed, (2, 4, 5), True, seed
    yield 1, 8_000, (1, 3), False, seed


def _drawn(answer: Callable[[Layer], Layer], case: Case) -> object:
    """Statistics of the weights that the answer gives to two equal layers, one after the other."""
    in_channels, out_channels, kernel, bias, seed = case
    make = nn.Conv2d if len(kernel) == 2 else nn.Conv3d
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers = [make(in_channels, out_channels, kernel, bias=bias) for _ in range(2)]
        weights = [layer.weight for layer in layers]
        returned = [answer(layer) for layer in layers]
    if returned == [None, None]:
        return None
    came_back = all(got is layer for got, layer in zip(returned, layers, strict=True))
    kept = all(layer.weight is weight for layer, weight in zip(layers, weights, strict=True))
    return {"the layer itself came back": came_back, "it has its old weight tensor": kept, **_described(*layers)}


def _described(layer: Layer, second: Layer) -> dict[str, object]:
    values = layer.weight.detach().flatten()
    std = values.std().item()
    z = (values - values.mean()) / max(std, 1e-30)
    return {
        "std of the weights": std,
        "mean of the weights": "about 0" if abs(values.mean().item()) < 0.05 * std else "not 0",
        "distribution": "Gaussian" if abs(z.pow(4).mean().item() - 3) < 0.3 else "not Gaussian",
        "biases": "all 0" if layer.bias is None or not layer.bias.any() else "not all 0",
        "a second layer": "other weights" if not torch.equal(layer.weight, second.weight) else "the same weights",
        "weights and biases learn": all(parameter.requires_grad for parameter in layer.parameters()),
    }


@exercise(
    _layers,
    ("math.sqrt(2 / n)", "2 / n", "2/N is the variance; the std is its square root"),
    ("math.sqrt(2 / n)", "math.sqrt(2) / n", "√2 was divided by N; the root is over N too"),
    ("2 / n", "1 / n", "that is √(1/N); the 2 that pays for the ReLU is missing"),
    (
        "normal_(layer.weight, std=math.sqrt(2 / n))",
        "xavier_normal_(layer.weight)",
        "that is Xavier's √(2/(N + M)); the paper leaves M out",
    ),
    ("layer.in_channels", "layer.out_channels", "N counts what comes in; you took the output channels"),
    (
        " * math.prod(layer.kernel_size)",
        "",
        "the pixels of the kernel are missing in N: a neuron reads each channel through all of them",
    ),
    (
        "math.prod(layer.kernel_size)",
        "layer.kernel_size[0] ** 2",
        "you squared one side of the kernel; multiply its sides, whichever and however many they are",
    ),
    ("kernel_size", "kernel_size[:2]", "you took two sides of the kernel; in 3D it has three"),
    (
        "layer.in_channels * math.prod(layer.kernel_size)",
        "layer.weight.numel()",
        "N belongs to one neuron, and you counted the weights of all",
    ),
    (
        "normal_(layer.weight, std=math.sqrt(2 / n))",
        "uniform_(layer.weight, -math.sqrt(2 / n), math.sqrt(2 / n))",
        "that is uniform between ±√(2/N): not Gaussian, and its std is smaller by √3",
    ),
    (
        "normal_(layer.weight, std=math.sqrt(2 / n))",
        "uniform_(layer.weight, -math.sqrt(6 / n), math.sqrt(6 / n))",
        "the std is right, but the paper draws from a Gaussian, and these weights are uniform",
    ),
    (
        "normal_(layer.weight, std=",
        "uniform_(layer.weight, 0, ",
        "rand gives numbers from 0 to 1; weights have mean 0, as randn's have",
    ),
    ("std=", "", "the std went in as the mean: the second argument of normal_ is the mean, so write std="),
    ("nn.init.zeros_(layer.bias)", "pass", "the biases are not zero; set them to 0 too"),
    ("the layer is still as torch made it: nothing was drawn", lambda layer: layer),
    (
        "    n =",
        "    import copy\n    layer = copy.deepcopy(layer)\n    n =",
        "you changed a copy; the underscore says in place",
    ),
    (
        "return layer",
        "layer.weight = nn.Parameter(layer.weight.detach().clone())\n    return layer",
        "a new parameter took the place of the old, and an optimiser would hold on to the old one",
    ),
    (
        "    n =",
        "    torch.manual_seed(5)\n    n =",
        "every layer of a kind gets the same weights; leave the seed to the caller",
    ),
    probe=_drawn,
    tolerance=0.03,
    may_change=("layer",),
)
def initialise_(layer: Layer) -> Layer:
    n = layer.in_channels * math.prod(layer.kernel_size)
    nn.init.normal_(layer.weight, std=math.sqrt(2 / n))
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def _chains(seed: int) -> Iterator[Case]:
    default = math.sqrt(1 / (3 * 576))
    yield 1.0, [(576, math.sqrt(1 / 576), 0.0)] * 20
    yield 10.0, [(9 + seed, 0.3, 0.5), (200, 0.08, 0.25), (50, 0.3, 0.0)]
    yield 0.5, [(576, default, default)] * (4 + seed)
    yield 3.0 + seed, [(36, 0.2, 1.5)]


@exercise(
    _chains,
    ("variance / 2", "variance", "the ReLU is missing: it halves the second moment between two layers"),
    ("variance / 2", "variance / 4", "ReLU halves the second moment; you halved the std"),
    (
        "variance / 2",
        "0.34 * variance",
        "0.34 is the variance behind a ReLU; the next sum wants the second moment, one half",
    ),
    ("sqrt(variance)", "sqrt(variance / 2)", "one ReLU too many: the std before the last one is wanted"),
    ("variance = 0.0", "variance, q = 0.0, q / 2", "the input has not passed a ReLU; q is its second moment as it is"),
    ("variance = 0.0", "variance, q = 0.0, q**2", "q is a second moment already; you squared it"),
    ("math.sqrt(variance)", "variance", "that is the variance; the std is its square root"),
    (" + bias_std**2", "", "the biases are missing; each adds its variance"),
    ("bias_std**2", "bias_std", "variances add, and stds do not: square the std of the biases"),
    (
        "n * weight_std**2 * q + bias_std**2",
        "(math.sqrt(n * q) * weight_std + bias_std) ** 2",
        "the stds of weights and biases were added; their variances add",
    ),
    ("weight_std**2", "weight_std", "Var(w) is the square of the std"),
    ("n * weight_std", "weight_std", "N is missing: variances of N terms add"),
    (
        "n * weight_std**2 * q + bias_std**2",
        "n * (weight_std**2 * q + bias_std**2)",
        "a neuron has one bias, and not N",
    ),
    ("in layers", "in layers[-1:]", "only the last layer was looked at"),
)
def forecast_std(q: float, layers: list[tuple[int, float, float]]) -> float:
    variance = 0.0
    for n, weight_std, bias_std in layers:
        variance = n * weight_std**2 * q + bias_std**2
        q = variance / 2  # behind the ReLU
    return math.sqrt(variance)


def _activations(seed: int) -> Iterator[Case]:
    yield F.relu, 576
    yield F.softplus, 100 + seed
    yield _bent, 4
    yield F.hardtanh, 9 * (8 + seed)


def _bent(z: Tensor) -> Tensor:
    """A leaky ReLU plus 1, so that the mean of its output is far from 0."""
    return F.leaky_relu(z, 0.3) + 1


@exercise(
    _activations,
    ("square().mean()", "var()", "that is the variance of act(z); the next sum wants its second moment"),
    ("1 / (n * kept)", "2 / n", "2/N is for ReLU, which keeps one half; measure what this activation keeps"),
    ("(n * kept)", "n", "1/N is for no activation at all; divide by what it keeps of the second moment"),
    ("math.sqrt(1 / (n * kept))", "1 / (n * kept)", "that is the variance of the weights; the std is its square root"),
    ("n * kept", "kept", "N is missing: N terms are added"),
    ("1 / (n * kept)", "kept / n", "what is lost has to be paid for: divide by the second moment that is kept"),
    ("1 / (n", "2 / (n", "a 2 for ReLU on top of what was measured: it is contained in it"),
    (
        "randn(1_000_000",
        "empty(1_000_000).uniform_(-1, 1",
        "z was uniform between -1 and 1; a sum of many terms is Gaussian",
    ),
    ("randn", "rand", "z was uniform between 0 and 1, as rand gives it; a sum of many terms is Gaussian"),
    ("square()", "abs()", "that is the mean of |act(z)|; take the mean of the squares"),
    tolerance=0.04,
)
def weight_std(act: Callable[[Tensor], Tensor], n: int) -> float:
    z = torch.randn(1_000_000, generator=torch.Generator().manual_seed(0))
    kept = act(z).square().mean().item()
    return math.sqrt(1 / (n * kept))


def _ups(seed: int) -> Iterator[Case]:
    """Shape of the weight, (in, out, *kernel), and stride; every kernel side is a multiple of its stride."""
    yield (1024, 512, 2, 2), (2, 2)
    yield (128, 64, 2, 2, 2), (2, 2, 2)
    yield (20 + seed, 8, 6, 4), (2, 2)
    yield (7, 3 + seed, 1, 4, 4), (1, 2, 2)
    yield (5 + 2 * seed, 4, 6, 9, 4), (2, 3, 4)


@exercise(
    _ups,
    (
        "in_channels * math.prod(parents)",
        "math.prod(weight[1:])",
        "that is torch's count, what leaves one input channel; count what one output pixel reads",
    ),
    ("k // s for", "k for", "with a stride, an output pixel meets only a part of the kernel"),
    (
        " * math.prod(parents)",
        "",
        "one parent pixel is right where blocks do not overlap; a kernel larger than its stride has more",
    ),
    ("math.prod(parents)", "parents[0]", "the parents along one axis are counted; multiply those of all axes"),
    (
        "math.prod(parents)",
        "parents[0] ** len(parents)",
        "the first axis was taken for all; kernel and stride can differ along each",
    ),
    ("prod(parents)", "prod(parents[:2])", "two axes are counted; in 3D there are three"),
    (
        "in_channels, _,",
        "_, in_channels,",
        "the output channels come second in a transposed weight; a neuron reads those of the input, the first",
    ),
    ("math.prod(parents)", "math.prod(kernel) // 2 ** len(stride)", "the stride is not 2 along every axis"),
    (
        "math.prod(parents)",
        "math.prod(kernel) // stride[-1]",
        "divide by the stride of every axis, and not by one of them",
    ),
    (
        "in_channels * math.prod(parents)",
        "math.prod(weight) // math.prod(stride)",
        "you counted the weights of all output channels; a neuron belongs to one",
    ),
)
def up_fan_in(weight: tuple[int, ...], stride: tuple[int, ...]) -> int:
    in_channels, _, *kernel = weight
    parents = [k // s for k, s in zip(kernel, stride, strict=True)]  # along each axis
    return in_channels * math.prod(parents)


def _decoders(seed: int) -> Iterator[Case]:
    yield 2.0, [(512, 512), (256, 256), (128, 128), (64, 64)]
    yield 2.0, [(512, 512), (256, 256), (128, 128), (64, 128)]
    yield 0.5, [(48, 16), (24, 40 + seed)]
    yield 3.0 + seed, [(5, 3), (2, 7), (4, 1)]


@exercise(
    _decoders,
    ("return q", "return factor ** len(steps)", "without skips it would be a power; each skip brings a fresh 1"),
    (
        "(skip + up * factor * q) / (skip + up)",
        "(1 + factor * q) / 2",
        "skip and up have not as many channels each: weigh the two by their channels",
    ),
    ("skip, up in", "up, skip in", "skip and up are swapped: the first number of a pair belongs to the skip"),
    ("(skip + up * factor * q) / (skip + up)", "1 + factor * q", "you added the two; a concatenation has their mean"),
    ("factor * q", "factor", "the up-convolution reads what the step below made, and not a fresh 1"),
    (
        "(skip + up * factor * q)",
        "factor * (skip + up * q)",
        "the factor was applied behind the merge; it belongs to the up-convolution alone",
    ),
    ("skip + up * factor", "up * factor", "the skips are silent in your sum; each has q = 1"),
    (
        "(skip + up * factor * q)",
        "q * (skip + up * factor)",
        "the skips carry the q from below in your sum; they come from the encoder and have q = 1",
    ),
    ("factor * q", "factor**2 * q", "the factor multiplies q, a second moment; you squared it"),
    ("in steps", "in reversed(steps)", "the steps are gone from the top; they come deepest first"),
    (
        "in steps",
        "in steps[:-1]",
        "return q",
        "return factor * q",
        "that is what the last up-convolution makes; the merge with its skip is missing",
    ),
    ("return q", "return math.sqrt(q)", "that is the std; the second moment is wanted"),
)
def moment_at_top(factor: float, steps: list[tuple[int, int]]) -> float:
    q = 1.0
    for skip, up in steps:
        q = (skip + up * factor * q) / (skip + up)
    return q


def _channels(seed: int) -> Iterator[Case]:
    yield ([1, 64, 64, 128, 128, 256, 256, 512, 512, 1024, 1024],)
    yield ([3 + seed, 8, 8, 20],)
    yield ([16, 16, 4, 9],)
    yield ([48, 7 + seed],)


@exercise(
    _channels,
    (
        "math.sqrt(math.prod(prices))",
        "math.prod(prices)",
        "that is the ratio of the second moments; the std has its square root",
    ),
    ("n / m", "m / n", "upside down: with 2/M instead of 2/N a layer hands on N/M"),
    ("prod(prices)", "prod(prices[1:])", "the first layer is missing; from 1 to 64 channels it costs most"),
    ("math.prod(prices)", "prices[-1]", "only one layer was looked at; the factors of all layers multiply"),
    ("n / m", "n / (9 * m)", "the kernel belongs to N and to M, and cancels"),
    ("n / m", "1 / 2", "√½ for every layer is the price of a forgotten 2; here a layer costs N/M"),
    ("n / m", "n / (n + m)", "that is Xavier's 2/(N + M) against 2/N; the question is 2/M"),
    ("n / m", "min(1, n / m)", "layers with fewer channels out than in count too: there the std grows"),
)
def fan_out_price(channels: list[int]) -> float:
    prices = [n / m for n, m in pairwise(channels)]  # of the second moment; in their product all but two cancel
    return math.sqrt(math.prod(prices))


EXERCISES = (initialise_, forecast_std, weight_std, up_fan_in, moment_at_top, fan_out_price)
