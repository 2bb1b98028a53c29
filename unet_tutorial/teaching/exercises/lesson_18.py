"""Exercises of lesson 18, diagrams and summaries: MACs, bytes, parameters, alternative text, labels, text colours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import prod
from operator import index

import torch
from torch import nn

from unet_tutorial.teaching.checking.exercise import Case, exercise


def _layers(seed: int) -> Iterator[Case]:
    """Input and output channels, kernel, stride, and the size of the input."""
    yield 16, 8, (2, 2), (2, 2), (28, 28 + seed)
    yield 6 + seed, 4, (3, 3), (2, 2), (7, 5)
    yield 5, 3, (4, 4), (2, 2), (6, 7 + seed)
    yield 8, 4, (2, 2, 2), (2, 2, 2), (5, 5, 6)
    yield 8, 8, (1, 2, 2), (1, 2, 2), (4, 6 + seed, 6)
    yield 3, 2, (3,), (1,), (9,)


def _with_layer(answer: Callable[[nn.Module, Sequence[int]], object], case: Case) -> object:
    """The answer for a transposed convolution with these numbers and for the size of its input."""
    in_channels, out_channels, kernel, stride, size = case
    kind = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)[len(size) - 1]
    return answer(kind(in_channels, out_channels, kernel, stride, device="meta"), size)


@exercise(
    _layers,
    (
        "prod(size)",
        "prod((n - 1) * s + k for n, s, k in zip(size, layer.stride, layer.kernel_size))",
        "you multiplied by the pixels of the output; each number of the *input* paints one kernel, so count those",
    ),
    (
        "prod(size)",
        "prod(layer.stride) * prod(size)",
        "you enlarged the input by the stride first; the stride says where a kernel is painted, and costs nothing",
    ),
    (
        "prod(size)",
        "prod(size)"
        " + layer.out_channels * prod((n - 1) * s + k for n, s, k in zip(size, layer.stride, layer.kernel_size))",
        "the biases are additions only; a MAC is a multiplication and its addition",
    ),
    ("return ", "return 2 * ", "those are FLOPs; a multiplication and its addition are one MAC"),
    ("layer.in_channels * ", "", "each input channel paints into the output: multiply by the input channels, too"),
    ("layer.out_channels * ", "", "a number is painted into every output channel: multiply by them, too"),
    (
        "layer.kernel_size",
        "layer.stride",
        "the kernel has as many numbers as the product of its sides; the stride is something else",
    ),
    (
        "prod(layer.kernel_size)",
        "layer.kernel_size[-1]",
        "that is one side of the kernel; it has the product of all of them",
    ),
    ("prod(layer.kernel_size)", "sum(layer.kernel_size)", "the sides of the kernel are multiplied, not added"),
    ("prod(size)", "size[0] ** len(size)", "the sides of a map may differ: multiply them all"),
    (
        "prod(layer.kernel_size)",
        "layer.kernel_size[-1] ** len(size)",
        "the sides of a kernel may differ: multiply them all",
    ),
    (
        "layer.out_channels * prod(layer.kernel_size)",
        "(layer.out_channels + prod(layer.kernel_size))",
        "that is a separable convolution; here each pair of channels has a kernel of its own",
    ),
    (
        "layer.in_channels * layer.out_channels * prod(layer.kernel_size)",
        "(layer.in_channels * prod(layer.kernel_size) + 1) * layer.out_channels",
        "a bias is no weight: nothing is multiplied by it",
    ),
    probe=_with_layer,
)
def up_macs(layer: nn.ConvTranspose2d, size: Sequence[int]) -> int:
    return layer.in_channels * layer.out_channels * prod(layer.kernel_size) * prod(size)


def _blocks(seed: int) -> Iterator[Case]:
    yield 1, 8, (20, 24 + 2 * seed), 4
    yield 8, 16, (12 + 2 * seed, 16), 4
    yield 4, 6, (10, 14, 12 + 2 * seed), 4
    yield 4, 8, (16, 16 + 2 * seed), 2
    yield 3, 5, (18, 10), 8


@exercise(
    _blocks,
    (
        "+ first + second",
        "+ 2 * first + 2 * second",
        "ReLU works in place: what a convolution gave is overwritten, and kept once",
    ),
    (" + 8 * pooled", "", "pooling keeps its winners' places, too: 8 bytes for each number that it gives"),
    ("8 * pooled", "itemsize * pooled", "the places are 64-bit integers, whatever the maps are"),
    ("8 * pooled", "4 * pooled", "an index is an int64, 8 bytes; you counted 4"),
    ("given + ", "", "the map given is the input of a convolution, so it is kept"),
    (" + pooled)", ")", "the pooled map is the input of the next convolution, so it is kept"),
    (
        "+ second",
        "+ 2 * second",
        "the second ReLU's output and the pooling's input are one and the same map; count it once",
    ),
    (" + second", "", "the pooling's input is kept: the second ReLU's output"),
    ("n - 2", "n", "n - 4", "n", "each unpadded 3-wide convolution takes two pixels off every axis"),
    ("n - 4", "n - 2", "the second convolution takes two pixels more: four in all"),
    ("n - 2", "n - 1", "n - 4", "n - 2", "an unpadded convolution takes one pixel off at both ends of an axis"),
    (
        "itemsize * (given + first + second + pooled) + 8 * pooled",
        "given + first + second + pooled + pooled",
        "these are numbers; multiply by the bytes of each, and add 8 for each index",
    ),
    ("itemsize * ", "4 * ", "a number takes as many bytes as is said, and not always 4"),
    ("2 ** len(size)", "2", "pooling halves every axis: divide by 2 for each of them"),
)
def block_bytes(in_channels: int, out_channels: int, size: Sequence[int], itemsize: int) -> int:
    given = in_channels * prod(size)
    first = out_channels * prod(n - 2 for n in size)
    second = out_channels * prod(n - 4 for n in size)
    pooled: int = second // 2 ** len(size)
    return itemsize * (given + first + second + pooled) + 8 * pooled


class _Gain(nn.Module):
    """A parameter that is neither a weight nor a bias, in a module without children."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(2, width))


