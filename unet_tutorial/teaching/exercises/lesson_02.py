"""Exercises of lesson 02: the block of two convolutions, its parameters, and pooling."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from unet_tutorial.teaching.checking.compare import Raised
from unet_tutorial.teaching.checking.exercise import Case, exercise
from unet_tutorial.teaching.checking.probes import module_probe


def _blocks(seed: int) -> Iterator[Case]:
    """Input and output channels of a block, and its input."""
    generator = torch.Generator().manual_seed(seed)
    yield 3, 5, torch.randn(2, 3, 12, 10, generator=generator)
    yield 2, 4 + seed, torch.randn(1, 2, 8, 14, generator=generator)


def _images(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    yield (torch.randn(2, 3, 12, 10, generator=generator),)
    yield (torch.randn(1, 3, 8, 14, generator=generator),)


@exercise(
    _blocks,
    (
        "second, nn.ReLU()",
        "second",
        "the ReLU after the second convolution is missing; each of the two is followed by one",
    ),
    (
        "in_channels, out_channels, 3",
        "in_channels, out_channels, 3, padding=1",
        "(out_channels, out_channels, 3",
        "(out_channels, out_channels, 3, padding=1",
        "padding=1 keeps the size; the paper's convolutions are unpadded and take 2 pixels each",
    ),
    (
        "in_channels, out_channels, 3",
        "in_channels, out_channels, 3, bias=False",
        "(out_channels, out_channels, 3",
        "(out_channels, out_channels, 3, bias=False",
        "the biases are missing; leave bias at its default",
    ),
    (
        "first, nn.ReLU()",
        "first",
        "the ReLU after the first convolution is missing; each of the two is followed by one",
    ),
    (
        "first, nn.ReLU(), second, nn.ReLU()",
        "nn.ReLU(), first, nn.ReLU(), second",
        "the ReLUs stand before the convolutions; each convolution is followed by one",
    ),
    (
        "first, nn.ReLU(), second, nn.ReLU()",
        "first, nn.BatchNorm2d(out_channels), nn.ReLU(), second, nn.BatchNorm2d(out_channels), nn.ReLU()",
        "the paper's block has no batch norm",
    ),
    (
        "out_channels, out_channels",
        "in_channels, out_channels",
        "the second convolution gets out_channels from the first; yours is made for in_channels, or is the first again",
    ),
    (
        "first, nn.ReLU(), second, nn.ReLU()",
        "first, nn.functional.relu, second, nn.functional.relu",
        "F.relu is a function; nn.Sequential takes modules: nn.ReLU()",
    ),
    (
        "nn.Sequential(first, nn.ReLU(), second, nn.ReLU())",
        "[first, nn.ReLU(), second, nn.ReLU()]",
        "a list is no module; put the layers into nn.Sequential(…)",
    ),
    (
        "in_channels, out_channels, 3",
        "in_channels, out_channels, 3, padding=1",
        "the first convolution is padded; both are unpadded and take 2 pixels each",
    ),
    (
        "(out_channels, out_channels, 3",
        "(out_channels, out_channels, 3, padding=1",
        "the second convolution is padded; both are unpadded and take 2 pixels each",
    ),
    (
        "in_channels, out_channels, 3",
        "in_channels, out_channels, 5",
        "first, nn.ReLU(), second, nn.ReLU()",
        "first, nn.ReLU()",
        "one 5×5 convolution reads as many pixels as two 3×3, but there are two in the block, with a ReLU between",
    ),
    (
        "in_channels, out_channels, 3",
        "in_channels, out_channels",
        "nn.Conv2d needs the size of its kernel as third argument: 3",
    ),
    (
        "first, nn.ReLU(), second, nn.ReLU()",
        "first, nn.Sigmoid(), second, nn.Sigmoid()",
        "a Sigmoid squashes where a ReLU should cut; use nn.ReLU",
    ),
    (
        "first, nn.ReLU(), second, nn.ReLU()",
        "first, second",
        "no activation at all: two convolutions in a row are only one wider convolution",
    ),
    (
        "in_channels, out_channels, 3",
        "in_channels, in_channels, 3",
        "(out_channels, out_channels, 3",
        "(in_channels, out_channels, 3",
        "the channels change at the second convolution; the first one changes them",
    ),
    (
        "in_channels, out_channels, 3",
        "3, 5, 3",
        "(out_channels, out_channels, 3",
        "(5, 5, 3",
        "the numbers of channels are fixed; use in_channels and out_channels",
    ),
    (
        "first, nn.ReLU(), second, nn.ReLU()",
        "first, nn.LeakyReLU(), second, nn.LeakyReLU()",
        "a leaky ReLU lets negative values through; use nn.ReLU",
    ),
    ("first, nn.ReLU(), second, nn.ReLU()", "first, nn.ReLU()", "the second convolution is missing, and its ReLU"),
    (
        "in_channels, out_channels, 3",
        "in_channels, out_channels, 3, 2",
        "(out_channels, out_channels, 3",
        "(out_channels, out_channels, 3, 2",
        "the stride is 2; the block's convolutions move by one pixel, the default",
    ),
    (
        "nn.ReLU(), second, nn.ReLU())",
        "nn.ReLU(), second, nn.ReLU(), nn.MaxPool2d(2))",
        "the pooling is no part of the block; it stands between two levels",
    ),
    (
        "nn.ReLU(), second, nn.ReLU())",
        "nn.ReLU(), second, nn.ReLU(), nn.Conv2d(out_channels, out_channels, 3), nn.ReLU())",
        "there are three convolutions; the block has two",
    ),
    (
        "in_channels, out_channels, 3",
        "out_channels, in_channels, 3",
        "the arguments are exchanged: first the channels that come in, and then those that go out",
    ),
    *[
        (
            "in_channels, out_channels, 3",
            f"in_channels, out_channels, {first}",
            "(out_channels, out_channels, 3",
            f"(out_channels, out_channels, {second}",
            hint,
        )
        for first, second, hint in (
            ("3, dilation=2", "3, dilation=2", "the convolutions are dilated; leave dilation at its default, 1"),
            ("3", "3, groups=out_channels", "the second convolution has groups; each output channel reads all inputs"),
            ("3", "1", "the second convolution has a 1×1 kernel; both have 3×3"),
            ("5", "5", "the kernels are 5×5; they are 3×3"),
        )
    ],
    (
        "first, nn.ReLU(), second, nn.ReLU()",
        "first, nn.GELU(), second, nn.GELU()",
        "that is a GELU; the paper has nn.ReLU",
    ),
    probe=module_probe(2),
)
def double_conv(in_channels: int, out_channels: int) -> nn.Module:
    first = nn.Conv2d(in_channels, out_channels, 3)
    second = nn.Conv2d(out_channels, out_channels, 3)
    return nn.Sequential(first, nn.ReLU(), second, nn.ReLU())


def _channels(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    yield (1, 64)
    yield from (tuple(torch.randint(1, 300, (2,), generator=generator).tolist()) for _ in range(4))


@exercise(
    _channels,
    (
        "9 * a * b + b + 9 * b * b + b",
        "9 * a * b + 9 * b * b",
        "the biases are missing: one for each output channel of each convolution",
    ),
    (" + 9 * b * b + b", "", "one convolution is missing; the block has two"),
    ("9 * b * b", "9 * a * b", "the second convolution reads the output of the first, and so b channels"),
    ("9 * a * b + b + 9 * b * b + b", "3 * a * b + b + 3 * b * b + b", "a 3×3 kernel has 9 weights, and not 3"),
    ("9 * a * b + b", "9 * a * b + a", "a bias belongs to an output channel; you counted one for each input channel"),
    (
        "9 * a * b + b + 9 * b * b + b",
        "9 * b + b + 9 * b + b",
        "a kernel reads all input channels at once: 9·a·b weights, and not 9·b",
    ),
    (
        "9 * a * b + b + 9 * b * b + b",
        "9 * a + b + 9 * b + b",
        "there is a kernel for each pair of an input and an output channel: 9·a·b weights, and not 9·a",
    ),
    ("9 * b * b + b", "9 * b * b", "the biases of one convolution are missing; each of the two has b"),
    (
        "9 * a * b + b + 9 * b * b + b",
        "9 * a * b + 9 * b * b + 2",
        "you counted one bias for each convolution; each output channel has one",
    ),
    (
        "9 * a * b + b + 9 * b * b + b",
        "9 * a * b + a + 9 * b * b + a",
        "you counted biases for input channels, twice; both convolutions have b output channels",
    ),
    (
        "9 * a * b + b + 9 * b * b + b",
        "9 * (a * b + b) + 9 * (b * b + b)",
        "a bias is a single number for each output channel; the factor 9 belongs to the weights alone",
    ),
    (
        "9 * a * b + b + 9 * b * b + b",
        "9 * (a + b) + b + 9 * (b + b) + b",
        "there is a kernel for each pair of an input and an output channel: multiply the two numbers",
    ),
    forbidden=("torch.nn.Module",),
)
def count_parameters(a: int, b: int) -> int:
    return 9 * a * b + b + 9 * b * b + b


@exercise(
    _images,
    ("amax", "mean", "that is the average of each block; max-pooling keeps the largest"),
    (".amax((3, 5))", "[:, :, :, 0, :, 0]", "you took the first pixel of each block, and not the largest"),
    (
        "h // 2, 2, w // 2, 2).amax((3, 5))",
        "2, h // 2, 2, w // 2).amax((2, 4))",
        "the axes are split the other way: pixels far apart meet, and neighbours do not",
    ),
    ("the window slides by one pixel; pooling steps by two", lambda x: x.unfold(2, 2, 1).unfold(3, 2, 1).amax((4, 5))),
    ("amax", "amin", "that is the smallest of each block"),
    ("w // 2, 2).amax((3, 5))", "w).amax(3)", "only the rows are pooled; the columns too"),
    ("(3, 5)", "5", "only the columns are pooled; the rows too, in the same call: amax((3, 5))"),
    (
        "2, w // 2, 2).amax((3, 5))",
        "w // 2, 4).amax(-1)",
        "reshape puts four neighbours in reading order into a group; a block has two rows: h // 2, 2, w // 2, 2",
    ),
    (
        ".amax((3, 5))",
        ".amax((2, 4))",
        "the maximum runs over the blocks; it runs within each block, over the axes of length 2",
    ),
    (
        ".amax((3, 5))",
        ".max(3).max(5)",
        "max along an axis gives a pair, the values and their places; amax gives the values",
    ),
    (
        "x.reshape(n, c, h // 2, 2, w // 2, 2).amax((3, 5))",
        "torch.maximum(x[..., ::2, ::2], x[..., 1::2, 1::2])",
        "a block has four pixels; you compared the two on its diagonal",
    ),
    ("amax", "sum", "that is the sum of each block; max-pooling keeps the largest"),
    (".amax((3, 5))", ".max()", "that is one maximum for the whole batch; each block has its own: amax((3, 5))"),
    (
        "h // 2, 2, w // 2, 2",
        "w // 2, 2, h // 2, 2",
        "height and width are exchanged; the axes are (N, C, H, W)",
    ),
    (
        "x.reshape(n, c, h // 2, 2, w // 2, 2).amax((3, 5))",
        "torch.maximum(torch.maximum(x[..., ::2, ::2], x[..., 1::2, ::2]), x[..., ::2, 1::2])",
        "a block has four pixels; you compared three of them",
    ),
    (
        "amax((3, 5))",
        "amax((3, 5), keepdim=True)",
        "the axes of the blocks stayed, with one entry each; leave keepdim out",
    ),
    forbidden=("torch.nn.functional.max_pool2d", "torch.nn.functional.adaptive_max_pool2d"),
)
def pool_by_reshape(x: Tensor) -> Tensor:
    n, c, h, w = x.shape
    return x.reshape(n, c, h // 2, 2, w // 2, 2).amax((3, 5))


def _sides(seed: int) -> Iterator[Case]:
    yield from ((n,) for n in (568, 283, 2, 1, 140 + 2 * seed, 67 + 2 * seed))


def _refusing(answer: Callable[[int], int], case: Case) -> object:
    """The answer's result; for odd sides, the type of the exception that it raises or returns."""
    (n,) = case
    try:
        value = answer(n)
    except Exception as error:
        if n % 2 == 0:
            raise
        return Raised(type(error).__name__)
    returned = isinstance(value, BaseException)
    return Raised(f"{type(value).__name__} that is returned and not raised") if returned else value


