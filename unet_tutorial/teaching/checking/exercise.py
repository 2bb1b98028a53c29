"""An exercise: its solution, the cases on which an answer is tried, and common mistakes."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Case = tuple[Any, ...]
Probe = Callable[[Any, Case], Any]
Mistake = tuple[Any, ...]  # (old text, new text, hint) or (hint, another answer); see `exercise`


def call(answer: Any, case: Case) -> Any:
    """Call the answer with the case as its arguments; the default probe (see ``Exercise``)."""
    return answer(*case)


@dataclass(frozen=True)
class Exercise:
    """A function or a class that a student writes.

    ``solution`` is a correct answer. ``cases(seed)`` yields new cases at every call: seed 0 is used by `check`, other
    seeds by `hidden`. ``probe`` applies an answer to a case and returns the result to compare; floats are compared with
    the relative ``tolerance``. ``mistakes`` maps a hint for the student to an answer that makes this mistake, and
    ``siblings`` holds pairs of such a hint and another answer that makes the same mistake with other results.
    ``forbidden`` holds the full names of the functions and classes that the text forbids, such as
    ``torch.nn.functional.conv_transpose2d`` (see ``forbid``). ``may_change`` holds the names of the parameters that an
    answer may change in place.
    """

    name: str
    solution: Any
    cases: Callable[[int], Iterable[Case]]
    mistakes: Mapping[str, Any]
    probe: Probe = call
    tolerance: float = 1e-5
    forbidden: tuple[str, ...] = ()
    may_change: tuple[str, ...] = ()
    siblings: tuple[tuple[str, Any], ...] = ()

    def __call__(self, *arguments: Any) -> Any:
        """Call the solution, so that the solution of one exercise can call another exercise by its name."""
        return self.solution(*arguments)

    @property
    def listed(self) -> list[tuple[str, Any]]:
        """All pairs of a hint and a wrong answer, siblings behind the first answer with their hint."""
        return [
            (hint, answer)
            for hint, first in self.mistakes.items()
            for answer in (first, *(other for same, other in self.siblings if same == hint))
        ]


def exercise(
    cases: Callable[[int], Iterable[Case]],
    *mistakes: Mistake,
    probe: Probe = call,
    tolerance: float = 1e-5,
    forbidden: tuple[str, ...] = (),
    may_change: tuple[str, ...] = (),
    name: str = "",
) -> Callable[[Any], Exercise]:
    """A decorator: the function or class below it is the solution of an exercise.

    The exercise gets the name of the solution, or ``name`` if that is given: a class ``UpStep`` can be the solution of
    the exercise ``up_step``.

    A mistake is an edit of the solution's source code, or a different answer, together with a hint for the student::

        @exercise(
            cases,
            ("poolings + 1", "poolings", "one level is missing"),  # (old text, new text, hint)
            ("that is the number of the deepest level", lambda poolings: poolings),  # (hint, answer)
        )
        def levels(poolings):
            return list(range(poolings + 1))

    An edit may replace several texts: ``(old, new, old, new, hint)``. Several mistakes may have the same hint: they are
    siblings, which make the same mistake with other results.

    ValueError, when the module is imported, for an edit whose old text does not occur exactly once in the solution.
    """

    def decorate(solution: Any) -> Exercise:
        source, answers, siblings = source_of(solution), dict[str, Any](), list[tuple[str, Any]]()
        for mistake in mistakes:
            if len(mistake) == 2:
                hint, answer = mistake
            else:
                *edit, hint = mistake
                answer = edited(solution, source, edit)
            if hint in answers:
                siblings.append((hint, answer))
            else:
                answers[hint] = answer
        return Exercise(
            name or solution.__name__,
            solution,
            cases,
            answers,
            probe,
            tolerance,
            forbidden,
            may_change,
            tuple(siblings),
        )

    return decorate


def source_of(answer: Any) -> str:
    """The source of a function or class at the top level of its module, without its decorators.

    ``inspect.getsource`` would end too early where the decorator's arguments contain a lambda (Python 3.11).
    """
    text = inspect.getsource(sys.modules[answer.__module__])
    (definition,) = (node for node in ast.parse(text).body if getattr(node, "name", "") == answer.__name__)
    return "\n".join(text.split("\n")[definition.lineno - 1 : definition.end_lineno]) + "\n"


def edited(solution: Any, source: str, edit: Sequence[str]) -> Any:
    """The answer that the edited source defines; it sees the other names of the module of ``solution``."""
    if len(edit) % 2:
        raise ValueError(f"exercise {solution.__name__}: an edit needs pairs of an old and a new text: {edit}")
    for old, new in zip(edit[::2], edit[1::2], strict=True):
        if source.count(old) != 1:
            raise ValueError(f"exercise {solution.__name__}: {old!r} occurs {source.count(old)} times in the solution")
        source = source.replace(old, new)
    module = vars(sys.modules[solution.__module__])
    defined: dict[str, Any] = {}
    exec(source, module, defined)
    return defined[solution.__name__]
