"""The 3D U-Net of Çiçek et al.: the number of parameters, channels and sizes of its figure 2."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tests.oracles.thin_nets import count
from unet_tutorial.nets.systems.cicek2016 import unet3d_paper

pytestmark = pytest.mark.slow


def test_the_number_of_parameters() -> None:
    with torch.device("meta"):
        assert count(unet3d_paper()) == 19_075_523


def test_the_3d_unets_own_count_of_19069955() -> None:
    """One additive parameter per channel after each 3³ convolution, and no bias of an up-convolution."""
    with torch.device("meta"):
        net = unet3d_paper()
    wide = [m for m in net.modules() if isinstance(m, nn.Conv3d) and m.kernel_size == (3, 3, 3)]
    ups = [m for m in net.modules() if isinstance(m, nn.ConvTranspose3d)]
    channels = sum(m.out_channels for m in wide)
    assert (len(wide), channels, len(ups)) == (14, 2336, 3)
    bias_scale_shift, additive = 3 * channels, channels
    assert count(net) - bias_scale_shift + additive - sum(m.out_channels for m in ups) == 19_069_955


def test_the_3d_unet_takes_132_132_116_and_gives_44_44_28() -> None:
    """The paper prints x, y, z; our axes are z, y, x. Channels double before pooling; up-convolutions keep them."""
    with torch.device("meta"):
        net = unet3d_paper()
        assert net(torch.zeros(1, 3, 116, 132, 132)).shape == (1, 3, 28, 44, 44)
    convs = [m for m in net.encoder.modules() if isinstance(m, nn.Conv3d)]
    assert [m.out_channels for m in convs] == [32, 64, 64, 128, 128, 256, 256, 512]
    ups = [m for m in net.modules() if isinstance(m, nn.ConvTranspose3d)]
    assert [(m.in_channels, m.out_channels) for m in ups] == [(512, 512), (256, 256), (128, 128)]


def test_odd_widths_and_sizes_that_are_not_valid_are_refused() -> None:
    with pytest.raises(ValueError, match=r"5 channels: .* must be even"):
        unet3d_paper(widths=(5, 8))
    with torch.device("meta"):
        net, volume = unet3d_paper(), torch.zeros(1, 3, 20, 132, 132)
    with pytest.raises(ValueError, match=r"axis 0 = 20 does not pass 3 .* smallest size .* is 92"):
        net(volume)
