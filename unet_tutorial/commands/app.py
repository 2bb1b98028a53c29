"""The command line `unet`: adds the commands, and prints errors as one line."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, NoReturn

import typer

from unet_tutorial.commands.data import data
from unet_tutorial.commands.diagram import diagram
from unet_tutorial.commands.diff import diff
from unet_tutorial.commands.doctor import doctor
from unet_tutorial.commands.export import export
from unet_tutorial.commands.importing import import_
from unet_tutorial.commands.predict import predict
from unet_tutorial.commands.sizes import sizes
from unet_tutorial.commands.summary import summary
from unet_tutorial.commands.train import train

app = typer.Typer(
    name="unet",
    help="The U-Net: valid input sizes, diagrams, tables, training, prediction of images of any size, and data sets.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    add_completion=False,
    pretty_exceptions_enable=False,
)


def with_one_line_errors(command: Callable[..., None]) -> Callable[..., None]:
    """The command, with its errors printed as one line instead of a traceback.

    The exit code is 130 after Ctrl-C and 1 after an error; a ValueError with an attribute ``code`` sets its own. Typer
    handles unknown options itself, with exit code 2.
    """

    @wraps(command)
    def run(**options: Any) -> None:
        try:
            command(**options)
        except ValueError as error:
            _exit(str(error), getattr(error, "code", 1))
        except OSError as error:
            _exit(f"{error.filename or 'the system'}: {error.strerror or error}", 1)
        except (MemoryError, RuntimeError) as error:  # torch says "can't allocate memory" or "out of memory"
            if isinstance(error, RuntimeError) and "memory" not in str(error):
                raise
            _exit("out of memory; give a smaller --tile, --batch or --widths", 1)
        except KeyboardInterrupt as interrupt:
            _exit(f"stopped{'; ' if interrupt.args else ''}{interrupt}", 130)

    return run


def _exit(message: str, code: int) -> NoReturn:
    print(f"\runet: {message}", file=sys.stderr)
    distributed = sys.modules.get("torch.distributed")  # imported if this is one of several processes
    if distributed and distributed.is_available() and distributed.is_initialized():
        sys.modules["unet_tutorial.learning.distributed"].leave(code)
    sys.exit(code)


for _command in (sizes, summary, diagram, diff, train, predict, export, doctor, data):
    app.command()(with_one_line_errors(_command))
app.command("import")(with_one_line_errors(import_))


def main() -> None:
    """Run the command named by the command-line arguments."""
    app()
