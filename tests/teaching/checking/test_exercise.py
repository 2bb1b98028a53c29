"""Mistakes as edits of a solution: applied to its source, refused where the text to replace is not there once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from unet_tutorial.teaching.checking.exercise import Case, Mistake, exercise, source_of

STEP = 2


def cases(seed: int) -> Iterator[Case]:
    yield (64 + seed, 4)


def doubled(n: int) -> int:
    """Used by edits below."""
    return 2 * n


def channel_plan(first: int, poolings: int) -> list[int]:
    return [first * STEP**i for i in range(poolings + 1)]


def made(*mistakes: Mistake) -> dict[str, list[int]]:
    """The answers of all mistakes for (3, 2), by hint."""
    found = exercise(cases, *mistakes)(channel_plan)
    assert (found.name, found.solution(3, 2)) == ("channel_plan", [3, 6, 12])
    return {hint: answer(3, 2) for hint, answer in found.mistakes.items()}


def test_edits_and_other_answers_in_the_order_of_the_text() -> None:
    found = made(
        ("poolings + 1", "poolings", "one is missing"),
        ("none", lambda _first, _poolings: []),
        ("STEP**i", "doubled(i)", "the module's own functions can be used"),
        ("first *", "first +", "i in", "j in", "STEP**i", "STEP**j", "three replacements"),
    )
    assert list(found.items()) == [
        ("one is missing", [3, 6]),
        ("none", []),
        ("the module's own functions can be used", [0, 6, 12]),
        ("three replacements", [4, 5, 7]),
    ]


@pytest.mark.parametrize(
    ("mistakes", "message"),
    [
        ([("poolings + 2", "1", "a")], r"channel_plan: 'poolings \+ 2' occurs 0 times in the solution"),
        ([("first *", "1 *", "i in", "a")], "an edit needs pairs of an old and a new text"),
        ([("first", "1", "a")], "'first' occurs 2 times in the solution"),
    ],
)
def test_an_edit_that_does_not_fit_is_refused_at_once(mistakes: list[Mistake], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        exercise(cases, *mistakes)(channel_plan)


def test_mistakes_with_one_hint_are_siblings() -> None:
    found = exercise(
        cases,
        ("poolings + 1", "poolings", "a level is missing"),
        ("none", lambda _first, _poolings: []),
        ("range(poolings + 1)", "range(1, poolings + 1)", "a level is missing"),
    )(channel_plan)
    assert list(found.mistakes) == ["a level is missing", "none"]
    assert [(hint, answer(3, 2)) for hint, answer in found.listed] == [
        ("a level is missing", [3, 6]),
        ("a level is missing", [6, 12]),
        ("none", []),
    ]


class Counter:
    def after(self, n: int) -> int:
        return n + 1


def test_a_class_can_be_the_solution() -> None:
    counter = exercise(cases, ("n + 1", "n", "the one is missing"))(Counter)
    assert counter.solution().after(4) == 5
    assert counter.mistakes["the one is missing"]().after(4) == 4


def test_a_solution_is_called_through_its_exercise_and_an_exercise_can_have_another_name() -> None:
    plan = exercise(cases, name="plan")(channel_plan)
    assert (plan.name, plan(3, 2)) == ("plan", [3, 6, 12])


@exercise(cases, ("return n", "return -n", "the sign is wrong"), ("a lambda", lambda n: n + 1))
def identity(n: int) -> int:
    return n


def test_the_source_is_without_decorators() -> None:
    assert source_of(identity.solution) == "def identity(n: int) -> int:\n    return n\n"
    assert [answer(3) for answer in identity.mistakes.values()] == [-3, 4]
