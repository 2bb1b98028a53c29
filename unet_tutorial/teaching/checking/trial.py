"""A student's answer on the cases of an exercise, beside the solution and the known mistakes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import torch

from unet_tutorial.teaching.checking.compare import mismatch
from unet_tutorial.teaching.checking.exercise import Exercise
from unet_tutorial.teaching.checking.guard import Outcome, outcome

MOST_SECONDS = 0.5
HIDDEN = (1, 2, 3)  # seeds of the cases that students do not see; `check` uses seed 0


def behaviour(exercise: Exercise, answer: Any, seed: int, seconds: float) -> list[Outcome]:
    """The outcomes of an answer for each case, up to the first that times out."""
    outcomes: list[Outcome] = []
    with one_thread():
        for case in exercise.cases(seed):
            outcomes.append(outcome(exercise, answer, case, seconds))
            if outcomes[-1].timed_out:
                break
    return outcomes


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread for torch: the cases are small, and on a busy machine several threads wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def anywhere(_outcome: Outcome) -> bool:
    """All cases count."""
    return True


class Trial:
    """An answer that is tried on all cases of a seed.

    ``seconds`` is the time limit for each case. ``expected`` holds the outcomes of the solution, ``got`` those of the
    answer, and ``faults`` a sentence for each case; it is empty where the answer is correct.
    """

    def __init__(self, exercise: Exercise, answer: Any, seed: int, seconds: float) -> None:
        self.exercise, self.answer, self.seed, self.seconds = exercise, answer, seed, seconds
        self._known: list[tuple[Any, list[Outcome]]] = []

    def outcomes(self, mistake: Any) -> list[Outcome]:
        """The outcomes of a known mistake of the exercise; they are computed once."""
        found = next((outcomes for known, outcomes in self._known if known is mistake), None)
        if found is None:
            found = behaviour(self.exercise, mistake, self.seed, self.seconds)
            self._known.append((mistake, found))
        return found

    @cached_property
    def expected(self) -> list[Outcome]:
        return behaviour(self.exercise, self.exercise.solution, self.seed, self.seconds)

    @cached_property
    def got(self) -> list[Outcome]:
        return behaviour(self.exercise, self.answer, self.seed, self.seconds)

    @cached_property
    def faults(self) -> list[str]:
        return [self.fault(*pair) for pair in zip(self.expected, self.got, strict=False)]

    @cached_property
    def elsewhere(self) -> Trial:
        """The same answer on the cases of another seed, by which a suspicion is confirmed."""
        other = next(each for each in HIDDEN if each != self.seed)
        return Trial(self.exercise, self.answer, other, self.seconds)

    def fault(self, expected: Outcome, got: Outcome) -> str:
        """The error of an outcome, or its difference from the expected one, as a sentence; empty if it is correct."""
        return got.error or mismatch(expected.value, got.value, self.exercise.tolerance)

    def alike(self, known: Outcome, got: Outcome) -> bool:
        """Whether two outcomes are the same: equal values, or equal exceptions."""
        if known.error or got.error:
            return bool(known.raised) and _unordered(known.raised) == _unordered(got.raised)
        return not mismatch(known.value, got.value, self.exercise.tolerance)

    def makes(self, mistake: Any, counts: Callable[[Outcome], bool] = anywhere) -> bool:
        """Whether the answer has the outcome of a mistake in every case that counts."""
        known = self.outcomes(mistake)
        if len(known) != len(self.got):
            return False
        return all(self.alike(*pair) for pair in zip(known, self.got, strict=True) if counts(pair[1]))

    def makes_with_other_messages(self, mistake: Any) -> bool:
        """Whether the outcomes are those of a mistake, but for the messages of exceptions of the same type.

        The messages depend on how the code is written. So both must agree on a wrong result in another case.
        """
        trios = list(zip(self.outcomes(mistake), self.got, self.faults, strict=False))
        if len(trios) != len(self.got) or not any(
            fault and not new.error and self.alike(old, new) for old, new, fault in trios
        ):
            return False
        return all(self.alike(old, new) or (old.raised and _type(old) == _type(new)) for old, new, _ in trios)

    def makes_mostly(self, mistake: Any) -> bool:
        """Whether a mistake gives two thirds of the answer's wrong results, at least two, and is right where it is."""
        same = wrong = 0
        for known, got, fault, expected in zip(
            self.outcomes(mistake), self.got, self.faults, self.expected, strict=False
        ):
            if fault:
                wrong += 1
                same += not known.error and self.alike(known, got)
            elif self.fault(expected, known):
                return False
        return same >= 2 and 3 * same >= 2 * wrong

    def equals(self, function: Any) -> bool:
        """Whether a function gives the results of the answer; it is not called after the first one that differs.

        A function that takes longer than `MOST_SECONDS` for a case does not.
        """
        seconds = min(self.seconds, MOST_SECONDS)
        results = (outcome(self.exercise, function, case, seconds) for case in self.exercise.cases(self.seed))
        return all(not each.error and self.alike(each, own) for each, own in zip(results, self.got, strict=True))


def _type(each: Outcome) -> str:
    """The type of the exception that an answer raised."""
    return each.raised.partition(":")[0]


def _unordered(raised: str) -> str | list[str]:
    """The words of torch's message about the shapes of `a + b`, sorted, so that it equals that of `b + a`."""
    return sorted(raised.split()) if "must match the size of tensor b" in raised else raised
