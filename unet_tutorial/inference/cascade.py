"""Prediction in series: the whole image, then enlarged regions that were found in its prediction, pasted back.

Source: the test script of ``fine_grained_unet.py`` of https://github.com/AmberzzZZ/unet_vnet_keras. There a region at
the border is cropped at a negative index, and an image without a region raises an error.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor

from unet_tutorial.inference.tiling import predict_tiled
from unet_tutorial.nets.contracts import Network
from unet_tutorial.nets.regions import Region, Resize, cropped, largest_regions, linear, paste_
from unet_tutorial.nets.supervision import ABSENT
from unet_tutorial.plan.levels import Size

Foreground = Callable[[Tensor], Tensor]  # logits (K, *size) -> mask (*size)
Find = Callable[[Tensor], list[Region]]  # mask (*size) -> regions


class InSeries(NamedTuple):
    """A prediction in series, with the regions that were found.

    ``whole`` are the logits of the whole image (K, *size). ``regions`` are those of the regions (L, *size), with
    ``supervision.ABSENT``, a probability of 0, outside of all regions.
    """

    whole: Tensor
    regions: Tensor
    boxes: list[Region]


def above(threshold: float = 0.3, channel: int = 0) -> Foreground:
    """The pixels at which the sigmoid of one channel of the logits is at least ``threshold``.

    Raises ValueError unless the threshold is between 0 and 1.
    """
    if not 0 < threshold < 1:
        raise ValueError(f"threshold = {threshold} is not between 0 and 1; it is a probability, such as 0.3")

    def mask(logits: Tensor) -> Tensor:
        if not -len(logits) <= channel < len(logits):
            raise ValueError(f"channel {channel} does not exist; the logits have {len(logits)} channels")
        return logits[channel].sigmoid() >= threshold

    return mask


def predict_in_series(
    whole: Network,
    region: Network,
    image: Tensor,
    *,
    foreground: Foreground | None = None,
    find: Find = largest_regions,
    size: Size | None = None,
    resize: Resize = linear,
) -> InSeries:
    """Predict an image (C, *size), find regions in the prediction, predict each of them enlarged, and paste it back.

    ``whole`` and ``region`` are the networks, for example those of a ``FineGrained``. ``foreground`` makes a mask from
    the logits of the whole image, by default ``above(0.3)``, and ``find`` a list of regions from it, by default the
    largest one; ``partial(largest_regions, most=3, margin=10)`` finds others. Each region is resized to ``size``, by
    default a square, or cube, with the longest side of the image. Where regions overlap, the larger logit stays.
    Beyond the border of the image a region is mirrored. Both predictions use ``predict_tiled``, so the image may have
    any size.
    """
    logits = predict_tiled(whole, image)
    boxes = find((foreground or above())(logits))
    pasted = image.new_full((region.out_channels, *image.shape[1:]), ABSENT)
    enlarged = size or (max(image.shape[1:]),) * (image.ndim - 1)
    if not isinstance(enlarged, tuple) or len(enlarged) != image.ndim - 1 or min(enlarged) < 1:
        raise ValueError(f"size {size!r}: each region is resized to {image.ndim - 1} axes; pass a tuple of that length")
    for box in boxes:
        paste_(pasted, predict_tiled(region, cropped(image, box, enlarged, resize)), box, resize)
    return InSeries(logits, pasted, boxes)
