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
    ("math.sqrt(2 / n)", "2 * math.sqrt(1 / n)", "that is 2·√(1/N); the 2 belongs under the root: √(2/N)"),
    ("2 / n", "n / 2", "you divided N by 2; the std is √(2/N)"),
    ("2 / n", "2 * n", "you multiplied by N; the std is √(2/N)"),
    ("2 / n", "1 / n", "that is √(1/N); the 2 that makes up for the ReLU is missing"),
    ("2 / n", "1 / (2 * n)", "the 2 belongs in the numerator: √(2/N), and not √(1/2N)"),
    ("2 / n", "1 / (3 * n)", "that is √(1/3N), the std of torch's default; the paper has √(2/N)"),
    ("2 / n", "6 / n", "√(6/N) is the bound of a uniform distribution; the std of the Gaussian is √(2/N)"),
    (
        "normal_(layer.weight, std=math.sqrt(2 / n))",
        "xavier_normal_(layer.weight)",
        "that is Xavier's √(2/(N + M)); the paper leaves M out",
    ),
    ("layer.in_channels", "layer.out_channels", "N counts incoming nodes: take in_channels in place of out_channels"),
    (
        "layer.in_channels * math.prod(layer.kernel_size)",
        "layer.out_channels",
        "N is the number of output channels in your formula; it is in_channels times the sides of the kernel",
    ),
    (
        "math.prod(layer.kernel_size)",
        "sum(layer.kernel_size)",
        "the sides of the kernel were added; a 3×3 kernel has 9 pixels: multiply them",
    ),
    (
        " * math.prod(layer.kernel_size)",
        "",
        "the kernel is missing in N: a neuron reads all pixels of the kernel in each input channel",
    ),
    (
        "math.prod(layer.kernel_size)",
        "9",
        "9 is the size of a 3×3 kernel; other kernels have other sizes: multiply their sides",
    ),
    (
        "math.prod(layer.kernel_size)",
        "layer.kernel_size[0] ** 2",
        "you squared one side of the kernel; its sides can differ, and there are three in 3D: multiply all sides",
    ),
    (
        "math.prod(layer.kernel_size)",
        "layer.kernel_size[-1] ** 2",
        "you squared the last side of the kernel; its sides can differ, and there are three in 3D: multiply all sides",
    ),
    (
        "math.prod(layer.kernel_size)",
        "layer.kernel_size[0] ** len(layer.kernel_size)",
        "the first side of the kernel was taken for all; its sides can differ: multiply all sides",
    ),
    ("kernel_size", "kernel_size[:1]", "you took one side of the kernel; multiply all sides"),
    ("kernel_size", "kernel_size[:2]", "you took two sides of the kernel; in 3D it has three"),
    ("kernel_size", "kernel_size[-2:]", "you took the last two sides of the kernel; in 3D it has three"),
    (
        "layer.in_channels * math.prod",
        "math.prod",
        "the input channels are missing in N: it is in_channels times the sides of the kernel",
    ),
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
    (
        "normal_(layer.weight, std=math.sqrt(2 / n))",
        "constant_(layer.weight, math.sqrt(2 / n))",
        "all weights are equal; draw them from a Gaussian with this std",
    ),
    *[
        (
            "normal_(layer.weight, std=math.sqrt(2 / n))",
            f"trunc_normal_(layer.weight, 0, math.sqrt(2 / n), -{ends} * math.sqrt(2 / n), {ends} * math.sqrt(2 / n))",
            "the Gaussian is cut off near its middle, which makes the std smaller; draw with normal_",
        )
        for ends in (1, 2)
    ],
    (
        "nn.init.normal_(layer.weight, std=math.sqrt(2 / n))",
        "nn.init.orthogonal_(layer.weight)",
        "the weights are orthogonal; the paper draws each from a Gaussian with std √(2/N)",
    ),
    (
        "nn.init.normal_(layer.weight, std=math.sqrt(2 / n))",
        "layer.weight.data *= math.sqrt(2 / n)",
        "you multiplied the weights that torch had drawn; draw new ones",
    ),
    (
        "2 / n",
        "4 / (layer.weight[0].numel() + layer.weight[:, 0].numel())",
        "you took the mean of fan-in and fan-out; N is the fan-in alone",
    ),
    ("std=", "", "the second argument of normal_ is the mean, and you gave it the std: write std="),
    ("nn.init.zeros_(layer.bias)", "pass", "the biases are not zero; set them to 0 too"),
    ("return layer", "return layer.weight", "you returned the weights; return the layer"),
    (
        "return layer",
        "layer.weight.requires_grad_(False)\n    return layer",
        "the weights no longer learn: requires_grad has to stay True",
    ),
    ("the layer is still as torch made it: overwrite layer.weight in place", lambda layer: layer),
    (
        "    n =",
        "    import copy\n    layer = copy.deepcopy(layer)\n    n =",
        "you changed a copy; change the layer that was given, and return it",
    ),
    (
        "return layer",
        "layer.weight = nn.Parameter(layer.weight.detach().clone())\n    return layer",
        "you replaced the parameter, and an optimiser keeps the old one; overwrite its values in place",
    ),
    (
        "    n =",
        "    torch.manual_seed(5)\n    n =",
        "two layers get the same weights, because you set a seed; leave the seed to the caller",
    ),
    probe=_drawn,
    tolerance=0.03,
    forbidden=("torch.nn.init.kaiming_normal_",),
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
    ("variance / 2", "variance * 2", "a ReLU halves the second moment; you doubled it"),
    (
        "variance / 2",
        "0.34 * variance",
        "0.34 is the variance behind a ReLU; the next sum depends on the second moment, which is one half",
    ),
    (
        "variance / 2",
        "variance * (1 - 1 / math.pi) / 2",
        "(1 - 1/π)/2 belongs to the variance behind a ReLU; the next sum depends on the second moment: one half",
    ),
    (
        "variance / 2",
        "variance / 2 + bias_std**2 / 2",
        "the ReLU halves the sum with its bias: halve n·Var(w)·q + Var(b), and not n·Var(w)·q alone",
    ),
    (
        "q = variance / 2",
        "q = variance",
        "math.sqrt(variance)",
        "math.sqrt(variance / 2 ** (len(layers) - 1))",
        "all halves were taken at the end; the bias of a layer passes only the ReLUs behind it: halve q in each layer",
    ),
    (
        "q = variance / 2",
        "q = variance",
        "math.sqrt(variance)",
        "math.sqrt(variance / 2 ** len(layers))",
        "all halves were taken at the end, and one is too many; halve q between two layers",
    ),
    ("sqrt(variance)", "sqrt(variance / 2)", "one ReLU too many: the std before the last ReLU is asked for"),
    ("math.sqrt(variance)", "q", "that is the second moment behind the last ReLU; the std before it is asked for"),
    (
        "q = variance / 2",
        "pass",
        "only the last layer has an effect on your result; the layers before it change q",
    ),
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
    ("weight_std**2", "weight_std", "Var(w) is the square of the std: square weight_std"),
    (
        "weight_std**2 * q + bias_std**2",
        "weight_std * q + bias_std",
        "the variances add: square the std of the weights, and that of the biases",
    ),
    (
        "n * weight_std**2",
        "(n * weight_std) ** 2",
        "N is squared; the variances of N terms add up to N·Var",
    ),
    (
        "n * weight_std**2",
        "math.sqrt(n) * weight_std**2",
        "the root of N belongs to the std; the variance has N",
    ),
    ("n * weight_std", "weight_std", "N is missing: the variances of N terms add"),
    ("* q + bias", "* q**2 + bias", "q is a second moment already; you squared it in each layer"),
    ("* q + bias", "* math.sqrt(q) + bias", "you took the root of q; the variance of the sum is N·Var(w)·q"),
    ("* q + bias", "+ bias", "q is missing: the variance of the sum is N·Var(w)·q, plus that of the bias"),
    ("+ bias_std", "- bias_std", "the variance of the bias was subtracted; variances of independent terms add"),
    (
        "n * weight_std**2 * q + bias_std**2",
        "n * (weight_std**2 * q + bias_std**2)",
        "a neuron has one bias, and not N",
    ),
    (
        "in layers",
        "in layers[:1] * len(layers)",
        "the numbers of the first layer are used for all; each layer has its own",
    ),
    ("bias_std**2", "n * bias_std", "a bias adds its variance, bias_std squared, and once for a neuron"),
    ("in layers", "in layers[:1]", "only the first layer is computed; is the return inside the loop?"),
    ("in layers", "in layers[:-1]", "the last layer is missing; its sum is asked for"),
    ("in layers", "in layers[::-1]", "the layers are in reverse order; the image enters the first one"),
    (
        "    variance = 0.0",
        "    variance, stds = 0.0, []",
        "        q = variance / 2",
        "        stds.append(math.sqrt(variance))\n        q = variance / 2",
        "return math.sqrt(variance)",
        "return sum(stds) / len(stds)",
        "that is the mean of the stds of all layers; the std of the last layer's sum is asked for",
    ),
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
    yield F.elu, 9 * (8 + seed)


