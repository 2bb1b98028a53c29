"""Groups of options: each field of a dataclass becomes an option of the commands that use it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import MISSING, fields
from typing import Any, get_type_hints

import typer


def with_options(*groups: type) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A decorator for a command whose first parameters are dataclasses: each of their fields becomes an option.

    The command receives the dataclasses with the values of the options.
    """

    def wrap(command: Callable[..., None]) -> Callable[..., None]:
        def with_fields(**options: Any) -> None:
            made = [group(**{name: options.pop(name) for name in _names(group)}) for group in groups]
            command(*made, **options)

        own = list(inspect.signature(command, eval_str=True).parameters.values())[len(groups) :]
        parameters = [parameter for group in groups for parameter in parameters_of(group)]
        parameters += [each.replace(kind=each.KEYWORD_ONLY) for each in own]
        with_fields.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        with_fields.__name__, with_fields.__doc__ = command.__name__, command.__doc__
        return with_fields

    return wrap


def typed_fields(ctx: typer.Context, group: type) -> set[str]:
    """The names of the dataclass's fields whose options the user typed on the command line."""
    return {name for name in _names(group) if str(ctx.get_parameter_source(name)).endswith("COMMANDLINE")}


def _names(group: Any) -> list[str]:
    return [field.name for field in fields(group)]


def parameters_of(group: Any) -> list[inspect.Parameter]:
    """A keyword parameter for each field of the dataclass, with the annotation and default that typer reads."""
    hints = get_type_hints(group, include_extras=True)
    return [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if field.default is MISSING else field.default,
            annotation=hints[field.name],
        )
        for field in fields(group)
    ]
