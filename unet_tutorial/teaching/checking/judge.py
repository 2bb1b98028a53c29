"""Decides whether an answer is correct, and recognises known mistakes."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
import math
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
from torch import Tensor, nn

from unet_tutorial.teaching.checking import forbid
from unet_tutorial.teaching.checking.compare import mismatch
from unet_tutorial.teaching.checking.exercise import Exercise
from unet_tutorial.teaching.checking.guard import LINES_KEPT, Outcome, outcome
from unet_tutorial.teaching.checking.mutants import mutants
from unet_tutorial.teaching.checking.relation import relation
from unet_tutorial.teaching.checking.verdict import Verdict

HIDDEN = (1, 2, 3)  # seeds of the cases that students do not see; `check` uses seed 0
AGAIN = "change the function, run its cell, then this one"
SIMPLE = (
    *(f"every {each} is {how}" for each in ("result", "value") for how in ("1 ", "the ", "twice", "half")),
    "rows and columns are exchanged",
    "the rows are in reverse order",
    "the columns are in reverse order",
)
STUB = "your answer in place of this line"
STUB = "return None  # your answer in place of this line"


def judge(exercise: Exercise, answer: Any, *, seed: int = 0, seconds: float = 10.0) -> Verdict:
    """Try an answer on all cases of a seed and explain its first error. Errors that the answer raises are caught."""
    name = exercise.name
    if reason := unusable(answer):
        return Verdict(ok=False, sentence=f"{name}: {reason}")
    forbidden, line = forbid.in_source(answer, exercise.forbidden)
    if forbidden:
        sentence = f"{name}: {forbid.sentence(forbidden)}; it is in your line: {line}"
        return Verdict(ok=False, sentence=sentence, next_step=AGAIN)
    expected = behaviour(exercise, exercise.solution, seed, seconds)
    got = behaviour(exercise, answer, seed, seconds)
    faults = [(each, fault(exercise, *pair)) for pair in zip(expected, got, strict=False) for each in pair[1:]]
    wrong = [(each, sentence) for each, sentence in faults if sentence]
    if not wrong:
        return Verdict(ok=True, sentence=f"ok: {name}", **printed(got))
    first, sentence = wrong[0]
    mistake = hint = ""
    if not first.timed_out:
        known = {key: behaviour(exercise, each, seed, seconds) for key, each in exercise.mistakes.items()}
        mistake = recognised(exercise, answer, known, got, seed, seconds)
        hint = (
            mistake
            or returned_nothing(answer, got)
            or relation(expected, got, exercise.tolerance)
            or edited(exercise, answer, expected, got, seed, seconds)
            or two_mistakes(exercise, answer, known, got, seed, seconds)
            or mostly(exercise, answer, known, expected, got, seed, seconds)
            or changing(exercise, answer, got, seed, seconds)
        )
    mistake = "" if first.timed_out else recognised(exercise, answer, got, seed, seconds)
    if not mistake and any(is_finite(each) for each, _ in wrong) and not all(map(is_finite, got)):
        mistake = recognised(exercise, answer, got, seed, seconds, where=is_finite)
    hint = mistake or returned_nothing(answer, got) or relation(expected, got, exercise.tolerance)
    return Verdict(
        ok=False,
        sentence=f"{name}: {hint or sentence}",
        mistake=mistake,
        call=first.call,
        difference=sentence if hint else "",
        right=len(faults) - len(wrong),
        next_step=next_step(first, hint),
        **printed([first] if first.lines else got),
    )


def unusable(answer: Any) -> str:
    """The reason why this is no answer at all; empty if it can be tried."""
    if isinstance(answer, nn.Module):
        return "pass the class or the function that makes the module, not a module"
    return "" if callable(answer) else "pass the function itself, not its result"


def behaviour(exercise: Exercise, answer: Any, seed: int, seconds: float) -> list[Outcome]:
    """The outcomes of an answer for each case, up to the first that times out."""
    outcomes: list[Outcome] = []
    for case in exercise.cases(seed):
        outcomes.append(outcome(exercise, answer, case, seconds))
        if outcomes[-1].timed_out:
            break
    return outcomes


def fault(exercise: Exercise, expected: Outcome, got: Outcome) -> str:
    """The error of an answer, or its difference from the expected outcome, as a sentence; empty if it is correct."""
    return got.error or mismatch(expected.value, got.value, exercise.tolerance)


Known = Mapping[str, Sequence[Outcome]]  # the outcomes of each known mistake, by its hint


def recognised(exercise: Exercise, answer: Any, known: Known, got: Sequence[Outcome], seed: int, seconds: float) -> str:
    """The hint of the first known mistake with the outcome of the student's answer in every case; empty if none.

    The cases are those of `seed`, whose outcomes are `known` and `got`, and of another seed. An answer that raises an
    exception is recognised if the mistake raises the same one in the same cases.
    """
    fitting = [hint for hint, outcomes in known.items() if all_alike(exercise, outcomes, got)]
    other = another(seed)
    again = behaviour(exercise, answer, other, seconds) if fitting else []
    confirmed = (
        hint
        for hint in fitting
        if all_alike(exercise, behaviour(exercise, exercise.mistakes[hint], other, seconds), again)
    The cases are those of `seed`, whose outcomes are `got`, and of another seed. An answer that raises an exception is
    recognised if the mistake raises the same one in the same cases. One of the same type is enough if the two answers
    agree in another case on a wrong result: there the messages depend on how the code is written.

    def fitting(mistakes: Sequence[tuple[str, Any]], seed: int, got: Sequence[Outcome]) -> list[tuple[str, Any]]:
        expected = behaviour(exercise, exercise.solution, seed, seconds)
        return [
            (hint, mistake)
            for hint, mistake in mistakes
            if all_alike(exercise, expected, behaviour(exercise, mistake, seed, seconds), got)
        ]

    found = fitting(exercise.listed, seed, got)
    if found:
        other = next(each for each in HIDDEN if each != seed)
        found = fitting(found, other, behaviour(exercise, answer, other, seconds))
    return next((hint for hint, _ in found), "")


def all_alike(
    exercise: Exercise, expected: Sequence[Outcome], known: Sequence[Outcome], got: Sequence[Outcome]
) -> bool:
    """Whether two answers have the same outcome in every case (see `recognised`)."""
    if not len(expected) == len(known) == len(got):
        return False
    cases = list(zip(expected, known, got, strict=True))
    evidence = any(
        not new.error and fault(exercise, right, new) and alike(exercise, old, new) for right, old, new in cases
def anywhere(_outcome: Outcome) -> bool:
    """All cases count."""
    return True
def is_finite(result: Outcome) -> bool:
    """Whether there is a result, and its floats are neither infinite nor nan.
    A wrong formula that overflows in some cases is recognised by the others.
    >>> is_finite(Outcome({"output": [np.ones(2)]})), is_finite(Outcome([1, float("nan")])), is_finite(Outcome(3))
    (True, False, True)
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
def recognised(
    exercise: Exercise,
    answer: Any,
    got: Sequence[Outcome],
    seed: int,
    seconds: float,
    where: Callable[[Outcome], bool] = anywhere,
) -> str:
    Only cases count for which the outcome of the answer fulfils `where`.
    recognised if the mistake raises the same one in the same cases.
    fitting = {
        hint: mistake
        for hint, mistake in exercise.mistakes.items()
        if all_alike(exercise, behaviour(exercise, mistake, seed, seconds), got, where)
    }
    other = next(each for each in HIDDEN if each != seed)
        for hint, mistake in fitting.items()
        if all_alike(exercise, behaviour(exercise, mistake, other, seconds), again, where)
    )
    return all(
        alike(exercise, old, new) or (evidence and old.raised and _kind(old) == _kind(new)) for _, old, new in cases
    )


