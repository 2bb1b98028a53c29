"""What a lesson contains, read from its notebook: its title and minutes, and its questions, turns and exercises."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from unet_tutorial.teaching.checking.progress import Progress, load
from unet_tutorial.teaching.lessons import catalogue
from unet_tutorial.teaching.lessons.lesson import read


@dataclass(frozen=True)
class Contents:
    """A lesson's title and minutes, and the keys of its questions, turns and exercises."""

    name: str
    title: str
    minutes: int
    exercise_minutes: int
    questions: tuple[str, ...]
    turns: tuple[str, ...]
    exercises: tuple[str, ...]

    @property
    def number(self) -> str:
        """The number in front of the name, such as "03"; empty for a lesson without one."""
        found = re.match(r"\d\d[a-z]?(?=_)", self.name)
        return found[0] if found else ""


def contents(name: str, folder: Path = catalogue.FOLDER) -> Contents:
    """The contents of the lesson with this name in a folder. ValueError if there is no such notebook."""
    lesson = read(folder / f"{name}.ipynb")
    code = "\n".join(cell["source"] for cell in lesson.code)
    solved, exercise_minutes = folder / "solutions" / f"{name}.ipynb", 0
    exercises: list[str] = []
    if solved.is_file():
        solutions = read(solved)
        exercises = re.findall(r'^check\("(\w+)"', "\n".join(cell["source"] for cell in solutions.code), re.MULTILINE)
        exercise_minutes = minutes_in(solutions.prose)
    return Contents(
        name,
        title_in(lesson.prose),
        minutes_in(lesson.prose),
        exercise_minutes,
        _keys("predict", code),
        _keys("turn", code),
        tuple(exercises),
    )


def _keys(call: str, code: str) -> tuple[str, ...]:
    return tuple(re.findall(rf'^{call}\(\s*"([a-z0-9-]+)"', code, re.MULTILINE))


def title_in(prose: str) -> str:
    """The first heading of a notebook, such as "01 · Size arithmetic"."""
    found = re.search(r"^# (.+)$", prose, re.MULTILINE)
    if not found:
        raise ValueError("the notebook has no title; begin its first cell with a line such as # 01 · Sizes")
    return found[1].strip()


def minutes_in(prose: str) -> int:
    """The number of minutes that the text of a notebook states first; 0 if there is none.

    >>> minutes_in("*Minutes: 50 · Paper: section 2*"), minutes_in("*About 30 minutes.*")
    (50, 30)
    """
    found = re.search(r"Minutes\W+(\d+)|(\d+) minutes", prose)
    return int(found[1] or found[2]) if found else 0


def score(name: str, noted: Progress | None = None) -> str:
    """One line for the recap of a lesson: how many of its guesses were right, and how many turns are completed."""
    inside = contents(_full_name(name))
    noted = noted or load()
    answered = [noted["answered"][key] for key in inside.questions if key in noted["answered"]]
    done = sum(bool(noted["turns"].get(key)) for key in inside.turns)
    missing = len(inside.questions) - len(answered)
    return (
        f"guesses: {sum(answered)} of {len(inside.questions)} right"
        + (f" ({missing} not made)" if missing else "")
        + f"; turns: {done} of {len(inside.turns)} completed"
    )


def _full_name(name: str) -> str:
    """The name of the lesson with this number or name."""
    found = [each for each in catalogue.LESSONS if name in (each, each.partition("_")[0])]
    if len(found) != 1:
        raise ValueError(f"there is no lesson {name!r}; there are {', '.join(catalogue.LESSONS)}")
    return found[0]