def _bent(z: Tensor) -> Tensor:
    """A leaky ReLU plus 1, so that the mean of its output is far from 0."""
    return F.leaky_relu(z, 0.3) + 1


@exercise(
    _activations,
    (
        "square().mean()",
        "var()",
        "that is the variance of act(z); the next sum depends on the mean of its squares",
    ),
    ("1 / (n * kept)", "2 / n", "2/N is for ReLU, which keeps one half; measure what this activation keeps"),
    ("(n * kept)", "n", "√(1/N) is for no activation; divide by the second moment of act(z) too"),
    ("math.sqrt(1 / (n * kept))", "1 / (n * kept)", "that is the variance of the weights; the std is its square root"),
    ("n * kept", "kept", "N is missing: the variances of N terms add"),
    ("1 / (n * kept)", "kept / n", "you multiplied by the second moment of act(z); divide by it"),
    ("1 / (n * kept)", "n / kept", "you multiplied by N; divide by it"),
    ("1 / (n * kept)", "n * kept", "upside down: the weights get smaller when N or the second moment grows"),
    ("math.sqrt(1 / (n * kept))", "math.sqrt(1 / n) / kept", "the root is over both, N and the second moment"),
    ("math.sqrt(1 / (n * kept))", "1 / (n * math.sqrt(kept))", "N belongs under the root too"),
    ("1 / (n", "2 / (n", "leave out the 2: it is for ReLU, and the second moment that you measured contains it"),
    (
        "randn(200_000",
        "empty(200_000).uniform_(-1, 1",
        "z was uniform between -1 and 1; a sum of many terms is Gaussian",
    ),
    ("randn", "rand", "z was uniform between 0 and 1, as rand gives it; a sum of many terms is Gaussian"),
    (
        "torch.randn(200_000, generator=torch.Generator().manual_seed(0))",
        "torch.linspace(-3, 3, 10_001)",
        "z was spread evenly from -3 to 3; a Gaussian has more values near 0: use torch.randn",
    ),
    (
        "torch.randn(200_000, generator=torch.Generator().manual_seed(0))",
        "torch.linspace(-5, 5, 10_001)",
        "z was spread evenly from -5 to 5; a Gaussian has more values near 0: use torch.randn",
    ),
    ("math.sqrt(1 / (n * kept))", "math.sqrt(kept) / n", "divide by the root of the second moment, and by that of N"),
    ("act(z).square()", "act(z).relu().square()", "a ReLU was applied to act(z) too; the nodes are act(z)"),
    ("act(z).square()", "act(z / n**0.5).square()", "z was divided by √n; its std is 1"),
    ("act(z).square()", "act(z.square())", "z was squared before the activation; square act(z)"),
    ("act(z).square()", "act(act(z)).square()", "the activation was applied twice"),
    ("square().mean()", "abs().mean()", "that is the mean of |act(z)|; take the mean of the squares"),
    ("square().mean()", "mean()", "that is the mean of act(z); take the mean of the squares"),
    ("square().mean()", "mean().square()", "that is the square of the mean; take the mean of the squares"),
    ("square().mean()", "std()", "that is the std of act(z); take the mean of the squares"),
    (
        "square().mean()",
        "square().mean().sqrt()",
        "that is the root of the second moment; take one root at the end",
    ),
    (
        "200_000",
        "1_000_000",
        "square().mean()",
        "square().sum()",
        "that is the sum of the squares; divide by the number of values: take the mean",
    ),
    ("square().mean()", "square().median()", "that is the median of the squares; take their mean"),
    (
        "square().mean().item()",
        "var().item() + act(z).mean().item()",
        "the second moment is the variance plus the square of the mean",
    ),
    tolerance=0.04,
)
def weight_std(act: Callable[[Tensor], Tensor], n: int) -> float:
    z = torch.randn(200_000, generator=torch.Generator().manual_seed(0))
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
        "in_channels * math.prod(pixels)",
        "math.prod(weight[1:])",
        "that is torch's fan-in, the weights that start at one input channel; count what one output pixel reads",
    ),
    (
        "k // s for",
        "k for",
        "an output pixel meets only a part of the kernel: divide each side by its stride",
    ),
    (
        " * math.prod(pixels)",
        "",
        "one input pixel is right where blocks do not overlap; with a kernel larger than its stride there are more",
    ),
    ("math.prod(pixels)", "pixels[0]", "the input pixels along one axis are counted; multiply those of all axes"),
    (
        "math.prod(pixels)",
        "pixels[0] ** len(pixels)",
        "the first axis was taken for all; kernel and stride can differ along each",
    ),
    (
        "math.prod(pixels)",
        "pixels[0] ** 2",
        "the pixels along the first axis were squared; kernel and stride can differ, and there can be three axes",
    ),
    ("prod(pixels)", "prod(pixels[:2])", "two axes are counted; in 3D there are three"),
    (
        "in_channels, _, *kernel = weight",
        "in_channels, out_channels, height, width = weight\n    kernel = [height, width]",
        "a kernel can have three sides: write in_channels, out_channels, *kernel = weight",
    ),
    (
        "in_channels * math.prod(pixels)",
        "weight[0] * weight[1]",
        "that is input times output channels; a neuron reads the input channels at each of its pixels",
    ),
    (
        "math.prod(pixels)",
        "math.prod(kernel) // math.prod(stride) ** 2",
        "you divided by each stride twice; divide each side of the kernel by its stride once",
    ),
    ("math.prod(pixels)", "sum(pixels)", "the pixels along the axes were added; multiply them"),
    (
        "zip(kernel, stride, strict=True)",
        "zip(weight[1:], stride, strict=False)",
        "the kernel begins at weight[2]; weight[1] is the number of output channels",
    ),
    (
        "zip(kernel, stride, strict=True)",
        "zip(weight, stride, strict=False)",
        "the kernel begins at weight[2]; weight[0] and weight[1] are channels",
    ),
    ("k // s for", "k * s for", "you multiplied by the stride; divide each side of the kernel by its stride"),
    ("k // s for", "s for", "you multiplied the strides; divide each side of the kernel by its stride"),
    ("k // s for", "k - s + 1 for", "k - s + 1 is for a shift by single pixels; an output pixel meets k / s of them"),
    ("k // s for", "k - s for", "the stride was subtracted; divide each side of the kernel by its stride"),
    ("k // s for", "k // s + 1 for", "one pixel too many along each axis; there are k / s of them"),
    ("k // s for", "k / s for", "a count is a whole number: use // in place of /"),
    (
        "in_channels, _,",
        "_, in_channels,",
        "the output channels come second in a transposed weight; a neuron reads those of the input, the first",
    ),
    ("math.prod(pixels)", "math.prod(kernel) // 2 ** len(stride)", "the stride is not 2 along every axis"),
    (
        "math.prod(pixels)",
        "math.prod(kernel) // stride[-1]",
        "the product is divided by the last stride; divide by the stride of every axis",
    ),
    (
        "math.prod(pixels)",
        "math.prod(kernel) // stride[0]",
        "the product is divided by the first stride; divide by the stride of every axis",
    ),
    (
        "math.prod(pixels)",
        "math.prod(kernel) // sum(stride)",
        "the product is divided by the sum of the strides; divide each side by its own stride",
    ),
    (
        "in_channels * math.prod(pixels)",
        "math.prod(weight) // math.prod(stride)",
        "you counted the weights of all output channels; a neuron belongs to one",
    ),
)
def up_fan_in(weight: tuple[int, ...], stride: tuple[int, ...]) -> int:
    in_channels, _, *kernel = weight
    pixels = [k // s for k, s in zip(kernel, stride, strict=True)]  # that reach an output pixel, along each axis
    return in_channels * math.prod(pixels)


def _decoders(seed: int) -> Iterator[Case]:
    yield 2.0, [(512, 512), (256, 256), (128, 128), (64, 64)]
    yield 2.0, [(512, 512), (256, 256), (128, 128), (64, 128)]
    yield 0.5, [(48, 16), (24, 40 + seed)]
    yield 3.0 + seed, [(5, 3), (2, 7), (4, 1)]


@exercise(
    _decoders,
    (
        "return q",
        "return factor ** len(steps)",
        "that is the result without skips; each skip has channels with q = 1",
    ),
    (
        "(skip + up * factor * q) / (skip + up)",
        "(1 + factor * q) / 2",
        "skip and up can have different numbers of channels: weight both by their channels",
    ),
    ("skip, up in", "up, skip in", "skip and up are swapped: the first number of a pair belongs to the skip"),
    ("(skip + up * factor * q) / (skip + up)", "1 + factor * q", "you added the two; a concatenation has their mean"),
    (
        "(skip + up * factor * q) / (skip + up)",
        "skip + up * factor * q",
        "the sum is not divided: q is a mean over skip + up channels",
    ),
    (
        "(skip + up * factor * q) / (skip + up)",
        "(skip + up * factor * q) / 2",
        "the sum is divided by 2; divide it by the number of channels, skip + up",
    ),
    ("q) / (skip", "q) // (skip", "// rounds down to a whole number; use /"),
    (
        "/ (skip + up)",
        "/ (skip + up) / 2",
        "a half for a ReLU is too much: the blocks keep the q that they are given",
    ),
    ("factor * q", "(factor + q)", "the factor was added to q; the up-convolution multiplies q by it"),
    ("factor * q", "q", "the factor is missing: the up-convolution multiplies q by it"),
    ("factor * q", "factor", "the up-convolution reads q of the block below; you took 1 at each step"),
    (
        "skip + up * factor * q",
        "skip * factor + up * q",
        "the factor multiplies the skip in your sum; it belongs to the up-convolution",
    ),
    ("q = (skip", "q += (skip", "you added to the old q; the new one takes its place"),
    ("q = 1.0", "q = factor", "q is 1 at the bottom; the factor comes with the first up-convolution"),
    ("q = 1.0", "q = 0.0", "q is 1 at the bottom; you began with 0"),
    (
        "(skip + up * factor * q)",
        "factor * (skip + up * q)",
        "the factor was applied behind the merge; it belongs to the up-convolution alone",
    ),
    ("skip + up * factor", "up * factor", "the skips are missing in your sum; each has q = 1"),
    (
        "(skip + up * factor * q)",
        "q * (skip + up * factor)",
        "the skips have the q from below in your sum; they come from the encoder and have q = 1",
    ),
    ("factor * q", "factor**2 * q", "the factor multiplies q, a second moment; you squared it"),
    ("in steps", "in reversed(steps)", "the steps are in reverse order; the deepest comes first"),
    ("in steps", "in steps[:1]", "only the first step is computed; is the return inside the loop?"),
    ("in steps", "in steps[:-1]", "the last step is missing"),
    ("in steps", "in steps[1:]", "the first step is missing"),
    (
        "in steps",
        "in steps[:-1]",
        "return q",
        "return factor * q",
        "that is q behind the last up-convolution; the concatenation with its skip is missing",
    ),
    ("return q", "return math.sqrt(q)", "that is the std; the second moment is asked for"),
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
    ("n / m", "m / n", "upside down: with 2/M instead of 2/N each layer multiplies the second moment by N/M"),
    ("prod(prices)", "prod(prices[1:])", "the first convolution is missing; it reads the channels of the image"),
    ("prod(prices)", "prod(prices[:-1])", "the last convolution is missing; its own sum is asked for"),
    ("math.prod(prices)", "prices[-1]", "only the last layer is computed; the factors of all layers multiply"),
    ("math.prod(prices)", "prices[0]", "only the first layer is computed; the factors of all layers multiply"),
    ("math.prod(prices)", "sum(prices)", "the factors of the layers were added; they multiply"),
    ("math.prod(prices)", "sum(prices) / len(prices)", "that is the mean of the factors; they multiply"),
    ("n / m", "n / (9 * m)", "the kernel belongs to N and to M, and cancels"),
    ("n / m", "9 * n / m", "the kernel belongs to M and to N, and cancels"),
    ("n / m", "n / m / 2", "the ReLU halves the second moment with 2/N as well, so the half cancels"),
    ("n / m", "2 * n / m", "the 2 stands in 2/N and in 2/M, so it cancels"),
    ("n / m", "2 / m", "that is the variance 2/M; divide it by 2/N"),
    ("n / m", "1 / m", "N is missing: the variance 2/M is divided by 2/N"),
    ("n / m", "m - n", "N and M were subtracted; the factor of a layer is N/M"),
    ("n / m", "n // m", "// rounds down to a whole number; use /"),
    ("math.prod(prices)", "channels[0] // channels[-1]", "// rounds the quotient of the ends down; use /"),
    ("n / m", "1 / 2", "√½ for every layer is the effect of a forgotten 2; here each layer has the factor N/M"),
    ("n / m", "n / (n + m)", "that is Xavier's 2/(N + M) divided by 2/N; the question is 2/M"),
    ("n / m", "2 * n / (n + m)", "that is Xavier's variance; the question is 2/M divided by 2/N"),
    ("n / m", "min(1, n / m)", "layers with fewer channels out than in count too: there the std grows"),
    (
        "pairwise(channels)",
        "zip(channels[-1:] + channels[:-1], channels, strict=True)",
        "the last number came before the first one, as channels[i - 1] does at i = 0; begin the loop at i = 1",
    ),
    (
        "pairwise(channels)",
        "zip(channels[::2], channels[1::2])",
        "every second pair is missing: each convolution reads the channels that the one before made",
    ),
)
def fan_out_price(channels: list[int]) -> float:
    prices = [n / m for n, m in pairwise(channels)]  # of the second moment; in their product all but two cancel
    return math.sqrt(math.prod(prices))


EXERCISES = (initialise_, forecast_std, weight_std, up_fan_in, moment_at_top, fan_out_price)
