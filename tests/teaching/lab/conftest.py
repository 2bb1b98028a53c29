"""A small folder of lessons."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

Cell = dict[str, Any]


def text(source: str) -> Cell:
    return {"cell_type": "markdown", "id": f"t{abs(hash(source))}", "metadata": {}, "source": [source]}


def code(source: str, *, metadata: Cell | None = None) -> Cell:
    output = {"output_type": "stream", "name": "stdout", "text": ["the answer\n"]}
    cell = {"cell_type": "code", "id": f"c{abs(hash(source))}", "metadata": metadata or {}, "source": [source]}
    return cell | {"outputs": [output], "execution_count": 3}


def notebook(*cells: Cell) -> str:
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


TURN = {"unet_tutorial": {"right": ["572"], "wrong": ["570"]}, "tags": ["plot"]}
FILES = {
    "01_sizes.ipynb": notebook(
        text(
            "# 01\n[map](glossary.md#convolution), ![a](sliders/crop.html), [paper](https://arxiv.org/abs/1505.04597)"
        ),
        code('predict("side", "How wide?", guess=None)'),
        code('turn("tile", "A tile", answer=None)', metadata=TURN),
        text("Last\n\n**Way on**: [exercises](exercises/01_sizes.ipynb) · next: [02](02_encoder_block.ipynb)"),
    ),
    "02_encoder_block.ipynb": notebook(text('<a href="01_sizes.ipynb">01</a> [s](solutions/01_sizes.ipynb)')),
    "exercises/01_sizes.ipynb": notebook(
        text("[d](#a) **Way on**"), text("**Way on**: back to [the lesson](../01_sizes.ipynb)")
    ),
    "solutions/01_sizes.ipynb": notebook(code("solved"), text("**Way on**: back to [the lesson](../01_sizes.ipynb)")),
    "glossary.md": "[01](01_sizes.ipynb)",
    "sliders/crop.html": "<html>",
    "Untitled.ipynb": "{}",
    "course-progress.json": "{}",
    ".ipynb_checkpoints/01_sizes-checkpoint.ipynb": "{}",
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The folder of the lessons."""
    folder = tmp_path / "notebooks"
    for name, content in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf8")
    return folder
