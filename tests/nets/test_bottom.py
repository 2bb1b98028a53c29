"""A block at the bottom of an encoder: it changes the coarsest map only, and its reach is added."""

from __future__ import annotations

import pytest
import torch

from tests.oracles.halos import halo_error
from tests.oracles.thin_nets import NORMED, THREE, perturbed
from unet_tutorial.nets.bottom import WithBottom
from unet_tutorial.nets.merge import Concat
from unet_tutorial.nets.paths import Decoder, Encoder
from unet_tutorial.nets.resample import MaxPool, transposed
from unet_tutorial.nets.unet import UNet, pointwise_head
from unet_tutorial.plan.levels import pyramid


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_only_the_coarsest_map_is_changed(rank: int) -> None:
    encoder = Encoder(1, pyramid((2, 3, 4), rank), NORMED, MaxPool).eval()
    net = WithBottom(encoder, NORMED).eval()
    image = torch.randn(1, 1, *(8,) * rank)
    before, after = encoder(image), net(image)
    assert all(torch.equal(a, b) for a, b in zip(before[:-1], after[:-1], strict=True))
    assert torch.equal(net.bottom(before[-1]), after[-1])
    assert not torch.equal(before[-1], after[-1])


def test_tiles_are_exact_with_its_reach() -> None:
    torch.manual_seed(0)
    encoder = WithBottom(Encoder(1, THREE, NORMED, MaxPool), NORMED)
    assert encoder.extra_reach == (8, 8)  # two convolutions of 3×3, in pixels of stride 4
    decoder = Decoder(THREE, (4, 8), NORMED, transposed, Concat)
    net = UNet(encoder, decoder, pointwise_head(decoder, 2))
    assert max(halo_error(net, axis) for axis in (0, 1)) < 1e-12
    short = perturbed(net)
    short.extra_reach = ()
    assert halo_error(short, 0) > 1e-11


def test_the_only_level_is_also_the_bottom() -> None:
    assert WithBottom(Encoder(1, pyramid((4,)), NORMED, MaxPool), NORMED).extra_reach == (2, 2)


def test_a_block_that_changes_the_channels_is_refused() -> None:
    encoder = Encoder(1, THREE, NORMED, MaxPool)
    with pytest.raises(ValueError, match="the block at the bottom has 9 output channels, and the decoder needs 8"):
        WithBottom(encoder, lambda before, after, level: NORMED(before, after + 1, level))
