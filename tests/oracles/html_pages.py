"""The HTML pages under test, by name."""

from __future__ import annotations

import re
from functools import cache
from html import unescape

import torch
from torch import nn

from unet_tutorial.figures.arch.ir import ArchIR
from unet_tutorial.figures.pages.explorer import Choice, explorer
from unet_tutorial.figures.pages.page import page
from unet_tutorial.figures.tracing.trace import trace
from unet_tutorial.nets.presets import build
from unet_tutorial.plan.levels import Size

PRESETS: dict[str, Size] = {  # name: shape of the input
    "paper": (1, 1, 572, 572),
    "padded": (1, 1, 64, 96),
    "unet3d": (1, 1, 16, 32, 32),
    "attention": (1, 1, 64, 64),
    "residual": (2, 1, 32, 32),
}
PAGES = ("explorer", *PRESETS, "classifier")


@cache
def described(name: str) -> ArchIR:
    """The network on this page; "classifier" is not a U."""
    if name == "explorer":
        return Choice().arch()
    with torch.device("meta"):
        if name == "classifier":
            net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 2))
            return trace(net, torch.empty(1, 1, 8, 8))
        return trace(build(name), torch.empty(*PRESETS[name]))


@cache
def html_page(name: str) -> str:
    """The HTML of this page."""
    return explorer() if name == "explorer" else page(described(name))


def table_cells(text: str, table: str) -> list[list[str]]:
    """The texts in the body of the first table of a class."""
    body = re.search(rf'<table class="{table}".*?<tbody>(.*?)</tbody>', text, re.DOTALL)
    assert body
    rows = re.findall(r"<tr.*?</tr>", body[1], re.DOTALL)
    return [[unescape(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)] for row in rows]
