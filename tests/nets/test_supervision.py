"""Deep supervision: heads against torch's layers, both modes, the class-guided module, and decoders without maps."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.oracles.gradient_reach import LINEAR_BLOCK, farthest
from tests.oracles.one_channel_nets import MeanPool
from tests.oracles.thin_nets import NORMED, perturbed
from tests.oracles.tiles import tile_gap
from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.contracts import FeatureDecoder
from unet_tutorial.nets.full_scale import FullScaleDecoder
from unet_tutorial.nets.merge import Concat
from unet_tutorial.nets.nested import NestedDecoder
from unet_tutorial.nets.paths import Decoder, Encoder
from unet_tutorial.nets.resample import MaxPool, transposed
from unet_tutorial.nets.supervision import (
    ABSENT,
    AveragedHeads,
    FusedHeads,
    GuidedHeads,
    Head,
    SideHeads,
    Supervised,
    pointwise,
    supervised_unet,
    with_kernel,
)
from unet_tutorial.nets.unet import UNet, pointwise_head
from unet_tutorial.plan.levels import pyramid
from unet_tutorial.plan.receptive_field import plan_reach
from unet_tutorial.plan.sizes import Plan

Heads = Callable[[FeatureDecoder, int, Head], nn.Module]
LEVELS = pyramid((4, 6, 8))


def plain(levels: Plan = LEVELS) -> Decoder:
    return Decoder(levels, [level.channels for level in levels[:-1]], NORMED, transposed, Concat)


def net_of(decoder: FeatureDecoder, heads: Heads = SideHeads, head: Head = pointwise, out_channels: int = 2) -> UNet:
    torch.manual_seed(0)
    encoder = Encoder(1, decoder.levels, NORMED, MaxPool)
    return perturbed(supervised_unet(encoder, decoder, out_channels, head=head, heads=heads))


def logits_by_hand(net: UNet, image: Tensor) -> list[Tensor]:
    """Each head on its map, then torch's bilinear interpolation to the size of the image."""
    maps = net.decoder(net.encoder(image))
    heads = list(net.head.get_submodule("heads").children())
    assert len(maps) == len(heads)
    made = [head(each) for head, each in zip(heads, maps, strict=True)]
    return [F.interpolate(each, size=image.shape[2:], mode="bilinear", align_corners=False) for each in made]


DECODERS: dict[str, Callable[[], FeatureDecoder]] = {
    "plain": plain,
    "nested": lambda: NestedDecoder(LEVELS, (4, 6), NORMED, transposed),
    "full scale": lambda: FullScaleDecoder(LEVELS, 3, NORMED),
}


@pytest.mark.parametrize("head", [pointwise, with_kernel])
@pytest.mark.parametrize("name", DECODERS)
def test_logits_of_every_map_in_training_and_of_the_first_in_evaluation(name: str, head: Head) -> None:
    net, image = net_of(DECODERS[name](), head=head), torch.randn(2, 1, 16, 24)
    with torch.no_grad():
        net.eval()
        expected = logits_by_hand(net, image)
        assert torch.equal(net(image), expected[0])
        net.head.train()  # the head alone, so that batch norms keep their statistics
        assert len(net(image)) == {"plain": 2, "nested": 2, "full scale": 3}[name]
        for one, other in zip(net(image), expected, strict=True):
            assert torch.allclose(one, other, atol=1e-6)