def another(seed: int) -> int:
    """Another seed, by whose cases a suspicion is confirmed."""
    return next(each for each in HIDDEN if each != seed)


def all_alike(exercise: Exercise, known: Sequence[Outcome], got: Sequence[Outcome]) -> bool:
    """Whether two answers have the same outcome in every case."""
    return len(known) == len(got) and all(alike(exercise, *pair) for pair in zip(known, got, strict=True))
def _kind(each: Outcome) -> str:
    """The type of the exception that an answer raised."""
    return each.raised.partition(":")[0]
def all_alike(
    exercise: Exercise, known: Sequence[Outcome], got: Sequence[Outcome], where: Callable[[Outcome], bool] = anywhere
) -> bool:
    """Whether two answers have the same outcome in every case that counts."""
    if len(known) != len(got):
        return False
    return all(alike(exercise, *pair) for pair in zip(known, got, strict=True) if where(pair[1]))


def alike(exercise: Exercise, known: Outcome, got: Outcome) -> bool:
    """Whether two outcomes are the same: equal values, or equal exceptions.

    The words of the messages may be in another order: torch writes that of `a + b` and of `b + a` so.
    """
    if known.error or got.error:
        return bool(known.raised) and sorted(known.raised.split()) == sorted(got.raised.split())
    return not mismatch(known.value, got.value, exercise.tolerance)


def returned_nothing(answer: Any, got: Sequence[Outcome]) -> str:
    """A sentence for an answer that still has the stub's line, or always returns None; empty if neither holds."""
    try:
        source = inspect.getsource(answer)
    except (OSError, TypeError):
        source = ""
    if STUB in source:
        return "it is not written yet; write your answer in place of the last line"
    nothing = all(not each.error and each.value is None for each in got)
    return "it returned None; is a return missing?" if nothing else ""


