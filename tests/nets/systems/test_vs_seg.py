"""The authors' network of arXiv 1906.03906: number of parameters, levels, layers, and its transposed convolutions."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.oracles.family import check_network
from tests.oracles.halos import halo_error
from tests.oracles.thin_nets import count
from unet_tutorial.nets.spatial_attention import AttentionOutputs, SpatialAttention
from unet_tutorial.nets.systems.vs_seg import TransposedAround, vs_seg
from unet_tutorial.plan.levels import Size

pytestmark = pytest.mark.slow

THIN = partial(vs_seg, widths=(4, 6, 8, 8), planar=(0, 1))


def test_the_number_of_parameters_and_the_levels_of_the_authors() -> None:
    with torch.device("meta"):
        net = vs_seg()
        assert net(torch.zeros(1, 1, 32, 128, 128)).shape == (1, 2, 32, 128, 128)
    assert count(net) == 3_453_012
    assert [level.kernel for level in net.levels] == [(1, 3, 3)] * 2 + [(3, 3, 3)] * 4
    assert [level.stride for level in net.levels] == [(1, 1, 1), *[(1, 2, 2)] * 2, *[(2, 2, 2)] * 3]
    attentions = [module.out_channels for module in net.modules() if isinstance(module, SpatialAttention)]
    assert attentions == [80, *(2 * c for c in (80, 64, 48, 32, 16))]
    units = [type(module) for module in net.modules() if isinstance(module, (nn.BatchNorm3d, nn.Dropout, nn.PReLU))]
    assert units[:3] == [nn.BatchNorm3d, nn.Dropout, nn.PReLU]
    assert units.count(nn.Dropout) == units.count(nn.BatchNorm3d) == 12 + 5 + 5 + 4  # units, down, up, decoder


def test_it_learns_pads_is_drawn_and_is_stored() -> None:
    check_network(partial(THIN, p=0.0), [(2, 8, 16), (4, 16, 8)], odd=(3, 9, 10))


@pytest.mark.parametrize("axis", range(3))
def test_the_halo_covers_all_pixels_that_are_read(axis: int) -> None:
    torch.manual_seed(0)
    assert halo_error(THIN(), axis) < 1e-12


def test_its_attention_maps_are_outputs_in_training() -> None:
    """One of each decoder step, finest first, and that of the coarsest level."""
    maps = AttentionOutputs(THIN()).train()(torch.randn(2, 1, 4, 16, 16))
    assert [tuple(each.shape[1:]) for each in maps] == [
        (2, 4, 16, 16),
        *[(1, 4, 16, 16), (1, 4, 8, 8), (1, 4, 4, 4), (1, 2, 2, 2)],
    ]


@pytest.mark.parametrize("stride", [(2,), (2, 3), (1, 2, 2)])
def test_a_transposed_convolution_is_the_transpose_of_the_strided_one(stride: Size) -> None:
    """The oracle is the gradient of the convolution with kernel 2 s - 1 and stride s."""
    rank = len(stride)
    up = TransposedAround(3, 2, stride).double()
    weight = up.conv.get_parameter("weight")  # (in, out, *kernel): the weight of a convolution from 2 to 3 channels
    assert tuple(weight.shape[2:]) == tuple(2 * s - 1 for s in stride)
    nn.init.zeros_(up.conv.get_parameter("bias"))
    fine = torch.randn(1, 2, *(4 * s for s in stride), dtype=torch.float64, requires_grad=True)
    convolve = (F.conv1d, F.conv2d, F.conv3d)[rank - 1]
    coarse = convolve(fine, weight, stride=stride, padding=tuple(s - 1 for s in stride))
    given = torch.randn_like(coarse)
    (expected,) = torch.autograd.grad(coarse, fine, given)
    assert torch.allclose(up(given), expected)


@pytest.mark.parametrize("stride", [2, 3])
def test_its_reach_is_that_of_its_gradients(stride: int) -> None:
    """In addition to its own coarse pixel, each output pixel reads at most the next one, of ``stride`` pixels."""
    up, coarse = TransposedAround(1, 1, (stride,)), torch.randn(1, 1, 9, requires_grad=True)
    farthest = 0
    for i, value in enumerate(up(coarse)[0, 0]):
        (gradient,) = torch.autograd.grad(value, coarse, retain_graph=True)
        read = gradient[0, 0].nonzero().flatten()
        farthest = max([farthest, *(abs(int(j) - i // stride) for j in read)])
    assert up.extra_reach == (farthest * stride,) == (stride,)
    assert TransposedAround(1, 1, (1,)).extra_reach == (0,)
