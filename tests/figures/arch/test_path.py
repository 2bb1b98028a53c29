"""Levels are strides added up along the graph, per axis; never ratios of sizes. And real libraries, where installed."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from tests.figures.tracing.test_trace import found
from tests.oracles.torch_counts import macs, parameters, saved
from unet_tutorial.figures.arch.ir import Node, Window
from unet_tutorial.figures.arch.path import main_path, with_levels, with_scales
from unet_tutorial.figures.tracing.trace import trace
from unet_tutorial.nets.presets import unet3d


def _node(key: str, op: str, shape: tuple[int, ...], *inputs: str, stride: int = 1, up: int = 1) -> Node:
    window = Window((3,), (stride,), (0,), (1,), (up,)) if op in ("conv", "up", "pool") else None
    return Node(key, op, op, inputs, shape, window=window, folded=("output",) if key == "out" else ())


def test_valid_convolutions_change_sizes_and_no_scale() -> None:
    nodes = with_scales((
        _node("in", "input", (1, 20)), _node("a", "conv", (4, 9), "in"), _node("b", "pool", (4, 4), "a", stride=2),
        _node("c", "conv", (4, 2), "b"), _node("d", "resize", (4, 9), "c"), _node("out", "concat", (8, 9), "a", "d"),
    ))  # fmt: skip
    assert [node.scale for node in nodes] == [(1.0,), (1.0,), (2.0,), (2.0,), (1.0,), (1.0,)]
    nodes = with_levels(nodes, main_path(nodes))
    assert [node.level for node in nodes] == [0, 0, 1, 1, 0, 0]
    assert [node.id for node in main_path(nodes)] == ["in", "a", "b", "c", "d", "out"]


def test_anisotropic_levels_keep_each_axis_apart() -> None:
    arch = trace(unet3d(widths=(4, 6, 8), planar=(0,)), torch.empty(1, 1, 8, 16, 16))
    scales = {node.level: node.scale for node in (arch.node(key) for key in arch.path)}
    assert scales == {0: (1.0, 1.0, 1.0), 1: (1.0, 2.0, 2.0), 2: (2.0, 4.0, 4.0)}


TWO, FOUR = ((1, 1), (0, 0)), ((3, 3), (2, 2), (1, 1), (0, 0))
MONAI: dict[str, tuple[dict[str, Any], tuple[int, ...], int, tuple[tuple[int, int], ...], str]] = {
    "BasicUNet": ({"spatial_dims": 2, "features": (4, 4, 8, 16, 32, 4)}, (67, 45), 4, FOUR, ""),
    "UNet": ({"spatial_dims": 3, "channels": (4, 8, 16), "strides": ((1, 2, 2), 2)}, (8, 16, 16), 2, ((1, 1),), ""),
    "AttentionUnet": ({"spatial_dims": 2, "channels": (4, 8, 16), "strides": (2, 2)}, (32, 48), 2, TWO, ""),
    "BasicUNetPlusPlus": ({"spatial_dims": 2, "features": (4, 4, 8, 16, 32, 4)}, (32, 32), 4, FOUR, "U-Net++"),
}


@pytest.mark.parametrize("name", MONAI)
def test_networks_of_monai(name: str) -> None:
    nets = pytest.importorskip("monai.networks.nets", reason="MONAI is not installed")
    options, size, depth, skips, reason = MONAI[name]
    net: nn.Module = getattr(nets, name)(in_channels=1, out_channels=2, **options)
    image = torch.randn(1, 1, *size)
    arch = trace(net, image)
    assert found(arch)[:2] == (depth, skips)
    assert reason in arch.reason
    assert bool(reason) == bool(arch.reason)
    assert arch.totals["macs"] == macs(net, image)
    assert arch.totals["saved"] == saved(net, image)
    assert arch.totals["parameters"] == parameters(net)


SMP = {"Unet": "", "Linknet": "", "UnetPlusPlus": "U-Net++", "DeepLabV3Plus": "DeepLab", "PSPNet": "PSPNet"}


@pytest.mark.parametrize("name", SMP)
def test_networks_of_segmentation_models(name: str) -> None:
    smp = pytest.importorskip("segmentation_models_pytorch", reason="segmentation_models_pytorch is not installed")
    net = getattr(smp, name)("efficientnet-b0", encoder_weights=None)
    image = torch.randn(2, 3, 64, 64)
    arch = trace(net, image)
    assert SMP[name] in arch.reason
    assert bool(SMP[name]) == bool(arch.reason)
    if not arch.reason:
        assert found(arch)[:2] == (5, ((4, 4), (3, 3), (2, 2), (1, 1)))
    assert arch.totals["macs"] == macs(net, image)
