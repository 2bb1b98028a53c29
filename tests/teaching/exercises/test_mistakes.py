"""Every exercise of the course: its solution passes, each of its mistakes fails and is recognised as what it is."""

from typing import Any

import pytest

from unet_tutorial.teaching.checking.check import all_exercises, hidden
from unet_tutorial.teaching.checking.exercise import Exercise
from unet_tutorial.teaching.checking.guard import Outcome
from unet_tutorial.teaching.checking.judge import HIDDEN, behaviour, judge

pytestmark = pytest.mark.slow

EXERCISES = all_exercises()
MISTAKES = [(exercise, sentence) for exercise in EXERCISES for sentence in exercise.mistakes]


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_the_solution_passes(exercise: Exercise) -> None:
    assert judge(exercise, exercise.solution).sentence == f"ok: {exercise.name}"
    assert hidden(exercise.name, exercise.solution).ok


KNOWN: dict[tuple[str, int, int], list[Outcome]] = {}


def remembered(exercise: Exercise, answer: Any, seed: int, seconds: float) -> list[Outcome]:
    """The outcomes of an answer; they are computed once, although the mistakes are compared with one another."""
    key = exercise.name, id(answer), seed
    if key not in KNOWN:
        KNOWN[key] = behaviour(exercise, answer, seed, seconds)
    return KNOWN[key]


@pytest.mark.parametrize(("exercise", "sentence"), MISTAKES, ids=lambda part: getattr(part, "name", part))
def test_a_mistake_fails_the_visible_and_the_hidden_test_and_its_own_hint_fires(
    exercise: Exercise, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unet_tutorial.teaching.checking.judge.behaviour", remembered)
    mistake = exercise.mistakes[sentence]
    outcomes = remembered(exercise, mistake, 0, 10.0)  # it runs, or raises an exception that tells it from the others
    assert not any(each.timed_out or (each.error and not each.raised) for each in outcomes)
    assert judge(exercise, mistake).sentence == f"{exercise.name}: {sentence}"
    assert [judge(exercise, mistake, seed=seed).ok for seed in HIDDEN] == [False] * len(HIDDEN)


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_there_are_five_mistakes_or_more(exercise: Exercise) -> None:
    assert len(exercise.mistakes) >= 5


def test_names_are_unique() -> None:
    names = [exercise.name for exercise in EXERCISES]
    assert len(names) == len(set(names))
