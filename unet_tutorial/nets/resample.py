"""Downsampling and upsampling between two levels."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unet_tutorial.nets.blocks import Act
from unet_tutorial.nets.contracts import Part, check_factory, out_channels_of
from unet_tutorial.nets.nd import CONV_TRANSPOSE, LINEAR, conv, conv_strided, max_pool, rank_of
from unet_tutorial.nets.norms import Norm, no_norm
from unet_tutorial.plan.levels import Level, Size

Down = Callable[[int, Level], Part]  # (in_channels, the coarser level) -> Part
Up = Callable[[int, int, Size], nn.Module]  # (in_channels, out_channels, stride) -> Module with out_channels


class MaxPool(Part):
    """Max-pooling: (N, C, *size) -> (N, C, *(size / stride)).

    Raises ValueError if the size is not a multiple of the stride; torch would ignore the remaining pixels.
    """

    def __init__(self, in_channels: int, level: Level) -> None:
        super().__init__()
        self.pool = max_pool(level.stride)
        self.stride = level.stride
        self.out_channels = in_channels

    def forward(self, x: Tensor) -> Tensor:
        """The maximum of each block of pixels."""
        if not torch.compiler.is_compiling():  # while compiling, sizes are symbolic, and a check would fix them
            _check_multiple(tuple(x.shape), self.stride, "pooling", "max-pooling")
        pooled: Tensor = self.pool(x)
        return pooled


class StridedConv(Part):
    """A convolution with kernel = stride: (N, C, *size) -> (N, level.channels, *(size / stride)).

    Learnt downsampling instead of pooling (V-Net, arXiv 1606.04797, section 2). Raises ValueError if the size is not a
    multiple of the stride.
    """

    def __init__(self, in_channels: int, level: Level, *, bias: bool = True) -> None:
        super().__init__()
        self.conv = conv_strided(in_channels, level.channels, level.stride, bias=bias)
        self.stride, self.out_channels = level.stride, level.channels

    def forward(self, x: Tensor) -> Tensor:
        """One weighted sum per block of pixels and output channel."""
        if not torch.compiler.is_compiling():
            _check_multiple(tuple(x.shape), self.stride, "convolution", "the convolution")
        out: Tensor = self.conv(x)
        return out


def _check_multiple(shape: Size, stride: Size, step: str, subject: str) -> None:
    for axis, (n, s) in enumerate(zip(shape[2:], stride, strict=True)):
        if n % s:
            raise ValueError(
                f"{step} input {shape}: axis {axis} = {n} is not a multiple of the stride {s}, and {subject} would "
                f"drop {n % s} of its pixels; choose the input size with plan.sizes.nearest_valid"
            )


def transposed(in_channels: int, out_channels: int, stride: Size, *, bias: bool = True) -> nn.Module:
    """The paper's "up-convolution", a transposed convolution with kernel = stride.

    (N, in, *size) -> (N, out, *(size · stride)); each input pixel gives one block of the output.
    """
    return CONV_TRANSPOSE[rank_of(stride) - 1](in_channels, out_channels, stride, stride, bias=bias)


def resize_conv(mode: str = "nearest", kernel: int = 3) -> Up:
    """Interpolation followed by a convolution, which avoids checkerboard artefacts.

    ``mode`` is "nearest" or "linear" (linear along each axis: bilinear in 2D). ``kernel`` is an odd number, usually 3
    or 1. The convolution has padding "same", so the output size is exactly size · stride. Raises ValueError for an
    unknown mode and for an even kernel. Source: Odena et al. 2016, doi 10.23915/distill.00003.
    """
    _check_mode(mode)
    if not isinstance(kernel, int) or kernel < 1 or kernel % 2 == 0:
        raise ValueError(f"kernel {kernel!r} is not an odd number of pixels, so it has no middle pixel; write 3 or 1")

    def up(in_channels: int, out_channels: int, stride: Size) -> Part:
        return ResizeConv(in_channels, out_channels, stride, mode, kernel)

    return up


class ResizeConv(Part):
    """Interpolation and convolution: (N, in, *size) -> (N, out, *(size · stride)).

    The kernel is 1 along axes with stride 1.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: Size, mode: str, kernel: int) -> None:
        super().__init__()
        self.mode = LINEAR[len(stride) - 1] if mode == "linear" else mode
        self.conv = conv(in_channels, out_channels, tuple(kernel if s > 1 else 1 for s in stride))
        self.stride, self.out_channels = stride, out_channels
        # per side, the convolution reads kernel // 2 more pixels, and linear interpolation one more coarse pixel, which
        # is as wide as s pixels of the output
        half = kernel // 2
        self.extra_reach = tuple((half + s * (mode == "linear")) * (s > 1) for s in stride)

    def forward(self, x: Tensor) -> Tensor:
        """Interpolate to size · stride, then convolve."""
        out: Tensor = self.conv(resized(x, self.stride, self.mode))
        return out


