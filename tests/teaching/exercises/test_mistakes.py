"""Every exercise: its solution passes, each mistake gets its own hint, and answers of students get their verdict.

The answers to one exercise are tried in one test, so that the outcomes of its mistakes are computed once.
"""

from importlib import import_module
from pkgutil import iter_modules

import pytest

from tests.oracles.answers import remembered
from tests.teaching.exercises import answers
from unet_tutorial.teaching.checking.check import all_exercises, hidden
from unet_tutorial.teaching.checking.exercise import Exercise
from unet_tutorial.teaching.checking.judge import judge
from unet_tutorial.teaching.checking.trial import HIDDEN, Trial

pytestmark = pytest.mark.slow

EXERCISES = all_exercises()
TABLES = [import_module(f"{answers.__name__}.{name}").ANSWERS for _, name, _ in iter_modules(answers.__path__)]
each_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)


@pytest.fixture(autouse=True)
def memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outcomes are computed once within a test."""
    monkeypatch.setattr("unet_tutorial.teaching.checking.trial.behaviour", remembered())


@each_exercise
def test_the_solution_passes(exercise: Exercise) -> None:
    assert judge(exercise, exercise.solution).sentence == f"ok: {exercise.name}"
    assert hidden(exercise.name, exercise.solution).ok


@each_exercise
def test_mistakes_fail_the_visible_and_the_hidden_test_and_their_own_hints_fire(exercise: Exercise) -> None:
    faults = []
    for hint, mistake in exercise.listed:
        verdict = judge(exercise, mistake)
        if verdict.sentence != f"{exercise.name}: {hint}":
            faults.append(f"{hint!r} is named {verdict.sentence!r}")
        if not any(Trial(exercise, mistake, HIDDEN[0], 10.0).faults):
            faults.append(f"{hint!r} passes the hidden test")
        if verdict.mistake != hint:
            faults.append(f"{hint!r} is not recognised: it is too slow, or breaks a rule of the exercise")
    assert faults == []


@each_exercise
def test_there_are_five_mistakes_or_more(exercise: Exercise) -> None:
    assert len(exercise.mistakes) >= 5


def test_names_are_unique() -> None:
    names = [exercise.name for exercise in EXERCISES]
    assert len(names) == len(set(names))


@each_exercise
def test_wrong_answers_are_rejected_with_the_right_words(exercise: Exercise) -> None:
    faults = []
    for _, words, answer in (each for table in TABLES for each in table.wrong_ones if each[0] == exercise.name):
        verdict = judge(exercise, answer, seconds=1)
        if verdict.ok or words not in verdict.sentence:
            faults.append(f"line {answer_line(answer)}: wanted {words!r}, got {verdict.sentence!r}")
    assert faults == []


@each_exercise
def test_unusual_right_answers_are_accepted(exercise: Exercise) -> None:
    right = [answer for table in TABLES for name, answer in table.right_ones if name == exercise.name]
    verdicts = [judge(exercise, answer, seed=seed) for answer in right for seed in (0, HIDDEN[0])]
    assert [verdict.sentence for verdict in verdicts if not verdict.ok] == []


def answer_line(answer: object) -> int:
    """The line of an answer in its table, or 0 for a class or a partial."""
    return int(getattr(getattr(answer, "__code__", None), "co_firstlineno", 0))


def test_each_answer_is_one_to_an_exercise() -> None:
    names = {exercise.name for exercise in EXERCISES}
    assert all(each[0] in names for table in TABLES for each in (*table.wrong_ones, *table.right_ones))


def test_each_lesson_has_ten_wrong_and_five_right_answers_or_more() -> None:
    assert all(len(table.wrong_ones) >= 10 and len(table.right_ones) >= 5 for table in TABLES)
