"""Decides whether an answer is correct, and recognises known mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from re import compile as pattern
from typing import Any

from unet_tutorial.teaching.checking.compare import mismatch
from unet_tutorial.teaching.checking.exercise import Exercise
from unet_tutorial.teaching.checking.guard import Outcome, outcome

FLOAT_FOR_INTEGER = pattern(r"TypeError: '(numpy\.)?float\d*' object cannot be interpreted as an integer")


@dataclass(frozen=True)
class Verdict:
    """Whether an answer is correct, the sentence for the student, and the hint if it makes a known mistake."""

    ok: bool
    sentence: str
    mistake: str = ""


def judge(exercise: Exercise, answer: Any, *, seed: int = 0, seconds: float = 10.0) -> Verdict:
    """Try an answer on all cases of a seed and explain its first error. Errors that the answer raises are caught."""
    if not callable(answer):
        return Verdict(ok=False, sentence=f"{exercise.name}: pass the function itself, not its result")
    expected = behaviour(exercise, exercise.solution, seed, seconds)
    got = behaviour(exercise, answer, seed, seconds)
    faults = [each for pair in zip(expected, got, strict=False) if (each := fault(exercise, *pair))]
    printed = sum(each.printed for each in got)
    note = f" (It printed {printed} lines, which are not shown.)" if printed else ""
    if not faults:
        return Verdict(ok=True, sentence=f"ok: {exercise.name}{note}")
    mistake = recognised(exercise, got, seed, seconds)
    return Verdict(ok=False, sentence=f"{exercise.name}: {mistake or faults[0]}{note}", mistake=mistake)


def behaviour(exercise: Exercise, answer: Any, seed: int, seconds: float) -> list[Outcome]:
    """The outcomes of an answer for each case, up to the first that times out."""
    outcomes: list[Outcome] = []
    for case in exercise.cases(seed):
        outcomes.append(outcome(exercise.probe, answer, case, seconds))
        if outcomes[-1].timed_out:
            break
    return outcomes


def fault(exercise: Exercise, expected: Outcome, got: Outcome) -> str:
    """The error of an answer, or its difference from the expected outcome, as a sentence; empty if it is correct."""
    if FLOAT_FOR_INTEGER.search(got.error):
        return "expected an integer, got a float; use // instead of /"
    return got.error or mismatch(expected.value, got.value, exercise.tolerance)


def recognised(exercise: Exercise, got: Sequence[Outcome], seed: int, seconds: float) -> str:
    """The hint of the first known mistake with the outcome of the student's answer in every case; empty if none."""
    if any(each.error for each in got):
        return ""
    for hint, mistake in exercise.mistakes.items():
        known = behaviour(exercise, mistake, seed, seconds)
        if not any(fault(exercise, *pair) for pair in zip(known, got, strict=True)):
            return hint
    return ""
