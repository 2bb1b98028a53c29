"""The start page: the state of each lesson, the next step, and links that lead to files."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import nbformat
import pytest

from unet_tutorial.teaching.checking.progress import KINDS, Progress, note
from unet_tutorial.teaching.lab import start_page
from unet_tutorial.teaching.lab.copies import student_files
from unet_tutorial.teaching.lab.start_page import CODE, Done, State, next_step, page, states, with_progress
from unet_tutorial.teaching.lessons.catalogue import LESSONS
from unet_tutorial.teaching.lessons.contents import Contents, contents


def nothing() -> Progress:
    return {kind: {} for kind in KINDS}


def state(name: str, guesses: int, turns: int, exercises: int) -> State:
    """A lesson of 3 guesses, 2 turns and 1 exercise, of which so many are done."""
    lesson = Contents(name, f"{name} & more", 50, 30, ("g", "h", "i"), ("t", "u"), ("e",))
    return State(lesson, Done("guesses", guesses, 3), Done("turns", turns, 2), Done("exercises", exercises, 1))


def test_the_state_counts_this_lessons_keys() -> None:
    noted, inside = nothing(), contents("01_sizes")
    noted["guesses"] = {inside.questions[0]: "4", "of-another-lesson": "4"}
    noted["answered"] = {inside.questions[0]: False}
    noted["turns"] = {inside.turns[0]: True, inside.turns[1]: False}
    noted["solved"] = {inside.exercises[0]: True, inside.exercises[1]: False}
    found = {each.lesson.name: each for each in states(noted)}
    assert list(found) == list(LESSONS)
    here = found["01_sizes"]
    assert (here.guesses.done, here.turns.done, here.exercises.done) == (1, 1, 1)
    assert (str(here.guesses), here.words) == (f"1 of {len(inside.questions)}", "begun")
    assert found["02_encoder_block"].words == "not begun"


@pytest.mark.parametrize(
    ("done", "words", "path"),
    [
        ([(0, 0, 0), (0, 0, 0)], "begin with a & more", "a.ipynb"),
        ([(1, 0, 0), (0, 0, 0)], "go on with a & more (to do: guesses 2, turns 2)", "a.ipynb"),
        ([(3, 2, 0), (0, 0, 0)], "solve the exercises of a & more (to do: 1)", "exercises/a.ipynb"),
        ([(3, 2, 1), (0, 0, 0)], "begin with b & more", "b.ipynb"),
        ([(1, 0, 0), (3, 1, 0)], "go on with b & more (to do: turns 1)", "b.ipynb"),
        ([(1, 2, 1), (3, 2, 1)], "go on with a & more (to do: guesses 2)", "a.ipynb"),
        ([(3, 2, 1), (3, 2, 1)], "", ""),
    ],
)
def test_the_next_step(done: list[tuple[int, int, int]], words: str, path: str) -> None:
    assert next_step([state(name, *each) for name, each in zip("ab", done, strict=True)]) == (words, path)


class Links(HTMLParser):
    """Collects the links of a page, and fails if an element is not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.found += [str(value) for name, value in attrs if name == "href"]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_every_link_of_the_page_leads_to_a_file() -> None:
    found = Links(page(states(nothing()))).found
    assert len(found) >= 3 * len(LESSONS)
    assert set(found) <= student_files().keys()


def test_the_page_states_the_totals() -> None:
    text = page([state("a", 3, 2, 1), state("b", 1, 0, 0)])
    assert "<b>7 of 12</b> guesses, turns and exercises; 1 of 2 lessons done" in re.sub(
        r"<progress.*?</progress>", "", text
    )
    assert "a &amp; more</a>" in text
    assert " & " not in text
    assert ">done</td>" not in text
    assert "</progress> done</td>" in text
    assert "Everything is done" in page([state("a", 3, 2, 1)])


def test_the_cell_shows_the_progress_again(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[dict[str, str]] = []
    monkeypatch.setattr(start_page, "publish", shown.append)
    total = sum(each.all for each in states(nothing()))
    for number, key in enumerate(contents("01_sizes").questions[:2]):
        exec(CODE, {})
        assert shown[-1]["text/plain"].startswith(f"{number} of {total} guesses, turns and exercises; next: ")
        note("guesses", key, "a")


@pytest.mark.parametrize("lost", [False, True])
def test_the_output_is_renewed_and_the_students_cells_stay(*, lost: bool) -> None:
    notebook = start_page.start_page()
    notebook.cells.append(nbformat.v4.new_markdown_cell("my notes", id="mine"))
    if lost:
        del notebook.cells[1]
    for _ in range(2):
        with_progress(notebook, nothing())
        assert len(notebook.cells) == 3
        (cell,) = [cell for cell in notebook.cells if cell.cell_type == "code"]
        assert [output.output_type for output in cell.outputs] == ["display_data"]
    nbformat.validate(notebook)
