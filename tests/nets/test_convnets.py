"""Classification networks as encoders: published numbers of parameters, features by hand, and their reach."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import Tensor, nn

from tests.oracles.thin_nets import NORMED, count, perturbed
from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.contracts import FeatureExtractor
from unet_tutorial.nets.convnets import (
    Deepened,
    Stage,
    basic_units,
    bottleneck_units,
    darknet,
    darknet53,
    resnet,
    resnet34,
    resnet50,
    vgg16,
)
from unet_tutorial.nets.paths import Encoder
from unet_tutorial.nets.resample import MaxPool
from unet_tutorial.plan.levels import Level, Size, pyramid

COUNTS: list[tuple[int, Callable[[], FeatureExtractor]]] = [
    (14_714_688, vgg16),  # Keras, without its classifier
    (21_284_672, resnet34),  # timm, torchvision
    (21_278_400, partial(resnet34, 1)),
    (23_508_032, resnet50),
    (23_534_592, partial(resnet50, bias=True)),  # Keras: trainable
    (40_584_928, darknet53),  # Keras: trainable
    (40_620_064 - 2 * 17_856, partial(darknet53, 1)),  # less the running means and variances of 17,856 channels
]


@pytest.mark.parametrize(("published", "make"), COUNTS)
def test_published_numbers_of_parameters(published: int, make: Callable[[], FeatureExtractor]) -> None:
    with torch.device("meta"):
        net = make()
    assert count(net) == published
    if published == 40_620_064 - 2 * 17_856:
        assert sum(m.num_features for m in net.modules() if isinstance(m, nn.BatchNorm2d)) == 17_856


CHANNELS: list[tuple[Callable[[], FeatureExtractor], Size]] = [
    (vgg16, (64, 128, 256, 512, 512)),
    (resnet34, (3, 64, 64, 128, 256, 512)),
    (resnet50, (3, 64, 256, 512, 1024, 2048)),
    (darknet53, (32, 64, 128, 256, 512, 1024)),
]


@pytest.mark.parametrize(("make", "channels"), CHANNELS)
def test_each_level_halves_the_size(make: Callable[[], FeatureExtractor], channels: Size) -> None:
    with torch.device("meta"):
        net = make()
        features = net(torch.zeros(1, 3, 64, 96))
    assert net.out_channels == channels
    sizes = [(64 >> i, 96 >> i) for i in range(len(channels))]
    assert [tuple(x.shape[1:]) for x in features] == [(c, *size) for c, size in zip(channels, sizes, strict=True)]


def reference(net: nn.Module, image: Tensor) -> list[Tensor]:
    """The features of a ResNet of one unit per stage, by torch's functions and the layers of the encoder in order."""
    layers = [m for m in net.modules() if isinstance(m, (nn.Conv2d, nn.BatchNorm2d))]
    convs = iter(zip(layers[::2], layers[1::2], strict=True))

    def step(x: Tensor) -> Tensor:
        conv, norm = next(convs)
        out: Tensor = norm(conv(x))
        return out

    first = step(image).relu()
    one = nn.functional.max_pool2d(first, 3, 2, padding=1)
    features = [image, first]
    for _ in range(2):
        body = step(step(step(one).relu()).relu())
        one = (body + step(one)).relu()
        features.append(one)
    return features


def test_a_resnet_is_its_layers_in_a_row() -> None:
    torch.manual_seed(0)
    net = perturbed(resnet(2, bottleneck_units, (1, 1), (4, 8, 12))).eval()
    image = torch.randn(1, 2, 16, 24)
    ours, expected = net(image), reference(net, image)
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(ours, expected, strict=True))
    strides = [m.stride for m in net.modules() if isinstance(m, nn.Conv2d) and max(m.stride) > 1]
    assert strides == [(2, 2)] * 3  # the 7×7 convolution, and the body and the shortcut of the second stage


def test_darknet_adds_bottlenecks_without_an_activation_after_the_sum() -> None:
    torch.manual_seed(0)
    net = perturbed(darknet(1, (2,), (4, 6))).eval()
    image = torch.randn(1, 1, 8, 12)
    first, down, a, b, c, d = (m for m in net.modules() if isinstance(m, nn.Sequential) and hasattr(m, "conv"))
    fine = first(image)
    coarse = down(fine)
    middle = coarse + b(a(coarse))
    expected = middle + d(c(middle))
    assert torch.equal(net(image)[0], fine)
    assert torch.allclose(net(image)[1], expected, atol=1e-6)
    (stride,) = [m for m in net.modules() if isinstance(m, nn.Conv2d) and m.stride == (2, 2)]
    padded = nn.functional.pad(fine, (1, 0, 1, 0))  # as there: one pixel before, none after
    assert torch.allclose(stride(fine), nn.functional.conv2d(padded, stride.weight, stride=2), atol=1e-6)
    assert all(m.bias is None for m in net.modules() if isinstance(m, nn.Conv2d))
    assert down.get_submodule("act").negative_slope == 0.1


