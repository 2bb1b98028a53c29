"""Downsampling and upsampling against torch's functions and sums by hand; wrong modes and kernels are refused."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from tests.oracles.thin_nets import thin
from unet_tutorial.nets.contracts import out_channels_of
from unet_tutorial.nets.norms import batch_norm
from unet_tutorial.nets.resample import (
    MaxPool,
    OverlappingTransposed,
    StridedConv,
    Up,
    interpolation,
    resize_conv,
    then,
    transposed,
)
from unet_tutorial.plan.levels import Level, Size

STRIDES: list[Size] = [(2,), (3,), (2, 2), (2, 3), (1, 2), (2, 2, 2), (1, 2, 2), (3, 1, 2)]
CONVOLVE = (F.conv1d, F.conv2d, F.conv3d)


def features(stride: Size, channels: int = 3) -> Tensor:
    torch.manual_seed(len(stride))
    return torch.randn(2, channels, *(n * s for n, s in zip((2, 3, 4), stride, strict=False)))


def enlarged(x: Tensor, stride: Size, mode: str) -> Tensor:
    """Repeat each pixel, or interpolate by a factor with torch."""
    if mode == "nearest":
        for axis, times in enumerate(stride, start=2):
            x = x.repeat_interleave(times, axis)
        return x
    names = ("linear", "bilinear", "trilinear")
    factors = [float(s) for s in stride]
    return F.interpolate(x, scale_factor=factors, mode=names[len(stride) - 1], align_corners=False)


@pytest.mark.parametrize("mode", ["nearest", "linear"])
@pytest.mark.parametrize("kernel", [1, 3, 5])
@pytest.mark.parametrize("stride", STRIDES)
def test_resize_conv_is_enlargement_and_then_a_convolution(stride: Size, kernel: int, mode: str) -> None:
    """The kernel is 1 along axes with stride 1, so that planar levels stay inside their slices."""
    up, x = resize_conv(mode, kernel)(3, 4, stride), features(stride)
    weight, bias = up.parameters()
    sides = tuple(kernel if s > 1 else 1 for s in stride)
    assert tuple(weight.shape) == (4, 3, *sides)
    convolve = CONVOLVE[len(stride) - 1]
    expected = convolve(enlarged(x, stride, mode), weight, bias, padding=tuple(k // 2 for k in sides))
    assert out_channels_of(up) == 4
    assert up(x).shape == (2, 4, *(n * s for n, s in zip(x.shape[2:], stride, strict=True)))
    assert torch.allclose(up(x), expected, atol=1e-5)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(1, 12))
def test_nearest_repeats_each_pixel_for_all_sizes_and_strides(n: int, stride: int) -> None:
    """Factors other than powers of two are rounded; still each pixel must fill its own block."""
    up, x = resize_conv("nearest", kernel=1)(1, 1, (stride,)), torch.arange(float(n)).reshape(1, 1, n)
    nn.init.ones_(up.get_parameter("conv.weight"))
    nn.init.zeros_(up.get_parameter("conv.bias"))
    assert up(x).flatten().tolist() == np.arange(n).repeat(stride).tolist()


@pytest.mark.parametrize("stride", STRIDES)
def test_a_strided_convolution_is_torchs(stride: Size) -> None:
    down, x = StridedConv(3, Level(5, (3,) * len(stride), stride)), features(stride)
    weight, bias = down.parameters()
    assert tuple(weight.shape) == (5, 3, *stride)
    assert torch.equal(down(x), CONVOLVE[len(stride) - 1](x, weight, bias, stride))
    assert down.out_channels == 5


@pytest.mark.parametrize("stride", [(2, 2), (2, 3)])
def test_a_strided_convolution_is_one_weighted_sum_of_each_block(stride: Size) -> None:
    down, x = StridedConv(3, Level(5, (3, 3), stride)), features(stride)
    weight, bias = down.parameters()
    rows, columns = stride
    blocks = x.reshape(2, 3, x.shape[2] // rows, rows, x.shape[3] // columns, columns)
    expected = torch.einsum("nchrwq,ocrq->nohw", blocks, weight) + bias[:, None, None]
    assert torch.allclose(down(x), expected, atol=1e-5)


def test_a_strided_convolution_refuses_sizes_that_are_no_multiple_of_the_stride() -> None:
    down = StridedConv(1, Level(1, (3, 3), (2, 3)))
    with pytest.raises(ValueError, match=r"^convolution input .* axis 1 = 7 .* stride 3, .* drop 1"):
        down(torch.zeros(1, 1, 4, 7))


def ran(up: nn.Module, x: Tensor) -> list[str]:
    """The names of torch's layers that run, in their order."""
    names: list[str] = []
    leaves = [m for m in up.modules() if not list(m.children()) and not isinstance(m, nn.Identity)]
    for leaf in leaves:
        leaf.register_forward_hook(lambda m, _x, _y: names.append(type(m).__name__))
    up(x)
    return names


