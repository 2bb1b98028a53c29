"""Shortcuts without weights and with a norm, against their formulas; layers after the sum."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from tests.oracles.thin_nets import count, perturbed
from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.channelwise import prelu
from unet_tutorial.nets.norms import batch_norm, no_norm
from unet_tutorial.nets.resample import StridedConv
from unet_tutorial.nets.shortcuts import Shortcut, followed, projected, repeated, with_shortcut, zero_padded
from unet_tutorial.nets.wrappers import residual
from unet_tutorial.plan.levels import Level

LEVEL = Level(6, (3, 3), (2, 2))
BLOCK = conv_stack(ConvUnit(act=nn.Identity))
RANKS = (1, 2, 3)


def level(rank: int) -> Level:
    return Level(6, (3,) * rank, (2,) * rank)


def zeroed(part: nn.Module) -> None:
    with torch.no_grad():
        for weight in part.get_submodule("body").parameters():
            weight.zero_()


@pytest.mark.parametrize("rank", RANKS)
@pytest.mark.parametrize("channels", [1, 2, 4])
@pytest.mark.parametrize(
    ("shortcut", "index"), [(zero_padded, lambda i, n: i if i < n else None), (repeated, lambda i, n: i % n)]
)
def test_with_a_zero_body_the_output_is_the_shortcut(rank: int, channels: int, shortcut: Shortcut, index: Any) -> None:
    part, x = with_shortcut(BLOCK, shortcut)(channels, 6, level(rank)), torch.randn(2, channels, *(5, 6, 7)[:rank])
    zeroed(part)
    out = part(x)
    for i in range(6):
        source = index(i, channels)
        assert torch.equal(out[:, i], torch.zeros_like(x[:, 0]) if source is None else x[:, source])
    assert count(part) == count(BLOCK(channels, 6, level(rank)))


@pytest.mark.parametrize("shortcut", [zero_padded, repeated, projected(batch_norm)])
def test_equal_channels_pass_unchanged_and_valid_padding_is_cropped(shortcut: Shortcut) -> None:
    part = with_shortcut(conv_stack(ConvUnit(padding="valid")), shortcut)(6, 6, LEVEL)
    zeroed(part)
    x = torch.randn(2, 6, 9, 8)
    assert torch.equal(part(x), x[:, :, 2:-2, 2:-2])
    assert part.padding == "valid"


def test_a_projection_without_a_norm_is_the_usual_residual_block() -> None:
    ours, usual = with_shortcut(BLOCK, projected(no_norm))(2, 6, LEVEL), residual(BLOCK)(2, 6, LEVEL)
    usual.load_state_dict(dict(zip(usual.state_dict(), ours.state_dict().values(), strict=True)))
    x = torch.randn(2, 2, 5, 5)
    assert torch.equal(ours(x), usual(x))


def test_a_projection_with_a_norm() -> None:
    part, x = perturbed(with_shortcut(BLOCK, projected(batch_norm))(2, 6, LEVEL)).eval(), torch.randn(2, 2, 5, 5)
    shortcut = part.get_submodule("shortcut")
    expected = shortcut.get_submodule("norm")(shortcut.get_submodule("conv")(x))
    assert torch.equal(part(x), part.get_submodule("body")(x) + expected)


def test_layers_after_a_block_and_after_a_downsampling() -> None:
    x = torch.randn(2, 4, 6, 6)
    for factory, arguments in ((residual(BLOCK), (4, 6, LEVEL)), (StridedConv, (4, LEVEL))):
        part = perturbed(followed(factory, batch_norm, nn.ReLU)(*arguments)).eval()
        body = part.get_submodule("body")(x)
        assert torch.equal(part(x), part.get_submodule("norm")(body).relu())
        assert part.out_channels == 6
    assert followed(StridedConv, prelu)(4, LEVEL).get_parameter("norm.weight").numel() == 6


@pytest.mark.parametrize("shortcut", [zero_padded, repeated])
def test_fewer_channels_than_the_input_are_refused(shortcut: Shortcut) -> None:
    with pytest.raises(ValueError, match=r"cannot make 6 channels from 7.*; use wrappers.residual"):
        with_shortcut(BLOCK, shortcut)(7, 6, LEVEL)


@pytest.mark.parametrize("given", [nn.Identity, nn.Identity(), "padded", None, lambda channels: channels])
def test_anything_but_a_shortcut_is_refused(given: Any) -> None:
    with pytest.raises(ValueError, match=r"shortcut is .* pass zero_padded, repeated or projected\(norm\)"):
        with_shortcut(BLOCK, given)
