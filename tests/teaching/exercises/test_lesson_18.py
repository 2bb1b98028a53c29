"""Solutions of lesson 18 beside torch's counters, tensors that autograd saves, and the library's texts and colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import nn

from tests.oracles.torch_counts import macs, saved
from unet_tutorial.figures.drawing.palette import contrast
from unet_tutorial.teaching.checking.check import hidden
from unet_tutorial.teaching.exercises import lesson_18


def up_macs(layer: nn.Module, size: Sequence[int]) -> int:
    """Counted by torch."""
    return macs(layer, torch.empty(1, layer.get_parameter("weight").shape[0], *size, device="meta"))


def block_bytes(in_channels: int, out_channels: int, size: Sequence[int], itemsize: int) -> int:
    """Measured: all that autograd saves in a block and in a convolution behind it, except for weights."""
    kind, pool = ((nn.Conv2d, nn.MaxPool2d), (nn.Conv3d, nn.MaxPool3d))[len(size) - 2]
    dtype = {2: torch.bfloat16, 4: torch.float32, 8: torch.float64}[itemsize]
    first, second = kind(in_channels, out_channels, 3), kind(out_channels, out_channels, 3)
    block = nn.Sequential(first, nn.ReLU(inplace=True), second, nn.ReLU(inplace=True), pool(2))
    net = nn.Sequential(block, kind(out_channels, 1, 1)).to(dtype)
    return saved(net, torch.rand(1, in_channels, *size, dtype=dtype))


def distinct_parameters(net: nn.Module) -> tuple[int, int]:
    """By the identity of the tensors of each module."""
    once = {id(p): p for module in net.modules() for p in module.parameters(recurse=False)}.values()
    return sum(p.numel() for p in once), sum(p.numel() * p.requires_grad for p in once)


def compare_maps(drawn: dict[str, Any], traced: dict[str, Any]) -> dict[str, list[str]]:
    """By sets, put back in order."""
    changed = {name for name, _ in drawn.items() ^ traced.items()} & drawn.keys() & traced.keys()
    return {
        "wrong": sorted(changed, key=list(drawn).index),
        "gone": sorted(drawn.keys() - traced.keys(), key=list(drawn).index),
        "missing": sorted(traced.keys() - drawn.keys(), key=list(traced).index),
    }


def text_colour(candidates: Sequence[str], grounds: Sequence[str], least: float) -> str:
    worst = {colour: min(contrast(colour, ground) for ground in grounds) for colour in candidates}
    return next((colour for colour, ratio in worst.items() if ratio >= least), "")


ORACLES = {
    "up_macs": up_macs,
    "block_bytes": block_bytes,
    "distinct_parameters": distinct_parameters,
    "compare_maps": compare_maps,
    "text_colour": text_colour,
}


@pytest.mark.parametrize(("name", "oracle"), ORACLES.items())
def test_solutions_agree_with_oracles(name: str, oracle: Any) -> None:
    assert hidden(name, oracle).sentence == f"ok: {name}, hidden"


def test_the_sentence_of_the_text() -> None:
    maps = [(64, (568, 568)), (128, (280, 280)), (256, (136, 136))]
    assert lesson_18.describe_u(maps, [16, 4]) == (
        "A U of 3 levels: 64 channels of 568×568, 128 channels of 280×280, 256 channels of 136×136. "
        "2 skips cross it, cropped by 16, 4 pixels per side."
    )
    assert lesson_18.describe_u([(1, (8, 6)), (2, (4, 3))], [0]).endswith(
        "1 channel of 8×6, 2 channels of 4×3. 1 skip crosses it, uncropped."
    )
    assert lesson_18.describe_u(maps, []).endswith("No skip crosses it.")
