"""Prediction of an image of any size, tile by tile and without a seam (U-Net, section 2: "overlap-tile strategy")."""

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

    Beyond its border the image is mirrored as often as it takes. The result is that of one pass over the mirrored
    image, whatever the ``tile`` (input pixels per axis; by default as large as 1 GiB per pass allows) and the ``batch``
    (tiles per pass); except for instance and group norm, whose statistics are those of each tile. Neither gradients nor
    dropout; the net's mode is as before afterwards. ValueError for an image that is not (C, *size) with the net's
    channels and rank, is empty, of another dtype than the weights or not finite, and for a tile that does not pass.
    """
    _refuse(net, image, batch)
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
    """One pass, cut to what the tiles are trusted for: (N, C, *tile) -> (N, K, *(tile - lost))."""
    logits = net(tiles.to(net.device, memory_format=memory_format(len(lost))))
    return center_crop(logits, [n - out for n, out in zip(tiles.shape[2:], lost, strict=True)])


def _paste(logits: Tensor, part: Tensor, corner: Size) -> None:
    """Write a tile's logits where they belong; what reaches over the border is dropped."""
    target = logits[(slice(None), *(slice(c, c + n) for c, n in zip(corner, part.shape[1:], strict=True)))]
    target.copy_(part[(slice(None), *(slice(n) for n in target.shape[1:]))])


@contextmanager
def evaluating(net: nn.Module) -> Iterator[None]:
    """Evaluation mode and no gradients inside; afterwards every module is in the mode it was in."""
    modes = [(module, module.training) for module in net.modules()]
    net.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        for module, mode in modes:
            module.training = mode


def _refuse(net: UNet, image: Tensor, batch: int) -> None:
    rank = net.levels[0].rank
    if image.ndim != rank + 1 or image.shape[0] != net.in_channels or not image.numel():
        wanted = f"({net.in_channels}, and {rank} axes of space)"
        raise ValueError(f"image {tuple(image.shape)}: this network needs {wanted}, none of them empty")
    sentence = net.misfit(image.dtype)
    if sentence:
        raise ValueError(f"image {tuple(image.shape)}: {sentence}")
    if not image.isfinite().all():
        raise ValueError(f"image {tuple(image.shape)} holds NaN or infinity; replace them before predicting")
    if batch < 1:
        raise ValueError(f"batch = {batch}: a pass needs at least one tile; write batch=1")
