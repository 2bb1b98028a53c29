"""Solutions are marked as nbgrader wants them, and students' notebooks are not."""

import re
from pathlib import Path

import nbformat
import pytest

from unet_tutorial.teaching.lessons.catalogue import solutions
from unet_tutorial.teaching.lessons.grading import marks
from unet_tutorial.teaching.lessons.release import released

SOLUTIONS = solutions()
KEYS = {"grade", "grade_id", "locked", "schema_version", "solution", "task"}  # of nbgrader's schema 3


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_every_answer_is_the_students_and_every_hidden_test_counts_a_point(path: Path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    found = [(cell.source, cell.metadata["nbgrader"]) for cell in cells if "nbgrader" in cell.metadata]
    asked = len(re.findall(r'^check\("', "\n".join(cell.source for cell in cells), re.MULTILINE))
    answers = [mark for source, mark in found if "### BEGIN SOLUTION" in source]
    tests = [mark for source, mark in found if "### BEGIN HIDDEN TESTS" in source]
    assert len(tests) == asked <= len(answers)
    assert all(mark["solution"] and not mark["locked"] for mark in answers)
    assert all(mark["grade"] and mark["locked"] and mark["points"] == 1 for mark in tests)
    assert len({mark["grade_id"] for _, mark in found}) == len(found)
    assert all(mark.keys() - {"points"} == KEYS for _, mark in found)


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_the_marks_are_those_of_today_and_students_get_none(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        wanted = marks(cell.source, cell.id) if cell.cell_type == "code" else {}
        assert cell.metadata == wanted, "run: python3 course.py notebooks notebooks/solutions/NN_name.ipynb"
    assert all(cell.metadata == {} for cell in released(notebook).cells)
