"""``unet summary``: the table of a network, per level or per layer."""

from __future__ import annotations

import sys
from dataclasses import replace
from enum import StrEnum
from typing import Annotated

import typer

from unet_tutorial.commands.model import Request
from unet_tutorial.commands.options import with_options


class By(StrEnum):
    """What a row stands for."""

    level = "level"
    layer = "layer"


class Format(StrEnum):
    """What a table is written as."""

    rich = "rich"
    md = "md"
    latex = "latex"
    csv = "csv"
    json = "json"


@with_options(Request)
def summary(
    request: Request,
    by: Annotated[By, typer.Option(help="A row per level of each side, or per operation.")] = By.level,
    format: Annotated[Format, typer.Option(help="For the terminal, a paper, or a program.")] = Format.rich,  # noqa: A002
    columns: Annotated[str, typer.Option(help="Only these, as level,op,out,MACs; csv and json keep all.")] = "",
) -> None:
    """Sizes, parameters, MACs, memory and receptive field of a network, exact, without running it.

    NAME is a preset (paper, padded, unet3d, residual, attention, released, unet3d-paper), a .json that unet diagram
    wrote, or package.module:attribute: a module, or a function or class that gives one. That code, also from the
    current folder, is **imported and executed**; a .json is only read. Exit code 2 for an input size that does not
    pass, with the sizes that do; 3 for a network whose flow depends on the numbers in its input.
    """
    from unet_tutorial.figures.table import table

    arch = request.architecture()
    found = table(replace(arch, name=f"{request.name}: {arch.name}"), by=str(by))
    found = found.only(*columns.split(",")) if columns else found
    if format is Format.rich:
        from rich.console import Console

        Console(width=None if sys.stdout.isatty() else 200).print(found.rich())
        return
    ways = {"md": found.to_markdown, "latex": found.to_latex, "csv": found.to_csv, "json": found.to_json}
    print(ways[format](), end="")
