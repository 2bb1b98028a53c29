"""A table of answers to exercises: wrong ones with words of the verdict that they have to get, and right ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from unet_tutorial.teaching.checking.exercise import Exercise
from unet_tutorial.teaching.checking.guard import Outcome
from unet_tutorial.teaching.checking.trial import behaviour


class Answers:
    """The table; ``wrong`` and ``right`` are decorators that add an answer to it."""

    def __init__(self) -> None:
        self.wrong_ones: list[tuple[str, str, Any]] = []  # name of the exercise, words of the verdict, answer
        self.right_ones: list[tuple[str, Any]] = []

    def wrong(self, name: str, words: str) -> Callable[[Any], Any]:
        """A wrong answer to the exercise of this name; the verdict's sentence has these words."""

        def add(answer: Any) -> Any:
            self.wrong_ones.append((name, words, answer))
            return answer

        return add

    def right(self, name: str) -> Callable[[Any], Any]:
        """A right answer, however unusual."""

        def add(answer: Any) -> Any:
            self.right_ones.append((name, answer))
            return answer

        return add


def remembered() -> Callable[[Exercise, Any, int, float], list[Outcome]]:
    """In place of `trial.behaviour`: the outcomes of an answer are computed once, although it is compared often."""
    known: dict[tuple[int, int], tuple[Any, list[Outcome]]] = {}

    def outcomes(exercise: Exercise, answer: Any, seed: int, seconds: float) -> list[Outcome]:
        key = id(answer), seed
        if key not in known:  # the answer is kept, so that no other object gets its id
            known[key] = answer, behaviour(exercise, answer, seed, seconds)
        return known[key][1]

    return outcomes
