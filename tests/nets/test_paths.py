"""Encoders and decoders against their parts called in a row; plans and widths that do not fit are refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn

from tests.oracles.thin_nets import NORMED, THREE, perturbed, thin
from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.crop import center_crop
from unet_tutorial.nets.merge import Concat
from unet_tutorial.nets.norms import batch_norm
from unet_tutorial.nets.paths import BottleneckDropout, Decoder, Encoder
from unet_tutorial.nets.resample import MaxPool, StridedConv, resize_conv, transposed
from unet_tutorial.nets.unet import unet
from unet_tutorial.plan.levels import Level, pyramid

BLOCK = conv_stack(ConvUnit())


def test_an_encoder_pools_between_its_blocks_and_a_decoder_goes_back_up() -> None:
    """The oracle is torch's pooling, and the parts of each step called by hand, from the coarsest to the finest."""
    block = conv_stack(ConvUnit(padding="valid"))
    net, x = perturbed(thin(pyramid((2, 4, 6)), block=block)), torch.randn(1, 1, 44, 48)
    fine = net.encoder.get_submodule("stem")(x)
    middle = net.encoder.get_submodule("stages.0.block")(nn.functional.max_pool2d(fine, 2))
    coarse = net.encoder.get_submodule("stages.1.block")(nn.functional.max_pool2d(middle, 2))
    features = net.encoder(x)
    assert all(torch.equal(a, b) for a, b in zip(features, (fine, middle, coarse), strict=True))
    expected = coarse
    for step, skip in (("steps.0", middle), ("steps.1", fine)):
        up = net.decoder.get_submodule(f"{step}.up")(expected)
        merged = torch.cat((center_crop(skip, up.shape[2:]), up), dim=1)
        expected = net.decoder.get_submodule(f"{step}.block")(merged)
    assert torch.equal(net.decoder(features), expected)
    assert (net.encoder.out_channels, net.decoder.out_channels, net.decoder.padding) == ((2, 4, 6), 2, "valid")


def test_an_encoder_with_dropout_states_what_the_encoder_states() -> None:
    levels = pyramid((4, 8))
    encoder = Encoder(1, levels, BLOCK, MaxPool)
    assert BottleneckDropout(encoder).out_channels == (4, 8)
    assert BottleneckDropout(encoder).levels == encoder.levels == levels


def test_dropout_at_the_bottleneck_leaves_the_skips_alone() -> None:
    encoder, x = Encoder(1, THREE, NORMED, MaxPool).eval(), torch.randn(1, 1, 64, 64)
    wrapped = BottleneckDropout(encoder, p=0.25).eval()
    assert all(torch.equal(a, b) for a, b in zip(wrapped(x), encoder(x), strict=True))
    wrapped.dropout.train()
    *skips, bottom = wrapped(x)
    *expected, whole = encoder(x)
    assert all(torch.equal(a, b) for a, b in zip(skips, expected, strict=True))
    dropped = (bottom == 0) & (whole != 0)
    assert torch.allclose(bottom[bottom != 0], whole[bottom != 0] / 0.75)
    assert float(dropped.sum() / (whole != 0).sum()) == pytest.approx(0.25, abs=0.05)


def test_levels_that_are_no_plan_are_refused() -> None:
    fine, coarse = Level(4, (3, 3), (1, 1)), Level(8, (3, 3), (2, 2))
    bad: list[tuple[tuple[Level, ...], str]] = [
        ((), "at least one level"),
        ((fine, Level(8, (3,), (2,))), "level 1 has 1 spatial axes and level 0 has 2"),
        ((replace(fine, stride=(1, 2)), coarse), r"stride \(1, 2\), but it must have stride 1; write stride=\(1, 1\)"),
    ]
    for levels, words in bad:
        with pytest.raises(ValueError, match=words):
            Encoder(1, levels, BLOCK, MaxPool)
        with pytest.raises(ValueError, match=words):
            Decoder(levels, (4,), BLOCK, transposed, Concat)


