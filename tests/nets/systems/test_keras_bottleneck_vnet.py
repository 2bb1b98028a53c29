"""The network ``vnet3d`` of the Keras repository: counts, sizes, and tiles that equal one pass."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import nn

from tests.oracles.family import check_network
from tests.oracles.thin_nets import count
from unet_tutorial.inference.tiling import predict_tiled
from unet_tutorial.nets.systems.keras_bottleneck_vnet import bottleneck_vnet

pytestmark = pytest.mark.slow

thin = partial(bottleneck_vnet, widths=(4, 8, 16), encoder_blocks=(1, 2, 1), decoder_blocks=(1, 1))


def test_trainable_and_total_numbers_of_parameters() -> None:
    """1,273,329 are trainable; Keras prints 1,280,689 with the running means and variances."""
    with torch.device("meta"):
        net = bottleneck_vnet()
    running = sum(value.numel() for name, value in net.named_buffers() if name.endswith(("mean", "var")))
    assert (count(net), count(net) + running) == (1_273_329, 1_280_689)


def test_the_input_of_the_source_keeps_its_size() -> None:
    with torch.device("meta"):
        assert bottleneck_vnet()(torch.zeros(1, 2, 64, 128, 128)).shape == (1, 1, 64, 128, 128)


def test_a_thin_one_learns_pads_and_is_drawn_as_a_u() -> None:
    arch = check_network(partial(thin, rank=3), [(8, 4, 8), (4, 8, 12)], odd=(5, 7, 3))
    assert len(arch.skips) == 2


def test_downsampling_that_overlaps_counts_for_the_halo_of_tiles() -> None:
    torch.manual_seed(0)
    net, image = thin(in_channels=1, rank=1).double(), torch.rand(1, 128, dtype=torch.float64)
    assert net.extra_reach == (1 + 2 * 2 + 2 + 2 * 2,)  # strided convolution, Inception, and two linear interpolations
    whole, tiled = (predict_tiled(net, image, tile=(side,)) for side in (256, 80))
    assert torch.allclose(whole, tiled, atol=1e-12)


def test_widths_that_are_no_multiple_of_4_are_refused() -> None:
    with pytest.raises(ValueError, match="6 channels: a bottleneck has a quarter of them; pass a multiple of 4"):
        bottleneck_vnet(widths=(4, 6, 12), encoder_blocks=(1, 1, 1), decoder_blocks=(1, 1))
    with pytest.raises(ValueError, match="2 convolutions at level 0, and its plan states 1"):
        thin(decoder_blocks=(2, 1))
    with pytest.raises(ValueError, match="2 channels: a bottleneck"):
        bottleneck_vnet(widths=(2, 4), encoder_blocks=(1, 1), decoder_blocks=(1,))


def test_relu_follows_every_sum() -> None:
    net = thin(rank=2)
    with torch.no_grad():
        assert all(features.min() >= 0 for features in net.encoder(torch.randn(1, 2, 8, 8)))
    assert not any(isinstance(module, nn.PReLU) for module in net.modules())
