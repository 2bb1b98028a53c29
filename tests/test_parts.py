"""The parts of a U: what each computes, and what each refuses at construction or at the first bad tensor."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from unet_tutorial.nets.blocks import ConvUnit, batch_norm, conv_stack
from unet_tutorial.nets.init import convolutions, kaiming_
from unet_tutorial.nets.levels import Level, pyramid
from unet_tutorial.nets.merge import Concat
from unet_tutorial.nets.nd import FeatureExtractor, Part, center_crop, conv, stated
from unet_tutorial.nets.paths import Decoder, DropoutAtEnd, Encoder
from unet_tutorial.nets.presets import PRESETS, build, paper_unet
from unet_tutorial.nets.resample import MaxPool, transposed
from unet_tutorial.nets.sizes import Padding, nearest_valid, output_size
from unet_tutorial.nets.unet import UNet, unet

BLOCK = conv_stack(ConvUnit())
CASES = [(rank, padding) for rank in (1, 2, 3) for padding in ("same", "valid")]


def small(rank: int, padding: Padding) -> tuple[UNet, Tensor]:
    """A net of two levels with norms, and an image that fits."""
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


@pytest.mark.parametrize("order", [("conv", "norm", "act"), ("conv", "act", "norm"), ("norm", "act", "conv")])
def test_a_unit_executes_in_the_order_it_states(order: tuple[str, ...]) -> None:
    unit = ConvUnit(norm=batch_norm, order=order)(2, 3, (3, 3))
    weight, bias = unit.get_parameter("conv.weight"), unit.get_parameter("conv.bias")

    def normed(y: Tensor) -> Tensor:
        mean, variance = y.mean((0, 2, 3), keepdim=True), y.var((0, 2, 3), correction=0, keepdim=True)
        return (y - mean) / (variance + 1e-5).sqrt()

    def convolved(y: Tensor) -> Tensor:
        return nn.functional.conv2d(y, weight, bias, padding=1)

    steps: dict[str, Callable[[Tensor], Tensor]] = {"conv": convolved, "norm": normed, "act": lambda y: y.clamp(min=0)}
    x = torch.randn(4, 2, 8, 8)
    expected = x
    for name in order:
        expected = steps[name](expected)
    assert torch.allclose(unit(x), expected, atol=1e-5)


def test_a_dynamic_export_equals_eager_at_a_size_of_other_parity() -> None:
    """A crop by a number that was fixed while tracing would be silently wrong at the other sizes."""
    levels = pyramid((2, 4, 4))
    block = conv_stack(ConvUnit(padding="valid"))
    net = unet(1, 2, levels, block=block, down=MaxPool, up=transposed, merge=Concat).eval()
    sides = {2: torch.export.Dim.AUTO, 3: torch.export.Dim.AUTO}
    exported = torch.export.export(net, (torch.randn(1, 1, 60, 60),), dynamic_shapes=(sides,)).module()
    for size in ((60, 60), (64, 84), (48, 100)):
        image = torch.randn(1, 1, *size)
        assert torch.allclose(exported(image), net(image), atol=1e-6)


def test_center_crop_of_coordinates() -> None:
    rows = torch.arange(9.0)[:, None].expand(9, 9)
    grid = torch.stack((rows, rows.T))[None]
    cropped = center_crop(grid, (4, 9))
    assert cropped[0, 0, :, 0].tolist() == [2, 3, 4, 5]
    assert cropped[0, 1, 0].tolist() == list(range(9))
    for size in ((10, 9), (4,)):
        with pytest.raises(ValueError, match="none of them longer"):
            center_crop(grid, size)


def test_pooling_refuses_to_drop_a_row() -> None:
    pool = MaxPool(1, Level(1, (3, 3), (2, 3)))
    assert pool(torch.zeros(1, 1, 4, 6)).shape == (1, 1, 2, 2)
    with pytest.raises(ValueError, match=r"axis 1 = 7 is not a multiple of the stride 3, .* drop 1"):
        pool(torch.zeros(1, 1, 4, 7))


class Gate(Part):
    """A part with an initialisation of its own."""

    own_init = True

    def __init__(self) -> None:
        super().__init__()
        self.conv = conv(1, 1, (1, 1))
        nn.init.constant_(self.conv.get_parameter("weight"), 7.0)
        self.out_channels = 1


def test_an_initialiser_leaves_a_parts_own_initialisation_alone() -> None:
    net = kaiming_(nn.Sequential(Gate(), conv(1, 500, (3, 3))))
    assert net.get_parameter("0.conv.weight").item() == 7.0
    assert net.get_parameter("1.weight").std().item() == pytest.approx((2 / 9) ** 0.5, rel=0.05)
    assert len(list(convolutions(net))) == 1


class Unplanned(FeatureExtractor):
    """An encoder of a friend, who has not read the contract."""

    def __init__(self) -> None:
        super().__init__()
        self.in_channels, self.out_channels = 1, (4, 8)


VOLUME = pyramid((4, 8, 8), rank=3)
OTHERS = [
    (0, pyramid((4, 8, 8), rank=3, planar=(0,)), r"level 0 is Level\(.*kernel=\(1, 3, 3\)"),
    (1, (VOLUME[0], replace(VOLUME[1], stride=(1, 2, 2)), VOLUME[2]), "level 1 .* build both from one plan"),
    (1, (VOLUME[0], replace(VOLUME[1], kernel=(5, 3, 3)), VOLUME[2]), "level 1 .* build both from one plan"),
    (2, (*VOLUME[:2], replace(VOLUME[2], convs=3)), "level 2 .* build both from one plan"),
]


@pytest.mark.parametrize(("level", "other", "words"), OTHERS)
def test_two_sides_of_different_plans_are_refused(level: int, other: tuple[Level, ...], words: str) -> None:
    """Their skips would be cropped to fit, and lie beside the wrong pixels."""
    assert other[level] != VOLUME[level]
    decoder = Decoder(VOLUME, (4, 8), BLOCK, transposed, Concat)
    for wrap in (lambda encoder: encoder, DropoutAtEnd):
        with pytest.raises(ValueError, match=words):
            UNet(wrap(Encoder(1, other, BLOCK, MaxPool)), decoder, 2)
        UNet(wrap(Encoder(1, VOLUME, BLOCK, MaxPool)), decoder, 2)


def test_levels_that_are_no_plan_are_refused() -> None:
    fine, coarse = Level(4, (3, 3), (1, 1)), Level(8, (3, 3), (2, 2))
    bad: list[tuple[tuple[Level, ...], str]] = [
        ((), "at least one level"),
        ((fine, Level(8, (3,), (2,))), "level 1 has rank 1 and level 0 rank 2"),
        ((replace(fine, stride=(1, 2)), coarse), r"stride \(1, 2\), and no level is finer; write stride=\(1, 1\)"),
    ]
    for levels, words in bad:
        with pytest.raises(ValueError, match=words):
            Encoder(1, levels, BLOCK, MaxPool)
        with pytest.raises(ValueError, match=words):
            Decoder(levels, (4,), BLOCK, transposed, Concat)


@pytest.mark.parametrize("norm", [nn.BatchNorm2d, nn.GroupNorm, partial(nn.BatchNorm2d, momentum=0.1)])
def test_a_class_of_torch_is_no_norm(norm: Any) -> None:
    """``nn.BatchNorm2d(8, 2)`` is legal, and divides by √(variance + 2)."""
    with pytest.raises(ValueError, match=r"hand in batch_norm, or a function \(channels, rank\)"):
        ConvUnit(norm=norm)
    ours = ConvUnit(norm=lambda channels, rank: nn.GroupNorm(rank, channels))(1, 4, (3, 3))
    assert isinstance(ours.get_submodule("norm"), nn.GroupNorm)


def test_wrong_parts_are_refused_at_construction() -> None:
    levels = pyramid((4, 8))
    encoder, decoder = Encoder(1, levels, BLOCK, MaxPool), Decoder(levels, (4,), BLOCK, transposed, Concat)
    valid = conv_stack(ConvUnit(padding="valid"))
    cases: list[tuple[Any, str]] = [
        (lambda: ConvUnit(padding=cast("Padding", "full")), "'same' or 'valid'"),
        (lambda: ConvUnit(order=("conv", "act")), "'conv', 'norm' and 'act'"),
        (lambda: ConvUnit()(1, 1, (2, 2)), "no middle"),
        (lambda: ConvUnit()(1, 1, (3, 3, 3, 3)), "1, 2 and 3"),
        (lambda: Decoder(levels, (4, 8), BLOCK, transposed, Concat), "2 levels need 1"),
        (lambda: UNet(Encoder(1, pyramid((5, 8)), BLOCK, MaxPool), decoder, 2), r"gives \(5, 8\) channels"),
        (lambda: UNet(encoder, Decoder(levels, (4,), valid, transposed, Concat), 2), "padded 'same'"),
        (lambda: Decoder(levels, (4,), BLOCK, lambda _i, _o, _s: nn.Identity(), Concat), "does not state"),
        (lambda: UNet(Unplanned(), decoder, 2), "Unplanned does not state its levels"),
        (lambda: UNet(encoder, decoder, 0), "out_channels = 0 is not a whole number of at least 1"),
        (lambda: Encoder(0, levels, BLOCK, MaxPool), "in_channels = 0 is not a whole number of at least 1"),
        (lambda: Decoder(levels, (0,), BLOCK, transposed, Concat), "width = 0 is not a whole number"),
        (lambda: stated(nn.ReLU()), "ReLU does not state its out_channels"),
        (lambda: build("papre"), "the presets are paper"),
        (lambda: build("paper", depth=3), "takes in_channels, out_channels, widths, and not 'depth'"),
        (lambda: paper_unet(widths=()), "at least one level"),
    ]
    for make, words in cases:
        with pytest.raises(ValueError, match=words):
            make()
    assert DropoutAtEnd(encoder).out_channels == (4, 8)
    assert DropoutAtEnd(encoder).levels == encoder.levels == decoder.levels == levels


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (torch.zeros(1, 20, 20), r"input \(1, 20, 20\): 3 axes, and this network needs 4"),
        (torch.zeros(1, 3, 20, 20), "3 channels, and this network needs 1"),
        (torch.zeros(1, 1, 20, 20, dtype=torch.uint8), "uint8, and a network needs floats"),
        (torch.zeros(1, 1, 20, 20, dtype=torch.float64), r"torch.float64, and .* call .to\(torch.float32\)$"),
        (torch.zeros(1, 1, 20, 20, dtype=torch.float16), r"torch.float16, and .* call .to\(torch.float32\)$"),
        (torch.zeros(1, 1, 19, 20), "axis 0 = 19 does not pass 1 poolings; the nearest sizes that do are 18 and 20"),
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


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_the_same_from_the_same_seed(name: str) -> None:
    states = []
    for _ in range(2):
        torch.manual_seed(5)
        states.append(build(name, widths=(4, 8)).state_dict())
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])
