"""The ways down and up between two levels."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unet_tutorial.nets.blocks import Act, refuse_act, refuse_norm
from unet_tutorial.nets.contracts import Part, out_channels_of
from unet_tutorial.nets.nd import LINEAR, conv, conv_strided, conv_transpose, max_pool
from unet_tutorial.nets.norms import Norm, no_norm
from unet_tutorial.plan.levels import Level, Size

Down = Callable[[int, Level], Part]  # (channels above, the level below) -> Part
Up = Callable[[int, int, Size], nn.Module]  # (channels below, channels wanted, stride) -> Module with out_channels
_DOWNS, _UPS = "MaxPool or StridedConv", "transposed, resize_conv(), PixelShuffle, or then(…) of one"  # for refusals


class MaxPool(Part):
    """(N, C, *size) -> (N, C, *(size / stride)); a size the stride does not divide is refused, not cut (section 3)."""

    def __init__(self, in_channels: int, level: Level) -> None:
        super().__init__()
        self.pool = max_pool(level.stride)
        self.stride = level.stride
        self.out_channels = in_channels

    def forward(self, x: Tensor) -> Tensor:
        """The largest of each block."""
        if not torch.compiler.is_compiling():  # a traced graph carries no refusals
            _refuse_remainder(tuple(x.shape), self.stride, "pooling", "max-pooling")
        pooled: Tensor = self.pool(x)
        return pooled


class StridedConv(Part):
    """(N, C, *size) -> (N, level.channels, *(size / stride)): a convolution whose kernel is its stride.

    It learns what pooling prescribes (V-Net, arXiv 1606.04797, section 2), and refuses what pooling refuses.
    """

    def __init__(self, in_channels: int, level: Level) -> None:
        super().__init__()
        self.conv = conv_strided(in_channels, level.channels, level.stride)
        self.stride, self.out_channels = level.stride, level.channels

    def forward(self, x: Tensor) -> Tensor:
        """One weighted sum of each block per channel."""
        if not torch.compiler.is_compiling():
            _refuse_remainder(tuple(x.shape), self.stride, "convolution", "the convolution")
        out: Tensor = self.conv(x)
        return out


def _refuse_remainder(shape: Size, stride: Size, step: str, subject: str) -> None:
    for axis, (n, s) in enumerate(zip(shape[2:], stride, strict=True)):
        if n % s:
            raise ValueError(
                f"{step} input {shape}: axis {axis} = {n} is not a multiple of the stride {s}, and {subject} would "
                f"drop {n % s} of its pixels; choose the input size with plan.sizes.nearest_valid"
            )


def transposed(in_channels: int, out_channels: int, stride: Size) -> nn.Module:
    """The paper's "up-convolution": (N, in, *size) -> (N, out, *(size · stride)), each pixel painting its own block."""
    return conv_transpose(in_channels, out_channels, stride)


def resize_conv(mode: str = "nearest", kernel: int = 3) -> Up:
    """Enlarge, then convolve: no checkerboard (Odena et al. 2016, doi 10.23915/distill.00003).

    ``mode`` is "nearest", or "linear" along each axis (bilinear in 2D); ``kernel`` is 3 or 1, or another odd number.
    The convolution is padded, for the size must come out whole. ValueError for an unknown mode and an even kernel.
    """
    if mode not in ("nearest", "linear"):
        raise ValueError(f"mode {mode!r} is unknown; write 'nearest' or 'linear', which is bilinear in 2D")
    if not isinstance(kernel, int) or kernel < 1 or kernel % 2 == 0:
        raise ValueError(f"kernel {kernel!r} is no odd number of pixels, so it has no middle; write 3 or 1")

    def up(in_channels: int, out_channels: int, stride: Size) -> Part:
        return ResizeConv(in_channels, out_channels, stride, mode, kernel)

    return up


class ResizeConv(Part):
    """(N, in, *size) -> (N, out, *(size · stride)); the kernel is 1 along axes that are not enlarged."""

    def __init__(self, in_channels: int, out_channels: int, stride: Size, mode: str, kernel: int) -> None:
        super().__init__()
        self.mode = LINEAR[len(stride) - 1] if mode == "linear" else mode
        self.conv = conv(in_channels, out_channels, tuple(kernel if s > 1 else 1 for s in stride))
        self.stride, self.out_channels = stride, out_channels
        beyond = kernel // 2  # of the convolution; a blend reads one pixel below on either side, which is s above
        self.extra_reach = tuple((beyond + s * (mode == "linear")) * (s > 1) for s in stride)

    def forward(self, x: Tensor) -> Tensor:
        """Every pixel becomes a block, or its blend with its neighbours; then the convolution."""
        size = [n * s for n, s in zip(x.shape[2:], self.stride, strict=True)]
        out: Tensor = self.conv(F.interpolate(x, size=size, mode=self.mode))
        return out


def then(up: Up, norm: Norm = no_norm, act: Act = nn.Identity) -> Up:
    """The way up, then a norm, then an activation. The other order is ``then(then(up, act=nn.ReLU), batch_norm)``.

    >>> then(transposed, act=nn.ReLU)(8, 4, (2, 2)).out_channels
    4
    """
    refuse_norm(norm)
    refuse_act(act)

    def wrapped(in_channels: int, out_channels: int, stride: Size) -> Part:
        return Then(up(in_channels, out_channels, stride), norm, act, len(stride))

    return wrapped


class Then(Part):
    """The shapes are those of ``up``."""

    def __init__(self, up: nn.Module, norm: Norm, act: Act, rank: int) -> None:
        super().__init__()
        self.out_channels, self.extra_reach = out_channels_of(up), getattr(up, "extra_reach", ())
        self.up, self.norm, self.act = up, norm(self.out_channels, rank), act()

    def forward(self, x: Tensor) -> Tensor:
        """Up, norm, activation."""
        out: Tensor = self.act(self.norm(self.up(x)))
        return out
