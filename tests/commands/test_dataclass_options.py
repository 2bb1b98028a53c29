"""Dataclasses become options of a command: same names, defaults and limits."""

from dataclasses import dataclass
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from unet_tutorial.commands.dataclass_options import parameters_of, typed_fields, with_options


@dataclass(frozen=True)
class Size:
    width: Annotated[int, typer.Option(min=1, help="Width in pixels.")] = 3
    deep_name: Annotated[str, typer.Option(help="A name.")] = "a"


@dataclass(frozen=True)
class Colour:
    dark: Annotated[bool, typer.Option("--dark", help="Dark.")] = False


received: list[tuple[Size, Colour, str, set[str]]] = []
app = typer.Typer()


@app.command()
@with_options(Size, Colour)
def paint(size: Size, colour: Colour, ctx: typer.Context, target: Annotated[str, typer.Argument()]) -> None:
    """Paint it."""
    received.append((size, colour, target, typed_fields(ctx, Size) | typed_fields(ctx, Colour)))


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["wall"], (Size(), Colour(), "wall", set())),
        (["wall", "--width", "3"], (Size(), Colour(), "wall", {"width"})),
        (["--deep-name", "b", "wall", "--dark"], (Size(3, "b"), Colour(True), "wall", {"deep_name", "dark"})),
    ],
)
def test_options_make_the_dataclasses(words: list[str], wanted: object) -> None:
    assert CliRunner().invoke(app, words).exit_code == 0
    assert received.pop() == wanted


def test_limits_and_help_are_those_of_the_fields() -> None:
    result = CliRunner().invoke(app, ["wall", "--width", "0"])
    assert result.exit_code == 2
    assert "0 is not in the range x>=1" in result.output
    listed = CliRunner().invoke(app, ["--help"]).output
    assert "Width in pixels." in listed
    assert "Paint it." in listed


def test_parameters_have_the_defaults_of_the_fields() -> None:
    assert [(each.name, each.default) for each in parameters_of(Size)] == [("width", 3), ("deep_name", "a")]
