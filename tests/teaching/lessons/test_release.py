"""What a student opens is made from the solutions, and no answer is left in it."""

import re
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from tests.paths import NOTEBOOKS
from unet_tutorial.teaching.checking.check import all_exercises
from unet_tutorial.teaching.lessons.catalogue import solutions
from unet_tutorial.teaching.lessons.release import release, released, stubbed, text_of

SOLUTIONS = solutions()


def sources(notebook: NotebookNode) -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_the_committed_exercises_are_those_of_the_solutions(path: Path) -> None:
    made = text_of(released(nbformat.read(path, as_version=4)))
    assert made == (NOTEBOOKS / "exercises" / path.name).read_text(encoding="utf8"), "run: python3 course.py exercises"


def test_every_exercise_is_asked_once_and_every_solution_is_hidden_tested() -> None:
    text = "\n".join(source for path in SOLUTIONS for source in sources(nbformat.read(path, as_version=4)))
    names = sorted(exercise.name for exercise in all_exercises())
    assert sorted(re.findall(r'^check\("(\w+)"', text, re.MULTILINE)) == names
    assert sorted(re.findall(r'assert hidden\("(\w+)"', text)) == names


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_solutions_are_executed_and_print_ok(path: Path) -> None:
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    for cell in cells:
        for name in re.findall(r'^check\("(\w+)"', cell.source, re.MULTILINE):
            assert [output.data["text/plain"] for output in cell.outputs] == [f"ok: {name}"]


@pytest.mark.slow
@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_an_untouched_exercise_runs_and_says_what_is_missing(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = sources(released(nbformat.read(path, as_version=4)))
    assert not re.search("SOLUTION|HIDDEN|hidden", "\n".join(code))
    exec("\n".join(code), {"__name__": "exercises"})
    verdicts = [line for line in capsys.readouterr().out.splitlines() if not line.startswith(" ")]
    assert len(verdicts) == sum(source.count("check(") for source in code)
    assert not [line for line in verdicts if line.startswith("ok")]


def test_stubs_keep_their_indentation_and_several_regions(tmp_path: Path) -> None:
    cell = (
        "class A:\n    def f(self):\n        ### BEGIN SOLUTION\n        return 1\n        ### END SOLUTION\n\n\nx = 1"
    )
    assert stubbed(cell).splitlines()[2] == "        return None  # your answer in place of this line"
    assert stubbed(cell).endswith("\n\n\nx = 1")
    assert stubbed("### BEGIN HIDDEN TESTS\nassert f(1)\n### END HIDDEN TESTS\n") == ""
    assert SOLUTIONS
    copy = tmp_path / "solutions" / SOLUTIONS[0].name
    copy.parent.mkdir()
    copy.write_bytes(SOLUTIONS[0].read_bytes())
    assert release(copy) == tmp_path / "exercises" / SOLUTIONS[0].name
