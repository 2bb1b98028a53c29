"""The U-Nets of the Keras repository: its published numbers of parameters, its sizes, and its upsampling by hand."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.oracles.family import check_network
from tests.oracles.halos import halo_error
from tests.oracles.thin_nets import count
from unet_tutorial.nets.blocks import ConvUnit
from unet_tutorial.nets.resample import interpolation
from unet_tutorial.nets.spatial_attention import SpatialAttention
from unet_tutorial.nets.systems.keras_unet import (
    NORMED_STACK,
    keras_unet3d,
    keras_unet25d,
    keras_unet_original,
    keras_unet_padding,
    upsampled_2x2,
)
from unet_tutorial.nets.unet import UNet
from unet_tutorial.nets.wrappers import Residual, residual
from unet_tutorial.plan.levels import Size

pytestmark = pytest.mark.slow

PLAIN = partial(keras_unet3d, unit=ConvUnit(), up=interpolation())
COUNTS: list[tuple[int, Callable[[], UNet]]] = [
    (31_030_593, keras_unet_original),
    (31_042_369, keras_unet_padding),
    (31_042_369 + 3 * (64 + 1), partial(keras_unet_padding, out_channels=4)),  # a head of 4 classes
    (19_073_665, keras_unet3d),
    (16_315_585, PLAIN),
    (7_684_918, keras_unet25d),
]


@pytest.mark.parametrize(("published", "make"), COUNTS)
def test_the_published_numbers_of_trainable_parameters(published: int, make: Callable[[], UNet]) -> None:
    with torch.device("meta"):
        assert count(make()) == published


THIN: dict[str, tuple[Callable[[], UNet], list[Size], Size]] = {
    "original": (partial(keras_unet_original, widths=(4, 6, 8)), [(44, 48), (48, 44)], ()),
    "original, 1D": (partial(keras_unet_original, widths=(4, 6), rank=1), [(24,), (30,)], ()),
    "padding": (partial(keras_unet_padding, widths=(4, 6, 8)), [(8, 12), (16, 8)], (7, 9)),
    "padding, 3D, residual": (
        partial(keras_unet_padding, widths=(4, 6), rank=3, block=residual(NORMED_STACK)),
        [(4, 6, 8), (6, 4, 4)],
        (5, 3, 7),
    ),
    "3D": (partial(keras_unet3d, widths=(4, 8, 12)), [(4, 8, 8), (8, 4, 12)], (5, 3, 7)),
    "3D, plain, in 2D": (
        partial(keras_unet3d, widths=(4, 8, 12), rank=2, unit=ConvUnit(), up=interpolation()),
        [(8, 12), (16, 8)],
        (7, 9),
    ),
    "2.5D": (partial(keras_unet25d, widths=(4, 6, 8, 8)), [(2, 8, 16), (4, 16, 8)], (3, 9, 10)),
}


@pytest.mark.parametrize("name", THIN)
def test_each_network_learns_pads_is_drawn_and_is_stored(name: str) -> None:
    make, sizes, odd = THIN[name]
    check_network(make, sizes, odd=odd)


@pytest.mark.parametrize("name", THIN)
def test_the_halo_covers_all_pixels_that_are_read(name: str) -> None:
    """Attention, overlapping convolutions and the head read pixels beyond the plan."""
    make, sizes, _ = THIN[name]
    torch.manual_seed(0)
    assert max(halo_error(make(), axis) for axis in range(len(sizes[0]))) < 1e-12


def test_upsampling_repeats_pixels_and_convolves_each_with_the_next_ones() -> None:
    up, x = upsampled_2x2(3, 4, (2, 2)), torch.randn(2, 3, 3, 5)
    weight, bias = up.parameters()
    repeated = x.repeat_interleave(2, 2).repeat_interleave(2, 3)
    expected = F.conv2d(F.pad(repeated, (0, 1, 0, 1)), weight, bias).relu()  # padded at the end, as Keras does
    assert weight.shape == (4, 3, 2, 2)
    assert torch.allclose(up(x), expected, atol=1e-6)


def test_sizes_and_parts_are_those_of_the_source() -> None:
    with torch.device("meta"):
        original, volumes, slices = keras_unet_original(), keras_unet3d(), keras_unet25d()
        assert original(torch.zeros(1, 1, 444, 444)).shape == (1, 1, 260, 260)
        assert original(torch.zeros(1, 1, 252, 252)).shape == (1, 1, 68, 68)
        with pytest.raises(ValueError, match="axis 0 = 448 does not pass 4 poolings"):
            original(torch.zeros(1, 1, 448, 448))
    convs = [m.out_channels for m in volumes.encoder.modules() if isinstance(m, nn.Conv3d)]
    assert convs == [32, 64, 64, 128, 128, 256, 256, 512]
    assert [m.out_channels for m in volumes.modules() if isinstance(m, nn.ConvTranspose3d)] == [512, 256, 128]
    assert [level.kernel[0] for level in slices.levels] == [1, 1, 3, 3, 3]
    assert [level.stride[0] for level in slices.levels] == [1, 1, 1, 2, 2]
    attentions = [module.out_channels for module in slices.modules() if isinstance(module, SpatialAttention)]
    assert attentions == [128, 256, 128, 64, 32]  # the coarsest level, then the decoder


def test_the_residual_option_adds() -> None:
    net = keras_unet_padding(widths=(4, 6), block=residual(NORMED_STACK))
    assert sum(isinstance(module, Residual) for module in net.modules()) == 3
