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
