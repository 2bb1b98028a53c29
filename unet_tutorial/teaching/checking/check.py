"""``check("name", answer)``: checks a student's answer and shows the verdict; notebooks call it."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

from IPython.display import display

from unet_tutorial.teaching.checking import progress
from unet_tutorial.teaching.checking.exercise import Exercise
from unet_tutorial.teaching.checking.judge import judge
from unet_tutorial.teaching.checking.trial import HIDDEN
from unet_tutorial.teaching.checking.verdict import Verdict

# Imported by name: the exercises import this folder, so this folder may not import them (tests/house/floors.py).
EXERCISES = "unet_tutorial.teaching.exercises"


def check(name: str, answer: Any, *, seconds: float = 10.0) -> None:
    """Check an answer, show ``ok`` or the first error, and record the result. ValueError for an unknown exercise.

    The verdict is shown in colour in a notebook, and printed elsewhere.
    """
    verdict = judge(find(name), answer, seconds=seconds)
    display(verdict)  # type: ignore[no-untyped-call]
    if verdict.ok or not progress.load()["solved"].get(name):  # an exercise that was solved stays so
        progress.note("solved", name, verdict.ok)


def hidden(name: str, answer: Any, *, seconds: float = 10.0) -> Verdict:
    """Check an answer on cases that students do not see; returns the first failure, if any. Prints nothing."""
    verdicts = (judge(find(name), answer, seed=seed, seconds=seconds) for seed in HIDDEN)
    return next((verdict for verdict in verdicts if not verdict.ok), Verdict(ok=True, sentence=f"ok: {name}, hidden"))


def find(name: str) -> Exercise:
    """The exercise of this name. Raises ValueError, with the list of names, for an unknown one."""
    known = {exercise.name: exercise for exercise in all_exercises()}
    if name not in known:
        raise ValueError(f"there is no exercise {name!r}; there are {', '.join(sorted(known))}")
    return known[name]


def all_exercises() -> list[Exercise]:
    """All exercises, in course order."""
    folder = importlib.import_module(EXERCISES).__path__
    modules = [
        importlib.import_module(f"{EXERCISES}.{name}") for name in sorted(m.name for m in pkgutil.iter_modules(folder))
    ]
    return [exercise for module in modules for exercise in module.EXERCISES]
