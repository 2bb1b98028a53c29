"""The command line as a whole: its commands, and what a reader sees when something is wrong."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, NoReturn

import typer

from unet_tutorial.commands.data import data
from unet_tutorial.commands.diagram import diagram
from unet_tutorial.commands.diff import diff
from unet_tutorial.commands.predict import predict
from unet_tutorial.commands.sizes import sizes
from unet_tutorial.commands.summary import summary
from unet_tutorial.commands.train import train

app = typer.Typer(
    name="unet",
    help="The U-Net: sizes that fit, diagrams, tables, training, prediction of images of any size, data to learn from.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    add_completion=False,
    pretty_exceptions_enable=False,
)


def plain(command: Callable[..., None]) -> Callable[..., None]:
    """The command, with one line instead of a traceback; exit code 1 where it refuses (or the error's ``code``), 130
    after Ctrl-C.

    Unknown options are typer's to refuse, with exit code 2.
    """

    @wraps(command)
    def run(**options: Any) -> None:
        try:
            command(**options)
        except ValueError as error:
            _leave(str(error), getattr(error, "code", 1))
        except OSError as error:
            _leave(f"{error.filename or 'the system'}: {error.strerror or error}", 1)
        except (MemoryError, RuntimeError) as error:  # torch says "can't allocate memory" or "out of memory"
            if isinstance(error, RuntimeError) and "memory" not in str(error):
                raise
            _leave("the memory does not suffice; take a smaller --tile, --batch or --widths", 1)
        except KeyboardInterrupt as stop:
            _leave(f"stopped{'; ' if stop.args else ''}{stop}", 130)

    return run


def _leave(words: str, code: int) -> NoReturn:
    print(f"\runet: {words}", file=sys.stderr)
    sys.exit(code)


for _command in (sizes, summary, diagram, diff, train, predict, data):
    app.command()(plain(_command))


def main() -> None:
    """Run the command that the arguments name."""
    app()
