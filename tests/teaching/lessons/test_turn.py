"""A turn asks, tests the student's answer without ever raising an error for it, and is recorded."""

from __future__ import annotations

from typing import Any

import pytest

from unet_tutorial.teaching.checking import progress
from unet_tutorial.teaching.lessons.turn import RESULTS, turn


def even(n: Any) -> bool | str:
    return n % 2 == 0 or f"{n} is odd"


@pytest.mark.parametrize(
    ("answer", "right", "printed"),
    [
        (None, None, "Your turn: Write an even number.\nWrite it into answer= and run the cell again; or go on.\n"),
        (4, True, "Right: 4 = 2 · 2.\n"),
        (5, False, "Not yet: 5 is odd.\n"),
        ((), False, "Not yet: your answer is of type tuple, and the test cannot use it (TypeError: "),
        ("4", False, "Not yet: '4' is a text; write the number without quotation marks.\n"),
        ("four", False, "Not yet: your answer is of type str, and the test cannot use it (TypeError: "),
    ],
)
def test_an_answer_is_tested(
    answer: Any,
    printed: str,
    capsys: pytest.CaptureFixture[str],
    *,
    right: bool | None,
) -> None:
    turn("even", "Write an even number", answer=answer, test=even, then="4 = 2 · 2")
    assert RESULTS["even"] is right
    assert capsys.readouterr().out.startswith(printed)
    assert progress.load()["turns"].get("even") is right


def test_a_turn_without_a_sentence_says_whether_it_is_right(capsys: pytest.CaptureFixture[str]) -> None:
    for answer in (4, 5):
        turn("even", "Write an even number.", answer=answer, test=lambda n: n % 2 == 0)
    assert capsys.readouterr().out == "Right.\nNot yet.\n"


def test_a_completed_turn_stays_completed() -> None:
    for answer in (4, 5):
        turn("even", "Write an even number", answer=answer, test=even)
    assert progress.load()["turns"] == {"even": True}


def test_a_key_of_another_form_is_refused() -> None:
    with pytest.raises(ValueError, match="write it in lower case letters, digits and hyphens"):
        turn("An even", "Write an even number", test=even)
