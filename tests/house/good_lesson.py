"""A lesson that keeps every house rule, to be spoilt by tests."""

from __future__ import annotations

from typing import Any

Notebook = dict[str, Any]


def markdown(text: str) -> Notebook:
    return {"cell_type": "markdown", "id": "", "metadata": {}, "source": text}


def code(source: str, count: int, *outputs: Notebook) -> Notebook:
    cell = {"cell_type": "code", "id": "", "metadata": {}, "source": source, "execution_count": count}
    return {**cell, "outputs": list(outputs)}


def stream(text: str, name: str = "stdout") -> Notebook:
    return {"output_type": "stream", "name": name, "text": text}


def figure() -> Notebook:
    metadata = {"image/svg+xml": {"alt": "a falling curve"}}
    return {"output_type": "display_data", "data": {"image/svg+xml": "<svg/>"}, "metadata": metadata}


def good_notebook() -> Notebook:
    cells = [markdown("# Sizes\nObjectives. Prerequisites. Minutes: 30. Paper: section 2. " + "word " * 1600)]
    for count in range(1, 13):
        cells += [code(f"size = {count}\nassert size", count, stream("ok")), markdown("So it is. ![a U](u.png)")]
    cells[3:3] = [code("show(plot())", 13, figure(), stream("levels: 5")) for _ in range(4)]
    cells += [
        markdown("## 9 · Check"),
        code("assert lesson == (5, 4)", 14),
        markdown("## Recap"),
        markdown("## Quiz\n1. a\n2. b\n3. c"),
    ]
    for count, cell in enumerate((cell for cell in cells if cell["cell_type"] == "code"), start=1):
        cell["execution_count"] = count
    metadata = {"unet_tutorial": {"ceiling_seconds": 20}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
