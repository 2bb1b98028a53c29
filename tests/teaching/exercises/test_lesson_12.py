"""Solutions of lesson 12 beside the library's plans and networks, slices one by one and single voxels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from unet_tutorial.nets.systems.cicek2016 import unet3d_paper
from unet_tutorial.plan.levels import plan_for
from unet_tutorial.teaching.checking.check import hidden
from unet_tutorial.teaching.exercises import lesson_12


def paper_parameters(widths: Sequence[int], in_channels: int, out_channels: int) -> int:
    """Counted in the network: without biases of up-convolutions, and with one of a norm's and bias' three numbers."""
    with torch.device("meta"):
        net = unet3d_paper(in_channels, out_channels, tuple(widths))
    norms = [m for m in net.modules() if isinstance(m, nn.BatchNorm3d)]
    ups = [m for m in net.modules() if isinstance(m, nn.ConvTranspose3d)]
    left_out = [p for m in norms for p in m.parameters()] + [m.get_parameter("bias") for m in ups]
    return sum(p.numel() for p in net.parameters()) - sum(p.numel() for p in left_out)


def checkpointed_bytes(widths: tuple[int, ...], size: tuple[int, ...]) -> int:
    """Map by map, in the order of the forward pass."""
    kept, levels = [4 * prod(size)], []  # the image enters the first block
    for width in widths:
        levels.append(width * prod(size))
        kept.append(4 * levels[-1])  # enters a pooling and a skip, or the first step of the decoder
        size = tuple(n // 2 for n in size)
        if len(levels) < len(widths):
            kept.append(4 * width * prod(size))  # enters the next block
            kept.append(8 * width * prod(size))  # its indices
    kept += [4 * numbers for numbers in levels[:-1]]  # each enters the next step of the decoder, or the head
    return sum(kept)


def slice_by_slice(net: Callable[[Tensor], Tensor], volume: Tensor) -> Tensor:
    return torch.stack([net(images) for images in volume.unbind(2)], dim=2)


def labelled_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Over a list of the labelled voxels."""
    scores, classes = logits.movedim(1, -1)[target >= 0], target[target >= 0]  # (voxels, K), (voxels,)
    losses = -scores.log_softmax(1)[range(len(classes)), classes]
    return losses.mean() if len(classes) else 0 * logits.sum()


def planar_levels(spacing: tuple[float, float, float], depth: int) -> list[int]:
    """The library's plan; it refuses a volume whose pixels are further apart than its slices."""
    return list(plan_for(spacing, depth)) if spacing[0] > min(spacing[1:]) else []


ORACLES = {
    "planar_levels": planar_levels,
    "paper_parameters": paper_parameters,
    "checkpointed_bytes": checkpointed_bytes,
    "slice_by_slice": slice_by_slice,
    "labelled_loss": labelled_loss,
}


@pytest.mark.parametrize(("name", "oracle"), ORACLES.items())
def test_solutions_agree_with_oracles(name: str, oracle: Any) -> None:
    assert hidden(name, oracle).sentence == f"ok: {name}, hidden"


def test_the_count_of_the_paper() -> None:
    assert lesson_12.paper_parameters((64, 128, 256, 512), 3, 3) == 19_069_955  # section 3