@pytest.mark.parametrize("name", DECODERS)
def test_the_first_map_is_the_output_of_the_decoder(name: str) -> None:
    decoder = DECODERS[name]()
    features = [torch.randn(2, level.channels, 16 >> i, 24 >> i) for i, level in enumerate(LEVELS)]
    maps = decoder.maps(features)
    assert torch.equal(decoder.eval()(features), decoder.maps(features)[0])
    assert tuple(each.shape[1] for each in maps) == decoder.map_channels
    assert tuple(16 // each.shape[2] for each in maps) == tuple(2**i for i in decoder.map_levels)


def test_the_mean_and_the_mix_of_all_logits() -> None:
    image = torch.randn(2, 1, 16, 24)
    averaged, fused = net_of(plain(), AveragedHeads).eval(), net_of(plain(), FusedHeads).eval()
    with torch.no_grad():
        assert torch.allclose(averaged(image), torch.stack(logits_by_hand(averaged, image)).mean(dim=0), atol=1e-6)
        mix = fused.head.get_submodule("mix")
        expected = mix(torch.cat(logits_by_hand(fused, image), dim=1))
        assert torch.allclose(fused(image), expected, atol=1e-6)
        fused.head.train()
        assert torch.allclose(fused(image), expected, atol=1e-6)  # one tensor in both modes


def test_with_padding_valid_coarser_logits_are_cropped_to_the_same_centre() -> None:
    """A net whose decoder maps are the image itself: all logits are the centre of the image."""
    levels, block = pyramid((1, 1, 1)), conv_stack(ConvUnit(padding="valid", act=nn.Identity))
    encoder = Encoder(1, levels, block, MeanPool)
    decoder = Decoder(levels, (1, 1), block, transposed, Concat)
    net = supervised_unet(encoder, decoder, 1)
    for weight in net.parameters():
        nn.init.constant_(weight, 0)
    ramp = torch.arange(60.0).expand(1, 1, 60, 60)
    maps = [torch.zeros(1, 1, 20, 20), torch.arange(12.0).expand(1, 1, 12, 12)]
    for head in net.head.get_submodule("heads").children():
        nn.init.constant_(head.get_parameter("weight"), 1)
    fine, coarse = net.head(maps)
    assert fine.shape == coarse.shape == (1, 1, 20, 20)
    assert torch.allclose(coarse[0, 0, 0], (torch.arange(2.0, 22) + 0.5) / 2 - 0.5)  # pixels 2 to 21 of 24
    assert [tuple(each.shape[2:]) for each in net(ramp)] == [(20, 20)] * 2


@pytest.mark.parametrize("heads", [SideHeads, AveragedHeads, FusedHeads])
@pytest.mark.parametrize("head", [pointwise, with_kernel])
def test_the_extra_reach_of_heads_bounds_that_of_gradients(heads: Heads, head: Head) -> None:
    levels = pyramid((1, 1, 1), rank=1)
    decoder = Decoder(levels, (1, 1), LINEAR_BLOCK, transposed, Concat)
    net = supervised_unet(Encoder(1, levels, LINEAR_BLOCK, MeanPool), decoder, 1, head=head, heads=heads)
    stated, found = plan_reach(levels, 4) + net.extra_reach[0], farthest(net)
    assert stated == found if heads is SideHeads else stated - 4 <= found <= stated
    half = 1 if head is with_kernel else 0  # of the kernel; at level 1, a pixel and its neighbour are 2 pixels wide
    bound = half if heads is SideHeads else 2 * (half + 1)
    assert net.extra_reach == (bound,)


@pytest.mark.parametrize("heads", [SideHeads, AveragedHeads, FusedHeads])
def test_tiles_equal_one_pass(heads: Heads) -> None:
    assert tile_gap(net_of(plain(), heads, with_kernel).double()) < 1e-12


def forced(net: UNet, *, present: bool) -> UNet:
    """The network whose classifier always gives this answer."""
    classifier = net.head.get_submodule("classifier.1")
    nn.init.zeros_(classifier.get_parameter("weight"))
    with torch.no_grad():
        classifier.get_parameter("bias").copy_(torch.tensor([0.0, 1.0] if present else [1.0, 0.0]))
    return net


@pytest.mark.parametrize("out_channels", [1, 2, 3])
def test_images_without_foreground_get_probability_0(out_channels: int) -> None:
    net, image = (
        net_of(DECODERS["full scale"](), GuidedHeads, out_channels=out_channels).eval(),
        torch.randn(2, 1, 8, 8),
    )
    with torch.no_grad():
        first = logits_by_hand(net, image)[0]
        assert torch.equal(forced(net, present=True)(image), first)
        empty = forced(net, present=False)(image)
    if out_channels == 1:
        assert (empty.sigmoid() == 0).all()
    else:
        assert torch.equal(empty[:, :1], first[:, :1])
        assert (empty[:, 1:] == ABSENT).all()
        assert (empty.softmax(dim=1)[:, 0] == 1).all()


def test_the_class_scores_are_the_maximum_over_the_coarsest_map_per_image() -> None:
    net, image = net_of(DECODERS["full scale"](), GuidedHeads), torch.randn(3, 1, 8, 8)
    net.eval().head.train()
    dropout, classifier = net.head.get_submodule("classifier").children()
    dropout.eval()
    with torch.no_grad():
        *logits, scores = net(image)
        bottom = net.encoder(image)[-1]
        expected = classifier(bottom).flatten(2).max(dim=2).values
        assert torch.equal(scores, expected)
        for one, other in zip(logits, logits_by_hand(net, image), strict=True):
            assert torch.allclose(one, other, atol=1e-6)
        net.eval()
        decided = torch.cat([net(each[None]) for each in image])  # each image by itself
        assert torch.allclose(net(image), decided, atol=1e-6)
        absent = expected.argmax(dim=1) == 0
        assert torch.equal((net(image)[:, 1] == ABSENT).all(dim=(1, 2)), absent)


def test_chosen_foreground_channels_are_hidden_and_wrong_ones_refused() -> None:
    decoder = DECODERS["full scale"]()
    head = GuidedHeads(decoder, 3, pointwise, foreground=(0, 2))
    net = forced(UNet(Encoder(1, LEVELS, NORMED, MaxPool), Supervised(decoder), head).eval(), present=False)
    hidden = (net(torch.randn(1, 1, 8, 8)) == ABSENT).all(dim=(0, 2, 3))
    assert hidden.tolist() == [True, False, True]
    for wrong in ((3,), (-1,), ()):
        with pytest.raises(ValueError, match="the output channels are 0 to 2"):
            GuidedHeads(decoder, 3, pointwise, foreground=wrong)


class Mapless(FeatureDecoder):
    """A decoder that does not state its maps."""


def test_decoders_without_maps_and_heads_without_lists_are_refused() -> None:
    with pytest.raises(ValueError, match="Mapless has no maps for deep supervision; use Decoder, Nested"):
        Supervised(Mapless())
    decoder = plain()
    net = UNet(Encoder(1, LEVELS, NORMED, MaxPool), decoder, SideHeads(decoder, 2))
    for mode in (True, False):
        with pytest.raises(ValueError, match=r"SideHeads takes a list of maps; .* Supervised\(decoder\)"):
            net.train(mode)(torch.zeros(2, 1, 8, 8))
    with pytest.raises(ValueError, match="out_channels = 0 is not a whole number"):
        SideHeads(decoder, 0)


@pytest.mark.parametrize(
    "make",
    [
        lambda levels: Decoder(levels, (), NORMED, transposed, Concat),
        lambda levels: NestedDecoder(levels, (), NORMED, transposed),
        lambda levels: FullScaleDecoder(levels, 3, NORMED),
    ],
)
def test_a_decoder_of_one_level_has_one_map(make: Callable[[Plan], FeatureDecoder]) -> None:
    net = net_of(make(pyramid((4,))))
    assert [tuple(each.shape) for each in net(torch.randn(2, 1, 5, 7))] == [(2, 2, 5, 7)]


def test_a_plain_head_on_the_same_decoder_gives_the_first_logits() -> None:
    """Deep supervision changes nothing in evaluation mode but the names of the weights."""
    decoder = plain()
    net = net_of(decoder).eval()
    same = UNet(net.encoder, decoder, pointwise_head(decoder, 2))
    same.head.load_state_dict(net.head.get_submodule("heads.0").state_dict())
    image = torch.randn(2, 1, 16, 16)
    assert torch.equal(same.eval()(image), net(image))
