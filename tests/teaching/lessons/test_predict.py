"""A question prints and never waits; a guess is recorded, and compared with the answer that was measured."""

from __future__ import annotations

import pytest

from unet_tutorial.teaching.checking import progress
from unet_tutorial.teaching.lessons import predict as module
from unet_tutorial.teaching.lessons.predict import predict, reveal


@pytest.fixture(autouse=True)
def new_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OPTIONS", {})


def test_a_guess_is_recorded_and_a_later_one_replaces_it() -> None:
    predict("side", "How wide?", options=[388, 392])
    assert progress.load()["guesses"] == {}
    predict("side", "How wide?", options=[388, 392], guess=392)
    predict("side", "How wide?", options=[388, 392], guess=388)
    assert progress.load()["guesses"] == {"side": "388"}


@pytest.mark.parametrize("guess", ["b", 392, "392", " b "])
def test_an_option_is_chosen_by_its_letter_or_its_text(guess: object) -> None:
    predict("side", "How wide?", options=[388, 392], guess=guess)
    assert progress.load()["guesses"] == {"side": "392"}


def test_the_text_of_an_option_comes_before_the_letters() -> None:
    predict("letter", "Which letter?", options=["b", "a"], guess="a")
    assert progress.load()["guesses"] == {"letter": "a"}


def test_a_guess_that_is_no_option_is_not_recorded(capsys: pytest.CaptureFixture[str]) -> None:
    predict("side", "How wide?", options=[388, 392], guess=572)
    assert progress.load()["guesses"] == {}
    assert capsys.readouterr().out == "572 is not one of the options: a, 388; b, 392\n"


@pytest.mark.parametrize("key", ["Side", "a side", "a_side", "", "a/b"])
def test_a_key_of_another_form_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="write it in lower case letters, digits and hyphens"):
        predict(key, "How wide?")


@pytest.mark.parametrize(
    ("guess", "printed", "right"),
    [
        (None, "The answer: 388\n", None),
        (388, "You guessed 388, and that is right.\n", True),
        (392, "You guessed 392, and it is 388: that is the width before the last convolution.\n", False),
        (572, "You guessed 572, and it is 388.\n", False),
    ],
)
def test_the_answer_is_compared_with_the_guess(
    guess: object,
    printed: str,
    capsys: pytest.CaptureFixture[str],
    *,
    right: bool | None,
) -> None:
    predict("side", "How wide?", options=[388, 392, 572], guess=guess)
    capsys.readouterr()
    reveal("side", 388, {392: "that is the width before the last convolution."})
    assert capsys.readouterr().out == printed
    assert progress.load()["answered"].get("side") is right


def test_the_first_guess_that_was_compared_stays(capsys: pytest.CaptureFixture[str]) -> None:
    predict("side", "How wide?", [388, 392], guess=392)
    reveal("side", 388)
    predict("side", "How wide?", [388, 392], guess=388)
    reveal("side", 388)
    assert progress.load()["answered"] == {"side": False}
    assert progress.load()["guesses"] == {"side": "392"}
    assert "noted: 388; your first guess, 392, stays in the record\n" in capsys.readouterr().out


def test_the_guess_of_an_earlier_kernel_is_compared(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    predict("side", "How wide?", [388, 392], guess=388)
    monkeypatch.setattr(module, "OPTIONS", {})
    reveal("side", 388)
    assert capsys.readouterr().out.endswith("You guessed 388, and that is right.\n")


def test_an_answer_or_a_reason_that_is_no_option_is_refused() -> None:
    predict("side", "How wide?", [388, 392])
    with pytest.raises(ValueError, match="'390' is not one of the options"):
        reveal("side", 390)
    with pytest.raises(ValueError, match="'391' is not one of the options"):
        reveal("side", 388, {391: "one more"})
