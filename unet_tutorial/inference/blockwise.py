"""Prediction of an image that is larger than memory: block by block, in any order and by any number of processes.

A block is a part of the result that is one chunk of the stored array, so that no two blocks write the same chunk. All
blocks have tiles of one shape, whose corners are multiples of the grid apart (see ``inference.tiles``). So the result
does not depend on the order of the blocks, and each block can be repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from unet_tutorial.inference.tiles import margins
from unet_tutorial.inference.tiling import evaluating, usable_tile, weights_in_its_layout
from unet_tutorial.nets.contracts import Network
from unet_tutorial.nets.crop import center_crop, mirrored
from unet_tutorial.nets.nd import memory_format
from unet_tutorial.plan.levels import Size

Region = tuple[slice, ...]  # one slice per spatial axis, inside the image
Read = Callable[[Region], NDArray[Any]]  # (C, *region) of the normalised image, float32


@dataclass(frozen=True)
class Blocks:
    """The partition of an image of ``size`` pixels into blocks of ``block`` pixels; the last ones may be smaller.

    >>> parts = Blocks((5, 4), (2, 4))
    >>> parts.counts, list(parts)[-1], parts.region((2, 0))
    ((3, 1), (2, 0), (slice(4, 5, None), slice(0, 4, None)))
    """

    size: Size
    block: Size

    @property
    def counts(self) -> Size:
        """The number of blocks along each axis."""
        return tuple(-(-n // b) for n, b in zip(self.size, self.block, strict=True))

    def __len__(self) -> int:
        return prod(self.counts)

    def __iter__(self) -> Iterator[Size]:
        """The index of each block, one number per axis, in reading order."""
        return product(*map(range, self.counts))

    def region(self, index: Size) -> Region:
        """The pixels of a block."""
        steps = zip(index, self.block, self.size, strict=True)
        return tuple(slice(i * b, min((i + 1) * b, n)) for i, b, n in steps)


@dataclass(frozen=True)
class TilePlan:
    """The tile of a block along the axes of the network, in pixels.

    ``tile`` is the input size of all tiles, ``before`` the number of its pixels before the first pixel of the block,
    and ``lost`` the number of all its pixels whose prediction depends on padding (see ``inference.tiles.Margins``).
    """

    tile: Size
    before: Size
    lost: Size


def plan_blocks(net: Network, size: Size, tile: Size | None = None) -> tuple[Blocks, TilePlan]:
    """The blocks of an image of this size, and their tile; the size has the axes of the network.

    ``tile`` is the largest input size of a tile, by default one for which a forward pass uses at most about 1 GiB. A
    block is as large as the tile allows, and a multiple of the grid along each axis on which there are several. Raises
    ValueError for a tile that is not valid for the network or that has too few usable pixels, and for a pass that needs
    more memory than the device has.
    """
    tile = usable_tile(net, size, tile)
    axes = margins(net.levels, net.padding, net.extra_reach)
    block = tuple(n if n <= t - axis.lost else axis.step(t) for axis, n, t in zip(axes, size, tile, strict=True))
    covering = tuple(axis.tile_covering(b, 1) for axis, b in zip(axes, block, strict=True))
    before, lost = (tuple(getattr(axis, name) for axis in axes) for name in ("before", "lost"))
    return Blocks(size, block), TilePlan(covering, before, lost)


def predict_block(net: Network, read: Read, size: Size, region: Region, plan: TilePlan) -> Tensor:
    """Logits of one block: (K, *region). The network is in evaluation mode; its mode is restored.

    ``read`` returns a part of the normalised image of this ``size``. It is called once, with the pixels of the block
    and of its halo that are inside the image; beyond the border the image is mirrored, as in ``predict_tiled``.
    """
    origin = tuple(part.start - before for part, before in zip(region, plan.before, strict=True))
    inside = tuple(_read_along(*axis) for axis in zip(origin, plan.tile, size, strict=True))
    image = torch.from_numpy(read(inside))  # (C, *inside)
    tile = _shown(image, inside, origin, plan.tile, size)[None]  # (1, C, *tile)
    with weights_in_its_layout(net), evaluating(net):
        logits = net(tile.to(net.device, memory_format=memory_format(len(size))))
    logits = center_crop(logits, [n - out for n, out in zip(plan.tile, plan.lost, strict=True)])[0]
    kept = tuple(slice(part.stop - part.start) for part in region)
    return logits[(slice(None), *kept)].to("cpu", copy=True)


@contextmanager
def one_thread() -> Iterator[None]:
    """Context manager: torch computes with one thread on the CPU. At its end it has its old number of threads again.

    The last bits of a convolution depend on the number of threads, so blocks from processes with other numbers differ.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _reflected(first: int, count: int, n: int) -> Tensor:
    """The pixels (count,) of an axis of n pixels that a tile shows, which may extend beyond the axis.

    >>> _reflected(-3, 9, 3).tolist()
    [1, 2, 1, 0, 1, 2, 1, 0, 1]
    """
    return mirrored(torch.arange(n)[None], (first,), (count,))[0]


def _read_along(first: int, count: int, n: int) -> slice:
    """The pixels inside the image that a tile needs along one axis."""
    shown = _reflected(first, count, n)
    return slice(int(shown.min()), int(shown.max()) + 1)


def _shown(image: Tensor, inside: Region, origin: Size, tile: Size, size: Size) -> Tensor:
    """A tile from the part of the image that was read: (C, *inside) -> (C, *tile)."""
    for axis, (first, count, part, n) in enumerate(zip(origin, tile, inside, size, strict=True), start=1):
        image = image.index_select(axis, _reflected(first, count, n) - part.start)
    return image
