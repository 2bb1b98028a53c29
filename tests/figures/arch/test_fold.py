"""Folded chains against torch: which pixels are left after two slices, and totals that stay."""

from __future__ import annotations

from typing import Literal

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.oracles.described_nets import NETS
from tests.oracles.foreign_hard import Call
from unet_tutorial.figures.arch.fold import folded
from unet_tutorial.figures.arch.ir import ArchIR, Node
from unet_tutorial.figures.arch.receptive_field import with_receptive_fields
from unet_tutorial.figures.tracing.graph import Graph
from unet_tutorial.figures.tracing.record import record
from unet_tutorial.figures.tracing.trace import trace


def unfolded(net: nn.Module, image: Tensor) -> list[Node]:
    return Graph(record(net, (image,), {}, training=False)).nodes


def sliced(*slices: slice) -> ArchIR:
    """One axis of 48 pixels, sliced several times."""

    def run(layers: nn.ModuleList, x: Tensor) -> Tensor:
        x = layers[0](x)
        for each in slices:
            x = x[:, :, each]
        return torch.as_tensor(layers[1](x))

    return trace(Call(run, nn.Conv1d(1, 2, 1), nn.Conv1d(2, 1, 1)), torch.empty(1, 1, 48))


@pytest.mark.parametrize("name", NETS)
def test_totals_stay_and_no_norm_or_activation_is_left_alone(name: str) -> None:
    build, size = NETS[name]
    with torch.device("meta"):
        before = unfolded(build(), torch.empty(size))
    after, _ = folded(tuple(before), ())
    for field in ("parameters", "macs", "saved"):
        assert sum(getattr(node, field) for node in after) == sum(getattr(node, field) for node in before)
    fused = [kind for node in after for kind in node.folded]
    left = [node.kind for node in after if node.op in ("norm", "act")]
    assert sorted(fused + left) == sorted(node.kind for node in before if node.op in ("norm", "act"))
    assert not left or name in ("attention", "residual")  # behind an addition or a gate that another node reads


@pytest.mark.parametrize(
    "slices",
    [(slice(2, 40), slice(3, -4)), (slice(5, None), slice(None, -1)), (slice(1, -1), slice(2, -2), slice(3, 20))],
)
def test_consecutive_crops_are_one_crop(slices: tuple[slice, ...]) -> None:
    left = torch.arange(48)
    for each in slices:
        left = left[each]
    (crop,) = [node for node in sliced(*slices).nodes if node.op == "crop"]
    assert crop.crop == ((int(left[0]), 47 - int(left[-1])),)
    assert crop.shape == (2, len(left))


@pytest.mark.parametrize("slices", [(slice(1, None, 2), slice(1, None, 3)), (slice(0, None, 3), slice(2, None, 2))])
def test_consecutive_strides_are_one_stride(slices: tuple[slice, ...]) -> None:
    left = torch.arange(48)
    for each in slices:
        left = left[each]
    (pool,) = [node for node in sliced(*slices).nodes if node.op == "pool"]
    assert pool.window is not None
    assert (-pool.window.before[0], pool.window.stride[0]) == (int(left[0]), int(left[1] - left[0]))


def test_slices_of_slices_have_the_level_of_their_map() -> None:
    """Rows, then columns, as in a wavelet transform: no map of rows alone is left."""

    def run(_: nn.ModuleList, x: Tensor) -> Tensor:
        rows = [x[:, :, i::2] / 2 for i in (0, 1)]
        return torch.cat([half[..., i::2] for half in rows for i in (0, 1)], 1)

    arch = trace(Call(run), torch.empty(1, 1, 8, 8))
    pools = [node for node in arch.nodes if node.op == "pool"]
    assert {node.scale for node in arch.nodes} == {(1.0, 1.0), (2.0, 2.0)}
    windows = [node.window for node in pools if node.window]
    assert [tuple(-n for n in window.before) for window in windows] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert {window.stride for window in windows} == {(2, 2)}


def test_a_resize_to_the_same_size_is_left_out() -> None:
    """As of a decoder that resizes each map to the size of its skip, or each head to that of the image."""
    net = nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.Upsample(size=(8, 8), mode="bilinear"), nn.Conv2d(2, 1, 1))
    image = torch.rand(1, 1, 8, 8)
    assert torch.equal(net[1](image), image)
    arch = trace(net, image)
    assert [node.op for node in arch.nodes] == ["input", "conv", "conv"]
    assert with_receptive_fields(arch).nodes[-1].field == ((3, 3), (3, 3))


