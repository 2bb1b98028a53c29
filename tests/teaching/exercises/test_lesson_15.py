"""Solutions of lesson 15 beside the library's decoders, recursion, and pooling by reshape."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from unet_tutorial.nets.blocks import ConvStack, ConvUnit, conv_stack
from unet_tutorial.nets.full_scale import FullScaleDecoder
from unet_tutorial.nets.nested import NestedDecoder
from unet_tutorial.nets.resample import transposed
from unet_tutorial.plan.levels import pyramid
from unet_tutorial.teaching.checking.check import hidden

BLOCK = conv_stack(ConvUnit())
Node = tuple[int, int]


def inputs(node: Node) -> list[Node]:
    """The nodes that a node reads: those of the formula, and in column 0 the encoder's node above."""
    i, j = node
    if j == 0:
        return [(i - 1, 0)] if i else []
    return [*((i, k) for k in range(j)), (i + 1, j - 1)]


def readers(i: int, j: int, depth: int) -> set[Node]:
    """By trying all nodes of the decoder."""
    nodes = [(a, b) for a in range(depth + 1) for b in range(1, depth + 1 - a)]
    return {node for node in nodes if (i, j) in inputs(node)}


def needed_nodes(i: int, j: int) -> set[Node]:
    """By recursion."""
    return {(i, j)}.union(*(needed_nodes(*node) for node in inputs((i, j))))


def channels_read(encoder: Sequence[int], decoder: Sequence[int], i: int, j: int) -> int:
    """Of the library's decoder."""
    with torch.device("meta"):
        made = NestedDecoder(pyramid(encoder), decoder, BLOCK, transposed)
    return first_channels(made.nodes[f"{i}_{j}"].get_submodule("block"))


def first_channels(block: nn.Module) -> int:
    """The input channels of the first convolution of a block."""
    assert isinstance(block, ConvStack)
    channels = block.units[0].get_submodule("conv").in_channels
    assert isinstance(channels, int)
    return channels


def pruned_output(features: Sequence[Tensor], nodes: Mapping[Node, Callable[..., Tensor]], column: int) -> Tensor:
    """By recursion from the output."""

    @cache
    def value(i: int, j: int) -> Tensor:
        if j == 0:
            return features[i]
        return nodes[i, j](value(i + 1, j - 1), torch.cat([value(i, k) for k in range(j)], dim=1))

    return value(0, column)


def branch_channels(widths: Sequence[int], i: int, width: int) -> list[int]:
    """Of the library's decoder."""
    with torch.device("meta"):
        step = FullScaleDecoder(pyramid(widths), width, BLOCK).steps[i]
    branches = step.get_submodule("branches")
    return [first_channels(branch.get_submodule("block")) for branch in branches.children()]


def full_scale(maps: Sequence[Tensor], i: int) -> Tensor:
    """Blocks by reshape, and torch's upsampling layer."""
    height, width = maps[i].shape[2:]
    found = []
    for x in maps:
        rows, columns = x.shape[2:]
        if rows > height:
            blocks = x.reshape(*x.shape[:2], height, rows // height, width, columns // width)
            found.append(blocks.amax((3, 5)))
        else:
            found.append(nn.Upsample((height, width), mode="bilinear")(x))
    return torch.cat(found, dim=1)


ORACLES = {
    "readers": readers,
    "needed_nodes": needed_nodes,
    "channels_read": channels_read,
    "pruned_output": pruned_output,
    "branch_channels": branch_channels,
    "full_scale": full_scale,
}


@pytest.mark.parametrize(("name", "oracle"), ORACLES.items())
def test_solutions_agree_with_oracles(name: str, oracle: Any) -> None:
    assert hidden(name, oracle).sentence == f"ok: {name}, hidden"
