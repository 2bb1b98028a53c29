"""The contents of a lesson, counted in another way, its score, and its links."""

from __future__ import annotations

import json
import re

import pytest

from tests.paths import NOTEBOOKS
from unet_tutorial.teaching.lessons import catalogue
from unet_tutorial.teaching.lessons.contents import contents, minutes_in, score, title_in


@pytest.mark.parametrize("name", catalogue.LESSONS[:3])
def test_the_contents_are_those_of_the_file(name: str) -> None:
    found = contents(name)
    text = (NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf8")
    assert len(found.questions) == len(re.findall(r'"predict\(', text)) > 0
    assert found.number == name.partition("_")[0]
    assert found.title == json.loads(text)["cells"][0]["source"][0].removeprefix("# ").strip()
    assert 10 <= found.minutes <= 120
    assert found.exercises
    assert 10 <= found.exercise_minutes <= 120


def test_a_lesson_without_title_is_refused() -> None:
    assert title_in("Text\n# 01 · Sizes  \n## More") == "01 · Sizes"
    with pytest.raises(ValueError, match="begin its first cell"):
        title_in("## 1 · A section")
    assert minutes_in("no time is given") == 0


def test_the_score_counts_guesses_and_turns_of_the_lesson() -> None:
    first, second, *others = contents("01_sizes").questions
    total, noted = len(others) + 2, {"guesses": {}, "answered": {first: True, second: False, "other": True}}
    turns = len(contents("01_sizes").turns)
    line = score("01", {**noted, "turns": {"other": True}, "solved": {}})
    assert line == f"guesses: 1 of {total} right ({total - 2} not made); turns: 0 of {turns} completed"
    assert score("01_sizes") == f"guesses: 0 of {total} right ({total} not made); turns: 0 of {turns} completed"
    with pytest.raises(ValueError, match="there is no lesson '97'; there are 00_start_here"):
        score("97")
