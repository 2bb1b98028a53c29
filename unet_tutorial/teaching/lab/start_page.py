"""The start page: a notebook with the list of the lessons, the student's progress and the next step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import nbformat
from IPython import display
from nbformat import NotebookNode

from unet_tutorial.teaching.checking.progress import Progress, load
from unet_tutorial.teaching.lab.copies import READING
from unet_tutorial.teaching.lessons import catalogue
from unet_tutorial.teaching.lessons.contents import Contents, contents

publish: Callable[[dict[str, str]], None] = display.publish_display_data

TEXT = """\
# The U-Net, number by number

Each lesson asks before it shows the answer. Write your guess into the cell, and press **Shift + Enter** to run it.

The lessons and exercises in this folder are your own copies, so change them as you like. If you only want to read a
lesson, with all its results, use the links on the right. Solved exercises are in the folder `reading/solutions`.\
"""
CODE = """\
# Shift + Enter in this cell shows your progress again
from unet_tutorial.teaching.lab.start_page import show_progress

show_progress()\
"""


@dataclass(frozen=True)
class Done:
    """Of one kind of tasks in a lesson, such as its turns: the number of those done, and of all."""

    kind: str
    done: int
    all: int

    @property
    def open(self) -> int:
        """The number of those to do."""
        return self.all - self.done

    def __str__(self) -> str:
        """The counts, such as "3 of 8"; empty if there is nothing to do."""
        return f"{self.done} of {self.all}" if self.all else ""


@dataclass(frozen=True)
class State:
    """A lesson and what the student has done of it: guesses made, turns completed, exercises solved."""

    lesson: Contents
    guesses: Done
    turns: Done
    exercises: Done

    @property
    def counts(self) -> tuple[Done, ...]:
        """The kinds of tasks that the lesson has."""
        return tuple(each for each in (self.guesses, self.turns, self.exercises) if each.all)

    @property
    def done(self) -> int:
        """The number of all tasks done."""
        return sum(each.done for each in self.counts)

    @property
    def all(self) -> int:
        """The number of all tasks."""
        return sum(each.all for each in self.counts)

    @property
    def words(self) -> str:
        """The state: not begun, begun or done."""
        return "not begun" if not self.done else "done" if self.done == self.all else "begun"


def states(noted: Progress, folder: Path = catalogue.FOLDER) -> list[State]:
    """The state of each lesson, in course order."""
    return [_state(contents(name, folder), noted) for name in catalogue.LESSONS]


def _state(lesson: Contents, noted: Progress) -> State:
    guessed = noted["guesses"].keys() | noted["answered"].keys()
    kinds = {
        "guesses": (lesson.questions, guessed),
        "turns": (lesson.turns, {key for key, done in noted["turns"].items() if done}),
        "exercises": (lesson.exercises, {key for key, done in noted["solved"].items() if done}),
    }
    counts = [Done(kind, len(set(keys) & done), len(keys)) for kind, (keys, done) in kinds.items()]
    return State(lesson, *counts)


def next_step(all_states: list[State]) -> tuple[str, str]:
    """What to do next, as (words, path of the notebook); two empty strings if everything is done.

    It is the rest of the last lesson that was begun, then its exercises, then the next lesson that is not complete.
    """
    begun = max((i for i, state in enumerate(all_states) if state.done), default=0)
    for state in (*all_states[begun:], *all_states[:begun]):
        name, title = state.lesson.name, state.lesson.title
        rest = [f"{each.kind} {each.open}" for each in (state.guesses, state.turns) if each.open]
        if not state.done and state.all:
            return f"begin with {title}", f"{name}.ipynb"
        if rest:
            return f"go on with {title} (to do: {', '.join(rest)})", f"{name}.ipynb"
        if state.exercises.open:
            return f"solve the exercises of {title} (to do: {state.exercises.open})", f"exercises/{name}.ipynb"
    return "", ""


HEADS = ("lesson", "minutes", "state", "guesses", "your turn", "exercises", "results")
CELL = "text-align: left; white-space: nowrap; padding: 4px 16px 4px 4px"


def page(all_states: list[State]) -> str:
    """The HTML of the progress: a total, the next step and a table with a row for each lesson."""
    done, total = (sum(counts) for counts in zip(*((s.done, s.all) for s in all_states), strict=True))
    finished = sum(state.done == state.all for state in all_states)
    words, path = next_step(all_states)
    heads = "".join(f'<th scope="col" style="{CELL}">{head}</th>' for head in HEADS)
    return (
        f"<p>{_bar(done, total, 'all tasks')} <b>{done} of {total}</b> guesses, turns and exercises; "
        f"{finished} of {len(all_states)} lessons done</p>"
        + (
            f'<p><b>Next:</b> <a href="{path}">{escape(words)}</a></p>'
            if words
            else "<p><b>Everything is done.</b></p>"
        )
        + f'<table style="margin-left: 0"><thead><tr>{heads}</tr></thead><tbody>'
        + "".join(map(_row, all_states))
        + "</tbody></table>"
    )


def _row(state: State) -> str:
    lesson = state.lesson
    file, title = f"{lesson.name}.ipynb", escape(lesson.title)
    exercises = f'<a href="exercises/{file}">{state.exercises}</a> ({lesson.exercise_minutes} minutes)'
    cells = (
        f'<a href="{file}">{title}</a>',
        str(lesson.minutes),
        f"{_bar(state.done, state.all, lesson.title)} {state.words}",
        str(state.guesses),
        str(state.turns),
        exercises if state.exercises.all else "",
        f'<a href="{READING}/{file}" aria-label="results of {title}">read</a>',
    )
    return "<tr>" + "".join(f'<td style="{CELL}">{cell}</td>' for cell in cells) + "</tr>"


def _bar(done: int, total: int, name: str) -> str:
    return f'<progress value="{done}" max="{total or 1}" aria-label="{escape(name)}" style="width: 90px"></progress>'


def summary(all_states: list[State]) -> str:
    """The progress as one line of text."""
    done, total = sum(state.done for state in all_states), sum(state.all for state in all_states)
    return f"{done} of {total} guesses, turns and exercises; next: {next_step(all_states)[0] or 'everything is done'}"


def bundle(noted: Progress) -> dict[str, str]:
    """The progress as an output of a notebook, by MIME type."""
    found = states(noted)
    return {"text/html": page(found), "text/plain": summary(found)}


def show_progress() -> None:
    """Display the progress in the start page."""
    publish(bundle(load()))


def start_page() -> NotebookNode:
    """The notebook of the start page, without the output of its cell."""
    cells = [nbformat.v4.new_markdown_cell(TEXT, id="start-text"), nbformat.v4.new_code_cell(CODE, id="start-progress")]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook: NotebookNode = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    return notebook


def with_progress(notebook: NotebookNode, noted: Progress) -> NotebookNode:
    """Give the cell of the progress its output, in place; the cell is added if the notebook has lost it."""
    if not any(cell.source == CODE for cell in notebook.cells):
        notebook.cells.append(nbformat.v4.new_code_cell(CODE, id="start-progress"))
    output: dict[str, Any] = nbformat.v4.new_output("display_data", bundle(noted))
    for cell in notebook.cells:
        if cell.source == CODE:
            cell.outputs = [output]
    return notebook