@pytest.mark.parametrize("levels", [(64, 128), 64, pyramid, None, "64"])
def test_anything_but_levels_is_refused(levels: Any) -> None:
    words = r"a U-Net needs at least one level; pass e.g. pyramid\(\(64, 128, 256\)\)"
    with pytest.raises(ValueError, match=words):
        unet(1, 2, levels, block=NORMED, down=MaxPool, up=transposed, merge=Concat)
    with pytest.raises(ValueError, match=words):
        Decoder(levels, (4,), NORMED, transposed, Concat)


def test_wrong_numbers_of_channels_are_refused() -> None:
    levels = pyramid((4, 8))
    with pytest.raises(ValueError, match=r"widths \(4, 8\): 2 levels need 1 widths, one for each but the coarsest"):
        Decoder(levels, (4, 8), BLOCK, transposed, Concat)
    with pytest.raises(ValueError, match="width = 0 is not a whole number"):
        Decoder(levels, (0,), BLOCK, transposed, Concat)
    with pytest.raises(ValueError, match="in_channels = 0 is not a whole number of at least 1"):
        Encoder(0, levels, BLOCK, MaxPool)
    with pytest.raises(ValueError, match="the block at level 0 has 3 out_channels instead of 4"):
        Decoder(levels, (4,), lambda i, _wanted, level: NORMED(i, 3, level), transposed, Concat)


def test_up_widths_are_the_channels_after_upsampling() -> None:
    """The last up-convolution of the Caffe release keeps 128 channels, and its decoder has 64 there."""
    decoder = Decoder(pyramid((4, 8, 16)), (4, 8), NORMED, transposed, Concat, up_widths=(6, 16))
    shapes = {name: tuple(weight.shape[:2]) for name, weight in decoder.named_parameters() if weight.ndim > 1}
    assert (shapes["steps.0.up.weight"], shapes["steps.1.up.weight"]) == ((16, 16), (8, 6))  # (in, out)
    assert shapes["steps.0.block.units.0.conv.weight"] == (8, 8 + 16)  # (out, in)
    assert shapes["steps.1.block.units.0.conv.weight"] == (4, 4 + 6)
    with pytest.raises(ValueError, match="3 levels need 2 widths"):
        Decoder(pyramid((4, 8, 16)), (4, 8), NORMED, transposed, Concat, up_widths=(6,))


def test_an_encoder_takes_one_part_per_level() -> None:
    """Also for levels that are equal."""
    levels = [Level(2, (3, 3), (1, 1)), *[Level(2, (3, 3), (2, 2))] * 2]
    acts = [nn.ReLU, nn.Tanh, nn.Sigmoid]
    blocks = [conv_stack(ConvUnit(act=act)) for act in acts]
    encoder = Encoder(1, levels, blocks, [MaxPool, StridedConv])
    made = [encoder.stem, *(stage.get_submodule("block") for stage in encoder.stages)]
    assert [{type(m) for m in block.modules()} & set(acts) for block in made] == [{act} for act in acts]
    assert [type(stage.get_submodule("down")) for stage in encoder.stages] == [MaxPool, StridedConv]
    with pytest.raises(ValueError, match=r"2 parts, and 3 are needed; pass one for each level$"):
        Encoder(1, levels, blocks[:2], MaxPool)
    with pytest.raises(ValueError, match="3 parts, and 2 are needed; pass one for each level but the finest"):
        Encoder(1, levels, blocks, [MaxPool] * 3)


def test_a_decoder_takes_one_part_per_level() -> None:
    """Lists are finest first, and a list of equal parts is the part itself."""
    levels, wide = pyramid((2, 4, 6)), conv_stack(ConvUnit(norm=batch_norm))
    decoder = Decoder(levels, (2, 4), [wide, BLOCK], [resize_conv(), transposed], Concat)
    fine, coarse = list(decoder.steps.children())[::-1]
    assert [isinstance(step.get_submodule("up"), nn.ConvTranspose2d) for step in (fine, coarse)] == [False, True]
    assert [any(isinstance(m, nn.BatchNorm2d) for m in step.modules()) for step in (fine, coarse)] == [True, False]
    one, many = (repr(Decoder(levels, (2, 4), each, transposed, Concat)) for each in (BLOCK, [BLOCK] * 2))
    assert one == many
    with pytest.raises(ValueError, match="3 parts, and 2 are needed; pass one for each level but the coarsest"):
        Decoder(levels, (2, 4), BLOCK, [transposed] * 3, Concat)
