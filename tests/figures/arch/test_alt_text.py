"""Alternative texts against the sizes, crops and counts of the networks."""

from __future__ import annotations

import torch

from tests.oracles.hooked_nets import NETS, arch
from unet_tutorial.figures.arch.alt_text import alt_text
from unet_tutorial.figures.tracing.trace import trace
from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.merge import Concat
from unet_tutorial.nets.presets import paper_unet
from unet_tutorial.nets.resample import MaxPool
from unet_tutorial.nets.shuffle import PixelShuffle
from unet_tutorial.nets.unet import unet
from unet_tutorial.plan.levels import pyramid


def text_of(name: str) -> str:
    return alt_text(arch(name))


def test_the_papers_network_in_three_sentences() -> None:
    with torch.device("meta"):
        net = paper_unet()
    assert alt_text(trace(net, torch.empty(1, 1, 572, 572))) == (
        "UNet: a U of 5 levels from an input of 1 channel of 572² to an output of 2 channels of 388². "
        "Down its left side, level by level: 64 channels of 568², 128 channels of 280², 256 channels of 136², "
        "512 channels of 64², 1,024 channels of 28²; "
        "4 skips cross it and are concatenated, cropped by 88, 40, 16, 4 pixels per side. "
        "It has 31,030,658 parameters."
    )


def test_skips_are_described() -> None:
    assert "3 skips cross it and are gated and concatenated." in text_of("attention")
    assert "2 skips cross it and are added." in text_of("residual")
    assert "no skip crosses it." in text_of("without")
    assert "1 skip crosses it and is concatenated." in text_of("two")
    assert "from inputs of 1 channel of 32² and 2 channels of 32² to" in text_of("two")
    assert "4 channels of 8×64×64" in text_of("planar")


def test_a_model_without_a_u_is_described_with_the_reason() -> None:
    text = text_of("classifier")
    assert text.startswith(f"Sequential, not drawn as a U: {arch('classifier').reason}. ")
    assert "5 maps, from 1 channel of 32² to a vector of 10," in text
    assert text.endswith(f"It has {sum(p.numel() for p in NETS['classifier'][0]().parameters()):,} parameters.")


def test_the_bottom_is_described_before_its_channels_are_shuffled_into_pixels() -> None:
    net = unet(1, 2, pyramid((4, 8, 16)), block=conv_stack(ConvUnit()), down=MaxPool, up=PixelShuffle, merge=Concat)
    text = alt_text(trace(net, torch.empty(1, 1, 32, 32, device="meta")))
    assert "4 channels of 32², 8 channels of 16², 16 channels of 8²;" in text
