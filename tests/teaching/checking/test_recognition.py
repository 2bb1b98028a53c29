"""The mistake of a wrong answer: a known one, by its behaviour, or one that is not listed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.oracles.doubling_exercise import DOUBLE, cases
from unet_tutorial.teaching.checking.judge import judge
from unet_tutorial.teaching.checking.probes import module_probe


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


def test_a_right_value_of_another_type_is_no_second_mistake() -> None:
    numbers = replace(
        DOUBLE,
        solution=lambda n: 2 * n,
        cases=lambda seed: [(seed + 3,), (seed + 8,)],
        mistakes={"you took it four times": lambda n: 4 * n},
    )
    assert "expected the whole number 6, got the float 6.0" in judge(numbers, lambda n: 2.0 * n).sentence
    arrays = replace(numbers, solution=lambda n: 2 * torch.arange(n), mistakes={"four": lambda n: 4 * torch.arange(n)})
    assert "expected whole numbers" in judge(arrays, lambda n: 2.0 * torch.arange(n)).sentence
    assert judge(arrays, lambda n: 8 * torch.arange(n)).sentence.endswith("every value is twice the right one") is False
