"""Solutions of lesson 05 beside torch, measured counts and numbers that the lesson derives."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unet_tutorial.teaching.checking.check import find
from unet_tutorial.teaching.checking.judge import judge
from unet_tutorial.teaching.checking.trial import HIDDEN
from unet_tutorial.teaching.exercises import lesson_05


def initialise_(layer: nn.Conv2d) -> nn.Conv2d:
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def forecast_std(q: float, layers: list[tuple[int, float, float]]) -> float:
    std = 0.0
    for n, weight_std, bias_std in layers:
        std = math.hypot(math.sqrt(n * q) * weight_std, bias_std)
        q = std**2 / 2
    return std


def weight_std(act: Callable[[Tensor], Tensor], n: int) -> float:
    """By numerical integration over a Gaussian density."""
    z = torch.linspace(-9, 9, 20_001, dtype=torch.float64)
    density = torch.exp(-(z**2) / 2)
    return math.sqrt(1 / (n * (act(z) ** 2 * density).sum().item() / density.sum().item()))


def up_fan_in(weight: tuple[int, ...], stride: tuple[int, ...]) -> int:
    """Every input pixel paints ones; a pixel in the middle of the output counts them."""
    paint = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[len(stride) - 1]
    ones = torch.ones(1, weight[0], *(5,) * len(stride))
    return int(paint(ones, torch.ones(weight[0], 1, *weight[2:]), stride=stride).max().item())


def moment_at_top(factor: float, steps: list[tuple[int, int]]) -> float:
    """As the mean over the channels of each merged map."""
    q = 1.0
    for skip, up in steps:
        q = torch.tensor([1.0] * skip + [factor * q] * up, dtype=torch.float64).mean().item()
    return q


ORACLES = {
    "initialise_": initialise_,
    "forecast_std": forecast_std,
    "weight_std": weight_std,
    "up_fan_in": up_fan_in,
    "moment_at_top": moment_at_top,
    "fan_out_price": lambda channels: math.sqrt(channels[0] / channels[-1]),  # all others cancel
}


@pytest.mark.parametrize(("name", "oracle"), ORACLES.items())
def test_solutions_agree_with_oracles(name: str, oracle: Any) -> None:
    exercise = replace(find(name), forbidden=())  # torch's own initialiser is the oracle of ours
    assert [judge(exercise, oracle, seed=seed).sentence for seed in HIDDEN] == [f"ok: {name}"] * len(HIDDEN)


def test_numbers_of_the_lesson() -> None:
    assert lesson_05.forecast_std(1.0, [(512, math.sqrt(1 / 512), 0.0)] * 20) == pytest.approx(2**-9.5)
    assert lesson_05.moment_at_top(2.0, [(64, 64)] * 4) == 3
    assert lesson_05.fan_out_price([1, 64, 64, 128, 128, 256, 256, 512, 512, 1024, 1024]) == 1 / 32
