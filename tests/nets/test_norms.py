"""Norms against their formulas in numpy, at each rank; wrong numbers of groups are refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.oracles.thin_nets import thin
from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.norms import affine_instance_norm, batch_norm, group_norm, instance_norm, layer_norm, no_norm

RANKS = (1, 2, 3)
EPSILON = 1e-5


def features(rank: int) -> Tensor:
    """Six channels of different means and standard deviations."""
    torch.manual_seed(rank)
    scale = torch.arange(1.0, 7).reshape(6, *(1,) * rank)
    return scale * torch.randn(2, 6, *(3, 4, 5)[:rank]) + scale**2


def learnt(norm: nn.Module) -> tuple[np.ndarray, np.ndarray]:
    """Random scale and shift, because those of a new norm change nothing."""
    with torch.no_grad():
        weight, bias = norm.get_parameter("weight").normal_(), norm.get_parameter("bias").normal_()
    return weight.detach().numpy(), bias.detach().numpy()


def standardised(x: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    """Mean 0 and variance 1 over these axes, by the formula of the papers."""
    centred = x - x.mean(axes, keepdims=True)
    result: np.ndarray = centred / np.sqrt((centred**2).mean(axes, keepdims=True) + EPSILON)
    return result


def per_channel(values: np.ndarray, rank: int) -> np.ndarray:
    return values.reshape(-1, *(1,) * rank)


@pytest.mark.parametrize("rank", RANKS)
@pytest.mark.parametrize("groups", [1, 2, 3, 6])
def test_group_norm_is_the_formula_over_neighbouring_channels(groups: int, rank: int) -> None:
    x, norm = features(rank), group_norm(groups)(6, rank)
    scale, shift = learnt(norm)
    blocks = x.numpy().reshape(2, groups, 6 // groups, -1)
    expected = standardised(blocks, (2, 3)).reshape(x.shape)
    expected = expected * per_channel(scale, rank) + per_channel(shift, rank)
    np.testing.assert_allclose(norm(x).detach().numpy(), expected, atol=1e-4)


@pytest.mark.parametrize("rank", RANKS)
def test_instance_norm_is_the_formula_per_image_and_channel(rank: int) -> None:
    x, axes = features(rank), tuple(range(2, rank + 2))
    expected = standardised(x.numpy(), axes)
    bare, affine = instance_norm(6, rank), affine_instance_norm(6, rank)
    assert list(bare.parameters()) == []
    np.testing.assert_allclose(bare(x).numpy(), expected, atol=1e-5)
    scale, shift = learnt(affine)
    expected = expected * per_channel(scale, rank) + per_channel(shift, rank)
    for mode in (True, False):  # mean and variance come from the image itself, in evaluation too
        np.testing.assert_allclose(affine.train(mode)(x).detach().numpy(), expected, atol=1e-5)


@pytest.mark.parametrize("rank", RANKS)
def test_batch_norm_is_the_formula_over_the_batch_and_in_evaluation_over_running_statistics(rank: int) -> None:
    x, norm = features(rank), batch_norm(6, rank)
    scale, shift = learnt(norm)
    axes = (0, *range(2, rank + 2))
    expected = standardised(x.numpy(), axes) * per_channel(scale, rank) + per_channel(shift, rank)
    np.testing.assert_allclose(norm(x).detach().numpy(), expected, atol=1e-5)
    mean, variance = 0.1 * x.numpy().mean(axes), 0.9 + 0.1 * x.numpy().var(axes, ddof=1)  # after one step of 0.1
    seen = (x.numpy() - per_channel(mean, rank)) / np.sqrt(per_channel(variance, rank) + EPSILON)
    expected = seen * per_channel(scale, rank) + per_channel(shift, rank)
    np.testing.assert_allclose(norm.eval()(x).detach().numpy(), expected, rtol=1e-4, atol=1e-4)


def test_groups_that_do_not_divide_the_channels_are_refused() -> None:
    with pytest.raises(ValueError, match="groups = 0 is not a whole number of at least 1"):
        group_norm(0)
    with pytest.raises(ValueError, match=r"3 groups do not .* group_norm of 1, 2, 4"):
        thin(block=conv_stack(ConvUnit(norm=group_norm(3))))


def test_no_norm_does_nothing_and_learns_nothing() -> None:
    x, norm = features(2), no_norm(6, 2)
    assert norm(x) is x
    assert list(norm.parameters()) == []


@pytest.mark.parametrize("rank", RANKS)
def test_layer_norm_is_over_the_channels_of_each_pixel(rank: int) -> None:
    norm, x = layer_norm(6, rank), features(rank)
    weight, bias = learnt(norm)
    expected = standardised(x.numpy(), (1,)) * per_channel(weight, rank) + per_channel(bias, rank)
    assert np.allclose(norm(x).detach().numpy(), expected, atol=1e-5)
