"""A user's module in the current folder, for the commands that import and run such code."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.conftest import Unet

CODE = """
import logging
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, depth=1, width=4):
        super().__init__()
        print("building")
        self.down = nn.ModuleList(nn.Conv2d(3 if i == 0 else width, width, 3, padding=1) for i in range(depth + 1))
        self.up = nn.ModuleList(nn.ConvTranspose2d(width, width, 2, 2) for _ in range(depth))
        self.head = nn.Conv2d(width, 2, 1)

    def forward(self, x, other=None):
        skips = []
        for conv in self.down[:-1]:
            x = conv(x).relu() + (0 if other is None else other)
            skips.append(x)
            x = nn.functional.max_pool2d(x, 2)
        x = self.down[-1](x)
        for up, skip in zip(self.up, skips[::-1]):
            x = up(x) + skip
        return self.head(x)

class Deciding(Net):
    def forward(self, x):
        return super().forward(x if x.sum() > 0 else -x)

class Loud(Net):
    def forward(self, x):
        logging.getLogger("torch._subclasses").error("a page")
        return super().forward(x)

class Scaled(Net):
    def __init__(self):
        super().__init__()
        self.register_buffer("by", torch.tensor(float(self.head.weight.detach().abs().sum())))

instance, number = Net(), 5
def broken():
    raise KeyError("no such depth")
def advice():
    raise ValueError("no such depth" + " at all" * 30 + "; pass depth=2")
"""


def write_user_module(folder: Path, monkeypatch: pytest.MonkeyPatch, code: str = CODE) -> Path:
    """Write ``mine.py`` into the folder and make it the current one; the module is not imported yet."""
    (folder / "mine.py").write_text(code, encoding="utf8")
    monkeypatch.chdir(folder)
    monkeypatch.delitem(sys.modules, "mine", raising=False)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path != str(folder)])
    return folder


def refusal(unet: Unet, *words: object) -> tuple[int, str]:
    """The exit code of a command that fails, and its message, which must be one line without a traceback."""
    code, text = unet(*words)
    assert "Traceback" not in text
    (line,) = [line for line in text.splitlines() if "unet: " in line]
    return code, line
