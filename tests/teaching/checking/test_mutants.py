"""Mutants of small solutions, written out by hand, and the verdict on answers that behave like them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import count
from time import monotonic
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from unet_tutorial.teaching.checking.exercise import Case, Exercise
from unet_tutorial.teaching.checking.judge import judge
from unet_tutorial.teaching.checking.mutants import mutants, operations
from unet_tutorial.teaching.checking.recognition import SEARCH_SECONDS


def diagonal(a: float, b: float, scale: float) -> float:
    return math.sqrt(a**2 + b**2) / (scale + 1)


def longest(sides: list[float], limit: float) -> float:
    return sum(max(each, limit) for each in sides if each < 9)


def doubled(n: int) -> int:
    return n * 2


def window(height: int, width: int) -> NDArray[np.float64]:
    return np.full((height + 1, width), 5.0 * height)


def negative(x: float) -> float:
    return -x if x > 3 else x


def area(height: int, width: int) -> float:
    return 1.0 * height * width


def rooted_area(height: int, width: int) -> float:
    return height * math.sqrt(width)


def area_of_a_table(height: int, width: int) -> float:
    return {(4, 9): 12.0, (5, 9): 15.0, (16, 25): 80.0}[height, width]


class Made:
    """A solution that is a class."""


def _diagonals(seed: int) -> Iterator[Case]:
    yield 3.0, 4.5, 2.0 + seed
    yield 1.0, 7.0, 0.5
    yield 6.0, 2.0, 3.0


def _sides(seed: int) -> Iterator[Case]:
    yield [2.0, 3.0, 4.0, 9.0], 3.5 + seed
    yield [5.0, 1.0, 11.0], 2.5


DIAGONAL = Exercise("diagonal", diagonal, _diagonals, {"the sides were added": lambda a, b, scale: (a + b) / scale})
LONGEST = Exercise("longest", longest, _sides, {})

ANSWERS: list[tuple[Exercise, Callable[..., Any], str]] = [
    (DIAGONAL, lambda a, b, scale: (a**2 + b**2) / (scale + 1), "the call of sqrt is missing"),
    (DIAGONAL, lambda a, b, scale: math.hypot(a, b) / scale + 1, "brackets are missing"),
    (DIAGONAL, lambda a, b, scale: math.hypot(a, b) * (scale + 1), "you multiply where the right formula divides"),
    (DIAGONAL, lambda a, b, _scale: math.hypot(a, b), "the division by scale + 1 is missing"),
    (DIAGONAL, lambda a, b, scale: math.hypot(a, b) / scale, "the term 1 is missing"),
    (DIAGONAL, lambda a, b, scale: (scale + 1) / math.hypot(a, b), "1 divided by the right one"),
    (DIAGONAL, lambda a, b, scale: math.sqrt(a**2 - b**2 + 99) / (scale + 1), "expected"),  # no mutant
    (DIAGONAL, lambda a, b, scale: math.sqrt(a + b**2) / (scale + 1), "a power, such as a square, is missing"),
    (DIAGONAL, lambda a, b, scale: math.sqrt(a**2 * b**2) / (scale + 1), "you multiply where the right formula adds"),
    (DIAGONAL, lambda a, _b, scale: math.hypot(a, a) / (scale + 1), "you use a where b belongs"),
    (DIAGONAL, lambda a, b, scale: math.hypot(a, b) / (scale + 2), "is 1 too large"),
    (DIAGONAL, lambda a, b, scale: round(math.hypot(a, b) / (scale + 1)), "the result is rounded"),
    (DIAGONAL, lambda a, b, scale: math.sqrt(a**2 + b**2 / 2) / (scale + 1), "a factor of 1/2 too much"),
    (DIAGONAL, lambda a, b, scale: ((a + b) / scale) ** 2, "the sides were added. There is a second mistake: every"),
    (LONGEST, lambda sides, limit: sum(min(s, limit) for s in sides if s < 9), "the smallest value where the largest"),
    (LONGEST, lambda sides, limit: sum(max(s, limit) for s in sides if s <= 9), "counts the limit itself"),
    (LONGEST, lambda sides, limit: max(sides[0], limit), "only the first item is used"),
    (LONGEST, lambda sides, limit: math.prod(max(s, limit) for s in sides if s < 9), "the right formula takes a sum"),
]


@pytest.mark.parametrize(("exercise", "answer", "words"), ANSWERS)
def test_an_answer_with_one_edit_of_the_formula_is_recognised(
    exercise: Exercise, answer: Callable[..., Any], words: str
) -> None:
    verdict = judge(exercise, answer)
    assert not verdict.ok
    assert words in verdict.sentence


def test_a_square_root_is_named_only_if_the_answer_takes_one() -> None:
    """The results of both answers are those of a formula with a root too many."""
    areas = Exercise("area", area, lambda seed: iter([(4 + seed, 9), (16, 25)]), {})
    assert judge(areas, rooted_area).sentence == "area: your results fit this mistake: there is a square root too many"
    assert "root" not in judge(areas, area_of_a_table).sentence
    assert operations(area_of_a_table) == set()
    assert operations(math.sqrt) is None


def test_the_two_cases_of_a_condition_are_edited_and_a_class_has_no_mutants() -> None:
    values = [mutant(5) for hint, mutant in mutants(negative) if "treated differently" in hint]
    assert values == [-5, 5]
    assert list(mutants(Made)) == []


def test_a_float_in_place_of_a_whole_number_is_no_wrong_formula() -> None:
    whole = Exercise("doubled", doubled, lambda seed: iter([(3 + seed,), (8,)]), {})
    assert "expected the whole number 6, got the float 6.0" in judge(whole, lambda n: n / 0.5).sentence


def test_arrays_are_not_scaled() -> None:
    """A squared or doubled side would make a large array."""
    arrays = Exercise("window", window, lambda seed: iter([(3 + seed, 4), (5, 2)]), {})
    flat = judge(arrays, lambda height, _width: np.full((height + 1, height), 5.0 * height)).sentence
    assert flat == "window: your results fit this mistake: you use height where width belongs"
    assert "you add where" in judge(arrays, lambda height, width: np.full((height + 1, width), 5.0 + height)).sentence
    squared = judge(arrays, lambda height, width: np.full((height**2 + 1, width), 5.0 * height)).sentence
    assert "square" not in squared


def first_multiple(wanted: int, step: int) -> int:
    return next(n for n in count(wanted) if n % step == 0)


def test_mutants_of_endless_loops_end_soon() -> None:
    """A list of all items of count() would fill the memory, and a condition may never hold."""
    endless = Exercise("first_multiple", first_multiple, lambda seed: iter([(13 + seed, 4), (5, 2)]), {})
    begun = monotonic()
    assert "expected 16, got 14" in judge(endless, lambda wanted, _step: wanted + 1).sentence
    assert monotonic() - begun < 2 * SEARCH_SECONDS


def test_no_search_where_time_cannot_be_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    formula = Exercise("doubled", doubled, lambda seed: iter([(3 + seed,), (8,)]), {})
    monkeypatch.setattr("unet_tutorial.teaching.checking.recognition.can_limit_time", lambda: False)
    monkeypatch.setattr("unet_tutorial.teaching.checking.recognition.mutants", lambda _solution: 1 / 0)
    assert not judge(formula, lambda n: n * n + 1).ok
