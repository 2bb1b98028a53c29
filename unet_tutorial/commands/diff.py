"""``unet diff``: the differences between two architectures."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

WIDTH = 250  # characters per line in a pipe or file, where there is no terminal width
FILE = "A .json written by unet diagram."


def diff(
    first: Annotated[Path, typer.Argument(help=FILE)],
    second: Annotated[Path, typer.Argument(help=FILE)],
    *,
    whole: Annotated[bool, typer.Option("--all", help="Show unchanged maps, too.")] = False,
) -> None:
    """Show the differences between two architectures, map by map.

    Each line is a map. With * it has changed, and its changed cells show "old → new". With - only the first network has
    it, with + only the second. Totals that differ come last. Exit code 0 if the networks are equal, 1 if they differ.
    Names of networks and of their modules are not compared.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from unet_tutorial.commands.model import read_architecture
    from unet_tutorial.figures.arch.diff import HEADS, LEFT_ALIGNED, difference

    found = difference(read_architecture(first), read_architecture(second))
    lines = found.lines if whole else found.changes()
    if lines:
        kept = [i for i in range(len(HEADS)) if any(line[i] for line in lines)]
        table = Table(box=None, padding=(0, 2, 0, 0))
        for i in kept:
            table.add_column(HEADS[i], justify="left" if HEADS[i] in LEFT_ALIGNED else "right")
        for line in lines:
            table.add_row(*(Text(line[i], style="bold" if "→" in line[i] else "") for i in kept))
        Console(width=None if sys.stdout.isatty() else WIDTH).print(table)
    print("\n".join(found.notes) or "equal")
    if not found.equal:
        raise typer.Exit(1)
