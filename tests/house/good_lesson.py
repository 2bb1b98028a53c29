"""A lesson that keeps every rule, for tests that break one."""

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
    cells = [markdown("# Sizes\nObjectives. Prerequisites. Minutes: 30. Paper: section 2.")]
    cells += [code("size = 1\nassert size", 1, stream("ok")), markdown("So it is. ![a U](u.png)")]
    cells += [code("show(plot())", 2, figure(), stream("levels: 5"))]
    cells += [code("# NBVAL_IGNORE_OUTPUT: versions differ\nprint(version)", 3, stream("2.13"))]
    cells += [
        markdown("## 9 · Check"),
        code("assert lesson == (5, 4)", 4),
        markdown("## Recap"),
        markdown("## Quiz\n1. a\n2. b\n3. c"),
    ]
    metadata = {"unet_tutorial": {"ceiling_seconds": 20}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
