"""Side outputs against sums by hand; linear interpolation against torch's; refusals."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from tests.oracles.family import check_network
from tests.oracles.halos import halo_error
from tests.oracles.thin_nets import NORMED, count
from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.branches import BranchedHead, SideOutput, branched
from unet_tutorial.nets.init import kaiming_
from unet_tutorial.nets.merge import Concat
from unet_tutorial.nets.paths import Decoder, Encoder
from unet_tutorial.nets.resample import MaxPool, transposed
from unet_tutorial.nets.unet import UNet, pointwise_head
from unet_tutorial.plan.levels import Size, pyramid

LINEAR = ("linear", "bilinear", "trilinear")


@pytest.mark.parametrize("stride", [(2,), (4, 4), (1, 2), (3, 2), (1, 2, 2)])
def test_a_side_output_starts_at_0_and_enlarges_linearly(stride: Size) -> None:
    side, coarse = SideOutput(3, 2, stride), torch.randn(1, 3, *(5,) * len(stride))
    assert not side(coarse).any()
    torch.nn.init.normal_(side.reduce.get_parameter("weight"))
    scores = side.reduce(coarse)
    linear = F.interpolate(scores, scale_factor=[float(s) for s in stride], mode=LINEAR[len(stride) - 1])
    inner = (slice(None), slice(None), *(slice(s, -s) for s in stride))  # torch repeats the border, and we pad with 0
    assert torch.allclose(side(coarse)[inner], linear[inner], atol=1e-6)


def branched_net(rank: int = 2, block: ConvUnit | None = None) -> UNet:
    levels, made = pyramid((4, 6, 8), rank), conv_stack(block) if block else NORMED
    encoder, decoder = Encoder(1, levels, made, MaxPool), Decoder(levels, (4, 6), made, transposed, Concat)
    return kaiming_(branched(encoder, decoder, pointwise_head(decoder, 3), {0: (2,), 1: (0, 2)}))


def test_logits_start_as_those_of_the_head_and_side_outputs_are_added_to_their_channels() -> None:
    torch.manual_seed(0)
    net, image = branched_net().eval(), torch.randn(1, 1, 8, 12)
    assert isinstance(net.head, BranchedHead)
    maps = net.decoder(net.encoder(image))
    assert torch.equal(net(image), net.head.head(maps[0]))
    for side in net.head.sides:
        torch.nn.init.normal_(side.get_submodule("reduce").get_parameter("weight"))
    fine, coarse = (side(each) for side, each in zip(net.head.sides, maps, strict=True))
    expected = net.head.head(maps[0]).clone()
    expected[:, 2] += fine[:, 0]
    expected[:, 0] += coarse[:, 0]
    expected[:, 2] += coarse[:, 1]
    assert torch.allclose(net(image), expected, atol=1e-6)
    assert count(net.head) - count(net.head.head) == (4 + 1) + (2 * 6 + 2) + (2 * 2 * 16 + 2)


@pytest.mark.slow
@pytest.mark.parametrize("rank", [1, 3])
def test_it_learns_pads_is_drawn_and_is_stored(rank: int) -> None:
    def trained() -> UNet:
        net = branched_net(rank)
        for name, value in net.head.named_parameters():
            if "reduce" in name:
                torch.nn.init.normal_(value)  # from 0, the transposed convolution gets its gradient after one step
        return net

    check_network(trained, [(4, 8, 4)[:rank], (8, 4, 8)[:rank]], odd=(5, 7, 3)[:rank])
    assert halo_error(trained(), axis=0) < 1e-12


def test_a_first_step_trains_the_side_output() -> None:
    net = branched_net()
    net(torch.randn(2, 1, 8, 12)).square().sum().backward()
    for side in net.head.get_submodule("sides").children():
        gradient = side.get_submodule("reduce").get_parameter("weight").grad
        assert gradient is not None
        assert gradient.any()


def test_with_padding_valid_the_side_output_is_cropped() -> None:
    net = branched_net(block=ConvUnit(padding="valid"))
    assert net(torch.randn(1, 1, 44, 48)).shape == (1, 3, 4, 8)


@pytest.mark.parametrize(
    ("sides", "words"),
    [
        ({}, "name the channels for at least one map"),
        ({1: ()}, "name the channels for at least one map"),
        ({2: (0,)}, "map 2 does not exist; the decoder has the maps 0 to 1"),
        ({1: (3,)}, "channel 3 does not exist; the logits have the channels 0 to 2"),
    ],
)
def test_sides_that_do_not_exist_are_refused(sides: dict[int, tuple[int, ...]], words: str) -> None:
    levels = pyramid((4, 6, 8))
    decoder = Decoder(levels, (4, 6), NORMED, transposed, Concat)
    with pytest.raises(ValueError, match=words):
        BranchedHead(decoder, pointwise_head(decoder, 3), sides)
