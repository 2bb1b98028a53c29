"""What an exercise is: an answer that is right, cases to try it on, and the mistakes that people make."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Case = tuple[Any, ...]
Probe = Callable[[Any, Case], Any]


def call(answer: Any, case: Case) -> Any:
    """The usual probe: the answer is a function, and a case is its arguments."""
    return answer(*case)


@dataclass(frozen=True)
class Exercise:
    """A function or a class that a student writes.

    ``right`` is one that is right. ``cases(seed)`` gives what to try it on, anew at every call: seed 0 in the lesson,
    others in the hidden test. ``probe`` applies an answer to a case and returns what is compared, to a relative
    ``tolerance`` for floats. ``mistakes`` maps a sentence for the student to an answer that makes this mistake.
    """

    name: str
    right: Any
    cases: Callable[[int], Iterable[Case]]
    mistakes: Mapping[str, Any]
    probe: Probe = call
    tolerance: float = 1e-5
