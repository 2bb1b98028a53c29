"""Whether the trusted pixels of a tile are right: a strip of an image gives the same logits as a longer strip."""

from __future__ import annotations

import torch
from torch import Tensor

from tests.oracles.thin_nets import perturbed
from unet_tutorial.inference.tiles import margins
from unet_tutorial.nets.contracts import Network
from unet_tutorial.plan.sizes import valid_sizes


def halo_error(net: Network, axis: int) -> float:
    """The largest difference, in the trusted pixels, between the smallest tile along an axis and a longer image.

    Along all other axes both have the smallest valid size of at least 4 pixels, so that the zero padding there is the
    same for both. This costs much less than tiles that are trusted along all axes, as in ``tiles.tile_gap``. If the
    reach is right, the difference is rounding, below 1e-12. If it is too small, it may still be below 1e-9, because the
    farthest pixels have little influence.
    """
    net = perturbed(net).double().eval()
    along = margins(net.levels, net.padding, net.extra_reach)[axis]
    size = [next(n for n in valid if n >= 4) for valid in valid_sizes(net.levels, padding=net.padding)]
    before, after = 2 * along.grid, 3 * along.grid  # pixels of the longer image at both ends of the tile
    size[axis] = before + along.smallest + after
    image = torch.randn(1, net.in_channels, *size, dtype=torch.float64)
    with torch.no_grad():
        whole, part = net(image), net(image.narrow(2 + axis, before, along.smallest))
    start = along.before - (size[axis] - whole.shape[2 + axis]) // 2
    trusted = along.smallest - along.lost

    def middle(logits: Tensor, first: int) -> Tensor:
        return logits.narrow(2 + axis, first, trusted)

    return float((middle(whole, before + start) - middle(part, start)).abs().max())
