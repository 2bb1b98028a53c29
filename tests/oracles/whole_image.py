"""One pass over a whole mirrored image, with margins found by running networks: the judge of tiled prediction."""

from __future__ import annotations

import itertools
from functools import cache
from math import prod

import numpy as np
import torch
from torch import Tensor

from tests.oracles.one_channel_nets import MeanPool, narrow, run
from tests.oracles.thin_nets import thin
from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.init import kaiming_
from unet_tutorial.nets.norms import batch_norm
from unet_tutorial.nets.unet import UNet
from unet_tutorial.plan.levels import Level, pyramid
from unet_tutorial.plan.sizes import Padding


def plain(rank: int, depth: int, padding: Padding, planar: tuple[int, ...] = ()) -> UNet:
    """A thin U with batch norm, ready to predict."""
    levels = pyramid([4 * 2**i for i in range(depth + 1)], rank, planar)
    return kaiming_(thin(levels, block=conv_stack(ConvUnit(padding=padding, norm=batch_norm)))).eval()


@cache
def brute_margin(line: tuple[Level, ...], padding: Padding) -> int:
    """Pixels that a net of one axis needs before an image, found by running it; a multiple of the grid under "same"."""
    grid = prod(level.stride[0] for level in line)
    if padding == "valid":
        net = narrow(line, padding)
        n, out = next((n, out) for n in itertools.count(400) if (out := run(net, (n,))) is not None)
        return (n - out[0]) // 2
    net, middle = narrow(line, padding, MeanPool), 16 * grid
    image = torch.zeros(1, 1, 2 * middle, requires_grad=True)
    reach = 0
    for position in range(middle, middle + grid):
        (gradient,) = torch.autograd.grad(net(image)[0, 0, position], image)
        touched = gradient[0, 0].nonzero().flatten()
        reach = max(reach, position - int(touched[0]), int(touched[-1]) - position)
    return -(-reach // grid) * grid


@cache
def brute_padding(line: tuple[Level, ...], padding: Padding, n: int) -> tuple[int, int]:
    """Pixels before and behind an axis of n pixels, so that one pass takes them all and sees no zero padding."""
    before, net = brute_margin(line, padding), narrow(line, padding)
    total = next(m for m in itertools.count(n + 2 * before) if run(net, (m,)) is not None)
    return before, total - n - before


def lines(levels: tuple[Level, ...]) -> list[tuple[Level, ...]]:
    """The plan of each axis, with one channel."""
    axes = range(len(levels[0].kernel))
    return [tuple(Level(1, (at.kernel[i],), (at.stride[i],), at.convs) for at in levels) for i in axes]


def whole(net: UNet, image: Tensor) -> Tensor:
    """One pass over the image, mirrored by numpy, with margins found by brute force; cut to the image."""
    pads = [brute_padding(x, net.padding, n) for x, n in zip(lines(net.levels), image.shape[1:], strict=True)]
    padded = torch.from_numpy(np.pad(image.numpy(), [(0, 0), *pads], mode="reflect"))
    with torch.inference_mode():
        out: Tensor = net(padded[None])[0]
    for i, (n, (before, _)) in enumerate(zip(image.shape[1:], pads, strict=True), start=1):
        out = out.narrow(i, before - (padded.shape[i] - out.shape[i]) // 2, n)
    return out
