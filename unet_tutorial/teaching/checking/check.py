"""What a lesson calls to have an answer checked: one line comes back, whatever the answer does."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

from unet_tutorial.teaching.checking import progress
from unet_tutorial.teaching.checking.exercise import Exercise
from unet_tutorial.teaching.checking.judge import Verdict, judge

EXERCISES = "unet_tutorial.teaching.exercises"  # found by name: the exercises import this package, not the reverse
HIDDEN = (1, 2, 3)  # seeds that the lesson's own check does not try


def check(name: str, answer: Any, *, seconds: float = 10.0) -> None:
    """Try an answer, print ``ok`` or what is wrong with it, and note it. ValueError for an unknown exercise."""
    verdict = judge(find(name), answer, seconds=seconds)
    print(verdict.sentence)
    progress.note("solved", name, verdict.ok)


def hidden(name: str, answer: Any, *, seconds: float = 10.0) -> Verdict:
    """The first verdict against an answer on cases that the lesson does not show; else the last. Prints nothing."""
    verdicts = (judge(find(name), answer, seed=seed, seconds=seconds) for seed in HIDDEN)
    return next((verdict for verdict in verdicts if not verdict.ok), Verdict(ok=True, sentence=f"ok: {name}, hidden"))


def find(name: str) -> Exercise:
    """The exercise of this name; ValueError lists those there are."""
    known = {exercise.name: exercise for exercise in everything()}
    if name not in known:
        raise ValueError(f"there is no exercise {name!r}; there are {', '.join(sorted(known))}")
    return known[name]


def everything() -> list[Exercise]:
    """All exercises, lesson by lesson."""
    folder = importlib.import_module(EXERCISES).__path__
    modules = [
        importlib.import_module(f"{EXERCISES}.{name}") for name in sorted(m.name for m in pkgutil.iter_modules(folder))
    ]
    return [exercise for module in modules for exercise in module.EXERCISES]
