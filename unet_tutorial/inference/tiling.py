"""Seamless prediction of images of any size, tile by tile (U-Net, section 2: "overlap-tile strategy").

The trusted pixels of a tile are those whose prediction is right; the others are lost (see ``inference.tiles``).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from math import inf, prod

import torch
from torch import Tensor, nn

from unet_tutorial.inference.tiles import check_pass, check_tile, default_tile, margins
from unet_tutorial.nets.contracts import Network
from unet_tutorial.nets.crop import center_crop, mirrored
from unet_tutorial.nets.nd import memory_format
from unet_tutorial.plan.levels import Size

Progress = Callable[[Sequence[Sequence[Size]]], Iterable[Sequence[Size]]]  # for example tqdm, to show a progress bar


def predict_tiled(
    net: Network, image: Tensor, *, tile: Size | None = None, batch: int = 1, progress: Progress = iter
) -> Tensor:
    """Logits of a whole image: (C, *size) -> (K, *size), with the device and dtype of the image.

    ``tile`` is the input size of a tile, in pixels per axis; by default it is chosen so that a forward pass uses at
    most about 1 GiB of memory. A tile that is larger than needed for the whole image is made smaller. ``batch`` is the
    number of tiles per forward pass. Beyond its border the image is mirrored, several times if it is small. The result
    does not depend on ``tile`` and ``batch``: it equals that of one pass over the whole mirrored image. Networks with
    instance or group norm are an exception, because these compute their statistics in each tile, and so are networks
    with attention or squeeze-and-excitation, which read all pixels of a tile. The network runs in evaluation mode and
    without gradients; its mode is restored.
    Raises ValueError for an image that is empty, not finite, of another dtype than the weights, or not (C, *size) with
    the channels and the number of spatial axes of the network, for a tile that is not valid for the network, and for a
    pass that needs more memory than the device has.
    """
    check_input(net, image, batch)
    size = tuple(image.shape[1:])
    tile = usable_tile(net, size, tile, batch)
    axes = margins(net.levels, net.padding, net.extra_reach)
    lost = tuple(axis.lost for axis in axes)
    corners = list(product(*(axis.starts(n, t) for axis, n, t in zip(axes, size, tile, strict=True))))
    batches = [corners[i : i + batch] for i in range(0, len(corners), batch)]
    logits = image.new_empty((net.out_channels, *size))
    with weights_in_its_layout(net), evaluating(net):
        for group in progress(batches):
            origins = [tuple(c - axis.before for c, axis in zip(corner, axes, strict=True)) for corner in group]
            tiles = torch.stack([mirrored(image, origin, tile) for origin in origins])
            for corner, part in zip(group, _trusted(net, tiles, lost), strict=True):
                _paste(logits, part, corner)
    return logits


def usable_tile(net: Network, size: Size, tile: Size | None = None, batch: int = 1) -> Size:
    """The tile size with which `predict_tiled` predicts an image of this size; no larger than needed for the image.

    Raises ValueError for a tile that is not valid for the network, and for a pass that needs more memory than the
    device has.
    """
    axes = margins(net.levels, net.padding, net.extra_reach)
    if tile:
        check_tile(tile, net.levels, net.padding, net.extra_reach)
        tile = tuple(min(t, axis.tile_covering(n, 1)) for t, n, axis in zip(tile, size, axes, strict=True))
    else:
        tile = default_tile(size, net.levels, net.padding, batch, net.extra_reach)
    tiles = prod(len(axis.starts(n, t)) for axis, n, t in zip(axes, size, tile, strict=True))
    check_pass(tile, min(batch, tiles), net.levels, memory_of(net.device))
    return tile


def memory_of(device: torch.device) -> float:
    """The memory of a device in bytes, or infinity if it is unknown."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[1]
    if device.type == "cpu" and hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return inf


def _trusted(net: Network, tiles: Tensor, lost: Size) -> Tensor:
    """Logits of the trusted pixels of a batch of tiles: (N, C, *tile) -> (N, K, *(tile - lost))."""
    logits = net(tiles.to(net.device, memory_format=memory_format(len(lost))))
    return center_crop(logits, [n - out for n, out in zip(tiles.shape[2:], lost, strict=True)])


def _paste(logits: Tensor, part: Tensor, corner: Size) -> None:
    """Copy the logits of a tile into those of the image, without the pixels beyond the border of the image."""
    target = logits[(slice(None), *(slice(c, c + n) for c, n in zip(corner, part.shape[1:], strict=True)))]
    target.copy_(part[(slice(None), *(slice(n) for n in target.shape[1:]))])


@contextmanager
def weights_in_its_layout(net: Network) -> Iterator[None]:
    """Context manager: the kernels of the network in its memory layout, in which convolutions are faster.

    torch chooses the algorithm of a 3D convolution by the layout of its weights. At the end of the context the network
    has its own tensors again. Enter it before ``evaluating``: tensors made in inference mode cannot be trained.
    """
    kernels = [(weight, weight.data) for weight in net.parameters() if weight.ndim == net.levels[0].rank + 2]
    for weight, data in kernels:
        weight.data = data.contiguous(memory_format=net.memory_format)
    try:
        yield
    finally:
        for weight, data in kernels:
            weight.data = data


@contextmanager
def evaluating(net: nn.Module) -> Iterator[None]:
    """Context manager: evaluation mode without gradients. At its end every module has its old mode again."""
    modes = [(module, module.training) for module in net.modules()]
    net.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        for module, mode in modes:
            module.training = mode


def check_input(net: Network, image: Tensor, batch: int) -> None:
    """Raise ValueError unless the network can predict the image, and ``batch`` is at least 1."""
    rank = net.levels[0].rank
    if image.ndim != rank + 1 or image.shape[0] != net.in_channels or not image.numel():
        needed = f"({net.in_channels}, and {rank} spatial axes)"
        raise ValueError(f"image {tuple(image.shape)}: this network needs {needed}, none of them empty")
    error = net.dtype_error(image.dtype)
    if error:
        raise ValueError(f"image {tuple(image.shape)}: {error}")
    if not image.isfinite().all():
        raise ValueError(f"image {tuple(image.shape)} holds NaN or infinity; replace them before predicting")
    if batch < 1:
        raise ValueError(f"batch = {batch}: a pass needs at least one tile; write batch=1")
