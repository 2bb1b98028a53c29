"""Descriptions for tests of tables and graphs, and one whose names contain every format's special characters."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

import torch

from unet_tutorial.figures.arch.ir import ArchIR, Node, Window
from unet_tutorial.figures.tracing.trace import trace
from unet_tutorial.nets.presets import attention_unet, paper_unet, residual_unet, unet3d

EVIL = 'a"b\\n\\c|d&e%f_g#h{i}<script>]; end'
ONE = (1, 1)


@cache
def arch(name: str) -> ArchIR:
    """The description of the network with this name in ``NETS``."""
    build, size = NETS[name]
    with torch.device("meta"):
        return trace(build(), torch.empty(size))


def classifier() -> torch.nn.Module:
    """Downsamples and never upsamples."""
    layers = (torch.nn.Conv2d(3, 4, 3), torch.nn.MaxPool2d(2), torch.nn.Flatten(), torch.nn.Linear(196, 10))
    return torch.nn.Sequential(*layers)


def evil() -> ArchIR:
    """Two maps, all of whose texts contain characters that are special in some format."""
    first = Node(EVIL, "input", EVIL, (), (1, 8, 8), scale=(1.0, 1.0))
    window = Window((3, 3), ONE, ONE, ONE, ONE)
    second = Node("b", "other", EVIL, (EVIL,), (2, 8, 8), window=window, scale=(1.0, 1.0), folded=(EVIL,))
    return ArchIR(EVIL, (first, second), reason="none", totals={"parameters": 0, "macs": 0})


NETS: dict[str, tuple[Callable[[], torch.nn.Module], tuple[int, ...]]] = {
    "paper": (paper_unet, (1, 1, 572, 572)),
    "attention": (partial(attention_unet, widths=(4, 8, 8)), (1, 1, 32, 32)),
    "planar": (partial(unet3d, widths=(4, 8, 8), planar=(0,)), (1, 1, 8, 32, 24)),
    "residual": (partial(residual_unet, widths=(4, 8)), (1, 1, 16, 16)),
    "classifier": (classifier, (1, 3, 16, 16)),
}
