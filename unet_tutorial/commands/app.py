"""The command line as a whole: its commands, and what a reader sees when something is wrong."""

from __future__ import annotations

import sys

import typer

from unet_tutorial.commands.data import data
from unet_tutorial.commands.predict import predict
from unet_tutorial.commands.sizes import sizes
from unet_tutorial.commands.train import train

app = typer.Typer(
    name="unet",
    help="The U-Net: which sizes fit, training, prediction of images of any size, and data to learn from.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (sizes, train, predict, data):
    app.command()(command)


def main() -> None:
    """Run a command. Exit codes: 0 done, 1 refused (one line says why), 2 unknown option, 130 stopped by Ctrl-C."""
    try:
        app()
    except ValueError as error:
        sys.exit(f"unet: {error}")
    except KeyboardInterrupt:
        print("\nunet: stopped", file=sys.stderr)
        sys.exit(130)
    except OSError as error:
        sys.exit(f"unet: {error.filename or ''}: {error.strerror or error}")
