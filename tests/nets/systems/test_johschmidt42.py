"""johschmidt42's own tests and its numbers of parameters, on our network."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import nn

from tests.oracles.thin_nets import count
from unet_tutorial.nets.blocks import ConvUnit
from unet_tutorial.nets.norms import batch_norm
from unet_tutorial.nets.resample import resize_conv
from unet_tutorial.nets.systems.johschmidt42 import johschmidt42_unet
from unet_tutorial.nets.unet import UNet
from unet_tutorial.plan.levels import pyramid

pytestmark = pytest.mark.slow

LATE = ConvUnit(padding="valid", norm=batch_norm, order=("conv", "act", "norm"))
POINT, SOLID, BARE = resize_conv("linear", kernel=1), pyramid((32, 64, 128, 256), rank=3), ConvUnit()


@pytest.mark.parametrize(
    ("published", "make"),
    [
        (1_971_554, johschmidt42_unet),
        (5_646_242, partial(johschmidt42_unet, levels=SOLID)),
        (1_968_290, partial(johschmidt42_unet, unit=BARE)),
    ],
)
def test_johschmidt42_counts_a_pointwise_convolution_per_step_that_it_never_uses(
    published: int, make: Callable[[], UNet]
) -> None:
    unused = sum(2 * width * width + width for width in (128, 64, 32))  # 1×1, from twice the width, with bias
    assert unused == 43_232
    with torch.device("meta"):
        assert count(make()) == published - unused


@pytest.mark.parametrize(
    ("make", "image", "logits"),
    [
        (johschmidt42_unet, (256, 256), (256, 256)),
        (partial(johschmidt42_unet, levels=SOLID), (64,) * 3, (64,) * 3),
        (partial(johschmidt42_unet, levels=pyramid((32, 64, 128, 256, 512)), unit=LATE), (572, 572), (388, 388)),
        (partial(johschmidt42_unet, up=POINT), (256, 256), (256, 256)),
        (partial(johschmidt42_unet, up=resize_conv("nearest", kernel=1)), (256, 256), (256, 256)),
        (partial(johschmidt42_unet, levels=SOLID, up=POINT), (64,) * 3, (64,) * 3),
    ],
)
def test_johschmidt42s_six_shapes(make: Callable[[], UNet], image: tuple[int, ...], logits: tuple[int, ...]) -> None:
    """Their fifth case is bicubic, which our ``resize_conv`` refuses; nearest takes its place here."""
    with torch.device("meta"):
        assert make()(torch.zeros(1, 1, *image)).shape == (1, 2, *logits)
    with pytest.raises(ValueError, match="mode 'bicubic' is unknown"):
        resize_conv("bicubic")


@pytest.mark.parametrize("side", [60, 63, 100])
def test_sizes_that_johschmidt42_silently_shrinks_are_refused(side: int) -> None:
    with pytest.raises(ValueError, match=f"axis 0 = {side} does not pass 3 poolings"):
        johschmidt42_unet(levels=pyramid((2, 4, 8, 8)))(torch.zeros(1, 1, side, side))


def test_johschmidt42s_upsampling_is_up_then_activation_then_norm() -> None:
    net = johschmidt42_unet(levels=pyramid((4, 8)))
    ran: list[str] = []
    for module in net.decoder.get_submodule("steps.0.up").modules():
        module.register_forward_hook(lambda m, _x, _y: ran.append(type(m).__name__))
    net(torch.randn(1, 1, 8, 8))
    assert [name for name in ran if hasattr(nn, name) and name != "Identity"] == [
        "ConvTranspose2d",
        "ReLU",
        "BatchNorm2d",
    ]
