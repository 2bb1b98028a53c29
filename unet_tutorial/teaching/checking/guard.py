"""Runs an answer safely, even if it raises an error, prints a lot, changes its arguments or never returns."""

from __future__ import annotations

import copy
import dis
import io
import linecache
import signal
import sysconfig
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from unet_tutorial.teaching.checking.advice import advice
from unet_tutorial.teaching.checking.exercise import Case, Exercise
from unet_tutorial.teaching.checking.forbid import Forbidden
from unet_tutorial.teaching.checking.probes import UnfitError
from unet_tutorial.teaching.checking.watched import Watched

LINES_KEPT = 20
LETTERS_KEPT = 4000
LONGEST = 200  # letters of the message of an exception
LIBRARIES = (
    str(Path(__file__).parents[2]),
    *(sysconfig.get_path(place) for place in ("stdlib", "purelib", "platlib")),
    "<",
)


class TimeLimitExceeded(BaseException):
    """The answer ran too long. Not an Exception, so that ``except Exception`` in an answer does not catch it."""


@dataclass(frozen=True)
class Outcome:
    """The result of an answer for one case.

    ``value`` is the value that the probe returned. If the answer failed, ``error`` is a sentence with the reason and
    the student's line; ``raised`` is the exception's type and message, or the type alone if the answer itself raised
    it, because then the message is in the student's words. ``call`` is the last call of the answer. ``printed`` holds
    the first lines that the answer printed, ``lines`` the number of all of them.
    """

    value: Any = None
    error: str = ""
    raised: str = ""
    call: str = ""
    printed: tuple[str, ...] = ()
    lines: int = 0
    timed_out: bool = False


def outcome(exercise: Exercise, answer: Any, case: Case, seconds: float = 10.0) -> Outcome:
    """Run the answer on a case; it is also an error if the answer takes too long or breaks a rule of the exercise."""
    given, output, watched = copy.deepcopy(case), _Lines(), Watched(exercise, answer)
    value, error, raised, timed_out = None, "", "", False
    try:
        with redirect_stdout(output), redirect_stderr(output), time_limit(seconds):
            value = exercise.probe(watched, given)
    except TimeLimitExceeded as late:
        error = f"it did not return within {seconds:g} s{student_line(late)}; look for an infinite loop"
        timed_out = True
    except (Exception, SystemExit, Forbidden) as caught:  # shown to the student
        raised = f"{type(caught).__name__}: {_shortened(str(caught))}"
        error = _told(caught, raised, watched)
        raised = type(caught).__name__ if own_refusal(caught) else raised
    if watched.broken:
        value, error = None, watched.broken
    return Outcome(value, error, raised, watched.call, *output.kept(), timed_out)


def _shortened(message: str) -> str:
    """The message in one line, without torch's list of all signatures of a function, and at most 200 letters long."""
    line = " ".join(message.split()).partition(", but expected one of: ")[0]
    return line if len(line) <= LONGEST else f"{line[:LONGEST].rpartition(' ')[0]} …"


def _told(error: BaseException, raised: str, watched: Watched) -> str:
    if isinstance(error, UnfitError):
        return str(error)
    if error is not watched.raised:
        return f"the check cannot use its result: {raised}"
    told = raised + student_line(error)
    meaning = advice(told)
    return f"it raised {told}{f'; {meaning}' if meaning else ''}"


def student_line(error: BaseException) -> str:
    """The student's own line in which the exception was raised, for the end of a sentence; empty if there is none."""
    found, entry = "", error.__traceback__
    while entry is not None:
        name, number = entry.tb_frame.f_code.co_filename, entry.tb_lineno
        if not name.startswith(LIBRARIES):
            text = linecache.getline(name, number).strip()
            found = f", in your line {number}{f': {text}' if text else ''}"
        entry = entry.tb_next
    return found


def own_refusal(error: BaseException) -> bool:
    """Whether a `raise` of the answer raised the exception, and not a function that it called."""
    entry = error.__traceback__
    if entry is None:
        return False
    while entry.tb_next is not None:
        entry = entry.tb_next
    code = entry.tb_frame.f_code
    edited = code.co_filename == "<string>"  # a mistake that is an edit of the solution
    own = edited or not code.co_filename.startswith(LIBRARIES)
    return own and code.co_code[entry.tb_lasti] == dis.opmap["RAISE_VARARGS"]


class _Lines(io.TextIOBase):
    """A text stream that keeps the beginning of the text and counts the lines of all of it."""

    def __init__(self) -> None:
        self.text, self.count, self.open = "", 0, False

    def write(self, text: str) -> int:
        self.text += text[: LETTERS_KEPT - len(self.text)]
        self.count += text.count("\n")
        self.open = not text.endswith("\n") if text else self.open
        return len(text)

    def kept(self) -> tuple[tuple[str, ...], int]:
        """The first lines, and the number of all lines."""
        count = self.count + self.open
        return tuple(self.text.split("\n")[: min(LINES_KEPT, count)]), count


def can_limit_time() -> bool:
    """Whether `time_limit` works here: in the main thread, and not on Windows, where Python has no such timer."""
    return threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer")


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeLimitExceeded in the block after ``seconds``, and again every 0.1 s in case the block catches it.

    There is no limit where `can_limit_time` is False.
    """
    if not can_limit_time():
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
