"""Runs an answer safely, even if it raises an error, prints a lot, changes its arguments or never returns."""

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


class TimeLimitExceeded(BaseException):
    """The answer ran too long. Not an Exception, so that ``except Exception`` in an answer does not catch it."""


@dataclass(frozen=True)
class Outcome:
    """The result of an answer for one case.

    ``value`` is the value that the probe returned; if the answer failed, ``error`` is a sentence with the reason.
    ``printed`` is the number of lines that the answer printed.
    """

    value: Any = None
    error: str = ""
    printed: int = 0
    timed_out: bool = False


def outcome(probe: Probe, answer: Any, case: Case, seconds: float = 10.0) -> Outcome:
    """Run the answer on a case; it is also an error if the answer takes too long or changes its arguments."""
    given, output = copy.deepcopy(case), _LineCount()
    try:
        with redirect_stdout(output), redirect_stderr(output), time_limit(seconds):
            value = probe(answer, given)
    except TimeLimitExceeded:
        return Outcome(error=f"it did not return within {seconds:g} s; look for an infinite loop", timed_out=True)
    except (Exception, SystemExit) as error:  # shown to the student
        return Outcome(error=f"it raised {type(error).__name__}: {' '.join(str(error).split())[:200]}")
    if mismatch(case, given):
        return Outcome(error="it changes its arguments; work on a copy: x.clone() for a tensor, otherwise x.copy()")
    return Outcome(value, printed=output.lines)


class _LineCount(io.TextIOBase):
    """A text stream that counts lines and stores nothing."""

    lines = 0

    def write(self, text: str) -> int:
        self.lines += text.count("\n")
        return len(text)


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeLimitExceeded in the block after ``seconds``, and again every 0.1 s in case the block catches it.

    There is no limit outside the main thread or on Windows, where Python has no such timer.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def over(_number: int, _frame: FrameType | None) -> None:
        raise TimeLimitExceeded

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
