"""Verdicts on correct answers, known mistakes, and answers that fail in other ways."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.oracles.doubling_exercise import DOUBLE, cases, right
from unet_tutorial.teaching.checking.judge import judge
from unet_tutorial.teaching.checking.probes import module_probe


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
    (lambda x: 2 * x[:2], "expected shape (3, 4), got (2, 4)"),
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


def test_a_mistake_is_recognised_although_the_answer_overflows_in_another_call() -> None:
    def halves(x: Tensor) -> Tensor:
        return x / 2 if x[0, 0] > 0 else x * torch.inf

    def doubles(x: Tensor) -> Tensor:
        return 2 * x if x[0, 0] > 0 else x * torch.inf

    seeds = [seed for seed in range(9) if len({bool(x[0, 0] > 0) for (x,) in cases(seed)}) == 2]
    sentences = [judge(DOUBLE, halves, seed=seed).sentence for seed in seeds]
    assert sentences
    assert set(sentences) == {"double: you halved it"}
    assert all("expected" in judge(DOUBLE, doubles, seed=seed).sentence for seed in seeds)


def test_a_stub_is_not_written_yet() -> None:
    def double(_x: Tensor) -> None:
        return None  # your answer in place of this line

    assert judge(DOUBLE, double).sentence == (
        "double: it is not written yet; write your answer in place of the last line"
    )


def test_a_stub_of_a_module_is_not_written_yet_either() -> None:
    def double() -> None:
        return None  # your answer in place of this line

    made = replace(DOUBLE, solution=lambda: nn.Linear(1, 1), cases=lambda _seed: [(torch.ones(1, 1),)], mistakes={})
    assert "it is not written yet" in judge(replace(made, probe=module_probe(0)), double).sentence
    assert "is a return missing?" in judge(replace(made, probe=module_probe(0)), lambda: None).sentence


def refuses(x: Tensor) -> Tensor:
    if x.sum() > 0:
        raise ValueError(f"the sum is {x.sum():.3f}")
    return 2 * x


def refuses_in_other_words(x: Tensor) -> Tensor:
    if x.sum() > 0:
        raise ValueError("no")
    return x + x


@pytest.mark.parametrize(
    ("mistake", "answer"),
    [
        (lambda x: x + torch.ones(3, 5), lambda x: torch.ones(3, 5) + x),  # the message of torch in another order
        (refuses, refuses_in_other_words),
    ],
)
def test_a_mistake_that_raises_is_recognised_although_its_message_differs(mistake: Any, answer: Any) -> None:
    assert judge(replace(DOUBLE, mistakes={"the known one": mistake}), answer).sentence == "double: the known one"


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


def test_an_exception_is_recognised_when_the_mistake_raises_the_same() -> None:
    wrong = replace(DOUBLE, mistakes={"you multiplied shapes": lambda x: x @ x, "you lost a row": lambda x: x[9]})
    assert judge(wrong, lambda x: torch.matmul(x, x)).mistake == "you multiplied shapes"
    assert judge(wrong, lambda x: x[8]).mistake == ""


def test_an_answer_with_two_mistakes_or_with_one_in_most_calls_or_one_that_changes() -> None:
    four = replace(DOUBLE, cases=lambda seed: [*cases(seed), *cases(seed + 10)])
    calls: list[Tensor] = []

    def counted(x: Tensor) -> Tensor:
        calls.append(x)
        return x * len(calls)

    def halved_but_once(x: Tensor) -> Tensor:
        return x / 2 if x[0, 0] < 2 else x**9

    both = judge(DOUBLE, lambda x: (x / 2).flip(0)).sentence
    assert both == "double: you halved it. There is a second mistake: the rows are in reverse order"
    most = judge(four, halved_but_once).sentence
    assert most == "double: you halved it. Another call is wrong in another way"
    assert "the same call gave another result the second time" in judge(DOUBLE, counted).sentence
def test_another_message_is_enough_if_a_wrong_result_agrees() -> None:
    def halved(x: Tensor) -> Tensor:
        return x / 2 if x[0, 0] > 0 else x[8]
    def fails(x: Tensor) -> Tensor:
        return 2 * x if x[0, 0] > 0 else x[8]
    both = replace(DOUBLE, cases=lambda seed: [(sign * x.abs(),) for (x,) in cases(seed) for sign in (1, -1)])
    for known, mistake in ((halved, "known"), (fails, "")):  # the second is right in the other case
        wrong = replace(both, mistakes={"known": known})
        assert judge(wrong, lambda x, known=known: known(x) if x[0, 0] > 0 else x[9]).mistake == mistake


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
    assert verdict.difference.startswith("12 of 12 values are wrong, the first at (0, 0): expected ")
    seen: list[Tensor] = []

    def halved_once(x: Tensor) -> Tensor:
        seen.append(x)
        return x / 2 if len(seen) == 1 else 2 * x

    assert judge(DOUBLE, halved_once).mistake == ""
    visible = {float(x.sum()) for (x,) in cases(0)}
    assert judge(DOUBLE, lambda x: x / 2 if float(x.sum()) in visible else x).mistake == ""
