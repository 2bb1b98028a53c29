"""Every exercise: its solution passes, each mistake gets its own hint, and answers of students get their verdict."""

from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest

from tests.oracles.answers import remembered
from tests.teaching.exercises import answers
from unet_tutorial.teaching.checking.check import all_exercises, find, hidden
from unet_tutorial.teaching.checking.exercise import Exercise
from unet_tutorial.teaching.checking.judge import judge
from unet_tutorial.teaching.checking.trial import HIDDEN, Trial

pytestmark = pytest.mark.slow

EXERCISES = all_exercises()
MISTAKES = [(exercise, *listed) for exercise in EXERCISES for listed in exercise.listed]


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_the_solution_passes(exercise: Exercise) -> None:
    assert judge(exercise, exercise.solution).sentence == f"ok: {exercise.name}"
    assert hidden(exercise.name, exercise.solution).ok


@pytest.mark.parametrize(("exercise", "sentence", "mistake"), MISTAKES, ids=lambda part: getattr(part, "name", part))
def test_a_mistake_fails_the_visible_and_the_hidden_test_and_its_own_hint_fires(
    exercise: Exercise, sentence: str, mistake: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unet_tutorial.teaching.checking.trial.behaviour", remembered)
    outcomes = remembered(exercise, mistake, 0, 10.0)  # it runs, or raises an exception that tells it from the others
    assert not any(each.timed_out or (each.error and not each.raised) for each in outcomes)
    assert judge(exercise, mistake).sentence == f"{exercise.name}: {sentence}"
    assert all(any(Trial(exercise, mistake, seed, 10.0).faults) for seed in HIDDEN)


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_there_are_five_mistakes_or_more(exercise: Exercise) -> None:
    assert len(exercise.mistakes) >= 5


def test_names_are_unique() -> None:
    names = [exercise.name for exercise in EXERCISES]
    assert len(names) == len(set(names))


TABLES = [import_module(f"{answers.__name__}.{name}").ANSWERS for _, name, _ in iter_modules(answers.__path__)]
WRONG = [each for table in TABLES for each in table.wrong_ones]
RIGHT = [each for table in TABLES for each in table.right_ones]


@pytest.mark.parametrize(("name", "words", "answer"), WRONG)
def test_a_wrong_answer_is_rejected_with_the_right_words(
    name: str, words: str, answer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unet_tutorial.teaching.checking.trial.behaviour", remembered)
    verdict = judge(find(name), answer, seconds=1)
    assert not verdict.ok
    assert words in verdict.sentence


@pytest.mark.parametrize(("name", "answer"), RIGHT)
def test_an_unusual_right_answer_is_accepted(name: str, answer: Any) -> None:
    assert judge(find(name), answer).sentence == f"ok: {name}"
    assert hidden(name, answer).ok


def test_each_lesson_has_ten_wrong_and_five_right_answers_or_more() -> None:
    assert all(len(table.wrong_ones) >= 10 and len(table.right_ones) >= 5 for table in TABLES)