def edited(
    exercise: Exercise, answer: Any, expected: Sequence[Outcome], got: Sequence[Outcome], seed: int, seconds: float
) -> str:
    """The hint of the first mutant of the solution that gives the results of the answer; empty if there is none.

    Only for exercises whose results are numbers, and for answers that raise no exception.
    """
    if any(each.error for each in got) or not all(is_numbers(each.value) for each in expected):
        return ""
    if only_type_wrong(exercise, expected, got):
        return ""
    other = another(seed)
    again: list[Outcome] = []
    for hint, mutant in mutants(exercise.solution):
        if not gives(exercise, mutant, got, seed, seconds):
            continue
        again = again or behaviour(exercise, answer, other, seconds)
        if gives(exercise, mutant, again, other, seconds):
            return hint
    return ""


def gives(exercise: Exercise, mutant: Any, got: Sequence[Outcome], seed: int, seconds: float) -> bool:
    """Whether a mutant gives these results; it is not called any more after the first one that differs."""
    results = (outcome(exercise, mutant, case, seconds) for case in exercise.cases(seed))
    return all(not each.error and alike(exercise, each, own) for each, own in zip(results, got, strict=True))


def only_type_wrong(exercise: Exercise, expected: Sequence[Outcome], got: Sequence[Outcome]) -> bool:
    """Whether all wrong results are numbers of the right value and of another type, such as 3.0 in place of 3."""
    wrong = [pair for pair in zip(expected, got, strict=False) if fault(exercise, *pair)]
    numbers = all(is_numbers(each.value) for pair in wrong for each in pair)
    return numbers and all(old.value == new.value for old, new in wrong)


def is_numbers(value: Any) -> bool:
    """Whether a result is a number, or a list or tuple of numbers."""
    if isinstance(value, (list, tuple)):
        return all(is_numbers(each) for each in value)
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def two_mistakes(
    exercise: Exercise, answer: Any, known: Known, got: Sequence[Outcome], seed: int, seconds: float
) -> str:
    """A sentence for an answer whose results have a simple relation to those of a known mistake; empty if none has."""
    if any(each.error for each in got):
        return ""
    for hint, outcomes in known.items():
        second = relation(outcomes, got, exercise.tolerance)
        if second.startswith(SIMPLE):
            pair = (exercise.mistakes[hint], answer)
            first, own = (behaviour(exercise, each, another(seed), seconds) for each in pair)
            if relation(first, own, exercise.tolerance) == second:
                return f"{hint}. There is a second mistake: {second}"
    return ""


def mostly(
    exercise: Exercise,
    answer: Any,
    known: Known,
    expected: Sequence[Outcome],
    got: Sequence[Outcome],
    seed: int,
    seconds: float,
) -> str:
    """A sentence for an answer that is like a known mistake in most of its wrong results; empty if there is none."""
    if only_type_wrong(exercise, expected, got):
        return ""
    for hint, outcomes in known.items():
        if wrong_alike(exercise, expected, outcomes, got):
            three = (exercise.solution, exercise.mistakes[hint], answer)
            if wrong_alike(exercise, *(behaviour(exercise, each, another(seed), seconds) for each in three)):
                return f"{hint}. Another call is wrong in another way"
    return ""


def wrong_alike(
    exercise: Exercise, expected: Sequence[Outcome], known: Sequence[Outcome], got: Sequence[Outcome]
) -> bool:
    """Whether a known mistake gives more than half of the wrong results of an answer, and at least two of them."""
    wrong = [trio for trio in zip(expected, known, got, strict=False) if fault(exercise, trio[0], trio[2])]
    same = sum(not mistake.error and alike(exercise, mistake, own) for _, mistake, own in wrong)
    return same >= 2 and 2 * same > len(wrong)


def changing(exercise: Exercise, answer: Any, got: Sequence[Outcome], seed: int, seconds: float) -> str:
    """A sentence for an answer that gives another result when a call is repeated; empty if it does not."""
    if any(each.error for each in got):
        return ""
    again = (outcome(exercise, answer, case, seconds) for case in exercise.cases(seed))
    for first, second in zip(got, again, strict=False):
        comparable = is_numbers(first.value) or isinstance(first.value, (Tensor, np.ndarray))
        if comparable and not second.error and mismatch(first.value, second.value, exercise.tolerance):
            return (
                "the same call gave another result the second time; "
                "draw more random numbers if you draw any, and keep no values from one call to the next"
            )
    return ""


def next_step(first: Outcome, hint: str) -> str:
    """The next step for the student after a wrong answer."""
    if hint:
        return f"the first line names the likely mistake; {AGAIN}"
    if first.raised or first.timed_out:
        return f"mend that line; {AGAIN}"
    if first.error:
        return AGAIN
    return f"print values inside your function, they are shown here; {AGAIN}"


def printed(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The first lines that an answer printed in these cases, and how many more there were."""
    lines = tuple(chain.from_iterable(each.printed for each in outcomes))[:LINES_KEPT]
    return {"printed": lines, "more_lines": sum(each.lines for each in outcomes) - len(lines)}
