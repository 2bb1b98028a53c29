"""A notebook file read as a lesson."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import nbformat
import pytest

from unet_tutorial.teaching.lessons.catalogue import lessons
from unet_tutorial.teaching.lessons.lesson import read, tags, tree


@pytest.mark.parametrize("path", lessons()[:2], ids=lambda path: path.stem)
def test_cells_are_those_that_nbformat_reads(path: Path) -> None:
    ours, theirs = read(path), nbformat.read(path, as_version=4)
    assert [cell["source"] for cell in ours.cells] == [cell.source for cell in theirs.cells]
    assert len(ours.code) == sum(cell.cell_type == "code" for cell in theirs.cells)
    assert [tags(cell) for cell in ours.cells] == [cell.metadata.get("tags", []) for cell in theirs.cells]
    pictures = [o for c in theirs.cells for o in c.get("outputs", []) if any("image/" in k for k in o.get("data", {}))]
    assert len(ours.figures) == len(pictures)


def test_sources_may_be_lists_of_lines_and_magics_are_left_out_of_the_tree(tmp_path: Path) -> None:
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "source": ["%time\n", "x = 1\n", "  !ls\n"]}
    markdown = {"cell_type": "markdown", "metadata": {}, "source": "Two words 12 – ."}
    path = tmp_path / "01_a.ipynb"
    path.write_text(json.dumps({"cells": [cell, markdown], "metadata": {"unet_tutorial": {"ceiling_seconds": 3}}}))
    lesson = read(path)
    assert (lesson.name, lesson.words, lesson.course_metadata) == ("01_a", 2, {"ceiling_seconds": 3})
    assert ast.unparse(tree(lesson.code[0])) == "x = 1"


@pytest.mark.parametrize("text", ["{}", "[]", "not JSON", '{"cells": [{}], "metadata": {}}'])
def test_a_file_that_is_no_notebook_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "01_x.ipynb"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"01_x\.ipynb is not a notebook of format 4"):
        read(path)
