"""Thin networks for tests of the parts, and helpers that count, compare and perturb their parameters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import torch
from torch import Tensor, nn

from unet_tutorial.nets.blocks import Block, ConvUnit, conv_stack
from unet_tutorial.nets.merge import Concat, Merge
from unet_tutorial.nets.norms import batch_norm
from unet_tutorial.nets.paths import Decoder, DecoderStep, Encoder, StepFactory
from unet_tutorial.nets.resample import Down, MaxPool, Up, transposed
from unet_tutorial.nets.unet import UNet, pointwise_head
from unet_tutorial.plan.levels import pyramid
from unet_tutorial.plan.sizes import Plan

NORMED = conv_stack(ConvUnit(norm=batch_norm))
THREE = pyramid((4, 8, 8))
_Net = TypeVar("_Net", bound=nn.Module)


def thin(
    levels: Plan = THREE,
    *,
    block: Block = NORMED,
    down: Down = MaxPool,
    up: Up = transposed,
    merge: Merge = Concat,
    step: StepFactory = DecoderStep,
) -> UNet:
    """A network of 1 input and 2 output channels; the same parts always get the same weights."""
    torch.manual_seed(0)
    widths = [level.channels for level in levels[:-1]]
    encoder, decoder = Encoder(1, levels, block, down), Decoder(levels, widths, block, up, merge, step)
    return UNet(encoder, decoder, pointwise_head(decoder, 2))


def perturbed(net: _Net) -> _Net:
    """The network with other norms, biases and running statistics than those that it starts from."""
    torch.manual_seed(1)
    with torch.no_grad():
        for name, value in [*net.named_parameters(), *net.named_buffers()]:
            if name.endswith("running_var"):
                value.uniform_(0.5, 2)
            elif value.ndim == 1:
                value.normal_(1 if name.endswith("weight") else 0, 0.3)
    return net


def with_variance_below_0() -> UNet:
    """A network whose weights are finite, and whose batch norm makes all outputs NaN."""
    net = thin().eval()
    next(value for name, value in net.named_buffers() if name.endswith("running_var")).fill_(-1)
    return net


def inner(rank: int, border: int) -> tuple[slice, ...]:
    """An index of all images and channels, without ``border`` pixels at each side of the spatial axes."""
    return (slice(None), slice(None), *(slice(border, -border),) * rank)


def count(net: nn.Module) -> int:
    """The number of parameters."""
    return sum(weight.numel() for weight in net.parameters())


def without_gradient(net: nn.Module, image: Tensor) -> list[str]:
    """The names of parameters that get no gradient, an infinite one, or for a weight one that is 0 everywhere."""
    net(image).square().sum().backward()
    return [
        name
        for name, value in net.named_parameters()
        if value.grad is None or not value.grad.isfinite().all() or (value.ndim > 1 and not value.grad.any())
    ]


def state(net: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """The state dict without the "body." that wrappers add to its keys."""
    for name, value in net.state_dict().items():
        yield name.replace("body.", ""), value
