"""Solutions of lesson 00p beside torch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unet_tutorial.teaching.checking.check import hidden


def chain_shape(shape: tuple[int, ...], channels: tuple[int, ...]) -> torch.Size:
    x = torch.zeros(shape)
    for out_channels in channels:
        x = F.max_pool2d(F.conv2d(x, torch.zeros(out_channels, x.shape[1], 3, 3)), 2)
    return x.shape


def slope_of_loss(w: float, x: Tensor, y: Tensor) -> Tensor:
    weight = torch.tensor(w, requires_grad=True)
    F.mse_loss(weight * x, y).backward()
    assert weight.grad is not None
    return weight.grad


def training_step(w: float, x: Tensor, y: Tensor, rate: float) -> Tensor:
    weight = nn.Parameter(torch.tensor(w))
    optimizer = torch.optim.SGD([weight], lr=rate)
    F.mse_loss(weight * x, y).backward()
    optimizer.step()
    return weight.detach()


ORACLES = {
    "chain_shape": chain_shape,
    "to_batch": lambda picture: torch.tensor(np.moveaxis(picture, 2, 0)[None] / 255, dtype=torch.float32),
    "without_means": lambda x: torch.stack([torch.stack([c - c.mean() for c in image]) for image in x]),
    "convolve_channels": lambda image, kernel: F.conv2d(image[None], kernel[None])[0, 0],
    "slope_of_loss": slope_of_loss,
    "training_step": training_step,
}


@pytest.mark.parametrize(("name", "oracle"), ORACLES.items())
def test_solutions_agree_with_oracles(name: str, oracle: Any) -> None:
    assert hidden(name, oracle).sentence == f"ok: {name}, hidden"
