"""Prediction in small tiles against one pass over an image with wide mirrored borders.

It tests ``predict_tiled`` as a whole. ``halos`` tests one axis of a network with float64, which finds smaller errors,
and ``gradient_reach`` finds the exact reach of networks of one axis.
"""

from __future__ import annotations

import numpy as np
import torch

from unet_tutorial.inference.tiles import margins
from unet_tutorial.inference.tiling import predict_tiled
from unet_tutorial.nets.contracts import Network


def tile_gap(net: Network, far: int = 96) -> float:
    """Largest difference in standard deviations of the logits, for an image of a few tiles.

    ``far`` is a number of mirrored pixels per side, more than the network reads.
    """
    axes = margins(net.levels, net.padding, net.extra_reach)
    torch.manual_seed(0)
    image = torch.randn(net.in_channels, *(axis.grid + 3 for axis in axes), dtype=net.dtype)
    befores = [far - far % axis.grid for axis in axes]
    pads = [(before, before - 3 % axis.grid + axis.grid) for before, axis in zip(befores, axes, strict=True)]
    with torch.inference_mode():
        logits = net.eval()(torch.from_numpy(np.pad(image.numpy(), [(0, 0), *pads], mode="reflect"))[None])[0]
    inside = (slice(before, before + n) for before, n in zip(befores, image.shape[1:], strict=True))
    expected = logits[(slice(None), *inside)]
    tile = tuple(axis.smallest + axis.grid for axis in axes)
    return float((predict_tiled(net, image, tile=tile, batch=4) - expected).abs().max() / expected.std())
