"""One network for images and regions: published number of parameters, shared weights, samples with a region by hand."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from tests.oracles.family import check_network
from tests.oracles.halos import halo_error
from tests.oracles.thin_nets import NORMED, count, perturbed
from unet_tutorial.nets.cascade import FineGrained, with_region
from unet_tutorial.nets.heads import conv_head
from unet_tutorial.nets.merge import Concat
from unet_tutorial.nets.paths import Decoder, Encoder
from unet_tutorial.nets.regions import Region
from unet_tutorial.nets.resample import MaxPool, transposed
from unet_tutorial.nets.systems.keras_backboned import fine_grained_unet
from unet_tutorial.plan.levels import pyramid


def thin(rank: int = 2) -> FineGrained:
    levels = pyramid((4, 6), rank)
    decoder = Decoder(levels, (4,), NORMED, transposed, Concat)
    return FineGrained(Encoder(1, levels, NORMED, MaxPool), decoder, conv_head(decoder, 2), conv_head(decoder, 1))


def test_the_published_number_of_trainable_parameters() -> None:
    with torch.device("meta"):
        assert count(fine_grained_unet()) == 42_509_955


def test_both_passes_use_the_same_weights_and_their_own_head() -> None:
    torch.manual_seed(0)
    net, images = perturbed(thin()).eval(), torch.randn(2, 1, 8, 12)
    logits = net(torch.cat((images[:1], images[1:]), dim=1))
    assert torch.equal(logits[:, :2], net.whole(images[:1]))
    assert torch.equal(logits[:, 2:], net.region(images[1:]))
    assert count(net) == count(net.whole) + count(net.region_head)
    assert {id(weight) for weight in net.whole.encoder.parameters()} <= {id(weight) for weight in net.parameters()}
    assert len(net.state_dict()) == len(net.whole.state_dict()) + 2


@pytest.mark.parametrize("rank", [2, 3])
def test_it_learns_pads_is_drawn_and_is_stored(rank: int) -> None:
    check_network(lambda: thin(rank), [(4, 8, 4)[:rank], (8, 4, 6)[:rank]], odd=(5, 7, 3)[:rank])
    assert halo_error(thin(rank), axis=0) < 1e-12


def test_a_sample_holds_the_image_and_its_enlarged_region() -> None:
    image = torch.arange(64.0).reshape(1, 8, 8)
    target, small = torch.zeros(2, 8, 8), (image % 3 == 0).float()
    stacked, targets = with_region(image, target, small, Region((2, 4), (4, 4)))
    assert (stacked.shape, targets.shape) == ((2, 8, 8), (3, 8, 8))
    assert torch.equal(stacked[0], image[0])
    assert torch.equal(targets[:2], target)
    assert torch.equal(targets[2], small[0, 2:6, 4:8].repeat_interleave(2, 0).repeat_interleave(2, 1))
    linear = nn.functional.interpolate(image[None, :, 2:6, 4:8], scale_factor=2, mode="bilinear")
    assert torch.allclose(stacked[1], linear[0, 0])


def test_an_image_without_a_region_is_refused() -> None:
    with pytest.raises(ValueError, match="1 channels, and this network needs 2"):
        thin()(torch.zeros(1, 1, 8, 8))


@pytest.mark.parametrize(
    ("target", "region_target", "name"),
    [
        (torch.zeros(1, 8, 8), torch.zeros(1, 8, 8, dtype=torch.int64), "region_target"),
        (torch.zeros(1, 8, 9), torch.zeros(1, 8, 8), "target"),
    ],
)
def test_labels_that_are_no_maps_of_the_image_are_refused(target: Tensor, region_target: Tensor, name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} .* of the size of the image"):
        with_region(torch.zeros(1, 8, 8), target, region_target, Region((0, 0), (4, 4)))


def test_a_region_of_another_rank_is_refused() -> None:
    maps = torch.zeros(1, 8, 8)
    with pytest.raises(ValueError, match="a region of 1 axes in an image of 2 axes"):
        with_region(maps, maps, maps, Region((0,), (4,)))
