"""Parts that do not fit together, or that mean nothing, are refused at construction."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest
from torch import nn

from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.contracts import FeatureExtractor, out_channels_of
from unet_tutorial.nets.merge import Concat
from unet_tutorial.nets.paths import BottleneckDropout, Decoder, Encoder
from unet_tutorial.nets.presets import build, paper_unet
from unet_tutorial.nets.resample import MaxPool, transposed
from unet_tutorial.nets.unet import UNet
from unet_tutorial.plan.levels import Level, pyramid
from unet_tutorial.plan.sizes import Padding

BLOCK = conv_stack(ConvUnit())


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
    for wrap in (lambda encoder: encoder, BottleneckDropout):
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


LEVELS = pyramid((4, 8))
ENCODER, DECODER = Encoder(1, LEVELS, BLOCK, MaxPool), Decoder(LEVELS, (4,), BLOCK, transposed, Concat)
VALID = conv_stack(ConvUnit(padding="valid"))
WRONG: list[tuple[Callable[[], Any], str]] = [
    (lambda: ConvUnit(padding=cast("Padding", "full")), "'same' or 'valid'"),
    (lambda: ConvUnit(order=("conv", "act")), "'conv', 'norm' and 'act'"),
    (lambda: ConvUnit()(1, 1, (2, 2)), "no middle"),
    (lambda: ConvUnit()(1, 1, (3, 3, 3, 3)), "1, 2 and 3"),
    (lambda: Decoder(LEVELS, (4, 8), BLOCK, transposed, Concat), "2 levels need 1"),
    (lambda: UNet(Encoder(1, pyramid((5, 8)), BLOCK, MaxPool), DECODER, 2), r"gives \(5, 8\) channels"),
    (lambda: UNet(ENCODER, Decoder(LEVELS, (4,), VALID, transposed, Concat), 2), "padded 'same'"),
    (lambda: Decoder(LEVELS, (4,), BLOCK, lambda _i, _o, _s: nn.Identity(), Concat), "does not state"),
    (lambda: UNet(Unplanned(), DECODER, 2), "Unplanned does not state its levels"),
    (lambda: UNet(ENCODER, DECODER, 0), "out_channels = 0 is not a whole number of at least 1"),
    (lambda: Encoder(0, LEVELS, BLOCK, MaxPool), "in_channels = 0 is not a whole number of at least 1"),
    (lambda: Decoder(LEVELS, (0,), BLOCK, transposed, Concat), "width = 0 is not a whole number"),
    (lambda: out_channels_of(nn.ReLU()), "ReLU does not state its out_channels"),
    (lambda: build("papre"), "the presets are paper"),
    (lambda: build("paper", depth=3), "takes in_channels, out_channels, widths, and not 'depth'"),
    (lambda: paper_unet(widths=()), "at least one level"),
]


@pytest.mark.parametrize(("make", "words"), WRONG)
def test_wrong_parts_are_refused_at_construction(make: Callable[[], Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()


def test_an_encoder_with_dropout_states_what_the_encoder_states() -> None:
    assert BottleneckDropout(ENCODER).out_channels == (4, 8)
    assert BottleneckDropout(ENCODER).levels == ENCODER.levels == DECODER.levels == LEVELS
