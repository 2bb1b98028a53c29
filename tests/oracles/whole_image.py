"""Prediction in one pass over the whole mirrored image, with margins found by running networks.

It is what tiled prediction must equal; none of the code under test computes the margins.
"""

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


def thin_unet(rank: int, depth: int, padding: Padding, planar: tuple[int, ...] = ()) -> UNet:
    """A U-Net of few channels with batch norm, in evaluation mode."""
    levels = pyramid([4 * 2**i for i in range(depth + 1)], rank, planar)
    return kaiming_(thin(levels, block=conv_stack(ConvUnit(padding=padding, norm=batch_norm)))).eval()


@cache
def brute_margin(levels: tuple[Level, ...], padding: Padding) -> int:
    """Pixels that a network of rank 1 needs before an image, found by running it.

    With padding "same" it is the largest distance of an input pixel with a gradient, rounded up to the grid.
    """
    grid = prod(level.stride[0] for level in levels)
    if padding == "valid":
        net = narrow(levels, padding)
        n, out = next((n, out) for n in itertools.count(400) if (out := run(net, (n,))) is not None)
        return (n - out[0]) // 2
    net, middle = narrow(levels, padding, MeanPool), 16 * grid
    image = torch.zeros(1, 1, 2 * middle, requires_grad=True)
    reach = 0
    for position in range(middle, middle + grid):
        (gradient,) = torch.autograd.grad(net(image)[0, 0, position], image)
        seen = gradient[0, 0].nonzero().flatten()
        reach = max(reach, position - int(seen[0]), int(seen[-1]) - position)
    return -(-reach // grid) * grid


@cache
def brute_padding(levels: tuple[Level, ...], padding: Padding, n: int) -> tuple[int, int]:
    """Pixels before and behind an axis of n pixels, for one pass whose result sees no zero padding."""
    before, net = brute_margin(levels, padding), narrow(levels, padding)
    total = next(m for m in itertools.count(n + 2 * before) if run(net, (m,)) is not None)
    return before, total - n - before


def levels_by_axis(levels: tuple[Level, ...]) -> list[tuple[Level, ...]]:
    """The levels along each axis, of rank 1 and with one channel."""
    axes = range(len(levels[0].kernel))
    return [tuple(Level(1, (at.kernel[i],), (at.stride[i],), at.convs) for at in levels) for i in axes]


def predict_in_one_pass(net: UNet, image: Tensor) -> Tensor:
    """Logits of one pass over the image, mirrored by numpy with margins found by brute force: (K, *size)."""
    by_axis = zip(levels_by_axis(net.levels), image.shape[1:], strict=True)
    pads = [brute_padding(levels, net.padding, n) for levels, n in by_axis]
    padded = torch.from_numpy(np.pad(image.numpy(), [(0, 0), *pads], mode="reflect"))
    with torch.inference_mode():
        out: Tensor = net(padded[None])[0]
    for i, (n, (before, _)) in enumerate(zip(image.shape[1:], pads, strict=True), start=1):
        out = out.narrow(i, before - (padded.shape[i] - out.shape[i]) // 2, n)
    return out
