"""``unet diff``: two architectures, and what differs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

WIDTH = 250  # letters of a line that no terminal folds
FILE = "A .json that unet diagram wrote."


def diff(
    first: Annotated[Path, typer.Argument(help=FILE)],
    second: Annotated[Path, typer.Argument(help=FILE)],
    *,
    whole: Annotated[bool, typer.Option("--all", help="Also the maps that are the same in both.")] = False,
) -> None:
    """What differs between two architectures, map by map.

    A line begins with * where a map has changed, and its changed cells read "old → new"; with - where only the first
    network has it, with + where only the second does. Totals that differ come last. Exit code 0 if both are equal,
    1 if they differ. Names, and the paths of modules in the code, are not compared.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from unet_tutorial.commands.model import read
    from unet_tutorial.figures.arch.diff import HEADS, LEFT_ALIGNED, difference

    found = difference(read(first), read(second))
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
