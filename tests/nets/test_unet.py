"""A whole network: sizes, gradients, saved weights; sides and images that do not fit are refused."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.contracts import FeatureDecoder, FeatureExtractor
from unet_tutorial.nets.init import kaiming_
from unet_tutorial.nets.merge import Concat
from unet_tutorial.nets.nd import conv
from unet_tutorial.nets.norms import batch_norm
from unet_tutorial.nets.paths import BottleneckDropout, Decoder, Encoder
from unet_tutorial.nets.presets import paper_unet
from unet_tutorial.nets.resample import MaxPool, transposed
from unet_tutorial.nets.unet import UNet, pointwise_head, unet
from unet_tutorial.plan.levels import Level, pyramid
from unet_tutorial.plan.sizes import Padding, nearest_valid, output_size

CASES = [(rank, padding) for rank in (1, 2, 3) for padding in ("same", "valid")]


def small(rank: int, padding: Padding) -> tuple[UNet, Tensor]:
    """A network of two levels with norms, and an image of a valid size."""
    torch.manual_seed(rank)
    levels = pyramid((4, 8), rank)
    block = conv_stack(ConvUnit(padding=padding, norm=batch_norm))
    net = kaiming_(unet(2, 3, levels, block=block, down=MaxPool, up=transposed, merge=Concat))
    size = tuple(n[-1] for n in nearest_valid((24,) * rank, levels, padding=padding))
    return net, torch.randn(2, 2, *size)


@pytest.mark.parametrize(("rank", "padding"), CASES)
def test_every_rank_and_padding_gives_the_stated_size_and_a_gradient_to_all(rank: int, padding: Padding) -> None:
    net, image = small(rank, padding)
    logits = net(image)
    assert logits.shape == (2, 3, *output_size(tuple(image.shape[2:]), net.levels, padding=padding))
    logits.square().sum().backward()
    assert all(weight.grad is not None and weight.grad.abs().sum() > 0 for weight in net.head.parameters())
    missing = [name for name, weight in net.named_parameters() if weight.grad is None or not weight.grad.any()]
    assert missing == []


@pytest.mark.parametrize(("rank", "padding"), CASES)
def test_a_state_dict_round_trip_changes_nothing(rank: int, padding: Padding) -> None:
    net, image = small(rank, padding)
    twin = small(rank, padding)[0]
    with torch.no_grad():
        for weight in twin.parameters():
            weight.add_(1)
    twin.load_state_dict(net.state_dict())
    assert torch.equal(net.eval()(image), twin.eval()(image))


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (torch.zeros(1, 20, 20), r"input \(1, 20, 20\): 3 axes, and this network needs 4"),
        (torch.zeros(1, 3, 20, 20), "3 channels, and this network needs 1"),
        (torch.zeros(1, 1, 20, 20, dtype=torch.uint8), "uint8, and a network needs floats"),
        (torch.zeros(1, 1, 20, 20, dtype=torch.float64), r"torch.float64, and .* call .to\(torch.float32\)$"),
        (torch.zeros(1, 1, 20, 20, dtype=torch.float16), r"torch.float16, and .* call .to\(torch.float32\)$"),
        (torch.zeros(1, 1, 19, 20), "axis 0 = 19 does not pass 1 pooling; the nearest sizes that do are 18 and 20"),
    ],
)
def test_a_bad_image_is_refused_in_words(image: Tensor, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        paper_unet(widths=(2, 4))(image)


def test_autocast_takes_other_floats_but_not_float64() -> None:
    torch.manual_seed(0)
    net, image = paper_unet(widths=(2, 4)).eval(), torch.randn(1, 1, 20, 20)
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        got = net(image.bfloat16())
        with pytest.raises(ValueError, match="and the weights of this network are"):
            net(image.double())
    with pytest.raises(ValueError, match="and the weights of this network are"):
        net(image.bfloat16())
    assert got.dtype == torch.bfloat16
    assert float((got.float() - net(image)).detach().abs().max()) < 0.05 * float(got.abs().max())  # bfloat16 has 8 bits
    assert net.double()(image.double()).dtype == torch.float64


VOLUME = pyramid((4, 8, 8), rank=3)
LEVELS = pyramid((4, 8))
BLOCK, VALID = conv_stack(ConvUnit()), conv_stack(ConvUnit(padding="valid"))
ENCODER, DECODER = Encoder(1, LEVELS, BLOCK, MaxPool), Decoder(LEVELS, (4,), BLOCK, transposed, Concat)


class Unplanned(FeatureExtractor):
    """An encoder that does not define levels."""

    def __init__(self) -> None:
        super().__init__()
        self.in_channels, self.out_channels = 1, (4, 8)


class Sum(FeatureDecoder):
    """A decoder of another kind: each map through a 1×1 convolution, enlarged to the finest size, and added."""

    def __init__(self, levels: tuple[Level, ...], channels: int) -> None:
        super().__init__()
        self.levels, self.out_channels = levels, channels
        self.mixes = nn.ModuleList(conv(level.channels, channels, (1, 1)) for level in levels)

    def forward(self, features: list[Tensor]) -> Tensor:
        """(N, channels, *size of the finest map)."""
        size = features[0].shape[2:]
        enlarged = [F.interpolate(mix(x), size=size) for mix, x in zip(self.mixes, features, strict=True)]
        return torch.stack(enlarged).sum(0)


def test_a_decoder_of_another_kind_fits_if_it_states_the_contract() -> None:
    encoder, decoder = Encoder(1, LEVELS, BLOCK, MaxPool), Sum(LEVELS, 6)
    net, image = UNet(encoder, decoder, pointwise_head(decoder, 3)), torch.randn(2, 1, 8, 12)
    fine, coarse = encoder(image)
    first, second, head = (layer.get_parameter("weight").flatten(1) for layer in (*decoder.mixes, net.head))
    biases = [layer.get_parameter("bias")[:, None, None] for layer in (*decoder.mixes, net.head)]
    blocks = coarse.repeat_interleave(2, 2).repeat_interleave(2, 3)
    mixed = torch.einsum("oi,nihw->nohw", first, fine) + torch.einsum("oi,nihw->nohw", second, blocks) + sum(biases[:2])
    assert torch.allclose(net(image), torch.einsum("oi,nihw->nohw", head, mixed) + biases[2], atol=1e-5)
    with pytest.raises(ValueError, match="axis 0 = 7 does not pass 1 pooling"):
        net(image[:, :, :7])


OTHERS = [
    (0, pyramid((4, 8, 8), rank=3, planar=(0,)), r"level 0 is Level\(.*kernel=\(1, 3, 3\)"),
    (1, (VOLUME[0], replace(VOLUME[1], stride=(1, 2, 2)), VOLUME[2]), "level 1 .* build both from the same levels"),
    (1, (VOLUME[0], replace(VOLUME[1], kernel=(5, 3, 3)), VOLUME[2]), "level 1 .* build both from the same levels"),
    (2, (*VOLUME[:2], replace(VOLUME[2], convs=3)), "level 2 .* build both from the same levels"),
]


@pytest.mark.parametrize(("level", "other", "words"), OTHERS)
def test_two_sides_of_different_plans_are_refused(level: int, other: tuple[Level, ...], words: str) -> None:
    """Their skips would be cropped to fit, and lie beside the wrong pixels."""
    assert other[level] != VOLUME[level]
    decoder = Decoder(VOLUME, (4, 8), BLOCK, transposed, Concat)
    for wrap in (lambda encoder: encoder, BottleneckDropout):
        with pytest.raises(ValueError, match=words):
            UNet(wrap(Encoder(1, other, BLOCK, MaxPool)), decoder, pointwise_head(decoder, 2))
        UNet(wrap(Encoder(1, VOLUME, BLOCK, MaxPool)), decoder, pointwise_head(decoder, 2))


HEAD: Any = pointwise_head(DECODER, 2)
bare: Any = 2
MISMATCHES: list[tuple[Callable[[], Any], str]] = [
    (lambda: UNet(Encoder(1, pyramid((5, 8)), BLOCK, MaxPool), DECODER, HEAD), r"has \(5, 8\) output channels"),
    (lambda: UNet(ENCODER, Decoder(LEVELS, (4,), VALID, transposed, Concat), HEAD), "encoder has padding 'same'"),
    (lambda: UNet(Unplanned(), DECODER, HEAD), "Unplanned does not define levels"),
    (lambda: UNet(ENCODER, DECODER, nn.Sigmoid()), "Sigmoid does not define out_channels"),
    (lambda: UNet(ENCODER, DECODER, bare), "int does not define out_channels"),
    (lambda: pointwise_head(DECODER, 0), "out_channels = 0 is not a whole number of at least 1"),
]


@pytest.mark.parametrize(("make", "words"), MISMATCHES)
def test_parts_of_a_network_that_do_not_fit_are_refused(make: Callable[[], Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()


def test_an_encoder_that_states_no_known_padding_is_refused() -> None:
    encoder: Any = Encoder(1, LEVELS, BLOCK, MaxPool)
    encoder.padding = (1, 1)
    with pytest.raises(ValueError, match=r"padding \(1, 1\); its block needs padding 'same' or 'valid'"):
        UNet(encoder, DECODER, HEAD)
