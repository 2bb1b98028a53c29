"""The pages that are looked at, by name."""

from __future__ import annotations

from functools import cache

import torch
from torch import nn

from unet_tutorial.figures.arch.ir import ArchIR
from unet_tutorial.figures.pages.explorer import Choice, explorer
from unet_tutorial.figures.pages.page import page
from unet_tutorial.figures.tracing.trace import trace
from unet_tutorial.nets.presets import build
from unet_tutorial.plan.levels import Size

PRESETS: dict[str, Size] = {  # with an example for each
    "paper": (1, 1, 572, 572),
    "padded": (1, 1, 64, 96),
    "unet3d": (1, 1, 16, 32, 32),
    "attention": (1, 1, 64, 64),
    "residual": (2, 1, 32, 32),
}
PAGES = ("explorer", *PRESETS, "classifier")


@cache
def described(name: str) -> ArchIR:
    """The network on the page of this name; "classifier" is none that the page was made for."""
    if name == "explorer":
        return Choice().arch()
    with torch.device("meta"):
        if name == "classifier":
            net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 2))
            return trace(net, torch.empty(1, 1, 8, 8))
        return trace(build(name), torch.empty(*PRESETS[name]))


@cache
def shown(name: str) -> str:
    """The page."""
    return explorer() if name == "explorer" else page(described(name))
