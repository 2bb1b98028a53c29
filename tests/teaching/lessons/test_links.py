"""Links between lessons and exercises lead to files, in course order."""

from __future__ import annotations

import re

import nbformat
import pytest

from tests.paths import NOTEBOOKS
from unet_tutorial.teaching.lessons import catalogue
from unet_tutorial.teaching.lessons.links import START, link, way_on


@pytest.mark.parametrize("name", catalogue.LESSONS)
def test_links_lead_to_files_in_course_order(name: str) -> None:
    position = catalogue.LESSONS.index(name)
    links = re.findall(r"\]\(([^)]+)\)", way_on(name))
    assert all((NOTEBOOKS / link).is_file() for link in links)
    neighbours = [catalogue.LESSONS[i] for i in (position - 1, position + 1) if 0 <= i < len(catalogue.LESSONS)]
    assert [link for link in links if "/" not in link] == [f"{each}.ipynb" for each in neighbours]
    if name not in catalogue.WITHOUT_EXERCISES:
        back = re.findall(r"\]\(([^)]+)\)", way_on(name, exercises=True))
        assert all((NOTEBOOKS / "exercises" / link).is_file() for link in back)
        assert back[0] == f"../{name}.ipynb"


@pytest.mark.parametrize("last", ["## Quiz\n\n1. a", f"## Quiz\n\n{START}an old link", f"{START}an old link", "code"])
def test_the_last_line_is_replaced_or_added(last: str) -> None:
    cell = nbformat.from_dict({"cell_type": "code" if last == "code" else "markdown", "source": last})
    notebook, path = nbformat.from_dict({"cells": [cell]}), NOTEBOOKS / "solutions" / "01_sizes.ipynb"
    for _ in range(2):
        link(notebook, path)
        lines = notebook.cells[-1].source.split("\n")
        assert lines[-1] == way_on("01_sizes", exercises=True)
        assert "an old link" not in notebook.cells[-1].source
        assert lines[0] == (last.split("\n")[0] if last.startswith("##") else lines[-1])
