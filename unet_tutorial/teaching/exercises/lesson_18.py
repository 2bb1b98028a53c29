"""Exercises of lesson 18, diagrams and summaries: MACs, bytes, parameters, alternative text, labels, text colours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import prod
from operator import index

import numpy as np
import torch
from torch import Tensor, nn

from unet_tutorial.teaching.checking.exercise import Case, exercise
from unet_tutorial.teaching.checking.probes import UnfitError


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
        "you multiplied by the pixels of the output; each number of the *input* meets a whole kernel, so count those",
    ),
    (
        "prod(size)",
        "prod(layer.stride) * prod(size)",
        "you enlarged the input by the stride first; the stride is the distance of the kernels, and costs nothing",
    ),
    (
        "prod(size)",
        "prod(size)"
        " + layer.out_channels * prod((n - 1) * s + k for n, s, k in zip(size, layer.stride, layer.kernel_size))",
        "the biases are additions only; a MAC is a multiplication and its addition",
    ),
    ("return ", "return 2 * ", "those are FLOPs; a multiplication and its addition are one MAC"),
    ("layer.in_channels * ", "", "the input channels are missing: each of them has kernels of its own"),
    (
        "layer.out_channels * ",
        "",
        "the output channels are missing: a number of the input is multiplied by a kernel for each of them",
    ),
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
        "prod(size)",
        "size[0] * size[1]",
        "two sides were multiplied; a layer has 1, 2 or 3 axes: take the product of all sides, prod(size)",
    ),
    (" * prod(size)", "", "that is the number of weights; multiply by the pixels of the input, prod(size)"),
    ("prod(size)", "sum(size)", "the sides of the map are multiplied, not added"),
    ("prod(size)", "size[-1]", "the last side alone was taken; multiply by all pixels, prod(size)"),
    ("prod(size)", "size[0]", "the first side alone was taken; multiply by all pixels, prod(size)"),
    (
        "prod(size)",
        "size[-1] ** len(size)",
        "the last side was taken for all of them; the sides may differ: prod(size)",
    ),
    ("* prod(size)", "* prod(size) + layer.out_channels", "biases are added, and not multiplied, so they are no MACs"),
    (
        "prod(layer.kernel_size) * prod(size)",
        "prod((n - 1) * s + k for n, s, k in zip(size, layer.stride, layer.kernel_size))",
        "this is the conv rule, outputs times input channels; here it is the weights times the pixels of the input",
    ),
    (
        "prod(size)",
        "prod(size) // prod(layer.stride)",
        "you divided by the stride; a transposed convolution uses every number of its input",
    ),
    (
        "prod(size)",
        "prod(n - k + 1 for n, k in zip(size, layer.kernel_size))",
        "n - k + 1 is the output of a convolution; here each number of the input counts, prod(size)",
    ),
    (
        "prod(layer.kernel_size)",
        "layer.kernel_size[0] ** 2",
        "the kernel was taken for a square; it has 1, 2 or 3 axes: prod(layer.kernel_size)",
    ),
    (
        "prod(layer.kernel_size)",
        "layer.kernel_size[0] ** len(size)",
        "the sides of a kernel may differ; take the product of all of them, prod(layer.kernel_size)",
    ),
    (
        "prod(layer.kernel_size)",
        "layer.kernel_size[0] * layer.kernel_size[1]",
        "two sides of the kernel were multiplied; it has 1, 2 or 3 axes: prod(layer.kernel_size)",
    ),
    (
        "prod(layer.kernel_size) * prod(size)",
        "layer.kernel_size[0] * layer.kernel_size[1] * size[0] * size[1]",
        "two axes were taken; a layer has 1, 2 or 3: use prod(layer.kernel_size) and prod(size)",
    ),
    (
        "layer.in_channels * layer.out_channels",
        "layer.out_channels**2",
        "you took the output channels twice; it is input times output channels",
    ),
    (
        "layer.in_channels * layer.out_channels",
        "layer.in_channels**2",
        "you took the input channels twice; it is input times output channels",
    ),
    (
        "layer.in_channels * layer.out_channels",
        "(layer.in_channels + layer.out_channels)",
        "input and output channels are multiplied, not added: each pair has a kernel",
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
    (" + 8 * pooled", "", "pooling keeps its indices, too: 8 bytes for each number that it gives"),
    ("8 * pooled", "itemsize * pooled", "the indices are 64-bit integers, whatever the maps are"),
    ("8 * pooled", "4 * pooled", "an index is an int64, 8 bytes; you counted 4"),
    ("given + ", "", "the map given is the input of a convolution, so it is kept"),
    (" + pooled)", ")", "the pooled map is the input of the next convolution, so it is kept"),
    (
        "+ second",
        "+ 2 * second",
        "the second ReLU's output and the pooling's input are one and the same map; count it once",
    ),
    (" + second", "", "the pooling's input is kept: the second ReLU's output"),
    ("n - 2", "n", "n - 4", "n", "an unpadded convolution with a kernel of 3 takes two pixels off every axis"),
    ("n - 4", "n - 2", "the second convolution takes two pixels more: four in all"),
    ("n - 2", "n - 1", "n - 4", "n - 2", "an unpadded convolution takes one pixel off at both ends of an axis"),
    (
        "itemsize * (given + first + second + pooled) + 8 * pooled",
        "given + first + second + pooled + pooled",
        "these are numbers; multiply by the bytes of each, and add 8 for each index",
    ),
    ("itemsize * ", "4 * ", "a number takes itemsize bytes, and not always 4"),
    ("2 ** len(size)", "4", "pooling divides by 4 in 2D, and by 8 in 3D: 2 ** len(size)"),
    ("2 ** len(size)", "8", "pooling divides by 8 in 3D, and by 4 in 2D: 2 ** len(size)"),
    (
        "8 * pooled",
        "8 * second",
        "there is one index for each number that the pooling gives, not for each that it reads",
    ),
    ("first + ", "", "the output of the first convolution is the input of the second, so it is kept"),
    ("+ first + ", "+ 2 * first + ", "the first ReLU works in place: its map is kept once"),
    (
        "first = out_channels",
        "first = in_channels",
        "the first convolution gives out_channels channels, not in_channels",
    ),
    ("second = out_channels", "second = in_channels", "the second convolution gives out_channels channels"),
    (
        "given = in_channels",
        "given = out_channels",
        "the map given has in_channels channels; only the convolutions give out_channels",
    ),
    (
        "given = in_channels * prod(size)",
        "given = in_channels * size[0] * size[1]",
        "for n in size)\n    second",
        "for n in size[:2])\n    second",
        "for n in size)\n    pooled",
        "for n in size[:2])\n    pooled",
        "2 ** len(size)",
        "4",
        "two axes were taken; a map has 2 or 3: use prod(…) over size",
    ),
    (
        "itemsize * (given + first + second + pooled) + 8 * pooled",
        "itemsize * (given + first + second + pooled + 8 * pooled)",
        "the indices were multiplied by itemsize, too; they take 8 bytes each, whatever the maps are",
    ),
    (
        "itemsize * (given + first + second + pooled) + 8 * pooled",
        "itemsize * given + first + second + pooled + 8 * pooled",
        "itemsize belongs to all four maps: put their sum in parentheses",
    ),
    (
        "itemsize * (given + first + second + pooled) + 8 * pooled",
        "8 * (given + first + second + pooled) + 8 * pooled",
        "a number of a map takes itemsize bytes; only an index always takes 8",
    ),
    (" + pooled)", ")", " + 8 * pooled", "", "the pooled map and the indices of the pooling are kept, too"),
    (
        "given + ",
        "",
        " + pooled)",
        ")",
        "the map given and the pooled map belong to the sum; both are inputs of a convolution",
    ),
    (
        "second // 2 ** len(size)",
        "out_channels * prod(n // 2 for n in size)",
        "the pooled map was computed from the size given; it is half of the sides behind both convolutions, n - 4",
    ),
    (
        "second // 2 ** len(size)",
        "out_channels * prod(n // 2 - 4 for n in size)",
        "the pooling comes last: subtract 4 first, and halve then, (n - 4) // 2",
    ),
    (
        "second // 2 ** len(size)",
        "out_channels * prod((n - 2) // 2 for n in size)",
        "the pooling follows the second convolution, where the sides are n - 4",
    ),
    (
        "prod(n - 2 for n in size)",
        "(prod(size) - 2)",
        "prod(n - 4 for n in size)",
        "(prod(size) - 4)",
        "a convolution takes 2 off each side, and not off the product: prod(n - 2 for n in size)",
    ),
    (
        "prod(size)",
        "sum(size)",
        "prod(n - 2",
        "sum(n - 2",
        "prod(n - 4",
        "sum(n - 4",
        "the sides were added; a map has as many numbers as the product of its sides, times its channels",
    ),
    (
        "second + pooled)",
        "second + pooled + (in_channels + out_channels) * out_channels * 3 ** len(size))",
        "the weights were counted, too; only maps and indices are asked for",
    ),
    (
        "second + pooled)",
        "second + pooled + (in_channels + out_channels) * out_channels * 3 ** len(size) + 2 * out_channels)",
        "weights and biases were counted, too; only maps and indices are asked for",
    ),
    ("in_channels * prod(size)", "prod(size)", "the channels of the map given are missing: in_channels * prod(size)"),
    (
        "given + first + second + pooled",
        "first + second",
        " + 8 * pooled",
        "",
        "these are the outputs of the convolutions; the map given, the pooled map and the indices are kept, too",
    ),
    (
        "first = out_channels * ",
        "first = ",
        "second = out_channels * ",
        "second = ",
        "the channels of the maps are missing: each convolution gives out_channels maps",
    ),
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
    if not isinstance(pair, (tuple, list, Tensor, np.ndarray)) or len(pair) != 2:
        raise UnfitError(f"expected a pair (all parameters, those that learn), got {pair!r}")
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
        "only weight and bias were counted, and shared tensors twice, as torchsummary does",
    ),
    (
        "net.parameters()",
        "{p for module in net.modules() if not list(module.children()) for p in module.parameters()}",
        "a module with children can have parameters of its own",
    ),
    (
        "net.parameters()",
        "p for module in net.modules() for p in module.parameters()",
        "parameters() of a module holds those of its children already; you counted them once more",
    ),
    (
        "net.parameters()",
        "p for module in net.children() for p in module.parameters()",
        "children() gives the parts only: parameters of the network itself are missing, and shared ones come twice",
    ),
    (
        "net.parameters()",
        "p for module in net.modules() if isinstance(module, nn.Conv2d) for p in module.parameters()",
        "only convolutions were counted; norms and other modules have parameters, too",
    ),
    (
        "net.parameters()",
        "{p for module in net.modules() if isinstance(module, nn.Conv2d) for p in module.parameters()}",
        "only the parameters of convolutions were counted; norms and other modules have some, too",
    ),
    (
        "return total, learning",
        "return learning + (total - learning), len([p for p in once if p.requires_grad])",
        "the second number counts tensors; count the numbers in them, as in the first one",
    ),
    (
        "return total, learning",
        "return total - learning, learning",
        "the first number is that of the frozen parameters; it has to be that of all of them",
    ),
    (
        "p.numel() for p in once)",
        "p.shape[0] for p in once)",
        "p.numel() for p in once if",
        "p.shape[0] for p in once if",
        "shape[0] is the first side of a tensor only; count all its numbers with numel()",
    ),
    (
        "return total, learning",
        "return total, total if once[0].requires_grad else 0",
        "only the first parameter was asked whether it learns; ask each of them",
    ),
    (
        "net.parameters()",
        "dict(pair for module in net.modules() for pair in module.named_parameters(recurse=False)).values()",
        "parameters of equal names in different modules overwrite each other; their names are no keys",
    ),
    (
        "if p.requires_grad",
        "if p.grad is not None",
        "a gradient is there only after a backward pass; whether a parameter learns is in requires_grad",
    ),
    (
        "return total",
        "return total + sum(b.numel() for b in net.buffers())",
        "the running statistics of a norm are buffers, not parameters",
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
    yield [(5, (26, 30 + s)), (6, (13, 15)), (7, (6, 7))], [3 + seed, 0]
    yield [(3, (24 + s, 20)), (6, (12, 10)), (12, (6, 5))], []


@exercise(
    _drawings,
    ("len(maps)", "len(maps) - 1", "you counted the poolings; there is one level more"),
    ("len(maps)", "len(crops)", "you counted the skips; there are as many levels as maps"),
    ("len(maps)", "len(crops) + 1", "there need not be any skip, so count the levels by maps and not by crops"),
    (
        " if any(crops) else",
        " if all(crops) else",
        "one crop of 0 made all skips uncropped; they are uncropped only if every crop is 0: any(crops)",
    ),
    (
        " if any(crops) else",
        " if crops[0] else",
        "only the first crop was looked at; the skips are uncropped only if every crop is 0",
    ),
    (
        '    if not crops:\n        return f"{first} No skip crosses it."\n',
        "",
        "without any skip, the second sentence is: No skip crosses it.",
    ),
    (
        "    if not crops:",
        "    if not any(crops):",
        "skips whose crops are all 0 do cross the U; write that they are uncropped",
    ),
    (
        "', '.join(parts)",
        "', '.join(parts[:-1]) + ' and ' + parts[-1]",
        'the last level is joined by "and"; in the text it is a comma',
    ),
    ("', '.join(parts)", "','.join(parts)", "a space is missing behind the commas between the levels"),
    ("', '.join(parts)", "'; '.join(parts)", "the levels are separated by semicolons; in the text they are by commas"),
    (
        "', '.join(map(str, crops))",
        "' and '.join(map(str, crops))",
        'the crops are joined by "and"; in the text by commas',
    ),
    ("{height}×{width}", "{height, width}", "the size was printed as a tuple; write height×width, without parentheses"),
    ("{height}×{width}", "{height * width}", "the two sides were multiplied; the text names both: height×width"),
    ("{height}×{width}", "{height} × {width}", "there are spaces around ×; write height×width without them"),
    (" pixels per side", " px per side", 'the text has the word "pixels", and not px'),
    ("map(str, crops)", "[str(sum(crops))]", "the crops were added up; name each of them"),
    (
        "    if not crops:",
        "    crops = [n for n in crops if n]\n    if not crops:",
        "skips with a crop of 0 were left out; they are skips, too, and their 0 is named",
    ),
    (
        "{len(crops)} skips cross it",
        "{len(maps)} skips cross it",
        "you counted the levels; there are len(crops) skips",
    ),
    (
        "if c > 1",
        "if c > 2",
        'of two channels it is "2 channels": only one channel is without an s',
    ),
    (
        "', '.join(map(str, crops))",
        "','.join(map(str, crops))",
        "a space is missing behind the commas between the crops",
    ),
    (
        "map(str, crops)",
        "map(str, crops[:0] or [crops])",
        "the crops were printed as a list, with brackets; join the numbers: ', '.join(…)",
    ),
    ("per side", "on each side", 'the words are "pixels per side"'),
    ("levels:", "levels", 'the colon behind "levels" is missing'),
    (
        'return f"{first} {skips}{cropped}."',
        'return f"{first} {skips}{cropped}"',
        "the full stop at the end is missing",
    ),
    ('return f"{first} {skips}{cropped}."', 'return f"{skips}{cropped}."', "the first sentence is missing"),
    ("in maps]", "in maps[::-1]]", "the finest level comes first, in the order of maps"),
    ("×{width}", "×{height}", "the height is there twice; a map need not be square, so write height and width"),
    ("{height}×{width}", "{width}×{height}", "height before width, as in the shape"),
    ("×", "x", "between the sides is the letter x; write the multiplication sign, ×"),
    ("{'s' if c > 1 else ''}", "s", 'of one channel, write "1 channel", without an s'),
    ('"1 skip crosses it" if len(crops) == 1 else ', "", 'of one skip, write "1 skip crosses it"'),
    ("No skip crosses it.", "0 skips cross it.", "without skips, say so: No skip crosses it."),
    (' if any(crops) else ", uncropped"', "", "where nothing is cut off, the skips are uncropped"),
    (", uncropped", "", "nothing is said of the crops where they are zero; write uncropped"),
    (
        "map(str, crops)",
        "map(str, crops[::-1])",
        "the crops are in reverse order; the finest skip comes first, as in crops",
    ),
    (
        "map(str, crops)",
        "(str(2 * n) for n in crops)",
        "the numbers are twice as large; crops are pixels per side already",
    ),
    ("map(str, crops)", "map(str, crops[:1])", "only the first crop is named; name those of all skips"),
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
    sides = 9 + seed  # five or more names in each list, neither in the order of the alphabet nor in reverse
    yield (
        dict.fromkeys(
            ("up2", "skip1", "up0", "stem", "enc4", "up1", "skip0", "enc2", "x2", "x0", "x4", "x1", "x3"), (1, sides)
        ),
        dict.fromkeys(
            ("x3", "x0", "dec3", "gate", "x4", "add1", "sum2", "x1", "cat0", "pool", "x2", "join", "bias"), (2, sides)
        ),
    )


COMMON = "name in drawn if name in traced and", "name in set(drawn) & set(traced) if"  # an edit of compare_maps


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
    (
        "drawn[name] != traced[name]",
        "drawn[name][:2] != traced[name][:2]",
        "the last side was not compared; every side counts",
    ),
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
        "drawn[name] != traced[name]",
        "len(drawn[name]) != len(traced[name])",
        "the numbers of axes were compared; compare the shapes themselves",
    ),
    (
        "drawn[name] != traced[name]",
        "drawn[name] is not tuple(list(traced[name]))",
        "`is not` asks whether it is the same object; compare shapes with !=",
    ),
    (
        '"wrong": wrong',
        '"wrong": [(name, drawn[name]) for name in wrong]',
        "names and shapes are in the list; return the names alone",
    ),
    (
        "name in traced and drawn[name] != traced[name]",
        "drawn[name] != traced[name]",
        "a name that only the drawing has raises a KeyError in traced; ask first whether name in traced",
    ),
    (
        "name in traced and drawn[name] != traced[name]",
        "drawn[name] != traced.get(name)",
        "names that only the drawing has are among the wrong ones, too; wrong are those that both have",
    ),
    (
        "[name for name in drawn if name in traced and drawn[name] != traced[name]]",
        "[name for name in traced if name in drawn and drawn[name] != traced[name]]",
        "wrong is in the order of the trace; it has to be in that of the drawing",
    ),
    (
        "[name for name in traced if name not in drawn]",
        "[name for name in traced if traced[name] not in drawn.values()]",
        "shapes were searched in place of names; missing are names that the drawing does not have",
    ),
    (
        "[name for name in drawn if name not in traced]",
        "[name for name in drawn if drawn[name] not in traced.values()]",
        "shapes were searched in place of names; gone are names that the trace does not have",
    ),
    (
        "[name for name in drawn if name not in traced]",
        "[name for name in drawn if drawn[name] not in traced.values()]",
        "[name for name in traced if name not in drawn]",
        "[name for name in traced if traced[name] not in drawn.values()]",
        "the shapes were searched in place of the names; gone and missing are about names",
    ),
    (
        '{"wrong": wrong, "gone": gone, "missing": missing}',
        '{"wrong": len(wrong), "gone": len(gone), "missing": len(missing)}',
        "these are numbers; return the lists of names",
    ),
    (
        '"gone": gone, "missing": missing',
        '"gone": gone + missing, "missing": gone + missing',
        "gone and missing hold the same names; gone are those of the drawing, missing those of the trace",
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
    *[
        (
            '"wrong": wrong, "gone": gone, "missing": missing',
            f'"wrong": sorted(wrong), "gone": {gone}, "missing": {missing}',
            "the names were sorted; keep the order of the drawing, and for missing that of the trace",
        )
        for gone, missing in (("sorted(gone)", "sorted(missing)"), ("gone", "missing"))
    ],
    *(
        (*edit, "a set has no order: go through the dict, and ask for each name whether the other one has it")
        for order in (
            "sorted(set({0}) - set({1}))",
            "sorted(set({0}) - set({1}), reverse=True)",
            "list(set({0}) - set({1}))",
            "list({0}.keys() - {1}.keys())",
            "[name for name in set({0}) if name not in {1}]",
        )
        for gone in [("[name for name in drawn if name not in traced]", order.format("drawn", "traced"))]
        for missing in [("[name for name in traced if name not in drawn]", order.format("traced", "drawn"))]
        for edit in (gone + missing, gone, missing, COMMON + gone + missing)
    ),
    (
        *COMMON,
        "a set has no order: go through the dict, and ask for each name whether the other one has it",
    ),
    ('"gone": gone', '"gone": []', "gone is empty; it holds the names that only the drawing has"),
    ('"missing": missing', '"missing": []', "missing is empty; it holds the names that only the trace has"),
    (
        "name in traced and drawn[name] != traced[name]",
        "drawn[name] == traced.get(name)",
        "these are the maps whose shapes agree; wrong holds those whose shapes differ",
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


def _legible(candidates: Sequence[str], grounds: Sequence[str], least: float) -> list[str]:
    return [colour for colour in candidates if all(contrast(colour, ground) >= least for ground in grounds)]


def _palettes(seed: int) -> Iterator[Case]:
    shade = f"#{16 + seed:02x}1a24"
    many = ["#f0e442", "#e69f00", "#777777", "#0072b2", "#1f4fa3", "#000000"]
    yield many, ["#ffffff"], 4.5
    yield ["#ff0000", "#0072b2", "#000000", "#1f4fa3"], ["#ffffff"], 4.5
    yield many, ["#ffffff", "#dde8f3"], 4.5
    yield ["#777777", shade, "#ffffff"], ["#14171c", "#4f7fb0"], 3.0
    yield ["#000000", "#767676", "#1f4fa3"], ["#ffffff"], 4.5
    yield ["#ffffff", "#f0e442", "#777777"], ["#000000"], 4.5
    yield ["#808080", "#777777", "#8f8f8f"], ["#ffffff"], 7.0
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
    (
        'return ""',
        "return candidates[0]",
        "if no candidate is legible, the result is an empty text, and not the first one",
    ),
    (
        'return ""',
        "return candidates[-1]",
        "if no candidate is legible, the result is an empty text, and not the last one",
    ),
    ('return ""', "return None", 'if no candidate is legible, return an empty text: return ""'),
    ('return ""', 'return "#000000"', "if no candidate is legible, the result is an empty text, and not black"),
    (
        'return ""',
        "return max(candidates, key=lambda c: min(contrast(c, ground) for ground in grounds))",
        "if no candidate is legible, the result is an empty text, and not the best of them",
    ),
    (
        '    return ""',
        '        return ""',
        'the loop ends at its first candidate: return "" stands behind the loop, not in it',
    ),
    (
        "if no candidate is legible there is no item 0; return an empty text then",
        lambda candidates, grounds, least: _legible(candidates, grounds, least)[0],
    ),
    (
        'next without a default raises StopIteration if no candidate is legible: next(…, "")',
        lambda candidates, grounds, least: next(iter(_legible(candidates, grounds, least))),
    ),
    ("these are all legible candidates; return the first of them, or an empty text", lambda *case: _legible(*case)),
    (
        "all(contrast(colour, ground) >= least for ground in grounds)",
        "contrast(colour, grounds[-1]) >= least",
        "you tried the last ground only",
    ),
    (">= least", "<= least", "the comparison is the wrong way round: the contrast has to be at least `least`"),
    ("return colour", "return colour.upper()", "the colour was changed to capitals; return the candidate as it is"),
    (">= least", ">= 4.5", "the contrast was compared with 4.5; compare it with least"),
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
    (
        "if all(contrast(colour, ground) >= least for ground in grounds)",
        "if True",
        "the first candidate was returned in every case: is its contrast compared before the return?",
    ),
    (
        "in candidates",
        "in sorted(candidates, key=lambda c: min(contrast(c, ground) for ground in grounds))",
        "the weakest legible candidate was taken; take the first in the order of preference",
    ),
    (
        "in candidates",
        "in sorted(candidates)",
        "the candidates were sorted; they stand in the order of preference already",
    ),
    ("return colour", "return candidates.index(colour)", "that is the place of the colour; return the colour itself"),
    (
        "return colour",
        "return min(contrast(colour, ground) for ground in grounds)",
        "that is the contrast of the colour; return the colour itself",
    ),
    ("if all", "if not all", "you returned one that is not legible"),
)
def text_colour(candidates: Sequence[str], grounds: Sequence[str], least: float) -> str:
    for colour in candidates:
        if all(contrast(colour, ground) >= least for ground in grounds):
            return colour
    return ""


EXERCISES = (up_macs, block_bytes, distinct_parameters, describe_u, compare_maps, text_colour)
