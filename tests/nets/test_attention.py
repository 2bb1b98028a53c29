"""Attention gates: the paper's formula in numpy, open and closed gates, their initialisation and their maps."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from tests.oracles.thin_nets import NORMED, THREE, perturbed, thin
from unet_tutorial.nets.attention import AttentionGate, gate_maps, gated
from unet_tutorial.nets.init import kaiming_, xavier_
from unet_tutorial.nets.merge import Add, Concat, Merge
from unet_tutorial.nets.presets import attention_unet
from unet_tutorial.nets.resample import resize_conv
from unet_tutorial.nets.unet import UNet
from unet_tutorial.nets.wrappers import dropped
from unet_tutorial.plan.levels import Size, pyramid

STRIDES: list[Size] = [(2,), (2, 2), (2, 2, 2), (1, 2, 2)]


def opened(net: UNet, bias: float = 40.0) -> UNet:
    """All coefficients 1 (or, for a negative bias, 0), and no mixing of channels; σ(40) is 1 in float32."""
    for gate in net.modules():
        if isinstance(gate, AttentionGate):
            nn.init.zeros_(gate.get_parameter("psi.1.weight"))
            nn.init.constant_(gate.get_parameter("psi.1.bias"), bias)
            gate.mix = nn.Sequential()
    return net


@pytest.mark.parametrize("merge", [Concat, Add])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_a_net_with_open_gates_is_the_net_without(rank: int, merge: Merge) -> None:
    levels, up = pyramid((4, 4, 4), rank), resize_conv()
    with_gates, without = thin(levels, up=up, merge=gated(merge)), thin(levels, up=up, merge=merge)
    learnt = with_gates.state_dict()
    without.load_state_dict({name: learnt[name] for name in without.state_dict()})
    x = torch.randn(2, 1, *(8, 12, 16)[:rank])
    assert torch.equal(opened(with_gates)(x), without(x))
    assert not torch.allclose(opened(with_gates, bias=-200.0)(x), without(x), atol=1e-2)


@pytest.mark.parametrize("stride", STRIDES)
def test_the_coefficients_are_the_papers_formula(stride: Size) -> None:
    """σ(ψᵀ ReLU(W_x x + W_g g) + b) in numpy, in blocks of the stride, then interpolated by torch."""
    rank, size = len(stride), (2, 3, 4)[: len(stride)]
    gate = perturbed(AttentionGate(4, 6, stride))
    large = [n * s for n, s in zip(size, stride, strict=True)]
    x, g = torch.randn(2, 4, *large), torch.randn(2, 6, *size)
    weights = {name: value.detach().numpy() for name, value in gate.named_parameters()}
    split = [k for n, s in zip(size, stride, strict=True) for k in (n, s)]
    blocks = np.moveaxis(x.numpy().reshape(2, 4, *split), range(3, 3 + 2 * rank, 2), range(-rank, 0))
    theta = np.tensordot(blocks, weights["theta.weight"], ((1, *range(-rank, 0)), (1, *range(-rank, 0))))
    phi = np.tensordot(np.moveaxis(g.numpy(), 1, -1), weights["phi.weight"].reshape(2, 6), (-1, 1))
    inner = np.maximum(theta + phi + weights["phi.bias"], 0)
    coarse = 1 / (1 + np.exp(-(inner @ weights["psi.1.weight"].ravel() + weights["psi.1.bias"])))
    assert np.allclose(gate.psi(gate.theta(x) + gate.phi(g)).detach().numpy()[:, 0], coarse, atol=1e-5)
    modes = ("linear", "bilinear", "trilinear")
    fine = nn.functional.interpolate(torch.from_numpy(coarse)[:, None], size=large, mode=modes[rank - 1])
    assert torch.allclose(gate.coefficients(x, g).double(), fine.double(), atol=1e-5)
    expected = gate.mix(x * gate.coefficients(x, g))
    assert torch.equal(gate(x, g), expected)


@pytest.mark.parametrize("initialise", [kaiming_, xavier_])
def test_initialising_the_network_leaves_its_gates_alone(initialise: type) -> None:
    """In elektronn3 it overwrites them: 0.0255 instead of √(2 / (512 · 2 · 2)) = 0.03125."""
    torch.manual_seed(0)
    net = thin(pyramid((512, 8)), merge=gated(Concat))
    gates = {name: value.clone() for name, value in net.named_parameters() if ".gate." in name}
    others = {name: value.clone() for name, value in net.named_parameters() if name.endswith("conv.weight")}
    initialise(net)
    after = dict(net.named_parameters())
    assert len(gates) == 9
    assert all(torch.equal(after[name], value) for name, value in gates.items())
    assert not any(torch.equal(after[name], value) for name, value in others.items())
    theta = after["decoder.steps.0.merge.gate.theta.weight"]
    assert float(theta.detach().std()) == pytest.approx(0.03125, rel=0.01)


def test_the_maps_are_the_coefficients_coarsest_first() -> None:
    net, x = attention_unet(widths=(4, 8, 8)).eval(), torch.randn(2, 1, 16, 24)
    maps = gate_maps(net, x)
    assert [tuple(m.shape) for m in maps] == [(2, 1, 4, 6), (2, 1, 8, 12)]
    assert all(0 < float(m.min()) < float(m.max()) < 1 for m in maps)
    skip, below = net.encoder(x)[-2:]
    gate = net.decoder.get_submodule("steps.0.merge.gate")
    assert isinstance(gate, AttentionGate)
    fine = nn.functional.interpolate(maps[0], size=(8, 12), mode="bilinear")
    assert torch.allclose(gate.coefficients(skip, below), fine, atol=1e-6)


def test_gate_maps_leave_a_network_in_training_mode_unchanged() -> None:
    net, x = thin(THREE, merge=gated(Concat)), torch.randn(2, 1, 16, 16)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    maps = gate_maps(net, x)
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert all(module.training for module in net.modules())
    assert not any(module._forward_hooks for module in net.modules())
    assert all(torch.equal(a, b) for a, b in zip(maps, gate_maps(net, x), strict=True))
    assert not any(m.requires_grad for m in maps)


def test_no_hook_is_left_behind_by_an_image_that_is_refused() -> None:
    net = attention_unet(widths=(4, 8))
    with pytest.raises(ValueError, match="axis 0 = 7 does not pass"):
        gate_maps(net, torch.zeros(1, 1, 7, 8))
    assert not any(module._forward_hooks for module in net.modules())


def test_a_net_without_gates_has_no_maps() -> None:
    with pytest.raises(ValueError, match=r"UNet has no gates; build it with merge=gated\(Concat\)"):
        gate_maps(thin(block=dropped(NORMED)), torch.zeros(1, 1, 8, 8))
