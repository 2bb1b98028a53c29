"""Peak and saved bytes against a count by hand and against the tensors of an optimiser."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from tests.oracles.torch_counts import saved
from unet_tutorial.figures.arch.ir import Node
from unet_tutorial.figures.tables.footer import memory
from unet_tutorial.figures.tracing.memory import peak, with_saved_bytes
from unet_tutorial.figures.tracing.record import record
from unet_tutorial.figures.tracing.trace import trace
from unet_tutorial.nets.presets import padded_unet, paper_unet


def test_the_training_step_is_the_memory_of_adam() -> None:
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


class Chain(nn.Module):
    """Two convolutions, the first followed by a ReLU; a skip around the second."""

    def __init__(self, *, inplace: bool) -> None:
        super().__init__()
        self.first, self.act, self.second = nn.Conv2d(1, 4, 3), nn.ReLU(inplace), nn.Conv2d(4, 2, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.act(self.first(x))
        return torch.cat([x[:, :, 1:-1, 1:-1], self.second(x)], 1)


@pytest.mark.parametrize("inplace", [True, False])
def test_the_peak_of_a_chain_by_hand(*, inplace: bool) -> None:
    image, middle, low, out = (4 * n for n in (12 * 12, 4 * 10 * 10, 2 * 8 * 8, 6 * 8 * 8))  # bytes of each map
    steps = [image + middle, middle if inplace else 2 * middle, middle + low, middle + low + out]
    found = record(Chain(inplace=inplace), (torch.empty(1, 1, 12, 12),), {}, training=False)
    assert peak(found) == max(steps)


@pytest.mark.parametrize("inplace", [True, False])
def test_the_papers_peak_is_at_the_top_concatenation(*, inplace: bool) -> None:
    """The skip, the upsampled map and both joined, in float32; the skip is alive with all of its 568 × 568 pixels."""
    with torch.device("meta"):
        net = paper_unet().apply(lambda module: setattr(module, "inplace", inplace))
    found = record(net, (torch.empty(1, 1, 572, 572),), {}, training=False)
    assert peak(found) == 4 * (64 * 568**2 + 64 * 392**2 + 128 * 392**2) == 200_605_696


NODES = [
    Node("0", "input", "input", (), (1, 8, 8)),
    Node("1", "conv", "convolution", ("0",), (4, 8, 8), "first"),
    Node("2", "conv", "convolution", ("1",), (2, 8, 8), "second"),
]


def saved_by_node(training: list[Node]) -> list[int]:
    """The bytes of ``NODES`` where the output of each node of training is saved, with 1, 10, 100, … bytes."""
    return [n.saved for n in with_saved_bytes(NODES, training, {n.id: 10**i for i, n in enumerate(training)})]


def test_saved_bytes_of_nodes_are_those_of_their_counterparts_in_training() -> None:
    training = [replace(node, id=f"t{node.id}") for node in NODES]
    assert saved_by_node(training) == [1, 10, 100]
    noise = Node("n", "gate", "mul", (), (4, 8, 8), "first")
    assert saved_by_node([*training[:2], noise, training[2]]) == [1, 110, 1000]  # to the last node of its module
    auxiliary = replace(noise, path="head")
    assert saved_by_node([*training[:2], auxiliary, training[2]]) == [1, 10, 1000]  # no node of evaluation has it
    assert saved_by_node([training[0], training[2]]) == [1, 0, 10]


class OtherInTraining(nn.Module):
    """A U whose noise and second output are only in training."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.aux = padded_unet(2, 1, widths=(4, 8)), nn.Conv2d(1, 3, 1)
        self.stem = Noisy()

    def forward(self, x: Tensor) -> list[Tensor]:
        out = self.body(self.stem(x))
        return [out, self.aux(out).sigmoid()] if self.training else [out]


class Noisy(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        return torch.as_tensor(x * torch.rand(1, 2, *x.shape[2:]).exp() if self.training else x)


def test_a_network_that_runs_other_operations_in_training_has_exact_saved_bytes() -> None:
    """Only the output of the sigmoid, 3 × 16 × 16 float32 numbers, belongs to no operation of evaluation."""
    net, image = OtherInTraining(), torch.randn(1, 1, 16, 16)
    arch = trace(net, image)
    assert arch.totals["saved"] == saved(net, image)
    rest = arch.totals["saved"] - sum(node.saved for node in arch.nodes)
    assert rest == 3 * 16 * 16 * 4
    twin = trace(net.body, torch.randn(1, 2, 16, 16))
    per_node = {node.path: node.saved for node in twin.nodes if node.op == "conv"}
    assert {node.path: node.saved for node in arch.nodes if node.op == "conv" and node.path.startswith("body")} == {
        f"body.{path}": size + (4 * 16 * 16 if path == "head" else 0) for path, size in per_node.items()
    }
