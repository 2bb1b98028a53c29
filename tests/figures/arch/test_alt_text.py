"""The sentences against the network's own numbers."""

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


def words(name: str) -> str:
    return alt_text(arch(name))


def test_the_papers_network_in_three_sentences() -> None:
    with torch.device("meta"):
        net = paper_unet()
    assert alt_text(trace(net, torch.empty(1, 1, 572, 572))) == (
        "UNet: a U of 5 levels from an input of 1 channel of 572² to an output of 2 channels of 388². "
        "Down its left side, level by level: 64 channels of 568², 128 channels of 280², 256 channels of 136², "
        "512 channels of 64², 1,024 channels of 28²; "
        "4 skips cross it and are concatenated after cutting off 88, 40, 16, 4 pixels per side. "
        "It has 31,030,658 parameters."
    )


def test_skips_are_told_as_they_are() -> None:
    assert "3 skips cross it and are gated and concatenated." in words("attention")
    assert "2 skips cross it and are added." in words("residual")
    assert "no skip crosses it." in words("without")
    assert "1 skip crosses it and is concatenated." in words("two")
    assert "an input of 1 channel of 32² and 2 channels of 32²" in words("two")
    assert "4 channels of 8×64×64" in words("planar")


def test_what_is_no_u_is_said_with_its_reason() -> None:
    said = words("classifier")
    assert said.startswith(f"Sequential, not drawn as a U: {arch('classifier').reason}. ")
    assert "5 maps, from 1 channel of 32² to 10 channels" in said
    assert said.endswith(f"It has {sum(p.numel() for p in NETS['classifier'][0]().parameters()):,} parameters.")


def test_channels_that_a_shuffle_turns_into_pixels_are_not_the_bottoms() -> None:
    net = unet(1, 2, pyramid((4, 8, 16)), block=conv_stack(ConvUnit()), down=MaxPool, up=PixelShuffle, merge=Concat)
    said = alt_text(trace(net, torch.empty(1, 1, 32, 32, device="meta")))
    assert "4 channels of 32², 8 channels of 16², 16 channels of 8²;" in said
