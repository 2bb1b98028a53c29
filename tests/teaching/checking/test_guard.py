"""An answer runs with a time limit, without output, and on copies of its arguments."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from unet_tutorial.teaching.checking.exercise import Case, Exercise
from unet_tutorial.teaching.checking.guard import TimeLimitExceeded, outcome, time_limit
from unet_tutorial.teaching.checking.probes import module_probe


def half(values: Any = None) -> Any:
    return values


HALF = Exercise("half", half, lambda _seed: [], {})


def test_the_value_the_call_and_the_first_printed_lines() -> None:
    def answer(n: int) -> int:
        print("a\nb")
        print("line\n" * 100, end="no end")
        return n + 1

    found = outcome(HALF, answer, (4,))
    assert (found.value, found.call, found.error) == (5, "half(4)", "")
    assert found.printed == ("a", "b", *["line"] * 18)
    assert found.lines == 103


def test_the_case_is_not_changed_by_the_answer() -> None:
    case = ([3, 1, 2],)
    found = outcome(HALF, lambda values: values.sort(), case)
    assert found.error == "it changes its argument values; work on a copy: list(values)"
    assert case == ([3, 1, 2],)


def raises(error: BaseException) -> None:
    raise error


def floats(n: int) -> None:
    range(n / 2)  # type: ignore[call-overload]


def in_place(x: Tensor) -> None:
    x.requires_grad_().mul_(2)


@pytest.mark.parametrize(
    ("answer", "case", "words"),
    [
        (raises, (ValueError("a\n b"),), "it raised ValueError: a b, in your line {}: raise error"),
        (raises, (SystemExit(3),), "it raised SystemExit: 3, in your line {}: raise error"),
        (floats, (4,), "in your line {}: range(n / 2)  # type: ignore[call-overload]; use // instead of /"),
        (in_place, (torch.zeros(2),), "it changes an argument in place; work on a copy of that one"),
    ],
)
def test_an_error_becomes_one_line_with_the_students_own_line(answer: Any, case: Case, words: str) -> None:
    found = outcome(HALF, answer, case)
    assert words.format(answer.__code__.co_firstlineno + 1) in found.error
    assert "\n" not in found.error


def test_an_error_without_a_line_of_the_student() -> None:
    found = outcome(HALF, lambda: 3, (1,))
    assert found.error.startswith("it raised TypeError: ")
    assert "your line" not in found.error


def test_an_error_of_the_probe_is_not_said_to_be_raised_by_the_answer() -> None:
    def probe(answer: Any, case: Case) -> Any:
        return 1 / answer(*case)

    found = outcome(replace(HALF, probe=probe), half, (0,))
    assert found.error == "the check cannot use its result: ZeroDivisionError: division by zero"
    found = outcome(replace(HALF, probe=module_probe(0)), half, ())
    assert found.error == "expected a torch module, got None; is a return missing?"


def test_the_limit_ends_a_loop_that_catches_exceptions_and_names_its_line() -> None:
    def answer() -> None:
        while True:
            try:
                time.sleep(0.01)
            except Exception:
                continue

    found = outcome(HALF, answer, (), seconds=0.1)
    assert found.timed_out
    assert found.error.startswith("it did not return within 0.1 s, in your line ")
    assert found.error.endswith("; look for an infinite loop")


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