@pytest.mark.parametrize(
    ("up", "order"),
    [
        (then(transposed), ["ConvTranspose2d"]),
        (then(transposed, batch_norm), ["ConvTranspose2d", "BatchNorm2d"]),
        (then(transposed, act=nn.ELU), ["ConvTranspose2d", "ELU"]),
        (then(transposed, batch_norm, nn.ELU), ["ConvTranspose2d", "BatchNorm2d", "ELU"]),
        (then(then(transposed, act=nn.ELU), batch_norm), ["ConvTranspose2d", "ELU", "BatchNorm2d"]),
        (then(resize_conv(), batch_norm, nn.ELU), ["Conv2d", "BatchNorm2d", "ELU"]),
    ],
)
def test_then_runs_in_the_order_it_is_written(up: Up, order: list[str]) -> None:
    made = up(3, 4, (2, 2))
    assert ran(made, features((2, 2))) == order
    assert out_channels_of(made) == 4


def test_then_computes_up_norm_and_activation() -> None:
    made, x = then(transposed, batch_norm, nn.ReLU)(3, 4, (2, 2)), features((2, 2))
    weight, bias = list(made.parameters())[:2]
    y = F.conv_transpose2d(x, weight, bias, stride=2)
    standardised = (y - y.mean((0, 2, 3), keepdim=True)) / (y.var((0, 2, 3), correction=0, keepdim=True) + 1e-5).sqrt()
    assert torch.allclose(made(x), standardised.relu(), atol=1e-5)


def test_pooling_refuses_to_drop_a_row() -> None:
    pool = MaxPool(1, Level(1, (3, 3), (2, 3)))
    assert pool(torch.zeros(1, 1, 4, 6)).shape == (1, 1, 2, 2)
    with pytest.raises(ValueError, match=r"axis 1 = 7 is not a multiple of the stride 3, .* drop 1"):
        pool(torch.zeros(1, 1, 4, 7))


untyped: Any = resize_conv
REFUSED: list[tuple[Callable[[], Any], str]] = [
    (lambda: resize_conv("bilinear"), "mode 'bilinear' is unknown; write 'nearest' or 'linear', which is bilinear"),
    (lambda: resize_conv("nearest", kernel=2), "kernel 2 is not an odd number .* write 3 or 1"),
    (lambda: resize_conv("nearest", kernel=0), "kernel 0 is not an odd number"),
    (lambda: untyped("nearest", kernel=3.0), "kernel 3.0 is not an odd number"),
]


@pytest.mark.parametrize(("make", "words"), REFUSED, ids=[words for _, words in REFUSED])
def test_a_wrong_mode_or_kernel_is_refused(make: Callable[[], Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()


def test_a_large_odd_kernel_is_built() -> None:
    """Refusing every kernel would pass the table above."""
    assert thin(up=resize_conv("linear", kernel=5))(torch.zeros(1, 1, 8, 8)).shape == (1, 2, 8, 8)


@pytest.mark.parametrize("mode", ["nearest", "linear"])
@pytest.mark.parametrize("stride", STRIDES)
def test_interpolation_enlarges_and_keeps_the_channels(stride: Size, mode: str) -> None:
    up, x = interpolation(mode)(3, 9, stride), features(stride)
    assert out_channels_of(up) == 3
    assert torch.allclose(up(x), enlarged(x, stride, mode), atol=1e-6)
    with pytest.raises(ValueError, match="mode 'cubic' is unknown"):
        interpolation("cubic")


@pytest.mark.parametrize("stride", STRIDES)
def test_overlapping_kernels_of_a_triangle_are_linear_interpolation(stride: Size) -> None:
    """The triangle 1 - |distance| / stride per axis, away from the borders, where torch repeats the last pixel."""
    up, x = OverlappingTransposed(1, 1, stride).double(), features(stride, 1).double()
    triangles = [1 - np.abs(np.arange(k) - (k - 1) / 2) / s for s, k in ((s, 2 * s - s % 2) for s in stride)]
    kernel = torch.from_numpy(np.asarray(prod(np.ix_(*triangles))))
    with torch.no_grad():
        up.conv.get_parameter("weight").copy_(kernel)
        up.conv.get_parameter("bias").zero_()
    inside = (..., *(slice(s // 2, -(s // 2) or None) for s in stride))
    assert up(x).shape == enlarged(x, stride, "linear").shape
    assert torch.allclose(up(x)[inside], enlarged(x, stride, "linear")[inside])


@pytest.mark.parametrize("make", [interpolation("nearest"), interpolation("linear"), OverlappingTransposed, transposed])
@pytest.mark.parametrize("stride", [(2,), (3,), (4,)])
def test_the_extra_reach_is_that_of_the_gradient(make: Up, stride: Size) -> None:
    """The farthest input pixel that an output pixel depends on, beyond its own block, in output pixels."""
    up = make(1, 1, stride)
    torch.manual_seed(0)
    x = torch.randn(1, 1, 9, requires_grad=True)
    beyond = 0
    for i in range(4 * stride[0], 5 * stride[0]):
        (gradient,) = torch.autograd.grad(up(x)[0, 0, i], x)
        seen = gradient[0, 0].nonzero().flatten()
        beyond = max(beyond, 4 - int(seen[0]), int(seen[-1]) - 4)
    assert sum(getattr(up, "extra_reach", ())) == beyond * stride[0]
