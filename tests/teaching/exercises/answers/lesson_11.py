"""Answers to the exercises of lesson 11 as students write them: wrong ones with words of the verdict, and right ones."""
# mypy: ignore-errors
# ruff: noqa

from functools import reduce
from math import prod
import math

from torch import nn
from torch.nn import functional as F
import numpy as np
import torch

from tests.oracles.answers import Answers
from unet_tutorial.nets.crop import center_crop
from unet_tutorial.nets.shuffle import pixel_shuffle

ANSWERS = Answers()
wrong, right = ANSWERS.wrong, ANSWERS.right


@wrong("pixels_from_channels", "a reshape alone leaves the values in their order: split the channels")
def _(x, stride):
    n, c, h, w = x.shape
    return x.reshape(n, c // stride**2, h * stride, w * stride)


@wrong("pixels_from_channels", "rows and columns of each block are swapped: its channels follow one")
def _(x, stride):
    n, c, h, w = x.shape
    x = x.reshape(n, -1, stride, stride, h, w)
    return x.permute(0, 1, 4, 3, 5, 2).reshape(n, -1, h * stride, w * stride)


@wrong("pixels_from_channels", "each channel became a small image of its own; the pixels of a block")
def _(x, stride):
    n, c, h, w = x.shape
    x = x.reshape(n, -1, stride, stride, h, w)
    return x.permute(0, 1, 2, 4, 3, 5).reshape(n, -1, h * stride, w * stride)


@wrong("pixels_from_channels", "the channels of a block are stride² neighbours: split the channels")
def _(x, stride):
    n, c, h, w = x.shape
    x = x.reshape(n, stride, stride, c // stride**2, h, w)
    return x.permute(0, 3, 4, 1, 5, 2).reshape(n, -1, h * stride, w * stride)


@wrong("pixels_from_channels", "this exercise forbids pixel_shuffle; do it without")
def _(x, stride):
    return nn.PixelShuffle(stride)(x)


@wrong("pixels_from_channels", "the stride is not always 2; use the argument")
def _(x, stride):
    n, c, h, w = x.shape
    x = x.reshape(n, c // 4, 2, 2, h, w)
    return x.permute(0, 1, 4, 2, 5, 3).reshape(n, c // 4, 2 * h, 2 * w)


@wrong("pixels_from_channels", "the number of channels is divided by stride; a block has stride²")
def _(x, stride):
    n, c, h, w = x.shape
    x = x.reshape(n, c // stride, stride, stride, h, w)
    return x.permute(0, 1, 4, 2, 5, 3).reshape(n, c // stride, h * stride, w * stride)


@wrong("pixels_from_channels", "use // instead of /")
def _(x, stride):
    n, c, h, w = x.shape
    x = x.reshape(n, c / stride**2, stride, stride, h, w)
    return x.permute(0, 1, 4, 2, 5, 3).reshape(n, -1, h * stride, w * stride)


@wrong("pixels_from_channels", "all pixels of a block are its first channel; each has a channel of")
def _(x, stride):
    x = x[:, :: stride * stride]
    return x.repeat_interleave(stride, 2).repeat_interleave(stride, 3)


@wrong("pixels_from_channels", "before they are joined the axes stand in the order (H, row in block,")
def _(x, stride):
    n, c, h, w = x.shape
    x = x.reshape(n, -1, stride, stride, h, w)
    return x.permute(0, 1, 4, 2, 3, 5).reshape(n, -1, h * stride, w * stride)


@wrong("pixels_from_channels", "rows and columns of each block are swapped: its channels follow one")
def _(x, stride):
    n, c, h, w = x.shape
    out = torch.zeros(n, c // stride**2, h * stride, w * stride)
    for i in range(stride):
        for j in range(stride):
            out[:, :, i::stride, j::stride] = x[:, j * stride + i :: stride**2]
    return out


@wrong("pixels_from_channels", "each channel became a small image of its own; the pixels of a block")
def _(x, stride):
    n, c, h, w = x.shape
    out = torch.zeros(n, c // stride**2, h * stride, w * stride)
    for i in range(stride):
        for j in range(stride):
            out[:, :, i * h : (i + 1) * h, j * w : (j + 1) * w] = x[:, i * stride + j :: stride**2]
    return out


@wrong("pixels_from_channels", "the axes are in the right order; join H with the rows of the block,")
def _(x, stride):
    n, c, h, w = x.shape
    return x.reshape(n, -1, stride, stride, h, w).permute(0, 1, 4, 2, 5, 3)


@wrong("patterns", "rows and columns are exchanged: the pattern of columns differs from")
def _(image):
    a, b, c, d = image[::2, ::2], image[::2, 1::2], image[1::2, ::2], image[1::2, 1::2]
    return (
        torch.stack([(a + b + c + d).mean(), (a + b - c - d).mean(), (a - b + c - d).mean(), (a - b - c + d).mean()])
        / 4
    )


@wrong("patterns", "those are sums of the four pixels of a block; divide by 4")
def _(image):
    a, b, c, d = image[::2, ::2], image[::2, 1::2], image[1::2, ::2], image[1::2, 1::2]
    return torch.stack([(a + b + c + d).mean(), (a - b + c - d).mean(), (a + b - c - d).mean(), (a - b - c + d).mean()])


@wrong("patterns", "three numbers are returned; the first of the four is the mean, (a + b")
def _(image):
    a, b, c, d = image[::2, ::2], image[::2, 1::2], image[1::2, ::2], image[1::2, 1::2]
    return torch.stack([(a - b + c - d).mean(), (a + b - c - d).mean(), (a - b - c + d).mean()]) / 4


@wrong("patterns", "expected a torch tensor, got a list; torch.as_tensor(…) makes one")
def _(image):
    a, b, c, d = (
        each.mean().item() for each in (image[::2, ::2], image[::2, 1::2], image[1::2, ::2], image[1::2, 1::2])
    )
    return [(a + b + c + d) / 4, (a - b + c - d) / 4, (a + b - c - d) / 4, (a - b - c + d) / 4]


@wrong("patterns", "that is the first block only; take the mean over all blocks")
def _(image):
    a, b, c, d = image[0, 0], image[0, 1], image[1, 0], image[1, 1]
    return torch.stack([(a + b + c + d) / 4, (a - b + c - d) / 4, (a + b - c - d) / 4, (a - b - c + d) / 4])


@wrong("patterns", "those are sums over all pixels; take means")
def _(image):
    f = torch.fft.fft2(image).real
    h, w = image.shape
    return torch.stack([f[0, 0], f[0, w // 2], f[h // 2, 0], f[h // 2, w // 2]])


@wrong("patterns", "the signs are lost: a pattern may be negative; do not take the")
def _(image):
    h, w = image.shape
    f = torch.fft.fft2(image).abs() / (h * w)
    return torch.stack([f[0, 0], f[0, w // 2], f[h // 2, 0], f[h // 2, w // 2]])


@wrong("patterns", "those are powers; return the patterns themselves, without a square")
def _(image):
    h, w = image.shape
    f = (torch.fft.fft2(image).abs() / (h * w)) ** 2
    return torch.stack([f[0, 0], f[0, w // 2], f[h // 2, 0], f[h // 2, w // 2]])


@wrong("patterns", "those are the patterns of each block; take the mean over all blocks")
def _(image):
    a, b, c, d = image[::2, ::2], image[::2, 1::2], image[1::2, ::2], image[1::2, 1::2]
    return torch.stack([a + b + c + d, a - b + c - d, a + b - c - d, a - b - c + d]) / 4


@wrong("patterns", "the mean is right, and the patterns are twice as large: you subtract")
def _(image):
    a, b, c, d = (each.mean() for each in (image[::2, ::2], image[::2, 1::2], image[1::2, ::2], image[1::2, 1::2]))
    return torch.stack([image.mean(), (a + c) / 2 - (b + d) / 2, (a + b) / 2 - (c + d) / 2, (a + d) / 2 - (b + c) / 2])


@wrong("patterns", "the image is cut into four quarters; a, b, c and d are every second")
def _(image):
    h, w = image.shape
    a, b = image[: h // 2, : w // 2].mean(), image[: h // 2, w // 2 :].mean()
    c, d = image[h // 2 :, : w // 2].mean(), image[h // 2 :, w // 2 :].mean()
    return torch.stack([a + b + c + d, a - b + c - d, a + b - c - d, a - b - c + d]) / 4


@wrong("patterns", "the signs begin with minus; the pixel above on the left counts plus")
def _(image):
    a, b, c, d = image[::2, ::2], image[::2, 1::2], image[1::2, ::2], image[1::2, 1::2]
    return (
        torch.stack([(a + b + c + d).mean(), (b - a + d - c).mean(), (c + d - a - b).mean(), (b + c - a - d).mean()])
        / 4
    )


@wrong("patterns", "the checkerboard has the opposite sign; it is a - b - c + d")
def _(image):
    a, b, c, d = image[::2, ::2], image[::2, 1::2], image[1::2, ::2], image[1::2, 1::2]
    return (
        torch.stack([(a + b + c + d).mean(), (a - b + c - d).mean(), (a + b - c - d).mean(), (b + c - a - d).mean()])
        / 4
    )


class Chain(nn.Module):
    def __init__(self, parts, out_channels):
        super().__init__()
        self.parts = nn.ModuleList(parts)
        self.out_channels = out_channels

    def forward(self, x):
        for part in self.parts:
            x = part(x)
        return x


@wrong("chain", "no out_channels are checked; read them by getattr(…, None), and")
def _(factories, in_channels):
    parts = []
    for f in factories:
        part = f(in_channels)
        in_channels = part.out_channels
        parts.append(part)
    return Chain(parts, in_channels)


@wrong("chain", "the modules are counted from 1; the first one is number 0")
def _(factories, in_channels):
    parts = []
    for i, f in enumerate(factories, start=1):
        part = f(in_channels)
        n = getattr(part, "out_channels", None)
        if not isinstance(n, int) or isinstance(n, bool) or n < 1:
            raise ValueError(f"part {i} states no out_channels")
        in_channels = n
        parts.append(part)
    return Chain(parts, in_channels)


@wrong("chain", "an AssertionError comes; in place of assert, raise a ValueError")
def _(factories, in_channels):
    parts = []
    for i, f in enumerate(factories):
        part = f(in_channels)
        n = getattr(part, "out_channels", None)
        assert isinstance(n, int) and not isinstance(n, bool) and n >= 1, f"part {i}"
        in_channels = n
        parts.append(part)
    return Chain(parts, in_channels)


@wrong("chain", "only a module that states nothing is refused; 0, 6.0, True and '8'")
def _(factories, in_channels):
    parts = []
    for i, f in enumerate(factories):
        part = f(in_channels)
        if not hasattr(part, "out_channels"):
            raise ValueError(f"part {i} states no out_channels")
        in_channels = part.out_channels
        parts.append(part)
    return Chain(parts, in_channels)


@wrong("chain", "True passed, because Python counts it as an int; refuse it")
def _(factories, in_channels):
    parts = []
    for i, f in enumerate(factories):
        part = f(in_channels)
        n = getattr(part, "out_channels", None)
        if not isinstance(n, int) or n < 1:
            raise ValueError(f"part {i} states no out_channels")
        in_channels = n
        parts.append(part)
    return Chain(parts, in_channels)


@wrong("chain", "0 passed; a number of channels is at least 1")
def _(factories, in_channels):
    parts = []
    for i, f in enumerate(factories):
        part = f(in_channels)
        n = getattr(part, "out_channels", None)
        if type(n) is not int or n < 0:
            raise ValueError(f"part {i} states no out_channels")
        in_channels = n
        parts.append(part)
    return Chain(parts, in_channels)


@wrong("chain", "all modules were built from in_channels, and before any was checked;")
def _(factories, in_channels):
    parts = [f(in_channels) for f in factories]
    for i, part in enumerate(parts):
        n = getattr(part, "out_channels", None)
        if type(n) is not int or n < 1:
            raise ValueError(f"part {i} states no out_channels")
    return Chain(parts, parts[-1].out_channels)


@wrong("chain", "the chain does not state its own out_channels; set them")
def _(factories, in_channels):
    parts = []
    for i, f in enumerate(factories):
        part = f(in_channels)
        n = getattr(part, "out_channels", None)
        if type(n) is not int or n < 1:
            raise ValueError(f"part {i} states no out_channels")
        in_channels = n
        parts.append(part)
    return nn.Sequential(*parts)


@wrong("chain", "nn.Sequential takes modules one by one: nn.Sequential(*layers)")
def _(factories, in_channels):
    parts = []
    for i, f in enumerate(factories):
        part = f(in_channels)
        n = getattr(part, "out_channels", None)
        if type(n) is not int or n < 1:
            raise ValueError(f"part {i} states no out_channels")
        in_channels = n
        parts.append(part)
    made = nn.Sequential(parts)
    made.out_channels = in_channels
    return made


@wrong("chain", "the text of the ValueError does not hold the number of the module")
def _(factories, in_channels):
    parts = []
    for f in factories:
        part = f(in_channels)
        n = getattr(part, "out_channels", None)
        if type(n) is not int or n < 1:
            raise ValueError(f"a part states out_channels = {n!r}")
        in_channels = n
        parts.append(part)
    return Chain(parts, in_channels)


@wrong("chain", "a module without out_channels leads to an AttributeError; read them")
def _(factories, in_channels):
    parts = []
    for i, f in enumerate(factories):
        part = f(in_channels)
        n = part.out_channels
        if type(n) is not int or n < 1:
            raise ValueError(f"part {i} states no out_channels")
        in_channels = n
        parts.append(part)
    return Chain(parts, in_channels)


@wrong("chain", "a float passed; channels are whole numbers")
def _(factories, in_channels):
    parts = []
    for i, f in enumerate(factories):
        part = f(in_channels)
        n = getattr(part, "out_channels", None)
        if isinstance(n, bool) or not isinstance(n, (int, float)) or n < 1:
            raise ValueError(f"part {i} states no out_channels")
        in_channels = int(n)
        parts.append(part)
    return Chain(parts, in_channels)


@wrong("chain", "the last module is not checked; it has to state its out_channels, too")
def _(factories, in_channels):
    parts = []
    for i, f in enumerate(factories):
        if i:
            n = getattr(parts[-1], "out_channels", None)
            if type(n) is not int or n < 1:
                raise ValueError(f"part {i - 1} states no out_channels")
            in_channels = n
        parts.append(f(in_channels))
    return Chain(parts, getattr(parts[-1], "out_channels", None))


@wrong("chain", "the check comes after all modules are built; refuse the first bad one")
def _(factories, in_channels):
    parts = []
    for f in factories:
        part = f(in_channels)
        in_channels = getattr(part, "out_channels", in_channels)
        parts.append(part)
    for i, part in enumerate(parts):
        n = getattr(part, "out_channels", None)
        if type(n) is not int or n < 1:
            raise ValueError(f"part {i} states no out_channels")
    return Chain(parts, in_channels)


@wrong("chain", "the chain states the channels of its input; its out_channels are")
def _(factories, in_channels):
    parts = []
    channels = in_channels
    for i, f in enumerate(factories):
        part = f(channels)
        n = getattr(part, "out_channels", None)
        if type(n) is not int or n < 1:
            raise ValueError(f"part {i} states no out_channels")
        channels = n
        parts.append(part)
    return Chain(parts, in_channels)


@wrong("chain", "the modules are not registered; use nn.Sequential or nn.ModuleList")
def _(factories, in_channels):
    class Loose(nn.Module):
        def __init__(self, parts, n):
            super().__init__()
            self.parts, self.out_channels = parts, n

        def forward(self, x):
            for part in self.parts:
                x = part(x)
            return x

    parts = []
    for i, f in enumerate(factories):
        part = f(in_channels)
        n = getattr(part, "out_channels", None)
        if type(n) is not int or n < 1:
            raise ValueError(f"part {i} states no out_channels")
        in_channels = n
        parts.append(part)
    return Loose(parts, in_channels)


@right("pixels_from_channels")
def _(x, stride):
    n, c, h, w = x.shape
    return F.fold(x.reshape(n, c, h * w), (h * stride, w * stride), stride, stride=stride)


@right("pixels_from_channels")
def _(x, stride):
    n, c, h, w = x.shape
    out = torch.empty(n, c // stride**2, h * stride, w * stride, dtype=x.dtype)
    for k in range(stride * stride):
        i, j = divmod(k, stride)
        out[:, :, i::stride, j::stride] = x[:, k :: stride * stride]
    return out


@right("pixels_from_channels")
def _(x, stride):
    s = stride
    kernel = torch.eye(s * s).reshape(s * s, 1, s, s).repeat(x.shape[1] // (s * s), 1, 1, 1)
    return F.conv_transpose2d(x, kernel, stride=s, groups=x.shape[1] // (s * s))


@right("pixels_from_channels")
def _(x, stride):
    n, c, h, w = x.shape
    columns = [
        torch.stack([x[:, i * stride + j :: stride**2] for j in range(stride)], -1).flatten(-2) for i in range(stride)
    ]
    return torch.stack(columns, 3).flatten(2, 3)


@right("patterns")
def _(image):
    h, w = image.shape
    f = torch.fft.fft2(image).real / (h * w)
    return torch.stack([f[0, 0], f[0, w // 2], f[h // 2, 0], f[h // 2, w // 2]])


@right("patterns")
def _(image):
    signs = torch.tensor([[[1.0, 1], [1, 1]], [[1, -1], [1, -1]], [[1, 1], [-1, -1]], [[1, -1], [-1, 1]]])
    return F.conv2d(image[None, None], signs[:, None].to(image) / 4, stride=2).mean((0, 2, 3))


@right("patterns")
def _(image):
    x = image.detach().numpy().astype(np.float64)
    r = (-1.0) ** np.arange(x.shape[0])[:, None]
    c = (-1.0) ** np.arange(x.shape[1])
    return torch.tensor([x.mean(), (x * c).mean(), (x * r).mean(), (x * r * c).mean()])


@right("patterns")
def _(image):
    h, w = image.shape
    total = [0.0] * 4
    for i in range(h):
        for j in range(w):
            v = image[i, j]
            total = [total[0] + v, total[1] + v * (-1) ** j, total[2] + v * (-1) ** i, total[3] + v * (-1) ** (i + j)]
    return torch.stack(total) / (h * w)


@right("chain")
def _(factories, in_channels):
    class Whole(nn.Sequential):
        out_channels = in_channels

    made = Whole()
    for number, factory in enumerate(factories):
        part = factory(made.out_channels)
        stated = getattr(part, "out_channels", None)
        if type(stated) is not int or stated < 1:
            raise ValueError(f"part {number}: out_channels = {stated!r}")
        made.append(part)
        made.out_channels = stated
    return made


@right("chain")
def _(factories, in_channels, number=0):
    class Refused(ValueError):
        pass

    class Two(nn.Module):
        def __init__(self, first, second):
            super().__init__()
            self.first, self.second, self.out_channels = first, second, second.out_channels

        def forward(self, x):
            return self.second(self.first(x))

    def build(rest, channels, number):
        part = rest[0](channels)
        try:
            n = part.out_channels
        except AttributeError as error:
            raise Refused(str(number)) from error
        if not isinstance(n, int) or n is True or n is False or n <= 0:
            raise Refused(f"#{number}")
        return part if len(rest) == 1 else Two(part, build(rest[1:], n, number + 1))

    return build(list(factories), in_channels, number)


@right("chain")
def _(factories, in_channels):
    def add(parts, numbered):
        number, factory = numbered
        parts.append(factory(parts[-1].out_channels if parts else in_channels))
        n = vars(parts[-1]).get("out_channels", getattr(parts[-1], "out_channels", ""))
        if not (type(n) is int and n > 0):
            raise ValueError("factory number %d made a module without out_channels" % number)
        return parts

    parts = reduce(add, enumerate(factories), [])
    return Chain(parts, parts[-1].out_channels if parts else in_channels)


@wrong("pixels_from_channels", "it raised RuntimeError: view size is not compatible with input")
def _(x, stride):
    n, c, h, w = x.shape
    return x.view(n, -1, stride, stride, h, w).permute(0, 1, 4, 2, 5, 3).view(n, -1, h * stride, w * stride)


@wrong("pixels_from_channels", "expected a torch tensor, got a list; torch.stack(…) makes one")
def _(x, stride):
    n, c, h, w = x.shape
    out = []
    for image in x:
        out.append(image.reshape(-1, stride, stride, h, w).permute(0, 3, 1, 4, 2).reshape(-1, h * stride, w * stride))
    return out


@wrong("pixels_from_channels", "the height and the width are exchanged where you read x.shape; it is")
def _(x, stride):
    n, c, w, h = x.shape
    x = x.reshape(n, -1, stride, stride, h, w)
    return x.permute(0, 1, 4, 2, 5, 3).reshape(n, -1, h * stride, w * stride)


@wrong("pixels_from_channels", "the channels are split into (stride, stride, C) in place of (C,")
def _(x, stride):
    n, c, h, w = x.shape
    groups = x.chunk(stride * stride, dim=1)
    rows = [torch.cat(groups[i * stride : (i + 1) * stride], dim=3) for i in range(stride)]
    return torch.cat(rows, dim=2)


@wrong("pixels_from_channels", "expected a torch tensor, got a numpy array of shape (2, 2, 6, 8);")
def _(x, stride):
    n, c, h, w = x.shape
    a = x.numpy().reshape(n, -1, stride, stride, h, w)
    return a.transpose(0, 1, 4, 2, 5, 3).reshape(n, -1, h * stride, w * stride)


@wrong("pixels_from_channels", "each axis grows by the factor stride, and not by stride²")
def _(x, stride):
    n, c, h, w = x.shape
    x = x.reshape(n, -1, stride, stride, h, w)
    return x.permute(0, 1, 4, 2, 5, 3).reshape(n, c // stride**2, h * stride**2, w * stride**2)


@wrong("patterns", "only the mean over the rows is taken; take the mean over both axes")
def _(image):
    a, b = image[::2, ::2].mean(0), image[::2, 1::2].mean(0)
    c, d = image[1::2, ::2].mean(0), image[1::2, 1::2].mean(0)
    return torch.stack([a + b + c + d, a - b + c - d, a + b - c - d, a - b - c + d]) / 4


@wrong("patterns", "rows and columns are exchanged: the pattern of columns differs from")
def _(image):
    a, c = image[::2, ::2].mean(), image[::2, 1::2].mean()
    b, d = image[1::2, ::2].mean(), image[1::2, 1::2].mean()
    return torch.stack([a + b + c + d, a - b + c - d, a + b - c - d, a - b - c + d]) / 4


@wrong("patterns", "the items are right, but in another order: 1, 2, 3, 0 of the right")
def _(image):
    a, b = image[::2, ::2].mean(), image[::2, 1::2].mean()
    c, d = image[1::2, ::2].mean(), image[1::2, 1::2].mean()
    return torch.stack([a - b + c - d, a + b - c - d, a - b - c + d, a + b + c + d]) / 4


@wrong("patterns", "the largest values are taken; take the means")
def _(image):
    a, b = image[::2, ::2].max(), image[::2, 1::2].max()
    c, d = image[1::2, ::2].max(), image[1::2, 1::2].max()
    return torch.stack([a + b + c + d, a - b + c - d, a + b - c - d, a - b - c + d]) / 4


@wrong("patterns", "only d is divided by 4; the sum needs parentheses: (a + b + c + d) / 4")
def _(image):
    a, b = image[::2, ::2].mean(), image[::2, 1::2].mean()
    c, d = image[1::2, ::2].mean(), image[1::2, 1::2].mean()
    return torch.stack([a + b + c + d / 4, a - b + c - d / 4, a + b - c - d / 4, a - b - c + d / 4])


@wrong("patterns", "the Fourier transform gives complex numbers; take the real part")
def _(image):
    h, w = image.shape
    f = torch.fft.fft2(image) / (h * w)
    return torch.stack([f[0, 0], f[0, w // 2], f[h // 2, 0], f[h // 2, w // 2]])


@wrong("patterns", "those are the lowest frequencies; period 2 is the frequency H / 2 or")
def _(image):
    h, w = image.shape
    f = torch.fft.fft2(image).real / (h * w)
    return torch.stack([f[0, 0], f[0, 1], f[1, 0], f[1, 1]])


@wrong("patterns", "a reshape to (H / 2, W / 2, 2, 2) does not give the blocks, because")
def _(image):
    h, w = image.shape
    blocks = image.reshape(h // 2, w // 2, 2, 2).mean((0, 1))
    a, b, c, d = blocks.flatten()
    return torch.stack([a + b + c + d, a - b + c - d, a + b - c - d, a - b - c + d]) / 4


class Chain(nn.Module):
    def __init__(self, parts, n):
        super().__init__()
        self.parts = nn.ModuleList(parts)
        self.out_channels = n

    def forward(self, x):
        for part in self.parts:
            x = part(x)
        return x


def bad(part):
    n = getattr(part, "out_channels", None)
    return type(n) is not int or n < 1


@wrong("chain", "the modules are counted from 1; the first one is number 0")
def _(factories, in_channels):
    parts = []
    for i, f in enumerate(factories):
        if parts and bad(parts[-1]):
            raise ValueError(f"module {i} got bad channels")
        parts.append(f(parts[-1].out_channels if parts else in_channels))
    if bad(parts[-1]):
        raise ValueError(f"module {len(parts)} got bad channels")
    return Chain(parts, parts[-1].out_channels)


@wrong("chain", "every module gets the input of the chain, and the output of the last")
def _(factories, in_channels):
    parts = []
    for i, f in enumerate(factories):
        part = f(parts[-1].out_channels if parts else in_channels)
        if bad(part):
            raise ValueError(f"module {i}")
        parts.append(part)

    class Whole(Chain):
        def forward(self, x):
            for part in self.parts:
                out = part(x)
            return out

    return Whole(parts, parts[-1].out_channels)


@wrong("chain", "expected a torch module, got None; is a return missing?")
def _(factories, in_channels):
    parts = []
    for i, f in enumerate(factories):
        part = f(parts[-1].out_channels if parts else in_channels)
        if bad(part):
            raise ValueError(f"module {i}")
        parts.append(part)
    Chain(parts, parts[-1].out_channels)


@wrong("chain", "call super().__init__() first in __init__")
def _(factories, in_channels):
    parts = []
    for i, f in enumerate(factories):
        part = f(parts[-1].out_channels if parts else in_channels)
        if bad(part):
            raise ValueError(f"module {i}")
        parts.append(part)

    class Whole(nn.Module):
        def __init__(self):
            self.parts = nn.ModuleList(parts)
            self.out_channels = parts[-1].out_channels

        def forward(self, x):
            for part in self.parts:
                x = part(x)
            return x

    return Whole()


@wrong("chain", "expected a torch module, got a function")
def _(factories, in_channels):
    parts = []
    for i, f in enumerate(factories):
        part = f(parts[-1].out_channels if parts else in_channels)
        if bad(part):
            raise ValueError(f"module {i}")
        parts.append(part)

    def run(x):
        for part in parts:
            x = part(x)
        return x

    run.out_channels = parts[-1].out_channels
    return run


@wrong("chain", "None is returned for a bad module; raise a ValueError")
def _(factories, in_channels):
    parts = []
    for i, f in enumerate(factories):
        part = f(parts[-1].out_channels if parts else in_channels)
        if bad(part):
            print(f"module {i} is bad")
            return None
        parts.append(part)
    return Chain(parts, parts[-1].out_channels)


@wrong("chain", "int(…) turns 6.0, True and '8' into whole numbers, and 0 and -3 pass;")
def _(factories, in_channels):
    parts = []
    n = in_channels
    for i, f in enumerate(factories):
        part = f(n)
        try:
            n = int(part.out_channels)
        except AttributeError:
            raise ValueError(f"module {i} has no out_channels")
        parts.append(part)
    return Chain(parts, n)


@wrong("chain", "the text of the ValueError does not hold the number of the module")
def _(factories, in_channels):
    n = in_channels
    parts = []
    for f in factories:
        part = f(n)
        if bad(part):
            raise ValueError("module " + str(n) + " is bad")
        n = part.out_channels
        parts.append(part)
    return Chain(parts, n)


@wrong("chain", "the last module is missing in the chain")
def _(factories, in_channels):
    parts = []
    for i, f in enumerate(factories):
        part = f(parts[-1].out_channels if parts else in_channels)
        if bad(part):
            raise ValueError(f"module {i}")
        parts.append(part)
    whole = nn.Sequential(*parts[:-1])
    whole.out_channels = parts[-1].out_channels
    return whole


@wrong("chain", "it refuses good modules, whose out_channels are (4, 8, 2): module 0")
def _(factories, in_channels):
    parts = []
    for i, f in enumerate(factories):
        part = f(parts[-1].out_channels if parts else in_channels)
        if not isinstance(part, nn.Conv2d):
            raise ValueError(f"module {i}")
        parts.append(part)
    return Chain(parts, parts[-1].out_channels)


@right("pixels_from_channels")
def _(x, stride):
    return torch.cat(
        [
            torch.cat([_one(x[i : i + 1, k : k + stride**2], stride) for k in range(0, x.shape[1], stride**2)], 1)
            for i in range(len(x))
        ]
    )


def _one(block, s):
    """(1, s², H, W) -> (1, 1, sH, sW)"""
    rows = []
    for y in range(block.shape[2]):
        for i in range(s):
            rows.append(torch.stack([block[0, i * s + j, y, x] for x in range(block.shape[3]) for j in range(s)]))
    return torch.stack(rows)[None, None]


@right("patterns")
def _(image):
    f = F.avg_pool2d
    x = image[None, None]
    a, b, c, d = (f(x[:, :, i:, j:], 1, 2).mean() for i in (0, 1) for j in (0, 1))
    h = torch.tensor([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]], dtype=torch.float64)
    return h @ torch.stack([a, b, c, d]).double() / 4


@right("chain")
class _(nn.Module):
    def __init__(self, factories, in_channels):
        super().__init__()
        self.out_channels = in_channels
        for i, factory in enumerate(factories):
            part = factory(self.out_channels)
            self.add_module(f"part{i}", part)
            try:
                self.out_channels = part.out_channels
                ok = (
                    isinstance(self.out_channels, int)
                    and not isinstance(self.out_channels, bool)
                    and self.out_channels > 0
                )
            except AttributeError:
                ok = False
            if not ok:
                raise ValueError(f"module number {i} does not state its channels")

    def forward(self, x):
        for part in self.children():
            x = part(x)
        return x


class Chain(nn.Module):
    def __init__(self, parts, n):
        super().__init__()
        self.parts = nn.ModuleList(parts)
        self.out_channels = n

    def forward(self, x):
        for p in self.parts:
            x = p(x)
        return x


@wrong("pixels_from_channels", "this exercise forbids pixel_shuffle; do it without")
def _(x, stride):
    return pixel_shuffle(x, (stride, stride))


@wrong("pixels_from_channels", "the channels of a block were averaged; each of them is one pixel")
def _(x, stride):
    n, c, h, w = x.shape
    return F.interpolate(x.reshape(n, -1, stride**2, h, w).mean(2), scale_factor=stride)


@wrong("pixels_from_channels", "rows and columns of each block are swapped: its channels follow one")
def _(x, stride):
    n, c, h, w = x.shape
    out = torch.zeros(n, c // stride**2, h * stride, w * stride)
    for i in range(stride):
        for j in range(stride):
            out[:, :, j::stride, i::stride] = x[:, i * stride + j :: stride**2]
    return out


@wrong("pixels_from_channels", "row i and column j of a block are its channel i · stride + j, and not")
def _(x, stride):
    n, c, h, w = x.shape
    out = torch.zeros(n, c // stride**2, h * stride, w * stride)
    for i in range(stride):
        for j in range(stride):
            out[:, :, i::stride, j::stride] = x[:, i + j :: stride**2]
    return out


@wrong("pixels_from_channels", "the channels of a block are stride² neighbours: split the channels")
def _(x, stride):
    n, c, h, w = x.shape
    k = c // stride**2
    out = torch.zeros(n, k, h * stride, w * stride)
    for i in range(stride):
        for j in range(stride):
            m = i * stride + j
            out[:, :, i::stride, j::stride] = x[:, m * k : (m + 1) * k]
    return out


@wrong("pixels_from_channels", "the tensor has 6 axes here, and permute names 5")
def _(x, stride):
    n, c, h, w = x.shape
    return x.reshape(n, -1, stride, stride, h, w).permute(0, 1, 3, 4, 2).reshape(n, -1, h * stride, w * stride)


@wrong("patterns", "the four numbers are right; return them as a tensor with one axis, of")
def _(image):
    a, b, c, d = image[::2, ::2].mean(), image[::2, 1::2].mean(), image[1::2, ::2].mean(), image[1::2, 1::2].mean()
    return torch.stack([a + b + c + d, a - b + c - d, a + b - c - d, a - b - c + d])[None] / 4


@wrong("patterns", "expected a torch tensor, got a dict")
def _(image):
    a, b, c, d = image[::2, ::2].mean(), image[::2, 1::2].mean(), image[1::2, ::2].mean(), image[1::2, 1::2].mean()
    return {
        "mean": (a + b + c + d) / 4,
        "columns": (a - b + c - d) / 4,
        "rows": (a + b - c - d) / 4,
        "check": (a - b - c + d) / 4,
    }


@wrong("patterns", "all neighbours are compared, also those of two blocks; the blocks")
def _(image):
    col = (image[:, :-1] - image[:, 1:]).mean() / 2
    row = (image[:-1] - image[1:]).mean() / 2
    return torch.stack(
        [image.mean(), col, row, (image[:-1, :-1] - image[1:, :-1] - image[:-1, 1:] + image[1:, 1:]).mean() / 4]
    )


@wrong("patterns", "columns and rows are computed from the upper row and the left column")
def _(image):
    a, b, c, d = image[::2, ::2].mean(), image[::2, 1::2].mean(), image[1::2, ::2].mean(), image[1::2, 1::2].mean()
    return torch.stack([(a + b + c + d) / 4, (a - b) / 2, (a - c) / 2, (a - b - c + d) / 4])


@wrong("patterns", "item 2: every result is the negative of the right one; item 0, 1 is")
def _(image):
    a, b, c, d = image[1::2, ::2].mean(), image[1::2, 1::2].mean(), image[::2, ::2].mean(), image[::2, 1::2].mean()
    return torch.stack([a + b + c + d, a - b + c - d, a + b - c - d, a - b - c + d]) / 4


@wrong("patterns", "// rounds down to whole numbers; use /")
def _(image):
    a, b, c, d = image[::2, ::2].mean(), image[::2, 1::2].mean(), image[1::2, ::2].mean(), image[1::2, 1::2].mean()
    return torch.stack([a + b + c + d, a - b + c - d, a + b - c - d, a - b - c + d]) // 4


@wrong("patterns", "divided by 4 twice: the mean over the block is a division by 4 already")
def _(image):
    n = image.numel()
    a, b, c, d = image[::2, ::2].sum(), image[::2, 1::2].sum(), image[1::2, ::2].sum(), image[1::2, 1::2].sum()
    return torch.stack([a + b + c + d, a - b + c - d, a + b - c - d, a - b - c + d]) / n / 4


@wrong("chain", "the check comes after all modules are built; refuse the first bad one before")
def _(factories, in_channels):
    parts = [factories[0](in_channels)]
    for i, f in enumerate(factories[1:]):
        n = getattr(parts[-1], "out_channels", in_channels)
        parts.append(f(n))
        n = getattr(parts[i], "out_channels", None)
        if type(n) is not int or n < 1:
            raise ValueError(f"module {i}")
    n = getattr(parts[-1], "out_channels", None)
    if type(n) is not int or n < 1:
        raise ValueError(f"module {len(parts) - 1}")
    return Chain(parts, n)


@wrong("chain", "the loop ends at a bad module without an exception; raise a ValueError")
def _(factories, in_channels):
    parts, n = [], in_channels
    for i, f in enumerate(factories):
        p = f(n)
        if type(getattr(p, "out_channels", None)) is not int or p.out_channels < 1:
            break
        n = p.out_channels
        parts.append(p)
    return Chain(parts, n)


@wrong("chain", "a module without out_channels: expected 'a ValueError before the next")
def _(factories, in_channels):
    parts, n = [], in_channels
    for i, f in enumerate(factories):
        p = f(n)
        if type(getattr(p, "out_channels", None)) is not int or p.out_channels < 1:
            print(f"module {i} is bad")
        else:
            n = p.out_channels
        parts.append(p)
    return Chain(parts, n)


@wrong("chain", "True and 6.0 passed; channels are whole numbers")
def _(factories, in_channels):
    parts, n = [], in_channels
    for i, f in enumerate(factories):
        p = f(n)
        n = getattr(p, "out_channels", None)
        if n is None or isinstance(n, str) or n < 1:
            raise ValueError(f"module {i}")
        parts.append(p)
    return Chain(parts, n)


@wrong("chain", "int(…) turns 6.0 and '8' into whole numbers; refuse them")
def _(factories, in_channels):
    modules, channels = [], in_channels
    for i, make in enumerate(factories):
        module = make(channels)
        try:
            channels = 0 if module.out_channels is True else int(module.out_channels)
        except Exception:
            raise ValueError(f"bad module {i}")
        if channels < 1:
            raise ValueError(f"bad module {i}")
        modules.append(module)
    net = nn.Sequential(*modules)
    net.out_channels = channels
    return net


@wrong("pixels_from_channels", "the stride is not always 2; use the argument")
def _(x, stride):
    n, c, h, w = x.shape
    y = x.new_zeros(n, c // 4, h * 2, w * 2)
    y[:, :, ::2, ::2], y[:, :, ::2, 1::2] = x[:, ::4], x[:, 1::4]
    y[:, :, 1::2, ::2], y[:, :, 1::2, 1::2] = x[:, 2::4], x[:, 3::4]
    return y


@wrong("patterns", "abs() is taken of each block before the mean")
def _(image):
    a, b, c, d = image[::2, ::2], image[::2, 1::2], image[1::2, ::2], image[1::2, 1::2]
    others = [(a - b + c - d).abs().mean(), (a + b - c - d).abs().mean(), (a - b - c + d).abs().mean()]
    return torch.stack([(a + b + c + d).mean(), *others]) / 4


@wrong("chain", "a TypeError is raised; raise a ValueError")
def _(factories, in_channels):
    modules, channels = [], in_channels
    for i, make in enumerate(factories):
        modules.append(make(channels))
        channels = getattr(modules[-1], "out_channels", None)
        if type(channels) is not int:
            raise TypeError(f"module {i}: out_channels {channels!r}")
        if channels < 1:
            raise ValueError(f"module {i}: out_channels {channels!r}")
    net = nn.Sequential(*modules)
    net.out_channels = channels
    return net
