"""The decorator `exercise`: a solution, and its mistakes as edits of its source."""

from __future__ import annotations

import pytest

from unet_tutorial.teaching.checking.exercise import edited, exercise, source_of

CASES = [(3, 2), (5, 1)]


@exercise(
    lambda _seed: CASES,
    ("n + k", "n", "k is not added"),
    ("2 * ", "3 * ", "n + k", "n - k", "two faults"),
    ("another answer", lambda n, k: n * k),
)
def doubled(n: int, k: int) -> int:
    """The decorator's arguments contain lambdas and nested parentheses."""
    return 2 * (n + k)


@exercise(lambda _seed: CASES, ("self.n = n", "self.n = 2 * n", "n counts twice"), name="adder")
class Adder(list[int]):
    def __init__(self, n: int) -> None:
        super().__init__([n])
        self.n = n


def plain(n: int) -> int:
    return n + n


def test_a_solution_gives_the_exercise_its_name_and_is_called_through_it() -> None:
    assert doubled.name == "doubled"
    assert doubled(3, 2) == 10
    assert list(doubled.cases(0)) == CASES


def test_mistakes_are_edits_with_one_or_more_replacements_or_other_answers() -> None:
    results = {hint: answer(3, 2) for hint, answer in doubled.mistakes.items()}
    assert results == {"k is not added": 6, "two faults": 3, "another answer": 6}


def test_a_class_is_a_solution_too_under_another_name() -> None:
    assert vars(Adder)["name"] == "adder"
    assert vars(Adder)["right"](3).n == 3
    assert vars(Adder)["mistakes"]["n counts twice"](3).n == 6


def test_the_source_of_a_solution_has_no_decorator() -> None:
    assert source_of(doubled.right).splitlines()[0] == "def doubled(n: int, k: int) -> int:"
    assert source_of(doubled.right).splitlines()[-1] == "    return 2 * (n + k)"


@pytest.mark.parametrize(("old", "times"), [("n * n", 0), ("n + n", 1), ("return", 1), ("int", 2)])
def test_an_edit_replaces_text_that_occurs_exactly_once(old: str, times: int) -> None:
    source = source_of(plain)
    assert source.count(old) == times
    if times == 1:
        edited(plain, source, (old, f"{old} "))
    else:
        with pytest.raises(ValueError, match=rf"exercise plain: .* occurs {times} times in the solution"):
            edited(plain, source, (old, "0"))


def test_two_mistakes_with_one_hint_are_refused() -> None:
    with pytest.raises(ValueError, match="two mistakes have the hint 'wrong'"):
        exercise(lambda _seed: CASES, ("n + n", "n", "wrong"), ("wrong", abs))(plain)