THIN: list[tuple[Callable[[], FeatureExtractor], int]] = [
    (partial(vgg16, 1, (2, 2, 2)), 2),
    (partial(resnet, 1, basic_units, (2, 1), (2, 2, 3)), 2),
    (partial(resnet, 1, bottleneck_units, (1, 3), (2, 4, 4), rank=3), 3),
    (partial(darknet, 1, (1, 3), (2, 2, 4), rank=1), 1),
    (lambda: Deepened(vgg16(1, (2, 2)), Level(3, (3, 3), (2, 2), 4), NORMED, MaxPool), 2),
]


@pytest.mark.parametrize(("make", "rank"), THIN)
def test_no_feature_depends_on_more_pixels_than_plan_and_reach_state(
    make: Callable[[], FeatureExtractor], rank: int
) -> None:
    """A middle pixel of each map: the gradient is 0 farther away than all convolutions of the plan, plus the reach.

    With positive weights no ReLU is closed.
    """
    torch.manual_seed(0)
    net = make().double().eval()
    for weight in net.parameters():
        nn.init.uniform_(weight, 0.1, 0.2)
    image = torch.rand(1, 1, 192, *(8,) * (rank - 1), dtype=torch.float64, requires_grad=True)
    planned, scale = 0, 1
    for level, x in zip(net.levels, net(image), strict=True):
        scale *= level.stride[0]
        planned += scale * level.convs * (level.kernel[0] // 2) + scale - 1
        middle = x.shape[2] // 2
        (gradient,) = torch.autograd.grad(x.select(2, middle).square().sum(), image, retain_graph=True)
        seen = gradient.abs().sum(dim=(0, 1, *range(3, 2 + rank))).nonzero().flatten()
        first, last = middle * scale, (middle + 1) * scale - 1
        assert first - int(seen[0]) <= planned + net.extra_reach[0]
        assert int(seen[-1]) - last <= planned + net.extra_reach[0]


def test_a_stage_states_only_what_is_read_beyond_the_plan() -> None:
    level = Level(2, (3, 3), (2, 2), convs=2)
    blocks = [conv_stack(ConvUnit())(2, 2, Level(2, (3, 3), (1, 1), convs=1)) for _ in range(3)]
    for block in blocks:
        block.extra_reach = (1, 1)
    assert [Stage(2, blocks[:n], level).extra_reach for n in range(4)] == [(0, 0), (0, 0), (0, 0), (1, 1)]
    image = torch.randn(1, 2, 4, 4)
    assert torch.equal(Stage(2, [], level)(image), image)


def test_a_deepened_encoder_has_one_more_level() -> None:
    encoder = perturbed(Encoder(1, pyramid((2, 4)), NORMED, MaxPool)).eval()
    deeper = Deepened(encoder, Level(6, (3, 3), (2, 2)), NORMED, MaxPool).eval()
    image = torch.randn(1, 1, 8, 12)
    *same, new = deeper(image)
    assert all(torch.equal(a, b) for a, b in zip(same, encoder(image), strict=True))
    assert torch.equal(new, deeper.block(nn.functional.max_pool2d(same[-1], 2)))
    assert (deeper.out_channels, len(deeper.levels), deeper.in_channels) == ((2, 4, 6), 3, 1)


@pytest.mark.parametrize("make", [lambda: resnet(1, basic_units, (1, 1), (4, 8)), lambda: darknet(1, (1, 2), (4, 8))])
def test_widths_that_do_not_fit_the_stages_are_refused(make: Callable[[], FeatureExtractor]) -> None:
    with pytest.raises(ValueError, match=r"2 widths for \d stages; pass one for the"):
        make()


def test_fewer_widths_make_fewer_stages_and_more_are_refused() -> None:
    assert count(resnet34(1, (2, 2, 4))) == count(resnet(1, basic_units, (3, 4), (2, 2, 4)))
    assert count(darknet53(1, (2, 2, 4))) == count(darknet(1, (1, 2), (2, 2, 4)))
    assert count(resnet34(1, (2,))) == 7 * 7 * 2 + 2 * 2  # the 7×7 convolution and its norm
    with pytest.raises(ValueError, match="6 widths for 4 stages"):
        resnet50(1, (4,) * 6)
