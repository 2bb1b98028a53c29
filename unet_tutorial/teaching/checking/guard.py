"""Running an answer that may do anything: raise, print without end, change what it is given, never come back."""

from __future__ import annotations

import copy
import io
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from types import FrameType
from typing import Any

from unet_tutorial.teaching.checking.compare import mismatch
from unet_tutorial.teaching.checking.exercise import Case, Probe


class TimeOver(BaseException):
    """Not an Exception, so that an answer's own ``except Exception`` does not swallow it."""


@dataclass(frozen=True)
class Outcome:
    """What an answer did with a case: a value, or why there is none; the lines it printed; whether its time ran out."""

    value: Any = None
    trouble: str = ""
    printed: int = 0
    late: bool = False


def outcome(probe: Probe, answer: Any, case: Case, seconds: float = 10.0) -> Outcome:
    """The answer's value for a case; trouble, in words, if it raises, takes too long or changes what it is given."""
    given, output = copy.deepcopy(case), _LineCount()
    try:
        with redirect_stdout(output), redirect_stderr(output), time_limit(seconds):
            value = probe(answer, given)
    except TimeOver:
        return Outcome(trouble=f"it did not come back within {seconds:g} s; look for a loop without an end", late=True)
    except (Exception, SystemExit) as error:  # whatever a student's code raises is the student's to read
        return Outcome(trouble=f"it raised {type(error).__name__}: {' '.join(str(error).split())[:200]}")
    if mismatch(case, given):
        return Outcome(trouble="it changes what it is given; work on a copy, x.clone() of a tensor, x.copy() else")
    return Outcome(value, printed=output.lines)


class _LineCount(io.TextIOBase):
    """Counts lines and keeps none."""

    lines = 0

    def write(self, text: str) -> int:
        self.lines += text.count("\n")
        return len(text)


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """TimeOver inside, again and again once the time is over; without a limit off the main thread or on Windows."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def over(_number: int, _frame: FrameType | None) -> None:
        raise TimeOver

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
