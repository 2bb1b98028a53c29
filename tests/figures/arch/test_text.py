"""Names of operations against the arguments of the layers that they name."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.oracles.foreign_hard import Call
from unet_tutorial.figures.arch.text import common_text, operation_name
from unet_tutorial.figures.tracing.trace import trace

LAYERS: dict[str, nn.Module] = {
    "conv 3×3": nn.Conv2d(4, 4, 3),
    "conv 1×3 stride 2": nn.Conv2d(4, 4, (1, 3), stride=2),
    "conv 3×3 stride 1×2 dilation 2": nn.Conv2d(4, 4, 3, stride=(1, 2), dilation=2),
    "up-conv 2×2": nn.ConvTranspose2d(4, 4, 2, 2),
    "max pool 2×2": nn.MaxPool2d(2),
    "avg pool 2×1": nn.AvgPool2d((2, 1)),
    "nearest ×2": nn.Upsample(scale_factor=2),
    "bilinear ×2×3": nn.Upsample(scale_factor=(2, 3), mode="bilinear"),
    "bicubic ×2": nn.Upsample(scale_factor=2, mode="bicubic"),
    "bilinear ×1/4": nn.Upsample(scale_factor=0.25, mode="bilinear"),
    "nearest ×3/2×1/2": nn.Upsample(scale_factor=(1.5, 0.5)),
    "shuffle ×2": nn.PixelShuffle(2),
    "pad": nn.ConstantPad2d(1, 0.0),
    "crop": nn.ConstantPad2d(-1, 0.0),
}


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_is_named_by_its_arguments(name: str) -> None:
    arch = trace(LAYERS[name], torch.empty(1, 4, 12, 12))
    assert [operation_name(node) for node in arch.nodes] == ["input", name]


def test_fused_operations_are_appended_on_request() -> None:
    arch = trace(nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(inplace=True)), torch.empty(1, 1, 8, 8))
    assert operation_name(arch.nodes[-1]) == "conv 3×3"
    assert operation_name(arch.nodes[-1], with_folded=True) == "conv 3×3, batch norm, relu"


@pytest.mark.parametrize("values", [(), (2.0,), (2.0, 2.0), (1, 2), (1.5, 1.5, 2)])
def test_axes_are_written_once_if_they_agree(values: tuple[float, ...]) -> None:
    read = [float(part) for part in common_text(values).split("×")] if values else []
    assert read == list(values[:1] if len(set(values)) == 1 else values)
    assert common_text([f"{value:g}" for value in values]) == common_text(values)


BY_HAND: dict[str, Callable[[Tensor], Tensor]] = {
    "add": lambda x: x + x.relu(),
    "subtract": lambda x: x - x.relu(),
    "multiply": lambda x: x * x.relu(),
    "divide": lambda x: x / x.relu(),
    "vector norm": lambda x: torch.linalg.vector_norm(x.relu(), dim=1, keepdim=True),
    "grid sampler": lambda x: F.grid_sample(x.relu(), x[:, :2].permute(0, 2, 3, 1), align_corners=False),
    "flip": lambda x: x.relu().flip(-1),
    "max unpool ×2": lambda x: F.max_unpool2d(*F.max_pool2d(x, 2, return_indices=True), [2, 2]),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_an_operation_has_its_own_name(name: str) -> None:
    arch = trace(Call(lambda _, x: BY_HAND[name](x)), torch.empty(1, 4, 12, 12))
    assert operation_name(arch.nodes[-1]) == name


REDUCTIONS: list[tuple[str, Callable[[Tensor], Tensor]]] = [
    ("global avg pool", nn.AdaptiveAvgPool2d(1)),
    ("global avg pool", lambda x: x.mean((2, 3))),
    ("global avg pool", lambda x: x.flatten(2).mean(-1)),
    ("global avg pool", lambda x: x.flatten(2).transpose(1, 2).mean(1)),
    ("global max pool", nn.AdaptiveMaxPool2d(1)),
    ("global max pool", lambda x: x.amax((2, 3), keepdim=True)),
    ("global max pool", lambda x: x.flatten(2).max(-1)[0]),
    ("mean", lambda x: x.mean(1, keepdim=True)),  # over the channels, then over rows, and over all values
    ("mean", lambda x: x.mean(2)),
    ("mean", lambda x: x.mean()),
    ("sum", lambda x: x.sum((2, 3))),
    ("avg pool 4×4", nn.AdaptiveAvgPool2d(3)),
]


@pytest.mark.parametrize(("name", "reduce"), REDUCTIONS)
def test_only_a_mean_or_maximum_over_all_pixels_of_a_channel_is_a_global_pooling(
    name: str, reduce: Callable[[Tensor], Tensor]
) -> None:
    arch = trace(Call(lambda _, x: reduce(x.relu())), torch.empty(1, 4, 12, 12))
    assert operation_name(arch.nodes[-1]) == name
