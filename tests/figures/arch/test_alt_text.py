"""Alternative texts against the sizes, crops and counts of the networks."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.oracles import several_outputs
from tests.oracles.foreign_hard import Call
from tests.oracles.foreign_unets import conv
from tests.oracles.hooked_nets import NETS, arch
from tests.oracles.u2net import arch as u2net
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


def described(net: nn.Module, *inputs: torch.Tensor) -> str:
    return alt_text(trace(net, *inputs))


def test_every_output_is_named_in_the_order_returned() -> None:
    image = torch.empty(several_outputs.SIZE)
    text = described(several_outputs.Heads(several_outputs.deep), image)
    assert "to 2 outputs (output 1: 2 channels of 16², output 2: 2 channels of 32²)." in text
    text = described(several_outputs.Heads(several_outputs.deep_finest_first), image)
    assert "to 2 outputs (output 1: 2 channels of 32², output 2: 2 channels of 16²)." in text
    text = described(several_outputs.Heads(several_outputs.deep_at_one_size), image)
    assert "to 2 outputs (2 channels of 32² each)." in text
    text = described(several_outputs.Heads(several_outputs.with_class), image)
    assert "output 2: a vector of 16)." in text


def test_outputs_of_a_network_that_is_no_u_are_named_as_well() -> None:
    net = Call(lambda layers, x: [layers[0](x), layers[1](x)], nn.Conv2d(1, 2, 1), nn.Conv2d(1, 3, 1))
    text = described(net, torch.empty(1, 1, 8, 8))
    assert "from 1 channel of 8² to 2 outputs (output 1: 2 channels of 8², output 2: 3 channels of 8²), are in" in text


def test_a_padded_skip_is_no_crop() -> None:
    """The skip of 9 pixels is padded to the 10 of the upsampled map."""

    def run(layers: nn.ModuleList, x: torch.Tensor) -> torch.Tensor:
        a = layers[0](x)
        up = F.interpolate(layers[1](F.max_pool2d(a, 2, ceil_mode=True)), scale_factor=2)
        return torch.as_tensor(layers[2](torch.cat([F.pad(a, (0, 1, 0, 1)), up], 1)))

    text = described(Call(run, conv(1, 4), conv(4, 4), nn.Conv2d(8, 1, 1)), torch.empty(1, 1, 9, 9))
    assert "1 skip crosses it and is concatenated, padded by 0+1 pixels per side." in text


def test_crops_of_some_skips_are_counted() -> None:
    """Two skips of which one fits: 18 pixels, 9 after the first pooling and 8 after upsampling from 4."""

    def run(layers: nn.ModuleList, x: torch.Tensor) -> torch.Tensor:
        a = layers[0](x)
        b = layers[1](F.max_pool2d(a, 2))
        c = layers[2](torch.cat([b[:, :, :8, :8], F.interpolate(layers[3](F.max_pool2d(b, 2)), scale_factor=2)], 1))
        return torch.as_tensor(layers[4](torch.cat([a, F.interpolate(c, size=a.shape[2:])], 1)))

    net = Call(run, conv(1, 4), conv(4, 4), conv(8, 4), conv(4, 4), nn.Conv2d(8, 1, 1))
    assert "concatenated, 1 of them cropped by 0+1 pixels per side." in described(net, torch.empty(1, 1, 18, 18))


@pytest.mark.slow
def test_the_kind_of_grid_is_named() -> None:
    """Three rows of UNet++ have 3 + 2 + 1 nodes; 8 of the 11 stages of U2Net go down and up by themselves."""
    assert "are in the triangle of UNet++, whose 6 nodes X(i,j) have 3 rows." in text_of("nested")
    assert "to 7 outputs (1 channel of 64² each), are in a U with 8 U-Nets in frames." in alt_text(u2net())
    assert "are in a grid." in text_of("classifier")