@exercise(
    _sides,
    ("an odd side is rounded down, and a row is lost without a word; raise a ValueError", lambda n: n // 2),
    ("an odd side is rounded up; there is no pixel to pool it with: raise a ValueError", lambda n: -(-n // 2)),
    ("half a pixel is no size; raise a ValueError for odd sides, and return whole numbers", lambda n: n / 2),
    ("if n % 2", "if n % 2 == 0", "it is odd sides that do not pass, and not even ones"),
    ("pooling takes the side to a half; you took one pixel away", lambda n: n - 1),
    (
        'raise ValueError(f"a side of {n} is odd; take {n - 1} or {n + 1}")',
        "raise AssertionError",
        "assert raises an AssertionError; a ValueError is wanted: if n % 2: raise ValueError(…)",
    ),
    ("raise ValueError", "raise TypeError", "a number is of the right type, but has a wrong value: raise a ValueError"),
    ("raise ValueError", "raise Exception", "the exception is too general; raise a ValueError"),
    ("raise ValueError", "return ValueError", "the ValueError is returned; write raise in place of return"),
    (
        'raise ValueError(f"a side of {n} is odd; take {n - 1} or {n + 1}")',
        "return None",
        "an odd side gives None, and no error; raise a ValueError",
    ),
    ("return n // 2", "return n // 2 + n // 2", "that is the side itself; halve it once"),
    ("if n % 2", "if n < 2", "a side of 1 is not the only one that cannot be halved; every odd side loses a row"),
    (
        'raise ValueError(f"a side of {n} is odd; take {n - 1} or {n + 1}")',
        'return "ValueError"',
        "you returned a text; raise the exception: raise ValueError(…)",
    ),
    *[
        (
            "return n // 2",
            f"return (n - {lost}) // 2",
            "the result is too small by 1 or 2: n is the side of the map that is pooled, with no convolution before it",
        )
        for lost in (2, 4)
    ],
    ("if n % 2", "if n % 4", "some even sides are refused; every even side can be pooled once"),
    ("if n % 2", "if n % 2 or n <= 2", "a side of 2 is refused; it gives 1 pixel"),
    probe=_refusing,
)
def pooled_side(n: int) -> int:
    if n % 2:
        raise ValueError(f"a side of {n} is odd; take {n - 1} or {n + 1}")
    return n // 2


EXERCISES = (double_conv, count_parameters, pool_by_reshape, pooled_side)
