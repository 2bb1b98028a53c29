"""The edges of the graph against gradients; parameters and MACs of operators on weights alone."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.oracles.foreign_hard import Call
from tests.oracles.torch_counts import macs, parameters
from unet_tutorial.figures.arch.ir import ArchIR, Node
from unet_tutorial.figures.tracing.graph import Graph
from unet_tutorial.figures.tracing.record import record
from unet_tutorial.figures.tracing.trace import trace

IMAGES = tuple(torch.randn(1, 1, 8, 8) for _ in range(3))


def first_only(_: nn.ModuleList, *images: Tensor) -> Tensor:
    return images[0] * 2


def shape_only(_: nn.ModuleList, *images: Tensor) -> Tensor:
    return images[0] + torch.zeros_like(images[1]) + images[2].new_ones(1)


def in_place(layers: nn.ModuleList, *images: Tensor) -> Tensor:
    x = layers[0](images[0])
    view = x[:, :, 2:]
    x += layers[0](images[1])
    return torch.as_tensor(layers[0](view))


def detached(layers: nn.ModuleList, *images: Tensor) -> Tensor:
    return torch.as_tensor(layers[0](images[0]) + F.interpolate(F.max_pool2d(images[2], 2), scale_factor=2.0))


RUNS = {"first": first_only, "shapes": shape_only, "in place": in_place, "third": detached}


def inputs_read(arch: ArchIR) -> list[bool]:
    """Whether the output depends on each input, by the edges of the graph."""
    ids = set(arch.outputs)
    for node in reversed(arch.nodes):
        ids |= set(node.inputs) if node.id in ids else set()
    return [node.id in ids for node in arch.inputs]


@pytest.mark.parametrize("name", RUNS)
def test_an_input_is_connected_where_it_has_a_gradient(name: str) -> None:
    net, images = Call(RUNS[name], nn.Conv2d(1, 1, 3, padding=1)), [x.clone().requires_grad_() for x in IMAGES]
    out = net(*images)
    assert isinstance(out, Tensor)
    grads = torch.autograd.grad(out.sum(), images, allow_unused=True)
    assert inputs_read(trace(net, *IMAGES)) == [grad is not None for grad in grads]


def test_operators_on_weights_count_where_their_result_is_used() -> None:
    """A low-rank convolution: its kernel is the product of two parameters, and used twice."""

    class LowRank(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.other = nn.Parameter(torch.randn(4, 2)), nn.Parameter(torch.randn(2, 36))

        def forward(self, x: Tensor) -> Tensor:
            kernel = (self.one @ self.other).reshape(4, 4, 3, 3)
            return F.conv2d(F.conv2d(x, kernel), kernel)

    net, image = LowRank(), torch.randn(1, 4, 9, 9)
    arch = trace(net, image)
    assert [node.op for node in arch.nodes] == ["input", "conv", "conv"]
    assert [node.parameters for node in arch.nodes] == [0, parameters(net), 0]
    convolution = [7 * 7 * 4 * 36, 5 * 5 * 4 * 36]
    assert [node.macs for node in arch.nodes] == [0, convolution[0] + 4 * 2 * 36, convolution[1]]
    assert arch.totals["macs"] == macs(net, image)


def test_a_node_per_output_of_a_split_and_costs_once() -> None:
    net = Call(lambda layers, x: [part.relu() for part in layers[0](x).chunk(3, 1)], nn.Conv2d(1, 6, 1))
    graph = Graph(record(net, (IMAGES[0],), {}, training=False))
    nodes: list[Node] = graph.nodes
    assert [(node.op, node.shape) for node in nodes] == [
        ("input", (1, 8, 8)), ("conv", (6, 8, 8)), *[("split", (2, 8, 8))] * 3, *[("act", (2, 8, 8))] * 3,
    ]  # fmt: skip
    assert sum(node.parameters for node in nodes) == parameters(net)
    assert graph.outputs == tuple(node.id for node in nodes[-3:])
