"""Images made from vectors: shapes and scales by hand, receptive fields against the gradient's footprint."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tests.oracles.foreign_hard import Call
from tests.oracles.torch_counts import footprints, traced_and_counted
from tests.oracles.vector_nets import Affine, Between, Dense, Mixed, Variational
from unet_tutorial.figures.arch.receptive_field import node_receptive_field
from unet_tutorial.figures.tracing.axes import channel_layout
from unet_tutorial.figures.tracing.images import convolved, with_missing_axes
from unet_tutorial.figures.tracing.record import record

IMAGE = torch.zeros(2, 1, 16, 16)
INNER = {
    "a vector": Dense(pixel=False),
    "a vector as one pixel": Dense(pixel=True),
    "all pixels of a channel": Mixed(),
    "a row": nn.Linear(8, 8),
}


@pytest.mark.parametrize("name", INNER)
def test_convolutions_read_the_values_of_a_linear_layer_as_an_image(name: str) -> None:
    net = Between(INNER[name])
    for weight in net.parameters():
        nn.init.constant_(weight, 0.01)
    arch = traced_and_counted(net, IMAGE)
    assert not arch.reason
    up, head = [node for node in arch.nodes if node.path in ("up", "head")]
    assert (up.shape, up.scale, up.level) == ((4, 16, 16), (1.0, 1.0), 0)
    assert (head.shape, head.scale) == ((1, 16, 16), (1.0, 1.0))
    expected = footprints(net, (16, 16), 2)
    assert expected[1] == (16, 16)
    assert node_receptive_field(arch, head) == expected


def test_an_auto_encoder_with_a_vector_in_the_middle_has_two_sides() -> None:
    net = Variational()
    arch = traced_and_counted(net, torch.zeros(2, 1, 32, 32))
    assert not arch.reason
    assert [arch.node(key).shape for key in arch.outputs] == [(1, 32, 32), (10,), (10,)]
    scaled = [node for node in map(arch.node, arch.path) if node.scale and node.op != "act"]
    assert [(node.channels, node.scale[0], node.side) for node in scaled] == [
        (1, 1, "enc"), (4, 2, "enc"), (8, 4, "enc"), (16, 8, "bottom"),
        (16, 8, "bottom"), (8, 4, "dec"), (4, 2, "dec"), (1, 1, "dec"),
    ]  # fmt: skip


def test_outputs_without_known_axes_have_the_shape_of_the_tensor() -> None:
    arch = traced_and_counted(Affine(), torch.zeros(1, 1, 16, 16))
    assert [arch.node(key).shape for key in arch.outputs] == [(2, 16, 16)]
    assert arch.reason.startswith("its output is computed from a vector")


def test_weights_of_channels_are_no_image() -> None:
    """A convolution along the channels, after a mean of all pixels (ECA, arXiv:1910.03151)."""

    def run(layers: nn.ModuleList, x: torch.Tensor) -> torch.Tensor:
        x = layers[0](x)
        return torch.as_tensor(x * layers[1](x.mean(2).unsqueeze(1)).sigmoid().transpose(1, 2))

    net = Call(run, nn.Conv1d(1, 8, 3, padding=1), nn.Conv1d(1, 1, 3, padding=1, bias=False))
    arch = traced_and_counted(net, torch.zeros(2, 1, 8))
    assert not next(node for node in arch.nodes if node.path == "layers.1").scale
    assert [block.name for block in arch.blocks] == ["efficient channel attention"]


def test_a_map_is_followed_to_a_convolution_of_several_pixels() -> None:
    layers = nn.Sequential(nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 4, 1), nn.Conv2d(4, 4, 3), nn.Conv2d(4, 1, 1))
    found = record(layers, (torch.zeros(1, 4, 8, 8),), {}, training=False)
    outs = {op.name: id(op.outs[0]) for op in found.ops[:2]}
    arrived = convolved(found.ops, 2)
    assert {id(found.inputs[0]), *outs.values()} <= arrived
    assert id(found.outputs[0]) not in arrived
    assert not convolved(found.ops, 1)


def test_missing_axes_are_added_by_position() -> None:
    layout = channel_layout((2, 3, 4, 5))
    assert with_missing_axes(layout, 2) == ((*layout[:2], ((0, 4, 1),), ((1, 5, 1),)), (0, 1))
    known = (*layout[:2], ((0, 4, 1),), (("c", 5, 1),))
    assert with_missing_axes(known, 2) == ((*layout[:2], ((0, 4, 1),), ((1, 5, 1),)), (1,))
    windows = ((("n", 2, 1), (0, 2, 4), (1, 2, 5)), *layout[1:2], ((0, 4, 1),), ((1, 5, 1),))
    assert with_missing_axes(windows, 2) == (windows, ())
