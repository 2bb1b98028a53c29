"""The Keras repository's backbones: its published numbers of parameters, one decoder step by hand, skips."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.oracles.family import check_network
from tests.oracles.halos import halo_error
from tests.oracles.thin_nets import count, perturbed
from unet_tutorial.nets.convnets import basic_units, darknet53, resnet
from unet_tutorial.nets.merge import Add, NoSkip
from unet_tutorial.nets.systems.keras_backboned import (
    BottleneckDecoder,
    BottleneckStep,
    backboned,
    backboned_darknet,
    backboned_resnet34,
    backboned_resnet50,
    backboned_unet,
    backboned_vgg16,
    branch2_unet,
)
from unet_tutorial.nets.unet import UNet
from unet_tutorial.plan.levels import pyramid

pytestmark = pytest.mark.slow

COUNTS: list[tuple[int, Callable[[], UNet]]] = [
    (28_315_844, partial(backboned_unet, 2, 4)),
    (20_702_785, backboned_vgg16),
    (31_205_057, backboned_resnet50),
    (42_509_665, backboned_darknet),
    (28_315_974, partial(branch2_unet, 2, 4)),
    (28_315_844 + (64 + 1) + (8 * 8 + 1), partial(branch2_unet, 2, 4)),  # 1×1 from 64 channels, and a kernel of 8×8
]


@pytest.mark.parametrize(("published", "make"), COUNTS)
def test_the_published_numbers_of_trainable_parameters(published: int, make: Callable[[], UNet]) -> None:
    with torch.device("meta"):
        assert count(make()) == published


def test_the_promised_resnet34_is_timms_encoder_and_five_steps() -> None:
    """timm's ResNet-34 has 21,284,672 parameters. The oracle sums the steps layer by layer."""
    channels = (512, 256, 128, 64, 64, 16)
    steps = 0
    for below, width in pairwise(channels):
        quarter = below // 4
        steps += below * quarter + quarter + 2 * quarter  # 1×1 with bias, batch norm
        steps += 16 * quarter * quarter + quarter  # transposed convolution
        steps += quarter * width + width + 2 * width
    with torch.device("meta"):
        assert count(backboned_resnet34()) == 21_284_672 + steps + 9 * 16 + 1 == 21_772_033


THIN: dict[str, Callable[[], UNet]] = {
    "unet": partial(backboned_unet, widths=(4, 6, 8)),
    "vgg16": partial(backboned_vgg16, widths=(4, 4, 6, 6)),
    "resnet50": partial(backboned_resnet50, widths=(4, 8, 12)),
    "resnet34": partial(backboned_resnet34, widths=(4, 4, 6)),
    "resnet, 3D": lambda: backboned(resnet(1, basic_units, (1, 1), (4, 4, 6), rank=3)),
    "darknet": lambda: backboned(darknet53(1, (2, 4, 6)), finest=5),
    "branch2": partial(branch2_unet, out_channels=2, widths=(4, 6, 8, 8)),
}


@pytest.mark.parametrize("name", THIN)
def test_each_network_learns_pads_is_drawn_and_is_stored(name: str) -> None:
    def trained() -> UNet:
        net = THIN[name]()
        for key, value in net.named_parameters():
            if "sides" in key and "reduce" in key:
                nn.init.normal_(value)  # from 0, the transposed convolution gets its gradient after one step
        return net

    rank = 3 if name.endswith("3D") else 2
    reason = "its decoder merges maps of several levels" if name == "branch2" else ""
    check_network(trained, [(8, 16, 8)[:rank], (16, 8, 8)[:rank]], odd=(7, 11, 3)[:rank], reason=reason)


@pytest.mark.parametrize("name", THIN)
def test_the_halo_covers_all_pixels_that_are_read(name: str) -> None:
    torch.manual_seed(0)
    assert halo_error(THIN[name](), axis=0) < 1e-12


def test_a_step_is_reduce_deconvolve_expand_add() -> None:
    torch.manual_seed(0)
    step = perturbed(BottleneckStep(8, 3, 3, (2, 2), Add)).eval()
    below, skip = torch.randn(1, 8, 4, 5), torch.randn(1, 3, 8, 10)
    (reduce, up, expand), norms = (
        [m for m in step.modules() if isinstance(m, kind)] for kind in ((nn.Conv2d, nn.ConvTranspose2d), nn.BatchNorm2d)
    )
    assert isinstance(up, nn.ConvTranspose2d)
    assert up.weight.shape == (2, 2, 4, 4)
    small: Tensor = norms[0](reduce(below)).relu()
    large = F.conv_transpose2d(small, up.weight, up.bias, stride=2)[..., 1:-1, 1:-1]  # "same" of Keras
    out, reduced = step(below, skip)
    assert torch.equal(reduced, small)
    assert torch.allclose(out, norms[1](expand(large)).relu() + skip, atol=1e-6)


def test_maps_are_the_output_and_the_reduced_maps() -> None:
    decoder = BottleneckDecoder(pyramid((4, 8, 16)), 4, Add)
    features = [torch.randn(1, 4, 8, 8), torch.randn(1, 8, 4, 4), torch.randn(1, 16, 2, 2)]
    maps = decoder.maps(features)
    assert torch.equal(maps[0], decoder(features))
    assert [tuple(x.shape[1:]) for x in maps] == [(4, 8, 8), (2, 4, 4), (4, 2, 2)]
    assert decoder.map_channels == (4, 2, 4)


def test_encoders_without_features_of_full_size_have_no_skip_there() -> None:
    """Also if the image has as many channels as the decoder there: in_channels = 16 = finest."""
    with torch.device("meta"):
        for net in (backboned_resnet50(16), backboned_darknet()):
            kinds = [type(step.get_submodule("merge")) for step in net.decoder.get_submodule("steps").children()]
            assert kinds == [Add] * 4 + [NoSkip]
        kinds = [type(m) for m in backboned_vgg16().modules() if isinstance(m, (Add, NoSkip))]
        assert kinds == [Add] * 5
