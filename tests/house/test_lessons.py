"""Every lesson is in the catalogue and keeps the rules."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.house.house_rules import RULES, Rule
from tests.paths import NOTEBOOKS, ROOT
from unet_tutorial.teaching.lessons import catalogue
from unet_tutorial.teaching.lessons.lesson import read

PATHS = catalogue.lessons()


def test_the_catalogue_names_every_notebook() -> None:
    found = set(NOTEBOOKS.rglob("*.ipynb"))
    assert {path for path in found if ".ipynb_checkpoints" not in path.parts} == {
        *catalogue.lessons(), *catalogue.exercises(), *catalogue.solutions()
    }  # fmt: skip


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_lesson_keeps(rule: Rule, path: Path) -> None:
    found = rule(read(path))
    assert not found, "\n".join(found)


def test_keys_of_questions_are_unique() -> None:
    keys = [
        key for path in PATHS for cell in read(path).code for key in re.findall(r'predict\(\s*"(.+?)"', cell["source"])
    ]
    assert len(keys) == len(set(keys))


def test_no_notebook_imports_a_private_name() -> None:
    private = re.compile(r"^\s*from unet_tutorial[\w.]* import .*\b_[a-z]\w*", re.MULTILINE)
    notebooks = [*PATHS, *catalogue.exercises(), *catalogue.solutions()]
    found = [
        f"{path.name}: {line}" for path in notebooks for c in read(path).code for line in private.findall(c["source"])
    ]
    assert found == []


def test_every_rule_of_the_sanitize_file_has_a_replacement() -> None:
    text = (ROOT / "tests" / "house" / "nbval_sanitize.cfg").read_text(encoding="utf8")
    rules = re.findall(r"^regex: (.*)\nreplace: (.*)$", text, re.MULTILINE)
    assert len(rules) == text.count("regex:") > 0
