"""``turn(key, task, answer)``: a task inside a lesson, which the student answers by editing the cell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from unet_tutorial.teaching.checking.progress import load, note
from unet_tutorial.teaching.lessons.predict import check_key

RESULTS: dict[str, bool | None] = {}  # of the last run of each turn; None without an answer


def turn(key: str, task: str, answer: Any = None, *, test: Callable[[Any], bool | str], then: str = "") -> None:
    """Print the task if there is no answer yet; otherwise test the answer and say what is wrong. Never raises for it.

    `key` is the unique name of the turn in the course, in lower case with hyphens. ``test(answer)`` returns True if the
    answer is right, and otherwise a sentence for the student, or False. `then` is printed after a right answer.

    >>> def test(n):
    ...     return n % 16 == 12 or f"{n} is {n % 16} more than a multiple of 16"
    >>> turn("any-tile", "Write a side that four poolings accept", test=test)
    Your turn: Write a side that four poolings accept.
    Write it into answer= and run the cell again; or go on.
    >>> turn("any-tile", "Write a side that four poolings accept", answer=570, test=test)
    Not yet: 570 is 10 more than a multiple of 16.
    >>> turn("any-tile", "Write a side that four poolings accept", answer=572, test=test, then="572 = 16 · 28 + 124")
    Right: 572 = 16 · 28 + 124.
    """
    check_key(key)
    RESULTS[key] = None
    if answer is None:
        print(f"Your turn: {task.rstrip('.')}.\nWrite it into answer= and run the cell again; or go on.")
        return
    try:
        found = test(answer)
    except Exception as error:  # shown to the student
        found = _unfit(answer, error)
    right = not isinstance(found, str) and bool(found)
    RESULTS[key] = right
    if right or not load()["turns"].get(key):  # a turn that was completed stays so
        note("turns", key, right)
    word, sentence = ("Right", then) if right else ("Not yet", found if isinstance(found, str) else "")
    print(f"{word}: {sentence.rstrip('.')}." if sentence else f"{word}.")


def _unfit(answer: Any, error: Exception) -> str:
    """A sentence about an answer with which the test raises an error, usually because it has another type."""
    if isinstance(answer, str) and answer.replace(".", "", 1).isdecimal():
        return f"{answer!r} is a text; write the number without quotation marks"
    reason = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
    return f"your answer is of type {type(answer).__name__}, and the test cannot use it ({reason}); read the task again"
