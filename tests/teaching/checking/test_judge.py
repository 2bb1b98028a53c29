"""Verdicts on correct answers, known mistakes, and answers that fail in other ways."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.oracles.doubling_exercise import DOUBLE, cases, right
from unet_tutorial.teaching.checking.judge import judge


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
    (lambda x: 2 * x if x[0, 0] > 0 else None, "expected a torch tensor of shape (3, 4), got None"),
    (lambda x: (2 * x).tolist(), "expected a torch tensor, got a list"),
    (lambda x: 2 * x[:2], "axis 0 has 1 entry too few"),
    (lambda x: (2 * x).int(), "expected floats (dtype torch.float32), got whole numbers (dtype torch.int32)"),
    (lambda x: 4 * x, "every value is twice the right one"),
    (lambda x: -2 * x, "every value is the negative of the right one"),
    (lambda x: (2 * x).flip(1), "the columns are in reverse order"),
    (lambda x: (2 * x).to("meta"), "expected device cpu, got meta"),
    (lambda x: 2 * x.sign() + 3, "12 of 12 values are wrong"),
    (raises, "it raised KeyError: 'a key\\nthat is missing'"),
    (mutates, "it changes its argument x; work on a copy: x.clone()"),
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


def test_a_right_answer_is_right_and_its_prints_are_shown_below(capsys: pytest.CaptureFixture[str]) -> None:
    assert str(judge(DOUBLE, right)) == "ok: double"
    verdict = judge(DOUBLE, prints)
    assert (verdict.sentence, verdict.printed, verdict.more_lines) == ("ok: double", ("line",) * 20, 1982)
    assert capsys.readouterr().out == ""


def test_a_wrong_answer_is_shown_with_the_call_that_failed_and_its_prints() -> None:
    def answer(x: Tensor) -> Tensor:
        print(x.shape)
        return x / 2 if x[0, 0] < 0 else 2 * x

    verdict = judge(DOUBLE, answer)
    assert str(verdict).split("\n")[1:] == [
        "  call: right(x of shape (3, 4)); 1 other call is right",
        "  next: print values inside your function, they are shown here;"
        " change the function, run its cell, then this one",
        "  printed:",
        "    torch.Size([3, 4])",
    ]


def test_forbidden_functions_are_refused_in_the_source_and_while_the_answer_runs() -> None:
    strict = replace(DOUBLE, forbidden=("torch.add",))
    plus = torch.add

    def spelled(x: Tensor) -> Tensor:
        return torch.add(x, x)

    def renamed(x: Tensor) -> Tensor:
        return plus(x, x)

    assert judge(strict, spelled).sentence == (
        "double: this exercise forbids add; do it without; it is in your line: return torch.add(x, x)"
    )
    assert judge(strict, renamed).sentence == "double: this exercise forbids add; do it without"
    assert judge(strict, right).ok


def test_an_answer_that_never_comes_back_is_given_up() -> None:
    many = replace(DOUBLE, cases=lambda seed: [case for _ in range(50) for case in cases(seed)])
    begun = time.perf_counter()
    verdict = judge(many, forever, seconds=0.2)
    assert "did not return within 0.2 s" in verdict.sentence
    assert time.perf_counter() - begun < 5  # once, and not once for each case


def test_a_value_in_place_of_the_function() -> None:
    assert "pass the function itself, not its result" in judge(DOUBLE, torch.zeros(3)).sentence
