"""Crops, windows, types and MACs of operators against torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.oracles.foreign_blocks import Attention
from tests.oracles.foreign_hard import Call
from tests.oracles.foreign_unets import Stacked
from tests.oracles.torch_counts import macs as torch_macs
from unet_tutorial.figures.arch.ir import Window
from unet_tutorial.figures.tracing.graph import Graph
from unet_tutorial.figures.tracing.inputs import by_position, input_layouts
from unet_tutorial.figures.tracing.operators import crop_of, macs, operation_type, window_of
from unet_tutorial.figures.tracing.record import record
from unet_tutorial.figures.tracing.trace import trace


def test_crops_are_those_of_the_slices() -> None:
    cuts = {}
    for fit in ("crop", "negative pad", "frame", "pad"):
        arch = trace(Stacked(fit, 0), torch.empty(1, 1, 44, 60))
        between = [[arch.node(key) for key in arch.node(skip.target).inputs] for skip in arch.skips]
        cuts[fit] = [next((n.crop for n in nodes if n.op == "crop"), ()) for nodes in between]
    assert cuts["crop"] == cuts["negative pad"] == [((2, 3), (2, 3)), ((9, 9), (9, 9))]
    assert cuts["frame"] == cuts["pad"] == [((-2, -3), (-2, -3)), ((-4, -4), (-4, -4))]


@pytest.mark.parametrize("first", [True, False])
def test_attention_that_torch_would_fuse_is_counted(*, first: bool) -> None:
    net = nn.TransformerEncoderLayer(8, 2, dim_feedforward=16, dropout=0.0, batch_first=first)
    tokens = torch.randn(2, 5, 8)
    arch = trace(net.eval(), tokens)
    assert torch.backends.mha.get_fastpath_enabled()
    length, batch = (5, 2) if first else (2, 5)
    projections = length * batch * 8 * (3 * 8 + 8 + 2 * 16)  # query, key, value; output; two layers
    products = 2 * batch * length**2 * 8  # torch's counter omits these on a CPU
    assert arch.totals["macs"] == projections + products == sum(node.macs for node in arch.nodes)


LAYERS: dict[str, tuple[nn.Module, tuple[int, ...]]] = {
    "convolution": (nn.Conv2d(4, 6, 3), (2, 4, 9, 11)),
    "grouped": (nn.Conv2d(4, 8, 3, groups=2, bias=False), (2, 4, 9, 11)),
    "strided, dilated": (nn.Conv2d(4, 6, (3, 1), stride=(1, 2), padding=(2, 0), dilation=(2, 1)), (2, 4, 9, 11)),
    "line": (nn.Conv1d(4, 6, 5, padding=2), (2, 4, 9)),
    "volume": (nn.Conv3d(4, 6, (1, 3, 3)), (2, 4, 5, 9, 11)),
    "transposed": (nn.ConvTranspose2d(4, 6, 2, 2), (2, 4, 9, 11)),
    "transposed, overlapping": (nn.ConvTranspose2d(4, 6, 4, 2, padding=1), (2, 4, 9, 11)),
    "transposed volume": (nn.ConvTranspose3d(4, 6, 2, (1, 2, 2)), (2, 4, 5, 9, 11)),
    "linear": (nn.Linear(4, 6), (2, 9, 4)),
    "bilinear attention": (Attention(), (2, 4, 6, 5)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_macs_are_half_of_torchs_flops(name: str) -> None:
    net, size = LAYERS[name]
    found = record(net, (torch.empty(size),), {}, training=False)
    assert sum(macs(op, operation_type(op)) for op in found.ops) == torch_macs(net, torch.randn(size)) > 0


WINDOWS = [name for name, (net, _) in LAYERS.items() if hasattr(net, "kernel_size")]


@pytest.mark.parametrize("name", WINDOWS)
def test_a_window_holds_the_arguments_of_the_layer(name: str) -> None:
    net, size = LAYERS[name]
    (op,) = record(net, (torch.empty(size),), {}, training=False).ops
    rank = len(size) - 2
    found = window_of(op, operation_type(op), [None, None, *range(rank)], rank)
    given = [getattr(net, key) for key in ("kernel_size", "stride", "padding", "dilation")]
    one = (1,) * rank
    kernel, stride, padding, dilation = given
    transposed = "Transpose" in type(net).__name__
    assert found == Window(kernel, one if transposed else stride, padding, dilation, stride if transposed else one)


@pytest.mark.parametrize("pool", [nn.MaxPool2d(3, 2, 1), nn.MaxPool2d(2, dilation=2), nn.AvgPool2d((1, 2))])
def test_a_pooling_reads_the_pixels_that_its_window_says(pool: nn.Module) -> None:
    """One bright pixel at a time: the outputs that it reaches."""
    (op,) = (op for op in record(pool, (torch.empty(1, 1, 7, 12),), {}, training=False).ops if "pool" in op.name)
    window = window_of(op, operation_type(op), [None, None, 0, 1], 2)
    assert window is not None
    line = torch.eye(12)[:, None, None, :].expand(12, 1, 7, 12)
    reached = (pool(line)[:, 0, 1] > 0).int()  # (bright pixel, output pixel)
    for pixel, place in reached.nonzero().tolist():
        first = place * window.stride[1] - window.before[1]
        assert pixel in range(first, first + window.dilation[1] * window.kernel[1], window.dilation[1])
    assert int(reached.sum(0).max()) == window.kernel[1]


CROPS: dict[str, Callable[[Tensor], Any]] = {
    "slice": lambda x: x[:, :, 2:-1],
    "slice from the end": lambda x: x[:, :, -5:],
    "beyond the end": lambda x: x[:, :, 3:99],
    "narrow": lambda x: x.narrow(3, 1, 4),
    "negative pad": lambda x: F.pad(x, (-1, -2, -3, 0)),
    "pad": lambda x: F.pad(x, (1, 2, 3, 0)),
    "pad and crop": lambda x: F.pad(x, (-1, 2, 3, -2)),
    "zeros after it": lambda x: torch.cat([x, x.new_zeros(1, 2, 9, 3)], 3),
    "zeros around it": lambda x: torch.cat([x.new_zeros(1, 2, 2, 12), x, x.new_zeros(1, 2, 1, 12)], 2),
    "split": lambda x: x.split([2, 3, 4], 2)[1],
    "chunk": lambda x: x.chunk(3, 2)[2],
}


@pytest.mark.parametrize("name", CROPS)
def test_a_crop_leaves_the_pixels_that_torch_leaves(name: str) -> None:
    rows, columns = torch.arange(1, 10), torch.arange(1, 13)  # the values of a pixel are its row and its column
    grid = torch.stack(torch.meshgrid(rows, columns, indexing="ij"))[
        None
    ].float()  # (1, 2, 9, 12): row and column, from 1
    left = CROPS[name](grid)
    expected = []
    for axis, size in ((0, 9), (1, 12)):
        seen = left[0, axis].unique().long()
        seen = seen[seen > 0]  # padding is 0
        lost = int(seen.min()) - 1, size - int(seen.max())
        padded = left.shape[2 + axis] - len(seen)
        before = int((left[0, axis] == 0).all(1 - axis).long().cumprod(0).sum())
        expected.append((lost[0] - before, lost[1] - (padded - before)))
    net = Call(lambda _, x: CROPS[name](x))
    ops = record(net, (grid,), {}, training=False).ops
    (op,) = [op for op in ops if operation_type(op) in ("crop", "split", "concat")]
    main = next(each for each in op.tensors if each.shape == grid.shape)
    out = op.outs[{"split": 1, "chunk": 2}.get(name, 0)]
    assert crop_of(op, main, out, by_position(grid.shape, 2)) == tuple(expected)


TYPES: dict[str, tuple[Callable[[Tensor], Any], str]] = {
    "conv": (lambda x: F.conv2d(x, torch.ones(1, 2, 3, 3)), "conv"),
    "up": (lambda x: F.conv_transpose2d(x, torch.ones(2, 1, 2, 2), stride=2), "up"),
    "pool": (lambda x: F.avg_pool2d(x, 2), "pool"),
    "adaptive pool": (lambda x: F.adaptive_avg_pool2d(x, 3), "pool"),
    "global pool": (lambda x: F.adaptive_avg_pool2d(x, 1), "reduce"),
    "mean": (lambda x: x.mean((2, 3)), "reduce"),
    "resize": (lambda x: F.interpolate(x, scale_factor=2), "resize"),
    "every second": (lambda x: x[:, :, ::2], "pool"),
    "crop": (lambda x: x[:, :, 1:-1, 1:-1], "crop"),
    "half the channels": (lambda x: x[:, :1], "split"),
    "norm": (lambda x: F.group_norm(x, 2), "norm"),
    "concat": (lambda x: torch.cat([x, x], 1), "concat"),
    "activation": (lambda x: F.silu(x), "act"),
    "unknown": (lambda x: x.cumsum(2), "act"),
    "mean of channels": (lambda x: x.mean(1, keepdim=True), "other"),
    "mean of rows": (lambda x: x.mean(2, keepdim=True), "reduce"),
    "pool to rows": (lambda x: F.adaptive_avg_pool2d(x, (None, 1)), "reduce"),
    "pixel": (lambda x: x[:, :, 3:4], "crop"),
    "row": (lambda x: x[:, :, 3], "crop"),
    "channel": (lambda x: x[:, 1], "split"),
    "zeros beside it": (lambda x: torch.cat([x, x.new_zeros(1, 2, 8, 1)], 3), "crop"),
    "halves": (lambda x: torch.cat([x.relu(), x], 3), "concat"),
    "reflected": (lambda x: F.pad(x, (1, 1, 0, 0), mode="reflect"), "crop"),
    "circular": (lambda x: F.pad(x, (1, 1, 0, 0), mode="circular"), "crop"),
    "shift": (lambda x: x.roll(3, 2), "view"),
    "repeated": (lambda x: x.repeat(1, 3, 1, 1), "view"),
    "sum": (lambda x: x + x.flip(2), "add"),
    "product": (lambda x: x * x.cos(), "gate"),
}


@pytest.mark.parametrize("name", TYPES)
def test_an_operation_has_the_type_that_its_effect_shows(name: str) -> None:
    run, expected = TYPES[name]
    net = Call(lambda _, x: run(x))
    nodes = Graph(record(net, (torch.empty(1, 2, 8, 8),), {}, training=False)).nodes
    assert nodes[-1].op == expected


@pytest.mark.parametrize(("shifts", "dims"), [((3,), (2,)), ((1, -2), (3, 2)), ((2, 1), (1, 3)), ((1, 1), (2, 2))])
def test_a_shift_reads_the_pixel_that_its_window_says(shifts: tuple[int, ...], dims: tuple[int, ...]) -> None:
    image = torch.arange(96).reshape(1, 1, 8, 12)
    net = Call(lambda _, x: x.roll(shifts, dims))
    (op,) = record(net, (image,), {}, training=False).ops
    window = window_of(op, operation_type(op), [None, None, 0, 1], 2)
    assert window is not None
    row, column = 4 - window.before[0], 6 - window.before[1]
    assert torch.equal(image.roll(shifts, dims)[0, 0, 4, 6], image[0, 0, row, column])
    assert trace(net, image).nodes[1].crop == ()


def test_a_shift_of_channels_has_no_window() -> None:
    (op,) = record(Call(lambda _, x: x.roll(1, 1)), (torch.zeros(1, 2, 8, 8),), {}, training=False).ops
    assert window_of(op, operation_type(op), [None, None, 0, 1], 2) is None


def test_the_rank_is_that_of_the_images() -> None:
    for size, net, rank in (
        ((1, 1, 8, 8), nn.Conv2d(1, 2, 3), 2),
        ((1, 1, 4, 8, 8), nn.Conv3d(1, 2, 3), 3),
        ((2, 16), Call(lambda layers, x: layers[0](x[:, None]), nn.Conv1d(1, 2, 3)), 1),
        ((2, 16), nn.Linear(16, 3), 0),
    ):
        assert input_layouts(record(net, (torch.empty(size),), {}, training=False))[0] == rank
