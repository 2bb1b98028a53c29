"""Tiled prediction of padded nets of other parts, against one pass over the whole mirrored image."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.oracles.thin_nets import NORMED, stirred, thin
from unet_tutorial.inference.tiles import margins
from unet_tutorial.inference.tiling import predict_tiled
from unet_tutorial.nets.attention import gated
from unet_tutorial.nets.blocks import Block
from unet_tutorial.nets.init import kaiming_
from unet_tutorial.nets.merge import Add, Concat, Merge
from unet_tutorial.nets.resample import Down, MaxPool, StridedConv, Up, resize_conv, then, transposed
from unet_tutorial.nets.shuffle import PixelShuffle
from unet_tutorial.nets.unet import UNet
from unet_tutorial.nets.wrappers import dropped, residual
from unet_tutorial.plan.levels import pyramid

pytestmark = pytest.mark.slow

Parts = tuple[Block, Down, Up, Merge]
ONE_PARENT: dict[str, Parts] = {
    "plain": (NORMED, MaxPool, transposed, Concat),
    "nearest, 1": (NORMED, MaxPool, resize_conv("nearest", kernel=1), Concat),
    "pixel shuffle": (NORMED, MaxPool, PixelShuffle, Concat),
    "residual": (residual(NORMED), MaxPool, transposed, Concat),
    "strided": (NORMED, StridedConv, transposed, Concat),
    "add, dropout": (dropped(NORMED), MaxPool, then(transposed), Add),
}
NEIGHBOURS: dict[str, Parts] = {
    "nearest, 3": (NORMED, MaxPool, resize_conv("nearest", kernel=3), Concat),
    "linear, 1": (NORMED, MaxPool, resize_conv("linear", kernel=1), Concat),
    "linear, 3": (NORMED, MaxPool, resize_conv("linear", kernel=3), Concat),
    "gated": (NORMED, MaxPool, transposed, gated(Concat)),
}
FAR = 96  # pixels of mirror on each side: no net below sees as far


def gap(parts: Parts, poolings: int) -> float:
    """How far tiles, the smallest that step, are from one pass, in deviations of the logits; in float64."""
    block, down, up, merge = parts
    levels = pyramid([4 * 2**i for i in range(poolings + 1)])
    net = stirred(kaiming_(thin(levels, block=block, down=down, up=up, merge=merge))).double().eval()
    (axis, _) = margins(net.levels, "same", net.extra_reach)
    tile = axis.reaching(1, 1)
    image = torch.randn(1, 5 * 2**poolings + 3, 4 * 2**poolings + 1, dtype=torch.float64)
    expected = whole(net, image)
    return float((predict_tiled(net, image, tile=(tile, tile), batch=8) - expected).abs().max() / expected.std())


def whole(net: UNet, image: Tensor) -> Tensor:
    """One pass, mirrored by numpy, cut to the image."""
    pads = [(FAR, FAR + -n % 32) for n in image.shape[1:]]
    with torch.inference_mode():
        logits: Tensor = net(torch.from_numpy(np.pad(image.numpy(), [(0, 0), *pads], mode="reflect"))[None])[0]
    return logits[(slice(None), *(slice(FAR, FAR + n) for n in image.shape[1:]))]


@pytest.mark.parametrize("poolings", [1, 2, 3])
@pytest.mark.parametrize("name", ONE_PARENT)
def test_tiles_are_one_pass_where_a_pixel_has_one_parent(name: str, poolings: int) -> None:
    assert gap(ONE_PARENT[name], poolings) < 1e-10


@pytest.mark.parametrize("poolings", [1, 2, 3])
@pytest.mark.parametrize("name", NEIGHBOURS)
def test_tiles_are_one_pass_where_it_has_neighbours(name: str, poolings: int) -> None:
    """Such a net sees farther than its plan says: by two poolings 26 px to a side, or 29 ("linear, 3"), not 24."""
    assert gap(NEIGHBOURS[name], poolings) < 1e-10
