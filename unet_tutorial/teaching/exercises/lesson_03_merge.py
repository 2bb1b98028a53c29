"""Lesson 03, the merge. Every pixel of a skip holds its own coordinates, so that a wrong crop shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

from unet_tutorial.nets.crop import center_crop
from unet_tutorial.teaching.checking.exercise import Case, Exercise
from unet_tutorial.teaching.checking.probes import watched

Crop = Callable[[Tensor, int, int], Tensor]


def _grid(seed: int, height: int, width: int) -> Tensor:
    """(2, 2, height, width): each pixel's row and column, shifted from image to image."""
    rows = torch.arange(float(height))[:, None].expand(height, width)
    columns = torch.arange(float(width))[None].expand(height, width)
    return torch.stack((rows, 100 + columns))[None] + seed + torch.tensor([0.0, 50.0]).reshape(2, 1, 1, 1)


def middle(x: Tensor, h: int, w: int) -> Tensor:
    return center_crop(x, (h, w))


def corner(x: Tensor, h: int, w: int) -> Tensor:
    return x[..., :h, :w]


def _off_by_one(x: Tensor, h: int, w: int) -> Tensor:
    top, left = (x.shape[2] - h) // 2 + 1, (x.shape[3] - w) // 2 + 1
    return x[..., top : top + h, left : left + w]


def _resized(x: Tensor, h: int, w: int) -> Tensor:
    return F.interpolate(x, size=(h, w), mode="bilinear", align_corners=False)


def _flipped(x: Tensor, h: int, w: int) -> Tensor:
    return center_crop(x, (h, w)).flip(-1)


def _nearest(x: Tensor, h: int, w: int) -> Tensor:
    return F.interpolate(x, size=(h, w), mode="nearest")


CROPS: dict[str, Crop] = {
    "you cropped the corner instead of the middle; cut as much off before as behind": corner,
    "the crop lies one pixel off the middle; begin at (large - small) // 2": _off_by_one,
    "you resized the map instead of cropping it: its pixels no longer lie where they were": _resized,
    "you shrank the map by taking every so-manyth pixel; a crop keeps neighbours neighbours": _nearest,
    "the crop is mirrored; leave the order of the pixels as it is": _flipped,
}


def _crop_cases(seed: int) -> Iterator[Case]:
    yield _grid(seed, 16, 20), 8, 10
    yield _grid(seed + 3, 13, 24), 7, 4


crop = Exercise("crop", middle, _crop_cases, CROPS)


def _merge_cases(seed: int) -> Iterator[Case]:
    yield _grid(seed, 16, 20), torch.full((2, 2, 8, 10), -1.0)
    yield _grid(seed + 3, 14, 12), torch.full((2, 2, 8, 8), -2.0)


def merging(cut: Crop, change: Callable[[Tensor], Tensor] = lambda x: x) -> Callable[[Tensor, Tensor], Tensor]:
    def merge(skip: Tensor, up: Tensor) -> Tensor:
        return torch.cat((change(cut(skip, up.shape[2], up.shape[3])), up), 1)

    return merge


def up_first(skip: Tensor, up: Tensor) -> Tensor:
    return torch.cat((up, center_crop(skip, up.shape[2:])), 1)


def _added(skip: Tensor, up: Tensor) -> Tensor:
    return center_crop(skip, up.shape[2:]) + up


crop_and_concat = Exercise(
    "crop_and_concat",
    merging(middle),
    _merge_cases,
    {
        **{sentence: merging(cut) for sentence, cut in CROPS.items()},
        "the order is (up, skip); lay the skip first, or weights from elsewhere will not fit": up_first,
        "the skip is all zeros; hand its values on": merging(middle, torch.zeros_like),
        "the skip is detached: no gradient reaches the encoder; leave detach() out": merging(middle, Tensor.detach),
        "you added the two maps; concatenation lays them behind one another": _added,
        "the skip was padded to its old size, the map from below was not cropped to fit": (
            lambda skip, up: torch.cat((skip, F.interpolate(up, size=skip.shape[2:])), 1)
        ),
    },
    watched,
)

EXERCISES = (crop, crop_and_concat)
