"""The page on a user's own data has the table of the folders that are tested, and names the options that exist."""

from __future__ import annotations

import re

import pytest
from typer.main import get_command

from docs.build.own_data import END, PAGE, START, options, result, with_table
from tests.oracles.own_folders import FOLDERS
from unet_tutorial.commands.app import app
from unet_tutorial.datasets.images.files import READABLE
from unet_tutorial.learning.losses.named import LOSSES

TEXT = PAGE.read_text(encoding="utf8")
OWN = TEXT.partition(START)[0]


def test_the_page_has_the_table_of_now() -> None:
    assert with_table(TEXT) == TEXT, "run: python -m docs.build.own_data"


def test_every_option_in_the_page_exists() -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]
    known = {name for command in commands.values() for option in command.params for name in option.opts}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", OWN)) <= known


def test_every_option_of_data_and_of_predictions_is_in_the_page() -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]
    train = commands["train"].params
    panels = {"Data", "Validation", "Augmentation"}
    wanted = {name for option in train if option.rich_help_panel in panels for name in option.opts}
    wanted |= {"--loss", "--class-weights", "--w0", "--sigma"}
    wanted |= {name for option in commands["predict"].params for name in option.opts if name.startswith("--")}
    assert {name for name in wanted if f"`{name}" not in OWN} - {"--help"} == set()


def test_every_format_and_every_loss_is_in_the_page() -> None:
    assert [suffix for suffix in READABLE if f"`{suffix}`" not in OWN] == []
    assert [name for name in LOSSES if f"`{name}`" not in OWN] == []


def test_rows_of_the_table() -> None:
    refused = next(folder for folder in FOLDERS if folder.images == "PNG, RGBA, transparent" and folder.refused)
    assert result(refused).startswith("**refused**: … it is transparent in places … save it without transparency")
    read = next(folder for folder in FOLDERS if folder.labels == "PNG, classes 0, 1, 5")
    assert (result(read), options(read)) == ("read: classes background, class 1, class 5", "")
    coloured = next(folder for folder in FOLDERS if "colours" in folder.options)
    assert options(coloured).startswith("`--colours '#000000=background,")


@pytest.mark.parametrize("text", ["", START, END])
def test_a_page_without_the_comments_is_refused(text: str) -> None:
    with pytest.raises(SystemExit, match="the comments around the table are missing"):
        with_table(text)
