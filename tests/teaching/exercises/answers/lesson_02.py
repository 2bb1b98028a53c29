"""Answers to the exercises of lesson 02 as students write them: wrong ones with words of the verdict, and right ones."""
# mypy: ignore-errors
# ruff: noqa

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from unet_tutorial.paper import double_conv

from tests.oracles.answers import Answers

ANSWERS = Answers()
wrong, right = ANSWERS.wrong, ANSWERS.right


@wrong("double_conv", "the ReLU after the first convolution is missing; each of")
def _(i, o):
    return nn.Sequential(nn.Conv2d(i, o, 3), nn.Conv2d(o, o, 3), nn.ReLU())


@wrong("double_conv", "the paper's block has no batch norm")
def _(i, o):
    return nn.Sequential(
        nn.Conv2d(i, o, 3), nn.BatchNorm2d(o), nn.ReLU(), nn.Conv2d(o, o, 3), nn.BatchNorm2d(o), nn.ReLU()
    )


@wrong("double_conv", "the second convolution gets out_channels from the first;")
def _(i, o):
    c = nn.Conv2d(i, o, 3)
    return nn.Sequential(c, nn.ReLU(), c, nn.ReLU())


@wrong("double_conv", "F.relu is a function; nn.Sequential takes modules:")
def _(i, o):
    return nn.Sequential(nn.Conv2d(i, o, 3), F.relu, nn.Conv2d(o, o, 3), F.relu)


@wrong("double_conv", "a list is no module; put the layers into nn.Sequential(…)")
def _(i, o):
    return [nn.Conv2d(i, o, 3), nn.ReLU(), nn.Conv2d(o, o, 3), nn.ReLU()]


@wrong("double_conv", "the second convolution gets out_channels from the first;")
def _(i, o):
    return nn.Sequential(nn.Conv2d(i, o, 3), nn.ReLU(), nn.Conv2d(i, o, 3), nn.ReLU())


@wrong("double_conv", "the first convolution is padded; both are unpadded and take")
def _(i, o):
    return nn.Sequential(nn.Conv2d(i, o, 3, 1, 1), nn.ReLU(), nn.Conv2d(o, o, 3), nn.ReLU())


@wrong("double_conv", "the ReLUs stand before the convolutions; each convolution")
def _(i, o):
    return nn.Sequential(nn.ReLU(), nn.Conv2d(i, o, 3), nn.ReLU(), nn.Conv2d(o, o, 3))


@wrong("double_conv", "one 5×5 convolution reads as many pixels as two 3×3, but")
def _(i, o):
    return nn.Sequential(nn.Conv2d(i, o, 5), nn.ReLU())


@wrong("count_parameters", "you counted one bias for each convolution; each output")
def _(a, b):
    return 9 * a * b + 9 * b * b + 2


@wrong("count_parameters", "the biases of one convolution are missing; each of the two")
def _(a, b):
    return 9 * a * b + b + 9 * b * b


@wrong("count_parameters", "the second convolution reads the output of the first, and")
def _(a, b):
    return 2 * (9 * a * b + b)


@wrong("count_parameters", "a bias belongs to an output channel; you counted one for")
def _(a, b):
    return 9 * a * b + a + 9 * b * b + b


@wrong("count_parameters", "this exercise forbids making a Module")
def _(a, b):
    net = double_conv(a, b)
    return sum(p.numel() for p in net.parameters())


@wrong("count_parameters", "there is a kernel for each pair of an input and an output")
def _(a, b):
    return 9 * a + b + 9 * b + b


@wrong("pool_by_reshape", "this exercise forbids max_pool2d")
def _(x):
    return F.max_pool2d(x, 2)


