"""Crops of images and feature maps: the centre crop of a skip, and a crop of an image with mirrored borders."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from unet_tutorial.plan.levels import Size


def center_crop(features: Tensor, size: Sequence[int]) -> Tensor:
    """The middle of each feature map: (N, C, *large) -> (N, C, *size). Axes that have this size already are kept.

    If an odd number of pixels is removed along an axis, one more is removed at its end than at its start. Raises
    ValueError if ``size`` is larger than the map or has another number of axes.

    >>> import torch
    >>> center_crop(torch.arange(6.0).reshape(1, 1, 6), (2,)).flatten().tolist()
    [2.0, 3.0]
    """
    have = features.shape[2:]
    if len(have) != len(size) or any(large < small for large, small in zip(have, size, strict=True)):
        raise ValueError(
            f"cannot crop {tuple(have)} to {tuple(size)}; pass one length per axis, none longer than the feature map"
        )
    # under torch.export sizes are symbolic: an int() here would fix the crop to the size of the example input
    for axis, (large, small) in enumerate(zip(have, size, strict=True), start=2):
        features = features.narrow(axis, (large - small) // 2, small)
    return features


def mirrored(image: Tensor, origin: Size, size: Size) -> Tensor:
    """A crop of ``size`` pixels that starts at pixel ``origin``: (C, *any) -> (C, *size).

    It may extend beyond the image, which is mirrored there; the border pixels themselves are not repeated.

    >>> import torch
    >>> mirrored(torch.tensor([[0, 1, 2]]), (-3,), (9,)).tolist()
    [[1, 2, 1, 0, 1, 2, 1, 0, 1]]
    """
    for axis, (first, count) in enumerate(zip(origin, size, strict=True), start=1):
        last = image.shape[axis] - 1
        around = torch.arange(first, first + count, device=image.device) % max(2 * last, 1)
        image = image.index_select(axis, last - (around - last).abs())
    return image
