"""The rules for channels, on the features of a ResNet34: 64, 64, 128, 256 and 512 channels."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.channel_rules import ChannelRule, StepFactories, eq_skip, halve, keep, ruled_decoder
from unet_tutorial.nets.init import kaiming_
from unet_tutorial.nets.merge import Concat, NoSkip
from unet_tutorial.nets.shuffle import PixelShuffle
from unet_tutorial.plan.levels import pyramid

LEVELS = pyramid((3, 64, 64, 128, 256, 512))
STEPS = StepFactories(PixelShuffle, Concat, conv_stack(ConvUnit()))
LAST = StepFactories(PixelShuffle, NoSkip, conv_stack(ConvUnit()))


@pytest.mark.parametrize(
    ("rules", "widths"),
    [
        ([keep] * 4, (192, 192, 256, 384, 512)),  # 512: 256 + 256; 384: 256 + 128; 256: 192 + 64; 192: 128 + 64
        ([halve] * 4, (48, 48, 64, 128, 256)),
        ([eq_skip] * 4, (64, 64, 64, 128, 256)),
        ([halve, keep, keep, keep], (96, 96, 256, 384, 512)),  # fastai's
    ],
)
def test_the_channels_of_the_steps(rules: list[ChannelRule], widths: tuple[int, ...]) -> None:
    decoder = ruled_decoder(LEVELS, rules, STEPS, LAST).to("meta")
    assert decoder.map_channels == widths
    ups = [step.get_submodule("up.conv") for step in decoder.steps]
    made = [layer.out_channels // 4 for layer in ups if isinstance(layer, nn.Conv2d)]
    below = [512, *widths[:0:-1]]
    assert made == [n // 2 for n in below[:-1]] + [below[-1]]


def test_the_last_merge_determines_the_channels_of_the_finest_level() -> None:
    decoder = ruled_decoder(LEVELS, [eq_skip] * 4, STEPS, LAST._replace(merge=Concat))
    assert decoder.out_channels == 64 + 3


def test_one_rule_per_step_is_needed() -> None:
    with pytest.raises(ValueError, match="5 rules for 6 levels; pass one for each but the finest and the coarsest"):
        ruled_decoder(LEVELS, [keep] * 5, STEPS, LAST)
    with pytest.raises(ValueError, match="width = 0 is not a whole number"):
        ruled_decoder(LEVELS, [lambda up, skip: 0] * 4, STEPS, LAST)  # noqa: ARG005


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_before_training_every_upsampling_is_nearest_neighbour(rank: int) -> None:
    """ICNR, also after an initialiser of the whole decoder."""
    decoder = kaiming_(ruled_decoder(pyramid((2, 4, 8, 8), rank), [keep] * 2, STEPS, LAST))
    for step, below in zip(decoder.steps, (8, 12, 10), strict=True):
        out = step.get_submodule("up")(torch.randn(1, below, *(3, 2, 4)[:rank]))
        first = out[(..., *(slice(None, None, 2),) * rank)]
        assert torch.allclose(out, nn.functional.interpolate(first, scale_factor=2, mode="nearest"), atol=1e-5)
        assert out.any()
