"""Finds the mistake in a wrong answer: a known one, a relation to the right results, or an edit of the solution."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from functools import partial
from itertools import chain
from time import monotonic
from typing import Any

import numpy as np
from torch import Tensor

from unet_tutorial.teaching.checking.compare import mismatch
from unet_tutorial.teaching.checking.guard import Outcome, can_limit_time, outcome
from unet_tutorial.teaching.checking.mutants import mutants, scaled_mutants
from unet_tutorial.teaching.checking.relation import relation
from unet_tutorial.teaching.checking.trial import Trial

SIMPLE = (
    *(f"every {each} is {how}" for each in ("result", "value") for how in ("1 ", "the ", "twice", "half")),
    "rows and columns are exchanged",
    "the rows are in reverse order",
    "the columns are in reverse order",
)
SEARCH_SECONDS = 3.0
STUB = "return None  # your answer in place of this line"


def recognised(trial: Trial) -> str:
    """The hint of the first known mistake that the answer makes in every case, for two seeds; empty if there is none.

    A wrong formula that overflows in some cases is recognised by the others.
    """
    if hint := _listed(trial, Trial.makes) or _listed(trial, Trial.makes_with_other_messages):
        return hint
    finite = [is_finite(each) for each in trial.got]
    wrong_and_finite = any(fault and each for fault, each in zip(trial.faults, finite, strict=False))
    where_finite = partial(Trial.makes, counts=is_finite)
    return _listed(trial, where_finite) if wrong_and_finite and not all(finite) else ""


def _listed(trial: Trial, makes: Callable[[Trial, Any], bool]) -> str:
    listed = trial.exercise.listed
    return next((hint for hint, mistake in listed if makes(trial, mistake) and makes(trial.elsewhere, mistake)), "")


def explained(trial: Trial) -> str:
    """A sentence about a mistake that is not listed; empty if none is found."""
    return (
        returned_nothing(trial)
        or relation(trial.expected, trial.got, trial.exercise.tolerance)
        or edited(trial)
        or two_mistakes(trial)
        or mostly(trial)
        or changing(trial)
    )


def returned_nothing(trial: Trial) -> str:
    """A sentence for an answer that still has the stub's line, or always returns None; empty if neither holds."""
    try:
        source = inspect.getsource(trial.answer)
    except (OSError, TypeError):
        source = ""
    if STUB in source:
        return "it is not written yet; write your answer in place of the last line"
    nothing = all(not each.error and each.value is None for each in trial.got)
    return "it returned None; is a return missing?" if nothing else ""


def edited(trial: Trial) -> str:
    """The mistake of the first mutant of the solution that gives the results of the answer; empty if there is none.

    The answer need not be written like the mutant, so the sentence is about its results, and not about its code.

    Only for answers that raise no exception and return numbers or arrays, and not for networks. A mutant may run
    forever: so there is no search where time cannot be limited, and it is given up after `SEARCH_SECONDS`.
    """
    if not can_limit_time():
        return ""
    results = [*trial.expected, *trial.got]
    if any(each.error or isinstance(each.value, Mapping) or not is_data(each.value) for each in results):
        return ""
    if only_type_wrong(trial):
        return ""
    solution = trial.exercise.solution
    formula = all(is_numbers(each.value) for each in trial.expected)
    end = monotonic() + SEARCH_SECONDS
    for hint, mutant in chain(mutants(solution), scaled_mutants(solution, trial.answer) if formula else ()):
        if trial.equals(mutant) and trial.elsewhere.equals(mutant):
            return f"your results fit this mistake: {hint}"
        if monotonic() > end:
            break
    return ""


def two_mistakes(trial: Trial) -> str:
    """A sentence for an answer whose results have a simple relation to those of a known mistake; empty if none has."""
    if any(each.error for each in trial.got) or only_type_wrong(trial):
        return ""
    for hint, mistake in trial.exercise.listed:
        second = relation(trial.outcomes(mistake), trial.got, trial.exercise.tolerance)
        if second.startswith(SIMPLE):
            other = trial.elsewhere
            if relation(other.outcomes(mistake), other.got, trial.exercise.tolerance) == second:
                return f"{hint}. There is a second mistake: {second}"
    return ""


def mostly(trial: Trial) -> str:
    """A sentence for an answer that is like a known mistake in most of its wrong results; empty if there is none."""
    if only_type_wrong(trial):
        return ""
    for hint, mistake in trial.exercise.listed:
        if trial.makes_mostly(mistake) and trial.elsewhere.makes_mostly(mistake):
            return f"{hint}. Another call is wrong in another way"
    return ""


def changing(trial: Trial) -> str:
    """A sentence for an answer that gives another result when a call is repeated; empty if it does not."""
    if any(each.error for each in trial.got):
        return ""
    exercise = trial.exercise
    again = (outcome(exercise, trial.answer, case, trial.seconds) for case in exercise.cases(trial.seed))
    for first, second in zip(trial.got, again, strict=False):
        if is_data(first.value) and not second.error and mismatch(first.value, second.value, exercise.tolerance):
            return (
                "the same call gave another result the second time; "
                "are random numbers drawn without need, or too few of them, or values kept between the calls?"
            )
    return ""


def only_type_wrong(trial: Trial) -> bool:
    """Whether all wrong results have the right values, but another type, such as 3.0 in place of 3."""
    trios = zip(trial.expected, trial.got, trial.faults, strict=False)
    return all(_same_values(old.value, new.value) for old, new, fault in trios if fault)


def _same_values(expected: Any, got: Any) -> bool:
    if isinstance(expected, (int, float)) and isinstance(got, (int, float)):
        return expected == got
    if is_numbers(expected) and is_numbers(got):
        return bool(expected == got)
    arrays = isinstance(expected, (Tensor, np.ndarray)) and isinstance(got, (Tensor, np.ndarray))
    if not arrays or expected.dtype == got.dtype or expected.shape != got.shape:
        return False
    return bool(np.array_equal(np.asarray(expected), np.asarray(got), equal_nan=False))


def is_numbers(value: Any) -> bool:
    """Whether a result is a number, or a list or tuple of numbers."""
    if isinstance(value, (list, tuple)):
        return all(is_numbers(each) for each in value)
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_data(value: Any) -> bool:
    """Whether a result consists of numbers and arrays, and not of objects that differ from call to call."""
    if isinstance(value, Mapping):
        return all(is_data(each) for each in value.values())
    if isinstance(value, (list, tuple)):
        return all(is_data(each) for each in value)
    return isinstance(value, (Tensor, np.ndarray, int, float))


def is_finite(result: Outcome) -> bool:
    """Whether there is a result, and its floats are neither infinite nor nan.

    >>> is_finite(Outcome({"output": [np.ones(2)]})), is_finite(Outcome([1, float("nan")])), is_finite(Outcome(3))
    (True, False, True)
    """
    return not result.error and _finite(result.value)


def _finite(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(map(_finite, value.values()))
    if isinstance(value, (list, tuple)):
        return all(map(_finite, value))
    if isinstance(value, np.ndarray):
        return value.dtype.kind != "f" or bool(np.isfinite(value).all())
    if isinstance(value, Tensor):
        return not value.is_floating_point() or value.is_meta or bool(value.isfinite().all())
    return not isinstance(value, float) or math.isfinite(value)
