"""Images and labels in memory, in the form in which a folder of files is read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from unet_tutorial.datasets.annotations.label_values import RawLabels
from unet_tutorial.datasets.folder import Content
from unet_tutorial.datasets.images.image import GREY, RGB, Image, numbered_channels

RGBA = 4  # number of samples of a pixel with red, green, blue and alpha


def image_of(array: ArrayLike, rank: int = 2, channel_axis: int | None = None, name: str = "the image") -> Image:
    """An array with ``rank`` spatial axes, and perhaps one of channels, as an image with channels first.

    ``channel_axis`` is the axis of the channels. If it is None, a last axis of 3 or 4 is taken for colours; any other
    additional axis is refused, because slices of a stack are no channels. An alpha channel is left out if it is opaque.
    ValueError for other numbers of axes, and for arrays that are not of numbers.

    >>> image_of(np.zeros((8, 9, 3))).array.shape, image_of(np.zeros((5, 8, 9)), channel_axis=0).channels[:2]
    ((3, 8, 9), ('channel 0', 'channel 1'))
    """
    values = np.asarray(array)
    if values.dtype.kind not in "buif" or not values.size:
        raise ValueError(f"{name}: expected an array of numbers, got shape {values.shape} of {values.dtype}")
    if values.dtype == bool:
        values = values.astype(np.uint8)
    if values.ndim == rank and channel_axis is None:
        return Image(values[None], GREY)
    if values.ndim != rank + 1:
        raise ValueError(
            f"{name}: expected {rank} axes, or {rank + 1} with channels, got shape {values.shape}; "
            "pass one image per array"
        )
    if channel_axis is None:
        if values.shape[-1] not in (len(RGB), RGBA):
            raise ValueError(
                f"{name}: shape {values.shape} has an axis more than an image; say which holds the channels, "
                "channel_axis=0 or -1, or pass each slice as an image of its own"
            )
        channel_axis = -1
    if not -values.ndim <= channel_axis < values.ndim:
        raise ValueError(f"{name}: shape {values.shape} has no axis {channel_axis}; give channel_axis=0 or -1")
    channels = np.moveaxis(values, channel_axis, 0)
    if len(channels) == RGBA and channel_axis in (-1, rank) and (channels[3] == channels[3].max()).all():
        channels = channels[:3]
    names = RGB if len(channels) == 3 and channel_axis in (-1, rank) else numbered_channels(len(channels))
    return Image(channels, GREY if len(channels) == 1 else names)


def content_of(
    images: Sequence[ArrayLike], labels: Sequence[ArrayLike], rank: int = 2, channel_axis: int | None = None
) -> list[Content]:
    """Images and labels, each label image of the size of its image, (*size), or (L, *size) for layers.

    ValueError if their numbers differ, if there are none, and as in `image_of`.
    """
    if len(images) != len(labels) or not len(images):
        raise ValueError(f"{len(images)} images and {len(labels)} label images; pass one label image per image")
    found = []
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        read, values = image_of(image, rank, channel_axis, f"image {number}"), np.asarray(label)
        layered = values.ndim == read.array.ndim and values.shape[1:] == read.array.shape[1:]
        raw = RawLabels(f"label image {number}", values, layered)
        found.append(Content(f"{number:03}", f"image {number}", read, raw))
    return found