def interpolation(mode: str = "nearest") -> Up:
    """Interpolation alone, without a convolution; the number of channels does not change.

    ``mode`` is "nearest" or "linear" (linear along each axis: bilinear in 2D). Raises ValueError for another mode.
    """
    _check_mode(mode)

    def up(in_channels: int, out_channels: int, stride: Size) -> Part:  # noqa: ARG001
        return Interpolation(in_channels, stride, mode)

    return up


class Interpolation(Part):
    """Interpolation with ``align_corners=False``: (N, C, *size) -> (N, C, *(size · stride))."""

    def __init__(self, channels: int, stride: Size, mode: str) -> None:
        super().__init__()
        self.mode = LINEAR[len(stride) - 1] if mode == "linear" else mode
        self.stride, self.out_channels = stride, channels
        # per side, linear interpolation reads one more coarse pixel, which is as wide as s pixels of the output
        self.extra_reach = tuple(s * (s > 1 and mode == "linear") for s in stride)

    def forward(self, x: Tensor) -> Tensor:
        """Interpolate to size · stride."""
        return resized(x, self.stride, self.mode)


def resized(x: Tensor, stride: Size, mode: str) -> Tensor:
    """Interpolation by torch's ``mode``, such as "bilinear": (N, C, *size) -> (N, C, *(size · stride))."""
    return F.interpolate(x, size=[n * s for n, s in zip(x.shape[2:], stride, strict=True)], mode=mode)


def _check_mode(mode: str) -> None:
    if mode not in ("nearest", "linear"):
        raise ValueError(f"mode {mode!r} is unknown; write 'nearest' or 'linear', which is bilinear in 2D")


class OverlappingTransposed(Part):
    """A transposed convolution with bias whose kernels overlap: (N, in, *size) -> (N, out, *(size · stride)).

    Along an axis of stride s, the kernel is 2 s pixels wide, or 2 s - 1 for an odd s, as in bilinear interpolation, and
    ``padding`` removes the borders. So each output pixel is a sum over two input pixels per axis.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: Size) -> None:
        super().__init__()
        kernel, padding = tuple(2 * s - s % 2 for s in stride), tuple(s // 2 for s in stride)
        self.conv = CONV_TRANSPOSE[rank_of(stride) - 1](in_channels, out_channels, kernel, stride, padding)
        self.out_channels, self.extra_reach = out_channels, tuple(s * (s > 1) for s in stride)

    def forward(self, x: Tensor) -> Tensor:
        """Add one kernel per input pixel."""
        out: Tensor = self.conv(x)
        return out


def then(up: Up, norm: Norm = no_norm, act: Act = nn.Identity) -> Up:
    """Upsampling, then a norm, then an activation.

    For the activation before the norm, write ``then(then(up, act=nn.ReLU), batch_norm)``.

    >>> then(transposed, act=nn.ReLU)(8, 4, (2, 2)).out_channels
    4
    """
    up, norm, act = check_factory("up", up), check_factory("norm", norm), check_factory("act", act)

    def wrapped(in_channels: int, out_channels: int, stride: Size) -> Part:
        return Then(up(in_channels, out_channels, stride), norm, act, len(stride))

    return wrapped


class Then(Part):
    """Upsampling, norm and activation in sequence. Input and output shapes are those of ``up``."""

    def __init__(self, up: nn.Module, norm: Norm, act: Act, rank: int) -> None:
        super().__init__()
        self.out_channels, self.extra_reach = out_channels_of(up), getattr(up, "extra_reach", ())
        self.up, self.norm, self.act = up, norm(self.out_channels, rank), act()

    def forward(self, x: Tensor) -> Tensor:
        """Upsample, normalise, activate."""
        out: Tensor = self.act(self.norm(self.up(x)))
        return out
