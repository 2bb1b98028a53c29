"""Runs an answer safely: it may raise, print endlessly, change its arguments, or never return."""

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
    """Raised when the time is over. Not an Exception, so that an answer's ``except Exception`` does not catch it."""


@dataclass(frozen=True)
class Outcome:
    """The result of an answer for one case: its value, or why it has none; lines printed; timed out or not."""

    value: Any = None
    trouble: str = ""
    printed: int = 0
    late: bool = False


def outcome(probe: Probe, answer: Any, case: Case, seconds: float = 10.0) -> Outcome:
    """Run the answer on a case; ``trouble`` says if it raised, took too long or changed its arguments."""
    given, output = copy.deepcopy(case), _LineCount()
    try:
        with redirect_stdout(output), redirect_stderr(output), time_limit(seconds):
            value = probe(answer, given)
    except TimeOver:
        return Outcome(trouble=f"it did not come back within {seconds:g} s; look for a loop without an end", late=True)
    except (Exception, SystemExit) as error:  # the student reads the error
        return Outcome(trouble=f"it raised {type(error).__name__}: {' '.join(str(error).split())[:200]}")
    if mismatch(case, given):
        return Outcome(trouble="it changes what it is given; work on a copy, x.clone() of a tensor, x.copy() else")
    return Outcome(value, printed=output.lines)


class _LineCount(io.TextIOBase):
    """A text stream that counts lines and stores nothing."""

    lines = 0

    def write(self, text: str) -> int:
        self.lines += text.count("\n")
        return len(text)


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeOver inside, repeatedly after ``seconds``; no limit outside the main thread or on Windows."""
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