@wrong("pool_by_reshape", "reshape puts four neighbours in reading order into a group; a block")
def _(x):
    n, c, h, w = x.shape
    return x.reshape(n, c, h // 2, w // 2, 4).amax(-1)


@wrong("pool_by_reshape", "max along an axis gives a pair, the values and their")
def _(x):
    n, c, h, w = x.shape
    return x.reshape(n, c, h // 2, 2, w // 2, 2).max(3).max(5)


@wrong("pool_by_reshape", "the maximum runs over the blocks; it runs within each")
def _(x):
    n, c, h, w = x.shape
    return x.reshape(n, c, h // 2, 2, w // 2, 2).amax((2, 4))


@wrong("pool_by_reshape", "a block has four pixels; you compared the two on its")
def _(x):
    return torch.maximum(x[..., ::2, ::2], x[..., 1::2, 1::2])


@wrong("pool_by_reshape", "only the columns are pooled; the rows too, in the same")
def _(x):
    n, c, h, w = x.shape
    return x.reshape(n, c, h // 2, 2, w // 2, 2).amax(5)


@wrong("pooled_side", "assert raises an AssertionError; a ValueError is wanted: if")
def _(n):
    assert n % 2 == 0
    return n // 2


@wrong("pooled_side", "the ValueError is returned; write raise in place of return")
def _(n):
    if n % 2:
        return ValueError("odd")
    return n // 2


@wrong("pooled_side", "an odd side gives None, and no error; raise a ValueError")
def _(n):
    if n % 2:
        return None
    return n // 2


@wrong("pooled_side", "expected the whole number 284, got the float 284.0; use //")
def _(n):
    if n % 2 == 0:
        return n / 2
    raise ValueError("odd")


@wrong("pooled_side", "a number is of the right type, but has a wrong value: raise")
def _(n):
    if n % 2:
        raise TypeError("odd")
    return n // 2


@wrong("double_conv", "the numbers of channels are fixed; use in_channels and")
def _(i, o):
    return nn.Sequential(nn.Conv2d(3, 5, 3), nn.ReLU(), nn.Conv2d(5, 5, 3), nn.ReLU())


@wrong("double_conv", "a leaky ReLU lets negative values through; use nn.ReLU")
def _(i, o):
    return nn.Sequential(nn.Conv2d(i, o, 3), nn.LeakyReLU(), nn.Conv2d(o, o, 3), nn.LeakyReLU())


@wrong("double_conv", "the second convolution is missing, and its ReLU")
def _(i, o):
    return nn.Sequential(nn.Conv2d(i, o, 3), nn.ReLU())


@wrong("double_conv", "the stride is 2; the block's convolutions move by one")
def _(i, o):
    return nn.Sequential(nn.Conv2d(i, o, 3, stride=2), nn.ReLU(), nn.Conv2d(o, o, 3, stride=2), nn.ReLU())


@wrong("double_conv", "a layer has to be called: layer(x)")
def _(i, o):
    return F.relu(nn.Conv2d(o, o, 3)(F.relu(nn.Conv2d(i, o, 3))))


@wrong("count_parameters", "you counted biases for input channels, twice; both")
def _(a, b):
    return 9 * (a + b) * b + 2 * a


@wrong("count_parameters", "the second convolution reads the output of the first, and")
def _(a, b):
    return 9 * a * b + 9 * a * b + 2 * b


@wrong("count_parameters", "there is a kernel for each pair of an input and an output")
def _(a, b):
    return (9 * a + b) + (9 * b + b)


@wrong("pool_by_reshape", "a reduction takes its axis away")
def _(x):
    n, c, h, w = x.shape
    return x.reshape(n, c, h // 2, 2, w // 2, 2).amax(3).amax(5)


@wrong("pool_by_reshape", "use // instead of /")
def _(x):
    n, c, h, w = x.shape
    return x.reshape(n, c, h / 2, 2, w / 2, 2).amax((3, 5))


@wrong("pool_by_reshape", "reshape puts four neighbours in reading order into a group; a block")
def _(x):
    n, c, h, w = x.shape
    return x.reshape(n, c, h // 2, w // 2, 2, 2).amax((4, 5))


@wrong("pool_by_reshape", "that is one maximum for the whole batch; each block has its")
def _(x):
    n, c, h, w = x.shape
    return x.reshape(n, c, h // 2, 2, w // 2, 2).max()


@wrong("pooled_side", "a number is of the right type, but has a wrong value: raise")
def _(n):
    if n % 2:
        raise "odd"
    return n // 2


@wrong("pooled_side", "an odd side is rounded down, and a row is lost without a")
def _(n):
    if n % 2:
        print("odd side")
    return n // 2


@wrong("pooled_side", "an odd side is rounded down, and a row is lost without a")
def _(n):
    try:
        return n // 2
    except ValueError:
        return 0


@wrong("double_conv", "the pooling is no part of the block; it stands between two")
def _(i, o):
    return nn.Sequential(nn.Conv2d(i, o, 3), nn.ReLU(), nn.Conv2d(o, o, 3), nn.ReLU(), nn.MaxPool2d(2))


@wrong("double_conv", "the arguments are exchanged: first the channels that come")
def _(i, o):
    return nn.Sequential(nn.Conv2d(o, i, 3), nn.ReLU(), nn.Conv2d(o, o, 3), nn.ReLU())


@wrong("double_conv", "there are three convolutions; the block has two")
def _(i, o):
    return nn.Sequential(nn.Conv2d(i, o, 3), nn.ReLU(), nn.Conv2d(o, o, 3), nn.ReLU(), nn.Conv2d(o, o, 3), nn.ReLU())


@wrong("double_conv", "nn.Sequential takes modules one by one: nn.Sequential(*layers)")
def _(i, o):
    return nn.Sequential([nn.Conv2d(i, o, 3), nn.ReLU(), nn.Conv2d(o, o, 3), nn.ReLU()])


@wrong("count_parameters", "a 3×3 kernel has 9 weights, and not 3")
def _(a, b):
    return 3 * a * b + b + 3 * b * b + b


@wrong("count_parameters", "a bias belongs to an output channel; you counted one for")
def _(a, b):
    return 9 * a * b + 9 * b * b + a + b


@wrong("count_parameters", "a bias is a single number for each output channel; the")
def _(a, b):
    return 9 * (a * b + b) + 9 * (b * b + b)


@wrong("pool_by_reshape", "that is the average of each block; max-pooling keeps the")
def _(x):
    n, c, h, w = x.shape
    return x.reshape(n, c, h // 2, 2, w // 2, 2).mean((3, 5))


@wrong("pool_by_reshape", "the axes are split the other way: pixels far apart meet,")
def _(x):
    n, c, h, w = x.shape
    return x.reshape(n, c, 2, h // 2, 2, w // 2).amax((2, 4))


@wrong("pool_by_reshape", "on the left there are 3 names")
def _(x):
    c, h, w = x.shape
    return x.reshape(c, h // 2, 2, w // 2, 2).amax((2, 4))


@wrong("pooled_side", "you returned a text; raise the exception: raise")
def _(n):
    if n % 2:
        return "ValueError"
    return n // 2


@wrong("pooled_side", "the exception is too general; raise a ValueError")
def _(n):
    if n % 2 != 0:
        raise Exception("odd")
    return n // 2


@wrong("pooled_side", "a side of 1 is not the only one that cannot be halved;")
def _(n):
    if n < 2:
        raise ValueError("too small")
    return n // 2


@right("double_conv")
def _(i, o):
    return nn.Sequential(nn.LazyConv2d(o, 3), nn.ReLU(inplace=True), nn.LazyConv2d(o, 3), nn.ReLU(inplace=True))


@right("double_conv")
class _(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.a = nn.Conv2d(i, o, (3, 3))
        self.b = nn.Conv2d(o, o, kernel_size=3, padding=0)

    def forward(self, x):
        return self.b(self.a(x).relu()).clamp(min=0)


@right("count_parameters")
def _(a, b):
    return (9 * a + 1) * b + (9 * b + 1) * b


@right("count_parameters")
def _(a, b):
    return np.prod((b, a, 3, 3)) + np.prod((b, b, 3, 3)) + 2 * b


@right("pool_by_reshape")
def _(x):
    n, c, h, w = x.shape
    return x.reshape(n, c, h // 2, 2, w // 2, 2).max(5).values.max(3)[0]


@right("pool_by_reshape")
def _(x):
    return torch.stack([x[..., i::2, j::2] for i in (0, 1) for j in (0, 1)]).amax(0)


@right("pooled_side")
def _(n):
    half, rest = divmod(n, 2)
    if rest != 0:
        raise ValueError
    return half


@wrong("pool_by_reshape", "height and width are exchanged; the axes are (N, C, H, W)")
def _(x):
    n, c, h, w = x.shape
    return x.reshape(n, c, w // 2, 2, h // 2, 2).amax(dim=(3, 5))


@wrong("pooled_side", "the result is too small by 1 or 2: n is the side of the map that is pooled")
def _(n):
    if n % 2:
        raise ValueError("odd")
    return (n - 4) // 2


@wrong("double_conv", "the convolutions are dilated; leave dilation at its default, 1")
def _(a, b):
    return nn.Sequential(nn.Conv2d(a, b, 3, dilation=2), nn.ReLU(), nn.Conv2d(b, b, 3, dilation=2), nn.ReLU())


@wrong("double_conv", "the second convolution has groups; each output channel reads all inputs")
def _(a, b):
    return nn.Sequential(nn.Conv2d(a, b, 3), nn.ReLU(), nn.Conv2d(b, b, 3, groups=b), nn.ReLU())


@wrong("double_conv", "that is a GELU; the paper has nn.ReLU")
def _(a, b):
    return nn.Sequential(nn.Conv2d(a, b, 3), nn.GELU(), nn.Conv2d(b, b, 3), nn.GELU())


@wrong("double_conv", "the second convolution has a 1×1 kernel; both have 3×3")
def _(a, b):
    return nn.Sequential(nn.Conv2d(a, b, 3), nn.ReLU(), nn.Conv2d(b, b, 1), nn.ReLU())


@wrong("double_conv", "the second convolution gets out_channels from the first; yours is made for")
def _(a, b):
    c = nn.Conv2d(a, b, 3)
    return nn.Sequential(c, nn.ReLU(), c, nn.ReLU())


@wrong("double_conv", "the kernels are 5×5; they are 3×3")
def _(a, b):
    return nn.Sequential(nn.Conv2d(a, b, 5), nn.ReLU(), nn.Conv2d(b, b, 5), nn.ReLU())


@wrong("count_parameters", "there is a kernel for each pair of an input and an output channel: multiply")
def _(a, b):
    return 9 * (a + b) + b + 9 * (b + b) + b


@wrong("pool_by_reshape", "a block has four pixels; you compared three of them")
def _(x):
    return torch.maximum(torch.maximum(x[..., ::2, ::2], x[..., 1::2, ::2]), x[..., ::2, 1::2])


@wrong("pool_by_reshape", "the axes of the blocks stayed, with one entry each; leave keepdim out")
def _(x):
    n, c, h, w = x.shape
    return x.reshape(n, c, h // 2, 2, w // 2, 2).amax((3, 5), keepdim=True)


@wrong("pooled_side", "a side of 2 is refused; it gives 1 pixel")
def _(n):
    if n <= 2:
        raise ValueError
    if n % 2:
        raise ValueError
    return n // 2


@wrong("pooled_side", "the result is too small by 1 or 2: n is the side of the map that is pooled,")
def _(n):
    if n / 2 != n // 2:
        raise ValueError
    return n // 2 - 1


@wrong("pooled_side", "some even sides are refused; every even side can be pooled once")
def _(n):
    if n % 4:
        raise ValueError
    return n // 2


@wrong("pool_by_reshape", "got (dim=tuple, ), in your line")
def _(x):
    n, c, h, w = x.shape
    return x.reshape(n, c, h // 2, 2, w // 2, 2).max(dim=(3, 5))


@wrong("pool_by_reshape", "max takes one axis; for several axes at once use amax")
def _(x):
    n, c, h, w = x.shape
    return torch.max(x.reshape(n, c, h // 2, 2, w // 2, 2), (3, 5))


@wrong("pool_by_reshape", "got a max, a pair of values and indices; take its .values")
def _(x):
    n, c, h, w = x.shape
    return x.reshape(n, c, h // 2, 2, w // 2, 2).max(dim=5).values.max(dim=3)
