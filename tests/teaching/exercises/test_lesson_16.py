"""Solutions of lesson 16 beside torch, the library's losses and autograd."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from unet_tutorial.learning.losses.averages import over_all
from unet_tutorial.learning.losses.focal import softmax_focal_loss
from unet_tutorial.learning.losses.overlap import dice_of
from unet_tutorial.learning.losses.targets import Channels, mean_of_known, one_hot, per_image
from unet_tutorial.teaching.checking.check import find
from unet_tutorial.teaching.checking.judge import judge
from unet_tutorial.teaching.checking.trial import HIDDEN


def classes_of_colours(image: NDArray[Any], colours: list[tuple[int, int, int]]) -> NDArray[Any]:
    """By a dict, pixel by pixel."""
    numbers = {colour: number for number, colour in enumerate(colours)}
    rows = [[numbers.get(tuple(pixel), -1) for pixel in row] for row in image.tolist()]
    return np.array(rows)


def soft_dice_losses(p: Tensor, t: Tensor, smooth: float) -> Tensor:
    """Each image and class alone, by the library."""
    rows = []
    for each_p, each_t in zip(p, t, strict=True):
        pairs = zip(each_p, each_t, strict=True)
        alone = [Channels(one[None, None], true[None, None], torch.ones_like(one)[None, None]) for one, true in pairs]
        rows.append(torch.stack([dice_of(each, smooth=smooth, group=per_image, average=over_all) for each in alone]))
    return torch.stack(rows)


def dice_slopes(p: Tensor, t: Tensor) -> Tensor:
    free = p.clone().requires_grad_()
    (slope,) = torch.autograd.grad(1 - 2 * (free * t).sum() / (free + t).sum(), free)
    return slope


def focal_pixels(logits: Tensor, target: Tensor, gamma: float) -> Tensor:
    """Each pixel alone, by the library."""
    n, _, height, width = logits.shape
    pixels = logits.movedim(1, -1).reshape(-1, logits.shape[1], 1)
    each = zip(pixels, target.reshape(-1, 1), strict=True)
    losses = [softmax_focal_loss(one[None], true[None], torch.ones(1, 1), gamma=gamma) for one, true in each]
    return torch.stack(losses).reshape(n, height, width)


ORACLES = {
    "classes_of_colours": classes_of_colours,
    "one_hot_labels": one_hot,
    "mean_of_labelled": mean_of_known,
    "label_loss": lambda logits, target: F.binary_cross_entropy_with_logits(logits, target, reduction="none"),
    "soft_dice_losses": soft_dice_losses,
    "dice_slopes": dice_slopes,
    "focal_pixels": focal_pixels,
}


@pytest.mark.parametrize(("name", "oracle"), ORACLES.items())
def test_solutions_agree_with_oracles(name: str, oracle: Any) -> None:
    free = replace(find(name), forbidden=())
    assert [judge(free, oracle, seed=seed).sentence for seed in HIDDEN] == [f"ok: {name}"] * len(HIDDEN)
