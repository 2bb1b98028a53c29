"""Roles of the dimensions of inputs: images, videos, channels-last images, conditions, examples without a batch."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.oracles.foreign_hard import Call, two_scales
from unet_tutorial.figures.tracing.inputs import by_position, input_layouts
from unet_tutorial.figures.tracing.record import record
from unet_tutorial.figures.tracing.trace import trace

Run = Callable[[nn.Module, Tensor], Tensor]


def frames_as_batch(net: nn.Module, x: Tensor) -> Tensor:
    n, t, *image = x.shape
    out = net(x.view(n * t, *image))
    return torch.as_tensor(out.view(n, t, *out.shape[1:]))


def frames_permuted(net: nn.Module, x: Tensor) -> Tensor:
    n, c, t, h, w = x.shape
    out = net(x.permute(0, 2, 1, 3, 4).reshape(n * t, c, h, w))
    return torch.as_tensor(out.reshape(n, t, -1, h, w).permute(0, 2, 1, 3, 4))


def frames_as_channels(net: nn.Module, x: Tensor) -> Tensor:
    return torch.as_tensor(net(x.flatten(1, 2)))


def views_one_by_one(net: nn.Module, x: Tensor) -> Tensor:
    return torch.stack([torch.as_tensor(net(x[:, i])) for i in range(x.shape[1])]).amax(0)


def complex_coils(net: nn.Module, x: Tensor) -> Tensor:
    n, coils, h, w, two = x.shape
    out = net(x.reshape(n * coils, 1, h, w, two).permute(0, 4, 1, 2, 3).reshape(n * coils, two, h, w))
    return torch.as_tensor(out.view(n, coils, two, h, w).permute(0, 1, 3, 4, 2))


def channels_last(net: nn.Module, x: Tensor) -> Tensor:
    return torch.as_tensor(net(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1))


def without_channels(net: nn.Module, x: Tensor) -> Tensor:
    return torch.as_tensor(net(x[:, None])[:, 0])


def in_a_frame(net: nn.Module, x: Tensor) -> Tensor:
    frame = x.new_zeros(x.shape[0], x.shape[1], 16, 16)
    frame[:, :, 2:14, 2:14] = x
    return torch.as_tensor(net(frame))


FOLDED: dict[str, tuple[Run, int, tuple[int, ...], tuple[int, ...]]] = {
    # how the image reaches the network, its channels, the shape of the example, the shape of the input map
    "frames as batch": (frames_as_batch, 3, (2, 5, 3, 16, 24), (3, 16, 24)),
    "frames permuted": (frames_permuted, 3, (2, 3, 5, 16, 24), (3, 16, 24)),
    "frames as channels": (frames_as_channels, 15, (2, 3, 5, 16, 24), (15, 16, 24)),
    "views one by one": (views_one_by_one, 2, (2, 3, 2, 16, 24), (6, 16, 24)),
    "complex coils": (complex_coils, 2, (2, 4, 16, 24, 2), (2, 16, 24)),
    "channels last": (channels_last, 3, (2, 16, 24, 3), (3, 16, 24)),
    "without channels": (without_channels, 1, (2, 16, 24), (1, 16, 24)),
    "in a frame": (in_a_frame, 2, (2, 2, 12, 12), (2, 12, 12)),
    "as it is": (lambda net, x: torch.as_tensor(net(x)), 3, (2, 3, 16, 24), (3, 16, 24)),
}


@pytest.mark.parametrize("name", FOLDED)
def test_a_folded_input_gives_the_maps_of_the_network_inside(name: str) -> None:
    run, channels, shape, expected = FOLDED[name]
    inner = two_scales(channels=channels)
    net = Call(lambda layers, x: run(layers[0], x), inner)
    arch, plain = trace(net, torch.randn(shape)), trace(inner, torch.randn(1, channels, 16, 24))
    assert arch.nodes[0].shape == expected
    assert not arch.reason or name == "views one by one"
    convolutions = [(n.shape, n.level) for n in arch.nodes if n.op == "conv"]
    if name == "in a frame":
        plain = trace(inner, torch.randn(1, channels, 16, 16))
    repeats = shape[1] if name == "views one by one" else 1
    assert convolutions == [(n.shape, n.level) for n in plain.nodes if n.op == "conv"] * repeats


def conditioned(layers: nn.ModuleList, x: Tensor, t: Tensor) -> Tensor:
    t = t.reshape(t.shape[0], -1).float()
    shift = F.linear(t, torch.ones(4, t.shape[1]))
    return torch.as_tensor(layers[1](layers[0](x) + shift[:, :, None, None]))


@pytest.mark.parametrize("condition", [torch.zeros(2, 128), torch.zeros(2), torch.zeros(2, dtype=torch.long)])
def test_a_condition_has_no_spatial_axes(condition: Tensor) -> None:
    net = Call(conditioned, nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 1, 3))
    rank, layouts = input_layouts(record(net, (torch.zeros(2, 1, 8, 8), condition), {}, training=False))
    assert rank == 2
    assert layouts[0] == by_position((2, 1, 8, 8), 2)
    arch = trace(net, torch.zeros(2, 1, 8, 8), condition)
    assert [node.size for node in arch.inputs] == [(8, 8), ()]
    assert [node.channels for node in arch.inputs] == [1, condition.numel() // 2]


def test_tokens_of_a_text_have_no_spatial_axes() -> None:
    """Cross attention of a 1D signal (N, C, T) with tokens (N, L, D), which have as many dimensions."""

    def run(layers: nn.ModuleList, x: Tensor, text: Tensor) -> Tensor:
        x = layers[0](x)
        keys = layers[1](text)  # (N, L, C)
        weights = (x.transpose(1, 2) @ keys.transpose(1, 2)).softmax(-1)  # (N, T, L)
        return torch.as_tensor(layers[2](x + (weights @ keys).transpose(1, 2)))

    net = Call(run, nn.Conv1d(1, 4, 3, padding=1), nn.Linear(6, 4), nn.Conv1d(4, 1, 3, padding=1))
    arch = trace(net, torch.zeros(1, 1, 32), torch.zeros(1, 7, 6))
    assert [node.size for node in arch.inputs] == [(32,), ()]


@pytest.mark.parametrize(
    ("net", "shape"),
    [(nn.Conv1d(1, 4, 3), (1, 64)), (nn.Conv2d(1, 4, 3), (1, 9, 9)), (nn.Conv3d(1, 4, 3), (1, 9, 9, 9))],
)
def test_an_example_without_a_batch_is_refused(net: nn.Module, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=rf"without a batch dimension; pass shape \(1, {str(shape)[1:-1]}\)"):
        trace(nn.Sequential(net, nn.ReLU()), torch.zeros(shape))
