"""Prediction of images of any size, tile by tile without seams (U-Net, section 2: "overlap-tile strategy")."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import product

import torch
from torch import Tensor, nn

from unet_tutorial.inference.tiles import check_tile, default_tile, margins
from unet_tutorial.nets.crop import center_crop, mirrored
from unet_tutorial.nets.nd import memory_format
from unet_tutorial.nets.unet import UNet
from unet_tutorial.plan.levels import Size

Progress = Callable[[Sequence[Sequence[Size]]], Iterable[Sequence[Size]]]  # tqdm, for example


def predict_tiled(
    net: UNet, image: Tensor, *, tile: Size | None = None, batch: int = 1, progress: Progress = iter
) -> Tensor:
    """Logits of a whole image: (C, *size) -> (K, *size), on the image's device and of its dtype.

    ``tile`` is the input size of a tile, in pixels per axis (by default as large as 1 GiB per pass allows), ``batch``
    the number of tiles per pass. Beyond its border the image is mirrored, repeatedly if it is small. The result equals
    that of one pass over the mirrored image, whatever tile and batch; except with instance or group norm, whose
    statistics are then those of a tile. Predicts in evaluation mode and without gradients; restores the mode.
    Raises ValueError for an image that is empty, not finite, of another dtype than the weights, or not (C, *size) with
    the channels and the rank of the network, and for a tile that is not valid for the network.
    """
    check_input(net, image, batch)
    size = tuple(image.shape[1:])
    tile = tile or default_tile(size, net.levels, net.padding, batch, net.extra_reach)
    check_tile(tile, net.levels, net.padding, net.extra_reach)
    axes = margins(net.levels, net.padding, net.extra_reach)
    lost = tuple(axis.lost for axis in axes)
    corners = list(product(*(axis.starts(n, t) for axis, n, t in zip(axes, size, tile, strict=True))))
    batches = [corners[i : i + batch] for i in range(0, len(corners), batch)]
    logits = image.new_empty((net.out_channels, *size))
    with evaluating(net):
        for group in progress(batches):
            origins = [tuple(c - axis.before for c, axis in zip(corner, axes, strict=True)) for corner in group]
            tiles = torch.stack([mirrored(image, origin, tile) for origin in origins])
            for corner, part in zip(group, _trusted(net, tiles, lost), strict=True):
                _paste(logits, part, corner)
    return logits


def _trusted(net: UNet, tiles: Tensor, lost: Size) -> Tensor:
    """Logits of the trusted pixels of a batch of tiles: (N, C, *tile) -> (N, K, *(tile - lost))."""
    logits = net(tiles.to(net.device, memory_format=memory_format(len(lost))))
    return center_crop(logits, [n - out for n, out in zip(tiles.shape[2:], lost, strict=True)])


def _paste(logits: Tensor, part: Tensor, corner: Size) -> None:
    """Copy the logits of a tile into those of the image; pixels beyond the image's border are dropped."""
    target = logits[(slice(None), *(slice(c, c + n) for c, n in zip(corner, part.shape[1:], strict=True)))]
    target.copy_(part[(slice(None), *(slice(n) for n in target.shape[1:]))])


@contextmanager
def evaluating(net: nn.Module) -> Iterator[None]:
    """Context of evaluation mode without gradients; restores the mode of every module at its end."""
    modes = [(module, module.training) for module in net.modules()]
    net.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        for module, mode in modes:
            module.training = mode


def check_input(net: UNet, image: Tensor, batch: int) -> None:
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
