"""What is put around a block: a shortcut, and dropout."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from tests.oracles.thin_nets import NORMED, count, inner, stirred, thin
from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.crop import center_crop
from unet_tutorial.nets.norms import batch_norm
from unet_tutorial.nets.wrappers import dropped, residual
from unet_tutorial.plan.levels import Level
from unet_tutorial.plan.sizes import Padding

RANKS = (1, 2, 3)
PADDINGS: list[Padding] = ["same", "valid"]


def level(rank: int) -> Level:
    return Level(6, (3,) * rank, (1,) * rank)


def zeroed(part: nn.Module) -> None:
    with torch.no_grad():
        for weight in part.get_submodule("body").parameters():
            weight.zero_()


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("rank", RANKS)
def test_a_residual_block_with_a_zero_body_is_its_shortcut(rank: int, padding: Padding) -> None:
    """The input where the channels stay; else a 1×1 convolution, written here as a product of matrices."""
    block = residual(conv_stack(ConvUnit(padding=padding, act=nn.Identity)))
    for channels in (6, 2):
        part, x = block(channels, 6, level(rank)), torch.randn(2, channels, *(8, 9, 10)[:rank])
        zeroed(part)
        expected = x if padding == "same" else x[inner(rank, 2)]
        if channels != 6:
            weight, bias = part.get_parameter("shortcut.weight"), part.get_parameter("shortcut.bias")
            mixed = torch.einsum("oi,ni...->no...", weight.flatten(1), expected)
            expected = mixed + bias.reshape(-1, *(1,) * rank)
        assert torch.allclose(part(x), expected, atol=1e-6)
        assert (part.out_channels, part.padding) == (6, padding)


@pytest.mark.parametrize("padding", PADDINGS)
def test_a_residual_block_is_body_plus_shortcut(padding: Padding) -> None:
    block = conv_stack(ConvUnit(padding=padding, norm=batch_norm))
    part, x = residual(block)(6, 6, level(2)).eval(), torch.randn(2, 6, 8, 9)
    plain = block(6, 6, level(2)).eval()
    plain.load_state_dict(part.get_submodule("body").state_dict())
    out: Tensor = plain(x)
    assert torch.equal(part(x), out + center_crop(x, out.shape[2:]))
    assert count(part) == count(plain)
    assert count(residual(block)(2, 6, level(2))) == count(block(2, 6, level(2))) + 2 * 6 + 6


def test_residual_units_of_pre_activation_pass_the_identity() -> None:
    """With ("norm", "act", "conv") nothing follows the sum: a zero body lets negative numbers through as well."""
    part = residual(conv_stack(ConvUnit(norm=batch_norm, order=("norm", "act", "conv"))))(6, 6, level(2))
    zeroed(part)
    x = torch.randn(2, 6, 8, 9)
    assert torch.equal(part(x), x)


def test_dropout_is_for_training_only() -> None:
    torch.manual_seed(0)
    part, x = dropped(conv_stack(ConvUnit(act=nn.Identity)), p=0.25)(2, 6, level(2)), torch.randn(4, 2, 64, 64)
    body = part.get_submodule("body")(x)
    assert torch.equal(part.eval()(x), body)
    thinned = part.train()(x)
    gone = thinned == 0
    assert float(gone.float().mean()) == pytest.approx(0.25, abs=0.01)
    assert torch.allclose(thinned[~gone], body[~gone] / 0.75)
    assert not torch.equal(part(x) == 0, gone)


def test_in_a_network_dropout_changes_training_and_not_evaluation() -> None:
    net, plain = stirred(thin(block=dropped(NORMED))), stirred(thin())
    plain.load_state_dict({key.replace("body.", ""): value for key, value in net.state_dict().items()})
    x = torch.randn(2, 1, 16, 16)
    assert torch.equal(net.eval()(x), plain.eval()(x))
    assert not torch.allclose(net.train()(x), plain.train()(x), atol=1e-2)
