"""Levels are accumulated strides along the graph, per axis; never ratios of sizes."""

from __future__ import annotations

import torch

from unet_tutorial.figures.arch.ir import Node, Window
from unet_tutorial.figures.arch.path import main_path, with_levels, with_scales
from unet_tutorial.figures.tracing.trace import trace
from unet_tutorial.nets.presets import unet3d


def _node(key: str, op: str, shape: tuple[int, ...], *inputs: str, stride: int = 1, up: int = 1) -> Node:
    window = Window((3,), (stride,), (0,), (1,), (up,)) if op in ("conv", "up", "pool") else None
    return Node(key, op, op, inputs, shape, window=window)


def test_valid_convolutions_change_sizes_and_no_scale() -> None:
    nodes = with_scales((
        _node("in", "input", (1, 20)), _node("a", "conv", (4, 9), "in"), _node("b", "pool", (4, 4), "a", stride=2),
        _node("c", "conv", (4, 2), "b"), _node("d", "resize", (4, 9), "c"), _node("out", "concat", (8, 9), "a", "d"),
    ))  # fmt: skip
    assert [node.scale for node in nodes] == [(1.0,), (1.0,), (2.0,), (2.0,), (1.0,), (1.0,)]
    nodes = with_levels(nodes, main_path(nodes, ["out"]))
    assert [node.level for node in nodes] == [0, 0, 1, 1, 0, 0]
    assert [node.id for node in main_path(nodes, ["out"])] == ["in", "a", "b", "c", "d", "out"]


def test_anisotropic_levels_keep_each_axis_apart() -> None:
    arch = trace(unet3d(widths=(4, 6, 8), planar=(0,)), torch.empty(1, 1, 8, 16, 16))
    scales = {node.level: node.scale for node in (arch.node(key) for key in arch.path)}
    assert scales == {0: (1.0, 1.0, 1.0), 1: (1.0, 2.0, 2.0), 2: (2.0, 4.0, 4.0)}