class _Scaled(nn.Module):
    """A module with children that also has such a parameter itself."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.parts = nn.Sequential(nn.Conv2d(1, width, 3), _Gain(width))
        self.scale = nn.Parameter(torch.ones(width, 1, 1))


def _network(kind: str, width: int) -> nn.Module:
    """A network whose parameters are easy to count wrongly."""
    conv = nn.Conv2d(width, width, 3)
    if kind == "reused":
        return nn.Sequential(conv, nn.ReLU(), conv)
    if kind == "tied":
        other = nn.Conv2d(width, width, 3)
        other.weight = conv.weight
        return nn.Sequential(conv, other)
    if kind == "frozen":
        return nn.Sequential(conv.requires_grad_(requires_grad=False), nn.Conv2d(width, 2, 1))
    if kind == "norm":
        return nn.Sequential(conv, nn.BatchNorm2d(width), nn.Sequential(nn.Conv2d(width, width, 3), nn.PReLU()))
    return _Scaled(width)


def _kinds(seed: int) -> Iterator[Case]:
    yield from ((kind, 3 + i + seed) for i, kind in enumerate(("norm", "frozen", "reused", "tied", "bare")))


def _counted(answer: Callable[[nn.Module], object], case: Case) -> list[int]:
    """The two numbers that the answer returns for a network of this kind: all parameters, and the trainable ones."""
    pair = answer(_network(*case))
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise TypeError(f"expected a pair (all parameters, those that learn), got a {type(pair).__name__}")
    return [index(each) for each in pair]


@exercise(
    _kinds,
    (
        "net.parameters()",
        "p for _, p in net.named_parameters(remove_duplicate=False)",
        "a module that is used in two places has its parameters once; you counted each place",
    ),
    (
        "net.parameters()",
        "p for module in net.modules() for p in module.parameters(recurse=False)",
        "two modules share one tensor; tell tensors apart by identity, not modules",
    ),
    (
        "net.parameters()",
        'p for name, p in net.named_parameters() if name.endswith(("weight", "bias"))',
        "parameters may have any name; you looked for weight and bias",
    ),
    (
        "net.parameters()",
        "p for module in net.modules() for name, p in module.named_parameters(recurse=False)"
        ' if name in ("weight", "bias")',
        "weight and bias only, and shared tensors twice: that is torchsummary's way",
    ),
    (
        "net.parameters()",
        "{p for module in net.modules() if not list(module.children()) for p in module.parameters()}",
        "a module with children can have parameters of its own",
    ),
    (
        "net.parameters()",
        "p for module in net.modules() for p in module.parameters()",
        "parameters() goes down into the children already; you went down once more",
    ),
    (
        "return total",
        "return total + sum(b.numel() for b in net.buffers())",
        "the running statistics of a norm are buffers, and not learnt",
    ),
    (
        "return total",
        "return sum(t.numel() for t in net.state_dict().values())",
        "a state dict holds buffers, too, and shared tensors once for each name",
    ),
    ("return total", "return learning", "frozen parameters are parameters; only the second number leaves them out"),
    (" if p.requires_grad", "", "a frozen parameter does not learn: requires_grad is False"),
    ("total, learning", "learning, total", "all of them first, then those that learn"),
    (
        "return total, learning",
        "return total, total - learning",
        "the second number is of those that learn, and not of the frozen ones",
    ),
    (
        "net.parameters()",
        "{p.shape: p for p in net.parameters()}.values()",
        "two tensors of one shape are two tensors; compare identities",
    ),
    (
        "p.numel() for p in once)",
        "1 for p in once)",
        "p.numel() for p in once if",
        "1 for p in once if",
        "you counted tensors; count the numbers in them",
    ),
    probe=_counted,
)
def distinct_parameters(net: nn.Module) -> tuple[int, int]:
    once = list(net.parameters())  # torch leaves out a tensor that it has given already
    total = sum(p.numel() for p in once)
    learning = sum(p.numel() for p in once if p.requires_grad)
    return total, learning


def _drawings(seed: int) -> Iterator[Case]:
    s = 16 * seed
    yield [(64, (568 + s, 568 + s)), (128, (280, 264 + s)), (256, (136, 136))], [16, 4 + seed]
    yield [(1, (64 + s, 32)), (8, (32, 16)), (16, (16, 8))], [0, 0]
    yield [(4, (40, 60 + s)), (8, (18, 28))], [4 + seed]
    yield [(2, (30, 30)), (4, (15, 15)), (8, (7 + seed, 7))], [0, 1 + seed]
    yield [(3, (24 + s, 20)), (6, (12, 10)), (12, (6, 5))], []


@exercise(
    _drawings,
    ("len(maps)", "len(maps) - 1", "you counted the poolings; there is one level more"),
    ("in maps]", "in maps[::-1]]", "read the U downwards: the finest level first"),
    ("×{width}", "×{height}", "a map need not be square; give both sides"),
    ("{height}×{width}", "{width}×{height}", "height before width, as in the shape"),
    ("×", "x", "between the sides stands ×, the sign of multiplication; a screen reader spells an x"),
    ("{'s' if c > 1 else ''}", "s", "one channel is a channel, not channels"),
    ('"1 skip crosses it" if len(crops) == 1 else ', "", "one skip crosses, two cross"),
    ("No skip crosses it.", "0 skips cross it.", "without skips, say so: No skip crosses it."),
    (' if any(crops) else ", uncropped"', "", "where nothing is cut off, the skips are uncropped"),
    (", uncropped", "", "nothing is said of the crops where they are zero; write uncropped"),
    ("map(str, crops)", "map(str, crops[::-1])", "the margins go with their levels, the finest first"),
    ("map(str, crops)", "(str(2 * n) for n in crops)", "a margin is what is cut off on one side"),
    ("map(str, crops)", "map(str, crops[:1])", "each skip has a margin of its own; name them all"),
)
def describe_u(maps: Sequence[tuple[int, tuple[int, int]]], crops: Sequence[int]) -> str:
    parts = [f"{c} channel{'s' if c > 1 else ''} of {height}×{width}" for c, (height, width) in maps]
    first = f"A U of {len(maps)} levels: {', '.join(parts)}."
    if not crops:
        return f"{first} No skip crosses it."
    skips = "1 skip crosses it" if len(crops) == 1 else f"{len(crops)} skips cross it"
    cropped = f", cropped by {', '.join(map(str, crops))} pixels per side" if any(crops) else ", uncropped"
    return f"{first} {skips}{cropped}."


Labels = dict[str, tuple[int, ...]]


def _labels(seed: int) -> Iterator[Case]:
    drawn: Labels = {"input": (1, 60, 60), "enc0.conv1": (8, 58, 58), "enc1.pool1": (8, 29, 29), "bottom": (16, 27, 25)}
    traced: Labels = {**drawn, "enc1.pool1": (8, 28, 28 + seed), "bottom": (16, 25, 27), "head": (2, 60, 60)}
    yield drawn, traced
    yield {"z": (4, 6, 6), "a": (4, 6, 6), **drawn}, {"y": (2, 6, 6), "b": (4, 6, 6), **drawn, "input": (3, 60, 60)}
    yield drawn, dict(reversed(list(drawn.items())))
    yield {"b": (1, 4), "a": (1, 5), "x": (1, 6)}, {"a": (1, 4), "b": (1, 5), "w": (1, 6 + seed)}
    yield {"a": (2, 4, 6), "b": (2, 4, 6), "c": (8, 5, 9)}, {"a": (2, 3, 8), "b": (2, 6, 4), "c": (8, 5, 7)}


@exercise(
    _labels,
    (
        "[name for name in drawn if name in traced and drawn[name] != traced[name]]",
        "[name for name, other in zip(drawn, traced) if drawn[name] != traced[other]]",
        "you compared by position; a map in front shifts all that follow: compare by name",
    ),
    (
        "drawn[name] != traced[name]",
        "drawn[name][0] != traced[name][0]",
        "you compared channels only; a size can be wrong, too",
    ),
    (
        "drawn[name] != traced[name]",
        "drawn[name][1:] != traced[name][1:]",
        "you compared sizes only; the channels can be wrong, too",
    ),
    ("drawn[name] != traced[name]", "drawn[name][:2] != traced[name][:2]", "every side counts, the last one, too"),
    (
        "drawn[name] != traced[name]",
        "prod(drawn[name]) != prod(traced[name])",
        "as many numbers are not the same shape: 27 × 25 is not 25 × 27",
    ),
    (
        "drawn[name] != traced[name]",
        "sorted(drawn[name]) != sorted(traced[name])",
        "the order of the sides counts: 27 × 25 is not 25 × 27",
    ),
    (
        '"gone": gone, "missing": missing',
        '"gone": missing, "missing": gone',
        "gone are those that only the drawing has, missing those that only the trace has",
    ),
    (
        '"gone": gone, "missing": missing',
        '"gone": gone + wrong, "missing": missing + wrong',
        "a wrong label is neither gone nor missing",
    ),
    ('"wrong": wrong', '"wrong": wrong + gone + missing', "wrong are only those that both have"),
    (
        '"wrong": wrong, "gone": gone, "missing": missing',
        '"wrong": sorted(wrong), "gone": sorted(gone), "missing": sorted(missing)',
        "the order is that of the pass, and not of the alphabet",
    ),
    ('"gone": gone', '"gone": []', "what only the drawing has is an error, too: gone"),
    ('"missing": missing', '"missing": []', "what only the trace has is an error, too: missing"),
    (
        "name in traced and drawn[name] != traced[name]",
        "drawn[name] == traced.get(name)",
        "the right ones were asked for in no list; you returned those that agree",
    ),
)
def compare_maps(drawn: Labels, traced: Labels) -> dict[str, list[str]]:
    wrong = [name for name in drawn if name in traced and drawn[name] != traced[name]]
    gone = [name for name in drawn if name not in traced]
    missing = [name for name in traced if name not in drawn]
    return {"wrong": wrong, "gone": gone, "missing": missing}


def _linear(value: float) -> float:
    """The linear light of an sRGB value; both lie between 0 and 1."""
    return float(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4)


def _contrast_by(weights: Sequence[float], light: Callable[[float], float], one: str, other: str) -> float:
    """The contrast ratio, given the weights of red, green and blue and a function from sRGB values to light."""
    values = [[int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)] for colour in (one, other)]
    dim, bright = sorted(sum(w * light(v) for w, v in zip(weights, each, strict=True)) for each in values)
    return (bright + 0.05) / (dim + 0.05)


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, from 1 to 21 (WCAG 2.2); a copy, because `teaching` must not import `figures`."""
    return round(_contrast_by((0.2126, 0.7152, 0.0722), _linear, one, other), 2)


