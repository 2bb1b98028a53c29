"""Residual blocks with another shortcut than ``wrappers.residual``, and layers after the sum."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unet_tutorial.nets.blocks import Act, Block, ConvUnit
from unet_tutorial.nets.contracts import Part, Wrapper, check_factory
from unet_tutorial.nets.crop import center_crop
from unet_tutorial.nets.norms import Norm, no_norm
from unet_tutorial.plan.levels import Level

Shortcut = Callable[[int, int, Level], nn.Module]  # (in_channels, out_channels, level) -> Module


def with_shortcut(block: Block, shortcut: Shortcut) -> Block:
    """The block plus ``shortcut(in_channels, out_channels, level)`` of its input.

    ``shortcut`` is ``zero_padded``, ``repeated`` or ``projected(norm)``, which differ only where the block changes the
    number of channels. ``wrappers.residual`` is the usual one: a 1×1 convolution without a norm.
    """
    block, shortcut = check_factory("block", block), check_factory("shortcut", shortcut)

    def wrapped(in_channels: int, out_channels: int, level: Level) -> Part:
        body = block(in_channels, out_channels, level)
        return WithShortcut(body, shortcut(in_channels, body.out_channels, level))

    return wrapped


class WithShortcut(Wrapper):
    """A block (body) plus its shortcut: (N, in, *size) -> (N, out, *size of the body's output)."""

    def __init__(self, body: Part, shortcut: nn.Module) -> None:
        super().__init__(body)
        self.body, self.shortcut = body, shortcut

    def forward(self, x: Tensor) -> Tensor:
        """Add body and shortcut."""
        out: Tensor = self.body(x)
        return out + center_crop(self.shortcut(x), out.shape[2:])


def zero_padded(in_channels: int, out_channels: int, level: Level) -> nn.Module:  # noqa: ARG001
    """The input with channels of zeros after its own, without parameters (option A of arXiv 1512.03385, section 3.3).

    (N, in, *size) -> (N, out, *size). Raises ValueError if the block has fewer output channels than input channels.
    """
    return nn.Identity() if in_channels == out_channels else ZeroPadded(in_channels, out_channels)


class ZeroPadded(nn.Module):
    """Channels of zeros after those of the input: (N, in, *size) -> (N, out, *size)."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        _check_wider(in_channels, out_channels)
        self.added = out_channels - in_channels

    def forward(self, x: Tensor) -> Tensor:
        """Pad along the channels; ``F.pad`` starts at the last axis."""
        return F.pad(x, (0, 0) * (x.ndim - 2) + (0, self.added))


def repeated(in_channels: int, out_channels: int, level: Level) -> nn.Module:  # noqa: ARG001
    """The channels of the input again and again, without parameters: (N, in, *size) -> (N, out, *size).

    A single channel is added to every map of the block. Output channel i is input channel i modulo ``in``. Raises
    ValueError if the block has fewer output channels than input channels.
    """
    return nn.Identity() if in_channels == out_channels else Repeated(in_channels, out_channels)


class Repeated(nn.Module):
    """The channels of the input again and again: (N, in, *size) -> (N, out, *size)."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        _check_wider(in_channels, out_channels)
        self.times, self.out_channels = -(-out_channels // in_channels), out_channels  # rounded up

    def forward(self, x: Tensor) -> Tensor:
        """Concatenate copies and drop the channels that are too many."""
        return torch.cat([x] * self.times, dim=1)[:, : self.out_channels]


def _check_wider(in_channels: int, out_channels: int) -> None:
    if out_channels < in_channels:
        raise ValueError(
            f"this shortcut cannot make {out_channels} channels from {in_channels}, because it has no weights; use "
            "wrappers.residual, whose shortcut is a 1×1 convolution"
        )


def projected(norm: Norm) -> Shortcut:
    """A 1×1 convolution and the norm, if the number of channels changes (option B of arXiv 1512.03385, section 3.3)."""
    unit = ConvUnit(norm=norm, act=nn.Identity)

    def shortcut(in_channels: int, out_channels: int, level: Level) -> nn.Module:
        same = in_channels == out_channels
        return nn.Identity() if same else unit(in_channels, out_channels, (1,) * level.rank)

    return shortcut


def followed(factory: Callable[..., Part], norm: Norm = no_norm, act: Act = nn.Identity) -> Callable[..., Part]:
    """A block or a downsampling, then a norm, then an activation; for an upsampling there is ``resample.then``.

    For example ``followed(residual(block), act=nn.ReLU)`` applies a ReLU to the sum, as in arXiv 1512.03385.
    """
    factory, norm, act = check_factory("part", factory), check_factory("norm", norm), check_factory("act", act)

    def wrapped(*arguments: Any) -> Part:
        body, level = factory(*arguments), arguments[-1]  # (…, level), both for a block and for a downsampling
        return Followed(body, norm(body.out_channels, level.rank), act())

    return wrapped


class Followed(Wrapper):
    """A part (body), then a norm, then an activation. Input and output shapes are those of the body."""

    def __init__(self, body: Part, norm: nn.Module, act: nn.Module) -> None:
        super().__init__(body)
        self.body, self.norm, self.act = body, norm, act

    def forward(self, x: Tensor) -> Tensor:
        """Apply body, norm and activation."""
        out: Tensor = self.act(self.norm(self.body(x)))
        return out
