"""Decides whether an answer is correct, and explains the first error of a wrong one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

from torch import nn

from unet_tutorial.teaching.checking import forbid
from unet_tutorial.teaching.checking.exercise import Exercise
from unet_tutorial.teaching.checking.guard import LINES_KEPT, Outcome
from unet_tutorial.teaching.checking.recognition import explained, recognised
from unet_tutorial.teaching.checking.trial import Trial
from unet_tutorial.teaching.checking.verdict import Verdict

AGAIN = "change the function, run its cell, then this one"


def judge(exercise: Exercise, answer: Any, *, seed: int = 0, seconds: float = 10.0) -> Verdict:
    """Try an answer on all cases of a seed and explain its first error. Errors that the answer raises are caught."""
    name = exercise.name
    if reason := unusable(answer):
        return Verdict(ok=False, sentence=f"{name}: {reason}")
    forbidden, line = forbid.in_source(answer, exercise.forbidden)
    if forbidden:
        sentence = f"{name}: {forbid.sentence(forbidden)}; it is in your line: {line}"
        return Verdict(ok=False, sentence=sentence, next_step=AGAIN)
    trial = Trial(exercise, answer, seed, seconds)
    wrong = [(each, sentence) for each, sentence in zip(trial.got, trial.faults, strict=False) if sentence]
    if not wrong:
        return Verdict(ok=True, sentence=f"ok: {name}", **printed(trial.got))
    first, sentence = wrong[0]
    mistake = "" if first.timed_out else recognised(trial)
    hint = mistake or ("" if first.timed_out else explained(trial))
    return Verdict(
        ok=False,
        sentence=f"{name}: {hint or sentence}",
        mistake=mistake,
        call=first.call,
        difference=sentence if hint else "",
        right=len(trial.faults) - len(wrong),
        next_step=next_step(first, hint),
        **printed([first] if first.lines else trial.got),
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


def recognised(exercise: Exercise, answer: Any, got: Sequence[Outcome], seed: int, seconds: float) -> str:
    """The hint of the first known mistake with the outcome of the student's answer in every case; empty if none.

    The cases are those of `seed`, whose outcomes are `got`, and of another seed. An answer that raises an exception is
    recognised if the mistake raises the same one in the same cases.
    """
    fitting = {
        hint: mistake
        for hint, mistake in exercise.mistakes.items()
        if all_alike(exercise, behaviour(exercise, mistake, seed, seconds), got)
    }
    other = next(each for each in HIDDEN if each != seed)
    again = behaviour(exercise, answer, other, seconds) if fitting else []
    confirmed = (
        hint
        for hint, mistake in fitting.items()
        if all_alike(exercise, behaviour(exercise, mistake, other, seconds), again)
    )
    return next(confirmed, "")


def all_alike(exercise: Exercise, known: Sequence[Outcome], got: Sequence[Outcome]) -> bool:
    """Whether two answers have the same outcome in every case."""
    return len(known) == len(got) and all(alike(exercise, *pair) for pair in zip(known, got, strict=True))


def alike(exercise: Exercise, known: Outcome, got: Outcome) -> bool:
    """Whether two outcomes are the same: equal values, or equal exceptions."""
    if known.error or got.error:
        return bool(known.raised) and _unordered(known.raised) == _unordered(got.raised)
    return not mismatch(known.value, got.value, exercise.tolerance)


def _unordered(raised: str) -> str | list[str]:
    """The words of torch's message about the shapes of `a + b`, sorted, so that it equals that of `b + a`."""
    return sorted(raised.split()) if "must match the size of tensor b" in raised else raised


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


def next_step(first: Outcome, hint: str) -> str:
    """The next step for the student after a wrong answer."""
    if hint:
        return f"the first line names the likely mistake; {AGAIN}"
    if first.raised or first.timed_out:
        return f"correct that line; {AGAIN}"
    if first.error:
        return AGAIN
    return f"print values inside your function, they are shown here; {AGAIN}"


def printed(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The first lines that an answer printed in these cases, and how many more there were."""
    lines = tuple(chain.from_iterable(each.printed for each in outcomes))[:LINES_KEPT]
    return {"printed": lines, "more_lines": sum(each.lines for each in outcomes) - len(lines)}
