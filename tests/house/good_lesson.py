"""A lesson that keeps every rule, for tests that break one."""

from __future__ import annotations

from typing import Any

from unet_tutorial.teaching.lessons.links import way_on

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


def turn(key: str, count: int) -> Notebook:
    cell = code(f'turn("{key}", "Write a number", answer=None, test=bool)', count)
    return {**cell, "metadata": {"unet_tutorial": {"right": ["1"], "wrong": ["0"]}}}


def good_notebook() -> Notebook:
    cells = [markdown("# Sizes\nObjectives. Prerequisites. Minutes: 30. Paper: section 2.")]
    cells += [code("size = 1\nassert size", 1, stream("ok")), markdown("So it is. ![a U](u.png)")]
    cells += [code("show(plot())", 2, figure(), stream("levels: 5"))]
    cells[-1]["metadata"] = {"tags": ["plot"]}
    cells += [code("# NBVAL_IGNORE_OUTPUT: versions differ\nprint(version)", 3, stream("2.13"))]
    cells += [
        markdown("## 1 · A section"),
        code('predict("even", "Is 2 even?")', 4),
        code('reveal("even", True)', 5),
        markdown("## 2 · Another section"),
        turn("larger", 6),
        turn("smaller", 7),
        markdown("## 9 · Check"),
        code("assert lesson == (5, 4)", 8),
        markdown("## Recap"),
        code('print(score("01"))', 9),
        markdown("## Quiz\n1. a\n2. b\n3. c\n\n" + way_on("01_sizes")),
    ]
    metadata = {"unet_tutorial": {"ceiling_seconds": 20}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
