"""``check`` prints and records a verdict; ``hidden`` uses other cases."""

from __future__ import annotations

import pytest
from torch import Tensor

from tests.oracles.doubling_exercise import DOUBLE, right
from unet_tutorial.teaching.checking import check as checking
from unet_tutorial.teaching.checking import progress
from unet_tutorial.teaching.checking.judge import judge


def test_check_prints_notes_and_names_what_there_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(checking, "all_exercises", lambda: [DOUBLE])
    checking.check("double", lambda x: x.mul_(2))
    assert progress.load()["solved"] == {"double": False}
    capsys.readouterr()
    checking.check("double", right)
    assert capsys.readouterr().out.splitlines()[0] == "ok: double"
    checking.check("double", lambda x: x.mul_(2))
    assert progress.load()["solved"] == {"double": True}  # an exercise that was solved stays so
    assert checking.hidden("double", right).ok
    assert not checking.hidden("double", lambda x: x).ok
    with pytest.raises(ValueError, match="there is no exercise 'dubble'; there are double"):
        checking.check("dubble", right)


def test_hidden_finds_an_answer_that_knows_the_cases_of_the_lesson(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "all_exercises", lambda: [DOUBLE])
    known: dict[float, Tensor] = {float(x.sum()): 2 * x for (x,) in DOUBLE.cases(0)}

    def memorised(x: Tensor) -> Tensor:
        return known.get(float(x.sum()), x)

    assert judge(DOUBLE, memorised).ok
    assert not checking.hidden("double", memorised).ok


def test_exercises_are_found_in_course_order() -> None:
    names = [exercise.name for exercise in checking.all_exercises()]
    assert (names[0], names[-1]) == ("cell_share", "agrees")
    assert checking.find(names[-1]).name == names[-1]
