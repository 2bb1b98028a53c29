"""A question prints and never waits; a guess is recorded."""

from __future__ import annotations

import pytest

from unet_tutorial.teaching.checking import progress
from unet_tutorial.teaching.lessons.predict import predict


def test_a_guess_is_recorded_and_a_later_one_replaces_it() -> None:
    predict("side", "How wide?", options=[388, 392])
    assert progress.load()["guesses"] == {}
    predict("side", "How wide?", options=[388, 392], guess=392)
    predict("side", "How wide?", options=[388, 392], guess=388)
    assert progress.load()["guesses"] == {"side": 388}


def test_a_guess_that_is_no_option_is_not_recorded(capsys: pytest.CaptureFixture[str]) -> None:
    predict("side", "How wide?", options=[388, 392], guess=572)
    assert progress.load()["guesses"] == {}
    assert capsys.readouterr().out == "572 is not one of the options: 388, 392\n"


@pytest.mark.parametrize("key", ["Side", "a side", "a_side", "", "a/b"])
def test_a_key_of_another_form_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="write it in lower case letters, digits and hyphens"):
        predict(key, "How wide?")
