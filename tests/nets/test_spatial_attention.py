"""Spatial attention against its formula by hand; the maps that a network gives to a loss."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from tests.oracles.thin_nets import NORMED, perturbed, thin
from unet_tutorial.nets.spatial_attention import AttentionOutputs, SpatialAttention, attended
from unet_tutorial.nets.unet import UNet
from unet_tutorial.plan.levels import Level, pyramid

CONVOLVE = (F.conv1d, F.conv2d, F.conv3d)


@pytest.mark.parametrize("kernel", [(3,), (3, 3), (1, 3, 3)])
def test_each_pixel_is_multiplied_by_one_plus_its_coefficient(kernel: tuple[int, ...]) -> None:
    attention, size = SpatialAttention(6, kernel), (4, 5, 6)[: len(kernel)]
    x = torch.randn(2, 6, *size)
    reduce, reduce_bias, score, score_bias = attention.parameters()
    assert (tuple(reduce.shape), tuple(score.shape)) == ((3, 6, *kernel), (1, 3, *kernel))
    same = partial(CONVOLVE[len(kernel) - 1], padding=tuple(k // 2 for k in kernel))
    a = 1 / (1 + torch.exp(-same(same(x, reduce, reduce_bias).clamp(min=0), score, score_bias)))
    assert torch.allclose(attention(x), x * (1 + a), atol=1e-6)
    assert attention.extra_reach == tuple(k - 1 for k in kernel)  # per side, two convolutions of (k - 1) / 2 pixels


def test_attention_of_one_channel_has_one_inner_channel() -> None:
    assert SpatialAttention(1, (3, 3))(torch.randn(1, 1, 4, 4)).shape == (1, 1, 4, 4)


def test_an_attended_block_is_the_block_of_the_weighted_input() -> None:
    block, x = attended(attended(NORMED))(3, 5, Level(5, (3, 3), (2, 2))).eval(), torch.randn(1, 3, 6, 6)
    first, second, body = (block.get_submodule(name) for name in ("attention", "body.attention", "body.body"))
    assert torch.equal(block(x), body(second(first(x))))
    assert (block.out_channels, block.extra_reach) == (5, (4, 4))
    with pytest.raises(ValueError, match="pass conv_stack"):
        attended(NORMED(1, 2, Level(2, (3, 3), (1, 1))))


def supervised() -> AttentionOutputs:
    return AttentionOutputs(perturbed(thin(pyramid((4, 6, 8)), block=attended(NORMED))))


def test_training_gives_the_logits_and_all_maps_with_gradients() -> None:
    """The oracle computes the maps from the inputs of the attentions. Here the encoder and the decoder have them."""
    net, image = supervised().train(), torch.randn(2, 1, 8, 12)
    inner = net.net
    assert isinstance(inner, UNet)
    logits, *maps = net(image)
    assert logits.shape == (2, 2, 8, 12)
    assert [tuple(each.shape[1:]) for each in maps] == [(1, 8, 12), (1, 4, 6), (1, 2, 3), (1, 4, 6), (1, 8, 12)]
    stem = inner.encoder.get_submodule("stem.attention")
    assert isinstance(stem, SpatialAttention)
    assert torch.equal(maps[-1], stem.scores(image))
    sum(each.sigmoid().square().sum() for each in maps).backward()
    trained = {name for name, value in net.named_parameters() if value.grad is not None and value.grad.any()}
    assert {f"net.{name}.scores.score.weight" for name in attentions(inner)} <= trained


def attentions(net: UNet) -> list[str]:
    return [name for name, module in net.named_modules() if isinstance(module, SpatialAttention)]


def test_evaluation_gives_the_logits_of_the_network() -> None:
    net, image = supervised().eval(), torch.randn(2, 1, 8, 12)
    evaluated: Tensor = net(image)
    assert torch.equal(evaluated, net.net(image))
    assert not any(module._forward_hooks for module in net.modules())


def test_a_network_without_attention_is_refused() -> None:
    with pytest.raises(ValueError, match=r"UNet has no spatial attention; build it with blocks of attended\(block\)"):
        AttentionOutputs(thin())
