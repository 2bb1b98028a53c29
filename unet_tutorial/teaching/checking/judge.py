"""Decides whether an answer is correct, and recognises known mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from re import compile as pattern
from typing import Any

from unet_tutorial.teaching.checking.compare import mismatch
from unet_tutorial.teaching.checking.exercise import Exercise
from unet_tutorial.teaching.checking.guard import Outcome, outcome

NO_WHOLE_NUMBER = pattern(r"TypeError: '(numpy\.)?float\d*' object cannot be interpreted as an integer")


@dataclass(frozen=True)
class Verdict:
    """Correct or not, the sentence for the student, and the hint of the mistake if it is a known one."""

    ok: bool
    sentence: str
    mistake: str = ""


def judge(exercise: Exercise, answer: Any, *, seed: int = 0, seconds: float = 10.0) -> Verdict:
    """Try an answer on all cases of a seed and explain its first fault. Errors raised by the answer are caught."""
    if not callable(answer):
        return Verdict(ok=False, sentence=f"{exercise.name}: hand in the function itself, and not what it returns")
    right = behaviour(exercise, exercise.right, seed, seconds)
    got = behaviour(exercise, answer, seed, seconds)
    faults = [said for ours, theirs in zip(right, got, strict=False) if (said := fault(exercise, ours, theirs))]
    printed = sum(each.printed for each in got)
    aside = f" (It printed {printed} lines, which are not shown.)" if printed else ""
    if not faults:
        return Verdict(ok=True, sentence=f"ok: {exercise.name}{aside}")
    mistake = recognised(exercise, got, seed, seconds)
    return Verdict(ok=False, sentence=f"{exercise.name}: {mistake or faults[0]}{aside}", mistake=mistake)


def behaviour(exercise: Exercise, answer: Any, seed: int, seconds: float) -> list[Outcome]:
    """The outcomes of an answer for each case, up to the first that times out."""
    outcomes: list[Outcome] = []
    for case in exercise.cases(seed):
        outcomes.append(outcome(exercise.probe, answer, case, seconds))
        if outcomes[-1].late:
            break
    return outcomes


def fault(exercise: Exercise, right: Outcome, got: Outcome) -> str:
    """The fault of one outcome as a sentence; empty if there is none."""
    if NO_WHOLE_NUMBER.search(got.trouble):
        return "whole numbers are wanted, and a float came: // instead of /"
    return got.trouble or mismatch(right.value, got.value, exercise.tolerance)


def recognised(exercise: Exercise, got: Sequence[Outcome], seed: int, seconds: float) -> str:
    """The hint of the first known mistake with the same outcome for every case; empty if there is none."""
    if any(each.trouble for each in got):
        return ""
    for sentence, mistake in exercise.mistakes.items():
        known = behaviour(exercise, mistake, seed, seconds)
        if not any(fault(exercise, ours, theirs) for ours, theirs in zip(known, got, strict=True)):
            return sentence
    return ""
