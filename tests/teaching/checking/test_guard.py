"""An answer runs with a time limit, without output, and on copies of its arguments."""

from __future__ import annotations

import threading
import time

import pytest

from unet_tutorial.teaching.checking.exercise import call
from unet_tutorial.teaching.checking.guard import Outcome, TimeLimitExceeded, outcome, time_limit


def test_the_value_and_the_number_of_printed_lines() -> None:
    def answer(n: int) -> int:
        print("a\nb")
        return n + 1

    assert outcome(call, answer, (4,)) == Outcome(5, printed=2)


def test_the_case_is_not_changed_by_the_answer() -> None:
    case = ([3, 1, 2],)
    found = outcome(call, lambda values: values.sort(), case)
    assert found.error.startswith("it changes its arguments")
    assert case == ([3, 1, 2],)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [(ValueError("a\n b"), "it raised ValueError: a b"), (SystemExit(3), "it raised SystemExit: 3")],
)
def test_an_error_becomes_one_line(error: BaseException, sentence: str) -> None:
    def answer() -> None:
        raise error

    assert outcome(call, answer, ()) == Outcome(error=sentence)


def test_the_limit_ends_a_loop_that_catches_exceptions() -> None:
    def answer() -> None:
        while True:
            try:
                time.sleep(0.01)
            except Exception:
                continue

    found = outcome(call, answer, (), seconds=0.1)
    assert found.timed_out
    assert "did not return within 0.1 s" in found.error


def test_the_timer_is_off_after_the_block_and_absent_in_other_threads() -> None:
    with time_limit(0.05):
        pass
    time.sleep(0.1)  # TimeLimitExceeded would end the test here
    caught: list[BaseException] = []

    def limited() -> None:
        try:
            with time_limit(0.01):
                time.sleep(0.05)
        except TimeLimitExceeded as error:
            caught.append(error)

    thread = threading.Thread(target=limited)
    thread.start()
    thread.join()
    assert caught == []
