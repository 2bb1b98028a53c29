"""Numbers of modules that are no plain chains: shared, frozen, unused, halved, with other inputs; and left as found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.oracles.torch_counts import macs, parameters, saved
from unet_tutorial.figures.table import table
from unet_tutorial.figures.tables.footer import footer, memory
from unet_tutorial.figures.tracing.trace import trace
from unet_tutorial.nets.presets import padded_unet, paper_unet

IMAGE = torch.randn(2, 3, 8, 8)


class Odd(nn.Module):
    """A block used twice, a tied and a bare parameter, one that is not used, and a frozen one."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, padding=1)
        self.shared = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU())
        self.tied = nn.Conv2d(4, 4, 3, padding=1, bias=False)
        self.tied.weight = self.shared[0].weight  # type: ignore[assignment]
        self.scale = nn.Parameter(torch.ones(4, 1, 1))
        self.unused = nn.Linear(5, 6)
        self.first.weight.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        x = self.shared(self.first(x))
        low = self.shared(nn.functional.max_pool2d(x, 2))
        up = nn.functional.interpolate(low, scale_factor=2.0)
        out: Tensor = self.tied(torch.cat([x, up], 1)[:, :4]) * self.scale
        return out


class Given(nn.Module):
    """Takes what it is given: tensors, a tuple, a dict, keywords."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.down = nn.Conv2d(6, 4, 3, padding=1), nn.Conv2d(4, 8, 2, stride=2)
        self.up = nn.ConvTranspose2d(8, 4, 2, stride=2)

    def forward(self, *pair: Any, data: Any = None, other: Tensor | None = None) -> dict[str, Tensor]:
        one, two = pair[0] if pair and isinstance(pair[0], tuple) else (pair[0] if pair else data["image"], other)
        x = self.conv(torch.cat([one, data["more"] if two is None else two], 1))
        return {"logits": x + self.up(self.down(x).relu())}


CALLS: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "a tuple": (((IMAGE, IMAGE),), {}),
    "a dict": ((), {"data": {"image": IMAGE, "more": IMAGE}}),
    "a keyword": ((IMAGE,), {"other": IMAGE}),
}


def test_shared_bare_tied_frozen_and_unused_parameters() -> None:
    net = Odd()
    arch = trace(net, IMAGE)
    assert arch.totals["parameters"] == parameters(net)
    assert arch.totals["trainable"] == parameters(net) - net.first.weight.numel()
    assert sum(node.parameters for node in arch.nodes) == parameters(net) - 36  # Linear(5, 6) is not used
    assert arch.totals["macs"] == macs(net, IMAGE) == sum(node.macs for node in arch.nodes)
    assert arch.totals["saved"] == saved(net, IMAGE)
    notes = dict(footer(arch))
    assert notes["parameters"] == f"{parameters(net):,}, 108 of them frozen, 36 of them not used in this pass"
    assert notes["input → output"].endswith("2 images at once")


@pytest.mark.parametrize("call", CALLS)
def test_other_inputs_than_a_tensor(call: str) -> None:
    args, kwargs = CALLS[call]
    net = Given()
    arch = trace(net, *args, **kwargs)
    assert arch.totals["macs"] == macs(net, *args, **kwargs)
    assert arch.totals["saved"] == saved(net, *args, **kwargs)
    assert sum(node.parameters for node in arch.nodes) == parameters(net)
    assert [node.shape for node in arch.nodes if node.op == "input"] == [(3, 8, 8)] * 2


def test_half_precision_halves_bytes_and_nothing_else() -> None:
    """Without batch norm: what it keeps of its statistics is as wide as the weights on a CPU, and wider on a GPU."""
    whole, half = paper_unet(widths=(4, 8)), paper_unet(widths=(4, 8)).to(torch.bfloat16)
    image = torch.randn(1, 1, 20, 20)
    full, small = trace(whole, image), trace(half, image.to(torch.bfloat16))
    assert small.totals["saved"] == saved(half, image.to(torch.bfloat16))
    assert full.totals["parameter_bytes"] == 2 * small.totals["parameter_bytes"]
    assert full.totals["macs"] == small.totals["macs"] == macs(whole, image)


def test_meta_and_real_models_give_the_same_description() -> None:
    with torch.device("meta"):
        empty = paper_unet(widths=(4, 8))
    sizes = torch.empty(1, 1, 20, 20)
    assert trace(empty, sizes) == trace(empty, sizes.to("meta")) == trace(paper_unet(widths=(4, 8)), sizes)


def test_the_training_step_is_what_adam_keeps() -> None:
    net = padded_unet(widths=(4, 8))
    image = torch.randn(1, 1, 16, 16)
    arch = trace(net, image)
    optimiser = torch.optim.Adam(net.parameters())
    net.train()(image).sum().backward()
    optimiser.step()
    tensors = [tensor for weight in net.parameters() for tensor in (weight, weight.grad) if tensor is not None]
    tensors += [optimiser.state[weight][moment] for weight in net.parameters() for moment in ("exp_avg", "exp_avg_sq")]
    kept = sum(tensor.numel() * tensor.element_size() for tensor in tensors)
    assert memory(arch)["training step"] == kept + saved(padded_unet(widths=(4, 8)), image)


@pytest.mark.parametrize("read", [trace, table])
def test_a_model_is_left_as_it_was(read: Callable[..., Any]) -> None:
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


@pytest.mark.parametrize("first", [True, False])
def test_attention_is_counted_where_torch_would_fuse_it(*, first: bool) -> None:
    net = nn.TransformerEncoderLayer(8, 2, dim_feedforward=16, dropout=0.0, batch_first=first)
    words = torch.randn(2, 5, 8)
    arch = trace(net.eval(), words)
    assert torch.backends.mha.get_fastpath_enabled()
    length, batch = (5, 2) if first else (2, 5)
    projections = length * batch * 8 * (3 * 8 + 8 + 2 * 16)  # query, key, value; output; two layers
    products = 2 * batch * length**2 * 8  # which torch's own count leaves out on a CPU
    assert arch.totals["macs"] == projections + products == sum(node.macs for node in arch.nodes)