def test_costs_are_added_up() -> None:
    conv = Node("b", "conv", "convolution", ("a",), (4, 8, 8), parameters=40, macs=300, saved=20)
    norm = Node("c", "norm", "native_batch_norm", ("b",), (4, 8, 8), parameters=8, macs=5, saved=7, bytes=1024)
    (_, node), _ = folded((Node("a", "input", "input", (), (1, 10, 10)), conv, norm), ())
    assert (node.parameters, node.macs, node.saved, node.bytes) == (48, 305, 27, 1024)
    assert (node.id, node.op, node.folded) == ("b", "conv", ("native_batch_norm",))


def test_a_map_with_two_readers_is_kept() -> None:
    net = Call(lambda layers, x: (y := layers[0](x)) + y.relu(), nn.Conv1d(1, 2, 1))
    nodes, _ = folded(tuple(unfolded(net, torch.empty(1, 1, 8))), ())
    assert [node.op for node in nodes] == ["input", "conv", "act", "add"]


def test_an_output_keeps_its_node_and_a_fused_one_is_renamed() -> None:
    conv = Node("b", "conv", "convolution", ("a",), (4, 8, 8))
    act = Node("c", "act", "sigmoid", ("b",), (4, 8, 8))
    given = (Node("a", "input", "input", (), (1, 8, 8)), conv, act)
    assert [node.id for node in folded(given, ("b", "c"))[0]] == ["a", "b", "c"]  # logits and probabilities
    assert folded(given, ("c",))[1] == ("b",)


Mode = Literal["zeros", "reflect", "replicate", "circular"]


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
def test_a_padded_convolution_is_one_node_whatever_its_padding(mode: Mode) -> None:
    def net(padding: Mode) -> nn.Module:
        first = nn.Conv2d(1, 4, 3, padding=1, padding_mode=padding)
        return nn.Sequential(first, nn.ReLU(), nn.Conv2d(4, 4, 3, 2, 1, padding_mode=padding), nn.Conv2d(4, 1, 1))

    padded, zeros = (trace(each, torch.empty(1, 1, 16, 24)) for each in (net(mode), net("zeros")))
    assert with_receptive_fields(padded).outputs == zeros.outputs
    for one, other in zip(with_receptive_fields(padded).nodes, with_receptive_fields(zeros).nodes, strict=True):
        assert (one.op, one.shape, one.window, one.field) == (other.op, other.shape, other.window, other.field)
    assert padded.totals["parameters"] == sum(node.parameters for node in padded.nodes)


@pytest.mark.parametrize(
    ("pads", "layer", "fused"),
    [
        ((0, 1, 0, 1), nn.Conv2d(2, 1, 3, 2), True),  # as TensorFlow pads a strided convolution
        ((1, 2, 2, 1), nn.Conv2d(2, 1, (3, 4)), True),
        ((1, 1, 1, 1), nn.MaxPool2d(3, 2), True),
        ((0, 0, 4, 4), nn.Conv2d(2, 1, 3, dilation=2), True),
        ((2, 2, 3, 3), nn.Conv2d(2, 1, 3), False),  # wider than the kernel: the map itself is larger
        ((1, 1, 1, 1), nn.Conv2d(2, 1, 3, padding=1), False),  # the convolution has a padding of its own
        ((-1, 1, 0, 0), nn.Conv2d(2, 1, 3), False),
        ((0, 1, 0, 1), nn.ConvTranspose2d(2, 1, 2, 2), False),
    ],
)
def test_a_padding_narrower_than_the_kernel_belongs_to_its_layer(
    pads: tuple[int, ...], layer: nn.Module, *, fused: bool
) -> None:
    net = Call(lambda layers, x: layers[1](F.pad(layers[0](x), pads)), nn.Conv2d(1, 2, 1), layer)
    arch = with_receptive_fields(trace(net, torch.empty(1, 1, 16, 24)))
    assert [node.op for node in arch.nodes].count("crop") == (not fused)
    assert arch.nodes[-1].shape[1:] == tuple(layer(torch.empty(1, 2, 16 + sum(pads[2:]), 24 + sum(pads[:2]))).shape[2:])
    if fused:
        assert arch.nodes[-1].window is not None
        assert arch.nodes[-1].window.before == (pads[2], pads[0])
