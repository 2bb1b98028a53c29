"""The checker against answers that do everything but answer."""

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from unet_tutorial.teaching.checking import check as checking
from unet_tutorial.teaching.checking import progress
from unet_tutorial.teaching.checking.exercise import Case, Exercise
from unet_tutorial.teaching.checking.judge import judge


def cases(seed: int) -> Iterator[Case]:
    """Two tensors."""
    generator = torch.Generator().manual_seed(seed)
    yield from ((torch.randn(3, 4, generator=generator),) for _ in range(2))


def right(x: Tensor) -> Tensor:
    """Twice the input."""
    return 2 * x


DOUBLE = Exercise(
    "double", right, cases, {"you halved it": lambda x: x / 2, "you lost the sign": lambda x: 2 * x.abs()}
)


def prints(x: Tensor) -> Tensor:
    print("line\n" * 1000)
    return 2 * x


def mutates(x: Tensor) -> Tensor:
    return x.mul_(2)


def forever(_x: Tensor) -> Tensor:
    while True:
        try:
            time.sleep(0.01)
        except Exception:
            continue


def raises(_x: Tensor) -> Tensor:
    raise KeyError("a key\nthat is missing")


ANSWERS: list[tuple[Callable[..., Any], str]] = [
    (lambda x: x / 2, "you halved it"),
    (lambda x: 2 * x.abs(), "you lost the sign"),
    (lambda _x: None, "it returned None; is a return missing?"),
    (lambda x: (2 * x).tolist(), "a torch tensor was expected, and a list came"),
    (lambda x: 2 * x[:2], "shape (3, 4) was expected, and (2, 4) came"),
    (lambda x: (2 * x).double(), "dtype torch.float32 was expected, and torch.float64 came"),
    (lambda x: (2 * x).to("meta"), "device cpu was expected, and meta came"),
    (lambda x: 2 * x + 1, "12 of 12 values are wrong"),
    (raises, "it raised KeyError: 'a key\\nthat is missing'"),
    (mutates, "it changes what it is given"),
    (lambda: 3, "it raised TypeError"),
    (lambda _x: sys.exit(2), "it raised SystemExit: 2"),
]


@pytest.mark.parametrize(("answer", "words"), ANSWERS)
def test_what_is_wrong_is_said_in_a_sentence(answer: Callable[..., Any], words: str) -> None:
    verdict = judge(DOUBLE, answer)
    assert not verdict.ok
    assert verdict.sentence.startswith("double: ")
    assert words in verdict.sentence
    assert "\n" not in verdict.sentence


def test_a_right_answer_is_right_and_its_printing_is_kept_away(capsys: pytest.CaptureFixture[str]) -> None:
    assert judge(DOUBLE, right).sentence == "ok: double"
    assert judge(DOUBLE, prints).sentence == "ok: double (It printed 2002 lines, which are not shown.)"
    assert capsys.readouterr().out == ""


def test_an_answer_that_never_comes_back_is_given_up() -> None:
    many = replace(DOUBLE, cases=lambda seed: [case for _ in range(50) for case in cases(seed)])
    begun = time.perf_counter()
    verdict = judge(many, forever, seconds=0.2)
    assert "did not come back within 0.2 s" in verdict.sentence
    assert time.perf_counter() - begun < 5  # once, and not once for each case


def test_a_value_in_place_of_the_function() -> None:
    assert "hand in the function itself" in judge(DOUBLE, torch.zeros(3)).sentence


def test_check_prints_notes_and_names_what_there_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(checking, "everything", lambda: [DOUBLE])
    checking.check("double", right)
    assert progress.load()["solved"] == {"double": True}
    checking.check("double", mutates)
    assert capsys.readouterr().out.splitlines()[0] == "ok: double"
    assert progress.load()["solved"] == {"double": False}
    assert checking.hidden("double", right).ok
    assert not checking.hidden("double", lambda x: x).ok
    with pytest.raises(ValueError, match="there is no exercise 'dubble'; there are double"):
        checking.check("dubble", right)


def test_progress_survives_and_a_damaged_file_is_set_aside(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "progress.json"
    progress.note("guesses", "388-step", "yes", path)
    progress.note("solved", "crop", True, path)
    assert progress.load(path) == {"guesses": {"388-step": "yes"}, "solved": {"crop": True}}
    assert progress.resume(path) == "1 guesses noted; solved: crop"
    path.write_text("{ half")
    assert progress.load(path) == {"guesses": {}, "solved": {}}
    assert "was damaged" in capsys.readouterr().out
    assert (tmp_path / "progress.damaged.json").read_text() == "{ half"
    path.write_text("[]")
    assert progress.load(path) == {"guesses": {}, "solved": {}}
    assert (tmp_path / "progress.damaged1.json").read_text() == "[]"
    progress.note("solved", "crop", True, tmp_path / "nowhere" / "progress.json")
    assert "(not noted:" in capsys.readouterr().out
