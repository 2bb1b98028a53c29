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
    (lambda x: (2 * x).tolist(), "expected a torch tensor, got a list"),
    (lambda x: 2 * x[:2], "expected shape (3, 4), got (2, 4)"),
    (lambda x: (2 * x).double(), "expected dtype torch.float32, got torch.float64"),
    (lambda x: (2 * x).to("meta"), "expected device cpu, got meta"),
    (lambda x: 2 * x + 1, "12 of 12 values are wrong"),
    (raises, "it raised KeyError: 'a key\\nthat is missing'"),
    (mutates, "it changes its arguments"),
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
    assert "did not return within 0.2 s" in verdict.sentence
    assert time.perf_counter() - begun < 5  # once, and not once for each case


def test_a_value_in_place_of_the_function() -> None:
    assert "pass the function itself, not its result" in judge(DOUBLE, torch.zeros(3)).sentence


def test_a_known_mistake_is_recognised_by_its_behaviour_on_every_case() -> None:
    verdict = judge(DOUBLE, lambda x: x * 0.5)  # another spelling of the first mistake
    assert (verdict.ok, verdict.mistake, verdict.sentence) == (False, "you halved it", "double: you halved it")
    seen: list[Tensor] = []

    def halved_once(x: Tensor) -> Tensor:
        seen.append(x)
        return x / 2 if len(seen) == 1 else 2 * x

    assert judge(DOUBLE, halved_once).mistake == ""


def test_a_float_where_an_integer_is_needed_has_its_own_sentence() -> None:
    sentence = judge(DOUBLE, lambda x: x[: x.shape[0] / 2]).sentence
    assert sentence.startswith("double: it raised TypeError")  # slices have another message than range
    assert judge(DOUBLE, lambda x: list(range(x.shape[0] / 2))).sentence.endswith("// instead of /")
