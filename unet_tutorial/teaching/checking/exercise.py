"""An exercise: a correct answer, cases to try an answer on, and the mistakes that people make."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Case = tuple[Any, ...]
Probe = Callable[[Any, Case], Any]
Edit = tuple[str, ...]  # (old, new), or with several replacements (old, new, old, new, …)
Mistake = tuple[Any, ...] | str | Callable[..., Any]  # see `exercise`


def call(answer: Any, case: Case) -> Any:
    """The default probe: the answer is a function, and a case is the tuple of its arguments."""
    return answer(*case)


@dataclass(frozen=True)
class Exercise:
    """A function or a class that a student writes.

    ``right`` is a correct answer. ``cases(seed)`` yields fresh cases at every call: seed 0 is used in the lesson,
    others in the hidden test. ``probe`` applies an answer to a case and returns the result to compare, with a relative
    ``tolerance`` for floats. ``mistakes`` maps a hint for the student to an answer that makes this mistake.
    ``forbidden`` holds the names that the text of the exercise forbids in an answer.
    """

    name: str
    right: Any
    cases: Callable[[int], Iterable[Case]]
    mistakes: Mapping[str, Any]
    probe: Probe = call
    tolerance: float = 1e-5
    forbidden: tuple[str, ...] = ()

    def __call__(self, *arguments: Any) -> Any:
        """The solution applied to these arguments, so that one solution can use another, as a student's can."""
        return self.right(*arguments)


def exercise(
    cases: Callable[[int], Iterable[Case]],
    *mistakes: Mistake,
    probe: Probe = call,
    tolerance: float = 1e-5,
    forbidden: tuple[str, ...] = (),
    name: str = "",
) -> Callable[[Any], Exercise]:
    """A decorator: the function or class below it is the solution, and its name is the exercise's.

    ``name`` is for a class, whose own name is not the exercise's (``UpStep`` for ``up_step``).

    A mistake is an edit of the solution's source, ``(old, new, hint)``, or ``(hint, answer)`` where it is another
    answer altogether. One that is too long for a line is two arguments: the hint, then ``(old, new)`` or the answer.
    An edit can have several replacements, ``(old, new, old, new, hint)``.

    ValueError, when the module is imported, for an edit whose old text does not occur exactly once.
    """

    def made(right: Any) -> Exercise:
        source, answers = source_of(right), dict[str, Any]()
        for hint, mistake in hinted(mistakes):
            if hint in answers:
                raise ValueError(f"exercise {right.__name__}: two mistakes have the hint {hint!r}")
            answers[hint] = edited(right, source, mistake) if isinstance(mistake, tuple) else mistake
        return Exercise(name or right.__name__, right, cases, answers, probe, tolerance, forbidden)

    return made


def hinted(mistakes: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    """Each mistake as its hint, and an edit (a tuple of texts) or another answer.

    >>> list(hinted([("a", "b", "short"), "long", ("a", "c"), ("other", abs)]))
    [('short', ('a', 'b')), ('long', ('a', 'c')), ('other', <built-in function abs>)]
    """
    arguments = iter(mistakes)
    for argument in arguments:
        if isinstance(argument, str):
            yield argument, next(arguments)
        elif len(argument) == 2:
            yield argument
        else:
            *edit, hint = argument
            yield hint, tuple(edit)


def source_of(answer: Any) -> str:
    """The source of a function or class at the top level of its module, without its decorators.

    ``inspect.getsource`` would end too early where the decorator's arguments contain a lambda (Python 3.11).
    """
    text = inspect.getsource(sys.modules[answer.__module__])
    (definition,) = (node for node in ast.parse(text).body if getattr(node, "name", "") == answer.__name__)
    return "\n".join(text.split("\n")[definition.lineno - 1 : definition.end_lineno]) + "\n"


def edited(right: Any, source: str, edit: Edit) -> Any:
    """The answer that the source defines after an edit (old, new, old, new, …), in the module of ``right``."""
    if len(edit) % 2:
        raise ValueError(f"exercise {right.__name__}: an edit needs pairs of an old and a new text: {edit}")
    for old, new in zip(edit[::2], edit[1::2], strict=True):
        if source.count(old) != 1:
            raise ValueError(f"exercise {right.__name__}: {old!r} occurs {source.count(old)} times in the solution")
        source = source.replace(old, new)
    module = vars(sys.modules[right.__module__])
    defined: dict[str, Any] = {}
    exec(compile(source, f"<mistake of {right.__name__}>", "exec", dont_inherit=True), module, defined)
    return defined[right.__name__]
