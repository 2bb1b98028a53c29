"""A model, its arguments and the random number generators are unchanged after a trace."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from tests.oracles import foreign_hard as hard
from tests.oracles.foreign_hard import assert_same, snapshot
from tests.oracles.torch_counts import macs
from unet_tutorial.figures.table import table
from unet_tutorial.figures.tracing.trace import trace
from unet_tutorial.nets.presets import padded_unet

IMAGE = torch.zeros(1, 1, 32, 32)


def fragile() -> nn.Module:
    """A model with everything that a pass could change: weights set by hooks, frozen parts, mixed modes, statistics."""
    net = nn.Sequential(hard.two_scales(), nn.BatchNorm2d(1), nn.Dropout(0.5), nn.Conv2d(1, 1, 3, padding=1))
    nn.utils.parametrizations.weight_norm(net[3])
    nn.utils.spectral_norm(next(m for m in net.modules() if isinstance(m, nn.Conv2d)))
    net[1].weight.requires_grad_(False)
    net[0].eval()
    net.register_forward_hook(lambda module, _given, out: setattr(module, "seen", out))
    return net


def test_a_model_is_unchanged_after_a_trace_and_after_a_failed_one() -> None:
    net = fragile()
    before, image = snapshot(net), IMAGE.clone()
    assert trace(net, image).totals["macs"] == macs(copy.deepcopy(net), image)
    assert_same(snapshot(net), before)
    with pytest.raises(ValueError, match="does not accept"):
        trace(net, torch.zeros(1, 2, 32, 32))
    assert_same(snapshot(net), before)
    assert torch.equal(image, IMAGE)
    assert all(not tensor.is_meta for module in net.modules() for tensor in module.buffers())


@pytest.mark.parametrize("read", [trace, table])
def test_hooks_weights_and_modes_are_unchanged(read: Callable[..., Any]) -> None:
    net = padded_unet(widths=(4, 8))
    net.head.eval()
    seen: list[str] = []
    handle = net.register_forward_hook(lambda *_: seen.append("ran"))
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    ids = {name: id(tensor) for name, tensor in net.named_parameters()}
    modes, random = [module.training for module in net.modules()], torch.random.get_rng_state()
    read(net, torch.empty(1, 1, 16, 16))
    assert torch.equal(torch.random.get_rng_state(), random)
    assert [module.training for module in net.modules()] == modes
    assert {name: id(tensor) for name, tensor in net.named_parameters()} == ids
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.state_dict().items())
    assert all(w.grad is None and w.requires_grad and w.device.type == "cpu" for w in net.parameters())
    assert list(net._forward_hooks) == [handle.id]
    assert torch.is_grad_enabled()
