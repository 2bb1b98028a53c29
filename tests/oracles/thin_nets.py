"""Thin networks for tests of the parts, and what is counted, compared and stirred in them."""

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
from unet_tutorial.nets.unet import UNet
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
    """One channel in, two out; the same weights for the same parts."""
    torch.manual_seed(0)
    widths = [level.channels for level in levels[:-1]]
    return UNet(Encoder(1, levels, block, down), Decoder(levels, widths, block, up, merge, step), 2)


def stirred(net: _Net) -> _Net:
    """No norm, bias or running statistic at the value that it starts from."""
    torch.manual_seed(1)
    with torch.no_grad():
        for name, value in [*net.named_parameters(), *net.named_buffers()]:
            if name.endswith("running_var"):
                value.uniform_(0.5, 2)
            elif value.ndim == 1:
                value.normal_(1 if name.endswith("weight") else 0, 0.3)
    return net


def inner(rank: int, cut: int) -> tuple[slice, ...]:
    """An index: all images and channels, and space without the pixels that are cut from each side."""
    return (slice(None), slice(None), *(slice(cut, -cut),) * rank)


def count(net: nn.Module) -> int:
    """Numbers that are learnt."""
    return sum(weight.numel() for weight in net.parameters())


def without_gradient(net: nn.Module, image: Tensor) -> list[str]:
    """The parameters that a backward pass leaves alone; a weight whose gradient is 0 throughout is one of them."""
    net(image).square().sum().backward()
    return [
        name
        for name, value in net.named_parameters()
        if value.grad is None or not value.grad.isfinite().all() or (value.ndim > 1 and not value.grad.any())
    ]


def state(net: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """The state dict without the wrappers' "body."."""
    for name, value in net.state_dict().items():
        yield name.replace("body.", ""), value
