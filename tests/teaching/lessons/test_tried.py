"""Turns are tried with the right and the wrong answers in the metadata of their cells."""

from __future__ import annotations

from typing import Any

import pytest

from unet_tutorial.teaching.lessons.tried import answers, is_turn, trials

SOURCE = """from unet_tutorial.teaching.lessons.turn import turn
turn(
    "even", "Write an even number", answer=None,
    test=lambda n: n % 2 == 0,
)"""


def cell(source: str = SOURCE, kind: str = "code", **given: Any) -> dict[str, Any]:
    return {"cell_type": kind, "source": source, "metadata": {"unet_tutorial": given} if given else {}}


def run(trial: dict[str, Any]) -> None:
    exec(trial["source"], {})


def test_right_and_wrong_answers_pass_as_what_they_are() -> None:
    made = trials([cell("x = 1"), cell(right=["2", "4"], wrong=["3"]), cell("text", kind="markdown")])
    assert [trial["cell_type"] for trial in made] == ["code"] * 3
    for trial in made:
        run(trial)


@pytest.mark.parametrize("given", [{"right": ["3"], "wrong": ["5"]}, {"right": ["2"], "wrong": ["4"]}])
def test_a_wrong_expectation_fails(given: dict[str, Any]) -> None:
    first, second = trials([cell(**given)])
    failed = []
    for trial in (first, second):
        try:
            run(trial)
        except AssertionError as error:
            failed.append(str(error))
    assert len(failed) == 1
    assert failed[0] in ("turn even: the answer 3 must be True", "turn even: the answer 4 must be False")


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (cell(), "needs the metadata"),
        (cell(right=["2"]), "needs the metadata"),
        (cell(SOURCE.replace("answer=None", "answer=2"), right=["2"], wrong=["3"]), "with answer=None"),
        (cell(SOURCE + "\n" + SOURCE.split("\n", 1)[1], right=["2"], wrong=["3"]), "one turn in a cell"),
    ],
)
def test_a_cell_that_cannot_be_tried_is_refused(found: dict[str, Any], words: str) -> None:
    assert is_turn(found)
    with pytest.raises(ValueError, match=words):
        answers(found)
