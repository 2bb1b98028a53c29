"""Solutions of lesson 13 beside torch's layers, the library's networks and loss, autograd, and an iterative fit."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from unet_tutorial.learning.losses.overlap import squared_dice_loss
from unet_tutorial.nets.depthwise import depthwise_separable
from unet_tutorial.nets.nd import conv
from unet_tutorial.teaching.checking.check import hidden
from unet_tutorial.teaching.exercises import lesson_13


def separable_share(in_channels: int, out_channels: int, kernel: tuple[int, ...]) -> float:
    """Counted in the layers."""
    layers = depthwise_separable(in_channels, out_channels, kernel), conv(in_channels, out_channels, kernel)
    separable, full = (sum(p.numel() for name, p in layer.named_parameters() if "weight" in name) for layer in layers)
    return separable / full


def padded_sum(body: Tensor, x: Tensor) -> Tensor:
    """Into a copy of the body."""
    if x.shape[1] > body.shape[1]:
        raise ValueError("too many channels")
    out = body.clone()
    out[:, : x.shape[1]] += x
    return out


def dice_gradient(p: Tensor, g: Tensor) -> Tensor:
    """D split into the two factors of its product rule."""
    scale = 1 / (p.pow(2).sum() + g.pow(2).sum())
    return 2 * scale * g - 4 * scale**2 * p * torch.dot(p.flatten(), g.flatten())


def factorise(weight: Tensor) -> tuple[Tensor, Tensor]:
    """The direction in which the kernels of an input channel have the largest sum of squares, and their share of it."""
    out, given, *kernel = weight.shape
    spatial, pointwise = torch.empty(given, 1, *kernel), torch.empty(out, given, *[1] * len(kernel))
    for i in range(given):
        table = weight[:, i].flatten(1).double()  # (out, kernel)
        direction = torch.linalg.eigh(table.T @ table).eigenvectors[:, -1]
        spatial[i, 0] = direction.reshape(kernel).float()
        pointwise[:, i] = (table @ direction).float().reshape(-1, *[1] * len(kernel))
    return spatial, pointwise


ORACLES = {
    "separable_share": separable_share,
    "padded_sum": padded_sum,
    "sloped": lambda x, slopes: torch.where(x > 0, x, x * slopes.reshape(1, -1, *[1] * (x.ndim - 2))),
    "dice_gradient": dice_gradient,
    "factorise": factorise,
}


@pytest.mark.parametrize(("name", "oracle"), ORACLES.items())
def test_solutions_agree_with_oracles(name: str, oracle: Any) -> None:
    assert hidden(name, oracle).sentence == f"ok: {name}, hidden"


def test_the_slopes_are_those_of_torch() -> None:
    x, slopes = torch.randn(2, 3, 4, 5), torch.tensor([-0.5, 0.25, 1.5])
    assert torch.allclose(lesson_13.sloped(x, slopes), F.prelu(x, slopes))


def test_the_gradient_is_that_of_the_library_s_loss() -> None:
    logits, g = torch.randn(1, 1, 4, 5, requires_grad=True), (torch.rand(1, 1, 4, 5) > 0.5).float()
    (by_library,) = torch.autograd.grad(squared_dice_loss(logits, g, torch.ones(1, 4, 5), smooth=1e-9), logits)
    p = logits.detach().sigmoid()
    assert torch.allclose(by_library, -lesson_13.dice_gradient(p, g) * p * (1 - p), atol=1e-6)


def test_a_separable_convolution_is_recovered() -> None:
    layer, x = depthwise_separable(3, 5, (3, 3, 3)), torch.randn(1, 3, 6, 6, 6)
    first, second = layer.get_submodule("depthwise"), layer.get_submodule("pointwise")
    spatial, pointwise = first.get_parameter("weight").detach(), second.get_parameter("weight").detach()
    found = lesson_13.factorise(pointwise * spatial.transpose(0, 1))
    bias = second.get_parameter("bias")
    assert torch.allclose(F.conv3d(F.conv3d(x, found[0], padding=1, groups=3), found[1], bias), layer(x), atol=1e-5)
