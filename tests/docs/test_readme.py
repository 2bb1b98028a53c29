"""The pages a reader meets first hold what they promise: links, pictures, tasks and commands exist."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.main import get_group

import course
from tests.paths import ROOT
from unet_tutorial.commands.app import app
from unet_tutorial.teaching.lessons.catalogue import LESSONS, exercises, lessons, solutions
from unet_tutorial.teaching.lessons.contents import contents
from unet_tutorial.teaching.lessons.lesson import read

README = (ROOT / "README.md").read_text(encoding="utf8")
PAGES = ["README.md", "CONTRIBUTING.md", "data/README.md", "notebooks/glossary.md"]
PAGES += [path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "docs").glob("*.md"))]
CODE = re.compile(r"^```.*?^```|`[^`\n]+`", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"")
FILE = re.compile(r"`((?:tests|docs|data|notebooks|benchmarks|unet_tutorial)/[\w/]+\.\w+)`")
PLACEHOLDER = re.compile(r"\b[A-Z]+_OUTPUT\b|\bNUMBERS\b|\bM\d\b|\b(?:TODO|FIXME|TBD|XXX)\b")
COMMANDS = {
    name: {option for parameter in command.params for option in parameter.opts} | {"--help"}
    for name, command in get_group(app).commands.items()
}


def missing(page: Path) -> list[str]:
    """The relative links, pictures and files named in that page which do not exist; examples in code are no links.

    Of a notebook, the markdown cells are read.
    """
    text = read(page).prose if page.suffix == ".ipynb" else page.read_text(encoding="utf8")
    links = [first or second for first, second in LINK.findall(CODE.sub("", text))]
    found = [(link, page.parent / link.partition("#")[0]) for link in links if not re.match(r"\w+:|#", link)]
    found += [(name, ROOT / name) for name in FILE.findall(text) if "NN" not in name]
    return [name for name, path in found if not path.exists()]


def strange(text: str) -> list[str]:
    """Tasks of course.py, commands of `unet` and their options, named in code, that do not exist."""
    code = "\n".join(span.strip("`") for span in CODE.findall(text))
    found = [f"course.py {task}" for task in re.findall(r"course\.py ([a-z]+)", code) if task not in course.TASKS]
    for command, rest in re.findall(r"\bunet ([a-z]+)\b(.*)", code):
        options = re.findall(r"(?<=\s)--?[a-z][\w-]*", rest)
        found += [f"unet {command}"] if command not in COMMANDS else []
        found += [f"unet {command} {option}" for option in options if option not in COMMANDS.get(command, options)]
    return found


@pytest.mark.parametrize("name", PAGES)
def test_links_and_pictures_exist(name: str) -> None:
    assert missing(ROOT / name) == []


@pytest.mark.parametrize(
    "path", [*lessons(), *exercises(), *solutions()], ids=lambda path: f"{path.parts[-2]}/{path.stem}"
)
def test_links_and_pictures_of_notebooks_exist(path: Path) -> None:
    assert missing(path) == []


@pytest.mark.parametrize("name", LESSONS)
def test_the_minutes_in_the_readme_are_those_of_the_lesson(name: str) -> None:
    rows = re.findall(rf"^\| \[[^]]*\]\(notebooks/{name}\.ipynb\) \|.*\| (\d+) \|$", README, re.MULTILINE)
    assert rows == [str(contents(name).minutes)]


@pytest.mark.parametrize("name", PAGES)
def test_tasks_commands_and_options_exist(name: str) -> None:
    assert strange((ROOT / name).read_text(encoding="utf8")) == []


def test_the_readme_is_filled_in() -> None:
    assert PLACEHOLDER.findall(README) == []


def test_the_readme_names_every_lesson_and_the_first_tasks() -> None:
    names = {path.relative_to(ROOT).as_posix() for path in lessons()}
    assert names <= {link for link, _ in LINK.findall(README)}
    assert {"run", "test", "lab", "unet"} <= set(re.findall(r"course\.py ([a-z]+)", README))
    assert set(COMMANDS) <= set(re.findall(r"\bunet ([a-z]+)", README))


def test_what_does_not_exist_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    (tmp_path / "u.png").touch()
    page.write_text(
        "![a](u.png) [b](u.png#x) [c](#top) [d](https://x.org/y) `[e](code.md)` `tests/house/sync.py`\n"
        '[f](gone.md) ![g](gone.png) <img src="gone.svg"> `tests/gone.py`\n```\n[h](block.md)\n```\n'
    )
    assert missing(page) == ["gone.md", "gone.png", "gone.svg", "tests/gone.py"]
    cell = {"cell_type": "markdown", "source": "[a](u.png) [b](../gone.ipynb)"}
    notebook = tmp_path / "a.ipynb"
    notebook.write_text(json.dumps({"cells": [cell], "metadata": {}}))
    assert missing(notebook) == ["../gone.ipynb"]
    page.write_text("a unet fly `unet sizes --near 5` `unet swim` `unet train --fast -o x`\n```\ncourse.py fly\n```\n")
    assert strange(page.read_text()) == ["course.py fly", "unet swim", "unet train --fast"]
    assert PLACEHOLDER.findall("| M2 | RUN_OUTPUT ISBI 2012 TASK\nNUMBERS") == ["M2", "RUN_OUTPUT", "NUMBERS"]
