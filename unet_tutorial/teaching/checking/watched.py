"""An answer under observation: its calls are spelled, its arguments compared, and forbidden functions refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import nn

from unet_tutorial.teaching.checking import unchanged
from unet_tutorial.teaching.checking.exercise import Exercise
from unet_tutorial.teaching.checking.forbid import forbidding, sentence
from unet_tutorial.teaching.checking.spelling import named, spelled_arguments


class Watched:
    """Calls the answer, and notes the last call as the student would type it.

    ``broken`` is a sentence if the answer broke a rule: it called a forbidden function, or changed an argument.
    ``raised`` is the exception that came out of the answer, if any. If the answer returns a torch module, the calls of
    the module are watched in the same way.
    """

    def __init__(self, exercise: Exercise, answer: Any) -> None:
        self.exercise, self.answer = exercise, answer
        self.call, self.broken = "", ""
        self.raised: BaseException | None = None

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """Call the answer."""
        name = self.exercise.solution.__name__
        given = named(self.exercise.solution, arguments, keywords)
        value = self._run(name, self.answer, given, arguments, keywords)
        if isinstance(value, nn.Module) and not any(value is each for each in arguments):
            self._watch_forward(value, name + spelled_arguments(given))
        return value

    def _watch_forward(self, module: nn.Module, made: str) -> None:
        forward = module.forward

        def watched(*arguments: Any, **keywords: Any) -> Any:
            return self._run(made, forward, named(forward, arguments, keywords), arguments, keywords)

        module.forward = watched

    def _run(
        self,
        name: str,
        function: Callable[..., Any],
        given: Sequence[tuple[str, Any]],
        arguments: Sequence[Any],
        keywords: Mapping[str, Any],
    ) -> Any:
        self.call = name + spelled_arguments(given)
        called: list[str] = []
        before = [unchanged.fingerprint(value) for _, value in given]
        try:
            with forbidding(self.exercise.forbidden) as called:
                value = function(*arguments, **keywords)
        except BaseException as error:
            self.raised = error
            raise
        finally:
            if called:
                self.broken = self.broken or sentence(called[0])
        for (parameter, argument), old in zip(given, before, strict=True):
            if parameter not in self.exercise.may_change and unchanged.fingerprint(argument) != old:
                self.broken = self.broken or unchanged.sentence(parameter, argument)
        return value