def _palettes(seed: int) -> Iterator[Case]:
    shade = f"#{16 + seed:02x}1a24"
    many = ["#f0e442", "#e69f00", "#777777", "#0072b2", "#1f4fa3", "#000000"]
    yield many, ["#ffffff"], 4.5
    yield ["#ff0000", "#0072b2", "#000000", "#1f4fa3"], ["#ffffff"], 4.5
    yield many, ["#ffffff", "#dde8f3"], 4.5
    yield ["#777777", shade, "#ffffff"], ["#14171c", "#4f7fb0"], 3.0
    yield ["#8f8f8f", shade, "#000000"], ["#ffffff", "#000000"], 4.5
    yield ["#767676", "#000000"], ["#ffffff"], contrast("#767676", "#ffffff")
    yield ["#e69f00", "#ff0000", "#0000ff"], ["#ffffff"], 3.0
    yield ["#d55e00", shade], ["#ffffff", "#f2f2f2"], 7.0
    yield ["#cc79a7", "#009e73", shade], ["#ffffff", "#6a96c2"], 3.0


@exercise(
    _palettes,
    ("all(", "any(", "it must be legible on every ground; one of them is not enough"),
    (
        "all(contrast(colour, ground) >= least for ground in grounds)",
        "contrast(colour, grounds[0]) >= least",
        "you tried the first ground only",
    ),
    (
        "all(contrast(colour, ground) >= least for ground in grounds)",
        "sum(contrast(colour, ground) for ground in grounds) / len(grounds) >= least",
        "the mean over the grounds hides the one on which it fails",
    ),
    (">= least", "> least", "the least contrast is enough: at least, not more than"),
    (
        "in candidates",
        "in candidates[::-1]",
        "the candidates stand in the order of preference: take the first legible one, not the last",
    ),
    (
        "in candidates",
        "in [max(candidates, key=lambda c: min(contrast(c, ground) for ground in grounds))]",
        "the candidates stand in the order of preference: the first that is legible, not the strongest",
    ),
    ('return ""', "return candidates[0]", "none is legible there; say so by an empty text"),
    (">= least", ">= 4.5", "lines need 3 and small text 7; take the contrast that is asked for, not always 4.5"),
    (
        "contrast(colour, ground)",
        "_contrast_by((0.2126, 0.7152, 0.0722), float, colour, ground)",
        "the values of a colour are not light; the luminance needs them linear (contrast does that)",
    ),
    (
        "contrast(colour, ground)",
        "_contrast_by((1 / 3, 1 / 3, 1 / 3), _linear, colour, ground)",
        "the eye weighs green, red and blue differently (contrast does that)",
    ),
    ("if all", "if not all", "you returned one that is not legible"),
)
def text_colour(candidates: Sequence[str], grounds: Sequence[str], least: float) -> str:
    for colour in candidates:
        if all(contrast(colour, ground) >= least for ground in grounds):
            return colour
    return ""


EXERCISES = (up_macs, block_bytes, distinct_parameters, describe_u, compare_maps, text_colour)
