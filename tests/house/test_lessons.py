"""Every lesson keeps the house rules."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.house.house_rules import RULES, Rule
from tests.paths import ROOT
from unet_tutorial.teaching.lessons.lesson import read

PATHS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
MOST_SECONDS = 915  # all lessons together


def test_there_are_lessons() -> None:
    assert PATHS


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_lesson_keeps(rule: Rule, path: Path) -> None:
    found = rule(read(path))
    assert not found, "\n".join(found)


def test_the_course_stays_within_its_time() -> None:
    assert sum(read(path).own.get("ceiling_seconds", 0) for path in PATHS) <= MOST_SECONDS


def test_keys_of_questions_are_unique() -> None:
    keys = [
        key for path in PATHS for cell in read(path).code for key in re.findall(r'predict\(\s*"(.+?)"', cell["source"])
    ]
    assert len(keys) == len(set(keys))


def test_sanitize_file_is_short() -> None:
    text = (ROOT / "tests" / "nbval_sanitize.cfg").read_text(encoding="utf8")
    rules = re.findall(r"^regex: (.*)\nreplace: (.*)$", text, re.MULTILINE)
    assert 0 < len(rules) <= 10
    assert len(rules) == text.count("regex:")
