"""What a unit of convolution, norm and activation computes, and which norms it refuses."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from unet_tutorial.nets.blocks import ConvUnit
from unet_tutorial.nets.norms import batch_norm


@pytest.mark.parametrize("order", [("conv", "norm", "act"), ("conv", "act", "norm"), ("norm", "act", "conv")])
def test_a_unit_executes_in_the_order_it_states(order: tuple[str, ...]) -> None:
    unit = ConvUnit(norm=batch_norm, order=order)(2, 3, (3, 3))
    weight, bias = unit.get_parameter("conv.weight"), unit.get_parameter("conv.bias")

    def normed(y: Tensor) -> Tensor:
        mean, variance = y.mean((0, 2, 3), keepdim=True), y.var((0, 2, 3), correction=0, keepdim=True)
        return (y - mean) / (variance + 1e-5).sqrt()

    def convolved(y: Tensor) -> Tensor:
        return nn.functional.conv2d(y, weight, bias, padding=1)

    steps: dict[str, Callable[[Tensor], Tensor]] = {"conv": convolved, "norm": normed, "act": lambda y: y.clamp(min=0)}
    x = torch.randn(4, 2, 8, 8)
    expected = x
    for name in order:
        expected = steps[name](expected)
    assert torch.allclose(unit(x), expected, atol=1e-5)


@pytest.mark.parametrize("norm", [nn.BatchNorm2d, nn.GroupNorm, partial(nn.BatchNorm2d, momentum=0.1)])
def test_a_class_of_torch_is_no_norm(norm: Any) -> None:
    """``nn.BatchNorm2d(8, 2)`` is legal, and divides by √(variance + 2)."""
    with pytest.raises(ValueError, match=r"hand in no_norm, batch_norm, .* or a function \(channels, rank\)"):
        ConvUnit(norm=norm)
    ours = ConvUnit(norm=lambda channels, rank: nn.GroupNorm(rank, channels))(1, 4, (3, 3))
    assert isinstance(ours.get_submodule("norm"), nn.GroupNorm)
